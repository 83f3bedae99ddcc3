"""Seed 001's slots over HTTP: bookable time, its changes, its delay, its tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk_001 import NOBODY, at, desk, local

SLOT = {
    "id", "doctor", "doctor_id", "start_time", "end_time", "max_capacity", "current_capacity", "status", "delay_minutes",
    "created_at", "remaining", "lent", "waiting_list_length", "date",
}  # fmt: skip


async def test_post_slots_opens_time_with_every_field(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        doctor = it.site.it.doctor_id
        wanted = {"doctor": doctor, "start_time": at(60), "end_time": at(120), "max_capacity": 15}
        made = await it.ask("POST", "/slots/", 201, json=wanted)
        assert made.keys() == SLOT and made["doctor"] == made["doctor_id"] == doctor
        assert (made["start_time"], made["end_time"]) == (local(60), local(120)) and made["date"] == "2026-11-20"
        assert (made["status"], made["current_capacity"], made["remaining"], made["delay_minutes"]) == (
            "ACTIVE",
            0,
            15,
            0,
        )
        assert await it.slot_now(made) == made


async def test_a_time_without_an_offset_is_the_clinics_own_and_decides_the_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        wanted = {
            "doctor_id": "1",
            "start_time": "2026-11-21T00:30:00",
            "end_time": "2026-11-21T01:00",
            "max_capacity": 1,
        }
        made = await it.ask("POST", "/slots/", 201, json=wanted)
        assert made["start_time"] == "2026-11-21T00:30:00.000+05:30" and made["date"] == "2026-11-21"


async def test_post_slots_refuses_an_unknown_doctor_an_overlap_and_what_does_not_fit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        doctor = it.site.it.doctor_id
        good = {"doctor": doctor, "start_time": at(60), "end_time": at(120), "max_capacity": 2}
        first = await it.ask("POST", "/slots/", 201, json=good)
        overlap = await it.raw("POST", "/slots/", json={**good, "start_time": at(119), "end_time": at(180)})
        assert overlap.status_code == 409 and overlap.json()["code"] == "overlap"
        assert (await it.raw("POST", "/slots/", json={**good, "doctor": NOBODY})).status_code == 404
        wrong = [
            {"end_time": at(60)}, {"end_time": at(30)}, {"max_capacity": 0}, {"max_capacity": 1001}, {"max_capacity": "2"},
            {"start_time": "soon"}, {"start_time": "0001-01-01T00:00:00+14:00"}, {"doctor": None},
            {"doctor_id": NOBODY}, {"status": "ACTIVE"}, {"end_time": "9999-12-31T23:59:59Z"}, {"end_time": at(60 + 25 * 60)},
        ]  # fmt: skip
        for change in wrong:
            answer = await it.raw("POST", "/slots/", json={**good, **change})
            assert answer.status_code == 422, (change, answer.text)
        beside = await it.ask("POST", "/slots/", 201, json={**good, "start_time": at(120), "end_time": at(150)})
        await it.ask("PUT", f"/slots/{first['id']}/", json={"status": "CANCELLED"})
        await it.ask("POST", "/slots/", 201, json={**good, "end_time": at(90)})
        assert {slot["id"] for slot in await it.ask("GET", "/slots/?status=CANCELLED")} == {first["id"]}
        assert beside["id"] in {slot["id"] for slot in await it.ask("GET", "/slots/?status=ACTIVE")}


async def test_a_slot_over_midnight_is_an_overlap_for_the_day_after_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        night = {"doctor": it.site.it.doctor_id, "max_capacity": 2}
        late = {**night, "start_time": "2026-11-20T23:00", "end_time": "2026-11-21T01:00"}
        await it.ask("POST", "/slots/", 201, json=late)
        early = {**night, "start_time": "2026-11-21T00:30", "end_time": "2026-11-21T02:00"}
        assert (await it.raw("POST", "/slots/", json=early)).status_code == 409
        await it.ask("POST", "/slots/", 201, json={**early, "start_time": "2026-11-21T01:00"})


async def test_get_slots_narrows_by_doctor_day_and_status(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        other = await it.doctor()
        today, noon = await it.slot(minutes=60), await it.slot(minutes=180)
        tomorrow, theirs = await it.slot(minutes=1440), await it.slot(doctor=other["id"])
        await it.ask("PUT", f"/slots/{noon['id']}/delay/", json={"delay_minutes": 10})

        async def ids(query: str) -> list[str]:
            return [slot["id"] for slot in await it.ask("GET", f"/slots/{query}")]

        assert await ids(f"?date=2026-11-20&doctor_id={it.site.it.doctor_id}") == [today["id"], noon["id"]]
        assert await ids("?date=2026-11-21") == [tomorrow["id"]] and await ids("?doctor_id=2") == [theirs["id"]]
        assert await ids("?status=DELAYED") == [noon["id"]] and await ids("?status=CANCELLED") == []
        assert (await ids(""))[0] == tomorrow["id"] and len(await ids("")) == 4
        assert await ids(f"?doctor_id={NOBODY}") == [] and await ids("?doctor_id=77") == []
        for wrong in ("?date=today", "?date=2026-13-01", "?date=20261120", "?status=OPEN", "?doctor_id=x"):
            assert (await it.raw("GET", f"/slots/{wrong}")).status_code == 422, wrong


async def test_a_kiosk_sees_slots_and_404_for_an_unknown_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.slot()
        kiosk = await it.site.screen("kiosk")
        assert (await kiosk.get("/api/v1/slots/")).json() == [made]
        assert (await kiosk.get(f"/api/v1/slots/{made['id']}/")).json() == made
        for wrong in (NOBODY, "1", "x"):
            assert (await kiosk.get(f"/api/v1/slots/{wrong}/")).status_code == 404


async def test_places_waiting_list_and_emergencies_are_counted_apart(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        await it.token(slot)
        await it.token(slot, status=202)
        await it.emergency(slot)
        now = await it.slot_now(slot)
        assert (now["max_capacity"], now["current_capacity"], now["remaining"], now["waiting_list_length"]) == (
            1,
            2,
            0,
            1,
        )


async def test_put_slot_larger_capacity_gives_the_new_places_to_the_waiting_list_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        await it.token(slot)
        waits = [await it.token(slot, status=202) for _ in range(3)]
        better = await it.token(slot, "FOLLOWUP", 202)
        larger = await it.ask("PUT", f"/slots/{slot['id']}/", json={"max_capacity": 3})
        assert [token["id"] for token in larger["promoted"]] == [better["id"], waits[0]["id"]]
        assert {token["status"] for token in larger["promoted"]} == {"CONFIRMED"}
        assert (larger["current_capacity"], larger["waiting_list_length"]) == (3, 2)
        assert larger["moved_to_waiting_list"] == [] and larger.keys() == SLOT | {"promoted", "moved_to_waiting_list"}


async def test_put_slot_refuses_fewer_places_than_are_taken_and_what_does_not_fit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=3)
        for _ in range(2):
            await it.token(slot)
        refused = await it.raw("PUT", f"/slots/{slot['id']}/", json={"max_capacity": 1})
        assert refused.status_code == 409 and refused.json()["code"] == "capacity_taken"
        assert (await it.ask("PUT", f"/slots/{slot['id']}/", json={"max_capacity": 2}))["remaining"] == 0
        for wrong in ({"max_capacity": 0}, {"status": "DELAYED"}, {"end_time": at(30)}, {"colour": 1}):
            assert (await it.raw("PUT", f"/slots/{slot['id']}/", json=wrong)).status_code == 422, wrong
        assert (await it.raw("PUT", f"/slots/{NOBODY}/", json={})).status_code == 404
        await it.slot(minutes=120)
        assert (await it.raw("PUT", f"/slots/{slot['id']}/", json={"end_time": at(130)})).status_code == 409


async def test_a_cancelled_slot_sends_its_visits_to_the_waiting_list_and_opened_again_gives_them_places(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=3)
        first, second, here = await it.token(slot), await it.token(slot, "FOLLOWUP"), await it.token(slot, "WALKIN")
        gone = await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "CANCELLED"})
        assert (gone["status"], gone["current_capacity"], gone["remaining"]) == ("CANCELLED", 0, 0)
        moved = {entry["id"]: entry["position"] for entry in gone["moved_to_waiting_list"]}
        assert moved == {second["id"]: 1, first["id"]: 2}
        assert (await it.seen(first))["status"] == "WAITLISTED" and (await it.seen(here))["visit_status"] == "waiting"
        refused = await it.raw("POST", "/tokens/", json={
            "slot_id": slot["id"], "patient_id": (await it.person())["id"], "category": "ONLINE"})  # fmt: skip
        assert refused.status_code == 409 and refused.json()["code"] == "slot_cancelled"
        back = await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "ACTIVE"})
        assert [token["id"] for token in back["promoted"]] == [second["id"], first["id"]] and back["status"] == "ACTIVE"


async def test_a_slot_cancelled_and_made_smaller_at_once_is_no_error(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=3)
        for _ in range(2):
            await it.token(slot)
        gone = await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "CANCELLED", "max_capacity": 1})
        assert (gone["status"], gone["max_capacity"], gone["waiting_list_length"]) == ("CANCELLED", 1, 2)
        back = await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "ACTIVE"})
        assert len(back["promoted"]) == 1 and back["waiting_list_length"] == 1


async def test_a_moved_slot_takes_its_bookings_and_its_waiting_list_along(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        booked, waits = await it.token(slot), await it.token(slot, status=202)
        moved = {"start_time": "2026-11-23T09:00", "end_time": "2026-11-23T10:00"}
        there = await it.ask("PUT", f"/slots/{slot['id']}/", json=moved)
        assert there["date"] == "2026-11-23" and there["start_time"] == "2026-11-23T09:00:00.000+05:30"
        assert (await it.seen(booked))["estimated_time"] == "2026-11-23T09:00:00.000+05:30"
        assert [entry["id"] for entry in await it.ask("GET", "/waiting-list/?date=2026-11-23")] == [waits["id"]]
        gone = await it.ask("DELETE", f"/tokens/{booked['id']}/")
        assert gone["promoted"]["estimated_time"] == "2026-11-23T09:00:00.000+05:30"
        assert gone["promoted"]["date"] == "2026-11-23"


async def test_a_slot_whose_people_are_here_does_not_move_to_another_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=2)
        here = await it.token(slot, "WALKIN")
        moved = {"start_time": "2026-11-23T09:00", "end_time": "2026-11-23T10:00"}
        refused = await it.raw("PUT", f"/slots/{slot['id']}/", json=moved)
        assert refused.status_code == 409 and refused.json()["hint"]
        later = await it.ask("PUT", f"/slots/{slot['id']}/", json={"start_time": at(90), "end_time": at(150)})
        assert later["date"] == "2026-11-20" and (await it.seen(here))["date"] == "2026-11-20"


async def test_delay_is_set_not_added_and_nought_makes_the_slot_active_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot()
        token = await it.token(slot)
        path = f"/slots/{slot['id']}/delay/"
        for _ in range(2):
            late = await it.ask("PUT", path, json={"delay_minutes": 30})
            assert (late["status"], late["delay_minutes"]) == ("DELAYED", 30)
        assert late.keys() == SLOT | {"affected_slots", "affected_tokens"}
        assert (await it.seen(token))["estimated_time"] == local(90)
        less = await it.ask("PUT", path, json={"delay_minutes": 10})
        assert less["affected_tokens"] == [{"id": token["id"], "estimated_time": local(70)}]
        none = await it.ask("PUT", path, json={"delay_minutes": 0})
        assert (none["status"], none["delay_minutes"]) == ("ACTIVE", 0)
        assert (await it.seen(token))["estimated_time"] == local(60)


async def test_delay_is_passed_on_to_later_slots_less_the_free_time_between(tmp_path: Path) -> None:
    """10:00–11:00, 11:00–12:00 right behind it, 12:10–13:10 after ten free minutes, 14:00 after plenty; another doctor's."""
    async with desk(tmp_path) as it:
        other = await it.doctor()
        first, second = await it.slot(minutes=120), await it.slot(minutes=180)
        third, far = await it.slot(minutes=250), await it.slot(minutes=360)
        theirs = await it.slot(minutes=180, doctor=other["id"])
        tokens = {slot["id"]: await it.token(slot) for slot in (first, second, third, far, theirs)}
        late = await it.ask("PUT", f"/slots/{first['id']}/delay/", json={"delay_minutes": 30})
        assert late["affected_slots"] == [
            {"id": second["id"], "delay_minutes": 30}, {"id": third["id"], "delay_minutes": 20}
        ]  # fmt: skip
        told = {one["id"] for one in late["affected_tokens"]}
        assert told == {tokens[slot["id"]]["id"] for slot in (first, second, third)}
        assert (await it.seen(tokens[third["id"]]))["estimated_time"] == local(270)
        states = [(await it.slot_now(slot))["status"] for slot in (first, second, third, far, theirs)]
        assert states == ["DELAYED", "DELAYED", "DELAYED", "ACTIVE", "ACTIVE"]
        back = await it.ask("PUT", f"/slots/{first['id']}/delay/", json={"delay_minutes": 0})
        assert [one["delay_minutes"] for one in back["affected_slots"]] == [0, 0]


