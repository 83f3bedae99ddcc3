"""The real broker with the files we write: who may connect, say and hear what."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cloud.accounts import mosquitto
from shared.pipe import Pipe, PipeEnded
from shared.topics import ALL_UP, Sender, all_down, down, up
from tests.broker import WORKER, Broker, DeviceFiles
from tests.sync_cloud import until

NORTH, SOUTH = Sender("north", "00000000000000e1"), Sender("south", "00000000000000e2")
Heard = list[tuple[str, bytes]]


@asynccontextmanager
async def connected(
    broker: Broker,
    files: DeviceFiles,
    name: str,
    topics: list[str],
    received: Callable[[str, bytes], None] | None = None,
) -> AsyncIterator[tuple[Pipe, Heard]]:
    """A pipe to the broker and what it hears."""
    heard: Heard = []

    def keep(topic: str, payload: bytes) -> None:
        heard.append((topic, payload))

    pipe = Pipe(broker.host, broker.port, files.context(), name, topics, received or keep)
    try:
        await pipe.open(5)
        yield pipe, heard
    finally:
        await pipe.close()


async def test_a_clinic_hears_its_own_topics_only_whatever_it_subscribes_to(broker: Broker) -> None:
    north, south = broker.device(*NORTH), broker.device(*SOUTH)
    curious = [all_down(NORTH), "outpost/#", "#", all_down(SOUTH)]
    async with (
        connected(broker, broker.worker, WORKER, [ALL_UP]) as (worker, at_worker),
        connected(broker, north, NORTH.name, [all_down(NORTH)]) as (north_pipe, at_north),
        connected(broker, south, SOUTH.name, curious) as (south_pipe, at_south),
    ):
        assert south_pipe.publish(up(SOUTH, "frame"), b"own")
        assert north_pipe.publish(up(NORTH, "frame"), b"own")
        await until(lambda: len(at_worker) == 2)
        assert sorted(at_worker) == [(up(NORTH, "frame"), b"own"), (up(SOUTH, "frame"), b"own")]
        assert worker.publish(down(NORTH, "ack"), b"for north")
        assert worker.publish(down(SOUTH, "ack"), b"for south")
        await until(lambda: at_north and at_south)
        assert at_north == [(down(NORTH, "ack"), b"for north")]
        assert at_south == [(down(SOUTH, "ack"), b"for south")]


async def test_a_clinic_that_publishes_on_anothers_topics_is_not_heard_and_thrown_off(broker: Broker) -> None:
    north, south = broker.device(*NORTH), broker.device(*SOUTH)
    async with (
        connected(broker, broker.worker, WORKER, [ALL_UP]) as (_, at_worker),
        connected(broker, north, NORTH.name, [all_down(NORTH)]) as (north_pipe, at_north),
    ):
        for topic in (up(NORTH, "frame"), down(NORTH, "command"), down(SOUTH, "command"), "$SYS/x", "outpost/x"):
            async with connected(broker, south, SOUTH.name, []) as (forger, _):
                assert forger.publish(topic, b"forged")
                async with asyncio.timeout(5):
                    await forger.ended()
        assert north_pipe.publish(up(NORTH, "beat"), b"last")
        await until(lambda: at_worker == [(up(NORTH, "beat"), b"last")])
        assert at_north == []


async def test_a_clinic_that_takes_the_workers_client_id_does_not_throw_the_worker_off(broker: Broker) -> None:
    north = broker.device(*NORTH)
    async with (
        connected(broker, broker.worker, WORKER, [ALL_UP]) as (_, at_worker),
        connected(broker, north, WORKER, []) as (north_pipe, _),
    ):
        assert north_pipe.publish(up(NORTH, "beat"), b"x")
        await until(lambda: at_worker == [(up(NORTH, "beat"), b"x")])


async def test_without_a_certificate_or_with_another_authoritys_nobody_connects(broker: Broker, tmp_path: Path) -> None:
    from cloud.accounts.authority import Authority

    nobody = ssl.create_default_context(cafile=str(broker.worker.ca))
    stranger = ssl.create_default_context(cafile=str(broker.worker.ca))
    stranger.load_cert_chain(*Authority.open(tmp_path).worker_files(WORKER))
    for context in (nobody, stranger):
        pipe = Pipe(broker.host, broker.port, context, "x", [], lambda topic, payload: None)
        with pytest.raises(PipeEnded):
            await pipe.open(5)
        await pipe.close()


async def test_a_revoked_certificate_is_refused_at_once_and_others_are_not(broker: Broker) -> None:
    north, again = broker.device(*NORTH), broker.device(*NORTH)
    assert broker.process is not None
    assert int(broker.files.pid.read_text()) == broker.process.pid, "it says itself whom a revocation signals"
    broker.revoke(north.serial)

    async def refused() -> bool:
        pipe = Pipe(broker.host, broker.port, north.context(), NORTH.name, [], lambda topic, payload: None)
        try:
            await pipe.open(5)
        except PipeEnded:
            return True
        finally:
            await pipe.close()
        return False

    await until(refused)
    async with connected(broker, again, NORTH.name, [all_down(NORTH)]):
        pass


async def test_an_error_in_a_callback_ends_the_pipe_and_is_told(broker: Broker) -> None:
    def broken(topic: str, payload: bytes) -> None:
        raise ZeroDivisionError("a fault")

    async with connected(broker, broker.worker, WORKER, [ALL_UP], broken) as (worker, _):
        async with connected(broker, broker.device(*NORTH), NORTH.name, []) as (north, _):
            assert north.publish(up(NORTH, "beat"), b"x")
            async with asyncio.timeout(5):
                assert "ZeroDivisionError: a fault" in await worker.ended()
        assert not worker.publish(down(NORTH, "ack"), b"gone")


async def test_nothing_is_kept_for_a_clinic_that_is_away(broker: Broker) -> None:
    north = broker.device(*NORTH)
    async with connected(broker, broker.worker, WORKER, [ALL_UP]) as (worker, _):
        async with connected(broker, north, NORTH.name, [all_down(NORTH)]):
            pass
        assert worker.publish(down(NORTH, "ack"), b"missed")
        async with connected(broker, north, NORTH.name, [all_down(NORTH)]) as (_, at_north):
            assert worker.publish(down(NORTH, "ack"), b"seen")
            await until(lambda: at_north == [(down(NORTH, "ack"), b"seen")])


def test_the_configuration_says_what_the_design_asks(tmp_path: Path) -> None:
    files = mosquitto.BrokerFiles(
        tmp_path, tmp_path / "ca", tmp_path / "c", tmp_path / "k", ("w-1", "w-2"), as_root=False
    )
    text = mosquitto.write(files, "crl").read_text()
    for line in (
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "max_queued_messages 0",
        "max_inflight_messages 200",
        "set_tcp_nodelay true",
        f"crlfile {files.crl}",
    ):
        assert line in text.splitlines()
    assert "user root" not in text
    assert files.acl.stat().st_mode & 0o777 == 0o600
    acl = files.acl.read_text()
    assert acl.count("topic write outpost/+/down/#") == 2
    assert "pattern write outpost/%u/up/#" in acl and "pattern read outpost/%u/down/#" in acl
