"""Following a visit at head office: checked with the clinic's key alone, and never older than it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.api import Beat, ClockReport, Hello, LaneRange, Standing
from shared.clock import Clock, to_ms
from shared.topics import Sender
from shared.tracking import TrackingKey
from tests.office import DAY, EPOCH, Office, broadcast, doctor, person, running, until, visit

ZONE = ZoneInfo("Asia/Kolkata")
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
NINE_MS = to_ms(NINE)
MINUTE = 60_000
D1, D2 = "01935b5a-0000-7000-8000-0000000000d1", "01935b5a-0000-7000-8000-0000000000d2"
V1, V2 = "01935b5a-0000-7000-8000-0000000000e1", "01935b5a-0000-7000-8000-0000000000e2"
P1 = "01935b5a-0000-7000-8000-0000000000f1"
KEY, OTHER = (TrackingKey(Ed25519PrivateKey.generate()) for _ in range(2))


def _nine() -> Clock:
    """Nine o'clock there. Not quite in life, so that it is nobody's to set."""
    return Clock.starting_at(NINE, 1.0001)


def _clock() -> ClockReport:
    return ClockReport(now_ms=NINE_MS, mono_ms=1, trust="s")


async def hello(office: Office, key: TrackingKey | None = KEY, epoch: str = EPOCH, site: str = "alpha") -> None:
    """What a clinic says first. It has sent everything."""
    said = Hello(
        session="0" * 16, epoch=epoch, boot="b" * 16, lanes=[LaneRange(first=0, last=0)] * 3, clock=_clock(),
        tracking_key=key.public if key else "", timezone=ZONE.key,
    )  # fmt: skip
    await office.parts.hellos.hello(Sender(site, epoch), said, "https")


async def beat(office: Office, standing: list[Standing] | None = None, unsent: int = 0) -> None:
    """What a clinic says every two seconds."""
    said = Beat(session="0" * 16, clock=_clock(), unsent=[0, unsent, 0], standing=standing)
    await office.parts.hellos.beats([(Sender("alpha", EPOCH), said, "https")])


def token(
    visit_id: str = V1, doctor_id: str | None = D1, key: TrackingKey = KEY, site: str = "alpha", **more: int
) -> str:
    """A link's token, as the clinic makes it."""
    return key.sign(visit_id, site, doctor_id, more.get("iat", NINE_MS), more.get("exp", NINE_MS + 86_400_000))


