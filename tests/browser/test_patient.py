"""A patient's page at head office: plans written in a form until the clinic follows them, recordings, people, the day."""

from __future__ import annotations

import json
from typing import Any

from playwright.async_api import Locator, Page, expect
from psycopg.types.json import Jsonb

from shared.clock import Clock
from shared.ids import new_id
from tests.browser.medicine import Medicine
from tests.browser.stage import PHONE


async def write_plan(page: Page, medication: str, *times: str, unit: str = "tablet") -> None:
    """Fill in the form for one medicine at times of day; it is not sent yet."""
    await page.get_by_role("button", name="Write a plan").click()
    form = page.locator(".plan-form")
    await form.get_by_label("Medicine", exact=True).fill(medication)
    await form.get_by_label("Unit, e.g. tablet").fill(unit)
    for n, time in enumerate(times, 1):
        if n > 1:
            await form.get_by_role("button", name="Another time").click()
        await form.get_by_label(f"Time {n}", exact=True).fill(time)


async def send(page: Page) -> None:
    await page.get_by_role("button", name="Send the plan").click()
    await expect(page.locator("dialog")).to_have_count(0)


async def plans_of(medicine: Medicine, person: str) -> list[dict[str, Any]]:
    answer = await medicine.nurse.get(f"/api/v1/medication-plans?patient_id={person}")
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found


async def test_a_patient_is_found_by_a_part_of_the_name_and_opened(medicine: Medicine) -> None:
    await medicine.patient("Farida Search")
    await medicine.patient("Gustav Other")
    page = await medicine.page(medicine.nurse, "/pages/patients")
    await page.get_by_label("Name or phone").fill("rida se")
    listed = page.get_by_test_id("patients")
    await expect(listed.locator("li")).to_have_count(1)
    await listed.get_by_role("link", name="Farida Search").click()
    await expect(page.get_by_role("heading", name="Farida Search")).to_be_visible()
    await expect(page.get_by_text("No plan yet.")).to_be_visible()


async def test_a_plan_written_in_the_form_reaches_the_clinic_and_its_doses_are_shown(medicine: Medicine) -> None:
    person = await medicine.patient("Hilda Plan")
    page = await medicine.patient_page(person)
    await write_plan(page, "Metformin", "00:01", "23:58")
    await page.get_by_label("Critical: a missed one").check()
    await page.get_by_label("Instructions (English)").fill("With food.")
    await send(page)
    plan = page.get_by_test_id("plans").locator("[data-plan]")
    await expect(plan.locator("[data-to=site]")).to_have_attribute("data-state", "applied")
    await expect(plan).to_contain_text("00:01, 23:58")
    await expect(plan).to_contain_text("With food.")
    await expect(page.get_by_test_id("today").locator("li", has_text="23:58")).to_contain_text("critical")


async def test_a_plan_for_a_clinic_that_is_cut_off_waits_as_published(medicine: Medicine) -> None:
    person = await medicine.patient("Ivo Cut")
    page = await medicine.patient_page(person)
    medicine.floor.stage.cut_link()
    await write_plan(page, "Ramipril", "23:50")
    await send(page)
    delivery = page.get_by_test_id("plans").locator("[data-to=site]")
    await expect(delivery).to_have_attribute("data-state", "published")
    medicine.floor.stage.restore_link()
    await expect(delivery).to_have_attribute("data-state", "applied")


