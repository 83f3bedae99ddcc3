"""The care page: doses that wait, answers by staff, corrections, alerts, devices, seen live in a browser."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Route, expect

from edge.domain import care_alerts
from shared.ids import new_id
from shared.triage.red_flag_rules import NAMES
from tests.browser.stage import PHONE, Floor


async def plan(floor: Floor, person: str, *minutes: int, medication: str = "Metformin", **more: Any) -> None:
    """Head office sends a plan for somebody: one dose a day at so many minutes from now, within the day, each."""
    answer = await floor.edge.post("/api/v1/patients/", json={"name": person, "phone": "+15559900"})
    person_id = answer.raise_for_status().json()["id"]
    now = datetime.now(UTC)
    times = sorted({f"{now + timedelta(minutes=by):%H:%M}" for by in minutes})
    item = {"id": "m", "medication": medication, "unit": "tablet", "dose": 1, "timing": {"times_of_day": times}, **more}
    start = (now - timedelta(days=1)).date().isoformat()
    body = {
        "plan_id": new_id(), "person_id": person_id, "revision": 1,
        "plan": {"start": start, "timezone": "UTC", "items": [item]},
    }  # fmt: skip
    site = floor.stage.clinic.site
    asked = await floor.office.post(f"/api/v1/sites/{site}/commands", json={"kind": "apply_plan", "body": body})
    asked.raise_for_status()

    async def there() -> bool:
        doses = (await floor.edge.get("/api/v1/care/doses")).raise_for_status().json()["doses"]
        return any(one["patient_id"] == person_id for one in doses)

    await floor.until("the plan has reached the clinic", there)


async def test_a_dose_that_waits_is_answered_by_a_nurse_and_can_be_corrected(floor: Floor) -> None:
    await plan(floor, "Carla Dose", -20)
    page = await floor.staff("/pages/care")
    row = page.get_by_test_id("now").locator("li", has_text="Carla Dose")
    await expect(row).to_contain_text("Metformin")
    await row.get_by_role("button", name="Taken").click()
    done = page.get_by_test_id("before").locator("li", has_text="Carla Dose")
    await expect(done).to_contain_text("on time")
    await done.get_by_role("button", name="Correct").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("What became of it").select_option("SKIPPED")
    await dialog.get_by_label("Reason").fill("it was the neighbour's")
    await dialog.get_by_role("button", name="Save").click()
    await expect(done).to_contain_text("skipped")
    await expect(done).to_contain_text("the neighbour's")


async def test_a_new_device_shows_its_code_once(floor: Floor) -> None:
    page = await floor.staff("/pages/care")
    await page.get_by_role("button", name="Add a device").click()
    await page.get_by_label("Name, e.g. kitchen").fill("Window sill")
    await page.locator("dialog").get_by_role("button", name="Add a device").click()
    assert len((await page.get_by_test_id("claim").inner_text()).replace(" ", "")) == 10
    await page.keyboard.press("Escape")
    device = page.get_by_test_id("devices").locator("li", has_text="Window sill")
    await expect(device).to_contain_text("never heard")
    await device.get_by_role("button", name="Remove").click()
    await page.locator("dialog").get_by_role("button", name="Remove").click()
    await expect(device).to_have_count(0)


async def test_the_care_page_fits_a_phone_and_reads_from_right_to_left(floor: Floor) -> None:
    await plan(floor, "Dora Phone", -10, 600)
    page = await floor.staff("/pages/care?lang=ar", size=PHONE)
    await expect(page.get_by_test_id("now")).to_contain_text("Dora Phone")
    assert await page.evaluate("document.documentElement.dir") == "rtl"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_an_alarming_recording_names_the_patient_and_says_the_signs_in_words(floor: Floor) -> None:
    body = {"name": "Elif Chest", "phone": "+15559907"}
    person = (await floor.edge.post("/api/v1/patients/", json=body)).raise_for_status().json()["id"]
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    alert = {
        "id": new_id(), "patient_id": person, "patient_name": None, "topic": "red_flag", "severity": "critical",
        "title": "Somebody said something alarming", "body": "chest_pain, never_heard_of", "hint": "", "acked_by": None,
        "raised_at": now, "note_id": None, "says": {},
    }  # fmt: skip
    alerts = [alert, {**alert, "id": new_id(), "acked_by": "nurse"}]
    note = {
        "id": new_id(), "patient_id": person, "recorded_at": now, "seconds": 3, "transcript": "my chest hurts",
        "intent": "red_flag", "has_audio": True, "heard": {}, "alerts": [],
    }  # fmt: skip

    async def answer_alerts(route: Route) -> None:
        await route.fulfill(json=alerts)

    async def answer_notes(route: Route) -> None:
        await route.fulfill(json=[note])

    page = await floor.staff("/pages/care")
    await page.route("**/api/v1/care/alerts", answer_alerts)
    await page.route("**/api/v1/voice?limit=20", answer_notes)
    banner = page.get_by_test_id("alerts").locator(".note")
    await expect(banner.first).to_contain_text("Elif Chest said something alarming")
    await expect(banner.first).to_contain_text("chest pain or pressure, never heard of")
    await expect(banner.first.get_by_role("button", name="I look after this")).to_be_visible()
    await expect(banner.last).to_have_class("note taken")
    await expect(page.get_by_test_id("notes")).to_contain_text("heard: words of danger")
    await page.goto(page.url + "?lang=es")
    await expect(banner.first).to_contain_text("Elif Chest dijo algo alarmante")
    await expect(banner.first).to_contain_text(NAMES["chest_pain"][2])


async def test_every_alert_is_read_in_the_readers_language_and_one_nobody_has_words_for_as_it_was_written(
    floor: Floor,
) -> None:
    body = {"name": "Gita Worded", "phone": "+15559908"}
    person = (await floor.edge.post("/api/v1/patients/", json=body)).raise_for_status().json()["id"]
    common = {
        "patient_id": person, "patient_name": "Gita Worded", "severity": "warning", "body": "", "hint": "English hint.",
        "acked_by": None, "raised_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "note_id": None,
    }  # fmt: skip
    told = (
        ("missed_dose", "Gita Worded missed: Insulin", {"code": "missed", "medicines": ["Insulin"]}),
        ("low_stock", "Little is left", {"code": "left", "medicines": ["Insulin"], "left": 3}),
        ("device_fault", "The lid is open", {"code": "lid_open", "fault": "lid_open"}),
        ("device_offline", "Kitchen is not heard", {}),
        ("tomorrow", "A sentence of a newer clinic", {}),
    )
    alerts = [{**common, "id": new_id(), "topic": topic, "title": title, "says": says} for topic, title, says in told]

    async def answer(route: Route) -> None:
        await route.fulfill(json=alerts)

    page = await floor.staff("/pages/care?lang=es")
    await page.route("**/api/v1/care/alerts", answer)
    banner = page.get_by_test_id("alerts").locator(".note")
    await expect(banner).to_contain_text([
        "Gita Worded olvidó: Insulin", "A Gita Worded se le acaba Insulin: quedan 3",
        "Aparato de Gita Worded: la tapa está abierta", "No hay noticias del aparato de Gita Worded",
        "Gita Worded: A sentence of a newer clinic",
    ])  # fmt: skip
    await expect(banner).to_contain_text([
        "pulse abajo Tomada u Omitir", "Pida o reponga la medicina.", "", "Mire el aparato", "English hint.",
    ])  # fmt: skip


def test_every_alert_a_clinic_raises_has_its_words_on_the_pages() -> None:
    known = (Path(__file__).resolve().parents[2] / "shared/ui/alert-words.ts").read_text()
    for topic in care_alerts.HINTS:
        assert f' {topic}: "' in known and f'case "{topic}"' in known, topic


async def test_a_dose_that_is_past_its_time_says_since_when_it_is_late(floor: Floor) -> None:
    await plan(floor, "Fritz Late", -20)
    page = await floor.staff("/pages/care")
    row = page.get_by_test_id("now").locator("li", has_text="Fritz Late")
    await expect(row).to_contain_text("on time until")

    async def past(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        for one in told["doses"]:
            one["on_time_until"] = one["due_at"]
        await route.fulfill(response=answer, json=told)

    await page.route("**/api/v1/care/doses", past)
    await expect(row).to_contain_text("late since")
    await expect(row).not_to_contain_text("on time until")


def test_every_sign_of_danger_has_its_words_on_the_pages() -> None:
    known = (Path(__file__).resolve().parents[2] / "shared/ui/flags.ts").read_text()
    for code, words in NAMES.items():
        shown = json.dumps(list(words), ensure_ascii=False)
        assert f"  {code}: {shown}," in known, code


async def as_needed(floor: Floor, person: str, **limits: int) -> None:
    """Head office sends a plan of somebody's painkiller, taken when needed."""
    answer = await floor.edge.post("/api/v1/patients/", json={"name": person, "phone": "+15559911"})
    person_id = answer.raise_for_status().json()["id"]
    item = {
        "id": "prn", "medication": "Paracetamol", "unit": "tablet", "dose": 1, "as_needed": True, "timing": {},
        "as_needed_reason": "pain", "limits": limits,
    }  # fmt: skip
    start = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    body = {
        "plan_id": new_id(), "person_id": person_id, "revision": 1,
        "plan": {"start": start, "timezone": "UTC", "items": [item]},
    }  # fmt: skip
    site = floor.stage.clinic.site
    asked = await floor.office.post(f"/api/v1/sites/{site}/commands", json={"kind": "apply_plan", "body": body})
    asked.raise_for_status()

    async def there() -> bool:
        found = (await floor.edge.get("/api/v1/care/as-needed")).raise_for_status().json()
        return any(one["patient_id"] == person_id for one in found)

    await floor.until("the plan has reached the clinic", there)


