"""Plays a scenario on running programs, through the doors people use: the button, the kiosk's and the desk's HTTP API.

It plays on a `Stage`, in the stage's domain time. What people were told is noted; `firmware_sim.checks` compares it
afterwards with what is on disk, on paper and in PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from firmware_sim import clinic_book, cloud_book
from firmware_sim.patients import Answers
from firmware_sim.person import Person
from firmware_sim.scenario import Happening, Scenario
from firmware_sim.stage import Stage
from shared.clock import Clock, transport_s
from shared.ids import new_id

LOOK_S = 0.2
CATCH_UP_LIMIT_S = 120.0


@dataclass
class Played:
    """What people did and were told."""

    scenario: str
    seed: int
    pressed: int = 0
    """Presses the board counted; bounce is none."""
    not_counted: int = 0
    """Presses the board had no room for; its lamp said so."""
    taps: dict[str, str | None] = field(default_factory=dict)
    """The kiosk's taps: idempotency key -> token, None when the person gave up or was refused."""
    taps_refused: int = 0
    acts: int = 0
    undone: int = 0
    kills: int = 0
    commands: list[str] = field(default_factory=list)
    """Ids of the commands head office gave."""
    outage_s: float = 0.0
    """Domain seconds without the cloud."""
    catch_up_s: float = 0.0
    """Real seconds from the link's return until PostgreSQL held everything made before it."""
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """When the link was cut and given back, domain ms."""
    answered: int = 0
    """Doses somebody answered."""
    people: list[str] = field(default_factory=list)
    """Ids of those who have medicine."""
    span_ms: tuple[int, int] = (0, 0)
    """When the day began and closed, domain ms."""
    faults: list[str] = field(default_factory=list)


