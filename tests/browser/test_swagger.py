"""The page of the API, by clicking it: whole without the internet, under the same rules as every page of ours."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.stage import PHONE, Floor

PLACES = [("edge", "/docs"), ("edge", "/api/docs/"), ("cloud", "/docs")]
GROUP = "h3.opblock-tag"
OPENED_MAX = 2
"""How many operations a test opens: each takes Swagger UI up to a second to draw."""


async def _open(floor: Floor, program: str, path: str) -> Page:
    page = await floor.visitor()
    page.on("console", lambda said: floor.complaints.append(said.text))
    await page.goto((floor.stage.edge_url if program == "edge" else floor.stage.cloud_url) + path)
    await expect(page.locator(GROUP).first).to_be_visible()
    return page


async def _open_group(page: Page, tag: str) -> Locator:
    """The operations of a group, which a click shows."""
    heading = page.locator(f'{GROUP}[data-tag="{tag}"]')
    await heading.click()
    operations = page.locator(".opblock-tag-section", has=heading).locator(".opblock")
    await expect(operations.first).to_be_visible()
    return operations


async def _authorize(page: Page, token: str) -> None:
    await page.locator(".auth-wrapper button.authorize").click()
    await page.locator(".auth-container input").fill(token)
    await page.locator(".auth-btn-wrapper button.authorize").click()
    await page.locator(".auth-btn-wrapper button.btn-done").click()


@pytest.mark.parametrize(("program", "path"), PLACES)
async def test_it_opens_without_a_complaint_or_another_host(floor: Floor, program: str, path: str) -> None:
    page = await _open(floor, program, path)
    await expect(page).to_have_title("Outpost clinic" if program == "edge" else "Outpost cloud")
    document = (await (floor.edge if program == "edge" else floor.office).get("/openapi.json")).json()
    groups = {tag for methods in document["paths"].values() for one in methods.values() for tag in one["tags"]}
    shown = [str(await one.get_attribute("data-tag")) for one in await page.locator(GROUP).all()]
    assert set(shown) == groups
    for tag in shown[:OPENED_MAX]:
        first = (await _open_group(page, tag)).first
        await first.locator(".opblock-summary-control").click()
        await expect(first.locator(".responses-wrapper")).to_be_visible()
    await page.wait_for_timeout(300)
    await expect(page.locator(".errors-wrapper")).to_have_count(0)
    assert floor.hosts == {"127.0.0.1"}
    assert floor.complaints == []


@pytest.mark.parametrize("program", ["edge", "cloud"])
async def test_the_document_holds_all_that_it_refers_to(floor: Floor, program: str) -> None:
    document = (await (floor.edge if program == "edge" else floor.office).get("/openapi.json")).json()
    wanted = {found.removeprefix("#/") for found in re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document))}
    assert wanted
    for path in wanted:
        place: Any = document
        for name in path.split("/"):
            assert name in place, f"nothing at {path}"
            place = place[name]


@pytest.mark.parametrize("program", ["edge", "cloud"])
async def test_a_call_is_tried_with_a_token_and_without_one_is_refused(floor: Floor, program: str) -> None:
    url, account = (
        (floor.stage.edge_url, floor.stage.clinic.staff)
        if program == "edge"
        else (floor.stage.cloud_url, floor.stage.clinic.office)
    )
    async with httpx.AsyncClient(base_url=url, trust_env=False) as program_of_somebody:
        token = (await program_of_somebody.post("/api/v1/auth/login", json=account)).json()["access_token"]
    page = await _open(floor, program, "/docs")
    await _open_group(page, "sign-in")
    tried = page.locator(".opblock", has=page.locator('[data-path="/api/v1/auth/me"]'))
    await tried.locator(".opblock-summary-control").click()
    await tried.locator("button.try-out__btn").click()
    answer = tried.locator(".live-responses-table .response .response-col_status")
    await tried.locator("button.execute").click()
    await expect(answer).to_contain_text("401")
    await _authorize(page, token)
    await tried.locator("button.execute").click()
    await expect(answer).to_contain_text("200")
    await expect(tried.locator(".live-responses-table")).to_contain_text(account["username"])


async def test_it_fits_a_phone(floor: Floor) -> None:
    page = await _open(floor, "edge", "/docs")
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
