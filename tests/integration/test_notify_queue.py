"""What the queue tells people leaves the clinic by head office's door: once, in time, in their language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from edge.app.ports import DeviceError, NoRoute, Notice
from edge.sync.identity import Identity, Keeper, claim
from edge.sync.notices import Away, CloudMessenger
from tests.notify import HOUR_MS, MINUTE_MS, Told, telling
from tests.office import booked, person, until
from tests.receivers import Answer

EPOCH = "00000000000000e1"
VISIT = "01935b5a-0000-7000-8000-0000000000a1"
PERSON = "01935b5a-0000-7000-8000-0000000000b1"


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    async with telling(pg_uri, tmp_path) as started:
        await started.office.person("Asha", "office_admin")
        yield started


@pytest_asyncio.fixture
async def messenger(told: Told, tmp_path: Path) -> AsyncIterator[CloudMessenger]:
    """The clinic alpha's own door, with the certificate it bought."""
    identity = await claimed(told, tmp_path, "alpha")
    found = CloudMessenger(lambda: identity, lambda: True)
    yield found
    await found.close()


async def claimed(told: Told, folder: Path, site: str) -> Identity:
    headers = await told.office.bearer("Asha")
    answer = await told.office.http.post(f"/api/v1/sites/{site}/claim-codes", headers=headers)
    return await claim(Keeper(folder / f"identity-{site}"), told.office.url, answer.json()["code"], EPOCH)


