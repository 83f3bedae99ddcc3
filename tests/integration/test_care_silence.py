"""No dose of a device that reaches head office is lost in silence: what nobody heard, said, counted on, or still has to say."""

from __future__ import annotations

from typing import Any

import pytest

from shared.clock import iso
from tests.care_office import (
    ANA,
    DAY_MS,
    HOUR_MS,
    METFORMIN,
    MINUTE_MS,
    NINE_MS,
    CareOffice,
    Dispenser,
    plan_body,
)

TEN_MS, EIGHT_PM_MS = NINE_MS + HOUR_MS, NINE_MS + 11 * HOUR_MS
IBUPROFEN = {
    "medication": "Ibuprofen", "dose": 1, "unit": "tablet", "mode": "from_last_taken", "first_at": "10:00",
    "timing": {"period": 6, "period_unit": "h"},
}  # fmt: skip
DAILY = {**METFORMIN, "timing": {"times_of_day": ["10:00"]}}


async def _at(care: CareOffice, ms: int) -> None:
    care.pass_time((ms - care.now_ms) / MINUTE_MS)


async def _on(care: CareOffice, device: Dispenser, ms: int, every_min: int = 30) -> None:
    """Time goes on until then, and the device is heard all along."""
    while care.now_ms < ms:
        await _at(care, min(ms, care.now_ms + every_min * MINUTE_MS))
        await device.beat()
        await care.look()


async def _home(care: CareOffice, *items: dict[str, Any]) -> tuple[Dispenser, dict[str, Any]]:
    device = await care.device()
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(items=list(items) or [METFORMIN]))
    await device.beat()
    await care.look()
    return device, plan


async def _revise(care: CareOffice, plan: dict[str, Any], *items: dict[str, Any], revision: int = 1) -> None:
    body = plan_body(items=list(items))
    await care.ask("nina", "PUT", f"/medication-plans/{plan['id']}", json=body, headers={"If-Match": str(revision)})


async def _doses(care: CareOffice, until_ms: int = NINE_MS + DAY_MS) -> list[tuple[str, str]]:
    """Due time and status of all doses until then, but those the plan has no more."""
    found = await care.rows(
        "select substr(nominal_local, 6), status from dose_occurrences where due_ms < %s and status <> 'VOIDED'"
        " order by due_ms, medication",
        until_ms,
    )
    return [(str(due), str(status)) for due, status in found]


async def _alerts(care: CareOffice) -> list[tuple[str, str, int]]:
    """Topic, audience and number of doses of what is open."""
    found = await care.ask("nina", "GET", "/alerts")
    return [(one["topic"], one["audience"], len(one["occurrence_ids"])) for one in found]


async def _first(device: Dispenser, due_ms: int = TEN_MS) -> str:
    return str(next(one["occurrence_id"] for one in await device.schedule() if one["due_at_utc"] == iso(due_ms)))


async def test_a_device_that_fell_silent_long_before_the_next_dose_is_told_of_when_the_dose_comes_near(
    care: CareOffice,
) -> None:
    device, _ = await _home(care, DAILY)
    await device.tell(device.event("taken", TEN_MS, occurrence_id=await _first(device)))
    await _at(care, NINE_MS + 2 * HOUR_MS)
    await device.beat()
    await _at(care, care.now_ms + 10 * MINUTE_MS)
    await care.look()
    assert await _alerts(care) == [], "the next one is due in 23 hours"
    await _at(care, TEN_MS + DAY_MS - 11 * HOUR_MS)
    await care.look()
    assert await _alerts(care) == [("device_offline", "caregiver", 0)]
    for days in (1, 2):
        await _at(care, TEN_MS + days * DAY_MS + 13 * HOUR_MS)
        await care.look()
        assert await _alerts(care) == [("device_offline", "caregiver", days)], "one alert, which grows"
    assert [status for _, status in await _doses(care, TEN_MS + 3 * DAY_MS)] == ["ON_TIME", "UNKNOWN", "UNKNOWN"]
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert alert["title"] == "The device of Ana Ruiz is not heard (Kitchen)"


async def test_a_dose_becomes_unknown_and_is_told_of_although_the_silence_was_looked_after_days_ago(
    care: CareOffice,
) -> None:
    await _home(care, DAILY)
    await _at(care, TEN_MS + 13 * HOUR_MS)
    await care.look()
    [alert] = await care.ask("nina", "GET", "/alerts")
    await care.ask("nina", "POST", f"/alerts/{alert['id']}/acknowledge")
    await _at(care, TEN_MS + DAY_MS + 14 * HOUR_MS)
    await care.look()
    free = [one for one in await care.ask("nina", "GET", "/alerts") if one["acked_by"] is None]
    assert [(one["topic"], len(one["occurrence_ids"])) for one in free] == [("device_offline", 2)], "it waits again"


