"""People with medicine in a scenario: they hear a dose, and answer it or not, as the seed says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from firmware_sim.person import Person
from firmware_sim.stage import Stage

LOOK_S: Final = 0.25
HOME_MAX, WARD_MAX = 1, 20
DAY_MIN: Final = 24 * 60
TIMES_MAX: Final = 24
APART_MIN: Final = 7
"""Minutes between the doses of one person and the next, so that a loudspeaker can say them all."""


@dataclass(frozen=True)
class Patients:
    """Who has medicine. home: people with a dispenser.  ward: people for whom the clinic's loudspeaker speaks.

    every_s: domain seconds between two doses of one person.  answer: share of doses heard that are answered, so many
    domain seconds (least, most) after they were heard.
    """

    home: int = 0
    ward: int = 0
    every_s: float = 3600.0
    answer: float = 0.6
    after_s: tuple[float, float] = (60.0, 540.0)
    begin_s: float = 0.0
    """When the scenario begins, seconds after midnight."""

    def __bool__(self) -> bool:
        return self.home + self.ward > 0

    def times(self, number: int) -> list[str]:
        """Times of day of the doses of person `number` (from 0), "HH:MM": from the beginning on, as many as a plan may have."""
        step = max(1, round(self.every_s / 60))
        first = round(self.begin_s / 60) + number * APART_MIN % step
        minutes = [at % DAY_MIN for at in range(first, first + DAY_MIN, step)]
        return [f"{at // 60:02d}:{at % 60:02d}" for at in minutes[:TIMES_MAX]]


class Answers:
    """Whoever answers the doses of a scenario. `run()` until `closed`; what was begun is finished."""

    def __init__(self, stage: Stage, patients: Patients, seed: int, staff: Person, faults: list[str]) -> None:
        self._stage, self._patients, self._seed, self._staff, self._faults = stage, patients, seed, staff, faults
        self._decided: set[str] = set()
        self.given = 0
        """Answers that were given."""

    async def run(self, closed: asyncio.Event, wait: Callable[[float], Any]) -> None:
        """wait: in domain seconds, less when the day is over."""
        async with asyncio.TaskGroup() as group:
            while not closed.is_set():
                for dose in await self._waiting():
                    group.create_task(self._answer(dose, wait))
                await asyncio.sleep(LOOK_S)

    async def _waiting(self) -> list[dict[str, Any]]:
        """Doses that were heard and nobody has decided about, of our people."""
        found = await self._staff.get("/api/v1/care/doses")
        ids = {one["id"] for one in self._stage.clinic.care["people"]}
        fresh = [
            dose for dose in (found or {"doses": []})["doses"]
            if dose["patient_id"] in ids and dose["announced"] and dose["open"] and dose["id"] not in self._decided
        ]  # fmt: skip
        self._decided |= {dose["id"] for dose in fresh}
        return fresh

    async def _answer(self, dose: dict[str, Any], wait: Callable[[float], Any]) -> None:
        people = self._stage.clinic.care["people"]
        number = next(n for n, one in enumerate(people) if one["id"] == dose["patient_id"])
        random = Random(f"{self._seed}:{number}:{dose['due_at']}")
        if random.random() >= self._patients.answer:
            return
        await wait(random.uniform(*self._patients.after_s))
        try:
            if people[number]["home"]:
                await self._stage.devices.do("press", dispenser="home")
                self.given += 1
            else:
                answer = await self._staff.post(f"/api/v1/care/doses/{dose['id']}/answer", {"act": "taken"})
                self.given += answer.is_success
        except (OSError, TimeoutError) as error:
            self._faults.append(f"a dose could not be answered: {error}")
