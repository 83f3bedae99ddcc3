"""What holds on every page: phones, right to left, the keyboard, and nothing fetched from anybody else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.stage import PHONE, TABLET, TELEVISION, Floor

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
}
PAGES = [("edge", path) for path in EDGE] + [("cloud", path) for path in CLOUD]
ROOT = Path(__file__).resolve().parents[2]
PAGE_GZIP_BYTES_MAX = 40 * 1024

each_page = pytest.mark.parametrize(("program", "path"), PAGES)


async def _open(floor: Floor, program: str, path: str, size: tuple[int, int], language: str = "en") -> Page:
    address = f"{path}{'&' if '?' in path else '?'}lang={language}"
    if path == "/pages/sign-in":  # who is signed in is sent on
        page = await floor.visitor(size)
        await page.goto((floor.stage.edge_url if program == "edge" else floor.stage.cloud_url) + address)
    elif (program, path) == ("edge", "/pages/track"):  # a patient's own phone, with the code of a slip
        answer = await floor.edge.post("/api/v1/visits", json={"service": "A"})
        page = await floor.visitor(size)
        await page.goto(f"{floor.stage.edge_url}{address}#{answer.raise_for_status().json()['tracking_token']}")
    else:
        page = await (floor.staff if program == "edge" else floor.manager)(address, size)
    await expect(page.locator((EDGE if program == "edge" else CLOUD)[path]).first).to_be_visible()
    return page


@each_page
async def test_page_fits_a_phone_in_both_directions(floor: Floor, program: str, path: str) -> None:
    page = await _open(floor, program, path, PHONE)
    for language, direction in (("en", "ltr"), ("ar", "rtl")):
        await page.goto(page.url.replace("lang=en", f"lang={language}"))
        await expect(page.locator((EDGE if program == "edge" else CLOUD)[path]).first).to_be_visible()
        assert await page.evaluate("document.documentElement.dir") == direction
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} pixels too wide in {language}"


@each_page
async def test_page_asks_nobody_else_and_breaks_no_rule(floor: Floor, program: str, path: str) -> None:
    await floor.issue()
    page = await _open(floor, program, path, TELEVISION)
    await page.wait_for_timeout(300)
    assert floor.hosts == {"127.0.0.1"}
    assert floor.complaints == []


@each_page
async def test_everything_to_press_is_named_large_enough_and_shows_the_focus(
    floor: Floor, program: str, path: str
) -> None:
    page = await _open(floor, program, path, TABLET)
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
