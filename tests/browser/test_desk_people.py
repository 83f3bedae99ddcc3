"""The desk as reception works with it: registering, checking in, and everything done with one visit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from playwright.async_api import Locator, Page, expect

from cloud.mailbox.service import Mailbox
from shared.care_commands import BY_MODEL
from tests.browser.stage import PHONE, Floor
from tests.clinic import standing_clock


async def _desk(floor: Floor, **options: Any) -> Page:
    """The desk of the first doctor, all services shown."""
    page = await floor.staff("/pages/desk", **options)
    await page.locator(".first .button").first.click()
    await expect(page.locator(".doctor .acts")).to_be_visible()
    await page.get_by_role("button", name="All services").click()
    return page


def _row(page: Page, name: str) -> Locator:
    return page.locator(".waiting tbody tr", has_text=name)


async def _about(page: Page, name: str) -> Locator:
    """The dialog with everything that can be done with somebody."""
    await _row(page, name).locator(".dots").click()
    dialog = page.locator("dialog")
    await expect(dialog).to_be_visible()
    return dialog


async def _tab(page: Page, name: str) -> None:
    await page.locator(".tabs button", has_text=name).click()


async def _booking(floor: Floor, name: str, phone: str, minutes: int) -> dict[str, Any]:
    """Somebody has an appointment with the first doctor so many minutes from now, today."""
    now = datetime.now(UTC)
    start = min(max(now + timedelta(minutes=minutes), now.replace(hour=0, minute=0)), now.replace(hour=23, minute=55))
    body = {
        "doctor_id": floor.doctors[0], "date": now.date().isoformat(), "time": f"{start:%H:%M}",
        "patient": {"name": name, "phone": phone}, "reason": "Check-up", "override": "test",
    }  # fmt: skip
    answer = await floor.edge.post("/api/v1/appointments", json=body)
    made: dict[str, Any] = answer.raise_for_status().json()
    return made


async def test_walk_in_is_registered_with_name_reason_and_urgency_and_gets_a_token(floor: Floor) -> None:
    page = await _desk(floor)
    await page.get_by_role("button", name="Register a patient").click()
    await page.get_by_label("Name", exact=True).fill("Wilma Walkin")
    await page.get_by_label("Phone", exact=True).fill("+15551000")
    await page.get_by_label("Reason", exact=True).fill("Cough for a week")
    await page.get_by_label("Urgency, 0 to 10").fill("7")
    await page.get_by_label("Agrees to messages on the phone").check()
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .big-code")).to_contain_text("A-")
    await page.keyboard.press("Escape")
    await expect(_row(page, "Wilma Walkin")).to_contain_text("Cough for a week")
    visit = next(one for one in (await floor.desk())["waiting"] if one["name"] == "Wilma Walkin")
    assert (visit["urgency"], visit["phone"], visit["reason"]) == (7, "+15551000", "Cough for a week")
    person = (await floor.edge.get(f"/api/v1/patients/{visit['person_id']}")).json()
    assert person["notify"] is True


async def _records(floor: Floor, name: str) -> list[str]:
    """Ids of the persons of a name."""
    found = (await floor.edge.get("/api/v1/patients", params={"q": name})).raise_for_status().json()
    return [one["id"] for one in found]


async def _known(floor: Floor, name: str, phone: str) -> str:
    """Somebody who was here before; a test that runs twice meets the same person."""
    there = await _records(floor, name)
    made = there or [(await floor.act("patients", name=name, phone=phone))["id"]]
    return str(made[0])


async def test_known_person_is_offered_while_the_name_is_typed_and_taken_by_keyboard_alone(floor: Floor) -> None:
    person = await _known(floor, "Kamala Known", "+1555 20-01")
    await _known(floor, "Kamal Kin", "+1555 20-02")
    page = await _desk(floor)
    await page.get_by_role("button", name="Register a patient").click()
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type("kamal")
    await expect(page.locator("dialog .choices .button")).to_have_count(2)
    await expect(page.locator("dialog [role=status]")).to_contain_text("Known already: 2")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("dialog .choices .button", has_text="Kamala Known")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    await page.keyboard.type("Cough")
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog .big-code")).to_contain_text("A-")
    (waiting,) = (await floor.desk())["waiting"]
    assert (waiting["person_id"], waiting["name"], waiting["phone"]) == (person, "Kamala Known", "+1555 20-01")
    assert await _records(floor, "Kamala Known") == [person], "no second record"


async def test_known_person_is_found_by_a_part_of_the_phone_however_it_is_written(floor: Floor) -> None:
    person = await _known(floor, "Pavel Phone", "+1555 30-11")
    page = await _desk(floor)
    await page.get_by_role("button", name="Register a patient").click()
    await page.get_by_label("Phone", exact=True).fill("5553011")
    await page.locator("dialog .choices .button", has_text="Pavel Phone").click()
    await expect(page.get_by_text("Known person")).to_be_visible()
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .big-code")).to_be_visible()
    assert [one["person_id"] for one in (await floor.desk())["waiting"]] == [person]


async def test_name_nobody_has_says_so_and_a_chosen_person_can_be_given_up_again(floor: Floor) -> None:
    person = await _known(floor, "Grace Given", "+1555 40-01")
    page = await _desk(floor)
    await page.get_by_role("button", name="Register a patient").click()
    name = page.get_by_label("Name", exact=True)
    await name.fill("Zoltan Nowhere")
    await expect(page.locator("dialog [role=status]")).to_contain_text("a new person is registered")
    await name.fill("Grace")
    await page.locator("dialog .choices .button", has_text="Grace Given").click()
    await page.get_by_role("button", name="Somebody else").click()
    await expect(name).to_be_focused()
    await name.fill("Grace Newcomer")
    await page.get_by_label("Phone", exact=True).fill("+1555 40-02")
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .big-code")).to_be_visible()
    assert [one["person_id"] for one in (await floor.desk())["waiting"]] != [person]


async def test_search_that_does_not_answer_is_not_told_as_nobody(floor: Floor) -> None:
    page = await _desk(floor)
    await page.route("**/api/v1/patients?*", lambda route: route.abort())
    await page.get_by_role("button", name="Register a patient").click()
    await page.get_by_label("Name", exact=True).fill("Nora Nonet")
    await expect(page.locator("dialog [role=status]")).to_contain_text("The search does not answer")
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .big-code")).to_be_visible()


async def test_emergency_at_the_desk_stands_before_everybody(floor: Floor) -> None:
    await floor.register("Early Bird", urgency=9)
    page = await _desk(floor)
    await page.get_by_role("button", name="Register a patient").click()
    await page.get_by_label("Name", exact=True).fill("Emil Urgent")
    await page.get_by_label("Emergency: before all others").check()
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .big-code")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(".waiting tbody tr").first).to_contain_text("Emil Urgent")


async def test_second_visit_of_the_day_is_refused_in_place_until_there_is_a_reason(floor: Floor) -> None:
    await floor.register("Dora Double", phone="+15551001")
    page = await _desk(floor)
    await page.get_by_role("button", name="Register a patient").click()
    await page.get_by_label("Name", exact=True).fill("Dora Double")
    await page.get_by_label("Phone", exact=True).fill("+15551001")
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .note.bad")).to_be_visible()
    await page.get_by_label("Reason for a second visit today").fill("Came back with the results")
    await page.locator("dialog").get_by_role("button", name="Register", exact=True).click()
    await expect(page.locator("dialog .big-code")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(_row(page, "Dora Double")).to_have_count(2)


async def test_booked_patient_is_found_by_phone_and_checked_in_with_one_press(floor: Floor) -> None:
    await _booking(floor, "Berta Booked", "+1555 1002", 10)
    await _booking(floor, "Otto Other", "+1555 1003", 10)
    page = await _desk(floor)
    await _tab(page, "Bookings")
    await expect(page.locator(".waiting tbody tr")).to_have_count(2)
    await page.get_by_label("Name or phone").fill("5551002")
    await expect(page.locator(".waiting tbody tr")).to_have_count(1)
    await expect(_row(page, "Berta Booked")).to_contain_text(re.compile("min (early|late)"))  # late: by midnight
    await page.get_by_role("button", name="Check in: Berta Booked").click()
    await expect(page.locator(".toast")).to_contain_text("Checked in: A-")
    await expect(_row(page, "Berta Booked")).to_have_count(0)
    await _tab(page, "Queue")
    await expect(_row(page, "Berta Booked")).to_be_visible()


async def test_patient_who_is_much_too_early_is_noted_as_here_and_joins_later(floor: Floor) -> None:
    await _booking(floor, "Erik Early", "+1555 1004", 240)
    page = await _desk(floor)
    await _tab(page, "Bookings")
    await page.get_by_role("button", name="Check in: Erik Early").click()
    await expect(_row(page, "Erik Early").or_(page.locator(".toast")).first).to_be_visible()
    state = await floor.desk()
    if not any(
        one["name"] == "Erik Early" for one in state["waiting"]
    ):  # late in the evening there is no "much too early"
        await expect(_row(page, "Erik Early")).to_contain_text("Here, joins at")


async def test_chosen_patient_is_called_and_the_call_undone(floor: Floor) -> None:
    await floor.register("First Comer", urgency=9)
    second = await floor.register("Second Comer", urgency=1)
    page = await _desk(floor)
    await page.get_by_role("button", name=f"Call {second['token_number']}").click()
    await expect(page.locator(".person.called")).to_contain_text("Second Comer")
    await page.keyboard.press("u")
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()
    await expect(_row(page, "Second Comer")).to_be_visible()


async def test_patient_on_hold_shows_when_they_are_back_and_may_come_back_at_once(floor: Floor) -> None:
    await floor.register("Paula Parked")
    page = await _desk(floor)
    dialog = await _about(page, "Paula Parked")
    await dialog.get_by_role("button", name="Hold").click()
    await dialog.get_by_role("button", name="15 min").click()
    await expect(dialog).to_have_count(0)
    await _tab(page, "On hold")
    await expect(_row(page, "Paula Parked")).to_contain_text("Back at")
    await expect(_row(page, "Paula Parked")).to_contain_text("left")
    await page.get_by_role("button", name="Wait again").click()
    await _tab(page, "Queue")
    await expect(_row(page, "Paula Parked")).to_be_visible()


async def test_sending_on_keeps_the_token_and_asks_once_more(floor: Floor) -> None:
    visit = await floor.register("Tina Transfer")
    page = await _desk(floor)
    dialog = await _about(page, "Tina Transfer")
    await dialog.get_by_role("button", name="Send on").click()
    await dialog.get_by_role("button", name="Laboratory").click()
    await expect(dialog).to_contain_text(f"Send {visit['token_number']} on to Laboratory")
    await dialog.get_by_role("button", name="Yes").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".toast")).to_contain_text(f"{visit['token_number']} sent on")
    moved = next(one for one in (await floor.desk())["waiting"] if one["name"] == "Tina Transfer")
    assert (moved["service"], moved["token_number"]) == ("L", visit["token_number"])
    await floor.act(f"visits/{moved['id']}/cancel")


async def test_place_is_given_by_hand_and_says_so(floor: Floor) -> None:
    for name, urgency in (("One Place", 9), ("Two Place", 6), ("Three Place", 3)):
        await floor.register(name, urgency=urgency, doctor_id=floor.doctors[0])
    page = await _desk(floor)
    dialog = await _about(page, "Three Place")
    await dialog.get_by_label("To place").fill("1")
    await dialog.get_by_role("button", name="Move", exact=True).click()
    await expect(dialog).to_contain_text("Place 1 of 3")
    await dialog.get_by_role("button", name="One place down").click()
    await expect(dialog).to_contain_text("Place 2 of 3")
    await page.keyboard.press("Escape")
    await expect(page.locator(".waiting tbody tr").nth(1)).to_contain_text("Three Place")
    await expect(_row(page, "Three Place")).to_contain_text("by hand")


async def test_what_the_patient_claims_at_the_kiosk_waits_for_staff_to_confirm_it(floor: Floor) -> None:
    code = (await floor.edge.post("/api/v1/screens/codes", json={"kind": "kiosk"})).raise_for_status().json()["code"]
    headers = {"X-Outpost": "1", "Origin": floor.stage.edge_url}
    async with httpx.AsyncClient(base_url=floor.stage.edge_url, headers=headers, trust_env=False) as kiosk:
        (await kiosk.post("/api/v1/screens/pair", json={"code": code})).raise_for_status()
        body = {"name": "Uma Urgency", "urgency": 9}
        (await kiosk.post("/api/patients/register", json=body)).raise_for_status()
    page = await _desk(floor)
    await expect(_row(page, "Uma Urgency")).to_contain_text("says 9")
    await expect(_row(page, "Uma Urgency")).to_contain_text("Urgency 7")
    dialog = await _about(page, "Uma Urgency")
    await dialog.get_by_role("button", name="Confirm urgency").click()
    await expect(page.locator(".toast")).to_contain_text("urgency set")
    await page.keyboard.press("Escape")
    await expect(_row(page, "Uma Urgency")).to_contain_text("Urgency 9")
    await expect(_row(page, "Uma Urgency")).not_to_contain_text("says")


async def test_flagged_emergency_goes_to_the_top_and_can_be_undone(floor: Floor) -> None:
    await floor.register("Calm One", urgency=9)
    await floor.register("Fiona Flagged", urgency=1)
    page = await _desk(floor)
    dialog = await _about(page, "Fiona Flagged")
    await dialog.get_by_role("button", name="Emergency").click()
    await expect(page.locator(".waiting tbody tr").first).to_contain_text("Fiona Flagged")
    await page.keyboard.press("u")
    await expect(page.locator(".waiting tbody tr").first).to_contain_text("Calm One")


async def test_cancel_asks_once_more_takes_a_reason_and_can_be_undone(floor: Floor) -> None:
    await floor.register("Carl Cancel")
    page = await _desk(floor)
    dialog = await _about(page, "Carl Cancel")
    await dialog.get_by_role("button", name="Cancel visit").click()
    await expect(dialog).to_contain_text("Cancel the visit of")
    await dialog.get_by_label("Reason (for the log)").fill("Went home")
    await dialog.get_by_role("button", name="Yes").click()
    await expect(_row(page, "Carl Cancel")).to_have_count(0)
    await page.locator(".acts-list li", has_text="cancelled").get_by_role("button").first.click()
    await expect(_row(page, "Carl Cancel")).to_be_visible()


async def test_no_show_asks_once_more_and_who_comes_after_all_returns(floor: Floor) -> None:
    await floor.register("Nora Noshow")
    page = await _desk(floor)
    dialog = await _about(page, "Nora Noshow")
    await dialog.get_by_role("button", name="No-show").click()
    await dialog.get_by_role("button", name="Back").click()
    await dialog.get_by_role("button", name="No-show").click()
    await dialog.get_by_role("button", name="Yes").click()
    await expect(_row(page, "Nora Noshow")).to_have_count(0)
    await _tab(page, "No-shows")
    await _row(page, "Nora Noshow").get_by_role("button", name="Return to queue").click()
    await _tab(page, "Queue")
    await expect(_row(page, "Nora Noshow")).to_be_visible()


async def test_booked_patient_who_is_marked_as_not_come_and_comes_late_returns_with_one_press(floor: Floor) -> None:
    booking = await _booking(floor, "Lara Late", "+1555 1019", 10)
    page = await _desk(floor)
    await _tab(page, "Bookings")
    dialog = await _about(page, "Lara Late")
    await dialog.get_by_role("button", name="No-show").click()
    await dialog.get_by_role("button", name="Yes").click()
    await _tab(page, "No-shows")
    due = next(one for one in (await floor.desk())["missed"] if one["id"] == booking["appointment_id"])["due_at"]
    await expect(_row(page, "Lara Late")).to_contain_text(due[11:16])  # there is no number yet
    await _row(page, "Lara Late").get_by_role("button", name="Return to queue").click()
    await _tab(page, "Queue")
    await expect(_row(page, "Lara Late")).to_contain_text("A-")


async def test_message_to_a_doctors_patients_stays_up_until_it_is_ended(floor: Floor) -> None:
    page = await _desk(floor)
    await page.get_by_role("button", name="Message to patients").click()
    await page.get_by_label("Message", exact=True).fill("The doctor was called to an emergency.")
    await page.get_by_label("Expected delay in minutes").fill("30")
    await page.get_by_role("button", name="Send", exact=True).click()
    note = page.locator(".broadcast")
    await expect(note).to_contain_text("The doctor was called to an emergency.")
    await expect(note).to_contain_text("about 30 min late")
    await note.get_by_role("button", name="End message").click()
    await expect(note).to_have_count(0)


async def test_visit_that_another_desk_has_ended_closes_its_window(floor: Floor) -> None:
    visit = await floor.register("Gone Already")
    page = await _desk(floor)
    dialog = await _about(page, "Gone Already")
    await floor.act(f"visits/{visit['uuid']}/cancel")
    await expect(dialog).to_have_count(0)


async def test_desk_speaks_the_language_of_the_page_also_in_reasons_and_dialogs(floor: Floor) -> None:
    await floor.register("Ali Hassan")
    page = await floor.staff("/pages/desk?lang=ar", PHONE)
    await page.locator(".first .button").first.click()
    await expect(_row(page, "Ali Hassan")).to_contain_text("الأولوية 5")
    await page.get_by_role("button", name="سجّل مريضًا").click()
    await expect(page.get_by_label("الاسم", exact=True)).to_be_focused()
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


async def test_no_key_acts_while_a_window_is_open(floor: Floor) -> None:
    await floor.register("Kay Keys")
    page = await _desk(floor)
    await _about(page, "Kay Keys")
    await page.keyboard.press("n")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.get_by_text("Free", exact=True)).to_be_visible()


async def test_nurse_enters_vitals_and_signs_and_the_visit_is_raised_with_the_reason(floor: Floor) -> None:
    await floor.register("Tara Triage", urgency=4)
    page = await _desk(floor)
    dialog = await _about(page, "Tara Triage")
    await dialog.get_by_role("button", name="Vitals and signs").click()
    await dialog.get_by_label("Age (years)").fill("60")
    await dialog.get_by_label("Oxygen %").fill("96")
    await dialog.get_by_label("Find a sign").or_(dialog.get_by_label("Signs", exact=True)).fill("chest")
    await dialog.get_by_role("button", name="+ chest pain").click()
    await dialog.get_by_role("button", name="Work out the urgency").click()
    told = dialog.locator(".note")
    await expect(told).to_contain_text("Urgency 9")
    await expect(told).to_contain_text("chest or belly pain over 50")
    await expect(dialog).to_contain_text("No clinician has signed these tables yet")
    visit = next(one for one in (await floor.desk())["waiting"] if one["name"] == "Tara Triage")
    assert visit["urgency"] == 9


async def test_whom_a_model_raised_is_marked_with_why_in_the_language_of_the_page_until_somebody_looked(
    floor: Floor,
) -> None:
    visit = await floor.register("Rosa Raised", urgency=4, reason="not feeling well")
    page = await _desk(floor)
    raised = {"visit_id": visit["uuid"], "urgency": 8, "reason": "chest_pain, dizziness"}
    async with await psycopg.AsyncConnection.connect(floor.stage.database_url) as conn:
        await Mailbox(standing_clock()).enqueue(conn, "riverside", "raise_urgency", BY_MODEL, raised)
    mark = _row(page, "Rosa Raised").get_by_test_id("raised")
    await expect(mark).to_contain_text("AI raised the urgency to 8")
    await expect(mark).to_contain_text("chest pain or pressure, dizziness")
    await page.get_by_role("button", name="Español").click()
    await expect(mark).to_contain_text("La IA subió la urgencia a 8")
    await expect(mark).to_contain_text("dolor u opresión en el pecho, mareo")
    await mark.get_by_role("button", name="Revisado").click()
    await expect(mark).to_have_count(0)
    await expect(page.get_by_role("status").filter(has_text="revisado")).to_be_visible()
    await expect(page.locator(".acts-list li").first).to_contain_text("revisado")
    (row,) = [one for one in (await floor.desk())["waiting"] if one["id"] == visit["uuid"]]
    assert row["urgency"] == 8, "looking at it changes no urgency"
