"""Seed 001's tokens over HTTP: asking, priority, places, cancelling, emergencies, no-shows, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.desk_001 import NOBODY, Desk, Json, at, desk, local

TOKEN = {
    "id", "slot_id", "patient_id", "token_number", "priority", "category", "status", "estimated_time", "actual_time",
    "created_at", "updated_at", "number_printed", "visit_status", "number", "doctor_id", "over_capacity", "date",
}  # fmt: skip
TRACKING = {"tracking_token", "tracking_url"}


async def undo(it: Desk, act: Json) -> Any:
    return await it.ask("POST", "/visits/undo", json={"undo_id": act["undo_id"]})


async def test_post_tokens_gives_a_place_with_every_field_and_a_link_to_follow_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, person = await it.slot(capacity=15), await it.person()
        made = await it.token(slot, "ONLINE", patient_id=person["id"])
        assert made.keys() == TOKEN | TRACKING
        assert (made["slot_id"], made["patient_id"], made["doctor_id"]) == (slot["id"], person["id"], slot["doctor"])
        assert (made["status"], made["visit_status"], made["token_number"]) == ("CONFIRMED", "booked", 1)
        assert made["number_printed"] is None, "paper has a number only once somebody is here"
        assert (made["priority"], made["estimated_time"], made["actual_time"]) == (4.0, local(60), None)
        assert made["created_at"] == made["updated_at"] == local(0)
        assert made["tracking_url"].endswith(made["tracking_token"])
        seen = await it.seen(made)
        assert seen == {name: made[name] for name in TOKEN}
        assert await it.ask("GET", f"/tokens/{made['number']}/") == seen


@pytest.mark.parametrize(
    ("category", "base"),
    [("EMERGENCY", 1.0), ("PRIORITY_PAID", 2.0), ("FOLLOWUP", 3.0), ("ONLINE", 4.0), ("WALKIN", 5.0)],
)
async def test_each_category_has_its_base_and_only_who_is_here_waits(
    tmp_path: Path, category: str, base: float
) -> None:
    async with desk(tmp_path) as it:
        made = await it.token(await it.slot(), category)
        here = category in ("EMERGENCY", "WALKIN")
        assert (made["priority"], made["visit_status"]) == (base, "waiting" if here else "booked")
        assert made["number_printed"] == ("A-001" if here else None)


async def test_the_seeds_worked_example_3_80_before_3_95(tmp_path: Path) -> None:
    """001:268: A booked two hours ago, B half an hour ago, both online; A gets the token before B."""
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1, minutes=300)
        holder = await it.token(slot)
        a = await it.token(slot, status=202)
        it.site.it.pass_time(90 * 60)
        b = await it.token(slot, status=202)
        it.site.it.pass_time(30 * 60)
        listed = await it.ask("GET", f"/waiting-list/by_slot/?slot_id={slot['id']}")
        assert [(entry["id"], entry["priority"]) for entry in listed] == [(a["id"], 3.8), (b["id"], 3.95)]
        gone = await it.ask("DELETE", f"/tokens/{holder['id']}/")
        assert (gone["promoted"]["id"], gone["promoted"]["priority"]) == (a["id"], 3.8)


async def test_priority_falls_with_the_hours_since_booking_and_by_one_at_most(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        made = await it.token(await it.slot(minutes=2000))
        for hours, priority in ((0, 4.0), (0.1, 3.99), (0.5, 3.95), (2, 3.8), (10, 3.0), (24, 3.0)):
            it.site.it.store.clock.start_ms += int(hours * 3_600_000)
            assert (await it.seen(made))["priority"] == priority
            it.site.it.store.clock.start_ms -= int(hours * 3_600_000)


async def test_places_stand_by_priority_shift_on_insertion_and_close_up_after_a_cancellation(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=5)
        walkin, online = await it.token(slot, "WALKIN"), await it.token(slot)
        assert (walkin["token_number"], online["token_number"]) == (1, 1), "the better tier is put before"
        paid, later = await it.token(slot, "PRIORITY_PAID"), await it.token(slot)
        assert await it.places(slot) == [paid["id"], online["id"], later["id"], walkin["id"]]
        assert (await it.seen(walkin))["number_printed"] == walkin["number_printed"] == "A-001"
        await it.ask("DELETE", f"/tokens/{paid['id']}/")
        assert await it.places(slot) == [online["id"], later["id"], walkin["id"]]
        assert (await it.seen(walkin))["number_printed"] == "A-001", "compaction never touches paper"


async def test_estimated_time_of_a_booking_follows_its_place_and_of_somebody_here_the_queue(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=5)
        tokens = [await it.token(slot) for _ in range(3)]
        assert [(await it.seen(token))["estimated_time"] for token in tokens] == [local(60), local(75), local(90)]
        here = await it.token(slot, "WALKIN")
        assert (await it.seen(here))["estimated_time"] == local(0), "nobody is before it now"
        await it.ask("POST", f"/doctors/{slot['doctor']}/call-next")
        await it.ask("POST", f"/visits/{here['id']}/start")
        begun = await it.seen(here)
        assert begun["actual_time"] == local(0) and begun["visit_status"] == "in_consultation"
        assert begun["status"] == "CONFIRMED" and begun["updated_at"] == local(0)
        it.site.it.pass_time(600)
        await it.ask("POST", f"/visits/{here['id']}/complete")
        over = await it.seen(here)
        assert (over["status"], over["actual_time"], over["updated_at"]) == ("COMPLETED", local(0), local(10))


async def test_a_full_slot_puts_on_the_waiting_list_with_202_or_refuses_when_asked_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        await it.token(slot)
        waits = await it.token(slot, status=202)
        assert waits.keys() == TOKEN | TRACKING | {"waiting_list_id", "position"}
        assert (waits["status"], waits["position"], waits["token_number"]) == ("WAITLISTED", 1, None)
        better = await it.token(slot, "PRIORITY_PAID", 202)
        assert better["position"] == 1 and (await it.seen(waits))["position"] == 2
        refused = await it.token(slot, status=409, waitlist=False)
        assert refused["code"] == "full" and refused["hint"]
        assert waits["id"] == waits["waiting_list_id"] and len(await it.ask("GET", "/tokens/")) == 1


async def test_post_tokens_refuses_unknown_ids_cancelled_and_past_slots_and_what_does_not_fit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, person = await it.slot(minutes=60), await it.person()
        good = {"slot_id": slot["id"], "patient_id": person["id"], "category": "ONLINE"}
        for change in ({"slot_id": NOBODY}, {"patient_id": NOBODY}, {"slot_id": "1"}, {"patient_id": "1"}):
            assert (await it.raw("POST", "/tokens/", json={**good, **change})).status_code == 404, change
        wrong: list[Json] = [
            {"category": "VIP"}, {"category": None}, {"slot_id": 5}, {"waitlist": "no"}, {"paid_at": "yesterday"},
            {"override": ""}, {"token_number": 1}, {"paid_at": "0001-01-01T00:00:00Z"},
        ]  # fmt: skip
        for change in wrong:
            assert (await it.raw("POST", "/tokens/", json={**good, **change})).status_code == 422, change
        assert (await it.raw("POST", "/tokens/", json={"slot_id": slot["id"]})).status_code == 422
        gone = await it.slot(minutes=180)
        await it.ask("PUT", f"/slots/{gone['id']}/", json={"status": "CANCELLED"})
        assert (await it.raw("POST", "/tokens/", json={**good, "slot_id": gone["id"]})).json()[
            "code"
        ] == "slot_cancelled"
        it.site.it.pass_time(2 * 3600)
        past = await it.raw("POST", "/tokens/", json=good)
        assert past.status_code == 409 and past.json()["code"] == "past"


async def test_a_kiosk_gets_a_token_but_no_emergency_no_paid_place_and_no_exception(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, person = await it.slot(capacity=5), await it.person()
        kiosk = await it.site.screen("kiosk")
        wanted = {"slot_id": slot["id"], "patient_id": person["id"]}
        for more in (
            {"category": "EMERGENCY"}, {"category": "PRIORITY_PAID"}, {"category": "ONLINE", "override": "again"},
            {"category": "ONLINE", "paid_at": at(0)},
        ):  # fmt: skip
            refused = await kiosk.post("/api/v1/tokens/", json={**wanted, **more})
            assert refused.status_code == 403 and refused.json()["hint"], more
        for category, status in (("WALKIN", 201), ("ONLINE", 409)):
            answer = await kiosk.post("/api/v1/tokens/", json={**wanted, "category": category})
            assert answer.status_code == status
        devices = it.site.it.rows("select distinct substr(device, 1, 6) from visit_intervals")
        assert devices == [("kiosk:",)]


async def test_the_same_key_sent_again_gives_one_token_and_the_same_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, person = await it.slot(capacity=1), await it.person()
        body = {"slot_id": slot["id"], "patient_id": person["id"], "category": "ONLINE"}
        key = {"Idempotency-Key": "tap"}
        first = await it.raw("POST", "/tokens/", json=body, headers=key)
        it.site.it.pass_time(1200)
        await it.emergency(slot)
        again = await it.raw("POST", "/tokens/", json=body, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
        other = await it.raw("POST", "/tokens/", json={**body, "category": "FOLLOWUP"}, headers=key)
        assert other.status_code == 422 and len(await it.ask("GET", "/tokens/")) == 2
        waits = {**body, "patient_id": (await it.person())["id"]}
        sent = [await it.raw("POST", "/tokens/", json=waits, headers={"Idempotency-Key": "wait"}) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [202, 202]


async def test_double_booking_by_day_is_refused_naming_the_visit_and_staff_may_allow_it_with_a_reason(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        other, person = await it.doctor(), await it.person()
        mine, theirs = await it.slot(), await it.slot(doctor=other["id"])
        tomorrow = await it.slot(minutes=1440)
        token = await it.token(mine, "WALKIN", patient_id=person["id"])
        refused = await it.token(theirs, status=409, patient_id=person["id"])
        assert refused["code"] == "double_booking" and token["number_printed"] in refused["detail"]
        await it.token(tomorrow, patient_id=person["id"])
        second = await it.token(theirs, patient_id=person["id"], override="needs both doctors")
        assert second["status"] == "CONFIRMED"
        why = it.site.it.rows("select reason from visit_intervals where reason <> ''")
        assert why == [("a second visit of the day: needs both doctors",)]


async def test_double_booking_by_doctor_and_day_allows_another_doctor_and_counts_the_waiting_list(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        await it.rules(double_booking="doctor_day")
        other, person = await it.doctor(), await it.person()
        mine, later, theirs = await it.slot(capacity=1), await it.slot(minutes=120), await it.slot(doctor=other["id"])
        await it.token(mine)
        await it.token(mine, status=202, patient_id=person["id"])
        assert (await it.token(later, status=409, patient_id=person["id"]))["code"] == "double_booking"
        assert (await it.token(theirs, patient_id=person["id"]))["status"] == "CONFIRMED"


async def test_an_emergency_enters_a_full_slot_first_and_after_emergencies_already_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        booked, waits = await it.token(slot), await it.token(slot, status=202)
        first = await it.emergency(slot)
        assert first.keys() == TOKEN | TRACKING
        assert (first["category"], first["token_number"], first["over_capacity"]) == ("EMERGENCY", 1, True)
        it.site.it.pass_time(60)
        second = await it.emergency(slot)
        assert second["token_number"] == 2
        assert await it.places(slot) == [first["id"], second["id"], booked["id"]]
        now = await it.slot_now(slot)
        assert (now["current_capacity"], now["max_capacity"]) == (3, 1)
        gone = await it.ask("DELETE", f"/tokens/{first['id']}/")
        assert gone["promoted"] is None and (await it.seen(waits))["status"] == "WAITLISTED"
        gone = await it.ask("DELETE", f"/tokens/{booked['id']}/")
        assert gone["promoted"]["id"] == waits["id"], "an ordinary place is free again"


async def test_an_emergency_in_a_slot_with_room_takes_an_ordinary_place(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        urgent = await it.emergency(slot)
        assert urgent["over_capacity"] is False and (await it.slot_now(slot))["remaining"] == 0


async def test_an_emergency_with_an_open_visit_that_day_becomes_it_and_keeps_the_printed_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, later = await it.slot(capacity=3), await it.slot(minutes=180)
        here, person = await it.token(slot, "WALKIN"), await it.person()
        booked = await it.token(later, patient_id=person["id"])
        urgent = await it.emergency(slot, patient_id=here["patient_id"])
        assert (urgent["id"], urgent["number_printed"], urgent["category"]) == (here["id"], "A-001", "EMERGENCY")
        it.site.it.pass_time(60)
        came = await it.emergency(slot, patient_id=person["id"])
        assert (came["id"], came["visit_status"], came["number_printed"]) == (booked["id"], "waiting", "A-002")
        assert came["priority"] == 1.0 and len(await it.ask("GET", "/tokens/")) == 2


async def test_whoever_is_made_an_emergency_later_stands_behind_those_who_were_one_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=5)
        booked, walkin = await it.token(slot), await it.token(slot, "WALKIN")
        await it.ask("POST", f"/visits/{walkin['id']}/flag-emergency")
        it.site.it.pass_time(60)
        urgent = await it.emergency(slot)
        it.site.it.pass_time(60)
        await it.emergency(slot, patient_id=booked["patient_id"])
        assert await it.places(slot) == [walkin["id"], urgent["id"], booked["id"]]
        flagged = await it.seen(walkin)
        assert (flagged["category"], flagged["priority"]) == ("EMERGENCY", 1.0)


async def test_an_emergency_is_refused_for_unknown_ids_and_a_cancelled_slot(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot, person = await it.slot(), await it.person()
        assert (await it.emergency({"id": NOBODY}, 404))["hint"]
        assert (await it.emergency(slot, 404, NOBODY))["hint"]
        assert (await it.raw("POST", "/tokens/emergency/", json={"slot_id": slot["id"]})).status_code == 422
        await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "CANCELLED"})
        assert (await it.emergency(slot, 409, person["id"]))["code"] == "slot_cancelled"


async def test_delete_token_cancels_promotes_and_says_the_same_again_doing_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        token = await it.token(slot)
        first, second = await it.token(slot, status=202), await it.token(slot, status=202)
        it.site.it.pass_time(300)
        gone = await it.ask("DELETE", f"/tokens/{token['id']}/")
        assert gone.keys() == TOKEN | {"promoted", "undo_id"}
        assert (gone["status"], gone["token_number"], gone["updated_at"]) == ("CANCELLED", None, local(5))
        assert gone["promoted"].keys() == TOKEN and gone["promoted"]["id"] == first["id"]
        assert (gone["promoted"]["status"], gone["promoted"]["token_number"]) == ("CONFIRMED", 1)
        assert await it.ask("DELETE", f"/tokens/{token['id']}/") == gone
        assert (await it.seen(second))["status"] == "WAITLISTED" and (await it.slot_now(slot))["current_capacity"] == 1
        assert (await it.seen(token))["status"] == "CANCELLED", "the row stays"
        assert (await it.raw("DELETE", f"/tokens/{NOBODY}/")).status_code == 404


async def test_delete_token_takes_somebody_off_the_waiting_list(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        await it.token(slot)
        waits = await it.token(slot, status=202)
        gone = await it.ask("DELETE", f"/tokens/{waits['waiting_list_id']}/")
        assert gone["status"] == "CANCELLED" and gone["promoted"] is None
        assert await it.ask("GET", "/waiting-list/") == []


async def test_delete_token_is_refused_during_and_after_the_consultation(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        token = await it.token(await it.slot(), "WALKIN")
        await it.ask("POST", "/doctors/1/call-next")
        for act, word in (("start", "in consultation"), ("complete", "completed")):
            await it.ask("POST", f"/visits/{token['id']}/{act}")
            refused = await it.raw("DELETE", f"/tokens/{token['id']}/")
            assert refused.status_code == 409 and word in refused.json()["detail"] and refused.json()["hint"]


async def test_undo_of_a_cancel_after_the_place_was_given_away_pushes_nobody_out(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        token, waits = await it.token(slot), await it.token(slot, status=202)
        gone = await it.ask("DELETE", f"/tokens/{token['id']}/")
        await undo(it, gone)
        back, promoted = await it.seen(token), await it.seen(waits)
        assert (back["status"], back["over_capacity"]) == ("CONFIRMED", True)
        assert (promoted["status"], promoted["over_capacity"]) == ("CONFIRMED", False)
        assert await it.places(slot) == [token["id"], waits["id"]]
        assert (await it.slot_now(slot))["current_capacity"] == 2
        again = await it.ask("DELETE", f"/tokens/{token['id']}/")
        assert again["undo_id"] != gone["undo_id"] and again["promoted"] is None


async def test_undo_of_a_cancel_whose_place_is_still_free_gives_it_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        token = await it.token(slot)
        await undo(it, await it.ask("DELETE", f"/tokens/{token['id']}/"))
        back = await it.seen(token)
        assert (back["status"], back["over_capacity"], back["token_number"]) == ("CONFIRMED", False, 1)


async def test_undo_of_a_cancel_gives_no_place_in_a_slot_that_was_cancelled_meanwhile(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=2)
        booked, here = await it.token(slot), await it.token(slot, "WALKIN")
        gone = [await it.ask("DELETE", f"/tokens/{token['id']}/") for token in (booked, here)]
        await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "CANCELLED"})
        refused = await it.raw("POST", "/visits/undo", json={"undo_id": gone[0]["undo_id"]})
        assert refused.status_code == 409 and refused.json()["code"] == "slot_cancelled" and refused.json()["hint"]
        await undo(it, gone[1])
        assert (await it.seen(here))["visit_status"] == "waiting", "who is in the house waits, without a place"
        assert (await it.slot_now(slot))["current_capacity"] == 0


async def test_no_show_acts_at_once_promotes_and_is_undone(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=1)
        token, waits = await it.token(slot), await it.token(slot, status=202)
        missed = await it.ask("POST", f"/tokens/{token['id']}/no_show/")
        assert missed.keys() == TOKEN | {"promoted", "undo_id"}
        assert (missed["status"], missed["visit_status"]) == ("NO_SHOW", "no_show")
        assert missed["promoted"]["id"] == waits["id"]
        again = await it.raw("POST", f"/tokens/{token['id']}/no_show/")
        assert again.status_code == 409 and "no show" in again.json()["detail"]
        await undo(it, missed)
        assert (await it.seen(token))["over_capacity"] is True


async def test_no_show_is_refused_for_nobody_a_body_and_somebody_inside(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        token = await it.token(await it.slot(), "WALKIN")
        path = f"/tokens/{token['id']}/no_show/"
        assert (await it.raw("POST", f"/tokens/{NOBODY}/no_show/")).status_code == 404
        assert (await it.raw("POST", path, json={"grace": 5})).status_code == 422
        await it.ask("POST", "/doctors/1/call-next")
        await it.ask("POST", f"/visits/{token['id']}/start")
        assert (await it.raw("POST", path)).status_code == 409


async def test_get_token_answers_404_for_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for wrong in (NOBODY, "99", "emergency", "x" * 200):
            assert (await it.raw("GET", f"/tokens/{wrong}/")).status_code == 404


async def test_a_press_of_the_kiosks_button_is_a_token_without_slot_and_person(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        visit = await it.site.it.issue()
        seen = await it.ask("GET", f"/tokens/{visit['id']}/")
        assert (seen["slot_id"], seen["patient_id"], seen["token_number"]) == (None, None, None)
        assert (seen["number_printed"], seen["category"], seen["priority"]) == ("A-001", "WALKIN", 5.0)
