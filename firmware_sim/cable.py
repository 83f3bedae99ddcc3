"""A device's cable to the edge: a pseudo-terminal at one end, a link with faults in each direction, the device at the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from firmware_sim.links import Kind, Link
from firmware_sim.terminal import Terminal


class Cable:
    """A device's cable: its terminal and the links of both directions."""

    def __init__(self, path: Path) -> None:
        self.to_edge = Link(self._arrived_at_edge)
        self.to_device = Link(lambda data: self.on_bytes(data))
        self.terminal = Terminal(path, self.to_device.send)
        self.on_bytes: Callable[[bytes], None] = lambda data: None

    def _arrived_at_edge(self, data: bytes) -> None:
        self.terminal.send(data)

    def set(self, kind: Kind, seed: int) -> None:
        """Make both directions another kind of link."""
        self.to_edge.set(kind, seed)
        self.to_device.set(kind, seed + 1)

    def cable(self, state: str) -> None:
        """Pull the cable out or put it back."""
        if state == "out":
            self.terminal.pull()
        elif not self.terminal.plugged:
            self.terminal.plug()

    async def run(self) -> None:
        """Carry until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.to_edge.run())
            group.create_task(self.to_device.run())
