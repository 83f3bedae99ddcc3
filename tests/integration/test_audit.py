"""Who looked at whose record can be read afterwards, wherever they looked; and the audit itself gives nobody away."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edge.app.dispatcher import NotDone, Outcome
from edge.domain.account_commands import NoteSeen
from edge.domain.booking_commands import NewPerson
from edge.web import audit
from edge.web.wiring import Submits, Wiring
from shared.commands import Command
from tests import book
from tests.clinic import DAY
from tests.edge_web import Web, hear, web
from tests.socketio_client import Refused, sio_client

OPERATOR = {"Authorization": "Bearer operator-key"}
ADA = NewPerson("Ada Lovelace", "+15551234567", "ada@example.org")


async def looks(site: Web) -> list[tuple[str, str, str]]:
    """Who looked at what, oldest first, as a manager reads it: (who, what, which)."""
    told = (await site.http.get("/api/v1/audit?limit=1000", headers=OPERATOR)).json()
    return [
        (one["who"], one["act"].removeprefix("saw_"), one["detail"]) for one in told[::-1] if one["act"][:4] == "saw_"
    ]


async def ada(site: Web) -> dict[str, Any]:
    """Ada waits in the clinic; returns her visit."""
    return await book.register(site.it, person=ADA, reason="chest pain")


async def test_who_looked_at_adas_record_is_in_the_audit(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        person = (await ada(site))["person_id"]
        staff_id = await site.add_staff("nia", "nurse")
        nia = await site.bearer("nia")
        assert (await site.http.get(f"/api/v1/patients/{person}/", headers=nia)).status_code == 200
        assert await looks(site) == [(f"staff:{staff_id}", "person", person)]


PLACES = {
    "/api/patients/{visit}": ("visit", "{visit} of {person}"),
    "/api/patients/{number}": ("visit", "{visit} of {person}"),
    "/api/patients/queue": ("list", "queue"),
    "/api/staff/logs": ("list", "log"),
    "/api/v1/patients/": ("list", "patients"),
    "/api/v1/patients/{person}/": ("person", "{person}"),
    "/api/v1/tokens/": ("list", "tokens"),
    "/api/v1/tokens/?patient_id={person}": ("person", "{person}"),
    "/api/v1/tokens/{visit}/": ("visit", "{visit} of {person}"),
    "/api/v1/slots/{slot}/tokens/": ("list", "tokens of slot {slot}"),
    "/api/v1/waiting-list/": ("list", "waiting lists"),
    "/api/v1/waiting-list/by_slot/?slot_id={slot}": ("list", "waiting list of slot {slot}"),
    "/api/v1/visits/{visit}": ("visit", "{visit} of {person}"),
    "/api/v1/desk": ("feed", "desk"),
    "/api/appointments/queue/slot-based/{doctor}": ("list", f"{DAY} of doctor {{doctor}}"),
}
"""Where a person is shown somebody, and what is noted."""


@pytest.mark.parametrize("path", PLACES)
async def test_every_place_that_shows_people_notes_who_looked(tmp_path: Path, path: str) -> None:
    async with web(tmp_path) as site:
        visit = await ada(site)
        slot = await book.slot(site.it)
        words = {
            "visit": visit["id"], "number": visit["number"], "person": visit["person_id"], "slot": slot["id"],
            "doctor": site.it.doctor_id,
        }  # fmt: skip
        answer = await site.http.get(path.format(**words), headers=OPERATOR)
        assert answer.status_code == 200, answer.text
        what, which = PLACES[path]
        assert await looks(site) == [("operator:local", what, which.format(**words))]


async def test_lists_that_a_post_answers_are_noted_too(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await ada(site)
        hours = {"slotStartTime": "09:00", "slotEndTime": "10:00"}
        path = f"/api/appointments/queue/slot-overlaps/{site.it.doctor_id}"
        assert (await site.http.post(path, json=hours, headers=OPERATOR)).status_code == 200
        assert (await site.http.post("/api/staff/rebalance", headers=OPERATOR)).status_code == 200
        assert [look[1:] for look in await looks(site)] == [
            ("list", f"{DAY} of doctor {site.it.doctor_id}"), ("list", "queue"),
        ]  # fmt: skip


async def test_looking_again_is_noted_once_in_ten_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 5_000.0
    monkeypatch.setattr(audit, "transport_s", lambda: now_s)
    async with web(tmp_path) as site:
        path = f"/api/v1/patients/{(await ada(site))['person_id']}"
        for _ in range(3):
            await site.http.get(path, headers=OPERATOR)
        now_s += 599.0
        await site.http.get(path, headers=OPERATOR)
        assert len(await looks(site)) == 1
        now_s += 1.0
        await site.http.get(path, headers=OPERATOR)
        assert len(await looks(site)) == 2


async def test_somebody_else_who_looks_is_noted_for_oneself(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        path = f"/api/v1/patients/{(await ada(site))['person_id']}"
        await site.add_staff("nia", "nurse")
        made = await site.http.post("/api/v1/service-accounts", json={"name": "Bot"}, headers=OPERATOR)
        bot = {"Authorization": f"Bearer {made.json()['key']}"}
        for headers in (OPERATOR, await site.bearer("nia"), bot):
            assert (await site.http.get(path, headers=headers)).status_code == 200
        assert [who.partition(":")[0] for who, _, _ in await looks(site)] == ["operator", "staff", "program"]


async def test_nothing_personal_stands_in_the_audit(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await ada(site)
        for path in ("/api/v1/patients/?q=Ada&phone=%2B15551234567", f"/api/patients/{visit['id']}", "/api/v1/desk"):
            await site.http.get(path, headers=OPERATOR)
        told = (await site.http.get("/api/v1/audit?limit=1000", headers=OPERATOR)).text
        kept = str(site.it.rows("select * from events where kind = 'staff_acted'"))
        assert "saw_visit" in told and "saw_visit" in kept
        for secret in ("Ada", "Lovelace", "ada", "5551234567", "example.org", "chest"):
            assert secret not in told and secret not in kept


async def test_who_is_refused_or_finds_nobody_has_seen_nothing(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await ada(site)
        screen = await site.screen("kiosk")
        assert (await screen.get(f"/api/v1/patients/{visit['person_id']}")).status_code == 403
        assert (await site.http.get(f"/api/v1/patients/{visit['person_id']}")).status_code == 401
        assert (await site.http.get(f"/api/v1/patients/{visit['id']}", headers=OPERATOR)).status_code == 404
        assert await looks(site) == []


async def test_screens_without_names_need_no_note(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await ada(site)
        display, kiosk = await site.screen("display"), await site.screen("kiosk")
        for screen, path in (
            (display, "/api/patients/queue"), (display, "/api/v1/display"), (kiosk, f"/api/v1/visits/{visit['id']}"),
        ):  # fmt: skip
            answer = await screen.get(path)
            assert answer.status_code == 200 and "Ada" not in answer.text
        async with site.live(display) as socket:
            await socket.send(json.dumps({"action": "watch", "topic": "display"}))
            await hear(socket, "state")
        assert await looks(site) == []


async def test_a_screen_that_may_show_names_is_noted(tmp_path: Path) -> None:
    async with web(tmp_path, options={"names_on_screens": True}) as site:
        await ada(site)
        display = await site.screen("display")
        assert "Ada" in (await display.get("/api/patients/queue")).text
        ((who, what, which),) = await looks(site)
        assert (who.partition(":")[0], what, which) == ("display", "list", "queue")


async def test_watching_the_desk_is_noted_once_for_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.web import live

    monkeypatch.setattr(live, "LOOK_S", 0.02)
    monkeypatch.setattr(live, "RECHECK_S", 0.0)
    monkeypatch.setattr(audit, "SEEN_AGAIN_S", 0.0)  # everything that asks is noted
    async with web(tmp_path) as site, site.live(**OPERATOR) as socket:
        await socket.send(json.dumps({"action": "watch", "topic": "desk"}))
        await hear(socket, "state")
        for _ in range(2):
            await hear(socket, "beat")  # many looks at the credential later
        assert await looks(site) == [("operator:local", "feed", "desk")]


async def subscribed(site: Web, **asked: Any) -> dict[str, Any]:
    """The first message after a subscription to today, by seed 004's WebSocket."""
    import websockets

    url = site.url.replace("http", "ws", 1) + "/api/v1/ws/queue"
    async with websockets.connect(url, additional_headers=OPERATOR) as socket:
        await socket.send(json.dumps({"action": "subscribe", "date": DAY, **asked}))
        async with asyncio.timeout(5):
            told: dict[str, Any] = json.loads(await socket.recv())
            return told