async def test_doses_that_fall_by_steps_by_meals_and_as_needed_are_sent_as_written(medicine: Medicine) -> None:
    person = await medicine.patient("Jana Taper")
    page = await medicine.patient_page(person)
    await write_plan(page, "Prednisolone", "08:00")
    form = page.locator(".plan-form")
    await form.get_by_role("button", name="Then another dose").click()
    first, second = form.get_by_role("group", name="Step 1"), form.get_by_role("group", name="Step 2")
    await first.get_by_label("How much").fill("2")
    await second.get_by_label("How much").fill("0.5")
    await page.get_by_role("button", name="Send the plan").click()
    assert await first.get_by_label("For so many days").evaluate("field => !field.validity.valid"), (
        "it says what is missing"
    )
    await first.get_by_label("For so many days").fill("5")
    await second.get_by_label("When").first.select_option("meals")
    await second.get_by_label("After breakfast").check()
    await form.get_by_role("button", name="Another medicine").click()
    other = page.get_by_test_id("medicine-2")
    await other.get_by_label("Medicine", exact=True).fill("Paracetamol")
    await other.get_by_label("Unit, e.g. tablet").fill("tablet")
    await other.get_by_label("As needed only").check()
    await other.get_by_label("For what, e.g. pain").fill("pain")
    await other.get_by_label("Most doses allowed").fill("4")
    await other.get_by_label("Shortest time between two doses, in minutes").fill("240")
    await send(page)
    (plan,) = await plans_of(medicine, person)
    taper, needed = plan["items"]
    assert [(one["dose"], one.get("days")) for one in taper["steps"]] == [(2, 5), (0.5, None)]
    assert taper["steps"][1]["timing"]["when"] == ["PCM"]
    assert needed["as_needed"] and needed["as_needed_reason"] == "pain"
    assert needed["limits"] == {"max_doses": 4, "min_gap_min": 240, "max_hours": 24}


