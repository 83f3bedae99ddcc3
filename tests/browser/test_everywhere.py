"""What holds on every page: phones, right to left, the keyboard, and nothing fetched from anybody else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.medicine import Medicine
from tests.browser.stage import PHONE, TABLET, TELEVISION, Floor, signed_in

EDGE = {
    "/": "a.card",
    "/pages/sign-in": "form, .first",
    "/pages/kiosk": ".service",
    "/pages/display": ".hero",
    "/pages/desk": ".first",
    "/pages/doctor": ".first",
    "/pages/book": ".day-list",
    "/pages/admin": ".card",
    "/test_websocket.html": "form",
    "/pages/health": ".parts",
    "/pages/track": ".number",
}
CLOUD = {
    "/pages/sign-in": "form",
    "/pages/chain": ".tile",
    "/pages/site?site=riverside": ".commands",
    "/test_websocket.html": "form",
    "/pages/track": ".message",  # without a link it says what it is for
    "/pages/patients": "[data-testid=patients] li",
    "/pages/patient": "[data-testid=asked]",
    "/pages/alerts": "[data-alert]",
    "/pages/caregiver": "[data-testid=channels]",
    "/pages/models": "[data-testid=models] tbody tr",
}
CARE = {
    "/pages/patients": "nurse",
    "/pages/patient": "nurse",
    "/pages/alerts": "nurse",
    "/pages/caregiver": "caregiver",
}
"""Who opens a page of medicine at head office; the rest is opened by its administrator."""
LONG_NAME = "María del Carmen Fernández-Villanueva y Ruiz de la Concepción"
PAGES = [("edge", path) for path in EDGE] + [("cloud", path) for path in CLOUD]
ROOT = Path(__file__).resolve().parents[2]
PAGE_GZIP_BYTES_MAX = 40 * 1024

each_page = pytest.mark.parametrize(("program", "path"), PAGES)


async def _somebody_needs_care(medicine: Medicine) -> str:
    """A patient with a long name, a plan, a caregiver and an alert; their id. The person and the plan are made once."""
    known = (await medicine.nurse.get("/api/v1/patients", params={"q": LONG_NAME})).raise_for_status().json()
    person = known[0]["id"] if known else await medicine.patient(LONG_NAME)
    if not known:
        medicines = "Amoxicillin/clavulanic acid 875 mg/125 mg prolonged-release"
        await medicine.plan(person, -30, 600, medication=medicines, critical=True)
    await medicine.look_after(person)
    await medicine.alert(person, f"{LONG_NAME} has not answered", critical=True, severity="critical")
    return str(person)


async def _open(
    floor: Floor, medicine: Medicine, program: str, path: str, size: tuple[int, int], language: str = "en"
) -> Page:
    address = f"{path}{'&' if '?' in path else '?'}lang={language}"
    if path == "/pages/sign-in":  # who is signed in is sent on
        page = await floor.visitor(size)
        await page.goto((floor.stage.edge_url if program == "edge" else floor.stage.cloud_url) + address)
    elif (program, path) == ("edge", "/pages/track"):  # a patient's own phone, with the code of a slip
        answer = await floor.edge.post("/api/v1/visits", json={"service": "A"})
        page = await floor.visitor(size)
        await page.goto(f"{floor.stage.edge_url}{address}#{answer.raise_for_status().json()['tracking_token']}")
    elif program == "cloud" and path in CARE:
        person = await _somebody_needs_care(medicine)
        page = await floor.visitor(size, storage_state=signed_in(getattr(medicine, CARE[path])))
        await page.goto(f"{floor.stage.cloud_url}{address}&site={medicine.site}&id={person}")
    else:
        page = await (floor.staff if program == "edge" else floor.manager)(address, size)
    await expect(page.locator((EDGE if program == "edge" else CLOUD)[path]).first).to_be_visible()
    return page


@each_page
async def test_page_fits_a_phone_in_both_directions(floor: Floor, medicine: Medicine, program: str, path: str) -> None:
    page = await _open(floor, medicine, program, path, PHONE)
    for language, direction in (("en", "ltr"), ("ar", "rtl")):
        await page.goto(page.url.replace("lang=en", f"lang={language}"))
        await expect(page.locator((EDGE if program == "edge" else CLOUD)[path]).first).to_be_visible()
        assert await page.evaluate("document.documentElement.dir") == direction
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} pixels too wide in {language}"


@each_page
async def test_page_asks_nobody_else_and_breaks_no_rule(
    floor: Floor, medicine: Medicine, program: str, path: str
) -> None:
    await floor.issue()
    page = await _open(floor, medicine, program, path, TELEVISION)
    await page.wait_for_timeout(300)
    assert floor.hosts == {"127.0.0.1"}
    assert floor.complaints == []


@each_page
async def test_everything_to_press_is_named_large_enough_and_shows_the_focus(
    floor: Floor, medicine: Medicine, program: str, path: str
) -> None:
    page = await _open(floor, medicine, program, path, TABLET)
    await page.keyboard.press("Tab")
    outline = await page.evaluate("""() => { const s = getComputedStyle(document.activeElement);
        return [document.activeElement.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]; }""")
    assert outline[0] != "BODY" and outline[1] == "solid" and outline[2] >= 3
    small = await page.evaluate("""() => [...document.querySelectorAll('button, a, select, input:not([type=checkbox])')]
        .filter(e => e.getClientRects().length)
        .map(e => [e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText || '', e.getClientRects()[0]])
        .filter(([name, box]) => !name.trim() || box.height < 32 || box.width < 32)
        .map(([name, box]) => [name, box.width, box.height])""")
    assert small == []


@pytest.mark.parametrize("program", ["edge", "cloud"])
def test_each_page_is_small(program: str) -> None:
    folder = ROOT / ("edge/web/static" if program == "edge" else "cloud/dashboard/static")
    pages = list(folder.glob("*.html"))
    assert pages, "the pages have been built"
    for page in pages:
        parts = [folder / found for found in re.findall(r'(?:src|href)="/(assets/[^"]+)"', page.read_text())]
        size = sum(len(gzip.compress(part.read_bytes())) for part in [page, *parts])
        assert size < PAGE_GZIP_BYTES_MAX, f"{page.name}: {size} bytes"
        assert "<script>" not in page.read_text() and "://" not in page.read_text()