async def test_a_device_that_was_never_heard_is_told_of_once_a_dose_is_lost(care: CareOffice) -> None:
    device = await care.device()
    await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(items=[{**METFORMIN, "critical": True}]))
    await _at(care, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    await care.look()
    assert await _doses(care, EIGHT_PM_MS) == [("11-20T10:00", "UNKNOWN")]
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert (alert["topic"], alert["critical"], alert["device_id"]) == ("device_offline", True, device.id)
    await device.beat()
    assert await _alerts(care) == [], "it is heard"


async def test_the_silence_of_a_device_that_is_taken_away_is_over(care: CareOffice) -> None:
    device, _ = await _home(care)
    await _at(care, TEN_MS + 6 * HOUR_MS)
    await care.look()
    assert await _alerts(care) == [("device_offline", "caregiver", 1)]
    await care.ask("mia", "DELETE", f"/devices/{device.id}", 204)
    await care.look()
    assert await _alerts(care) == []


async def test_a_device_that_is_back_for_a_moment_only_leaves_the_dose_unknown(care: CareOffice) -> None:
    device, _ = await _home(care)
    await _at(care, TEN_MS + 6 * HOUR_MS)
    await care.look()
    await device.beat()
    await _at(care, care.now_ms + 11 * MINUTE_MS)
    await care.look()
    assert (await _doses(care, EIGHT_PM_MS))[0] == ("11-20T10:00", "UNKNOWN")


@pytest.mark.parametrize(("critical", "audience"), [(False, "caregiver"), (True, "clinic")])
async def test_a_dose_nobody_was_told_of_is_told_and_a_critical_one_to_the_clinic(
    care: CareOffice, critical: bool, audience: str
) -> None:
    device, _ = await _home(care, {**METFORMIN, "critical": critical})
    await _on(care, device, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    assert await _doses(care, EIGHT_PM_MS) == [("11-20T10:00", "NOT_ANNOUNCED")]
    assert await _alerts(care) == [("missed_dose", audience, 1)]


async def test_doses_lost_together_are_one_alert_that_names_them_all_and_how(care: CareOffice) -> None:
    device, _ = await _home(care, {**METFORMIN, "id": "m"}, {**METFORMIN, "id": "v", "medication": "Vitamin D"})
    said = next(one for one in await device.schedule() if one["medication"] == "Metformin")
    await _at(care, TEN_MS)
    await device.tell(device.event("announced", occurrence_id=said["occurrence_id"]))
    await _on(care, device, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert alert["title"] == "Ana Ruiz missed: Metformin; was not told of: Vitamin D"
    assert alert["says"] == {"code": "missed_unsaid", "medicines": ["Metformin"], "unsaid": ["Vitamin D"]}


async def test_a_dose_missed_when_an_alert_is_full_has_one_of_its_own(care: CareOffice) -> None:
    device, _ = await _home(care)
    await _on(care, device, TEN_MS + 5 * HOUR_MS + MINUTE_MS)
    async with care.office.pool.transaction() as conn:
        await conn.execute(
            "update alert_logs set dose_ids = dose_ids || array(select 'old' || one from generate_series(1, 39) one)"
        )
    await _on(care, device, EIGHT_PM_MS + 7 * HOUR_MS + MINUTE_MS)
    assert sorted(count for _, _, count in await _alerts(care)) == [1, 40]


async def test_a_dose_said_by_a_device_that_is_answered_after_its_time_stays_missed_with_the_intake_beside_it(
    care: CareOffice,
) -> None:
    device, _ = await _home(care, {**METFORMIN, "limits": {"min_gap_min": 600}})
    dose = await _first(device)
    await _at(care, TEN_MS)
    await device.tell(device.event("announced", occurrence_id=dose))
    late_ms = TEN_MS + 5 * HOUR_MS + 2000
    await _at(care, late_ms + MINUTE_MS)
    told = await device.tell(device.event("taken", late_ms, occurrence_id=dose))
    assert (told["results"][0]["status"], told["results"][0]["reason"]) == ("MISSED", "after_miss")
    again = await device.tell(device.event("taken", late_ms + 40_000, occurrence_id=dose))
    assert again["results"][0]["reason"] == "same_press"
    assert await _alerts(care) == [("missed_dose", "caregiver", 1)]
    assert await care.rows("select taken_ms from dose_occurrences where dose_id = %s", dose) == [(late_ms,)]
    logged = await care.rows("select act, reason from dose_event_logs where act like 'taken%%'")
    assert logged == [("taken", "after miss.")]
    await _at(care, EIGHT_PM_MS)
    await device.tell(device.event("taken", occurrence_id=await _first(device, EIGHT_PM_MS)))
    assert ("dose_limit", "clinic", 1) in await _alerts(care), "it counts for the gap"


async def test_an_unknown_dose_taken_after_its_time_stays_unknown_with_the_intake_beside_it(care: CareOffice) -> None:
    device, _ = await _home(care)
    dose = await _first(device)
    await _at(care, TEN_MS + 6 * HOUR_MS)
    await care.look()
    told = await device.tell(device.event("taken", TEN_MS + 5 * HOUR_MS + MINUTE_MS, occurrence_id=dose))
    assert told["results"][0]["status"] == "UNKNOWN"
    [shown] = await care.rows("select taken_ms from dose_occurrences where dose_id = %s", dose)
    assert shown == (TEN_MS + 5 * HOUR_MS + MINUTE_MS,)


async def test_what_is_taken_long_before_its_time_is_another_intake_and_the_dose_is_still_to_be_said(
    care: CareOffice,
) -> None:
    device, _ = await _home(care)
    dose = await _first(device, EIGHT_PM_MS)
    told = await device.tell(device.event("taken", TEN_MS, occurrence_id=dose))
    assert (told["results"][0]["status"], told["results"][0]["reason"]) == ("PLANNED", "early")
    assert await _alerts(care) == [("dose_limit", "clinic", 1)]
    assert await care.rows("select dose_id, act, reason from dose_event_logs") == [
        (None, "taken", "long before its time.")
    ]
    assert dose in [one["occurrence_id"] for one in await device.schedule() if one["status"] == "PLANNED"]


async def test_a_dose_taken_against_a_hold_is_kept_and_told(care: CareOffice) -> None:
    device, _ = await _home(care)
    dose = await _first(device)
    hold = {"patient_id": ANA, "from_at": NINE_MS, "until_at": NINE_MS + 5 * HOUR_MS, "reason": "operation"}
    await care.ask("nina", "POST", "/holds", 202, json=hold)
    await _at(care, TEN_MS)
    told = await device.tell(device.event("taken", occurrence_id=dose))
    assert (told["results"][0]["status"], told["results"][0]["reason"]) == ("ON_TIME", "on_hold")
    [alert] = await care.ask("nina", "GET", "/alerts")
    assert (alert["topic"], alert["audience"], alert["says"]["code"]) == ("dose_limit", "clinic", "on_hold")


async def test_a_bare_press_after_an_answer_takes_no_dose_that_was_not_said(care: CareOffice) -> None:
    device, _ = await _home(care, {**METFORMIN, "id": "m"}, {**METFORMIN, "id": "v", "medication": "Vitamin D",
                                                            "timing": {"times_of_day": ["10:45"]}})  # fmt: skip
    await _at(care, TEN_MS)
    await device.tell(device.event("announced", occurrence_id=await _first(device)))
    await _at(care, TEN_MS + MINUTE_MS)
    await device.tell(device.event("button"))
    await _at(care, TEN_MS + 6 * MINUTE_MS)
    told = await device.tell(device.event("button"))
    assert told["results"][0]["reason"] == "nothing_open"
    assert await _doses(care, EIGHT_PM_MS) == [("11-20T10:00", "ON_TIME"), ("11-20T10:45", "PLANNED")]


@pytest.mark.parametrize("source", [[1], {}, 7, "button"])
async def test_whatever_a_device_writes_for_its_source_is_a_press(care: CareOffice, source: object) -> None:
    device, _ = await _home(care)
    await _at(care, TEN_MS)
    event = device.event("taken", occurrence_id=await _first(device), data={"source": source})
    assert (await device.tell(event))["results"][0]["status"] == "ON_TIME"


async def _announced(care: CareOffice, device: Dispenser) -> str:
    dose = await _first(device)
    await _at(care, TEN_MS)
    await device.beat()
    await device.tell(device.event("announced", occurrence_id=dose))
    await _at(care, TEN_MS + 5 * MINUTE_MS)
    return dose


async def _missed_after_all(care: CareOffice, device: Dispenser) -> None:
    """The dose of ten goes on as it was: told to the caregiver, then missed."""
    assert (await _doses(care, EIGHT_PM_MS))[0] == ("11-20T10:00", "ANNOUNCED")
    await _on(care, device, TEN_MS + 62 * MINUTE_MS)
    assert await _alerts(care) == [("missed_dose", "caregiver", 1)]
    await _on(care, device, TEN_MS + 13 * HOUR_MS)
    assert ("11-20T10:00", "MISSED") in await _doses(care, EIGHT_PM_MS)


async def test_a_dose_that_was_said_stays_so_where_the_next_revision_has_it_too(care: CareOffice) -> None:
    device, plan = await _home(care)
    await _announced(care, device)
    await _revise(care, plan, {**METFORMIN, "dose": 2, "critical": False})
    await care.look()
    assert (await device.schedule())[0]["quantity"] == 2, "with what is to be taken now"
    await _missed_after_all(care, device)


async def test_a_dose_that_was_said_stays_so_when_other_meal_times_change(care: CareOffice) -> None:
    device, _ = await _home(care, {**METFORMIN, "timing": {"when": ["ACM", "ACV"]}})
    await care.ask("nina", "PUT", f"/patients/{ANA}/meal-times", 202, json={"times": {"ACM": "10:00", "ACV": "20:00"}})
    await care.look()
    await _announced(care, device)
    await care.ask("nina", "PUT", f"/patients/{ANA}/meal-times", 202, json={"times": {"ACM": "10:00", "ACV": "21:00"}})
    await care.look()
    assert await _doses(care) == [("11-20T10:00", "ANNOUNCED"), ("11-20T21:00", "PLANNED")]
    await _missed_after_all(care, device)


async def test_a_dose_that_was_said_stays_so_when_the_device_sets_its_clock(care: CareOffice) -> None:
    device = await care.device()
    body = plan_body(tz_policy="device", items=[METFORMIN])
    await care.ask("nina", "POST", "/medication-plans", 201, json=body)
    await device.beat()
    await care.look()
    await _announced(care, device)
    for zone in ("Europe/Madrid", "Africa/Nairobi"):
        await device.tell(device.event("clock_set", data={"timezone": zone}))
        await care.look()
    await _missed_after_all(care, device)


async def test_a_weekly_dose_said_days_ago_stays_open_where_the_next_revision_has_it_too(care: CareOffice) -> None:
    weekly = {**METFORMIN, "missed_at_share": 0.75, "timing": {"times_of_day": ["10:00"], "days_of_week": ["fri"],
                                                               "period": 1, "period_unit": "wk"}}  # fmt: skip
    device, plan = await _home(care, weekly)
    await _announced(care, device)
    await _on(care, device, TEN_MS + 5 * DAY_MS, 12 * 60)
    await _revise(care, plan, {**weekly, "dose": 2})
    assert (await _doses(care, EIGHT_PM_MS))[0] == ("11-20T10:00", "ANNOUNCED")


async def test_a_dose_that_was_said_and_is_in_the_plan_no_more_is_none(care: CareOffice) -> None:
    device, plan = await _home(care)
    await _announced(care, device)
    await _revise(care, plan, {**METFORMIN, "timing": {"times_of_day": ["20:00"]}})
    assert await _doses(care) == [("11-20T20:00", "PLANNED")]


async def _answer(care: CareOffice, device: Dispenser, kind: str, **more: Any) -> None:
    await device.tell(device.event(kind, occurrence_id=await _first(device), **more))


async def test_a_medicine_that_counts_from_the_last_one_goes_on_after_one_that_was_missed(care: CareOffice) -> None:
    device, _ = await _home(care, IBUPROFEN)
    await _announced(care, device)
    await _on(care, device, TEN_MS + 6 * HOUR_MS)
    assert await _doses(care) == [("11-20T10:00", "MISSED"), ("11-20T16:00", "PLANNED")]


async def test_a_medicine_that_counts_from_the_last_one_goes_on_after_one_nobody_said_or_heard(
    care: CareOffice,
) -> None:
    device, _ = await _home(care, IBUPROFEN)
    await _on(care, device, TEN_MS + 3 * HOUR_MS + MINUTE_MS)
    assert await _doses(care) == [("11-20T10:00", "NOT_ANNOUNCED"), ("11-20T16:00", "PLANNED")]
    await _at(care, TEN_MS + 20 * HOUR_MS)
    for _ in range(4):
        await care.look()
    assert [status for _, status in await _doses(care, TEN_MS + 24 * HOUR_MS)] == [
        "NOT_ANNOUNCED", "UNKNOWN", "UNKNOWN", "PLANNED",
    ]  # fmt: skip


async def test_a_medicine_that_counts_from_the_last_one_goes_on_after_one_that_was_skipped(care: CareOffice) -> None:
    device, _ = await _home(care, IBUPROFEN)
    await _announced(care, device)
    await _answer(care, device, "skipped")
    await care.look()
    assert await _doses(care) == [("11-20T10:00", "SKIPPED"), ("11-20T16:00", "PLANNED")]


async def test_a_medicine_that_counts_from_the_last_one_goes_on_after_a_hold(care: CareOffice) -> None:
    device, _ = await _home(care, IBUPROFEN)
    hold = {"patient_id": ANA, "from_at": NINE_MS, "until_at": NINE_MS + 5 * HOUR_MS, "reason": "fasting"}
    await care.ask("nina", "POST", "/holds", 202, json=hold)
    await care.look()
    assert await _doses(care) == [("11-20T10:00", "HELD")]
    await _on(care, device, TEN_MS + 30 * MINUTE_MS)
    await care.look()
    assert await _doses(care) == [("11-20T10:00", "HELD"), ("11-20T16:00", "PLANNED")]


async def test_a_medicine_that_counts_from_the_last_one_counts_from_when_it_was_really_taken_also_after_its_time(
    care: CareOffice,
) -> None:
    device, _ = await _home(care, IBUPROFEN)
    await _announced(care, device)
    await _on(care, device, TEN_MS + 4 * HOUR_MS)
    assert await _doses(care) == [("11-20T10:00", "MISSED"), ("11-20T16:00", "PLANNED")]
    dose = (await care.rows("select dose_id from dose_occurrences where status = 'MISSED'"))[0][0]
    await device.tell(device.event("taken", TEN_MS + 4 * HOUR_MS, occurrence_id=dose))
    await care.look()
    assert await _doses(care) == [("11-20T10:00", "MISSED"), ("11-20T20:00", "PLANNED")]


async def test_a_nurse_who_corrects_a_dose_moves_the_next_that_counts_from_it(care: CareOffice) -> None:
    device, _ = await _home(care, IBUPROFEN)
    dose = await _announced(care, device)
    await _on(care, device, TEN_MS + 4 * HOUR_MS)
    correction = {"status": "LATE", "taken_at": TEN_MS + 2 * HOUR_MS, "reason": "seen"}
    await care.ask("nina", "POST", f"/doses/{dose}/correct", 202, json=correction)
    await care.look()
    assert await _doses(care) == [("11-20T10:00", "LATE"), ("11-20T18:00", "PLANNED")]


async def test_a_medicine_that_counts_from_the_last_one_begins_although_its_first_time_is_over(
    care: CareOffice,
) -> None:
    await _home(care, {**IBUPROFEN, "first_at": "08:00"})
    assert await _doses(care) == [("11-21T08:00", "PLANNED")]
    await care.look()
    assert await _doses(care, NINE_MS + 5 * DAY_MS) == [("11-21T08:00", "PLANNED")]


async def test_a_revision_with_a_shorter_gap_does_not_end_what_counts_from_the_last_one(care: CareOffice) -> None:
    device, plan = await _home(care, {**IBUPROFEN, "timing": {"period": 12, "period_unit": "h"}})
    await _announced(care, device)
    await _answer(care, device, "taken")
    await _at(care, TEN_MS + 10 * HOUR_MS)
    await _revise(care, plan, IBUPROFEN)
    assert await _doses(care) == [("11-20T10:00", "ON_TIME"), ("11-20T22:05", "PLANNED")]


async def test_a_dose_whose_hold_ends_after_its_time_stays_held(care: CareOffice) -> None:
    device, _ = await _home(care)
    hold = {"patient_id": ANA, "from_at": NINE_MS, "until_at": NINE_MS + 5 * HOUR_MS, "reason": "operation"}
    held = await care.ask("nina", "POST", "/holds", 202, json=hold)
    await _on(care, device, TEN_MS + 6 * HOUR_MS)
    await care.ask("nina", "DELETE", f"/holds/{held['hold_id']}", 202)
    await care.look()
    assert await _doses(care, EIGHT_PM_MS) == [("11-20T10:00", "HELD")]
    assert await _alerts(care) == []
