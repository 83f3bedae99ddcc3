"""A dispenser on a real broker: signed messages up, acknowledged by us after the commit, whatever the broker does."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from deploy import machine
from deploy.demo.ports import free_port
from edge.domain.heard import Heard
from edge.domain.utterances import Intent
from firmware_sim.microphone import silence
from shared import device_tokens
from shared.device_messages import topic_down, topic_up
from shared.pipe import Pipe
from tests.dispensers import ward

EIGHT = {"medication": "Metformin", "times": ["08:00"]}


class LocalBroker:
    """mosquitto as a clinic runs it for its devices: on loopback, without a name."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._conf = folder / "devices.conf"
        self._conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = machine.program("mosquitto")
        assert program is not None, "mosquitto is not installed; `make test` installs it"
        self._process = subprocess.Popen(
            [program, "-c", str(self._conf)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            with pytest.raises(subprocess.TimeoutExpired):
                self._process.wait(0.02)
        raise RuntimeError("mosquitto did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def devices_broker(tmp_path: Path) -> Iterator[LocalBroker]:
    broker = LocalBroker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


async def test_a_device_claims_announces_and_a_press_is_a_dose_taken(
    tmp_path: Path, devices_broker: LocalBroker
) -> None:
    async with ward(tmp_path, broker=("127.0.0.1", devices_broker.port)) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: len(it.device.firmware.memory.doses) >= 13)
        await it.until(lambda: it.statuses() == ["ANNOUNCED"], passing=True)
        it.device.firmware.press(*it.device.now())
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        await it.until(lambda: not it.device.firmware.memory.events)
        assert it.told("taken") == 1


async def test_a_broker_that_goes_away_and_comes_back_loses_no_press(
    tmp_path: Path, devices_broker: LocalBroker
) -> None:
    async with ward(tmp_path, broker=("127.0.0.1", devices_broker.port)) as it:
        await it.claim()
        await asyncio.to_thread(devices_broker.stop)
        for _ in range(5):
            it.device.firmware.press(*it.device.now())
        await it.until(lambda: not it.drivers[0].is_open)  # type: ignore[union-attr]
        await asyncio.to_thread(devices_broker.start)
        await it.until(lambda: not it.device.firmware.memory.events, within_s=30)
        assert it.told("button") == 5


async def test_a_power_cut_of_the_device_loses_nothing_it_counted(tmp_path: Path, devices_broker: LocalBroker) -> None:
    async with ward(tmp_path, broker=("127.0.0.1", devices_broker.port)) as it:
        await it.claim()
        it.device.firmware.silent = True
        for _ in range(3):
            it.device.firmware.press(*it.device.now())
        it.device.power(False)
        it.device.power(True)
        await it.until(lambda: it.told("button") == 3, within_s=30)


async def test_nobody_else_on_the_broker_speaks_for_a_device(tmp_path: Path, devices_broker: LocalBroker) -> None:
    async with ward(tmp_path, broker=("127.0.0.1", devices_broker.port)) as it:
        device_id = await it.claim()
        answers: list[bytes] = []
        loop = asyncio.get_running_loop()
        pipe = Pipe(
            "127.0.0.1", devices_broker.port, None, "intruder", [topic_down(device_id)],
            lambda topic, payload: loop.call_soon_threadsafe(answers.append, payload) and None,
        )  # fmt: skip
        await pipe.open(5)
        try:
            event = {"boot_id": "f" * 16, "device_seq": 1, "kind": "button", "mono_ms": 1}
            message = {"t": "events", "events": [event], "sent_mono_ms": 2}
            foreign = device_tokens.sign(device_tokens.new_key(), device_id, message=message)
            for payload in (orjson.dumps(message), foreign.encode(), b"nonsense", b"{", b"\xff"):
                pipe.publish(topic_up(device_id), payload)
            await it.until(lambda: sum(json.loads(answer)["t"] == "who" for answer in answers) >= 2)
        finally:
            await pipe.close()
        assert it.told("button") == 0


async def test_a_clock_that_is_wrong_is_set_by_the_answer(tmp_path: Path, devices_broker: LocalBroker) -> None:
    async with ward(tmp_path, broker=("127.0.0.1", devices_broker.port)) as it:
        it.device.firmware.wall_s = lambda: 86_400.0
        device_id = await it.claim()
        assert it.medicine.is_connected(device_id)


async def test_what_somebody_says_over_the_broker_is_kept_and_heard(
    tmp_path: Path, devices_broker: LocalBroker
) -> None:
    async with ward(tmp_path, broker=("127.0.0.1", devices_broker.port)) as it:
        await it.care.plan(EIGHT)
        await it.claim()
        await it.until(lambda: it.statuses() == ["ANNOUNCED"], passing=True)
        it.ear.next.append(Heard("i took it", Intent.TAKEN, True, 20.0, 1.2))
        it.say(silence(4.0))
        await it.until(lambda: it.statuses() == ["ON_TIME"])
        await it.until(lambda: not it.device.firmware.sounds)
