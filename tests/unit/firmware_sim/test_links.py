"""Links with faults, and the piece of network that can be cut."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from firmware_sim.links import KINDS, WAITING_BYTES_MAX, Link, Proxy, pieces
from firmware_sim.listener import Listener
from tests.device_ends import running, until

DATA = bytes(range(256)) * 20


@pytest.mark.parametrize("kind", ["perfect", "one_byte", "slow"])
def test_a_link_without_noise_changes_nothing(kind: str) -> None:
    assert b"".join(pieces(kind, DATA, random.Random(1))) == DATA  # type: ignore[arg-type]


def test_one_byte_at_a_time_is_one_byte_at_a_time() -> None:
    assert {len(p) for p in pieces("one_byte", DATA, random.Random(1))} == {1}


def test_a_lossy_link_does_its_harm_and_does_the_same_for_the_same_seed() -> None:
    first = list(pieces("lossy", DATA, random.Random(7)))
    assert first == list(pieces("lossy", DATA, random.Random(7)))
    assert first != list(pieces("lossy", DATA, random.Random(8)))
    assert b"".join(first) != DATA
    assert len(b"".join(first)) > len(DATA) // 2


async def test_a_cut_link_carries_nothing_and_a_mended_one_only_what_comes_after() -> None:
    got = bytearray()
    link = Link(got.extend, "cut")
    async with running(link.run()):
        link.send(b"lost")
        link.set("perfect")
        link.send(b"kept")
        await until(lambda: bytes(got) == b"kept")
    assert link.lost == 4


async def test_a_link_holds_a_bounded_number_of_bytes() -> None:
    link = Link(lambda data: None)
    link.send(bytes(WAITING_BYTES_MAX))
    link.send(b"x")
    assert (link.waiting, link.lost) == (WAITING_BYTES_MAX, 1)


def test_every_kind_is_known() -> None:
    for kind in KINDS:
        list(pieces(kind, DATA, random.Random(0)))


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1000):
            writer.write(data)


async def test_network_is_cut_and_given_back() -> None:
    server = Listener(_echo, 10)
    proxy = Proxy("127.0.0.1", await server.on_loopback())
    port = await proxy.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        proxy.set("cut")
        assert await _ended(reader)
        writer.transport.abort()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await _ended(reader)
        writer.transport.abort()
        proxy.set("ok", latency_ms=20)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        begun = asyncio.get_running_loop().time()
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"
        assert asyncio.get_running_loop().time() - begun >= 0.04
        writer.transport.abort()
    finally:
        await proxy.stop()
        await server.stop()


async def test_a_server_that_stops_while_somebody_is_connected_reports_no_error() -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    server = Listener(_echo, 10)
    reader, writer = await asyncio.open_connection("127.0.0.1", await server.on_loopback())
    writer.write(b"one")
    assert await reader.readexactly(3) == b"one"
    await server.stop()
    assert await _ended(reader)
    writer.transport.abort()
    assert reported == []


async def test_half_open_network_lets_connections_stand_and_passes_nothing_until_it_is_well() -> None:
    server = Listener(_echo, 10)
    proxy = Proxy("127.0.0.1", await server.on_loopback())
    port = await proxy.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        proxy.set("half_open")
        writer.write(b"two")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.readexactly(3)
        proxy.set("ok")
        async with asyncio.timeout(5):
            assert await reader.readexactly(3) == b"two"
        writer.transport.abort()
    finally:
        await proxy.stop()
        await server.stop()


async def _ended(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        try:
            return await reader.read(1) == b""
        except ConnectionError:
            return True
