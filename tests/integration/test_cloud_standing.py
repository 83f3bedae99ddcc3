"""A real clinic and a real cloud: the key of its links, its time zone, who stands where, and an answer when it is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.sync.session import Sync
from edge.sync.standing import standing
from edge.sync.state import SyncSettings
from shared.api import STANDING_MAX
from shared.tracking import TrackingKey
from tests.broker import Broker
from tests.office import Office, running, until
from tests.sync_edge import QUICK, Edge, running_edge

KEY = TrackingKey(Ed25519PrivateKey.generate())
SLOW_BEATS = replace(QUICK, beat_s=30.0, quiet_s=60.0)


def _go(edge: Edge, office: Office, code: str, folder: Path, settings: SyncSettings = QUICK) -> None:
    """Let the clinic's sync run, as edge.main makes it."""
    it, mine = edge.clinic, replace(settings, cloud_url=office.url, claim_code=code)
    edge.make = lambda: Sync(
        it.store, it.dispatcher, it.bus, it.store.clock, folder / "identity", mine,
        tracking_key=KEY.public, timezone="Asia/Kolkata",
    )  # fmt: skip
    edge.go()


async def _code(office: Office) -> str:
    await office.parts.sites.add("alpha", "Alpha Clinic", "test")
    return (await office.parts.claims.make_code("alpha", "test"))[0]


async def _track(office: Office, path: str, token: str) -> dict[str, Any]:
    answer = await office.http.get(f"/api/appointments/{path}/{token}")
    data: dict[str, Any] = answer.json().get("data", {})
    return data


def _token(office: Office, visit: dict[str, Any]) -> str:
    now_ms = office.parts.clock.now_ms()
    return KEY.sign(visit["id"], "alpha", visit["doctor_id"], now_ms, now_ms + 3_600_000)


@pytest.mark.parametrize("path", ["mqtt", "https"])
async def test_a_phone_sees_the_clinics_own_place_and_a_refresh_does_not_wait_for_the_next_beat(
    pg_uri: str, tmp_path: Path, broker: Broker, path: str
) -> None:
    more: dict[str, Any] = {"data": broker.folder, "mqtt": f"{broker.host}:{broker.port}", "worker": "ingest-1"}
    async with (
        running(pg_uri, tmp_path, **(more if path == "mqtt" else {})) as office,
        running_edge(tmp_path / "edge", office.url, online=False) as edge,
    ):
        people = [await edge.clinic.issue() for _ in range(3)]
        _go(edge, office, await _code(office), tmp_path, SLOW_BEATS)
        token = _token(office, people[2])

        async def known() -> bool:
            return bool((await _track(office, "track", token)).get("queue"))

        await until(known)
        assert edge.sync.link.path == path
        data = await _track(office, "track", token)
        conn = edge.clinic.store.reader()
        own = standing(conn, edge.clinic.store.clock.now_ms())
        conn.close()
        shown = data["queue"]["estimatedWaitRange"]
        told = (data["queue"]["position"], shown["min"], data["queue"]["estimatedWaitTime"], shown["max"])
        assert told == own[2][1:] and told[0] == 3
        assert data["asOf"].endswith("+05:30")
        called = (await edge.clinic.call())["visit"]
        first = _token(office, called)

        async def arrived() -> bool:
            place: dict[str, Any] = (await _track(office, "track", first)).get("queue", {})
            return bool(place.get("position") == 0)

        await until(arrived)
        assert (await _track(office, "track", token))["queue"]["position"] == 3, "beats are half a minute apart"
        assert (await _track(office, "refresh-queue", token))["queue"]["position"] == 2


async def test_where_people_stand_is_told_when_it_changes_and_only_the_first_of_very_many(
    pg_uri: str, tmp_path: Path
) -> None:
    async with (
        running(pg_uri, tmp_path) as office,
        running_edge(tmp_path / "edge", office.url, online=False) as edge,
    ):
        _go(edge, office, await _code(office), tmp_path)

        async def told() -> tuple[list[Any] | None, int | None]:
            async with office.pool.transaction() as conn:
                found = await conn.execute("select standing, standing_ms from site_state")
                return await found.fetchone() or (None, None)

        async def has(count: int) -> bool:
            places = (await told())[0]
            return places is not None and len(places) == count

        await until(lambda: has(0))
        before = await told()
        await asyncio.sleep(0.7)
        assert await told() == before, "beats say nothing of it while it is the same"
        people = await asyncio.gather(*(edge.clinic.issue() for _ in range(STANDING_MAX + 10)))
        await until(lambda: has(STANDING_MAX))
        places = (await told())[0] or []
        assert [line[:2] for line in places] == [[n, n] for n in range(1, STANDING_MAX + 1)]
        assert places[1][2] <= places[1][3] <= places[1][4]
        last = _token(office, max(people, key=lambda visit: int(visit["number"])))

        async def at_the_end() -> bool:
            place: dict[str, Any] = (await _track(office, "track", last)).get("queue", {})
            return bool(place.get("position") == STANDING_MAX + 10)

        await until(at_the_end)
