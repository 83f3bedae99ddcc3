"""The demo as a person sees it: start the stage, show what happens, do what the keys ask, end everything."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live

from deploy.demo import clips
from deploy.demo.care import DISPENSER, first_care, verify_inbox
from deploy.demo.clips import NoVoice
from deploy.demo.devices import DevicesSilent
from deploy.demo.keys import keys
from deploy.demo.ports import Ports
from deploy.demo.program import ProgramFailed
from deploy.demo.screen import pairing, table, welcome
from deploy.demo.seed import Clinic, first_people
from deploy.demo.stage import Stage
from deploy.demo.view import Watcher
from shared.clock import Clock, transport_s

SHOWN_EVERY_S = 0.25
AWAY_S = 3.0
"""How long the clinic stays away after kill -9, so that a person sees it."""
HOUR = timedelta(hours=1)
ANSWERED_S = 12.0
"""Real seconds the dispenser has to ask back what it was told, before "yes" is said."""


async def play(folder: Path, ports: Ports, given: argparse.Namespace) -> None:
    """Run until q, Ctrl-C, SIGTERM, or the terminal goes away."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    console = Console(highlight=False, soft_wrap=True)
    news: list[Callable[[str], None]] = [lambda words: console.print(f"demo: {words}")]
    stage = Stage(
        folder,
        ports=ports,
        clock=_ahead(folder),
        broker=False if given.no_broker else None,
        database_url=given.database_url,
        said=lambda words: news[0](words),
        edge_settings={"open_on_loopback": "true"} if given.open else None,
    )
    if not await _unless(ended, stage.__aenter__()):
        return
    try:
        if not await _unless(ended, _fill(stage)):
            return
        await Show(stage, console, ended, plain=given.plain or not sys.stdin.isatty()).run(news)
    finally:
        console.print("demo: ending everything")
        await stage.stop()


async def _fill(stage: Stage) -> None:
    await first_people(stage)
    await first_care(stage)
    await verify_inbox(stage)