async def test_a_medicine_as_needed_is_asked_for_once_and_then_refused_in_words_with_its_time(floor: Floor) -> None:
    await as_needed(floor, "Greta Needed", min_gap_min=240, max_doses=2)
    page = await floor.staff("/pages/care")
    row = page.get_by_test_id("needed").locator("li", has_text="Greta Needed")
    await expect(row).to_contain_text("may be taken now")
    await row.get_by_role("button", name="Taken").click()
    dialog = page.locator("dialog")
    await expect(dialog).to_contain_text("Greta Needed takes 1 tablet Paracetamol now?")
    await dialog.get_by_role("button", name="Yes, taken now").click()
    await expect(row).to_contain_text(re.compile(r"not before .*\d\d:\d\d.* · too soon after the last one"))
    await row.get_by_role("button", name="Taken").click()
    told = dialog.get_by_test_id("not-before")
    await expect(told).to_contain_text(re.compile(r"not before .*\d\d:\d\d"))
    await dialog.get_by_role("button", name="It was swallowed already").click()
    await expect(dialog).to_have_count(0)
    await expect(row).to_contain_text("daily limit reached")
    taken = (await floor.edge.get("/api/v1/events?kind=taken")).raise_for_status().json()
    assert [one["source"] for one in taken if one["kind"] == "taken"][:2] == ["nurse", "nurse"]
    alerts = (await floor.edge.get("/api/v1/care/alerts")).raise_for_status().json()
    assert [one["topic"] for one in alerts if one["patient_name"] == "Greta Needed"] == ["dose_limit"]