async def test_a_cancelled_slot_delays_nobody_any_more(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        first, second = await it.slot(minutes=60), await it.slot(minutes=120)
        token = await it.token(second)
        await it.ask("PUT", f"/slots/{first['id']}/delay/", json={"delay_minutes": 30})
        assert (await it.slot_now(second))["status"] == "DELAYED"
        await it.ask("PUT", f"/slots/{first['id']}/", json={"status": "CANCELLED"})
        assert (await it.slot_now(second))["status"] == "ACTIVE"
        assert (await it.seen(token))["estimated_time"] == local(120)
        await it.ask("PUT", f"/slots/{first['id']}/", json={"status": "ACTIVE"})
        assert (await it.slot_now(second))["delay_minutes"] == 30


async def test_delay_is_refused_for_a_cancelled_a_past_and_an_unknown_slot_and_beyond_720(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, gone = await it.slot(minutes=60), await it.slot(minutes=180)
        await it.ask("PUT", f"/slots/{gone['id']}/", json={"status": "CANCELLED"})
        refused = await it.raw("PUT", f"/slots/{gone['id']}/delay/", json={"delay_minutes": 5})
        assert refused.status_code == 409 and refused.json()["code"] == "slot_cancelled"
        assert (await it.raw("PUT", f"/slots/{NOBODY}/delay/", json={"delay_minutes": 5})).status_code == 404
        for wrong in (
            {"delay_minutes": -1},
            {"delay_minutes": 721},
            {},
            {"delay_minutes": "5"},
            {"delay_minutes": 1.5},
        ):
            assert (await it.raw("PUT", f"/slots/{slot['id']}/delay/", json=wrong)).status_code == 422, wrong
        it.site.it.pass_time(3 * 3600)
        past = await it.raw("PUT", f"/slots/{slot['id']}/delay/", json={"delay_minutes": 5})
        assert past.status_code == 409 and past.json()["code"] == "past"


async def test_people_with_a_token_are_told_of_a_delay(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot()
        asked = await it.person(notify=True)
        await it.token(slot, patient_id=asked["id"])
        await it.token(slot)
        await it.ask("PUT", f"/slots/{slot['id']}/delay/", json={"delay_minutes": 20})
        told = it.site.it.rows("select json_extract(body, '$.topic') from effects where kind = 'notify' order by id")
        assert told == [("booked",), ("delayed",)], "only who agreed, and once"


async def test_get_tokens_of_a_slot_stand_by_place_and_narrow_by_status(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=4)
        online, followup = await it.token(slot), await it.token(slot, "FOLLOWUP")
        urgent, gone = await it.emergency(slot), await it.token(slot, "PRIORITY_PAID")
        assert await it.places(slot) == [urgent["id"], gone["id"], followup["id"], online["id"]]
        await it.ask("DELETE", f"/tokens/{gone['id']}/")
        assert await it.places(slot) == [urgent["id"], followup["id"], online["id"]]
        listed = await it.raw("GET", f"/slots/{slot['id']}/tokens/")
        assert [token["id"] for token in listed.json()][-1] == gone["id"] and listed.headers["X-Total-Count"] == "4"
        only = await it.ask("GET", f"/slots/{slot['id']}/tokens/?status=CANCELLED")
        assert [token["id"] for token in only] == [gone["id"]]
        assert (await it.raw("GET", f"/slots/{NOBODY}/tokens/")).status_code == 404
        assert (await it.raw("GET", f"/slots/{slot['id']}/tokens/?status=LOST")).status_code == 422


@pytest.mark.parametrize("changes", [{"max_capacity": 5}, {"status": "CANCELLED"}, {"start_time": at(90)}])
async def test_put_slot_sent_again_under_its_key_is_done_once(tmp_path: Path, changes: dict[str, object]) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        await it.token(slot)
        await it.token(slot, status=202)
        key = {"Idempotency-Key": "k"}
        sent = [await it.raw("PUT", f"/slots/{slot['id']}/", json=changes, headers=key) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [200, 200]
        assert sent[0].json()["promoted"] == sent[1].json()["promoted"]
        assert len(it.site.it.rows("select 1 from events where kind = 'slot_changed'")) == 1
