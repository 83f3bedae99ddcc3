"""The devices of one clinic as one program: boards and a printer on pseudo-terminals, a loudspeaker, pieces of network.

A control socket moves them: one JSON object a line in, one a line out. Everything it understands is in `_DOES`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args

from firmware_sim import dispenser_verbs, links
from firmware_sim.board import Board
from firmware_sim.cable import Cable
from firmware_sim.control import LINE_BYTES_MAX, BadRequest, converse
from firmware_sim.dispenser_shell import Device
from firmware_sim.links import Proxy
from firmware_sim.listener import Listener
from firmware_sim.paper import Slip, render
from firmware_sim.printer import SPEED_MM_S, Paper, Printer
from firmware_sim.speaker import Speaker, lines_in
from shared.clock import Clock, iso

PICTURES_WAITING_MAX = 200
"""Slips to be painted; one more is kept as text only."""
PICTURES_KEPT_MAX = 1_000
PRESSES_AT_ONCE_MAX = 64
CONTROLS_MAX = 64


class Devices:
    """All devices of one run folder. `proxies`: name to (host, port) of what lies behind a piece of network.

    dispensers: name to (host, port) of a broker, or None for one on a serial cable.
    """

    def __init__(
        self, folder: Path, clock: Clock, boards: Sequence[str] = ("board",), speed_mm_s: float = SPEED_MM_S,
        proxies: dict[str, tuple[str, int]] | None = None, seed: int = 0, pictures: bool = True,
        dispensers: dict[str, tuple[str, int] | None] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.clock = clock
        self._rng = random.Random(seed)
        (folder / "slips").mkdir(parents=True, exist_ok=True)
        self.cables: dict[str, Cable] = {}
        self.boards: dict[str, Board] = {}
        for name in boards:
            cable = self.cables[name] = Cable(folder / name)
            board = self.boards[name] = Board(name, cable.to_edge.send)
            cable.on_bytes = board.feed
        cable = self.cables["printer"] = Cable(folder / "printer")
        self.printer = Printer(
            clock, cable.to_edge.send, self._slip, cable.terminal.hear, self._printer_power, speed_mm_s
        )
        cable.on_bytes = self.printer.feed
        self.speaker = Speaker(clock, folder)
        self.dispensers: dict[str, Device] = {}
        for name, broker in (dispensers or {}).items():
            device = self.dispensers[name] = Device(name, folder, clock)
            if broker is not None:
                device.by_broker(*broker)
            else:
                cable = self.cables[name] = Cable(folder / name)
                device.by_cable(cable)
        self.proxies = {name: Proxy(host, port) for name, (host, port) in (proxies or {}).items()}
        self._slips = lines_in(folder / "slips.jsonl")
        self._to_paint: asyncio.Queue[tuple[Path, Slip]] = asyncio.Queue(PICTURES_WAITING_MAX)
        self._pictures = pictures
        self._pressing = 0

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Open everything, say `ready`, and work until cancelled; then take every path away again."""
        control = self.folder / "control.sock"
        listener = Listener(partial(converse, self.do), CONTROLS_MAX, LINE_BYTES_MAX)
        await listener.on_path(str(control))
        try:
            for cable in self.cables.values():
                cable.terminal.plug()
            await self._open_ports()
            async with asyncio.TaskGroup() as group:
                for cable in self.cables.values():
                    group.create_task(cable.run())
                for board in self.boards.values():
                    group.create_task(board.run())
                for device in self.dispensers.values():
                    group.create_task(device.run())
                group.create_task(self.printer.run())
                group.create_task(self._paint())
                ready()
        finally:
            await listener.stop()
            for cable in self.cables.values():
                cable.terminal.pull()
            await self.speaker.stop()
            for proxy in self.proxies.values():
                await proxy.stop()
            for name in ("speaker", *self.proxies):
                (self.folder / f"{name}.port").unlink(missing_ok=True)
            control.unlink(missing_ok=True)

    async def do(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request of the control socket. Raises BadRequest."""
        verb = request.get("do")
        if isinstance(verb, str) and (
            verb in _ONLY_DISPENSERS or (verb in dispenser_verbs.VERBS and "dispenser" in request)
        ):
            return await dispenser_verbs.do(self.dispensers, verb, request)
        handler = _DOES.get(verb) if isinstance(verb, str) else None
        if handler is None:
            raise BadRequest(f"do is one of {', '.join(sorted({*_DOES, *_ONLY_DISPENSERS}))}")
        return await handler(self, request)

    # What the control socket can do.

    async def _press(self, request: dict[str, Any]) -> dict[str, Any]:
        board = self._board(request)
        button = request.get("button", 1)
        if not isinstance(button, int) or not 1 <= button <= 255:
            raise BadRequest("button is 1 to 255")
        if self._pressing >= PRESSES_AT_ONCE_MAX:
            raise BadRequest("too many fingers at once")
        self._pressing += 1
        try:
            return await board.press(button, self._rng, bounce=request.get("bounce", True) is not False)
        finally:
            self._pressing -= 1

    async def _paper(self, request: dict[str, Any]) -> dict[str, Any]:
        self.printer.moods.paper = cast(Paper, _one_of(request, "state", get_args(Paper)))
        self.printer.moods.paper_ends_after = None
        self.printer.stir()
        return {}

    async def _cover(self, request: dict[str, Any]) -> dict[str, Any]:
        self.printer.moods.cover_open = _one_of(request, "state", ("open", "closed")) == "open"
        self.printer.stir()
        return {}

    async def _printer(self, request: dict[str, Any]) -> dict[str, Any]:
        """after: things still to be printed before it dies, or before the paper ends."""
        state = _one_of(request, "state", ("on", "off", "dies", "paper_ends", "garbage", "mute", "well", "speed"))
        moods, after = self.printer.moods, request.get("after", 3)
        if not isinstance(after, int) or not 0 < after <= 1_000:
            raise BadRequest("after is 1 to 1000")
        match state:
            case "on" | "off":
                self.printer.power(state == "on")
            case "dies":
                moods.dies_after = after
            case "paper_ends":
                moods.paper_ends_after = after
            case "garbage" | "mute" | "well":
                moods.garbage, moods.mute = state == "garbage", state == "mute"
            case "speed":
                self.printer.speed_mm_s = float(request.get("mm_s", SPEED_MM_S))
        self.printer.stir()
        return {}

    async def _link(self, request: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in self.cables if name in request]
        if not names:
            raise BadRequest(f"name one of {', '.join(self.cables)}")
        for name in names:
            kind = cast(links.Kind, _one_of(request, name, links.KINDS))
            self.cables[name].set(kind, int(request.get("seed", 0)))
        return {}

    async def _cable(self, request: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in self.cables if name in request]
        if not names:
            raise BadRequest(f"name one of {', '.join(self.cables)}")
        for name in names:
            self.cables[name].cable(_one_of(request, name, ("in", "out")))
        return {}

    async def _power(self, request: dict[str, Any]) -> dict[str, Any]:
        board = self._board(request)
        state = _one_of(request, "state", ("on", "off", "cycle"))
        if state != "on":
            board.power(False)
        if state != "off":
            board.power(True)
        return {"stream": board.firmware.stream}

    async def _speaker(self, request: dict[str, Any]) -> dict[str, Any]:
        self.speaker.broken = _one_of(request, "state", ("ok", "broken")) == "broken"
        return {}

    async def _net(self, request: dict[str, Any]) -> dict[str, Any]:
        """Every proxy, or the one named; "ok", "cut" or "half_open"."""
        state = cast(links.State, _one_of(request, "state", get_args(links.State)))
        name = request.get("name")
        if name is not None and name not in self.proxies:
            raise BadRequest(f"name one of {', '.join(self.proxies) or 'no proxies'}")
        latency = request.get("latency_ms")
        for proxy in [self.proxies[name]] if name else self.proxies.values():
            proxy.set(state, None if latency is None else min(int(latency), 60_000))
        return {}

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "now_ms": self.clock.now_ms(), "boards": {name: board.status() for name, board in self.boards.items()},
            "printer": self.printer.describe(), "speaker": self.speaker.describe(),
            "dispensers": {name: device.status() for name, device in self.dispensers.items()},
            "links": {name: cable.to_edge.kind for name, cable in self.cables.items()},
            "net": {name: {"state": p.state, "port": p.port, "latency_ms": p.latency_ms, "connections": p.connections}
                    for name, p in self.proxies.items()},
        }  # fmt: skip

    # The rest.

    def _board(self, request: dict[str, Any]) -> Board:
        name = request.get("board", next(iter(self.boards)))
        if name not in self.boards:
            raise BadRequest(f"board is one of {', '.join(self.boards)}")
        return self.boards[name]

    def _printer_power(self, on: bool) -> None:
        """A USB printer without power is not there at all."""
        self.cables["printer"].cable("in" if on else "out")

    def _slip(self, slip: Slip) -> None:
        self._slips += 1
        name = f"{self._slips:04d}-{slip.token or 'none'}.png"
        paint = self._pictures and not self._to_paint.full()
        now_ms = self.clock.now_ms()
        line = {"n": self._slips, "token": slip.token, "repeat": slip.repeat, "complete": slip.complete, "at_ms": now_ms,
                "at": iso(now_ms), "text": slip.lines, "codes": slip.codes, "pictures": slip.pictures,
                "png": f"slips/{name}" if paint else None}  # fmt: skip
        with (self.folder / "slips.jsonl").open("a") as diary:
            diary.write(json.dumps(line, ensure_ascii=False) + "\n")
        if paint:
            self._to_paint.put_nowait((self.folder / "slips" / name, slip))

    async def _paint(self) -> None:
        painted: list[Path] = []
        while True:
            path, slip = await self._to_paint.get()
            path.write_bytes(await asyncio.to_thread(render, slip))
            painted.append(path)
            if len(painted) > PICTURES_KEPT_MAX:
                painted.pop(0).unlink(missing_ok=True)

    async def _open_ports(self) -> None:
        ports = {"speaker": await self.speaker.start(), **{n: await p.start() for n, p in self.proxies.items()}}
        for name, port in ports.items():
            (self.folder / f"{name}.port").write_text(f"{port}\n")


_DOES: dict[str, Callable[[Devices, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "press": Devices._press, "paper": Devices._paper, "cover": Devices._cover, "printer": Devices._printer,
    "link": Devices._link, "cable": Devices._cable, "power": Devices._power, "speaker": Devices._speaker,
    "net": Devices._net, "status": Devices._status,
}  # fmt: skip


_ONLY_DISPENSERS = frozenset({*dispenser_verbs.VERBS, "say"} - _DOES.keys())
"""Verbs that only a dispenser knows; `press` and `power` are a board's too, and a dispenser's where one is named."""


def _one_of(request: dict[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = request.get(name)
    if value not in allowed:
        raise BadRequest(f"{name} is one of {', '.join(allowed)}")
    return cast(str, value)


async def serve(devices: Devices, ready: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT, and leave nothing behind."""
    task = asyncio.ensure_future(devices.run(ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
