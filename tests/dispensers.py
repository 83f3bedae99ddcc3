"""A simulated dispenser and the clinic that knows it, for tests: real store, real driver, a real pseudo-terminal or broker.

Domain time stands still until `Ward.until(..., passing=True)` lets it pass; what the clock asks for is done beside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.app.device_intake import DeviceIntake
from edge.app.dose_calls import DoseCalls
from edge.app.voice_notes import VoiceNotes
from edge.devices.dispenser import MedicineDevices
from edge.devices.dispenser_mqtt import MqttDispensers
from edge.devices.dispenser_serial import SerialDispenser
from edge.devices.transport import open_line
from edge.domain.care_commands import AddDevice
from edge.domain.heard import SILENCE, Heard
from firmware_sim.cable import Cable
from firmware_sim.dispenser_shell import Device
from firmware_sim.microphone import silence
from shared.blobs import Blobs
from shared.device_tokens import claim_hash, new_claim_code
from shared.ids import new_id
from tests.care import Care, care
from tests.device_ends import running

STEP_MS = 500
"""Domain time that passes with each look."""
LOOK_S = 0.01


@dataclass
class Ear:
    """Decoders that make of the next recording what they are told to. `asked`: lengths of what they were given, in bytes."""

    next: list[Heard | Exception] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def hear(self, pcm: bytes, rate: int, language: str) -> Heard:
        """The next answer; silence when there is none."""
        return await self.hear_file(pcm, language)

    async def hear_file(self, data: bytes, language: str) -> Heard:
        """As `hear`."""
        self.asked.append(len(data))
        if self.hold is not None:
            await self.hold.wait()
        answer = self.next.pop(0) if self.next else SILENCE
        if isinstance(answer, Exception):
            raise answer
        return answer


async def tone(words: str, language: str) -> bytes:
    """A clip for an announcement: a second of a quiet room."""
    return silence(1.0)


@dataclass
class Ward:
    """Everything between a patient's hand and the doses."""

    care: Care
    ear: Ear
    intake: DeviceIntake
    notes: VoiceNotes
    medicine: MedicineDevices
    device: Device
    drivers: Sequence[SerialDispenser | MqttDispensers]
    cable: Cable | None = None
    passing: bool = False

    async def until(self, condition: Callable[[], bool], *, passing: bool = False, within_s: float = 20.0) -> None:
        """Return when `condition` is true, letting domain time pass meanwhile if asked; fail when it never is."""
        async with asyncio.timeout(within_s):
            while not condition():
                if passing:
                    self.care.it.store.clock.start_ms += STEP_MS
                await asyncio.sleep(LOOK_S)

    async def claim(self) -> str:
        """Add a device for Ana and type its code into the dispenser; its id once it is welcome."""
        code, device_id = new_claim_code(), new_id()
        await self.care.it.accepted(
            AddDevice, device_id=device_id, device_kind="dispenser", name="Kitchen", person_id=self.care.person_id,
            claim_hash=claim_hash(code), claim_until_ms=self.care.now_ms + 600_000,
        )  # fmt: skip
        self.device.firmware.memory.claim_code = code
        await self.until(lambda: self.medicine.is_connected(device_id))
        return device_id

    def statuses(self) -> list[str]:
        """Statuses of the doses that are not planned any more, by due time."""
        query = "select status from doses where status <> 'PLANNED' order by due_at, id"
        return [row[0] for row in self.care.it.rows(query)]

    def told(self, event: str | None = None) -> int:
        """How many events of the device are kept."""
        where = "event = ?" if event else "? is null"
        return int(self.care.it.rows(f"select count(*) from device_log where {where}", event)[0][0])

    def say(self, wav: bytes | None = None, purpose: str = "command") -> dict[str, Any]:
        """Somebody speaks into the device."""
        return self.device.firmware.say(wav or silence(1.0), "en", purpose, *self.device.now())


@asynccontextmanager
async def ward(
    folder: Path, moment: str = "2026-11-20T07:59", broker: tuple[str, int] | None = None, said_s: float = 20.0,
    **store: Any,
) -> AsyncIterator[Ward]:  # fmt: skip
    """A clinic at a moment of UTC with Ana, and a dispenser on a cable, or on a broker."""
    async with care(folder / "data", moment, **store) as patient:
        it = patient.it
        intake = DeviceIntake(it.dispatcher, it.store.reader, it.store.clock, ZoneInfo("UTC"), "en")
        ear = Ear()
        notes = VoiceNotes(it.dispatcher, it.store.reader, it.store.clock, Blobs(folder / "blobs"), ear)
        medicine = MedicineDevices(intake, notes, it.bus, it.store.clock, tone, said_s=said_s)
        device = Device("d1", folder, it.store.clock)
        calls = DoseCalls(it.store, it.dispatcher, it.bus, patient.voice, medicine, "en")
        works: list[Any] = [medicine.run(), _clock(patient, calls)]
        cable = None
        drivers: list[SerialDispenser | MqttDispensers] = []
        if broker is None:
            cable = Cable(folder / "d1")
            cable.terminal.plug()
            device.by_cable(cable)
            line = open_line(str(folder / "d1"), "dispenser")
            drivers.append(SerialDispenser("d1", line, medicine))
            works += [cable.run(), line.run()]
        else:
            device.by_broker(*broker)
            drivers.append(MqttDispensers(*broker, medicine, back_off_s=(0.02, 0.2)))
        works += [*(driver.run() for driver in drivers), device.run()]
        try:
            async with running(*works):
                yield Ward(patient, ear, intake, notes, medicine, device, drivers, cable)
        finally:
            if cable is not None:
                cable.terminal.pull()
            calls.close()
            intake.close()
            notes.close()


async def _clock(patient: Care, calls: DoseCalls) -> None:
    """What the clinic's program does at its ticks."""
    while True:
        await patient.clock.look()
        while await calls.step():
            pass
        await asyncio.sleep(LOOK_S)