async def test_a_subscription_with_names_is_noted(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await ada(site)
        assert "Ada" in json.dumps(await subscribed(site))
        assert await looks(site) == [("operator:local", "feed", f"queue of {DAY}")]


async def test_staff_who_hear_the_queues_events_are_noted_and_a_phone_is_not(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await ada(site)
        async with sio_client(site.url):
            assert await looks(site) == []
        async with sio_client(site.url, auth={"token": "operator-key"}):
            assert await looks(site) == [("operator:local", "feed", "queue events")]


@dataclasses.dataclass
class FullDisk:
    """A dispatcher whose disk takes no note."""

    inner: Submits

    async def submit(self, command: Command, *, key: str = "") -> Outcome:
        """As usual, but for notes."""
        if isinstance(command, NoteSeen):
            raise NotDone("the disk is full", passing=False, hint="Free some space.")
        return await self.inner.submit(command, key=key)


def full(wiring: Wiring) -> Wiring:
    """The same clinic with a disk that takes no note."""
    return dataclasses.replace(wiring, dispatcher=FullDisk(wiring.dispatcher))


async def test_a_look_that_cannot_be_noted_is_not_granted(tmp_path: Path) -> None:
    async with web(tmp_path, change=full) as site:
        visit = await ada(site)
        slot = await book.slot(site.it)
        words = {
            "visit": visit["id"], "number": visit["number"], "person": visit["person_id"], "slot": slot["id"],
            "doctor": site.it.doctor_id,
        }  # fmt: skip
        for path in PLACES:
            answer = await site.http.get(path.format(**words), headers=OPERATOR)
            assert answer.status_code == 503, (path, answer.text)
            assert answer.json()["hint"] == "Free some space." and "Ada" not in answer.text
        told = await subscribed(site)
        assert (told["type"], told["code"]) == ("error", "unavailable")
        with pytest.raises(Refused):
            async with sio_client(site.url, auth={"token": "operator-key"}):
                pass
        async with site.live(**OPERATOR) as socket:
            await socket.send(json.dumps({"action": "watch", "topic": "desk"}))
            assert (await hear(socket, "reload"))["type"] == "reload"
