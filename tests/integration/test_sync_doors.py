"""The HTTPS door by itself, and ingest when the database lets go of its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import httpx
import psycopg
import pytest

from cloud.ingest.intake import Intake
from edge.sync.identity import Identity, Keeper, claim
from shared.api import Beat, ClockReport
from shared.codec import FRAME_BYTES_MAX
from shared.topics import Sender, Up
from tests.broker import Broker
from tests.integration.test_sync_ingest import frame, hello_of
from tests.sync_cloud import Cloud, running_cloud, until
from tests.sync_edge import running_edge

EPOCH = "00000000000000e1"


async def claimed(cloud: Cloud, folder: Path, site: str = "north", epoch: str = EPOCH) -> Identity:
    return await claim(Keeper(folder), cloud.url, await cloud.new_code(site), epoch)


def client(cloud: Cloud, who: Identity) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {who.token()}", "content-type": "application/json"}
    return httpx.AsyncClient(base_url=f"{cloud.url}/api/v1/sync", headers=headers)


async def test_the_door_takes_hello_frames_and_beats_of_the_credentials_own_site(pg_uri: str, tmp_path: Path) -> None:
    async with running_cloud(pg_uri, None) as cloud:
        north = await claimed(cloud, tmp_path / "n")
        async with client(cloud, north) as http:
            early = await http.post("/frames", content=frame(1, 3).data)
            assert early.status_code == 409 or early.json()["upto"] == 3, "the claim has made the store known"
            hello = await http.post("/hello", content=hello_of(EPOCH).model_dump_json())
            assert hello.status_code == 200 and hello.json()["credit"] == 8
            ack = await http.post("/frames", content=frame(1, 10).data)
            assert ack.json()["upto"] == 10 and ack.json()["session"] == hello.json()["session"]
            other = await http.post("/hello", content=hello_of("00000000000000e7").model_dump_json())
            assert other.status_code == 409 and other.json()["type"].endswith("wrong_epoch")
        south = await claimed(cloud, tmp_path / "s", "south", "00000000000000e5")
        async with client(cloud, south) as http:
            forged = await http.post("/frames", content=frame(11, 12).data)
            assert forged.status_code == 409
        assert await cloud.value("select count(*) from events") == 10


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"noise" * 20, 400), (b"OPF1" + bytes(FRAME_BYTES_MAX + 1000), 413)],
    ids=["nothing", "noise", "too much"],
)
async def test_what_is_no_frame_is_refused_with_a_sentence(
    pg_uri: str, tmp_path: Path, content: bytes, status: int
) -> None:
    async with running_cloud(pg_uri, None) as cloud, client(cloud, await claimed(cloud, tmp_path)) as http:
        answer = await http.post("/frames", content=content)
        assert answer.status_code == status and answer.json()["hint"]


async def test_a_full_queue_answers_busy_with_no_credit(
    pg_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_cloud(pg_uri, None) as cloud, client(cloud, await claimed(cloud, tmp_path)) as http:
        monkeypatch.setattr(cloud.intake, "reserve", lambda: False)
        answer = await http.post("/frames", content=frame(1, 10).data)
        assert answer.status_code == 200 and answer.json()["credit"] == 0


def test_the_queue_holds_so_many_and_no_more() -> None:
    intake = Intake(None, waiting_max=3)  # type: ignore[arg-type]
    assert [intake.reserve() for _ in range(5)] == [True, True, True, False, False]


async def test_a_poll_for_commands_ends_when_there_are_some_and_when_the_program_goes(
    pg_uri: str, tmp_path: Path
) -> None:
    async with running_cloud(pg_uri, None) as cloud, client(cloud, await claimed(cloud, tmp_path)) as http:
        poll = asyncio.create_task(http.get("/commands", params={"wait_s": 20}, timeout=30))
        await asyncio.sleep(0.1)
        async with cloud.pool.transaction() as conn:
            await cloud.mailbox.enqueue(conn, "north", "add_service", "cloud:boss", {"letter": "B", "name": "Lab"})
        answer = await asyncio.wait_for(poll, 10)
        (one,) = answer.json()
        assert one["number"] == 1
        held = {"wait_s": 20, "stream": one["stream"], "after": 1}
        poll = asyncio.create_task(http.get("/commands", params=held, timeout=30))
        await asyncio.sleep(0.1)
        await cloud.stop()
        assert (await asyncio.wait_for(poll, 5)).json() == []


async def test_ingest_goes_on_when_the_database_drops_every_connection(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code, online=False) as edge:
            await edge.happen(5_000)
            edge.go()
            for _ in range(3):
                before = cloud.ingest.inserted
                await until(lambda before=before: cloud.ingest.inserted > before, 30)
                async with cloud.pool.transaction() as conn:
                    await conn.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where datname = current_database() and pid <> pg_backend_pid()"
                    )
            await until(lambda: cloud.ingest.inserted >= sum(edge.heads()), 60)
            assert await cloud.value("select count(*) from events") == sum(edge.heads())
            assert cloud.ingest.inserted == sum(edge.heads())


async def test_a_word_postgresql_refuses_ends_nothing_and_the_words_beside_it_are_kept(
    pg_uri: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        door = cloud.door
        assert door is not None
        senders = [Sender(site, EPOCH) for site in ("north", "south")]
        hellos = [hello_of(EPOCH, session="c" * 16) for _ in senders]
        bad = hello_of(EPOCH).model_copy(update={"version": "nul\x00"})
        words: list[tuple[Sender, Up, bytes]] = [(senders[0], "hello", bad.model_dump_json().encode())]
        words += [
            (sender, "hello", hello.model_dump_json().encode()) for sender, hello in zip(senders, hellos, strict=True)
        ]
        await door._heard(words)
        assert await cloud.value("select count(*) from epochs where session = %s", "c" * 16) == 2
        kept: list[Sender] = []
        keep = cloud.sessions.beats

        async def refuse_north(beats: Sequence[tuple[Sender, Beat, Literal["mqtt"]]]) -> list[Sender]:
            if any(sender.site == "north" for sender, _, _ in beats):
                raise psycopg.errors.NumericValueOutOfRange("too large")
            kept.extend(await keep(beats))
            return kept

        monkeypatch.setattr(cloud.sessions, "beats", refuse_north)
        beat = Beat(session="c" * 16, unsent=[0, 0, 0], status="ok", clock=ClockReport(now_ms=1, mono_ms=1, trust="s"))
        await door._heard([(sender, "beat", beat.model_dump_json().encode()) for sender in senders])
        assert kept == [senders[1]]


async def test_a_worker_whose_certificate_cannot_be_read_waits_and_connects_once_it_can(
    pg_uri: str, broker: Broker
) -> None:
    good = broker.worker.cert.read_bytes()
    async with running_cloud(pg_uri, broker) as cloud:
        door = cloud.door
        assert door is not None
        broker.worker.cert.write_text("no certificate")
        broker.stop()
        await until(lambda: door.state == "connecting" and "SSL" in door.reason)
        broker.worker.cert.write_bytes(good)
        broker.start()
        await until(lambda: door.state == "open")
