"""The doctor's page: one hand, one key each."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.async_api import Page, expect

from tests.browser.stage import Floor


async def _page(floor: Floor) -> Page:
    page = await floor.staff("/pages/doctor")
    await page.locator(".first .button").first.click()
    await expect(page.locator(".doctor .acts")).to_be_visible()
    return page


async def _came(floor: Floor, name: str, **more: Any) -> dict[str, Any]:
    """Somebody who waits for the first doctor."""
    return await floor.register(name, doctor_id=floor.doctors[0], **more)


async def test_keys_call_recall_start_and_complete_and_show_who_and_what_for(floor: Floor) -> None:
    visit = await _came(floor, "Anna Doc", reason="Sore throat", urgency=6)
    page = await _page(floor)
    await page.keyboard.press("n")
    called = page.locator(".person.called")
    for words in (visit["token_number"], "Anna Doc", "Sore throat", "Urgency: 6"):
        await expect(called).to_contain_text(words)
    await page.keyboard.press("r")
    await expect(page.locator(".toast")).to_contain_text("called again")
    await page.keyboard.press("s")
    await expect(page.locator(".person.inside")).to_contain_text("Anna Doc")
    await page.keyboard.press("c")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()


async def test_next_three_are_shown_with_the_reason_and_all_are_counted(floor: Floor) -> None:
    for number in range(4):
        await _came(floor, f"Number {number}", urgency=8 - number)
    page = await _page(floor)
    await expect(page.locator(".next li")).to_have_count(3)
    await expect(page.locator(".next li").first).to_contain_text("Number 0")
    await expect(page.locator(".next li").first).to_contain_text("Urgency 8")
    await expect(page.get_by_test_id("count")).to_have_text("4 waiting")


async def test_skipped_patient_stands_behind_the_next_two(floor: Floor) -> None:
    for number in range(4):
        await _came(floor, f"Skip {number}", urgency=8 - number)
    page = await _page(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_contain_text("Skip 0")
    await page.keyboard.press("k")
    await expect(page.locator(".next li").nth(2)).to_contain_text("Skip 0")
    await page.keyboard.press("u")
    await expect(page.locator(".person.called")).to_contain_text("Skip 0")


async def test_hold_takes_two_keys_and_the_patient_waits_again_later(floor: Floor) -> None:
    await _came(floor, "Hold Me")
    page = await _page(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_be_visible()
    await page.keyboard.press("h")
    await expect(page.get_by_role("button", name="10 min")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()
    assert [one["name"] for one in (await floor.desk())["parked"]] == ["Hold Me"]


async def test_patient_is_sent_on_to_the_laboratory_with_the_same_token(floor: Floor) -> None:
    visit = await _came(floor, "Lab Bound")
    page = await _page(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_be_visible()
    await page.keyboard.press("s")
    await expect(page.locator(".person.inside")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.get_by_role("button", name="Laboratory")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Yes")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()
    moved = next(one for one in (await floor.desk())["waiting"] if one["name"] == "Lab Bound")
    assert (moved["service"], moved["token_number"]) == ("L", visit["token_number"])
    await floor.act(f"visits/{moved['id']}/cancel")


async def test_emergency_and_no_show_have_their_keys_and_are_undone_by_one(floor: Floor) -> None:
    await _came(floor, "Both Ways")
    page = await _page(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_be_visible()
    await page.keyboard.press("e")
    await expect(page.locator(".person.called")).to_contain_text("Emergency")
    await page.keyboard.press("x")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.locator(".person.called")).to_contain_text("Both Ways")


async def test_break_is_one_press_and_nobody_is_called_in_it(floor: Floor) -> None:
    await _came(floor, "Tea Time")
    page = await _page(floor)
    await page.get_by_role("button", name="Break", exact=True).click()
    await expect(page.locator(".who-am-i .badge")).to_have_text("on break")
    await page.keyboard.press("n")
    await expect(page.locator(".side .note.bad")).to_be_visible()
    await page.get_by_role("button", name="End break").click()
    await expect(page.locator(".who-am-i .badge")).to_have_count(0)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_contain_text("Tea Time")


async def test_doctors_account_lands_on_its_own_doctor_and_has_no_other(floor: Floor) -> None:
    account = {"username": "dr-second", "name": "Dr. Second", "roles": ["doctor"], "doctor_id": floor.doctors[1]}
    made = await floor.edge.post("/api/v1/staff", json=account)
    if made.status_code == httpx.codes.CONFLICT:  # this test ran before on the same stage
        found = next(one for one in (await floor.edge.get("/api/v1/staff")).json() if one["username"] == "dr-second")
        made = await floor.edge.post(f"/api/v1/staff/{found['id']}/password", json={})
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/pages/sign-in")
    await page.get_by_label("User name").fill("dr-second")
    await page.get_by_label("Password", exact=True).fill(made.json()["password"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/pages/doctor")
    second = next(one for one in (await floor.desk())["doctors"] if one["id"] == floor.doctors[1])
    await expect(page.locator(".who-am-i h2")).to_have_text(second["name"])
    await expect(page.get_by_role("button", name="Another doctor")).to_have_count(0)
    await expect(page.get_by_role("link", name="Manage")).to_have_count(0)
    visit = await floor.register("For Second", doctor_id=floor.doctors[1])
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_contain_text(visit["token_number"])