async def test_rarer_rhythms_late_words_and_the_missed_share_are_sent_as_written_and_shown_again(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Jorge Rare")
    page = await medicine.patient_page(person)
    await write_plan(page, "Cyclic", "09:00")
    first = page.get_by_test_id("medicine-1")
    await first.get_by_text("More: days off, months").click()
    await first.get_by_label("On which days").select_option("cycle")
    await first.get_by_label("Days with it").fill("21")
    await first.get_by_label("Then days without it").fill("7")
    await first.get_by_text("More: late and missed doses").click()
    await first.get_by_label("What is said when a dose is late (English)").fill("Within 4 hours take it.")
    await first.get_by_label("Missed after so much of the time").fill("40")

    async def another(n: int, name: str) -> Locator:
        await page.get_by_role("button", name="Another medicine").click()
        other = page.get_by_test_id(f"medicine-{n}")
        await other.get_by_label("Medicine", exact=True).fill(name)
        await other.get_by_label("Unit, e.g. tablet").fill("tablet")
        return other

    monthly = await another(2, "Monthly")
    await monthly.get_by_text("More: days off, months").click()
    await monthly.get_by_label("On which days").select_option("month")
    await monthly.get_by_label("Which days, e.g. 1, 15").fill("1, 31")
    await monthly.get_by_label("Every how many months").fill("3")
    last = await another(3, "From last")
    await last.get_by_label("When").first.select_option("last")
    await last.get_by_label("Hours", exact=True).fill("6")
    linked = await another(4, "Linked")
    await linked.get_by_label("When").first.select_option("linked")
    await linked.get_by_label("After which medicine").select_option(label="Cyclic")
    await linked.get_by_label("Minutes after it is due").fill("45")
    weekly = await another(5, "Fortnightly")
    await weekly.get_by_text("More: days off, months").click()
    await weekly.get_by_label("On which days").select_option("every")
    await weekly.get_by_label("Every how many", exact=True).fill("2")
    await weekly.get_by_label("Of what").select_option("wk")
    await weekly.get_by_label("Thu").check()
    await send(page)
    (plan,) = await plans_of(medicine, person)
    cyclic, monthly_, last_, linked_, _ = plan["items"]
    timing = [one["steps"][0].get("timing") for one in plan["items"]]
    assert (timing[0]["cycle_on_days"], timing[0]["cycle_off_days"], timing[0]["times_of_day"]) == (21, 7, ["09:00"])
    assert cyclic["late_rule"] == {"en": "Within 4 hours take it."} and cyclic["missed_at_share"] == 0.4
    assert (timing[1]["days_of_month"], timing[1]["period"], timing[1]["period_unit"]) == ([1, 31], 3, "mo")
    assert "late_rule" not in monthly_ and "missed_at_share" not in monthly_
    assert (last_["steps"][0]["mode"], timing[2]["period"], timing[2]["period_unit"]) == ("from_last_taken", 6, "h")
    assert (linked_["steps"][0]["mode"], linked_["steps"][0]["linked_item"]) == ("linked", cyclic["id"])
    assert linked_["steps"][0]["linked_after_min"] == 45
    assert (timing[4]["period"], timing[4]["period_unit"], timing[4]["days_of_week"]) == (2, "wk", ["thu"])
    shown = page.get_by_test_id("plans").locator("[data-plan] .items > li")
    for at, words in enumerate((
        "09:00 · 21 days with it, then 7 without", "08:00 · on days 1, 31 of the month · every 3 months",
        "6 h after the last one was taken", "45 minutes after Cyclic", "08:00 · Thu · every 2 weeks",
    )):  # fmt: skip
        await expect(shown.nth(at)).to_contain_text(words)
    await page.get_by_test_id("plans").get_by_role("button", name="Change").click()
    await expect(first.get_by_label("Days with it")).to_have_value("21")
    await expect(first.get_by_label("Missed after so much of the time")).to_have_value("40")
    await expect(linked.get_by_label("After which medicine").locator("option:checked")).to_have_text("Cyclic")
    await last.get_by_label("Hours", exact=True).fill("8")
    await send(page)
    (changed,) = await plans_of(medicine, person)
    expected = plan["items"]
    expected[2]["steps"][0]["timing"]["period"] = 8
    assert changed["items"] == expected, "a change of one field changes nothing else"


async def test_what_the_server_finds_wrong_stands_beside_its_field(medicine: Medicine) -> None:
    person = await medicine.patient("Karin Wrong")
    page = await medicine.patient_page(person, "", PHONE)
    await write_plan(page, "Cyclic", "09:00")
    form = page.get_by_test_id("medicine-1")
    await form.get_by_text("More: days off, months").click()
    await form.get_by_label("On which days").select_option("cycle")
    await form.get_by_label("Then days without it").fill("")
    await form.get_by_text("More: days off, months").click()  # closed: it is opened again where the sentence is
    await page.get_by_role("button", name="Send the plan").click()
    beside = form.locator("label", has_text="Then days without it").locator(".wrong")
    await expect(beside).to_be_in_viewport()
    await expect(page.locator(".plan-form")).to_contain_text("Something does not fit yet")
    assert await page.locator("dialog").evaluate("box => box.scrollWidth <= box.clientWidth")
    await expect(beside).to_have_text("A whole number from 1 to 366.")
    await expect(form.locator(".wrong")).to_have_count(1)
    assert await plans_of(medicine, person) == []
    await form.get_by_label("Then days without it").fill("7")
    await form.get_by_label("When").first.select_option("linked")
    await page.get_by_role("button", name="Send the plan").click()
    await expect(form.locator(".wrong")).to_have_text("Choose another medicine of this plan.")
    await form.get_by_label("When").first.select_option("times")
    await send(page)
    assert len(await plans_of(medicine, person)) == 1


async def test_a_change_is_the_next_revision_and_keeps_what_the_form_does_not_show(medicine: Medicine) -> None:
    person = await medicine.patient("Kofi Change")
    cycle = {"times_of_day": ["09:00"], "cycle_on_days": 21, "cycle_off_days": 7, "count": 60}
    await medicine.plan(person, 600, medication="Cyclic", code="http://example.org|1", timing=cycle)
    page = await medicine.patient_page(person)
    plan = page.get_by_test_id("plans").locator("[data-plan]")
    await plan.get_by_role("button", name="Change").click()
    await page.get_by_label("How much").fill("3")
    await send(page)
    await expect(plan).to_contain_text("Revision 2")
    ((item,),) = [one["items"] for one in await plans_of(medicine, person)]
    assert item["code"] == "http://example.org|1" and item["steps"][0]["dose"] == 3
    timing = item["steps"][0]["timing"]
    assert (timing["cycle_on_days"], timing["count"]) == (21, 60), "a rhythm written elsewhere stays"


async def test_who_changes_a_plan_that_somebody_else_changed_is_told_and_nothing_is_overwritten(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Lena Twice")
    plan_id = await medicine.plan(person, 600)
    page = await medicine.patient_page(person)
    await page.get_by_role("button", name="Change").click()
    (plan,) = await plans_of(medicine, person)
    items = [{**plan["items"][0], "medication": "Newer"}]
    body = {"patient_id": person, "start": plan["start"], "timezone": "UTC", "items": items}
    answer = await medicine.nurse.put(f"/api/v1/medication-plans/{plan_id}", json=body, headers={"If-Match": '"1"'})
    answer.raise_for_status()
    await page.get_by_label("How much").fill("9")
    await page.get_by_role("button", name="Send the plan").click()
    await expect(page.locator("dialog")).to_contain_text("Somebody has changed this plan")
    assert [one["items"][0]["medication"] for one in await plans_of(medicine, person)] == ["Newer"]


async def test_a_plan_is_stopped_with_a_reason(medicine: Medicine) -> None:
    person = await medicine.patient("Milan Stop")
    await medicine.plan(person, 600)
    page = await medicine.patient_page(person)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await page.get_by_label("Reason").fill("side effects")
    await page.get_by_role("button", name="Stop the plan").click()
    plan = page.get_by_test_id("plans").locator("[data-plan]")
    await expect(plan).to_contain_text("stopped: side effects")
    await expect(plan.get_by_role("button", name="Change")).to_have_count(0)
    await expect(page.get_by_test_id("today")).to_contain_text("No dose is planned for today.")


async def test_fhir_is_imported_and_what_is_wrong_with_it_is_said(medicine: Medicine) -> None:
    person = await medicine.patient("Nadia Fhir")
    page = await medicine.patient_page(person)
    await page.get_by_role("button", name="Import FHIR").click()
    text, button = page.get_by_label("FHIR as JSON"), page.get_by_role("button", name="Import", exact=True)
    await text.fill("{ not json")
    await button.click()
    await expect(page.locator("dialog")).to_contain_text("This is not JSON")
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["21:00:00"]}
    request = {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2026-11-20",
        "medicationCodeableConcept": {"text": "Simvastatin"},
        "dosageInstruction": [
            {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}
        ],
    }  # fmt: skip
    await text.fill(json.dumps({**request, "status": "nonsense"}))
    await button.click()
    await expect(page.locator("dialog .note.bad")).to_be_visible()
    await text.fill(json.dumps({**request, "subject": {"reference": f"Patient/{person}"}}))
    await button.click()
    await expect(page.get_by_test_id("plans").locator("[data-plan]")).to_contain_text("Simvastatin")


async def test_a_recording_is_played_at_just_the_words_something_was_found_in(medicine: Medicine) -> None:
    person = await medicine.patient("Oskar Voice")
    quote = {"kind": "symptom", "value": "dizziness", "quote": "feel dizzy", "start_s": 2.0, "end_s": 2.6}
    await medicine.recording(person, "Since this morning I feel dizzy when I stand up", quote)
    page = await medicine.patient_page(person)
    note = page.get_by_test_id("notes").locator("[data-note]")
    await expect(note.locator("mark")).to_have_text("feel dizzy")
    await page.evaluate("""() => {
        const audio = document.querySelector('[data-note] audio');
        window.heard = [];
        audio.addEventListener('timeupdate', () => { if (!audio.paused) window.heard.push(audio.currentTime); });
    }""")
    await note.get_by_role("button", name="Play 2.0 s").click()
    await page.wait_for_function("""() => {
        const audio = document.querySelector('[data-note] audio');
        return window.heard.length > 0 && audio.paused;
    }""")
    heard = await page.evaluate("window.heard.concat(document.querySelector('[data-note] audio').currentTime)")
    assert heard[0] >= 1.7 and heard[-1] < 4.0, "it began at the words and ended after them, not with the sound"


async def test_a_question_is_shown_with_its_answer_and_what_it_is_from(medicine: Medicine) -> None:
    person = await medicine.patient("Paula Asks")
    said = "When do I take metformin? Can I stop it?"
    quotes = [
        {"kind": "question", "value": topic, "quote": quote, "start_s": at, "end_s": at + 1}
        for topic, quote, at in (("when", "When do I take metformin?", 0.5), ("stop", "Can I stop it?", 2.0))
    ]
    note = await medicine.recording(person, said, *quotes)
    await medicine.asked(note, person, "When do I take metformin?", start_s=0.5, end_s=1.5)
    ask = "Please ask your clinic about this."
    await medicine.asked(note, person, "Can I stop it?", topic="stop", answer=ask, answered_from="clinic", start_s=2.0)
    page = await medicine.patient_page(person)
    when, stop = (page.get_by_test_id("questions").locator("> li").nth(n) for n in range(2))
    await expect(when).to_contain_text("when to take it")
    await expect(when).to_contain_text("By your plan: Metformin at 08:00.")
    await expect(when).to_contain_text("from the plan, in fixed sentences")
    await expect(when).to_contain_text("no AI wrote the answer")
    await expect(when.get_by_role("button", name="Play 0.5 s")).to_be_visible()
    await expect(stop).to_contain_text("not answered here: it is for the clinic")
    await expect(page.locator("[data-note] .found")).to_have_count(0)  # a question is not listed twice


async def test_a_recording_asks_for_a_person_until_the_nurse_has_looked(medicine: Medicine) -> None:
    person = await medicine.patient("Quirin Review")
    note_id = await medicine.recording(
        person, "I feel odd", needs_human=True, review=True, raised_by_model=4, urgency=6
    )
    alert = await medicine.alert(person, "Quirin Review said something alarming", note_id=note_id)
    alerts = await medicine.page(medicine.nurse, "/pages/alerts?")
    badges = alerts.locator(f"[data-alert='{alert}']").get_by_test_id("asks")
    await expect(badges).to_have_text(
        ["AI raised the urgency by 4 steps: please check", "Somebody should listen to the recording"]
    )
    listed = await medicine.page(medicine.nurse, "/pages/patients?")
    await listed.get_by_label("Name or phone").fill("Quirin")
    row = listed.get_by_test_id("patients").locator("li", has_text="Quirin Review")
    await expect(row).to_contain_text("1 recording to listen to")
    page = await medicine.patient_page(person)
    look = page.get_by_test_id("look")
    await expect(look).to_contain_text("AI raised the urgency by 4 steps: please check")
    await expect(look).to_contain_text("Somebody should listen to this")
    await look.get_by_role("button", name="I have looked at this").click()
    await expect(look).to_have_count(0)
    await expect(page.get_by_test_id("looked")).to_contain_text("has looked at this")
    await expect(row.get_by_text("to listen to")).to_have_count(0)
    await expect(badges).to_have_count(0)
    (note,) = (await medicine.nurse.get(f"/api/v1/voice?patient_id={person}")).json()
    assert (note["urgency"], note["review"]) == (6, True), "nothing of what was found is taken back"


async def test_what_was_said_is_searched_and_nothing_found_or_no_answer_is_said_plainly(medicine: Medicine) -> None:
    person = await medicine.patient("Rafael Search")
    for text in ("My knee hurts on stairs", "I slept well"):
        await medicine.recording(person, text)
    page = await medicine.patient_page(person)
    notes = page.get_by_test_id("notes")
    await expect(notes.locator("[data-note]")).to_have_count(2)
    await notes.get_by_label("Search in what was said").fill("knee")
    await page.keyboard.press("Enter")
    await expect(notes.locator("[data-note]")).to_have_count(1)
    await expect(notes).to_contain_text("My knee hurts on stairs")
    await expect(notes).to_contain_text("By the words themselves, the closest first.")
    await notes.get_by_label("Search in what was said").fill("elephant")
    await notes.get_by_role("button", name="Search", exact=True).click()
    await expect(notes).to_contain_text("No recording speaks of this.")
    await page.route("**/api/v1/voice/search*", lambda route: route.abort())
    await notes.get_by_role("button", name="Search", exact=True).click()
    await expect(notes.locator(".note.bad, .note.warn")).to_be_visible()
    await page.unroute("**/api/v1/voice/search*")
    await notes.get_by_label("Search in what was said").fill("slept")
    await notes.get_by_role("button", name="Search", exact=True).click()
    await expect(notes.locator("[data-note]")).to_have_count(1)
    await notes.get_by_role("button", name="All recordings").click()
    await expect(notes.locator("[data-note]")).to_have_count(2)


async def test_people_times_and_holds_are_changed_and_their_way_to_the_clinic_is_shown(medicine: Medicine) -> None:
    person = await medicine.patient("Petra Around")
    await medicine.plan(person, 600)
    page = await medicine.patient_page(person)
    await page.get_by_role("button", name="Add a caregiver").click()
    await page.get_by_label("Name", exact=True).fill("Quentin Neighbour")
    await page.get_by_label("Relation, e.g. daughter").fill("neighbour")
    await page.locator("dialog").get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_test_id("caregivers")).to_contain_text("Quentin Neighbour")
    doctors = page.get_by_test_id("doctors")
    await doctors.get_by_label("Doctor").select_option(label="Dr. Amara Okafor")
    await doctors.get_by_role("button", name="Add").click()
    await expect(doctors.locator("li", has_text="Dr. Amara Okafor")).to_be_visible()
    meals = page.get_by_test_id("meals")
    await meals.get_by_label("After breakfast").fill("07:45")
    await meals.get_by_role("button", name="Save").click()
    asked = page.get_by_test_id("asked").locator("li", has_text="Times of the day")
    await expect(asked).to_have_attribute("data-state", "applied")
    await page.get_by_role("button", name="Hold doses").click()
    dialog = page.locator("dialog")
    start = await dialog.get_by_label("From").input_value()
    await dialog.get_by_label("Until").fill(f"{start[:10]}T23:59")
    await dialog.get_by_label("Reason").fill("surgery")
    await dialog.get_by_role("button", name="Hold doses").click()
    hold = page.get_by_test_id("holds").locator("li", has_text="surgery")
    await expect(hold).to_be_visible()
    await hold.get_by_role("button", name="End hold").click()
    await expect(hold).to_have_count(0)


