"""The cloud as a clinic meets it, all wired: claim, HELLO, a frame by either door, and the tile that follows."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from shared import codec
from shared.api import Hello
from shared.events import Event
from shared.pipe import Pipe
from shared.topics import Sender, all_down, up
from tests.broker import Broker
from tests.office import DAY, Device, Office, person, running, until, visit

EPOCH, BOOT = "00000000000000a1", "b" * 16


def _frame(site: str = "alpha") -> bytes:
    told: list[tuple[str, str, str, dict[str, Any]]] = [
        ("day_opened", "day", "2026-11-20", DAY), ("token_issued", "visit", "v1", visit(1)),
        ("token_issued", "visit", "v2", visit(2)),
    ]  # fmt: skip
    events = [
        Event(n, n, 1000 * n, n, "s", kind, 1, "board:b1", f"c{n}", entity, id_, 1, data)
        for n, (kind, entity, id_, data) in enumerate(told, 1)
    ]
    return codec.encode_frame(site, EPOCH, 1, BOOT, events)


def _hello() -> dict[str, Any]:
    lanes = [{"first": 0, "last": 0}, {"first": 1, "last": 3}, {"first": 0, "last": 0}]
    clock = {"now_ms": 1, "mono_ms": 1, "trust": "s"}
    return {"session": "0" * 16, "epoch": EPOCH, "boot": BOOT, "lanes": lanes, "clock": clock}


async def _claimed(office: Office) -> tuple[Device, dict[str, Any]]:
    await office.person("Asha")
    await office.parts.sites.add("alpha", "Alpha Clinic", "test")
    code, _ = await office.parts.claims.make_code("alpha", "test")
    device = Device()
    answer = await office.http.post("/api/v1/claim", json={"code": code, "epoch": EPOCH, "csr_pem": device.csr()})
    assert answer.status_code == 200, answer.text
    return device, answer.json()


async def _tile_becomes(office: Office, path: str) -> None:
    headers = await office.bearer("Asha")

    async def shown() -> bool:
        tile = await office.tile("alpha", headers)
        return (tile["waiting"], tile["state"], tile["path"], tile["day"]) == (2, "live", path, DAY["day"])

    await until(shown, 3.0)


async def test_a_frame_over_https_becomes_a_tile(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        device, _ = await _claimed(office)
        headers = {"Authorization": f"Bearer {device.token(f'alpha.{EPOCH}')}"}
        hello = await office.http.post("/api/v1/sync/hello", json=_hello(), headers=headers)
        assert (hello.status_code, hello.json()["cursors"]) == (200, [0, 0, 0])
        ack = await office.http.post("/api/v1/sync/frames", content=_frame(), headers=headers)
        assert (ack.status_code, ack.json()["upto"]) == (200, 3)
        await _tile_becomes(office, "https")
        again = await office.http.post("/api/v1/sync/frames", content=_frame(), headers=headers)
        assert again.json()["upto"] == 3
        await _tile_becomes(office, "https")
        command = {"kind": "rename_service", "body": {"letter": "A", "name": "Outpatients"}}
        asha = await office.bearer("Asha")
        waiting = asyncio.create_task(office.http.get("/api/v1/sync/commands?wait_s=9", headers=headers))
        given = await office.http.post("/api/v1/sites/alpha/commands", json=command, headers=asha)
        taken = (await waiting).json()
        assert [(c["number"], c["command_id"]) for c in taken] == [(1, given.json()["command_id"])]


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_frame_over_the_broker_becomes_a_tile_unless_the_store_was_revoked(
    pg_uri: str, tmp_path: Path, broker: Broker, allowed: bool
) -> None:
    more: dict[str, Any] = {"data": broker.folder, "mqtt": f"{broker.host}:{broker.port}", "worker": "ingest-1"}
    async with running(pg_uri, tmp_path, **more) as office:
        device, certificate = await _claimed(office)
        assert (certificate["mqtt_host"], certificate["mqtt_port"]) == (broker.host, broker.port)

        async def connected() -> bool:
            return bool((await office.http.get("/health")).json()["broker"] == "up")

        await until(connected)
        if not allowed:
            asha = await office.bearer("Asha")
            path = f"/api/v1/sites/alpha/epochs/{EPOCH}/revoke"
            assert (await office.http.post(path, headers=asha)).status_code == 204
        sender = Sender("alpha", EPOCH)
        heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def received(topic: str, payload: bytes) -> None:
            loop.call_soon_threadsafe(heard.put_nowait, (topic, payload))

        context = _context(tmp_path, device, certificate)
        pipe = Pipe(broker.host, broker.port, context, sender.name, [all_down(sender)], received)
        await pipe.open(5)
        try:
            assert pipe.publish(up(sender, "hello"), Hello(**_hello()).model_dump_json().encode())
            assert pipe.publish(up(sender, "frame"), _frame())
            if allowed:
                await _tile_becomes(office, "mqtt")
            else:
                async with asyncio.timeout(5):
                    answer = (await heard.get())[1]
                assert b'"fenced":true' in answer
                assert (await office.tile("alpha", asha))["waiting"] == 0
        finally:
            await pipe.close()


def _context(folder: Path, device: Device, certificate: dict[str, Any]) -> ssl.SSLContext:
    for name, text in (
        ("ca", certificate["authority_pem"]), ("cert", certificate["certificate_pem"]),
        ("key", device.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()),
    ):  # fmt: skip
        (folder / name).write_text(text)
    context = ssl.create_default_context(cafile=str(folder / "ca"))
    context.load_cert_chain(folder / "cert", folder / "key")
    return context


async def test_what_a_replaced_store_says_of_an_erased_person_is_not_kept_again(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        device, _ = await _claimed(office)
        headers = {"Authorization": f"Bearer {device.token(f'alpha.{EPOCH}')}"}
        assert (await office.http.post("/api/v1/sync/hello", json=_hello(), headers=headers)).status_code == 200
        async with office.pool.transaction() as conn:
            await conn.execute("insert into erasures values ('alpha', 'p1')")
            await conn.execute("update epochs set state = 'replaced' where site = 'alpha'")
        told = [("p1", "Zoë Secret"), ("p2", "Somebody")]
        events = [
            Event(n, n, 1000, 1, "s", "person_added", 1, "x", "c", "person", id_, 1, person(name))
            for n, (id_, name) in enumerate(told, 1)
        ]
        frame = codec.encode_frame("alpha", EPOCH, 1, BOOT, events)
        ack = await office.http.post("/api/v1/sync/frames", content=frame, headers=headers)
        assert ack.json()["fenced"] is True
        async with office.pool.transaction() as conn:
            found = await conn.execute("select data->>'name', crc from late_events order by seq")
            assert await found.fetchall() == [(None, codec.crc_of(events[0])), ("Somebody", codec.crc_of(events[1]))]