async def _unless(ended: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Do it; False when the demo is ended first, the work cancelled and over."""
    doing, stop = asyncio.create_task(work), asyncio.create_task(ended.wait())
    await asyncio.wait((doing, stop), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not doing.done():
        doing.cancel()
        await asyncio.wait((doing,))
        return False
    await doing
    return True


def _ahead(folder: Path) -> Clock | None:
    """The time of an earlier demo here that let hours pass; None for the machine's own."""
    ahead_s = Clinic.load(folder / "clinic.json").ahead_s
    return Clock.starting_at(Clock.life().now() + timedelta(seconds=ahead_s)) if ahead_s else None


class Show:
    """What is shown, and what each key does."""

    def __init__(self, stage: Stage, console: Console, ended: asyncio.Event, *, plain: bool) -> None:
        self.stage = stage
        self.console = console
        self.ended = ended
        self.plain = plain
        self.watcher = Watcher(stage)
        self.view = self.watcher.view
        self.does: dict[str, Callable[[], Awaitable[str]]] = {
            "1": self._press,
            "n": self.watcher.call_next,
            "c": self._cable,
            "p": self._paper,
            "k": self._kill,
            "b": self._button,
            "v": self._took,
            "x": self._chest_pain,
            "t": self._hour,
            "o": self._pair,
            "q": self._quit,
        }

    async def run(self, news: list[Callable[[str], None]]) -> None:
        """Until it is ended; `news[0]` becomes where to say what happens."""
        self.console.print(welcome(self.stage))
        async with keys() as pressed, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._do(pressed)), group.create_task(self.watcher.run())]
            if self.plain:
                tasks.append(group.create_task(self._lines()))
            else:
                news[0] = self.view.news.append
                tasks.append(group.create_task(self._table()))
            tasks.append(group.create_task(self._tell_pairing()))
            await self.ended.wait()
            for task in tasks:
                task.cancel()
        news[0] = self.console.print
        await self.watcher.close()

    async def _table(self) -> None:
        with Live(table(self.view), console=self.console, auto_refresh=False) as live:
            while True:
                live.update(table(self.view), refresh=True)
                await asyncio.sleep(SHOWN_EVERY_S)

    async def _lines(self) -> None:
        last = ""
        while True:
            line = self.view.line()
            if line != last:
                self.console.print(f"demo: {line}")
                last = line
            await asyncio.sleep(SHOWN_EVERY_S)

    async def _do(self, pressed: asyncio.Queue[str]) -> None:
        while True:
            key = await pressed.get()
            if not key:  # the terminal is gone, and with it the person
                self.ended.set()
                return
            action = self.does.get(key)
            if action is None:
                continue
            try:
                said = await action()
            except (DevicesSilent, ProgramFailed, NoVoice, httpx.HTTPError) as trouble:
                said = f"that did not work: {trouble}"
            if self.plain:
                self.console.print(f"demo: {said}")
            else:
                self.view.news.append(said)

    async def _press(self) -> str:
        await self.stage.devices.do("press", button=1)
        return "pressed the button"

    async def _button(self) -> str:
        await self.stage.devices.do("press", dispenser=DISPENSER)
        return "pressed the dispenser's button"

    async def _took(self) -> str:
        """A sentence; the dispenser may read it back, and then hears "yes"."""
        before = len(self.stage.devices.announced(DISPENSER))
        await self._say(clips.TAKEN, "command")
        ends_s = transport_s() + ANSWERED_S
        while transport_s() < ends_s:
            said = self.stage.devices.announced(DISPENSER)[before:]
            if said:
                break
            await asyncio.sleep(SHOWN_EVERY_S)
        else:
            return f'said "{clips.TAKEN}"; the dispenser said nothing'
        if said[-1]["text"].endswith("?"):
            await self._say(clips.YES, "command")
            return f'said "{clips.TAKEN}"; it asked "{said[-1]["text"]}", and heard "{clips.YES}"'
        return f'said "{clips.TAKEN}"; it answered "{said[-1]["text"]}"'

    async def _chest_pain(self) -> str:
        await self._say(clips.CHEST, "note")
        return f'said a note: "{clips.CHEST}"; it asks back and calls after 20 seconds'

    async def _say(self, words: str, purpose: str) -> None:
        file = await clips.spoken(words, self.stage.folder / "clips")
        await self.stage.devices.do("say", dispenser=DISPENSER, file=str(file), purpose=purpose)

    async def _hour(self) -> str:
        """Everything but the database starts again an hour later, as after a night: time does not go back."""
        self.view.news.append("an hour passes: the programs start again with clocks an hour ahead")
        stage = self.stage
        await stage.set_clock(lambda: Clock.starting_at(stage.time().now() + HOUR))
        stage.clinic.ahead_s += int(HOUR.total_seconds())
        stage.clinic.save()
        return f"an hour has passed: it is {stage.time().now():%H:%M} UTC here"

    async def _cable(self) -> str:
        if self.stage.link_is_cut:
            self.stage.restore_link()
            return "the link is given back"
        self.stage.cut_link()
        return "the link is cut"

    async def _paper(self) -> str:
        out = self.view.printer != "paper out"
        await self.stage.devices.do("paper", state="out" if out else "ok")
        return "the paper is out" if out else "a new roll is in"

    async def _kill(self) -> str:
        await self.stage.kill_edge()
        self.view.news.append(f"the clinic was killed with kill -9; it comes back in {AWAY_S:.0f} seconds")
        await asyncio.sleep(AWAY_S)
        await self.stage.start_edge()
        return "the clinic is back"

    async def _pair(self) -> str:
        self.console.print(pairing(self.stage, await self.watcher.pairing_codes()))
        return "new pairing links"

    async def _tell_pairing(self) -> None:
        with contextlib.suppress(httpx.HTTPError):  # the clinic may be killed just now; the key asks again
            await self._pair()

    async def _quit(self) -> str:
        self.ended.set()
        return "ending"
