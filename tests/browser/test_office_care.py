"""A nurse's day at head office: plans, what became of doses, alerts; what a caregiver may see; what models did and cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, Route, expect

from shared.clock import Clock
from tests.browser.medicine import Medicine
from tests.browser.stage import PHONE
from tests.browser.test_models import MODEL, asked

CRITICAL = {"critical": True, "severity": "critical"}


async def at_the_clinic(medicine: Medicine, person: str) -> list[dict[str, Any]]:
    """The doses of somebody that the clinic has in its book, by due time."""
    answer = await medicine.floor.edge.get("/api/v1/care/doses", params={"patient_id": person})
    doses: list[dict[str, Any]] = answer.raise_for_status().json()["doses"]
    return doses


async def follows(medicine: Medicine, person: str, count: int) -> list[dict[str, Any]]:
    """Wait until the clinic has so many doses of somebody."""

    async def has_them() -> bool:
        return len(await at_the_clinic(medicine, person)) >= count

    await medicine.floor.until("the clinic has the doses", has_them)
    return await at_the_clinic(medicine, person)


def dose(page: Page, medication: str) -> Any:
    """The row of a medicine in what became of the doses of a week."""
    return page.get_by_test_id("timeline").locator("[data-dose]", has_text=medication)


async def test_a_plan_a_nurse_writes_is_on_the_page_at_once_and_then_at_the_clinic(medicine: Medicine) -> None:
    person = await medicine.patient("Alba Plan")
    page = await medicine.patient_page(person)
    time = f"{datetime.now(UTC) + timedelta(minutes=2):%H:%M}"
    await page.get_by_role("button", name="Write a plan").click()
    form = page.locator(".plan-form")
    await form.get_by_label("Medicine", exact=True).fill("Ramipril 5 mg")
    await form.get_by_label("Unit, e.g. tablet").fill("tablet")
    await form.get_by_label("Time 1", exact=True).fill(time)
    await form.get_by_role("button", name="Send the plan").click()
    plan = page.get_by_test_id("plans").locator("[data-plan]")
    await expect(plan).to_contain_text("Ramipril 5 mg")
    await expect(plan).to_contain_text(f"1 tablet · {time}")
    await expect(plan.locator("[data-to=site]"), "it says how far it is").to_have_attribute("data-state", "applied")
    (found, *_) = await follows(medicine, person, 1)
    assert found["medication"] == "Ramipril 5 mg"
    await expect(page.locator(".facts strong")).to_contain_text(f"Ramipril 5 mg at {time}")


async def test_a_dose_that_was_taken_and_one_that_was_missed_each_show_their_word(medicine: Medicine) -> None:
    person = await medicine.patient("Bruno Doses")
    await medicine.plan(person, -20, medication="Furosemide")
    await medicine.plan(person, -25, medication="Warfarin", critical=True)
    doses = {one["medication"]: one["id"] for one in await follows(medicine, person, 2)}
    missed = {"status": "MISSED", "reason": "found in the box"}
    taken = {"act": "taken"}
    said = (("Furosemide", "answer", taken), ("Warfarin", "answer", taken), ("Warfarin", "correct", missed))
    for medication, act, body in said:
        answer = await medicine.floor.edge.post(f"/api/v1/care/doses/{doses[medication]}/{act}", json=body)
        assert answer.is_success, answer.text
    page = await medicine.patient_page(person)
    await expect(dose(page, "Furosemide")).to_contain_text("on time")
    warfarin = dose(page, "Warfarin")
    await expect(warfarin).to_contain_text("missed")
    await expect(warfarin, "with the reason somebody gave").to_contain_text("found in the box")
    await expect(warfarin, "a critical one is marked").to_contain_text("critical")
    await warfarin.get_by_role("button", name="Correct").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("What became of it").select_option("SKIPPED")
    await dialog.get_by_label("Reason").fill("the doctor said so")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(warfarin, "the clinic has taken the correction").to_contain_text("skipped")
    await expect(warfarin).to_contain_text("the doctor said so")


async def test_an_alert_is_taken_on_the_patients_page_and_all_are_told_who_has_it(medicine: Medicine) -> None:
    person = await medicine.patient("Clara Alert")
    await medicine.look_after(person)
    await medicine.plan(person, 600)
    await medicine.alert(person, "Clara has not answered", **CRITICAL)
    page = await medicine.patient_page(person)
    alert = page.get_by_test_id("alerts").locator("[data-alert]")
    await expect(alert).to_contain_text("Nobody is looking after this yet")
    await alert.get_by_role("button", name="I look after this").click()
    await expect(alert).to_contain_text("nurse is looking after this")
    await expect(alert.get_by_role("button", name="I look after this"), "it is taken once").to_have_count(0)
    caregiver = await medicine.page(medicine.caregiver, "/pages/caregiver")
    await expect(caregiver.locator("[data-alert]")).to_contain_text("nurse is looking after this")
    await medicine.no_alerts()
    await caregiver.reload()
    await expect(caregiver.get_by_text("Nothing needs you now.")).to_be_visible()


async def test_a_caregiver_sees_the_own_patients_doses_and_can_change_nothing_of_the_plan(medicine: Medicine) -> None:
    mine = await medicine.patient("Dario Mine", phone="+15557731")
    other = await medicine.patient("Elena Other")
    await medicine.look_after(mine)
    await medicine.plan(mine, 600, medication="Bisoprolol")
    await medicine.forget_channels()
    page = await medicine.page(medicine.caregiver, "/pages/caregiver", PHONE)
    await expect(page.get_by_test_id(f"patient-{mine}")).to_contain_text("Bisoprolol")
    await expect(page.get_by_test_id("channels")).to_contain_text("No channel yet.")
    shown = await page.locator("main").inner_text()
    assert "Elena" not in shown and "7731" not in shown, "nobody else, and no phone number"
    assert await page.get_by_role("button").all_inner_texts() == [
        "Sign out", "Add a channel", "Tell me in this browser", "English", "हिन्दी", "Español", "العربية",
    ], "there is nothing to correct, change or write"  # fmt: skip
    await page.goto(f"{medicine.floor.stage.cloud_url}/pages/patient?site={medicine.site}&id={mine}")
    await expect(page.get_by_text("This page is not for your account.")).to_be_visible()
    for path in (f"/api/v1/patients/{other}", f"/api/v1/summary/dashboard?patient_id={other}"):
        answer = await medicine.caregiver.get(path)
        assert answer.status_code in (403, 404), path
        assert "Elena" not in answer.text


async def test_a_caregiver_is_not_told_that_all_is_well_while_a_device_is_silent_or_doses_are_unknown(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Gina Silent")
    await medicine.nobody_is_looked_after()
    await medicine.look_after(person)
    await medicine.no_alerts()
    page = await medicine.page(medicine.caregiver, "/pages/caregiver")
    well, unsure = page.get_by_text("Nothing needs you now."), page.get_by_test_id(f"unsure-{person}")
    await expect(well).to_be_visible()
    now_ms, of = Clock.life().now_ms(), {"site": medicine.site, "person_id": person}
    device = {"device_id": "silent", "owner": "site", "kind": "dispenser", "name": "Kitchen", "status": "active"}
    await medicine.insert("devices", {**of, **device, "created_ms": now_ms})
    await expect(unsure).to_contain_text("Gina Silent: the device (Kitchen) is not heard")
    await expect(well).to_have_count(0)
    await medicine.write("delete from devices where device_id = 'silent'")
    await expect(well).to_be_visible()
    lost = {"dose_id": "lost", "medication": "Insulin", "status": "UNKNOWN", "due_ms": now_ms, "miss_at_ms": now_ms}
    await medicine.insert("dose_occurrences", {**of, **lost, "nominal_local": f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"})
    await expect(unsure).to_contain_text("nobody knows whether all doses of today were taken; not known: 1")
    await medicine.write("update dose_occurrences set taken_ms = %s where dose_id = 'lost'", now_ms)
    row = page.locator("[data-dose=lost]")
    await expect(row, "what was taken after its time stands beside it").to_contain_text("taken after all at")
    await expect(row.locator(".badge").first).to_have_text("unknown")
    await expect(well).to_have_count(0)


async def test_a_link_from_a_message_shows_a_button_and_nothing_about_the_patient(medicine: Medicine) -> None:
    person = await medicine.patient("Fatma Link", phone="+15557732")
    await medicine.look_after(person)
    await medicine.caregiver_is_told_at_the_inbox()
    known = len(medicine.floor.stage.inbox.messages())
    await medicine.alert(person, "Fatma missed Insulin", **CRITICAL)

    def links() -> list[str]:
        return [
            str(one["acknowledge_url"])
            for one in medicine.floor.stage.inbox.messages()[known:]
            if one.get("acknowledge_url")
        ]

    async def came() -> bool:
        return bool(links())

    await medicine.floor.until("the message arrives", came)
    page = await medicine.floor.visitor(PHONE)
    await page.goto(links()[0])
    await expect(page.get_by_role("button", name="I take care of it")).to_be_visible()
    shown = await page.locator("body").inner_text()
    assert not [word for word in ("Fatma", "Insulin", "7732") if word in shown], (
        "whoever finds the phone learns nothing"
    )
    await page.goto(f"{medicine.floor.stage.cloud_url}/pages/caregiver")
    await expect(page.get_by_label("User name"), "the link signs nobody in").to_be_visible()


async def test_the_page_of_models_shows_requests_failures_and_cost(medicine: Medicine) -> None:
    await medicine.write("delete from llm_requests")
    page = await medicine.floor.manager("/pages/models")
    requests, row = page.get_by_test_id("requests"), page.locator(f"[data-model='groq:{MODEL}']")
    await expect(requests).to_contain_text("No model was asked yet.")
    await expect(page.get_by_test_id("models"), "what to do about it").to_contain_text("set groq_api_key")
    for outcome, micros, ms in (("ok", 2_400, 640), ("rate_limited", 0, 90)):
        await asked(medicine, outcome, micros, ms)
    await page.reload()
    await expect(row).to_contain_text("rate_limited 1")
    await expect(row).to_contain_text("$0.0024")
    await expect(requests.locator("tbody tr")).to_have_count(2)
    await requests.get_by_label("Only failures").check()
    await expect(requests.locator("tbody tr")).to_contain_text("rate_limited")


async def test_head_office_without_a_model_is_told_what_stands_in_and_what_to_set(medicine: Medicine) -> None:
    nothing = {"models": [], "jobs": [], "budget": {"day_usd": 0, "spent_usd": 0, "refused": 0, "used_up": True}}

    async def answer(route: Route) -> None:
        await route.fulfill(content_type="application/json", body=json.dumps(nothing))

    page = await medicine.floor.manager("/pages/track")
    await page.route("**/api/v1/models", answer)
    await page.goto(f"{medicine.floor.stage.cloud_url}/pages/models")
    await expect(page.get_by_test_id("models")).to_contain_text("No model is set up")
    await expect(page.get_by_test_id("models")).to_contain_text("Rules alone work on recordings.")
    await expect(page.get_by_test_id("budget")).to_contain_text("No budget is set")
    await expect(page.get_by_test_id("jobs")).to_contain_text("nothing was done yet")


async def test_a_part_of_the_page_that_cannot_be_fetched_says_so_in_its_place_and_is_asked_for_again(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Gita Later")
    page = await medicine.page(medicine.nurse, "/pages/track")
    await page.route("**/assets/around-*.js", lambda route: route.abort())
    await page.goto(f"{medicine.floor.stage.cloud_url}/pages/patient?site={medicine.site}&id={person}")
    await expect(page.get_by_test_id("notes"), "the rest of the page is there").to_be_visible()
    note = page.locator("main .note.bad")
    await expect(note).to_contain_text("Head office did not answer")
    await expect(page.locator("dialog"), "nobody pressed anything").to_have_count(0)
    await page.unroute("**/assets/around-*.js")
    await note.get_by_role("button", name="Try again").click()
    await expect(page.get_by_test_id("caregivers")).to_be_visible()
    await expect(note).to_have_count(0)
