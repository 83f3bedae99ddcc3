"""Seed 002 at the clinic: devices, their claim, schedule, events and heartbeat, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.care_commands import AnswerDose
from shared import device_tokens
from tests.edge_web import web
from tests.face_002 import BOOT, OPERATOR, claimed, event, patient, served


async def test_post_devices_gives_a_code_once_and_the_device_brings_its_key(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        care = await patient(site)
        body = {"kind": "dispenser", "name": "Kitchen", "patient_id": care.person_id}
        added = (await site.http.post("/api/v1/devices/", json=body, headers=OPERATOR)).json()
        assert (added["status"], added["patient_id"], added["online"]) == ("unclaimed", care.person_id, False)
        listed = (await site.http.get("/api/v1/devices", headers=OPERATOR)).json()
        assert [one["id"] for one in listed] == [added["id"]]
        assert "claim_code" not in listed[0]
        asked = {
            "claim_code": added["claim_code"].lower(),
            "public_key_pem": device_tokens.public_of(device_tokens.new_key()),
        }
        for _ in range(2):  # an answer that was lost: the same again is answered the same
            answer = await site.http.post("/api/v1/devices/claim", json=asked)
            assert (answer.status_code, answer.json()) == (200, {"device_id": added["id"]})
        other = {**asked, "public_key_pem": device_tokens.public_of(device_tokens.new_key())}
        assert (await site.http.post("/api/v1/devices/claim/", json=other)).status_code == 400


async def test_a_device_added_again_after_a_lost_answer_is_one_device_with_one_code(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        asked = {**OPERATOR, "Idempotency-Key": "add"}
        first, again = [await site.http.post("/api/v1/devices", json={"name": "Hall"}, headers=asked) for _ in range(2)]
        assert first.status_code == 201 and (again.status_code, again.json()) == (201, first.json())
        assert len((await site.http.get("/api/v1/devices", headers=OPERATOR)).json()) == 1
        pem = device_tokens.public_of(device_tokens.new_key())
        claim = {"claim_code": again.json()["claim_code"], "public_key_pem": pem}
        assert (await site.http.post("/api/v1/devices/claim", json=claim)).status_code == 200
        path, gone = f"/api/v1/devices/{again.json()['id']}", {**OPERATOR, "Idempotency-Key": "gone"}
        assert [(await site.http.delete(path, headers=gone)).status_code for _ in range(2)] == [204, 204]
        assert (await site.http.delete(path, headers=OPERATOR)).status_code == 404


async def test_a_claim_code_is_good_for_ten_minutes_and_only_with_a_p256_key(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        added = (await site.http.post("/api/v1/devices", json={"name": "Spare"}, headers=OPERATOR)).json()
        asked = {"claim_code": added["claim_code"], "public_key_pem": "not a key"}
        assert (await site.http.post("/api/v1/devices/claim", json=asked)).status_code == 422
        site.it.pass_time(601)
        asked["public_key_pem"] = device_tokens.public_of(device_tokens.new_key())
        late = await site.http.post("/api/v1/devices/claim", json=asked)
        assert (late.status_code, late.json()["code"]) == (400, "bad_code")
        assert late.json()["hint"]


@pytest.mark.parametrize("roles", [("reception",), ("nurse",), ("doctor",)])
async def test_only_a_manager_adds_and_removes_devices(tmp_path: Path, roles: tuple[str, ...]) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("who", *roles, doctor_id=site.it.doctor_id if roles == ("doctor",) else None)
        who = await site.bearer("who")
        assert (await site.http.post("/api/v1/devices", json={"name": "x"}, headers=who)).status_code == 403
        wanted = 403 if roles == ("reception",) else 200
        assert (await site.http.get("/api/v1/devices", headers=who)).status_code == wanted


async def test_put_names_a_device_and_takes_it_from_whoever_has_it_and_delete_ends_its_key(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        path = f"/api/v1/devices/{ward.device_id}"
        changed = await ward.http.put(path, json={"name": "Bedroom"}, headers=OPERATOR)
        assert (changed.json()["name"], changed.json()["patient_id"]) == ("Bedroom", ward.care.person_id)
        freed = await ward.http.put(f"{path}/", json={"patient_id": None}, headers=OPERATOR)
        assert freed.json()["patient_id"] is None
        assert (await ward.http.put(path, json={"kind": "speaker"}, headers=OPERATOR)).status_code == 409
        assert (await ward.http.get(path, headers=ward.nurse)).json()["name"] == "Bedroom"
        assert (await ward.http.delete(path, headers=OPERATOR)).status_code == 204
        assert (await ward.http.get(ward.path("schedule"), headers=ward.signed())).status_code == 401
        assert (await ward.http.get(path, headers=OPERATOR)).status_code == 404


async def test_the_schedule_has_a_tag_and_says_304_while_nothing_changed(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        first = await ward.http.get(ward.path("schedule"), headers=ward.signed())
        body = first.json()
        assert (body["device_id"], body["patient_id"]) == (ward.device_id, ward.care.person_id)
        assert len(body["doses"]) in (27, 28)
        dose = body["doses"][0]
        assert (dose["medication"], dose["quantity"], dose["unit"], dose["compartment"]) == (
            "Metformin",
            1,
            "tablet",
            2,
        )
        assert dose["instructions"] == "with food"
        assert dose["due_at_utc"] == "2026-11-20T08:00:00.000+00:00"
        unchanged = {**ward.signed(), "If-None-Match": first.headers["etag"]}
        ward.site.it.pass_time(20)
        assert (await ward.http.get(ward.path("schedule/"), headers=unchanged)).status_code == 304
        await ward.care.plan({"medication": "Metformin", "times": ["09:00"]}, revision=2)
        again = await ward.http.get(ward.path("schedule"), headers=unchanged)
        assert again.status_code == 200
        assert again.json()["plan_revision"] > body["plan_revision"]


async def test_the_schedule_of_another_device_is_not_shown_and_staff_who_care_see_it(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        other_id, other_key = await claimed(ward.site, (await _second(ward.site)))
        other = ward.signed(other_key, other_id)
        assert (await ward.http.get(ward.path("schedule"), headers=other)).status_code == 403
        assert (await ward.http.get(ward.path("schedule"), headers=ward.nurse)).status_code == 200
        assert (await ward.http.get(ward.path("schedule"))).status_code == 401
        nowhere = f"/api/v1/devices/{ward.care.person_id}/schedule"
        assert (await ward.http.get(nowhere, headers=ward.nurse)).status_code == 404
        query = {"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
        day = await ward.http.get(ward.path("schedule"), params=query, headers=ward.nurse)
        assert [dose["due_at_utc"][:16] for dose in day.json()["doses"]] == ["2026-11-21T08:00", "2026-11-21T20:00"]
        for wrong in ({"from": "2026-11-21"}, {"to": "2030-01-01T00:00:00Z"}, {"from": "soon"}):
            assert (await ward.http.get(ward.path("schedule"), params=wrong, headers=ward.nurse)).status_code == 422


async def _second(site: object) -> str:
    body = {"name": "Ben Okoro", "phone": "+15550101"}
    answer = await site.http.post("/api/v1/patients/", json=body, headers=OPERATOR)  # type: ignore[attr-defined]
    return str(answer.json()["id"])


async def test_an_event_is_taken_once_however_often_it_is_sent(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        told = event(1, "taken", occurrence_id=dose_id)
        first = (await ward.tell(told)).json()
        assert first == {
            "upto": {BOOT: 1},
            "results": [{"boot_id": BOOT, "device_seq": 1, "outcome": "accepted", "status": "ON_TIME", "reason": None}],
        }
        again = (await ward.http.post(ward.path("events/"), json=told, headers=ward.signed())).json()
        assert (again["upto"], again["results"][0]["outcome"]) == ({BOOT: 1}, "duplicate")
        assert ward.care.events("dose_taken") == 1
        assert ward.care.dose("2026-11-20T08:00")["status"] == "ON_TIME"


async def test_what_follows_a_gap_is_not_taken_and_the_answer_says_from_where_to_send_again(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        answer = (await ward.tell(event(1), event(3), event(4))).json()
        assert (answer["upto"], [one["device_seq"] for one in answer["results"]]) == ({BOOT: 1}, [1])
        answer = (await ward.tell(event(2), event(3), event(4))).json()
        assert answer["upto"] == {BOOT: 4}
        other = {**event(1), "boot_id": "00000000000000b2"}
        assert (await ward.tell(other)).json()["upto"] == {"00000000000000b2": 1}


async def test_two_hundred_events_are_taken_at_once_and_more_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        answer = await ward.tell(*(event(n) for n in range(1, 201)))
        assert answer.json()["upto"] == {BOOT: 200}
        assert (await ward.tell(*(event(n) for n in range(201, 402)))).status_code in (413, 422)
        large = await ward.tell(*(event(n, data={"x": "y" * 1900}) for n in range(201, 240)))
        assert large.status_code == 413
        assert (await ward.tell({**event(201), "kind": "eaten"})).status_code == 422


async def test_a_dose_told_late_supersedes_what_was_given_up(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        await ward.care.to("2026-11-20T16:00", every_s=600)
        before = ward.care.dose("2026-11-20T08:00")["status"]
        assert before in ("MISSED", "UNKNOWN", "NOT_ANNOUNCED")
        told = event(1, "taken", occurrence_id=dose_id, at="2026-11-20T08:05:00Z")
        assert (await ward.tell(told)).json()["results"][0]["status"] == "ON_TIME"


async def test_an_event_without_a_time_gets_one_from_the_devices_counter(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        timeless = {name: value for name, value in event(1).items() if name != "at"}
        body = {"events": [timeless], "sent_mono_ms": 61_000}
        await ward.http.post(ward.path("events"), json=body, headers=ward.signed())
        ((at_ms, uncertainty_s),) = ward.site.it.rows("select at, uncertainty_s from device_log")
        assert (ward.care.now_ms - at_ms, uncertainty_s) == (60_000, 2)


async def test_a_heartbeat_is_answered_with_time_and_revision_and_shown_to_staff(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        beat = {"boot_id": BOOT, "mono_ms": 5, "battery": 77.4, "wifi_dbm": -60, "firmware": "1.2", "faults": ["scale"]}
        answer = (await ward.http.post(ward.path("heartbeat"), json=beat, headers=ward.signed())).json()
        assert answer["server_time"] == "2026-11-20T07:59:00.000+00:00"
        assert answer["plan_revision"] >= 1
        assert answer["commands"] == []
        shown = (await ward.http.get(f"/api/v1/devices/{ward.device_id}", headers=ward.nurse)).json()
        assert (shown["online"], shown["battery"], shown["wifi_dbm"], shown["faults"]) == (True, 77, -60, ["scale"])
        assert (await ward.http.post(ward.path("heartbeat/"), json=beat, headers=ward.nurse)).status_code == 403
        wrong = {"boot_id": BOOT, "mono_ms": 5, "battery": 140}
        assert (await ward.http.post(ward.path("heartbeat"), json=wrong, headers=ward.signed())).status_code == 422


async def test_what_waits_for_a_device_that_only_asks_is_handed_over_once_and_is_bounded(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        intake = ward.site.app.state.intake
        for n in range(20):
            intake.leave(ward.device_id, {"t": "stop", "n": n})
        beat = {"boot_id": BOOT, "mono_ms": 5}
        answer = (await ward.http.post(ward.path("heartbeat"), json=beat, headers=ward.signed())).json()
        assert [one["n"] for one in answer["commands"]] == list(range(4, 20))
        beat["mono_ms"] = 6
        answer = (await ward.http.post(ward.path("heartbeat"), json=beat, headers=ward.signed())).json()
        assert answer["commands"] == []


async def test_a_token_of_another_time_is_told_the_time(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        token = device_tokens.sign(ward.key, ward.device_id, now_s=86_400)
        refused = await ward.http.get(ward.path("schedule"), headers={"Authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["code"]) == (401, "wrong_time")
        assert refused.json()["server_s"] > 1_700_000_000


async def test_a_devices_key_opens_nothing_else_and_a_persons_token_tells_no_events(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        for path in ("/api/v1/devices", "/api/v1/events", "/api/v1/voice", "/api/v1/care/doses", "/api/v1/patients/"):
            assert (await ward.http.get(path, headers=ward.signed())).status_code == 403, path
        denied = await ward.http.post(ward.path("events"), json=event(1), headers=ward.nurse)
        assert denied.status_code == 403
        foreign = ward.signed(device_tokens.new_key())
        assert (await ward.http.post(ward.path("events"), json=event(1), headers=foreign)).status_code == 401


async def test_with_the_api_opened_on_this_machine_the_caller_is_the_device_named(tmp_path: Path) -> None:
    async with served(tmp_path, options={"open_on_loopback": True}) as ward:
        answer = await ward.http.post(ward.path("events"), json=event(1))
        assert answer.json()["upto"] == {BOOT: 1}
        assert answer.headers["x-outpost-open"] == "loopback"
        assert (await ward.http.get(ward.path("schedule"))).status_code == 200
        assert (await ward.http.post("/api/v1/events", json=event(2))).status_code == 422
        assert (
            await ward.http.post(ward.path("events"), json=event(2), headers={"Origin": "https://x.example"})
        ).status_code == 401


async def test_what_was_told_is_there_after_a_restart_and_is_not_taken_again(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        key = ward.key
        await ward.tell(event(1))
    async with served(tmp_path, key=key) as ward:
        assert (await ward.tell(event(1), event(2))).json()["results"][0]["outcome"] == "duplicate"
        assert ward.site.it.rows("select count(*) from device_log") == [(2,)]


async def test_a_dose_answered_by_staff_is_seen_in_the_next_schedule(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        dose_id = await ward.due()
        await ward.site.it.accepted(AnswerDose, act="taken", source="nurse", at_ms=ward.care.now_ms, dose_id=dose_id)
        doses = (await ward.http.get(ward.path("schedule"), headers=ward.signed())).json()["doses"]
        assert {dose["occurrence_id"]: dose["status"] for dose in doses}[dose_id] == "ON_TIME"


async def test_what_a_device_weighs_is_the_stock_the_care_page_shows_and_low_stock_is_told_once(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        item = {"id": "aspirin", "medication": "Aspirin", "times": ["09:00"], "compartment": 3, "refill_at_units": 4}
        await ward.care.plan(item, plan_id="weighed")
        number = 0

        async def weigh(**units: float) -> list[tuple[float, float | None]]:
            nonlocal number
            number += 1
            beat = {"boot_id": BOOT, "mono_ms": number, "stock": {name[1:]: value for name, value in units.items()}}
            answer = await ward.http.post(ward.path("heartbeat"), json=beat, headers=ward.signed())
            assert answer.status_code == 200, answer.text
            shown = (await ward.http.get("/api/v1/care/stock/", headers=ward.nurse)).json()
            return [(one["units"], one["days_left"]) for one in shown if one["medication"] == "Aspirin"]

        def low() -> list[tuple[str, bool]]:
            return ward.site.it.rows("select title, open from care_alerts where topic = 'low_stock' order by raised_at")

        assert await weigh(c3=5) == [(5, 5)], "the plan named no stock: the device's word is the first"
        assert await weigh(c3=4.8, c9=70) == [(5, 5)], "a scale trembles; compartment 9 holds nothing that is planned"
        assert low() == []
        assert await weigh(c3=4) == [(4, 4)]
        assert await weigh(c3=3) == [(3, 3)]
        assert low() == [("Aspirin: 4 left", 1)], "once"
        assert await weigh() == [(3, 3)], "a heartbeat that names no stock changes none"
        assert await weigh(c3=30) == [(30, 30)]
        assert low() == [("Aspirin: 4 left", 0)], "filled again: over"


async def test_a_dose_from_a_compartment_that_is_weighed_is_not_counted_down_a_second_time(tmp_path: Path) -> None:
    async with served(tmp_path) as ward:
        item = {"id": "aspirin", "medication": "Aspirin", "times": ["08:00"], "compartment": 3, "stock_units": 10}
        await ward.care.plan(item, plan_id="weighed")
        beat = {"boot_id": BOOT, "mono_ms": 1, "stock": {"3": 9}}
        await ward.http.post(ward.path("heartbeat"), json=beat, headers=ward.signed())
        dose_id = ward.site.it.rows("select id from doses where plan_id = 'weighed' order by due_at limit 1")[0][0]
        taken = await ward.http.post(f"/api/v1/care/doses/{dose_id}/answer", json={"act": "taken"}, headers=ward.nurse)
        assert taken.status_code == 200, taken.text
        assert ward.site.it.rows("select units from stocks where plan_id = 'weighed'") == [(9.0,)]