class Player:
    """One playing of one scenario. `said` is told in words what happens."""

    def __init__(self, stage: Stage, scenario: Scenario, seed: int, said: Callable[[str], None]) -> None:
        self.stage, self.scenario, self.seed, self.said = stage, scenario, seed, said
        self.played = Played(scenario.name, seed)
        self._clock = stage.clock or Clock.life()
        wanted_ms = int(scenario.starts.timestamp() * 1000)
        self._begin_ms = max(wanted_ms, self._clock.now_ms())  # set-up took longer than planned: the day is later
        self._staff = Person(stage.edge_url, stage.clinic.staff)
        self._office = Person(stage.cloud_url, stage.clinic.office)
        self._closed = asyncio.Event()
        self._finger = asyncio.Lock()
        self._cut_ms = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._does: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "press": self._press, "tap": self._tap, "head office": self._head_office,
            "cut link": self._cut, "restore link": self._restore,
            "kill edge": self._kill, "start edge": self._start,
            "paper out": self._devices("paper", state="out"), "paper in": self._devices("paper", state="ok"),
            "noisy board": self._devices("link", board="lossy", seed=seed),
            "quiet board": self._devices("link", board="perfect"),
        }  # fmt: skip

    async def play(self) -> Played:
        """From the first happening until the clinic closes and everybody has their answer."""
        await self._staff.sign_in(None)
        await self._office.sign_in(None)
        answers = Answers(self.stage, self.scenario.patients, self.seed, self._staff, self.played.faults)
        staff = [asyncio.create_task(self._doctor(d, Random(f"{self.seed}:{d}"))) for d in range(len(self._doctors()))]
        if self.scenario.patients:
            self.played.people = [str(one["id"]) for one in self.stage.clinic.care["people"]]
            staff.append(asyncio.create_task(answers.run(self._closed, self._wait)))
        try:
            for happening in self.scenario.happenings(self.seed):
                await self._until(happening.at_s)
                self._begin(happening)
            await self._until(self.scenario.until_s)
            self._closed.set()
            self.said("closing time: no more input")
            self.played.span_ms = (self._begin_ms, self._clock.now_ms())
            await asyncio.gather(*staff, *self._tasks)
            self.played.answered = answers.given
        finally:
            for task in (*staff, *self._tasks):
                task.cancel()
            await asyncio.gather(*staff, *self._tasks, return_exceptions=True)
            await self._staff.close()
            await self._office.close()
        return self.played

    def _begin(self, happening: Happening) -> None:
        """Start it beside what else goes on: people do not wait for one another."""

        async def do() -> None:
            try:
                await self._does[happening.do](happening.values)
            except (OSError, TimeoutError, httpx.HTTPError) as error:
                self.played.faults.append(f"{happening.do}: {type(error).__name__}: {error}")

        task = asyncio.create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- people

    async def _press(self, values: dict[str, Any]) -> None:
        async with self._finger:  # there is one button
            answer = await self.stage.devices.do("press", button=1, bounce=values["bounce"])
        self.played.pressed += bool(answer["counted"])
        self.played.not_counted += not answer["counted"]

    async def _tap(self, values: dict[str, Any]) -> None:
        key = new_id()
        self.played.taps[key] = None
        sent = [self._staff.post("/api/v1/visits", {"service": "A"}, key) for _ in range(2 if values["twice"] else 1)]
        answers = await asyncio.gather(*sent)
        tokens = {a.json()["visit"]["token_number"] if a.is_success else None for a in answers}
        if len(tokens) > 1:
            self.played.faults.append(f"one tap was answered in two ways: {tokens}")
        self.played.taps[key] = tokens.pop()
        self.played.taps_refused += self.played.taps[key] is None

    def _doctors(self) -> Sequence[str]:
        return self.stage.clinic.doctors

    async def _doctor(self, number: int, random: Random) -> None:
        """Call, start, complete, all day; some patients do not come, some acts are taken back."""
        doctor, how = self._doctors()[number], self.scenario.doctors
        while not self._closed.is_set():
            called = await self._act(f"doctors/{doctor}/call-next", random)
            if called is None:
                await self._wait(60)
                continue
            visit = called["visit"]["id"]
            await self._wait(random.uniform(*how.way_s))
            if random.random() < how.absent:
                await self._act(f"visits/{visit}/recall", random, final=True)
                await self._wait(random.uniform(*how.way_s))
                if await self._act(f"visits/{visit}/no-show", random) is None:  # taken back by mistake
                    await self._act(f"visits/{visit}/no-show", random, final=True)
                continue
            await self._act(f"visits/{visit}/start", random, final=True)
            await self._wait(random.uniform(*how.consultation_s))
            await self._act(f"visits/{visit}/complete", random, final=True)

    async def _act(self, path: str, random: Random, final: bool = False) -> dict[str, Any] | None:
        """One act of staff; None when it was refused, or was taken back (never with `final`)."""
        answer = await self._staff.post(f"/api/v1/{path}")
        if not answer.is_success:
            return None
        self.played.acts += 1
        done: dict[str, Any] = answer.json()
        if not final and random.random() < self.scenario.doctors.undo:
            undone = await self._staff.post("/api/v1/visits/undo", {"undo_id": done["undo_id"]})
            self.played.undone += undone.is_success
            return None if undone.is_success else done
        return done

    async def _head_office(self, values: dict[str, Any]) -> None:
        answer = await self._office.post(f"/api/v1/sites/{self.stage.clinic.site}/commands", values)
        if not answer.is_success:
            self.played.faults.append(f"head office could not give a command: {answer.text[:200]}")
            return
        self.played.commands.append(answer.json()["command_id"])

    # --- faults

    def _devices(self, what: str, **values: object) -> Callable[[dict[str, Any]], Awaitable[None]]:
        async def do(_: dict[str, Any]) -> None:
            self.said(f"{what}: {', '.join(str(value) for value in values.values())}")
            await self.stage.devices.do(what, **values)

        return do

    async def _cut(self, _: dict[str, Any]) -> None:
        self.said("the link to head office is cut")
        self._cut_ms = self._clock.now_ms()
        self.stage.cut_link()

    async def _restore(self, _: dict[str, Any]) -> None:
        self.stage.restore_link()
        self.played.outage_s += (self._clock.now_ms() - self._cut_ms) / 1000
        self.played.cuts.append((self._cut_ms, self._clock.now_ms()))
        began_s = transport_s()
        made = await asyncio.to_thread(self._made)
        self.said(f"the link is back; {sum(made.values())} events were made until now")
        while not await asyncio.to_thread(self._has_caught_up, made):
            if transport_s() - began_s > CATCH_UP_LIMIT_S:
                self.played.faults.append(f"after {CATCH_UP_LIMIT_S:.0f} s the cloud had not caught up")
                break
            await asyncio.sleep(LOOK_S)
        self.played.catch_up_s = round(transport_s() - began_s, 2)
        self.said(f"PostgreSQL has caught up after {self.played.catch_up_s} s")

    def _made(self) -> dict[tuple[str, int], int]:
        with clinic_book.clinic(self.stage.edge_database) as book:
            return book.heads

    def _has_caught_up(self, made: dict[tuple[str, int], int]) -> bool:
        kept = cloud_book.cursors(self.stage.database_url, self.stage.clinic.site)
        return all(kept.get(lane, 0) >= value for lane, value in made.items())

    async def _kill(self, _: dict[str, Any]) -> None:
        self.said("kill -9 of the clinic's program")
        await self.stage.kill_edge()
        self.played.kills += 1

    async def _start(self, _: dict[str, Any]) -> None:
        await self.stage.start_edge()
        self.said("the clinic's program is back")

    # --- time

    async def _until(self, at_s: float) -> None:
        wait_ms = self._begin_ms + at_s * 1000 - self._clock.now_ms()
        if wait_ms > 0:
            await asyncio.sleep(self._clock.real_s(wait_ms / 1000))

    async def _wait(self, domain_s: float) -> None:
        """Wait in domain time; less when the clinic closes."""
        try:
            async with asyncio.timeout(self._clock.real_s(domain_s)):
                await self._closed.wait()
        except TimeoutError:
            return
