"""Scenarios: a clinic's day as a readable TOML file, and what a seed makes of it. Reading and rolling dice only.

`firmware_sim.player` plays one on running programs and `firmware_sim.checks` judges it; `deploy.demo.scenario` does both.
The language is described in the README; `load` refuses what it does not know, naming it.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from firmware_sim.patients import HOME_MAX, WARD_MAX, Patients
from firmware_sim.tables import Reader, ScenarioError

__all__ = ["Doctors", "Happening", "Patients", "People", "Scenario", "ScenarioError", "load", "main", "names"]

FOLDER = Path(__file__).parent / "scenarios"
PEOPLE_MAX = 2_000
FACTOR_MAX = 1_000.0
ENDS = {"cut link": "restore link", "kill edge": "start edge", "paper out": "paper in", "noisy board": "quiet board"}
"""What happens with `for`, and what ends it."""
ALONE = frozenset({"press", "head office"})
"""What happens at once."""


class Happening(NamedTuple):
    """One thing to be done, `at_s` domain seconds after the scenario's beginning."""

    at_s: float
    do: str
    values: dict[str, Any]


@dataclass(frozen=True)
class People:
    """Who comes. Shares are between 0 and 1.

    bounce: of button presses whose contact bounces.  again: of people who press the button a second time at once (that
    is a second press, and a second token).  kiosk: of people who use the touch kiosk.  twice: of those whose tap is sent
    twice (that is one press, and one token).
    """

    many: int = 0
    from_s: float = 0.0
    until_s: float = 0.0
    bounce: float = 0.0
    again: float = 0.0
    kiosk: float = 0.0
    twice: float = 0.0


@dataclass(frozen=True)
class Doctors:
    """What doctors do, in domain seconds (least, most), with seeded chances."""

    way_s: tuple[float, float] = (20.0, 90.0)
    consultation_s: tuple[float, float] = (120.0, 360.0)
    absent: float = 0.0
    """Share of called patients who do not come: called once more, then marked as not come."""
    undo: float = 0.0
    """Share of acts that are taken back at once."""


@dataclass(frozen=True)
class Scenario:
    """A day. `starts`: its beginning in domain time.  factor: domain seconds for each real one."""

    name: str
    about: str
    starts: datetime
    until_s: float
    factor: float
    people: People = People()
    doctors: Doctors = Doctors()
    patients: Patients = field(default_factory=Patients)
    steps: list[Happening] = field(default_factory=list)

    def happenings(self, seed: int) -> list[Happening]:
        """Everything that happens, in order: the steps of the file, and people at times the seed gives."""
        random, people = Random(seed), self.people
        found = list(self.steps)
        for number in range(people.many):
            at_s = random.uniform(people.from_s, people.until_s)
            if random.random() < people.kiosk:
                found.append(Happening(at_s, "tap", {"person": number, "twice": random.random() < people.twice}))
                continue
            for _ in range(2 if random.random() < people.again else 1):
                values = {"bounce": random.random() < people.bounce, "seed": random.randrange(2**31)}
                found.append(Happening(at_s, "press", values))
        return sorted(found, key=lambda happening: happening.at_s)

    def outage_s(self) -> float:
        """How long the link to the cloud is cut, in domain seconds."""
        total, cut_at = 0.0, 0.0
        for step in sorted(self.steps, key=lambda happening: happening.at_s):
            if step.do == "cut link":
                cut_at = step.at_s
            elif step.do == "restore link":
                total += step.at_s - cut_at
        return total


def names() -> list[str]:
    """The scenarios that ship with the product."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str | Path) -> Scenario:
    """A shipped scenario by its name, or a file by its path. Raises ScenarioError."""
    path = FOLDER / f"{name}.toml" if not str(name).endswith(".toml") else Path(name)
    if not path.is_file():
        raise ScenarioError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: {error}") from error
    return _scenario(path.stem, Reader(table, path.name))


def _scenario(name: str, top: Reader) -> Scenario:
    day, begin, until_s = top.day("day"), top.time("from"), top.time("until")
    if until_s <= begin:
        raise ScenarioError(f"{top.where}: until is not after from")
    crowd, staff, sick = top.table("people"), top.table("doctors"), top.table("patients")
    people = People(
        many=crowd.whole("many", PEOPLE_MAX), from_s=crowd.time("from", begin) - begin,
        until_s=crowd.time("until", until_s) - begin, bounce=crowd.share("bounce"), again=crowd.share("again"),
        kiosk=crowd.share("kiosk"), twice=crowd.share("twice"),
    )  # fmt: skip
    doctors = Doctors(
        way_s=staff.spans("way", Doctors.way_s), consultation_s=staff.spans("consultation", Doctors.consultation_s),
        absent=staff.share("absent"), undo=staff.share("undo"),
    )  # fmt: skip
    patients = Patients(
        home=sick.whole("home", HOME_MAX), ward=sick.whole("ward", WARD_MAX), answer=sick.share("answer"),
        every_s=sick.span("every", Patients.every_s), after_s=sick.spans("after", Patients.after_s), begin_s=begin,
    )  # fmt: skip
    steps: list[Happening] = []
    for step in top.tables("at"):
        steps += _step(step, begin)
        step.done()
    scenario = Scenario(
        name=name, about=top.text("about"), starts=datetime(day.year, day.month, day.day, tzinfo=UTC).replace(
            hour=int(begin // 3600), minute=int(begin % 3600 // 60), second=int(begin % 60)
        ), until_s=until_s - begin, factor=top.number("factor", FACTOR_MAX), people=people, doctors=doctors,
        patients=patients, steps=steps,
    )  # fmt: skip
    for reader in (top, crowd, staff, sick):
        reader.done()
    late = [step.do for step in steps if not 0 <= step.at_s <= scenario.until_s]
    if late or not 0 <= people.from_s <= people.until_s <= scenario.until_s:
        raise ScenarioError(f"{top.where}: outside of the day: {', '.join(late) or 'people'}")
    return scenario


def _step(step: Reader, begin: float) -> list[Happening]:
    do, at_s = step.text("do"), step.time("time") - begin
    if do in ENDS:
        return [Happening(at_s, do, {}), Happening(at_s + step.span("for"), ENDS[do], {})]
    if do not in ALONE:
        raise ScenarioError(f"{step.where}: do = {do!r} is not known; known are: {', '.join(sorted({*ENDS, *ALONE}))}")
    if do == "head office":
        return [Happening(at_s, do, {"kind": step.text("kind"), "body": step.take("body", dict)})]
    return [Happening(at_s, do, {"bounce": step.take("bounce", bool, False), "seed": 0})]


def main(words: list[str] | None = None) -> int:
    """``python -m firmware_sim scenario``: what scenarios there are, and what one would do; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m firmware_sim scenario",
        description="Show the scenarios, or what happens in one. Playing one needs running programs: "
        'make demo ARGS="--scenario NAME --seed N --check --report report.json"',
    )
    parser.add_argument("name", nargs="?", help="a shipped scenario, or the path of a TOML file")
    parser.add_argument("--seed", type=int, default=1, help="of chance: the same seed gives the same day")
    args = parser.parse_args(words)
    try:
        if args.name is None:
            for name in names():
                print(f"{name}: {load(name).about}")
            return 0
        scenario = load(args.name)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{scenario.name}: {scenario.about}")
    for happening in scenario.happenings(args.seed):
        at = scenario.starts + timedelta(seconds=happening.at_s)
        values = ", ".join(f"{name} {value}" for name, value in happening.values.items() if name != "seed")
        print(f"  {at:%H:%M:%S}  {happening.do}{f' ({values})' if values else ''}")
    return 0
