"""Our own acts on a visit, how queues are ordered, and how honest promises were: the real application over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.domain.booking_commands import NewPerson
from edge.domain.commands import (
    AddDoctor,
    AddService,
    CallNext,
    CancelVisit,
    ChangeDoctor,
    CheckIn,
    CompleteConsultation,
    MarkNoShow,
    ParkVisit,
    StartConsultation,
    TimerDue,
)
from shared.ids import new_id
from tests import book
from tests.edge_web import Web, web
from tests.face_003 import MANAGER, at, hour, staff

VISITS, QUEUES = "/api/v1/visits", "/api/v1/queues"
ACTS = (
    "call", "recall", "start", "complete", "no-show", "skip", "park", "resume", "transfer", "return", "cancel", "urgency",
    "flag-emergency", "move", "check-in",
)  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {"park": {"minutes": 5}, "urgency": {"urgency": 5}, "move": {"place": 1}}


async def post(site: Web, visit: dict[str, Any], act: str, body: Any = None, **headers: Any) -> httpx.Response:
    """Do something with a visit, as a manager unless `headers` say otherwise."""
    return await site.http.post(f"{VISITS}/{visit['id']}/{act}", json=body, headers=headers.get("headers", MANAGER))


async def done(site: Web, visit: dict[str, Any], act: str, body: Any = None) -> dict[str, Any]:
    """Do it; it must succeed. Returns the whole answer."""
    answer = await post(site, visit, act, body)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def undo(site: Web, undo_id: str) -> httpx.Response:
    """Take an act back."""
    return await site.http.post(f"{VISITS}/undo", json={"undo_id": undo_id}, headers=MANAGER)


async def second_doctor(site: Web, **values: Any) -> str:
    """Dr. Ode in Room 3; returns the id."""
    other = new_id()
    await site.it.accepted(AddDoctor, doctor_id=other, name="Dr. Ode", room="Room 3", **values)
    return other


# --- the visit --------------------------------------------------------------------------------------------------------


async def test_a_visit_tells_staff_where_it_stands_why_and_who_it_is(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await book.register(site.it)
        visit = await book.register(site.it, person=NewPerson("Asha Verma", "+9199"), reason="cough")
        answer = await site.http.get(f"{VISITS}/{visit['number']}", headers=MANAGER)
        body = answer.json()
        assert body["id"] == visit["id"] and body["token_number"] == "A-002" and body["position"] == 2
        assert (
            body["estimated_wait_range"]["min"] <= body["estimated_wait_minutes"] <= body["estimated_wait_range"]["max"]
        )
        assert "Urgency 5" in body["why"] and body["why_code"] == "weighted_load" and body["why_values"]["load"] == 2
        assert (
            body["person"]["name"] == "Asha Verma" and body["person"]["phone"] == "+9199" and body["reason"] == "cough"
        )
        assert body["due_at"] is None and body["slip"] == "queued" and body["doctor_name"] == "Dr. Rao"
        assert (await site.http.get(f"{VISITS}/{visit['id']}/", headers=MANAGER)).json() == body


async def test_a_kiosk_sees_a_visit_without_its_person_and_a_screen_or_stranger_none(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it, person=NewPerson("Asha Verma", "+9199"), reason="cough")
        path = f"{VISITS}/{visit['id']}"
        seen = await (await site.screen("kiosk")).get(path)
        assert seen.status_code == 200 and "person" not in seen.json() and "reason" not in seen.json()
        assert "Asha" not in seen.text and "cough" not in seen.text
        assert (await (await site.screen("display")).get(path)).status_code == 403
        assert (await site.http.get(path)).status_code == 401
        assert (await site.http.get(f"{VISITS}/{new_id()}", headers=MANAGER)).status_code == 404
        assert (await site.http.get(f"{VISITS}/nobody", headers=MANAGER)).status_code == 404


async def test_a_booking_tells_when_it_is_due_and_has_no_place_yet(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.book(site.it, (await hour(site, "15:00"))["id"])
        body = (await site.http.get(f"{VISITS}/{visit['id']}", headers=MANAGER)).json()
        assert body["due_at"] == "2026-11-20T15:00:00.000+05:30" and body["position"] is None
        assert body["estimated_wait_minutes"] is None and body["token_number"] is None and body["why"] == ""


async def test_a_drawn_token_comes_with_its_link(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        kiosk = await site.screen("kiosk")
        made = (await kiosk.post(VISITS, json={"service": "A"})).json()
        followed = (await site.http.get(f"/api/appointments/track/{made['tracking_token']}")).json()["data"]
        assert followed["appointment"]["tokenNumber"] == "A-001"
        assert made["tracking_url"].endswith(f"#{made['tracking_token']}")


# --- acts -------------------------------------------------------------------------------------------------------------


async def test_a_chosen_one_is_called_whoever_stands_before_it(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(3)]
        called = await done(site, visits[2], "call", {"doctor_id": site.it.doctor_id})
        assert called["visit"]["status"] == "called" and called["visit"]["room"] == "Room 2"
        assert (await undo(site, called["undo_id"])).status_code == 200
        assert (await done(site, visits[1], "call", {"doctor_id": "1"}))["visit"]["status"] == "called"
        busy = await post(site, visits[0], "call")
        assert busy.status_code == 409 and busy.json()["code"] == "doctor_busy"


async def test_a_call_names_a_doctor_who_exists_and_the_same_service(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddService, letter="L", name="Lab")
        lab = await second_doctor(site, service="L")
        visit = await site.it.issue()
        assert (await post(site, visit, "call", {"doctor_id": new_id()})).status_code == 404
        assert (await post(site, visit, "call")).status_code == 422
        assert (await post(site, visit, "call", {"doctor_id": lab})).json()["code"] == "other_service"


async def test_a_visit_on_hold_leaves_the_queue_and_comes_back(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit, behind = await book.register(site.it), await book.register(site.it)
        parked = await done(site, visit, "park", {"minutes": 10, "reason": "blood test"})
        assert parked["visit"]["status"] == "parked"
        log = site.it.rows("select reason, device from visit_intervals where status = 'parked'")
        assert log == [("blood test", "api")]
        first = (await site.http.get(f"{VISITS}/{behind['id']}", headers=MANAGER)).json()
        assert first["position"] == 1
        assert (await done(site, visit, "resume"))["visit"]["status"] == "waiting"
        assert (await post(site, visit, "resume")).status_code == 409
        for minutes in (0, 721, "5", None):
            assert (await post(site, visit, "park", {"minutes": minutes})).status_code == 422


async def test_one_printed_token_leads_from_reception_to_the_doctor_the_lab_and_the_pharmacy(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        stations = {"A": site.it.doctor_id}
        for letter, name, who in (("L", "Laboratory", "Lab"), ("P", "Pharmacy", "Counter")):
            await site.it.accepted(AddService, letter=letter, name=name)
            stations[letter] = new_id()
            await site.it.accepted(AddDoctor, doctor_id=stations[letter], name=who, service=letter, room=who)
        said = {"name": "Asha Verma", "reason": "cough"}
        came = await site.http.post("/api/staff/register-walkin", json=said, headers=MANAGER)
        visit = {"id": came.json()["uuid"]}
        for letter, next_letter in (("A", "L"), ("L", "P"), ("P", None)):
            called = await site.http.post(f"/api/v1/doctors/{stations[letter]}/call-next", headers=MANAGER)
            assert called.json()["visit"]["id"] == visit["id"]
            assert called.json()["visit"]["token_number"] == "A-001"
            await done(site, visit, "start")
            if next_letter is None:
                await done(site, visit, "complete")
            else:
                sent = await done(site, visit, "transfer", {"service": next_letter})
                assert (sent["visit"]["status"], sent["visit"]["token_number"]) == ("waiting", "A-001")
        assert site.it.rows("SELECT count(*) FROM effects WHERE kind = 'print_slip'") == [(1,)]
        steps = (await site.http.get(f"/api/patients/{visit['id']}", headers=MANAGER)).json()["intervals"]
        inside = ["waiting", "called", "in_consultation"]
        assert [step["status"] for step in steps] == [*inside, *inside, *inside, "completed"]
        assert len({step["doctor_id"] for step in steps if step["status"] == "in_consultation"}) == 3


async def test_a_visit_is_sent_on_with_its_token_to_a_service_or_a_doctor(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(AddService, letter="L", name="Lab")
        other = await second_doctor(site)
        visit = await book.register(site.it, doctor_id=site.it.doctor_id)
        sent = await done(site, visit, "transfer", {"service": "L", "reason": "blood"})
        assert sent["visit"]["service"] == "L" and sent["visit"]["token_number"] == "A-001"
        back = await done(site, visit, "transfer", {"doctor_id": 2})
        assert back["visit"]["doctor_id"] == other and back["visit"]["service"] == "A"
        assert (await post(site, visit, "transfer", {})).status_code == 422
        assert (await post(site, visit, "transfer", {"service": "L", "doctor_id": other})).status_code == 422
        assert (await post(site, visit, "transfer", {"doctor_id": new_id()})).status_code == 404
        assert (await post(site, visit, "transfer", {"service": "Z"})).status_code == 409
        assert (await post(site, visit, "transfer", {"service": "lab"})).status_code == 422


async def test_who_was_marked_as_not_come_returns(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        assert (await post(site, visit, "return")).status_code == 409
        missed = await done(site, visit, "no-show")
        assert missed["visit"]["status"] == "no_show" and missed["outcome"] == "no_show"
        back = await done(site, visit, "return")
        assert back["visit"]["status"] == "waiting" and back["visit"]["token_number"] == "A-001"


async def test_a_cancelled_booking_gives_its_place_on_and_twice_is_once(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot = await hour(site, "15:00", 1)
        visit, waits = await book.book(site.it, slot["id"]), await book.book(site.it, slot["id"])
        gone = await done(site, visit, "cancel", {"reason": "called in"})
        assert gone["visit"]["status"] == "cancelled" and gone["promoted"]["id"] == waits["id"]
        again = await done(site, visit, "cancel")
        assert again["already"] is True and again["undo_id"] is None and again["promoted"] is None
        assert (await undo(site, gone["undo_id"])).status_code == 200


async def test_staff_say_how_urgent_it_is_and_who_is_an_emergency(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        first, second = await book.register(site.it), await book.register(site.it)
        assert (await done(site, second, "urgency", {"urgency": 9}))["visit"]["urgency"] == 9
        for wrong in (-1, 11, "9", 5.5, None):
            assert (await post(site, second, "urgency", {"urgency": wrong})).status_code == 422
        flagged = await done(site, first, "flag-emergency", {"reason": "chest pain"})
        assert flagged["visit"]["is_emergency"] is True and flagged["visit"]["urgency"] == 10
        await site.it.accepted(CallNext, doctor_id=site.it.doctor_id)
        assert (await post(site, second, "flag-emergency", {"reason": "x" * 501})).status_code == 422
        called = await post(site, first, "urgency", {"urgency": 1})
        assert called.status_code == 409


async def test_a_skipped_visit_stands_behind_the_next_two_and_the_third_time_is_a_no_show(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(4)]
        assert (await done(site, visits[0], "skip"))["skips"] == 1
        seen = (await site.http.get(f"{VISITS}/{visits[0]['id']}", headers=MANAGER)).json()
        assert seen["position"] == 3 and seen["why"] == "Placed here by hand."
        await done(site, visits[0], "skip")
        third = await done(site, visits[0], "skip")
        assert third["visit"]["status"] == "no_show" and third["skips"] == 3
        assert (await undo(site, third["undo_id"])).json()["visits"][0]["status"] == "waiting"


async def test_a_visit_is_moved_by_hand_and_back(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(3)]
        moved = await done(site, visits[2], "move", {"place": 1})
        assert moved["old_position"] == 3 and moved["new_position"] == 1
        assert (await post(site, visits[2], "move", {"place": 0})).status_code == 422
        assert (await done(site, visits[2], "move", {"place": 10**25}))["new_position"] == 3


async def test_a_kiosk_checks_a_booking_in_and_hands_out_the_link(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.book(site.it, (await hour(site, "13:50"))["id"], person=NewPerson("Asha Verma", "+9199"))
        kiosk = await site.screen("kiosk")
        answer = await kiosk.post(f"{VISITS}/{visit['id']}/check-in")
        body = answer.json()
        assert answer.status_code == 200 and body["admitted"] is True and body["visit"]["token_number"] == "A-001"
        assert body["admitted_at"] == "2026-11-20T13:30:00.000+05:30" and body["minutes_early"] == 20
        assert (await site.http.get(f"/api/appointments/track/{body['tracking_token']}")).status_code == 200
        assert "Asha" not in answer.text
        again = (await kiosk.post(f"{VISITS}/{visit['id']}/check-in")).json()
        assert again["already"] is True and again["undo_id"] is None
        log = site.it.rows("select device from visit_intervals where status = 'waiting'")
        assert log[0][0].startswith("kiosk:")


async def test_who_checks_in_much_too_early_is_told_when_it_joins(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.book(site.it, (await hour(site, "15:00"))["id"])
        for body in (await done(site, visit, "check-in"), await done(site, visit, "check-in")):
            assert body["admitted"] is False and body["admitted_at"] == "2026-11-20T14:30:00.000+05:30"


async def test_every_act_is_refused_to_strangers_screens_and_for_a_visit_that_is_not_there(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        kiosk, display = await site.screen("kiosk"), await site.screen("display")
        document = (await site.http.get("/openapi.json")).json()["paths"]
        for act in ACTS:
            body, path = BODIES.get(act, {}), f"{VISITS}/{visit['id']}/{act}"
            assert (await site.http.post(path, json=body)).status_code == 401, act
            assert (await display.post(path, json=body)).status_code == 403, act
            if act != "check-in":
                assert (await kiosk.post(path, json=body)).status_code == 403, act
            for nobody in (new_id(), "999", "x"):
                gone = await site.http.post(f"{VISITS}/{nobody}/{act}", json=body, headers=MANAGER)
                assert gone.status_code == 404, act
            extra = await site.http.post(path, json={**body, "x": 1}, headers=MANAGER)
            assert extra.status_code == 422, act
            assert f"/api/v1/visits/{{visit_id}}/{act}" in document
        assert book.row(site.it, visit)["version"] == visit["version"]


async def test_a_doctor_acts_on_the_own_visits_and_on_those_nobody_was_given_to(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        other = await second_doctor(site)
        mine = await book.register(it, doctor_id=it.doctor_id)
        theirs, unassigned = await book.register(it, doctor_id=other), await it.issue()
        rao = await staff(site, "rao", "doctor", it.doctor_id)
        for act in ("call", "skip", "park", "transfer", "cancel", "urgency", "flag-emergency", "move", "no-show"):
            refused = await post(site, theirs, act, BODIES.get(act, {}), headers=rao)
            assert refused.status_code == 403, act
        assert (await post(site, mine, "urgency", {"urgency": 6}, headers=rao)).status_code == 200
        assert (await post(site, mine, "call", {"doctor_id": other}, headers=rao)).status_code == 403
        assert (await post(site, unassigned, "call", headers=rao)).json()["visit"]["doctor_id"] == it.doctor_id


async def test_an_act_sent_again_under_its_key_is_done_once(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visits = [await book.register(site.it) for _ in range(4)]
        key = {**MANAGER, "Idempotency-Key": "skip-1"}
        answers = [await post(site, visits[0], "skip", {}, headers=key) for _ in range(3)]
        assert {answer.content for answer in answers} == {answers[0].content}
        assert book.row(site.it, visits[0])["skips"] == 1


# --- how queues are ordered -------------------------------------------------------------------------------------------


async def test_the_policies_are_described_with_their_options(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        known = (await site.http.get(f"{QUEUES}/policies", headers=MANAGER)).json()
        assert [one["name"] for one in known] == ["weighted", "tiered", "appointment", "fair"]
        assert all(one["description"].endswith("Emergencies come before all others.") for one in known)
        ratio = known[3]["options"][0]
        assert ratio == {
            "name": "ratio", "low": 1, "high": 9, "default": 2, "description": "Normal visits called for each one of priority",
        }  # fmt: skip
        assert (await site.http.get(f"{QUEUES}/policies")).status_code == 401
        assert (await (await site.screen("kiosk")).get(f"{QUEUES}/policies")).status_code == 403


async def test_a_preview_shows_the_order_of_another_policy_and_changes_nothing(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visits = []
        for urgency in (9, 5, 5, 5, 9):
            visits.append(await book.register(it, urgency=urgency))
            it.pass_time(60)
        body = (
            await site.http.get(f"{QUEUES}/A/preview", params={"policy": "fair", "ratio": 2}, headers=MANAGER)
        ).json()
        assert body["policy"] == "fair" and body["options"] == {"ratio": 2} and body["before"]["policy"] == "weighted"
        assert [one["id"] for one in body["visits"]] == [visits[i]["id"] for i in (1, 2, 0, 3, 4)]
        assert [one["place_after"] for one in body["visits"]] == [1, 2, 3, 4, 5]
        assert [one["place_before"] for one in body["visits"]] == [3, 4, 1, 5, 2]
        assert body["visits"][0]["token_number"] == "A-002" and body["visits"][0]["why"]
        by_doctor = (
            await site.http.get(f"{QUEUES}/1/preview", params={"policy": "fair", "ratio": 2}, headers=MANAGER)
        ).json()
        assert [v["id"] for v in by_doctor["visits"]] == [v["id"] for v in body["visits"]]
        still = (await site.http.get(f"{VISITS}/{visits[0]['id']}", headers=MANAGER)).json()
        assert still["position"] == 1


async def test_what_the_preview_showed_is_what_is_called_once_the_policy_is_chosen(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        for urgency in (9, 5, 5, 5, 9):
            await book.register(it, urgency=urgency)
            it.pass_time(60)
        params = {"policy": "fair", "ratio": "1"}
        shown = (await site.http.get(f"{QUEUES}/A/preview", params=params, headers=MANAGER)).json()["visits"]
        chosen = await site.http.put(
            f"{QUEUES}/A/policy", json={"policy": "fair", "options": {"ratio": 1}}, headers=MANAGER
        )
        assert chosen.status_code == 200
        assert chosen.json()["policy"] == "fair" and chosen.json()["options"] == {"ratio": 1}
        called = []
        for _ in shown:
            visit = (await it.accepted(CallNext, doctor_id=it.doctor_id))["visit"]
            called.append(visit["id"])
            await it.accepted(StartConsultation, visit_id=visit["id"])
            await it.accepted(CompleteConsultation, visit_id=visit["id"])
        assert called == [one["id"] for one in shown]


async def test_a_doctors_queue_goes_as_the_services_until_it_gets_its_own_order(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        path = f"{QUEUES}/{site.it.doctor_id}/policy"
        assert (await site.http.get(path, headers=MANAGER)).json()["inherited"] is True
        own = (await site.http.put(path, json={"policy": "tiered"}, headers=MANAGER)).json()
        assert own["policy"] == "tiered" and own["inherited"] is False
        assert (await site.http.get(f"{QUEUES}/A/policy", headers=MANAGER)).json()["policy"] == "weighted"
        back = (await site.http.put(path, json={"policy": None}, headers=MANAGER)).json()
        assert back["policy"] == "weighted" and back["inherited"] is True


async def test_a_policy_that_is_none_is_refused_in_preview_and_choice(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for params in (
            {}, {"policy": "best"}, {"policy": "fair", "ratio": "0"}, {"policy": "tiered", "ratio": "2"},
            {"policy": "fair", "ratio": "two"},
        ):  # fmt: skip
            answer = await site.http.get(f"{QUEUES}/A/preview", params=params, headers=MANAGER)
            assert answer.status_code == 422, params
        for body in (
            {}, {"policy": "best"}, {"policy": None}, {"policy": "fair", "options": {"ratio": 99}},
            {"policy": "fair", "options": {"speed": 1}}, {"policy": "fair", "options": {"ratio": True}},
        ):  # fmt: skip
            answer = await site.http.put(f"{QUEUES}/A/policy", json=body, headers=MANAGER)
            assert answer.status_code == 422, body
        good = {"policy": "fair"}
        for nobody in ("Z", "99", new_id(), "x"):
            assert (await site.http.put(f"{QUEUES}/{nobody}/policy", json=good, headers=MANAGER)).status_code == 404
            missing = await site.http.get(f"{QUEUES}/{nobody}/preview", params=good, headers=MANAGER)
            assert missing.status_code == 404
            assert (await site.http.get(f"{QUEUES}/{nobody}/policy", headers=MANAGER)).status_code == 404


async def test_reception_looks_at_another_order_and_a_manager_chooses_it(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        ana, nell = await staff(site, "ana", "reception"), await staff(site, "nell", "nurse")
        preview, policy = f"{QUEUES}/A/preview?policy=fair", f"{QUEUES}/A/policy"
        assert (await site.http.get(preview)).status_code == 401
        assert (await site.http.get(preview, headers=nell)).status_code == 403
        assert (await site.http.get(preview, headers=ana)).status_code == 200
        assert (await site.http.put(policy, json={"policy": "fair"}, headers=ana)).status_code == 403
        assert (await site.http.put(policy, json={"policy": "fair"})).status_code == 401
        assert (await site.http.get(policy, headers=nell)).status_code == 200
        kiosk = await site.screen("kiosk")
        for answer in (await kiosk.get(preview), await kiosk.get(policy), await kiosk.put(policy, json={})):
            assert answer.status_code == 403


# --- how honest the promises were -------------------------------------------------------------------------------------


async def seen(site: Web, visit: dict[str, Any]) -> None:
    """The doctor takes this one and is done at once."""
    called = await done(site, visit, "call", {"doctor_id": "1"})
    assert called["visit"]["status"] == "called"
    await done(site, visit, "start")
    await done(site, visit, "complete")


async def test_promised_waits_are_held_against_the_real_ones(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        at_once, patient = await book.register(it), await book.register(it)
        await book.register(it)  # never called: says nothing
        it.pass_time(5)
        await seen(site, at_once)
        it.pass_time(5 * 3600)
        await seen(site, patient)
        report = (await site.http.get("/api/v1/reports/promises", headers=MANAGER)).json()
        assert report["date"] == "2026-11-20" and report["count"] == 2 and report["unpromised"] == 0
        low, high = book.row(it, at_once)["promised_low_s"], book.row(it, at_once)["promised_high_s"]
        assert report["covered_share"] == (0.5 if low <= 5 <= high else 0.0)
        mids = [
            (row["promised_low_s"] + row["promised_high_s"]) / 2
            for row in (book.row(it, at_once), book.row(it, patient))
        ]
        expected = (abs(mids[0] - 5) + abs(mids[1] - 18_005)) / 2
        assert report["mean_abs_error_s"] == pytest.approx(expected, abs=1) and report["bias_s"] < 0
        assert report["services"]["A"]["count"] == 2


async def test_a_wait_that_was_asked_for_or_taken_back_is_held_against_nobody(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        held, undone = await book.register(it), await book.register(it)
        await it.accepted(ParkVisit, visit_id=held["id"], minutes=60)
        await done(site, held, "resume")
        await seen(site, held)
        called = await done(site, undone, "call", {"doctor_id": "1"})
        await undo(site, called["undo_id"])
        report = (await site.http.get("/api/v1/reports/promises", headers=MANAGER)).json()
        assert report["count"] == 0 and report["covered_share"] == 0


async def test_who_came_while_no_doctor_was_here_was_promised_nothing(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        await it.accepted(ChangeDoctor, doctor_id=it.doctor_id, is_on_break=True)
        visit = await book.register(it)
        await it.accepted(ChangeDoctor, doctor_id=it.doctor_id, is_on_break=False)
        await seen(site, visit)
        report = (await site.http.get("/api/v1/reports/promises", headers=MANAGER)).json()
        assert report["count"] == 0 and report["unpromised"] == 1


async def test_a_return_after_a_no_show_is_a_new_promise(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visit = await book.register(it)
        it.pass_time(3600)
        await it.accepted(MarkNoShow, visit_id=visit["id"])
        await done(site, visit, "return")
        it.pass_time(2)
        await seen(site, visit)
        report = (await site.http.get("/api/v1/reports/promises", headers=MANAGER)).json()
        assert report["count"] == 1 and report["mean_abs_error_s"] < 3600


async def test_the_promises_of_a_day_are_for_managers(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        path = "/api/v1/reports/promises"
        assert (await site.http.get(path)).status_code == 401
        ana = await staff(site, "ana", "reception")
        assert (await site.http.get(path, headers=ana)).status_code == 403
        for kind in ("kiosk", "display"):
            assert (await (await site.screen(kind)).get(path)).status_code == 403
        assert (await site.http.get(path, params={"date": "x"}, headers=MANAGER)).status_code == 422
        empty = (await site.http.get(f"{path}/", params={"date": "2020-01-01"}, headers=MANAGER)).json()
        assert empty["count"] == 0 and empty["services"] == {}


async def test_an_early_arrivals_promise_counts_from_when_it_joined(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        visit = await book.book(it, (await hour(site, "15:00"))["id"])
        gone = await book.book(it, (await hour(site, "16:00"))["id"])
        await it.accepted(CancelVisit, visit_id=gone["id"])
        await it.accepted(CheckIn, visit_id=visit["id"])
        it.pass_time(3600)
        await it.accepted(TimerDue, visit_id=visit["id"], timer_ms=at("14:30"))
        it.pass_time(10)
        await seen(site, visit)
        report = (await site.http.get("/api/v1/reports/promises", headers=MANAGER)).json()
        assert report["count"] == 1 and report["mean_abs_error_s"] < 3600
