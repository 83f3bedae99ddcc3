"""Devices that reach head office directly: their key, their schedule, what they tell, and what a silence means."""

from __future__ import annotations

from typing import Any

from shared import device_tokens
from shared.clock import iso
from tests.care_office import (
    ANA,
    BEN,
    CAM,
    HOUR_MS,
    METFORMIN,
    MINUTE_MS,
    NINE_MS,
    CareOffice,
    Dispenser,
    plan_body,
)
from tests.office import person

TEN_MS = NINE_MS + HOUR_MS


async def _home(care: CareOffice, **more: Any) -> tuple[Dispenser, dict[str, Any]]:
    """Ana's dispenser, heard, and her plan, expanded."""
    device = await care.device()
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(items=[{**METFORMIN, **more}]))
    await device.beat()
    await care.look()
    return device, plan


async def _tick(care: CareOffice) -> None:
    await care.look()


async def _status(care: CareOffice, plan: dict[str, Any], due_ms: int = TEN_MS) -> str:
    doses = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses?from={due_ms}&to={due_ms + 1}")
    return str(doses[0]["status"])


async def _at(care: CareOffice, ms: int) -> None:
    care.pass_time((ms - care.now_ms) / MINUTE_MS)


async def test_a_direct_devices_plan_is_not_sent_to_the_clinic_and_is_applied_once_it_has_fetched_it(
    care: CareOffice,
) -> None:
    device, plan = await _home(care)
    assert await care.rows("select 1 from mailbox") == []
    seen = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}")
    assert [(one["to"], one["state"]) for one in seen["delivery"]] == [("device", "published")]
    doses = await device.schedule()
    assert doses[0]["due_at_local"].startswith("2026-11-20T10:00") and doses[0]["instructions"] == "With food."
    seen = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}")
    assert [one["state"] for one in seen["delivery"]] == ["applied"]


async def test_a_schedule_that_has_not_changed_is_not_sent_again(care: CareOffice) -> None:
    device, plan = await _home(care)
    first = await device.raw("GET", f"/devices/{device.id}/schedule")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await device.raw("GET", f"/devices/{device.id}/schedule", headers=tag)).status_code == 304
    await care.ask(
        "nina", "PUT", f"/medication-plans/{plan['id']}", json=plan_body(end="2026-11-21"), headers={"If-Match": "1"}
    )
    changed = await device.raw("GET", f"/devices/{device.id}/schedule", headers=tag)
    assert changed.status_code == 200 and len(changed.json()["doses"]) == 4
    assert (await device.beat())["plan_revision"] == changed.json()["plan_revision"]


async def test_announced_and_taken_in_time_is_on_time_and_the_same_press_is_one_dose(care: CareOffice) -> None:
    device, plan = await _home(care)
    dose = (await device.schedule())[0]["occurrence_id"]
    await _at(care, TEN_MS + 5 * MINUTE_MS)
    told = await device.tell(
        device.event("announced", TEN_MS, occurrence_id=dose),
        device.event("taken", TEN_MS + 3 * MINUTE_MS, occurrence_id=dose),
    )
    assert [(one["outcome"], one["status"]) for one in told["results"]] == [
        ("accepted", "ANNOUNCED"), ("accepted", "ON_TIME"),
    ]  # fmt: skip
    second = await device.tell(device.event("button", TEN_MS + 3 * MINUTE_MS + 40_000, occurrence_id=dose))
    assert second["results"][0]["reason"] == "same_press"
    assert [row[0] for row in await care.rows("select act from dose_event_logs order by at_ms")] == [
        "announced",
        "taken",
    ]
    assert await _status(care, plan) == "ON_TIME"


