"""Builds what a clinic has for medicine: its devices and their lines, ears and dialogue, recordings on their way up.

A part of `edge.main`, which hands over values of its settings: the only other module here that sees every layer.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from edge.app.bus import Bus
from edge.app.dispatcher import Dispatcher
from edge.store.database import Store

if TYPE_CHECKING:
    from edge.app.device_intake import DeviceIntake
    from edge.app.dose_calls import DoseCalls
    from edge.app.lines import Lines
    from edge.app.ports import Speaker
    from edge.app.voice_notes import VoiceNotes
    from edge.devices.dispenser import MedicineDevices
    from edge.devices.dispenser_mqtt import MqttDispensers
    from edge.devices.dispenser_serial import SerialDispenser
    from edge.devices.speaker import Clip
    from edge.devices.transport import Transport
    from edge.sync.blobs import BlobUploads
    from edge.sync.identity import Identity
    from edge.voice.listener import Listener

BLOBS: Final = "blobs"
"""In the data folder: recordings, each under its hash."""


@dataclass(frozen=True)
class Medicine:
    """The parts. `lines`: by name, for the watch of lines and for /health."""

    intake: DeviceIntake
    notes: VoiceNotes
    devices: MedicineDevices
    dispensers: list[SerialDispenser | MqttDispensers]
    listener: Listener
    calls: DoseCalls
    uploads: BlobUploads
    lines: dict[str, Transport]

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Everything that runs until it is cancelled, by name; the lines are run with the clinic's others."""
        return {
            "dose calls": self.calls.run(), "schedules": self.devices.run(), "listener": self.listener.run(),
            "recordings up": self.uploads.run(),
            **{f"dispenser {number}": one.run() for number, one in enumerate(self.dispensers, 1)},
        }  # fmt: skip


def medicine(
    store: Store, dispatcher: Dispatcher, bus: Bus, *, data: Path, zone: ZoneInfo, language: str, speaker: Speaker | None,
    clip: Clip | None, watch: Lines, dispensers: Sequence[tuple[str, str]], broker: tuple[str, int] | None,
    identity: Callable[[], Identity | None], recordings_days: int,
) -> Medicine:  # fmt: skip
    """Wire them; nothing runs yet.

    clip: words to sound for the devices' own loudspeakers; None where there is no voice.  dispensers: (id, port) of those on a
    cable.  broker: of devices on a network of the clinic's own.  recordings_days: how long sounds stay here.
    """
    from edge.app.device_intake import DeviceIntake
    from edge.app.dose_calls import DoseCalls
    from edge.app.voice_notes import VoiceNotes
    from edge.devices.dispenser import MedicineDevices
    from edge.devices.dispenser_mqtt import MqttDispensers
    from edge.devices.dispenser_serial import SerialDispenser
    from edge.devices.transport import open_line
    from edge.sync.blobs import BlobUploads
    from edge.voice.hearing import Hearing
    from edge.voice.listener import Listener
    from shared.blobs import Blobs

    blobs = Blobs(data / BLOBS)
    intake = DeviceIntake(dispatcher, store.reader, store.clock, zone, language)
    notes = VoiceNotes(dispatcher, store.reader, store.clock, blobs, Hearing())
    devices = MedicineDevices(intake, notes, bus, store.clock, clip)
    listener = Listener(dispatcher, store.reader, store.clock, zone, devices)
    notes.listener = listener
    lines: dict[str, Transport] = {}
    links: list[SerialDispenser | MqttDispensers] = []
    for id_, port in dispensers:
        name = f"dispenser {id_}"
        lines[name] = open_line(port, name, partial(watch.told, name))
        links.append(SerialDispenser(id_, lines[name], devices))
    if broker is not None:
        links.append(MqttDispensers(*broker, devices))
    uploads = BlobUploads(dispatcher, store.reader, store.clock, blobs, identity, recordings_days)
    calls = DoseCalls(store, dispatcher, bus, speaker, devices, language)
    return Medicine(intake, notes, devices, links, listener, calls, uploads, lines)
