"""A device for medicine on a cable of its own: messages cut into parts, sent again until they are acknowledged."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from edge.app.ports import DeviceError
from edge.devices.dispenser import DeviceLink, MedicineDevices
from edge.devices.transport import Transport
from shared.clock import mono_ms
from shared.segments import JsonLine

TICK_S: Final = 0.01


class SerialDispenser:
    """One device behind a byte line. `run` carries it; the transport runs beside it."""

    def __init__(self, name: str, transport: Transport, devices: MedicineDevices) -> None:
        self.name = name
        self.link = DeviceLink(devices, transport.name, self._send)
        self._transport = transport
        self._line = JsonLine()
        self._stir = asyncio.Event()
        transport.on_bytes = self._bytes
        transport.on_gone = self._gone

    @property
    def noise(self) -> int:
        """Pieces of the line that were no message."""
        return self._line.noise

    async def run(self) -> None:
        """Carry both directions until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name=f"answers {self.name}")
            group.create_task(self._carry(), name=f"line {self.name}")

    async def _carry(self) -> None:
        while True:
            out = self._line.tick(mono_ms())
            if out:
                self._write(out)
            if self._line.sender.waiting:
                await asyncio.sleep(TICK_S)
            else:
                await self._stir.wait()
                self._stir.clear()

    def _bytes(self, data: bytes) -> None:
        for message in self._line.feed(data, mono_ms()):
            self.link.offer(message)
        out = self._line.tick(mono_ms())
        if out:
            self._write(out)

    def _send(self, message: dict[str, Any]) -> bool:
        if not self._transport.is_open or not self._line.send(message):
            return False
        self._stir.set()
        return True

    def _write(self, out: bytes) -> None:
        try:
            self._transport.write(out)
        except DeviceError:  # the cable is out, or the device takes nothing: parts come again by themselves
            self._stir.set()

    def _gone(self) -> None:
        self._line.lost()
        self.link.gone()