async def test_what_is_sent_twice_is_kept_once_and_a_hole_is_asked_for_again(care: CareOffice) -> None:
    device, _ = await _home(care)
    one, two, three = (device.event("button") for _ in range(3))
    first = await device.tell(one)
    again = await device.tell(one)
    assert (first["results"][0]["outcome"], again["results"][0]["outcome"]) == ("accepted", "duplicate")
    holed = await device.tell(three)
    assert holed == {"upto": {one["boot_id"]: 1}, "results": []}
    assert (await device.tell(two, three))["upto"] == {one["boot_id"]: 3}
    assert len(await care.rows("select 1 from device_events")) == 3


async def test_announced_and_unanswered_is_missed_and_the_caregiver_is_told_before(care: CareOffice) -> None:
    device, plan = await _home(care)
    dose = (await device.schedule())[0]["occurrence_id"]
    await _at(care, TEN_MS)
    await device.tell(device.event("announced", occurrence_id=dose))
    await _at(care, TEN_MS + 61 * MINUTE_MS)
    await device.beat()
    await _tick(care)
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert (alert["topic"], alert["audience"], alert["title"]) == (
        "missed_dose", "caregiver", "Ana Ruiz has not answered: Metformin",
    )  # fmt: skip
    await _at(care, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    await device.beat()
    await _tick(care)
    assert await _status(care, plan) == "MISSED"


async def test_a_person_who_is_erased_has_no_doses_at_their_device_any_more_and_calls_nobody(care: CareOffice) -> None:
    device, _ = await _home(care)
    dose = (await device.schedule())[0]["occurrence_id"]
    await _at(care, TEN_MS)
    await device.tell(device.event("announced", occurrence_id=dose))
    await _at(care, TEN_MS + 61 * MINUTE_MS)
    await device.beat()
    await _tick(care)
    assert len(await care.ask("nina", "GET", "/alerts")) == 1
    await care.office.event("alpha", "person_erased", ANA, person("", phone="", erased=True), 2)
    await care.wait("select 1 from medication_plans where status = 'stopped'")
    await _tick(care)
    assert await device.schedule() == []
    assert await care.rows("select distinct status from dose_occurrences") == [("VOIDED",)]
    await _at(care, TEN_MS + 13 * HOUR_MS)
    await _tick(care)
    assert await care.rows("select title from alert_logs where is_open") == []


async def test_a_dose_missed_after_somebody_took_on_the_one_before_is_told_anew(care: CareOffice) -> None:
    device, _ = await _home(care, timing={"times_of_day": ["10:00"]})
    for number, due_ms in enumerate((TEN_MS, TEN_MS + 24 * HOUR_MS), start=1):
        await _at(care, due_ms)
        dose = next(one for one in await device.schedule() if one["due_at_utc"] == iso(due_ms))["occurrence_id"]
        await device.tell(device.event("announced", occurrence_id=dose))
        await _at(care, due_ms + 12 * HOUR_MS + MINUTE_MS)
        await device.beat()
        await _tick(care)
        free = [one for one in await care.ask("nina", "GET", "/alerts") if one["acked_by"] is None]
        assert [(one["topic"], one["occurrence_ids"]) for one in free] == [("missed_dose", [dose])], number
        await care.ask("nina", "POST", f"/alerts/{free[0]['id']}/acknowledge")
    assert len(await care.ask("nina", "GET", "/alerts")) == 2
    await _at(care, TEN_MS + 24 * HOUR_MS + 12 * HOUR_MS + 2 * MINUTE_MS)
    await _tick(care)
    assert len(await care.ask("nina", "GET", "/alerts?open=true")) == 1, "who took the first on had it for a day"


async def test_a_dose_nobody_announced_is_our_failure_and_no_missed_one(care: CareOffice) -> None:
    device, plan = await _home(care)
    await _at(care, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    await device.beat()
    await _tick(care)
    assert await _status(care, plan) == "NOT_ANNOUNCED"
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert (alert["topic"], alert["audience"], alert["title"]) == (
        "missed_dose", "caregiver", "Ana Ruiz was not told of: Metformin",
    )  # fmt: skip


async def test_a_silent_device_makes_doses_unknown_with_one_alert_and_its_late_upload_puts_them_right(
    care: CareOffice,
) -> None:
    device, plan = await _home(care)
    dose = (await device.schedule())[0]["occurrence_id"]
    await _at(care, TEN_MS + 11 * HOUR_MS)
    for _ in range(3):
        await _tick(care)
    assert await _status(care, plan) == "UNKNOWN"
    assert [one["topic"] for one in await care.ask("nina", "GET", "/alerts")] == ["device_offline"]
    day = (await care.rows("select count(*) from summaries_due"))[0][0]
    await device.beat()
    told = await device.tell(
        device.event("announced", TEN_MS, occurrence_id=dose),
        device.event("taken", TEN_MS + 5 * MINUTE_MS, occurrence_id=dose),
    )
    assert told["results"][1]["status"] == "ON_TIME" and day
    assert await care.ask("nina", "GET", "/alerts") == []
    assert await _status(care, plan) == "ON_TIME"


async def test_a_silent_device_that_comes_back_with_nothing_leaves_an_honest_status(care: CareOffice) -> None:
    device, plan = await _home(care)
    await _at(care, TEN_MS + 6 * HOUR_MS)
    await _tick(care)
    assert await _status(care, plan) == "UNKNOWN"
    await device.beat()
    await _at(care, care.now_ms + 11 * MINUTE_MS)
    await device.beat()
    await _tick(care)
    assert await _status(care, plan) == "NOT_ANNOUNCED"


async def test_taken_after_its_time_a_missed_dose_stays_missed(care: CareOffice) -> None:
    device, _ = await _home(care)
    dose = (await device.schedule())[0]["occurrence_id"]
    await _at(care, TEN_MS)
    await device.tell(device.event("announced", occurrence_id=dose))
    await _at(care, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    await device.beat()
    await _tick(care)
    told = await device.tell(device.event("taken", occurrence_id=dose))
    assert (told["results"][0]["status"], told["results"][0]["reason"]) == ("MISSED", "after_miss")


async def test_a_second_dose_against_its_limit_is_kept_and_told(care: CareOffice) -> None:
    device, _ = await _home(care, limits={"min_gap_min": 600})
    first, second = (await device.schedule())[:2]
    await _at(care, TEN_MS + 50 * MINUTE_MS)
    await device.tell(device.event("taken", occurrence_id=first["occurrence_id"]))
    await _at(care, TEN_MS + 9 * HOUR_MS + 30 * MINUTE_MS)
    told = await device.tell(device.event("taken", occurrence_id=second["occurrence_id"]))
    assert (told["results"][0]["status"], told["results"][0]["reason"]) == ("ON_TIME", "min_gap")
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert (alert["topic"], alert["critical"], alert["audience"]) == ("dose_limit", True, "clinic")


async def test_a_changed_plan_voids_what_was_planned_and_keeps_what_was_taken(care: CareOffice) -> None:
    device, plan = await _home(care)
    dose = (await device.schedule())[0]["occurrence_id"]
    await _at(care, TEN_MS)
    await device.tell(device.event("taken", occurrence_id=dose))
    later = plan_body(items=[{**METFORMIN, "timing": {"times_of_day": ["10:00", "21:00"]}}])
    await care.ask("nina", "PUT", f"/medication-plans/{plan['id']}", json=later, headers={"If-Match": "1"})
    await _tick(care)
    assert await _status(care, plan) == "ON_TIME"
    assert await _status(care, plan, TEN_MS + 10 * HOUR_MS) == "VOIDED"
    assert await _status(care, plan, TEN_MS + 11 * HOUR_MS) == "PLANNED"


async def test_a_device_given_to_a_patient_takes_the_plan_from_the_clinic_and_gives_it_back(care: CareOffice) -> None:
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body())
    device = await care.device(None, site="alpha")
    await care.ask("mia", "PUT", f"/devices/{device.id}", json={"patient_id": ANA})
    kinds = [row[0] for row in await care.rows("select kind from mailbox order by number")]
    assert kinds == ["apply_plan", "stop_plan"]
    await _tick(care)
    assert len(await device.schedule()) == 28
    await care.ask("mia", "DELETE", f"/devices/{device.id}", 204)
    last = (await care.rows("select kind, body->>'revision' from mailbox order by number"))[-1]
    assert last == ("apply_plan", "3")
    seen = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}")
    assert (seen["revision"], seen["delivery"][0]["to"]) == (3, "site")
    assert await _status(care, plan) == "PLANNED"


async def test_a_clinics_device_is_asked_for_by_command(care: CareOffice) -> None:
    body = {"kind": "dispenser", "name": "Ward 2", "patient_id": BEN}
    made = await care.ask("mia", "POST", "/devices", 201, json=body)
    [command] = await care.rows("select kind, body from mailbox")
    assert command[0] == "add_device" and command[1]["claim_hash"] == device_tokens.claim_hash(made["claim_code"])
    await care.ask("mia", "PUT", f"/devices/{made['id']}", json={"name": "Ward 3"})
    await care.ask("mia", "DELETE", f"/devices/{made['id']}", 204)
    assert [row[0] for row in await care.rows("select kind from mailbox order by number")] == [
        "add_device", "change_device", "remove_device",
    ]  # fmt: skip


async def test_a_code_buys_one_key_within_ten_minutes(care: CareOffice) -> None:
    body = {"kind": "dispenser", "name": "Kitchen", "patient_id": ANA, "reach": "direct"}
    made = await care.ask("mia", "POST", "/devices", 201, json=body)
    key, other = (device_tokens.public_of(device_tokens.new_key()) for _ in range(2))
    claim = {"claim_code": made["claim_code"], "public_key_pem": key}
    assert await care.ask("", "POST", "/devices/claim", json=claim) == {"device_id": made["id"]}
    assert await care.ask("", "POST", "/devices/claim", json=claim) == {"device_id": made["id"]}
    refused = await care.ask("", "POST", "/devices/claim", 400, json={**claim, "public_key_pem": other})
    assert refused["code"] == "bad_code"
    late = await care.ask("mia", "POST", "/devices", 201, json={**body, "patient_id": BEN})
    care.pass_time(11)
    await care.ask("", "POST", "/devices/claim", 400, json={**claim, "claim_code": late["claim_code"]})


async def test_a_device_speaks_for_itself_alone_and_no_longer_once_removed(care: CareOffice) -> None:
    ours, theirs = await care.device(ANA), await care.device(BEN)
    body = {"events": [ours.event("button")]}
    await ours.ask("POST", f"/devices/{theirs.id}/events", 403, json=body)
    forged = Dispenser(care, ours.id, device_tokens.new_key())
    await forged.ask("POST", f"/devices/{ours.id}/events", 401, json=body)
    await ours.ask("POST", "/events", 200, json=body)
    await ours.ask("GET", "/medication-plans", 401)
    await care.ask("mia", "DELETE", f"/devices/{ours.id}", 204)
    await ours.ask("POST", "/events", 401, json=body)


async def test_devices_are_seen_by_their_clinic_alone_and_changed_by_its_manager(care: CareOffice) -> None:
    device = await care.device()
    assert [one["id"] for one in await care.ask("nina", "GET", f"/devices?patient_id={ANA}")] == [device.id]
    assert await care.ask("bo", "GET", "/devices") == []
    await care.ask("bo", "GET", f"/devices/{device.id}", 404)
    await care.ask("bo", "GET", f"/devices/{device.id}/schedule", 404)
    await care.ask("bo", "DELETE", f"/devices/{device.id}", 404)
    await care.ask("nina", "POST", "/devices", 403, json={"kind": "dispenser", "name": "x", "patient_id": ANA})
    await care.ask("mia", "PUT", f"/devices/{device.id}", 404, json={"patient_id": CAM})


async def test_a_heartbeat_shows_how_the_device_is(care: CareOffice) -> None:
    device, _ = await _home(care, compartment=2)
    beat = {"boot_id": "00000000000000b1", "mono_ms": 5, "battery": 17, "wifi_dbm": -60, "firmware": "1.2",
            "stock": {"2": 9}, "faults": ["low_battery"]}  # fmt: skip
    await device.ask("POST", f"/devices/{device.id}/heartbeat", json=beat)
    shown = await care.ask("nina", "GET", f"/devices/{device.id}")
    assert (shown["battery"], shown["faults"], shown["online"]) == (17, ["low_battery"], True)
    assert await care.rows("select compartment, units from stocks") == [(2, 9.0)]
    care.pass_time(6)
    await _tick(care)
    assert (await care.ask("nina", "GET", f"/devices/{device.id}"))["online"] is False


async def test_what_a_direct_device_weighs_is_told_of_once_when_it_runs_out(care: CareOffice) -> None:
    device, _ = await _home(care, compartment=2, refill_at_units=4)
    number = 0

    async def weigh(units: float) -> list[tuple[str, str, bool]]:
        nonlocal number
        number += 1
        beat = {"boot_id": "00000000000000b1", "mono_ms": number, "stock": {"2": units}}
        await device.ask("POST", f"/devices/{device.id}/heartbeat", json=beat)
        return await care.rows(
            "select title, audience, is_open from alert_logs where topic = 'low_stock' order by raised_ms"
        )

    assert await weigh(6) == []
    assert await weigh(4) == await weigh(4.2) == await weigh(3) == [("Metformin: 4 left", "caregiver", True)]
    (left,) = await care.rows("select units, days_left from stocks")
    assert left[0] == 3.0 and left[1] is not None
    assert await weigh(30) == [("Metformin: 4 left", "caregiver", False)]


async def test_holds_meals_and_corrections_of_a_direct_patient_are_done_at_once_and_go_with_them_to_the_clinic(
    care: CareOffice,
) -> None:
    meals = {"timing": {"when": ["ACM", "ACV"]}}
    device, plan = await _home(care, **meals)
    times = {"times": {"ACM": "10:00", "ACV": "21:00"}}
    done = await care.ask("nina", "PUT", f"/patients/{ANA}/meal-times", 202, json=times)
    assert (done["state"], done["command_id"]) == ("applied", None)
    first, second = (await device.schedule())[:2]
    assert [one["due_at_local"][11:16] for one in (first, second)] == ["10:00", "21:00"]
    hold = {"patient_id": ANA, "from_at": TEN_MS, "until_at": TEN_MS + HOUR_MS, "reason": "fasting"}
    held = await care.ask("nina", "POST", "/holds", 202, json=hold)
    assert await _status(care, plan) == "HELD"
    await care.ask("nina", "DELETE", f"/holds/{held['hold_id']}", 202)
    assert await _status(care, plan) == "PLANNED"
    await _at(care, TEN_MS + 6 * HOUR_MS)
    await device.beat()
    await _tick(care)
    correction = {"status": "ON_TIME", "taken_at": TEN_MS, "reason": "The daughter saw it."}
    await care.ask("nina", "POST", f"/doses/{first['occurrence_id']}/correct", 202, json=correction)
    assert await _status(care, plan) == "ON_TIME"
    future = {**correction, "taken_at": care.now_ms + HOUR_MS}
    await care.ask("nina", "POST", f"/doses/{first['occurrence_id']}/correct", 422, json=future)
    assert await care.rows("select 1 from mailbox") == []
    await care.ask("mia", "DELETE", f"/devices/{device.id}", 204)
    kinds = [row[0] for row in await care.rows("select kind from mailbox order by number")]
    assert kinds == ["apply_plan", "set_meal_times"]
