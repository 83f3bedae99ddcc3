"""The shell of a simulated dispenser: power, a clock, and a way to the edge: a serial cable, or a broker.

What its memory keeps lies in ``<folder>/<name>.json`` and survives power cuts and restarts; what it announced is added to
``<folder>/<name>.jsonl``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from firmware_sim.cable import Cable
from firmware_sim.dispenser import Dispenser
from firmware_sim.dispenser_memory import Memory
from firmware_sim.speaker import length_ms
from shared.backoff import Backoff
from shared.clock import Clock, mono_ms, wall_s
from shared.device_messages import topic_down, topic_up
from shared.ids import new_id
from shared.pipe import Pipe, PipeEnded
from shared.segments import JsonLine

TICK_S: Final = 0.01
CONNECT_S: Final = 5.0
LINE_BUSY: Final = 3
"""Messages that wait for a slow line; a further one is let go, and what matters is sent again."""
Received = Callable[[dict[str, Any]], None]


class Way(Protocol):
    """How messages travel between a device and the edge."""

    def send(self, message: dict[str, Any], device: Dispenser) -> None:
        """Put a message on its way; it may be lost."""

    def tick(self) -> None:
        """Called every few milliseconds while the device has power."""

    def power(self, on: bool) -> None:
        """The device lost or got its power."""

    async def run(self) -> None:
        """Carry until cancelled."""


class SerialWay:
    """Over a cable."""

    def __init__(self, cable: Cable, received: Received) -> None:
        self._cable, self._received = cable, received
        self._line = JsonLine()
        self._on = True
        cable.on_bytes = self._bytes

    def send(self, message: dict[str, Any], device: Dispenser) -> None:
        if self._line.sender.waiting < LINE_BUSY:
            self._line.send(message)

    def tick(self) -> None:
        out = self._line.tick(mono_ms())
        if out:
            self._cable.to_edge.send(out)

    def power(self, on: bool) -> None:
        self._on = on
        self._line = JsonLine()

    async def run(self) -> None:
        await asyncio.Event().wait()

    def _bytes(self, data: bytes) -> None:
        if self._on:
            for message in self._line.feed(data, mono_ms()):
                self._received(message)


class MqttWay:
    """Over a broker: signed messages up, plain ones down. A device without an id claims under a name of its own."""

    def __init__(self, host: str, port: int, received: Received) -> None:
        self._address, self._received = (host, port), received
        self._name = f"new-{new_id()}"
        self._pipe: Pipe | None = None
        self._on = True
        self._stir = asyncio.Event()
        self.connections = 0

    def send(self, message: dict[str, Any], device: Dispenser) -> None:
        known = device.memory.device_id
        if known is not None and self._name != known:
            self._name = known
            self._hang_up()
        elif self._pipe is not None:
            payload = orjson.dumps(message) if known is None else device.token(message).encode()
            self._pipe.publish(topic_up(self._name), payload)

    def tick(self) -> None:
        """Messages go by themselves."""

    def power(self, on: bool) -> None:
        self._on = on
        self._hang_up()

    def _hang_up(self) -> None:
        self._stir.set()

    async def run(self) -> None:
        backoff = Backoff(0.05, 2.0)
        loop = asyncio.get_running_loop()
        while True:
            self._stir.clear()
            if not self._on:
                await self._stir.wait()
                continue
            topics = [topic_down(self._name)]

            def take(topic: str, payload: bytes) -> None:
                loop.call_soon_threadsafe(self._take, payload)

            pipe = Pipe(*self._address, None, f"device-{self._name}", topics, take)
            try:
                await pipe.open(CONNECT_S)
                self._pipe = pipe
                self.connections += 1
                backoff.reset()
                ended, stirred = asyncio.ensure_future(pipe.ended()), asyncio.ensure_future(self._stir.wait())
                await asyncio.wait((ended, stirred), return_when=asyncio.FIRST_COMPLETED)
                ended.cancel()
                stirred.cancel()
            except PipeEnded:
                await asyncio.sleep(backoff.next_s())
            finally:
                self._pipe = None
                await pipe.close()

    def _take(self, payload: bytes) -> None:
        if self._on:
            self._received(json.loads(payload))


class Device:
    """One dispenser with its power and its way."""

    def __init__(self, name: str, folder: Path, clock: Clock) -> None:
        self.name, self.clock = name, clock
        self._folder = folder
        self.on = True
        self.power_ups = 1
        self.way: Way | None = None
        self.firmware = self._booted()

    def by_cable(self, cable: Cable) -> None:
        """Reach the edge over a serial cable."""
        self.way = SerialWay(cable, self._received)

    def by_broker(self, host: str, port: int) -> None:
        """Reach the edge over a broker."""
        self.way = MqttWay(host, port, self._received)

    async def run(self) -> None:
        """Work until cancelled."""
        assert self.way is not None
        async with asyncio.TaskGroup() as group:
            group.create_task(self.way.run())
            group.create_task(self._tick())

    def power(self, on: bool) -> None:
        """Cut the power or give it back. Its memory stays; a new boot begins."""
        if on and not self.on:
            self.firmware = self._booted()
            self.power_ups += 1
        self.on = on
        if self.way is not None:
            self.way.power(on)

    def now(self) -> tuple[int, int]:
        """The device's two clocks: domain time, and its own counter."""
        return self.clock.now_ms(), mono_ms()

    def status(self) -> dict[str, Any]:
        """For people and checks."""
        return {"on": self.on, "power_ups": self.power_ups, **self.firmware.status(mono_ms())}

    def said(self) -> list[dict[str, Any]]:
        """Its diary of announcements."""
        path = self._folder / f"{self.name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    async def _tick(self) -> None:
        assert self.way is not None
        while True:
            if self.on:
                for message in self.firmware.tick(*self.now()):
                    self.way.send(message, self.firmware)
                if not self.firmware.silent:
                    self.way.tick()
            await asyncio.sleep(TICK_S)

    def _booted(self) -> Dispenser:
        memory = Memory.load(self._folder / f"{self.name}.json")
        return Dispenser(self.name, memory, length_ms, self._told, wall_s)

    def _received(self, message: dict[str, Any]) -> None:
        if self.on:
            self.firmware.receive(message, *self.now())

    def _told(self, line: dict[str, Any]) -> None:
        with (self._folder / f"{self.name}.jsonl").open("a") as diary:
            diary.write(json.dumps(line, ensure_ascii=False) + "\n")