async def set_route(told: Told, site: str = "alpha", path: str = "/sms", kind: str = "sms") -> dict[str, Any]:
    headers = await told.office.bearer("Asha")
    body = {"site": site, "kind": kind, "url": f"{told.box.url}{path}"}
    answer = await told.office.http.post("/api/v1/notifications/routes", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def notice(told: Told, **more: Any) -> Notice:
    given = {
        "key": "notice:next:v1:c1", "topic": "next", "phone": "+34 600 000 021", "language": "es", "token": "A-012",
        "values": {"room": "Sala 2"}, "visit_id": VISIT, "expires_ms": told.now_ms + 10 * MINUTE_MS, "repeat": False,
    }  # fmt: skip
    return Notice(**{**given, **more})


async def test_you_are_next_reaches_the_phone_through_the_clinics_gateway(
    told: Told, messenger: CloudMessenger
) -> None:
    await set_route(told)
    await messenger.send(notice(told))
    said = (await told.got(1))[0].json()
    assert (said["to"], said["language"]) == ("+34600000021", "es")
    assert said["message"] == "Alpha: A-012, es usted el siguiente turno. Quédese cerca: Sala 2."
    assert said["acknowledge_url"] is None, "nobody has to answer a queue"
    await told.states("sent")
    assert await told.rows("select target from notification_deliveries") == [(None,)], "the number is forgotten"


async def test_a_notice_handed_over_twice_is_sent_once(told: Told, messenger: CloudMessenger) -> None:
    await set_route(told)
    for repeat in (False, True):
        await messenger.send(notice(told, repeat=repeat))
    await told.settled()
    assert len(told.box.got) == 1


@pytest.mark.parametrize(
    ("topic", "values", "said"),
    [
        ("booked", {}, "Alpha: your visit is booked for 11:30."),
        ("promoted", {}, "Alpha: a place is free, your visit is booked for 11:30."),
        ("delayed", {"delay_min": 20}, "Alpha: your visit is about 20 minutes later than planned."),
        ("cancelled", {}, "Alpha: your visit was cancelled."),
        ("message", {"message": "Dr. Rao is late", "delay_min": 30}, "Alpha: Dr. Rao is late"),
        ("emergency", {}, "Alpha: an emergency comes first; it takes longer. Thank you for waiting."),
        ("a_topic_of_next_year", {"message": "Hello"}, "Alpha: Hello"),
    ],
)
async def test_every_word_of_the_queue_is_told_at_the_clinics_time(
    told: Told, messenger: CloudMessenger, topic: str, values: dict[str, Any], said: str
) -> None:
    gateway = await set_route(told)
    assert gateway["timezone"] == "Europe/Madrid"
    half_past = told.now_ms - told.now_ms % HOUR_MS + 2 * HOUR_MS + 30 * MINUTE_MS
    await messenger.send(notice(told, topic=topic, language="en", values=values, due_ms=half_past, key=f"n:{topic}"))
    told.pass_time(0.1)
    assert (await told.got(1))[0].json()["message"] == said


async def test_a_notice_that_comes_too_late_is_shown_and_not_sent(told: Told, messenger: CloudMessenger) -> None:
    await set_route(told)
    await messenger.send(notice(told, expires_ms=told.now_ms - 1))
    await told.settled()
    headers = await told.office.bearer("Asha")
    [event] = (await told.office.http.get("/api/v1/notifications", headers=headers)).json()
    assert (event["state"], event["topic"], event["deliveries"]) == ("shown", "next", [])
    assert told.box.got == []


async def test_a_clinic_without_a_route_is_told_so_and_does_not_try_for_ever(
    told: Told, messenger: CloudMessenger
) -> None:
    with pytest.raises(NoRoute) as refused:
        await messenger.send(notice(told))
    assert not refused.value.passing and "route" in refused.value.hint


async def test_a_phone_that_is_none_is_refused(told: Told, messenger: CloudMessenger) -> None:
    await set_route(told)
    with pytest.raises(DeviceError) as refused:
        await messenger.send(notice(told, phone="ask my son"))
    assert not refused.value.passing and "phone number" in refused.value.hint


async def test_while_head_office_is_away_a_notice_waits(told: Told, tmp_path: Path) -> None:
    identity = await claimed(told, tmp_path, "beta")
    nowhere = Identity(identity.key_pem, identity.epoch, identity.certificate, "http://127.0.0.1:9")
    for known in (nowhere, None):
        gone = CloudMessenger(lambda known=known: known, lambda: True)  # type: ignore[misc]
        with pytest.raises(Away) as away:
            await gone.send(notice(told))
        assert away.value.passing and away.value.hint
        await gone.close()


async def test_a_stranger_hands_nothing_over(told: Told) -> None:
    body = {"key": "k", "topic": "next", "phone": "+34600000021", "visit_id": VISIT, "expires_ms": 2**45}
    assert (await told.office.http.post("/api/v1/site/notices", json=body)).status_code == 401


async def test_a_persons_own_channel_goes_before_the_gateway(told: Told, messenger: CloudMessenger) -> None:
    await set_route(told)
    await told.office.event("alpha", "visit_booked", VISIT, booked(1, person_id=PERSON))
    await told.office.event("alpha", "person_added", PERSON, person("Ravi Rao"))

    async def read() -> bool:
        return await told.rows("select count(*) from visits, persons") == [(1,)]

    await until(read)
    owner = {"site": "alpha", "kind": "person", "id": PERSON}
    await told.channel("Asha", "/own", owner=owner, language="hi")
    await messenger.send(notice(told))
    got = (await told.got(1))[0]
    assert got.path == "/own" and got.json()["message"].startswith("Alpha: A-012, अगली बारी")


async def test_a_gateway_that_is_down_is_tried_again_until_it_answers(told: Told, messenger: CloudMessenger) -> None:
    await set_route(told)
    told.box.answers = [Answer(503), Answer(429, headers={"retry-after": "1"})]
    await messenger.send(notice(told))
    for count in (2, 3):
        await told.got(count - 1)
        told.pass_time(1)
    got = await told.got(3)
    assert len({one.json()["id"] for one in got}) == 1, "one message, however often it is tried"
    assert [one.json()["repeat"] for one in got] == [False, True, True], "503 may have come after it was taken"
    await told.states("sent")


async def test_a_gateway_that_stays_down_ends_with_the_notice(told: Told, messenger: CloudMessenger) -> None:
    await set_route(told)
    told.box.answers = [Answer(503)] * 50
    await messenger.send(notice(told))
    await told.got(1)
    told.pass_time(11)
    await told.states("expired")
    assert len(told.box.got) < 8
