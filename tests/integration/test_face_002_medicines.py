"""Medicines as needed on the care page's paths: what may be taken now, what not before when, and who may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.face_002 import Ward, served

PARACETAMOL = {
    "id": "prn", "medication": "Paracetamol", "unit": "g", "dose": 1, "as_needed": True, "as_needed_reason": "pain",
    "limits": {"min_gap_min": 240, "max_doses": 4, "max_hours": 24},
}  # fmt: skip
BODY = {"plan_id": "prn", "item_id": "prn", "quantity": 1}


async def listed(ward: Ward) -> dict[str, Any]:
    """The one medicine as needed."""
    (one,) = (await ward.http.get("/api/v1/care/as-needed/", headers=ward.nurse)).raise_for_status().json()
    return dict(one)


async def take(ward: Ward, **more: Any) -> httpx.Response:
    """A nurse gives it, or notes that it was swallowed."""
    return await ward.http.post("/api/v1/care/as-needed", json={**BODY, **more}, headers=ward.nurse)


async def test_a_medicine_as_needed_is_listed_with_its_person_and_may_be_taken(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(PARACETAMOL, plan_id="prn")
        one = await listed(ward)
        assert (one["patient_name"], one["medication"], one["quantity"], one["unit"], one["reason"]) == (
            "Ana Torres", "Paracetamol", 1, "g", "pain"
        )  # fmt: skip
        assert (one["blocked"], one["not_before"], one["taken_at"]) == (None, None, None)
        known = (await ward.http.get("/api/v1/care/medicines", headers=ward.nurse)).json()
        assert [(one["medication"], one["as_needed"]) for one in known] == [("Metformin", False), ("Paracetamol", True)]


async def test_after_one_the_next_is_listed_and_refused_with_not_before(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(PARACETAMOL, plan_id="prn")
        assert (await take(ward)).status_code == 201
        one = await listed(ward)
        assert (one["blocked"], one["not_before"]) == ("min_gap", "2026-11-20T17:29:00.000+05:30")
        again = await take(ward)
        assert (again.status_code, again.json()["code"]) == (409, "min_gap")
        assert again.json()["detail"] == "Paracetamol: not before 11:59."  # on the person's clock, which is the plan's
        await ward.care.to("2026-11-20T11:59", every_s=3_600)
        assert (await listed(ward))["blocked"] is None


async def test_the_fifth_of_a_day_is_not_before_the_first_is_a_day_old_and_one_swallowed_is_told(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(PARACETAMOL, plan_id="prn")
        for hour in ("07:59", "12:00", "16:00", "20:00"):
            await ward.care.to(f"2026-11-20T{hour}", every_s=3_600)
            assert (await take(ward)).status_code == 201
        await ward.care.to("2026-11-21T03:59", every_s=3_600)
        one = await listed(ward)
        assert (one["blocked"], one["not_before"]) == ("limit", "2026-11-21T13:29:00.000+05:30")
        assert (await take(ward)).json()["code"] == "limit"
        assert (await take(ward, swallowed=True)).json()["blocked"] == "limit"
        assert [one[:2] for one in ward.care.alerts("topic = 'dose_limit'")] == [("dose_limit", 4)]


async def test_what_is_on_hold_is_not_given_as_needed_and_told_when_it_was_swallowed(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(PARACETAMOL, plan_id="prn")
        hold = {"patient_id": ward.care.person_id, "from": "2026-11-20T06:00:00Z", "to": "2026-11-23T06:00:00Z"}
        await ward.http.post("/api/v1/care/holds", json={**hold, "reason": "surgery"}, headers=ward.nurse)
        assert (await listed(ward))["blocked"] == "on_hold"
        refused = (await take(ward)).json()
        assert (refused["code"], refused["detail"]) == ("on_hold", "Paracetamol: not before 2026-11-23 06:00.")
        assert (await take(ward, swallowed=True)).status_code == 201
        (title,) = ward.site.it.rows("select title from care_alerts where topic = 'dose_limit'")[0]
        assert title == "Ana Torres took Paracetamol although it is on hold"


async def test_a_medicine_as_needed_whose_plan_is_over_or_stopped_is_not_offered(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(PARACETAMOL, plan_id="prn", end="2026-11-20")
        assert (await listed(ward))["medication"] == "Paracetamol"
        await ward.care.jump("2026-11-21T00:30")
        assert (await ward.http.get("/api/v1/care/as-needed", headers=ward.nurse)).json() == []


async def test_the_reception_neither_sees_nor_gives_medicines_as_needed(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.care.plan(PARACETAMOL, plan_id="prn")
        await ward.site.add_staff("desk", "reception")
        desk = await ward.site.bearer("desk")
        for path in ("as-needed", "medicines"):
            assert (await ward.http.get(f"/api/v1/care/{path}", headers=desk)).status_code == 403
            assert (await ward.http.get(f"/api/v1/care/{path}")).status_code == 401
        assert (await ward.http.post("/api/v1/care/as-needed", json=BODY, headers=desk)).status_code == 403
        assert ward.site.it.rows("select 1 from dose_events") == []