@pytest_asyncio.fixture
async def office(pg_uri: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(pg_uri, tmp_path, _nine()) as started:
        await started.site("alpha", "Alpha Clinic")
        await hello(started)
        await started.event("alpha", "day_opened", DAY["day"], DAY)
        await started.event("alpha", "doctor_added", D1, doctor(1, name="Dr. Smith", room="2"))
        await started.event("alpha", "person_added", P1, person("Zoë Secret", phone="+34 1234567"))
        yield started


async def _zoe(office: Office, version: int = 1, **more: Any) -> None:
    """Zoë's visit as it stands now."""
    data = {"arrived_at": NINE_MS, "doctor_id": D1, "person_id": P1, "reason": "a secret", "language": "en"}
    status = more.pop("status", "waiting")
    await office.event("alpha", "visit_arrived", V1, visit(1, status, **{**data, **more}), version)


async def get(office: Office, path: str, of: str | None = None, **query: str) -> Any:
    return await office.http.get(f"/api/appointments/{path}/{of or token()}", params=query)


async def followed(office: Office, **wanted: Any) -> dict[str, Any]:
    """`data` of the visit once it is known, and once it says this of the queue."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        answer = await get(office, "track")
        if answer.status_code != 200:
            return False
        found.update(answer.json()["data"])
        return all(found["queue"][name] == value for name, value in wanted.items())

    await until(there)
    return found


async def test_the_link_of_a_slip_shows_the_visit_and_its_place_and_nothing_personal(office: Office) -> None:
    await _zoe(office)
    await beat(office, [(1, 4, 20, 27, 35)])

    async def doctor_is_known() -> bool:  # by another reader than the visit
        return (await followed(office))["appointment"]["doctorName"] is not None

    await until(doctor_is_known)
    data = await followed(office, position=4)
    assert data["appointment"] == {
        "id": V1, "tokenNumber": "A-001", "hospitalId": "alpha", "hospitalName": "Alpha Clinic", "doctorId": D1,
        "doctorName": "Dr. Smith", "room": "2", "date": "2026-11-20", "slotStart": "2026-11-20T09:00:00.000+05:30",
        "slotEnd": "2026-11-20T10:00:00.000+05:30", "status": "checked_in", "bookedFor": None,
    }  # fmt: skip
    sentence = "3 people are before you. About 20 to 35 minutes."
    more = {"estimatedWaitRange": {"min": 20, "max": 35}, "patientsAhead": 3, "queueStatusCode": "waiting"}
    assert data["queue"] == {"position": 4, "estimatedWaitTime": 27, "queueStatus": sentence, **more}
    assert {name: data[name] for name in more} == more
    assert (data["stale"], data["emergency"]) == (False, None)
    assert 0 <= to_ms(datetime.fromisoformat(data["asOf"])) - NINE_MS < 60_000
    answer = await get(office, "track")
    assert answer.json()["success"] is True
    assert (await office.http.get(f"/api/appointments/track/{token()}/")).status_code == 200
    for hidden in ("Secret", "1234567", "a secret"):
        assert hidden not in answer.text


async def test_refreshing_gives_the_part_that_changes(office: Office) -> None:
    await _zoe(office)
    await beat(office, [(1, 1, 0, 3, 10)])
    data = await followed(office, position=1)
    refreshed = (await get(office, "refresh-queue", lang="es")).json()["data"]
    assert set(refreshed) == set(data) - {"appointment", "appointmentId"}
    assert refreshed["queue"]["queueStatus"] == "Usted es el siguiente turno. Quédese cerca: la sala 2."


async def test_a_refresh_asks_the_clinic_first_and_shows_what_it_answers(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.bookings.tracking.ASK_S", 30.0)
    await _zoe(office)
    await beat(office, [(1, 2, 5, 9, 15)])
    await followed(office, position=2)
    asked = asyncio.Event()
    office.parts.watch.listen_pokes(lambda site: asked.set())
    began = time.monotonic()
    refreshing = asyncio.create_task(get(office, "refresh-queue"))
    async with asyncio.timeout(10):
        await asked.wait()
    assert not refreshing.done()
    await _zoe(office, 2, status="called", called_at=NINE_MS + MINUTE, room="2")
    await beat(office, [])
    data = (await refreshing).json()["data"]
    assert data["queue"]["queueStatusCode"] == "called"
    assert time.monotonic() - began < 20


async def test_a_clinic_that_does_not_answer_is_waited_for_two_seconds_and_not_longer(office: Office) -> None:
    await _zoe(office)
    await beat(office, [(1, 2, 5, 9, 15)])
    before = await followed(office, position=2)
    began = time.monotonic()
    many = await asyncio.gather(*(get(office, "refresh-queue") for _ in range(5)))
    assert 1.9 < time.monotonic() - began < 8.0
    assert {answer.json()["data"]["asOf"] for answer in many} == {before["asOf"]}


async def test_what_was_not_heard_for_five_minutes_is_stale_and_says_since_when(office: Office) -> None:
    clock = office.parts.clock
    await _zoe(office)
    await beat(office)
    fresh = await followed(office, queueStatusCode="next")
    assert not fresh["stale"]
    clock.start_ms += 290_000
    assert not (await get(office, "track")).json()["data"]["stale"]
    clock.start_ms += 20_000
    await beat(office, unsent=5)  # it is heard, but there is more that it has not sent
    late = (await get(office, "track")).json()["data"]
    assert late["stale"]
    assert late["asOf"] == fresh["asOf"], "a beat does not make it newer while events are missing"
    await beat(office)
    assert not (await get(office, "track")).json()["data"]["stale"]


async def test_how_old_is_too_old_is_a_setting(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path, _nine(), position_ttl_s=10.0) as office:
        await office.site("alpha")
        await hello(office)
        await _zoe(office)
        await followed(office)
        office.parts.clock.start_ms += 20_000
        assert (await get(office, "track")).json()["data"]["stale"]


@pytest.mark.parametrize(
    ("status", "more", "code", "sentence"),
    [
        ("booked", {"token": None, "arrived_at": None, "due_at": NINE_MS + 30 * MINUTE}, "booked",
         "Booked for 09:30. Please check in when you arrive."),
        ("booked", {"token": None, "due_at": NINE_MS + 90 * MINUTE, "timer_at": NINE_MS + 60 * MINUTE}, "early",
         "You are early. You will join the queue at 10:00."),
        ("booked", {"token": None, "arrived_at": None, "due_at": NINE_MS, "delay_min": 30}, "delayed",
         "Dr. Smith is running about 30 minutes late."),
        ("called", {"called_at": NINE_MS, "room": "2"}, "called", "Please go to room 2 now."),
        ("in_consultation", {"called_at": NINE_MS, "started_at": NINE_MS}, "in_consultation", "You are with the doctor."),
        ("parked", {}, "on_hold", "You are on hold. Please speak to the desk."),
        ("waitlisted", {"token": None, "arrived_at": None}, "waitlisted",
         "You are on the waiting list. You will be told when a place is free."),
        ("completed", {"ended_at": NINE_MS}, "completed", "Your visit is finished."),
        ("no_show", {"ended_at": NINE_MS}, "no_show", "You were called and not seen; please speak to the desk."),
        ("cancelled", {"ended_at": NINE_MS}, "cancelled", "This booking was cancelled."),
        ("teleported", {}, "on_hold", "You are on hold. Please speak to the desk."),
    ],
)  # fmt: skip
async def test_every_state_has_its_code_and_sentence(
    office: Office, status: str, more: dict[str, Any], code: str, sentence: str
) -> None:
    await _zoe(office, status=status, **more)
    data = await followed(office, queueStatusCode=code)
    assert data["queue"]["queueStatus"] == sentence
    assert (data["queue"]["position"] is None) == (code not in ("called", "in_consultation"))


async def test_a_message_to_everybody_of_the_doctors_day_is_shown_and_its_delay_counts(office: Office) -> None:
    await _zoe(office, status="booked", token=None, arrived_at=None, due_at=NINE_MS + 30 * MINUTE)
    await office.event("alpha", "broadcast_sent", "b1", broadcast(D1, delay_min=25, sent_at=NINE_MS))
    data = await followed(office, queueStatusCode="delayed")
    assert data["queue"]["queueStatus"] == "Dr. Smith is running about 25 minutes late."
    assert data["emergency"] == {
        "broadcastId": "b1", "message": "The doctor is late.", "priority": "high", "estimatedDelay": 25,
        "sentAt": "2026-11-20T09:00:00.000+05:30",
    }  # fmt: skip
    await office.event("alpha", "broadcast_ended", "b1", broadcast(D1, delay_min=25, ended_at=NINE_MS), 2)
    assert (await followed(office, queueStatusCode="booked"))["emergency"] is None


async def test_before_the_clinic_has_told_the_place_a_plain_rule_stands_in(office: Office) -> None:
    await beat(office, [])
    await office.event("alpha", "token_issued", V2, visit(2, arrived_at=NINE_MS - MINUTE))
    await _zoe(office, promised_low_s=600, promised_high_s=1500)
    data = await followed(office, position=2)
    assert data["queue"]["estimatedWaitRange"] == {"min": 5, "max": 25}, "what was promised, less what has passed"
    await office.event("alpha", "visit_flagged", V1, visit(1, arrived_at=NINE_MS, doctor_id=D1, is_emergency=True), 2)
    first = await followed(office, position=1)
    assert (first["queue"]["estimatedWaitRange"], first["queue"]["queueStatusCode"]) == (None, "next")
    no_doctor: list[Standing] = [(1, 2, None, None, None)]
    await beat(office, no_doctor)
    told = await followed(office, position=2)
    assert told["queue"]["queueStatus"] == "1 person is before you. No doctor is here yet."


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ("rubbish", "tracking_malformed"), ("a.b.c", "tracking_malformed"), (token(key=OTHER), "tracking_forged"),
        (token(iat=0, exp=NINE_MS - 1000), "tracking_expired"), (token(doctor_id=D2), "tracking_forged"),
        (token(site="beta"), "tracking_forged"), (token(site="nowhere"), "tracking_forged"),
        (token()[:-4] + "AAAA", "tracking_forged"), ("x" * 700, "tracking_malformed"), ("%00.%00.%00", "tracking_malformed"),
    ],
)  # fmt: skip
async def test_a_token_that_is_malformed_forged_or_expired_is_400_and_says_which(
    office: Office, made: str, code: str
) -> None:
    await office.site("beta")
    await hello(office, OTHER, site="beta")
    await _zoe(office)
    await followed(office)
    for path in ("track", "refresh-queue"):
        answer = await get(office, path, made)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_visit_that_is_not_known_is_404(office: Office) -> None:
    for path in ("track", "refresh-queue"):
        answer = await get(office, path, token(V2))
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_visit")


async def test_a_doctor_the_clinic_gave_since_it_was_last_heard_is_not_called_a_forgery(office: Office) -> None:
    await _zoe(office)
    await followed(office)
    newer = await get(office, "track", token(doctor_id=D2, iat=NINE_MS + 60 * MINUTE))
    assert (newer.status_code, newer.json()["code"]) == (404, "no_such_visit")


async def test_a_link_goes_on_after_a_transfer_to_another_doctor(office: Office) -> None:
    await _zoe(office)
    await _zoe(office, 2, doctor_id=D2, service="B")
    data = await followed(office)
    while data["appointment"]["doctorId"] != D2:
        data = await followed(office)
    assert (await get(office, "track", token(doctor_id=D2))).status_code == 200
    assert (await get(office, "track", token(doctor_id=None))).status_code == 200


async def test_keys_of_earlier_stores_go_on_verifying_unless_the_store_was_revoked(office: Office) -> None:
    await _zoe(office)
    await followed(office)
    await hello(office, OTHER, epoch="00000000000000e2")
    assert (await get(office, "track")).status_code == 200
    assert (await get(office, "track", token(key=OTHER))).status_code == 200
    await office.person("Asha")
    path = f"/api/v1/sites/alpha/epochs/{EPOCH}/revoke"
    assert (await office.http.post(path, headers=await office.bearer("Asha"))).status_code == 204
    assert (await get(office, "track")).json()["code"] == "tracking_forged"
    assert (await get(office, "track", token(key=OTHER))).status_code == 200


async def test_one_link_may_not_be_asked_for_without_end(office: Office) -> None:
    await _zoe(office)
    await followed(office)
    statuses = [(await get(office, "track", token(doctor_id=None))).status_code for _ in range(25)]
    assert set(statuses) == {200, 429}
    refused = await get(office, "track", token(doctor_id=None))
    assert int(refused.headers["retry-after"]) >= 1
    assert (await get(office, "track", token())).status_code == 200, "another link is not held up by it"


async def test_the_page_of_the_links_is_served(pg_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "track.html").write_text("<!doctype html><title>Track</title>")
    monkeypatch.setattr("cloud.main.STATIC", static)
    async with running(pg_uri, tmp_path) as office:
        assert (await office.http.get("/pages/track")).status_code == 200
