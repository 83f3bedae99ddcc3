"""A clinic with a patient and a plan for tests of medicine: real store, simulated time, a loudspeaker that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.app.care_clock import CareClock
from edge.app.dose_calls import DoseCalls
from edge.app.ports import DeviceError, DoseAnnouncement
from edge.domain.booking_commands import AddPerson, NewPerson
from edge.domain.care_commands import AddDevice, AnswerDose, ApplyPlan, ClaimDevice, DeviceHeard
from shared.clock import Clock
from shared.ids import new_id
from tests.clinic import Clinic, clinic

BOOT = "00000000000000b1"
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def at(text: str) -> int:
    """A moment of UTC, ms."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def clock_at(text: str) -> Clock:
    """Domain time that stands still at a moment of UTC; move it with `care.to`."""
    return Clock(at(text), 0, 0.0)


@dataclass
class Voice:
    """The clinic's loudspeaker. `fails`: what it does instead of speaking."""

    said: list[str] = field(default_factory=list)
    fails: DeviceError | None = None

    async def say(self, words: str, language: str) -> None:
        """Remember it."""
        if self.fails is not None:
            raise self.fails
        self.said.append(words)


@dataclass
class Devices:
    """The patients' devices, as the port sees them."""

    told: list[DoseAnnouncement] = field(default_factory=list)
    fails: DeviceError | None = None

    async def announce(self, device_id: str, announcement: DoseAnnouncement) -> None:
        """Remember it."""
        if self.fails is not None:
            raise self.fails
        self.told.append(announcement)


@dataclass
class Care:
    """One clinic's medicine. `person_id` is Ana, who is known there."""

    it: Clinic
    person_id: str
    voice: Voice = field(default_factory=Voice)
    devices: Devices = field(default_factory=Devices)
    clock: CareClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = CareClock(self.it.store, self.it.dispatcher)

    async def plan(self, *items: dict[str, Any], revision: int = 1, plan_id: str = "plan", **more: Any) -> str:
        """Follow a plan; an item is `{"medication", "dose", "times" or "timing", …}`."""
        body = {
            "start": "2026-01-01", "timezone": "UTC", **more,
            "items": [
                {"unit": "tablet", "dose": 1, "timing": {"times_of_day": one.pop("times")} if "times" in one else {}, **one}
                for one in (dict(item) for item in items)
            ],
        }  # fmt: skip
        for item in body["items"]:
            if "steps" in item:
                del item["timing"], item["dose"]
        await self.it.accepted(
            ApplyPlan,
            plan_id=plan_id,
            person_id=self.person_id,
            revision=revision,
            plan=body,
            command_id=f"plan:{plan_id}:{revision}",
        )
        return plan_id

    async def device(self, *, heard: bool = True) -> str:
        """Ana gets a dispenser, which brings its key."""
        device_id = new_id()
        await self.it.accepted(
            AddDevice, device_id=device_id, device_kind="dispenser", name="Kitchen", person_id=self.person_id,
            claim_hash=device_id, claim_until_ms=self.now_ms + 600_000,
        )  # fmt: skip
        await self.it.accepted(ClaimDevice, claim_hash=device_id, public_key_pem="a key")
        if heard:
            await self.it.accepted(DeviceHeard, device_id=device_id, boot_id=BOOT)
        return device_id

    @property
    def now_ms(self) -> int:
        """Domain time."""
        return self.it.store.clock.now_ms()

    async def look(self) -> None:
        """The clock looks, and what it asks for is said."""
        calls = DoseCalls(self.it.store, self.it.dispatcher, self.it.bus, self.voice, self.devices, "en")
        try:
            await self.clock.look()
            while await calls.step():
                await calls.idle()
        finally:
            calls.close()

    async def to(self, moment: str, every_s: float = 60.0) -> None:
        """Let time pass to a moment of UTC, looking every `every_s` seconds of it."""
        end_ms = at(moment)
        while self.now_ms < end_ms:
            self.it.store.clock.start_ms = min(end_ms, self.now_ms + round(every_s * 1000))
            await self.look()

    async def jump(self, moment: str) -> None:
        """Time has passed and nobody looked: the power was off."""
        self.it.store.clock.start_ms = at(moment)

    async def answer(self, act: str = "taken", source: str = "button", **values: Any) -> dict[str, Any]:
        """Somebody answers; by default to the last announcement to Ana, now."""
        if "dose_id" not in values:
            values.setdefault("person_id", self.person_id)
        return await self.it.accepted(
            AnswerDose, act=act, source=source, at_ms=values.pop("at_ms", self.now_ms), **values
        )

    def doses(self, where: str = "true") -> list[tuple[str, str]]:
        """(time on the clock, status) of doses by due time."""
        return self.it.rows(f"select substr(nominal_local, 6), status from doses where {where} order by due_at, id")

    def dose(self, nominal: str, **more: str) -> dict[str, Any]:
        """One dose by the time on the clock, e.g. "2026-11-20T08:00", of a medication if more than one is due then."""
        extra = "".join(f" and {name} = '{value}'" for name, value in more.items())
        names = (
            "id",
            "status",
            "announced_n",
            "taken_at",
            "due_at",
            "on_time_until",
            "miss_at",
            "asked_n",
            "next_action_at",
        )
        rows = self.it.rows(f"select {', '.join(names)} from doses where nominal_local = '{nominal}'{extra}")
        assert len(rows) == 1, (nominal, rows)
        return dict(zip(names, rows[0], strict=True))

    def alerts(self, where: str = "true") -> list[tuple[str, int, str, int]]:
        """(topic, rung, audience, open) of alerts, the oldest first."""
        return self.it.rows(f"select topic, rung, audience, open from care_alerts where {where} order by raised_at, id")

    def events(self, kind: str) -> int:
        """How many facts of a kind there are."""
        return int(self.it.rows("select count(*) from events where kind = ?", kind)[0][0])


@asynccontextmanager
async def care(folder: Path, moment: str = "2026-11-20T06:00", **store: Any) -> AsyncIterator[Care]:
    """A clinic at a moment of UTC, with Ana."""
    async with clinic(folder, clock_at(moment), **store) as it:
        known = it.rows("select id from persons")
        person_id = known[0][0] if known else new_id()
        if not known:
            await it.accepted(AddPerson, person_id=person_id, person=NewPerson("Ana Torres", "+15550100"))
        patient = Care(it, person_id)
        try:
            yield patient
        finally:
            patient.clock.close()