async def test_the_numbers_say_what_they_mean_and_show_what_nobody_knows_beside(medicine: Medicine) -> None:
    person = await medicine.patient("Rhea Numbers")
    page = await medicine.patient_page(person)
    week = page.get_by_test_id("adherence").locator("[data-days='7']")
    for word in ("Taken", "On time", "Days covered", "Unknown", "Never announced"):
        await expect(week.get_by_text(word, exact=True)).to_be_visible()
    await expect(page.get_by_test_id("adherence")).to_contain_text("Doses of today are counted from tomorrow on.")
    await page.get_by_text("What these numbers mean").click()
    await expect(page.get_by_test_id("adherence")).to_contain_text(
        "without those held, voided, never announced or unknown"
    )


async def test_the_page_fits_a_phone_in_arabic_and_its_form_too(medicine: Medicine) -> None:
    person = await medicine.patient("Sami Phone")
    await medicine.plan(person, 600, instructions={"en": "With food.", "ar": "مع الطعام."})
    page = await medicine.patient_page(person, "&lang=ar", PHONE)
    await expect(page.get_by_test_id("meals")).to_be_visible()
    assert await page.evaluate("document.documentElement.dir") == "rtl"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_test_id("plans").locator("header .button.main").click()
    await page.locator(".plan-form").wait_for()
    assert await page.locator("dialog").evaluate("box => box.scrollWidth <= box.clientWidth")
    assert not medicine.floor.complaints, "nothing broke a rule of the page"


