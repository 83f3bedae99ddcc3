"""The desk: one key per act, and what it says when an act is refused."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.stage import Floor


async def _desk_of_the_first_doctor(floor: Floor, **options: Any) -> Page:
    page = await floor.staff("/pages/desk", **options)
    await page.locator(".first .button").first.click()
    await expect(page.locator(".doctor .acts")).to_be_visible()
    return page


async def _press(page: Page, key: str, button: str) -> None:
    """A key, once its button may be pressed: while an act is under way no second one begins."""
    await expect(page.locator(".doctor").get_by_role("button", name=button, exact=True)).to_be_enabled()
    await page.keyboard.press(key)


async def test_one_key_each_calls_starts_and_completes(floor: Floor) -> None:
    visit = await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_contain_text(visit["token_number"])
    await _press(page, "r", "Recall")
    await expect(page.get_by_role("status").filter(has_text="called again")).to_be_visible()
    await _press(page, "s", "Start")
    await expect(page.locator(".person.inside")).to_contain_text(visit["token_number"])
    await _press(page, "c", "Complete")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()
    await expect(page.locator(".after")).to_contain_text("completed")
    ended = next(one for one in (await floor.desk())["finished"] if one["id"] == visit["id"])
    assert ended["status"] == "completed"


async def test_no_show_and_its_undo(floor: Floor) -> None:
    visit = await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_be_visible()
    await _press(page, "x", "No-show")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()
    await _press(page, "u", "Undo")
    await expect(page.locator(".person.called")).to_contain_text(visit["token_number"])
    await expect(page.locator(".toast")).to_contain_text("Taken back")


async def test_call_undone_puts_the_patient_back_where_they_were(floor: Floor) -> None:
    first, _ = await floor.issue(), await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.locator(".waiting tbody tr").first).to_contain_text(first["token_number"])
    assert (await floor.desk())["waiting"][0]["id"] == first["id"]


async def test_list_of_this_doctor_is_whom_call_next_takes_and_in_that_order(floor: Floor) -> None:
    first, second = floor.doctors
    mine = [await floor.register(f"Mine {n}", doctor_id=first, urgency=5 + n) for n in range(2)]
    order = {"policy": "fair", "options": {}}  # first come, first served; the service's order has the more urgent first
    (await floor.edge.put(f"/api/v1/queues/{first}/policy", json=order)).raise_for_status()
    theirs = await floor.register("Theirs", doctor_id=second)
    page = await _desk_of_the_first_doctor(floor)
    lines = page.locator(".waiting tbody tr")
    await expect(lines).to_contain_text([visit["token_number"] for visit in mine])
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_contain_text(mine[0]["token_number"])
    await expect(lines).to_contain_text([mine[1]["token_number"]])
    await floor.act(f"visits/{mine[1]['uuid']}/cancel")
    await expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
    await page.get_by_role("button", name="All services").click()
    await expect(lines).to_contain_text([theirs["token_number"]])


async def test_undo_key_takes_back_only_what_was_done_here(floor: Floor) -> None:
    await floor.issue()
    await floor.call_next()  # at another desk
    page = await _desk_of_the_first_doctor(floor)
    await expect(page.locator(".person.called")).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.get_by_text("There is nothing of yours to take back here")).to_be_visible()
    await expect(page.locator(".person.called")).to_be_visible()


async def test_two_strokes_of_the_call_key_call_one_patient(floor: Floor) -> None:
    for _ in range(2):
        await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await page.evaluate("""() => { for (let i = 0; i < 2; i++)
        document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', code: 'KeyN', bubbles: true})); }""")
    await expect(page.locator(".person.called")).to_have_count(1)
    assert len((await floor.desk())["waiting"]) == 1
    await expect(page.locator(".side .note.bad")).to_have_count(0)


async def test_refusal_is_said_in_place_with_what_to_do(floor: Floor) -> None:
    page = await _desk_of_the_first_doctor(floor)
    await page.get_by_role("button", name="Call next").click()
    refusal = page.locator(".side .note.bad")
    await expect(refusal).to_contain_text("Nobody is waiting")
    await refusal.get_by_role("button", name="Close").click()
    await expect(refusal).to_have_count(0)


async def test_refusal_is_said_in_the_language_of_the_page(floor: Floor) -> None:
    page = await _desk_of_the_first_doctor(floor)
    await page.get_by_role("button", name="Español").click()
    await page.keyboard.press("n")
    await expect(page.locator(".side .note.bad")).to_contain_text("Nadie espera a este médico")


async def test_undo_of_what_has_moved_on_is_refused_naming_what_came_between(floor: Floor) -> None:
    await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    visit = await floor.call_next()
    await floor.act(f"visits/{visit['id']}/start")
    await page.locator(".acts-list li", has_text="called").get_by_role("button").first.click()
    await expect(page.locator(".side .note.bad")).to_contain_text("Since then")


async def test_keys_rest_while_somebody_types_or_has_switched_them_off(floor: Floor) -> None:
    await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await page.locator("select").focus()
    await page.keyboard.press("n")
    await page.get_by_role("button", name="One key per act").click()
    await page.keyboard.press("n")
    await page.reload()
    await expect(page.get_by_role("button", name="One key per act is off")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page.locator(".doctor .acts")).to_be_visible()
    assert len((await floor.desk())["waiting"]) == 1
    await page.get_by_role("button", name="One key per act").click()
    await page.keyboard.press("n")
    await expect(page.locator(".person.called")).to_be_visible()


async def test_keys_work_on_a_keyboard_without_latin_letters(floor: Floor) -> None:
    await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await page.evaluate(
        "() => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ى', code: 'KeyN', bubbles: true}))"
    )
    await expect(page.locator(".person.called")).to_be_visible()


async def test_new_arrival_appears_with_the_reason_for_its_place(floor: Floor) -> None:
    page = await _desk_of_the_first_doctor(floor)
    await expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
    visit = await floor.issue()
    row = page.locator(".waiting tr", has_text=visit["token_number"])
    await expect(row).to_contain_text("Urgency 5")
    await expect(page).to_have_title(re.compile(r"^\(1\) "))


async def test_desk_without_paper_says_so(floor: Floor) -> None:
    page = await _desk_of_the_first_doctor(floor)
    await expect(page.get_by_test_id("printer")).to_have_text("Printer ready")
    await floor.stage.devices.do("paper", state="out")
    await floor.issue()
    await expect(page.get_by_test_id("printer")).to_have_text("Printer: paper is out")


async def test_desk_that_lost_its_server_says_so_and_does_the_act_once_it_is_back(floor: Floor) -> None:
    await floor.issue()
    page = await _desk_of_the_first_doctor(floor)
    await floor.stage.kill_edge()
    await expect(page.get_by_test_id("live")).to_contain_text("Not live, as of")
    await page.keyboard.press("n")
    await expect(page.locator(".side .note.bad")).to_contain_text("The clinic computer did not answer")
    await floor.stage.start_edge()
    await page.locator(".side .note.bad").get_by_role("button", name="Try again").click()
    await expect(page.locator(".person.called")).to_be_visible()
    await expect(page.get_by_test_id("live")).to_contain_text("Live")


async def test_wrong_password_is_said_in_place_and_the_right_one_opens_the_desk(floor: Floor) -> None:
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/pages/sign-in?next=/pages/desk")
    account = floor.stage.clinic.staff
    await page.get_by_label("User name").fill(account["username"])
    await page.get_by_label("Password", exact=True).fill("not this one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await page.get_by_label("Password", exact=True).fill(account["password"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".first .button").first).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("User name")).to_be_visible()


async def test_sign_in_leads_to_no_other_site(floor: Floor) -> None:
    page = await floor.staff("/pages/sign-in?next=//example.org/pages/desk")
    await page.wait_for_url(f"{floor.stage.edge_url}/pages/desk")
