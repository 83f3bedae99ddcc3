"""What the desk is told: who is where, by name, and what reception needs to act; and the manager's page.

The clinic of these tests is in India: site time is 5:30 ahead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.domain.booking_commands import AddSlot, BookVisit, EmergencyMessage, NewPerson, RegisterVisit
from edge.domain.care_commands import RaiseUrgency
from edge.domain.commands import CancelVisit, CheckIn, MarkNoShow, OpenDay, ParkVisit, SetUrgency
from shared.care_commands import BY_MODEL
from shared.ids import new_id
from tests.clinic import DAY, Clinic
from tests.edge_web import web

HOUR_MS = 3_600_000


async def _came(it: Clinic, name: str, **more: Any) -> dict[str, Any]:
    result = await it.accepted(
        RegisterVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson(name, "+15550001"), **more
    )
    visit: dict[str, Any] = result["visit"]
    return visit


async def _booked(it: Clinic, name: str, slot_id: str) -> dict[str, Any]:
    result = await it.accepted(
        BookVisit, visit_id=new_id(), new_person_id=new_id(), person=NewPerson(name, "+15550002"), slot_id=slot_id
    )
    visit: dict[str, Any] = result["visit"]
    return visit


async def test_desk_sees_everybody_by_name_with_reason_place_wait_and_why(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("rita", "reception")
        page = await site.page("rita")
        first = await _came(site.it, "Ana", reason="Cough", urgency=9)
        await _came(site.it, "Bo", urgency=3, claimed_by_patient=True)
        state = (await page.get("/api/v1/desk")).json()
        ana, bo = state["waiting"]
        assert (ana["name"], ana["phone"], ana["reason"], ana["position"]) == ("Ana", "+15550001", "Cough", 1)
        assert (bo["position"], bo["reason"], bo["why_code"]) == (2, None, "weighted_load")
        assert bo["why_values"]["urgency"] == 3 and bo["wait"]["min"] <= bo["wait"]["mid"] <= bo["wait"]["max"]
        (doctor,) = state["doctors"]
        assert (doctor["next"], doctor["waiting"]) == ([ana["id"], bo["id"]], 2)
        assert state["services"] == [{"letter": "A", "name": "General", "is_open": True, "policy": "weighted"}]
        await site.it.call()
        (doctor,) = (await page.get("/api/v1/desk")).json()["doctors"]
        assert (doctor["called"][0]["id"], doctor["called"][0]["name"]) == (first["id"], "Ana")


async def test_desk_sees_who_is_to_come_on_hold_or_missed_and_what_was_said(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        await site.add_staff("rita", "reception")
        page = await site.page("rita")
        now_ms = it.store.clock.now_ms()
        slot_id = new_id()
        await it.accepted(
            AddSlot, slot_id=slot_id, doctor_id=it.doctor_id, day=DAY, start_ms=now_ms + 2 * HOUR_MS,
            end_ms=now_ms + 3 * HOUR_MS, max_capacity=1,
        )  # fmt: skip
        early = await _booked(it, "Eve Early", slot_id)
        await _booked(it, "Lin Listed", slot_id)
        await it.accepted(CheckIn, visit_id=early["id"])
        parked, missed = await _came(it, "Pat Parked"), await _came(it, "Max Missed")
        await it.accepted(ParkVisit, visit_id=parked["id"], minutes=10)
        await it.accepted(MarkNoShow, visit_id=missed["id"])
        await it.accepted(
            EmergencyMessage, broadcast_id=new_id(), doctor_id=it.doctor_id, message="Back at nine", delay_min=30
        )
        state = (await page.get("/api/v1/desk")).json()
        assert [(one["name"], one["status"]) for one in state["booked"]] == [
            ("Eve Early", "booked"), ("Lin Listed", "waitlisted"),
        ]  # fmt: skip
        assert state["booked"][0]["arrived_at"] == "2026-11-20T13:30:00.000+05:30"
        assert state["booked"][0]["timer_at"] == "2026-11-20T15:00:00.000+05:30", "joins half an hour before"
        assert [(one["name"], one["timer_at"]) for one in state["parked"]] == [
            ("Pat Parked", "2026-11-20T13:40:00.000+05:30")
        ]
        assert [one["name"] for one in state["missed"]] == ["Max Missed"]
        (message,) = state["broadcasts"]
        assert (message["message"], message["delay_min"]) == ("Back at nine", 30)
        assert {act["kind"] for act in state["last_acts"]} >= {"park_visit", "mark_no_show"}


async def test_desk_shows_that_a_model_raised_somebody_and_why_until_staff_have_looked(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("rita", "reception")
        page = await site.page("rita")
        visit = await _came(site.it, "Ana", urgency=4)

        async def raised(urgency: int, reason: str, actor: str = BY_MODEL) -> None:
            command = {"visit_id": visit["id"], "urgency": urgency, "reason": reason, "actor": actor}
            assert (await site.it.accepted(RaiseUrgency, **command))["raised"]

        async def mark() -> tuple[str | None, int]:
            (row,) = (await page.get("/api/v1/desk")).json()["waiting"]
            return row["raised"], row["urgency"]

        async def looked(urgency: int) -> Any:
            return await page.post(f"/api/v1/visits/{visit['id']}/looked-at", json={"urgency": urgency})

        await raised(5, "cough", actor="cloud:triage")
        assert await mark() == (None, 5), "rules raised it, as the clinic's own do"
        await raised(6, "chest_pain, dizziness")
        assert await mark() == ("chest_pain, dizziness", 6)
        await raised(8, "")
        assert await mark() == ("", 8), "why is not always known"
        stale = await looked(6)
        assert (stale.status_code, stale.json()["type"].rpartition(":")[2]) == (409, "wrong_state")
        assert await mark() == ("", 8), "nobody has seen that it was raised once more"
        done = (await looked(8)).raise_for_status().json()
        assert await mark() == (None, 8), "looking changes no urgency"
        (actor, reason), = site.it.rows("select actor, reason from visit_intervals order by version desc limit 1")  # fmt: skip
        assert actor.startswith("staff:") and reason == "looked at"
        (await page.post("/api/v1/visits/undo", json={"undo_id": done["undo_id"]})).raise_for_status()
        assert await mark() == ("", 8), "taken back, it is there again"
        await site.it.accepted(SetUrgency, visit_id=visit["id"], urgency=7)
        assert await mark() == (None, 7), "staff's own word settles it too"


async def test_desk_begins_the_morning_without_the_numbers_and_acts_of_the_day_before(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        await site.add_staff("rita", "reception")
        page = await site.page("rita")
        await it.accepted(MarkNoShow, visit_id=(await _came(it, "Yan Yesterday"))["id"])
        await _came(it, "Ned Never")
        state = (await page.get("/api/v1/desk")).json()
        assert [one["token_number"] for one in state["finished"]] == ["A-001"] and len(state["last_acts"]) == 1
        it.pass_time(24 * 3600)
        await it.accepted(OpenDay, day="2026-11-21")
        morning = (await (await site.page("rita")).get("/api/v1/desk")).json()
        assert (morning["finished"], morning["last_acts"]) == ([], [])
        await it.accepted(MarkNoShow, visit_id=(await _came(it, "Tom Today"))["id"])
        later = (await (await site.page("rita")).get("/api/v1/desk")).json()
        assert [one["token_number"] for one in later["finished"]] == ["A-001"], "today's, not yesterday's"
        assert [act["kind"] for act in later["last_acts"]] == ["mark_no_show"]


async def test_acts_that_can_be_taken_back_say_whom_they_were_about_also_before_there_is_a_number(
    tmp_path: Path,
) -> None:
    async with web(tmp_path) as site:
        it = site.it
        await site.add_staff("rita", "reception")
        page = await site.page("rita")
        now_ms, slot_id = it.store.clock.now_ms(), new_id()
        hour = {"start_ms": now_ms, "end_ms": now_ms + HOUR_MS, "max_capacity": 4, "day": DAY}
        await it.accepted(AddSlot, slot_id=slot_id, doctor_id=it.doctor_id, **hour)
        bea, cal = await _booked(it, "Bea Booked", slot_id), await _booked(it, "Cal Cancelled", slot_id)
        await it.accepted(CheckIn, visit_id=bea["id"])
        await it.accepted(CancelVisit, visit_id=cal["id"])
        acts = (await page.get("/api/v1/desk")).json()["last_acts"]
        assert [(act["kind"], act["token"], act["name"]) for act in acts] == [
            ("cancel_visit", None, "Cal Cancelled"), ("check_in", "A-001", "Bea Booked"),
        ]  # fmt: skip


async def test_screens_hear_no_name_of_what_the_desk_sees(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await _came(site.it, "Ana Secret", reason="Private matter")
        screen = await site.screen("display")
        assert (await screen.get("/api/v1/desk")).status_code == 403
        shown = (await screen.get("/api/v1/display")).text
        assert "Secret" not in shown and "Private" not in shown


async def test_manager_page_sends_who_is_no_manager_to_sign_in(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("mia", "manager")
        await site.add_staff("rita", "reception")
        for path in ("/admin", "/admin/"):
            stranger = await site.http.get(path)
            assert (stranger.status_code, stranger.headers["location"]) == (303, "/pages/sign-in?next=/admin/")
            reception = await (await site.page("rita")).get(path)
            assert (reception.status_code, reception.headers["location"]) == (
                303, "/pages/sign-in?next=/admin/&role=manager",
            )  # fmt: skip
            manager = await (await site.page("mia")).get(path)
            assert manager.status_code == 200 and "text/html" in manager.headers["content-type"]


async def test_manager_page_that_was_never_built_says_what_to_do(tmp_path: Path) -> None:
    async with web(tmp_path, options={"static": tmp_path / "nothing"}) as site:
        await site.add_staff("mia", "manager")
        answer = await (await site.page("mia")).get("/admin/")
        assert (answer.status_code, answer.json()["hint"]) == (503, "Run `make pages` once and start again.")