async def test_a_patient_nobody_knows_is_said_plainly_and_head_office_alone_sees_no_patients(
    medicine: Medicine,
) -> None:
    page = await medicine.patient_page("01935b5a-0000-7000-8000-00000000dead")
    await expect(page.get_by_text("There is no such patient")).to_be_visible()
    office = await medicine.floor.manager("/pages/patients")
    await expect(office.get_by_text("This page is not for your account.")).to_be_visible()


async def test_what_stands_out_is_said_in_the_readers_language_and_what_a_model_wrote_as_it_wrote_it(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Elsa Week")
    rows = (
        ("symptom_repeated:headache", {"notes": 4}, "Se habló de headache en 4 notas.", "template"),
        ("adherence_low", {"taken": 5, "due": 14, "percent": 36}, "Fue una semana difícil.", "model"),
    )
    for kind, numbers, text, source in rows:
        await medicine.write(
            "insert into health_insights (site, insight_id, person_id, period, starts_on, kind, version, severity, numbers,"
            " text, language, source, created_ms) values (%s, %s, %s, 'week', '2026-11-16', %s, 1, 'warning', %s, %s, 'es',"
            " %s, 1)",
            medicine.site, new_id(), person, kind, Jsonb(numbers), text, source,
        )  # fmt: skip
    page = await medicine.patient_page(person)
    insights = page.get_by_test_id("insights")
    await expect(insights).to_contain_text("Spoken of in 4 notes: headache.")
    await expect(insights).to_contain_text("Fue una semana difícil.")
    await page.goto(f"{page.url}&lang=hi")
    await expect(insights).to_contain_text("4 संदेशों में बताया गया: सिरदर्द।")


async def test_an_alert_that_is_over_is_read_in_the_readers_language(medicine: Medicine) -> None:
    person = await medicine.patient("Olga Over")
    says = Jsonb({"code": "missed", "medicines": ["Insulin"]})
    await medicine.alert(person, "Olga Over missed: Insulin", source="edge", says=says, is_open=False, ended_ms=1)
    page = await medicine.patient_page(person)
    await page.goto(f"{page.url}&lang=es")
    await expect(page.get_by_test_id("older")).to_contain_text("Olga Over olvidó: Insulin")


async def test_events_say_what_was_announced_at_its_time_and_what_was_missed_when_its_time_was_over(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Zita Events")
    now_ms = Clock.life().now_ms()
    for number, act in enumerate(("announced", "missed")):
        await medicine.write(
            "insert into dose_event_logs (site, event_id, person_id, item_id, act, source, at_ms, received_ms)"
            " values (%s, %s, %s, 'm', %s, 'clock', %s, %s)",
            medicine.site, new_id(), person, act, now_ms - 1000 + number, now_ms,
        )  # fmt: skip
    page = await medicine.patient_page(person)
    await page.get_by_role("button", name="Events").click()
    events = page.get_by_test_id("timeline").locator("li")
    await expect(events.nth(0)).to_contain_text("missed")
    await expect(events.nth(0)).to_contain_text("its time was over")
    await expect(events.nth(1)).to_contain_text("announced")
    await expect(events.nth(1)).to_contain_text("at its time")
    await expect(events.nth(1)).not_to_contain_text("over")
