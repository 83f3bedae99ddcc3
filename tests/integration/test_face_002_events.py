"""Seed 002 at the clinic: what devices told and what was done about doses, as one list; and events by the credential alone."""

from __future__ import annotations

from pathlib import Path

from tests.face_002 import BOOT, event, served


async def test_post_events_is_of_the_device_whose_credential_it_is(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        answer = await ward.http.post("/api/v1/events/", json=event(1), headers=ward.signed())
        assert answer.json()["upto"] == {BOOT: 1}
        assert ward.site.it.rows("select device_id from device_log") == [(ward.device_id,)]
        assert (await ward.http.post("/api/v1/events", json=event(2))).status_code == 401


async def test_get_events_lists_device_and_dose_events_with_source_and_status(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        await ward.tell(event(1, "lid_open"), event(2, "taken", occurrence_id=dose_id, data={"source": "lid"}))
        listed = (await ward.http.get("/api/v1/events/", headers=ward.nurse)).json()
        assert {one["of"] for one in listed} == {"device", "dose"}
        (taken,) = [one for one in listed if one["of"] == "dose" and one["kind"] == "taken"]
        assert (taken["source"], taken["status"], taken["occurrence_id"]) == ("lid", "ON_TIME", dose_id)
        assert taken["patient_id"] == ward.care.person_id


async def test_get_events_filters_and_pages(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        for first in range(1, 401, 200):
            await ward.tell(*(event(n, "lid_open" if n % 2 else "lid_close") for n in range(first, first + 200)))
        seen: list[str] = []
        path: str | None = "/api/v1/events?limit=150"
        while path is not None:
            answer = await ward.http.get(path, headers=ward.nurse)
            seen += [one["id"] for one in answer.json()]
            link = answer.headers.get("link")
            path = link.partition(">")[0].lstrip("<") if link else None
        assert len(seen) == len(set(seen)) == 400
        only = await ward.http.get("/api/v1/events", params={"kind": "lid_open", "limit": 1000}, headers=ward.nurse)
        assert len(only.json()) == 200
        mine = {"device_id": ward.device_id, "patient_id": ward.care.person_id, "limit": 5}
        assert len((await ward.http.get("/api/v1/events", params=mine, headers=ward.nurse)).json()) == 5
        later = {"from": "2026-11-20T09:00:00Z"}
        assert (await ward.http.get("/api/v1/events", params=later, headers=ward.nurse)).json() == []


async def test_what_cannot_be_asked_for_is_refused_by_name(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        for wrong in ({"kind": "eaten"}, {"patient_id": "x"}, {"device_id": "x"}, {"cursor": "x"}, {"limit": 0}):
            answer = await ward.http.get("/api/v1/events", params=wrong, headers=ward.nurse)  # type: ignore[arg-type]
            assert answer.status_code == 422, wrong
            assert answer.json()["detail"]
        assert (await ward.http.get("/api/v1/events")).status_code == 401


async def test_who_looks_at_events_is_noted(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        await ward.http.get("/api/v1/events", params={"patient_id": ward.care.person_id}, headers=ward.nurse)
        seen = ward.site.it.rows("select data from events where kind = 'staff_acted' and data like '%care events%'")
        assert len(seen) == 1