async def test_a_refusal_that_came_while_the_question_stood_is_told_in_the_readers_language(floor: Floor) -> None:
    await as_needed(floor, "Hedda Twice", max_doses=1)
    page = await floor.staff("/pages/care?lang=es", size=PHONE)
    row = page.get_by_test_id("needed").locator("li", has_text="Hedda Twice")
    await row.get_by_role("button", name="Tomada").click()
    found = (await floor.edge.get("/api/v1/care/as-needed")).raise_for_status().json()
    (one,) = [one for one in found if one["patient_name"] == "Hedda Twice"]
    body = {name: one[name] for name in ("plan_id", "item_id", "quantity")}
    (await floor.edge.post("/api/v1/care/as-needed", json=body)).raise_for_status()  # at the other desk, meanwhile
    dialog = page.locator("dialog")
    await dialog.get_by_role("button", name="Sí, tomada ahora").or_(dialog.get_by_test_id("not-before")).first.click()
    await expect(dialog.get_by_test_id("not-before")).to_contain_text("límite diario alcanzado")
    await expect(dialog).not_to_contain_text("not before")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_nurse_holds_a_medicine_for_a_time_and_ends_the_hold(floor: Floor) -> None:
    await as_needed(floor, "Ivo Held")
    page = await floor.staff("/pages/care")
    await page.get_by_role("button", name="Hold doses").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("Patient").select_option("Ivo Held")
    await dialog.get_by_label("What is held").select_option("Paracetamol")
    until = await dialog.get_by_label("Until").input_value()
    await dialog.get_by_label("Until").fill("2020-01-01T08:00")
    await expect(dialog).to_contain_text("The end is before the beginning.")
    await expect(dialog.get_by_role("button", name="Hold doses")).to_be_disabled()
    await dialog.get_by_label("Until").fill(until)
    await dialog.get_by_label("Reason").fill("surgery")
    await dialog.get_by_role("button", name="Hold doses").click()
    hold = page.get_by_test_id("holds").locator("li", has_text="Ivo Held")
    await expect(hold).to_contain_text("Paracetamol")
    await expect(hold).to_contain_text("surgery")
    needed = page.get_by_test_id("needed").locator("li", has_text="Ivo Held")
    await expect(needed).to_contain_text("on hold")
    (kept,) = [
        one
        for one in (await floor.edge.get("/api/v1/care/holds")).raise_for_status().json()
        if one["reason"] == "surgery"
    ]
    lasts = datetime.fromisoformat(kept["to"]) - datetime.fromisoformat(kept["from"])
    assert lasts == timedelta(days=1)
    assert abs(datetime.fromisoformat(kept["from"]) - datetime.now(UTC)) < timedelta(minutes=5)
    await hold.get_by_role("button", name="End hold").click()
    await expect(hold).to_have_count(0)
    await expect(needed).to_contain_text("may be taken now")
