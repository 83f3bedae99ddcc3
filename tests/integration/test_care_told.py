"""A caregiver says what became of a dose: it reaches the clinic as theirs, or head office's own dose at once."""

from __future__ import annotations

import pytest

from tests.care import at
from tests.care_office import ANA, BEN, DAY_MS, NINE_MS, CareOffice, dose_data, plan_body
from tests.integration.test_care_both_ends import Ends, ends
from tests.integration.test_care_devices import HOUR_MS, TEN_MS, _at, _home, _status, _tick

__all__ = ["ends"]


async def _missed(ends: Ends) -> str:
    """The clinic's patient did not answer the ten o'clock dose; its id. Carla is their caregiver."""
    plan = await ends.office.ask("nina", "POST", "/medication-plans", 201, json=plan_body(ends.clinic.person_id))
    await ends.down()
    await ends.up()
    await ends.office.caregiver("carla", ends.clinic.person_id)
    await ends.to("2026-11-20T14:30")
    await ends.up()
    assert (await ends.doses(plan))[0] == ("10:00", "MISSED")
    return str(ends.clinic.dose("2026-11-20T10:00")["id"])


async def _state(ends: Ends) -> list[tuple[str, str, str | None]]:
    found = await ends.office.ask("carla", "GET", f"/patients/{ends.clinic.person_id}/told")
    return [(one["kind"], one["state"], one["occurrence_id"]) for one in found]


async def test_a_caregiver_says_that_a_dose_was_taken_in_time_and_the_clinic_keeps_it_as_theirs(ends: Ends) -> None:
    dose_id = await _missed(ends)
    when = at("2026-11-20T09:10")
    asked = await ends.office.ask("carla", "POST", f"/doses/{dose_id}/tell", 202, json={"act": "taken", "at": when})
    assert asked["state"] == "published"
    assert await _state(ends) == [("tell_dose", "published", dose_id)]
    assert ends.clinic.dose("2026-11-20T10:00")["status"] == "MISSED", "the clinic owns the dose"
    await ends.down()
    await ends.up()
    (row,) = ends.clinic.it.rows("select status, taken_at, source, reason from doses where id = ?", dose_id)
    assert row == ("ON_TIME", when, "caregiver", "carla")
    acts = ends.clinic.it.rows("select act, source, at from dose_events where dose_id = ? and act = 'taken'", dose_id)
    assert acts == [("taken", "caregiver", when)]
    assert ends.clinic.alerts("topic = 'missed_dose' and open") == []
    shown = await ends.office.ask("carla", "GET", f"/summary/dashboard?patient_id={ends.clinic.person_id}")
    assert [one["status"] for one in shown["doses"] if one["occurrence_id"] == dose_id] == ["ON_TIME"]
    lines = await ends.office.rows("select detail->>'said', detail->>'dose' from audit where act = 'tell_dose'")
    assert lines == [("taken", dose_id)]


async def test_what_was_answered_is_not_changed_by_a_caregiver_and_skipping_is_an_answer_too(ends: Ends) -> None:
    dose_id = await _missed(ends)
    path = f"/doses/{dose_id}/tell"
    await ends.office.ask("carla", "POST", path, 202, json={"act": "skipped", "reason": "felt sick"})
    await ends.down()
    await ends.up()
    assert ends.clinic.it.rows("select status, source, reason from doses where id = ?", dose_id) == [
        ("SKIPPED", "caregiver", "carla: felt sick")
    ]
    refused = await ends.office.ask("carla", "POST", path, 409, json={"act": "taken"})
    assert refused["code"] == "wrong_state" and refused["hint"]
    future = {"act": "taken", "at": at("2026-11-20T23:00")}
    await ends.office.ask("carla", "POST", path, 422, json=future)
    await ends.office.ask("carla", "POST", path, 422, json={"act": "eaten"})


async def test_a_dose_of_somebody_else_is_none_of_a_caregivers_and_nobody_speaks_without_signing_in(
    care: CareOffice,
) -> None:
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(BEN))
    await care.applied(plan)
    await care.caregiver("carla", ANA)
    (one, unheard, *_) = await care.doses(plan, NINE_MS, NINE_MS + DAY_MS)
    await care.office.event("alpha", "dose_missed", one.id, dose_data(one, BEN, "MISSED", one.due_at_ms))
    await care.wait("select 1 from dose_occurrences where version > 0")
    for dose_id in (one.id, unheard.id):
        path = f"/doses/{dose_id}/tell"
        for body in ({"act": "taken"}, {"act": "taken", "patient_id": BEN}, {"act": "taken", "patient_id": ANA}):
            assert (await care.raw("carla", "POST", path, json=body)).status_code == 404
        assert (await care.raw("", "POST", path, json={"act": "taken"})).status_code == 401
        assert (await care.raw("nina", "POST", path, json={"act": "taken"})).status_code == 403
    assert (await care.raw("carla", "GET", f"/patients/{BEN}/told")).status_code == 404
    assert await care.rows("select 1 from mailbox where kind = 'tell_dose'") == []


async def test_of_a_clinic_that_is_not_heard_what_is_said_waits_for_it(care: CareOffice) -> None:
    plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(ANA))
    await care.applied(plan)
    await care.caregiver("carla", ANA)
    care.pass_time(3 * 60)
    (one, *_) = await care.doses(plan, NINE_MS, NINE_MS + DAY_MS)
    assert await care.rows("select 1 from dose_occurrences where version > 0") == []
    body = {"act": "taken", "at": one.due_at_ms, "patient_id": ANA}
    done = await care.ask("carla", "POST", f"/doses/{one.id}/tell", 202, json=body)
    assert done["state"] == "published"
    (told,) = await care.ask("carla", "GET", f"/patients/{ANA}/told")
    assert (told["occurrence_id"], told["state"]) == (one.id, "published")
    await care.ask("carla", "POST", f"/doses/{'0' * 32}/tell", 404, json=body)


@pytest.mark.parametrize(("act", "status"), [("taken", "ON_TIME"), ("skipped", "SKIPPED")])
async def test_a_dose_that_head_office_owns_is_answered_at_once(care: CareOffice, act: str, status: str) -> None:
    device, plan = await _home(care)
    await care.caregiver("carla", ANA)
    first = (await device.schedule())[0]
    await _at(care, TEN_MS + 6 * HOUR_MS)
    await device.beat()
    await _tick(care)
    told = {"act": act, "at": TEN_MS}
    done = await care.ask("carla", "POST", f"/doses/{first['occurrence_id']}/tell", 202, json=told)
    assert (done["state"], done["command_id"]) == ("applied", None)
    assert await _status(care, plan) == status
    logged = await care.rows("select act, source, reason from dose_event_logs where act = %s", act)
    assert logged == [(act, "caregiver", "carla")]
    assert await care.rows("select 1 from mailbox") == []
    await care.ask("carla", "POST", f"/doses/{first['occurrence_id']}/tell", 409, json=told)
