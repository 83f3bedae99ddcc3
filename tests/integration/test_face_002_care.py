"""The care page's paths: doses now, answers and corrections by staff, holds, alerts, stock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.face_002 import event, served


async def test_doses_around_now_show_who_what_and_what_is_next(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        page = (await ward.http.get("/api/v1/care/doses/", headers=ward.nurse)).json()
        mine = next(one for one in page["doses"] if one["id"] == dose_id)
        assert (mine["patient_name"], mine["medication"], mine["open"]) == ("Ana Torres", "Metformin", True)
        assert mine["next_action_at"]
        assert mine["due_at"] == "2026-11-20T13:30:00.000+05:30"
        other = {"patient_id": ward.device_id}
        assert (await ward.http.get("/api/v1/care/doses", params=other, headers=ward.nurse)).json()["doses"] == []
        one = await ward.http.get(f"/api/v1/care/doses/{dose_id}", headers=ward.nurse)
        assert one.json()["id"] == dose_id
        assert (await ward.http.get("/api/v1/care/doses/none", headers=ward.nurse)).status_code == 404


async def test_a_dose_of_every_week_that_waits_since_yesterday_can_still_be_answered_on_the_page(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as ward:
        weekly = {"period": 1, "period_unit": "wk", "days_of_week": ["fri"], "times_of_day": ["08:00"]}
        await ward.care.plan({"id": "w", "medication": "Methotrexate", "timing": weekly}, plan_id="weekly")
        await ward.care.to("2026-11-20T23:00", 900)
        page = (await ward.http.get("/api/v1/care/doses", headers=ward.nurse)).json()
        waits = [one for one in page["doses"] if one["medication"] == "Methotrexate"]
        assert [(one["status"], one["open"]) for one in waits] == [("ANNOUNCED", True)]


async def test_a_dose_that_was_missed_stands_among_the_clinics_events_at_the_end_of_its_time(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.due()
        await ward.care.to("2026-11-20T14:30", every_s=300)
        dose = ward.care.dose("2026-11-20T08:00")
        assert dose["status"] == "MISSED"
        found = (await ward.http.get("/api/v1/events?kind=missed", headers=ward.nurse)).json()
        (missed,) = [one for one in found if one["occurrence_id"] == dose["id"]]
        assert (missed["source"], missed["status"]) == ("clock", "MISSED")
        assert missed["at"] == "2026-11-20T19:30:00.000+05:30"  # 14:00 UTC, half way to the next


@pytest.mark.parametrize(("act", "status"), [("taken", "ON_TIME"), ("skipped", "SKIPPED"), ("snoozed", "SNOOZED")])
async def test_staff_answer_for_a_patient_once(tmp_path: Path, act: str, status: str) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        path = f"/api/v1/care/doses/{dose_id}/answer"
        headers = {**ward.nurse, "Idempotency-Key": "one"}
        body = {"act": act, "reason": "told me"}
        first = await ward.http.post(path, json=body, headers=headers)
        assert first.json()["status"] == status
        again = await ward.http.post(path, json=body, headers=headers)
        assert again.content == first.content
        assert ward.site.it.rows("select count(*) from dose_events where act = ?", act) == [(1,)]


async def test_a_correction_needs_a_reason_and_leaves_what_was_said(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        await ward.tell(event(1, "skipped", occurrence_id=dose_id))
        path = f"/api/v1/care/doses/{dose_id}/correct"
        without = await ward.http.post(path, json={"status": "ON_TIME"}, headers=ward.nurse)
        assert without.status_code == 422
        body = {"status": "ON_TIME", "taken_at": "2026-11-20T07:59:30Z", "reason": "the daughter saw it"}
        right = await ward.http.post(path, json=body, headers=ward.nurse)
        assert (right.json()["status"], right.json()["source"]) == ("ON_TIME", "nurse")
        acts = ward.site.it.rows("select act from dose_events where dose_id = ? order by received_at, id", dose_id)
        assert {"skipped", "corrected"} <= {act for (act,) in acts}


async def test_a_hold_holds_and_its_end_plans_again(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        body = {"patient_id": ward.care.person_id, "from": "2026-11-20T19:00:00Z", "to": "2026-11-20T21:00:00Z",
                "reason": "surgery"}  # fmt: skip
        made = await ward.http.post("/api/v1/care/holds", json=body, headers=ward.nurse)
        assert made.status_code == 201, made.text
        await ward.care.to("2026-11-20T20:01", every_s=600)
        assert ward.care.dose("2026-11-20T20:00")["status"] == "HELD"
        (hold,) = (await ward.http.get("/api/v1/care/holds/", headers=ward.nurse)).json()
        assert (hold["patient_name"], hold["reason"]) == ("Ana Torres", "surgery")
        assert (await ward.http.delete(f"/api/v1/care/holds/{hold['id']}", headers=ward.nurse)).status_code == 204
        assert ward.care.dose("2026-11-20T20:00")["status"] == "PLANNED"
        assert (await ward.http.get("/api/v1/care/holds", headers=ward.nurse)).json() == []


async def test_ending_a_hold_asked_for_again_under_its_key_is_one_act_and_the_key_ends_no_other(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        body = {"patient_id": ward.care.person_id, "from": "2026-11-20T19:00:00Z", "to": "2026-11-20T21:00:00Z"}
        for reason in ("surgery", "fasting"):
            asked = {**body, "reason": reason}
            (await ward.http.post("/api/v1/care/holds", json=asked, headers=ward.nurse)).raise_for_status()
        first, second = (await ward.http.get("/api/v1/care/holds", headers=ward.nurse)).json()
        keyed = {**ward.nurse, "Idempotency-Key": "end-1"}
        for _ in range(2):
            assert (await ward.http.delete(f"/api/v1/care/holds/{first['id']}", headers=keyed)).status_code == 204
        assert ward.care.it.rows("select count(*) from results where kind = 'end_hold'") == [(1,)]
        refused = await ward.http.delete(f"/api/v1/care/holds/{second['id']}", headers=keyed)
        assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")
        held = (await ward.http.get("/api/v1/care/holds", headers=ward.nurse)).json()
        assert [one["id"] for one in held] == [second["id"]]


async def test_an_alert_is_taken_upon_oneself_by_name(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        await ward.tell(event(1, "taken", occurrence_id=dose_id))
        later = event(2, "taken", occurrence_id=dose_id, at="2026-11-20T08:30:00Z")
        await ward.care.to("2026-11-20T08:30", every_s=600)
        await ward.tell(later)
        alerts = (await ward.http.get("/api/v1/care/alerts/", headers=ward.nurse)).json()
        assert [one["topic"] for one in alerts] == ["double_dose"]
        path = f"/api/v1/care/alerts/{alerts[0]['id']}/acknowledge"
        acked = await ward.http.post(path, headers=ward.nurse)
        assert acked.status_code == 200, acked.text
        assert acked.json()["acked_by"] == "Nurse"
        assert (await ward.http.post("/api/v1/care/alerts/none/acknowledge", headers=ward.nurse)).status_code == 404


async def test_stock_shows_what_is_left(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        item = {"medication": "Aspirin", "times": ["08:00"], "stock_units": 10, "refill_at_units": 3}
        await ward.care.plan(item, plan_id="second")
        (stock,) = (await ward.http.get("/api/v1/care/stock/", headers=ward.nurse)).json()
        assert (stock["medication"], stock["units"], stock["patient_name"]) == ("Aspirin", 10, "Ana Torres")


async def test_a_medicine_as_needed_is_given_or_refused_with_not_before(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(
            {"medication": "Paracetamol", "as_needed": True, "limits": {"min_gap_min": 240}, "id": "prn"}, plan_id="prn"
        )
        body = {"plan_id": "prn", "item_id": "prn", "quantity": 1, "swallowed": True}
        assert (await ward.http.post("/api/v1/care/as-needed", json=body, headers=ward.nurse)).status_code == 201
        again = await ward.http.post("/api/v1/care/as-needed", json={**body, "swallowed": False}, headers=ward.nurse)
        assert (again.status_code, again.json()["code"]) == (409, "min_gap")
        assert "not before" in again.json()["detail"]


async def test_only_those_who_care_see_or_change_any_of_it(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.site.add_staff("desk", "reception")
        desk = await ward.site.bearer("desk")
        dose_id = await ward.due()
        for path in ("doses", "holds", "alerts", "stock"):
            assert (await ward.http.get(f"/api/v1/care/{path}", headers=desk)).status_code == 403
            assert (await ward.http.get(f"/api/v1/care/{path}")).status_code == 401
        answer = await ward.http.post(f"/api/v1/care/doses/{dose_id}/answer", json={"act": "taken"}, headers=desk)
        assert answer.status_code == 403
