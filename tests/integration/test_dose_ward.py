"""A ward with one loudspeaker, and more people whose medicine is due than it can say at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edge.app.dose_calls import DoseCalls
from edge.app.ports import DeviceError, DoseAnnouncement
from edge.domain.booking_commands import AddPerson, NewPerson
from edge.domain.care_commands import AnswerDose, ApplyPlan
from shared.clock import Clock
from shared.ids import new_id
from tests.care import Care, at, care

PATIENTS = 60


@dataclass
class SlowVoice:
    """A loudspeaker that says one thing after another, each for so long in domain time. said: (when, words)."""

    clock: Clock
    lasts_s: float
    said: list[tuple[int, str]] = field(default_factory=list)

    async def say(self, words: str, language: str) -> None:
        """Say it."""
        self.said.append((self.clock.now_ms(), words))
        self.clock.start_ms += round(self.lasts_s * 1000)


@dataclass
class Ward:
    """Sixty people with one medicine each, the last ten of them with a critical one."""

    it: Care
    voice: SlowVoice
    people: dict[str, str] = field(default_factory=dict)
    """Name -> id."""

    async def fill(self, **item: object) -> None:
        """Everybody's medicine is due at 08:00."""
        for number in range(PATIENTS):
            name, id_ = f"Bed {number:02}", new_id()
            self.people[name] = id_
            await self.it.it.accepted(AddPerson, person_id=id_, person=NewPerson(name, f"+1555{number:04}"))
            one = {"id": f"i{number}", "medication": "Metformin", "unit": "tablet", "dose": 1, **item,
                   "timing": {"times_of_day": ["08:00"]}, "critical": number >= PATIENTS - 10}  # fmt: skip
            body = {"start": "2026-11-20", "end": "2026-11-20", "timezone": "UTC", "items": [one]}
            await self.it.it.accepted(ApplyPlan, plan_id=f"p{number}", person_id=id_, revision=1, plan=body)

    async def to(self, moment: str) -> None:
        """Time goes on while somebody speaks, and the clock looks meanwhile as it does in life."""
        clock = self.it.it.store.clock
        calls = DoseCalls(self.it.it.store, self.it.it.dispatcher, self.it.it.bus, self.voice, None, "en")
        try:
            while clock.now_ms() < at(moment):
                await self.it.clock.look()
                before_ms = clock.now_ms()
                if await calls.step():
                    await calls.idle()
                elif clock.now_ms() == before_ms:
                    clock.start_ms += 5_000
        finally:
            calls.close()

    def first_said(self) -> dict[str, int]:
        """By name, when somebody was told first; in the order in which they were."""
        first: dict[str, int] = {}
        for at_ms, words in self.voice.said:
            (name,) = [name for name in self.people if name in words]
            first.setdefault(name, at_ms)
        return first


async def test_sixty_people_due_at_eight_are_each_told_in_time_and_the_critical_ones_first(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:59") as it:
        ward = Ward(it, SlowVoice(it.it.store.clock, 9))
        await ward.fill(policy_class="TIME_CRITICAL")
        await ward.to("2026-11-20T08:29")
        first = ward.first_said()
        assert set(first) == set(ward.people)
        assert max(first.values()) <= at("2026-11-20T08:10"), "the loudspeaker lost no time"
        assert sorted(list(first)[:10]) == sorted(ward.people)[-10:], "the critical ones are said first"
        assert it.it.rows("select distinct status from doses") == [("ANNOUNCED",)]


async def test_who_was_told_is_told_again_only_after_everybody_was_told_once(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:59") as it:
        ward = Ward(it, SlowVoice(it.it.store.clock, 9))
        await ward.fill()
        await ward.to("2026-11-20T08:14")
        names = [next(name for name in ward.people if name in words) for _, words in ward.voice.said]
        assert sorted(names[:PATIENTS]) == sorted(ward.people)
        assert len(names) > PATIENTS


async def test_whom_the_loudspeaker_did_not_reach_is_not_announced_and_somebody_is_told_of_each(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:59") as it:
        ward = Ward(it, SlowVoice(it.it.store.clock, 75))
        await ward.fill(policy_class="TIME_CRITICAL")
        await ward.to("2026-11-20T10:05")
        first = ward.first_said()
        unsaid = set(ward.people) - set(first)
        assert 20 <= len(unsaid) <= 40 and not unsaid & set(sorted(ward.people)[-10:])
        by_status = dict(it.it.rows(
            "select status, group_concat(name, '|') from doses join persons p on p.id = person_id group by status"
        ))  # fmt: skip
        assert set(by_status) == {"MISSED", "NOT_ANNOUNCED"}
        assert set(by_status["NOT_ANNOUNCED"].split("|")) == unsaid
        assert set(by_status["MISSED"].split("|")) == set(first)
        told = it.it.rows("select name from care_alerts a join persons p on p.id = a.person_id where a.open"
                          " and a.title like '% was not told of: %'")  # fmt: skip
        assert {name for (name,) in told} == unsaid


async def test_what_is_answered_while_it_waits_for_the_loudspeaker_is_not_said(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:59") as it:
        ward = Ward(it, SlowVoice(it.it.store.clock, 9))
        await ward.fill()
        await ward.to("2026-11-20T08:01")
        waiting = next(name for name in ward.people if name not in ward.first_said())
        await it.it.accepted(
            AnswerDose, act="taken", source="nurse", at_ms=it.now_ms, person_id=ward.people[waiting]
        )  # fmt: skip
        await ward.to("2026-11-20T08:29")
        assert set(ward.first_said()) == set(ward.people) - {waiting}


@dataclass
class Deaf:
    """Devices of which none answers. asked: which were asked."""

    asked: list[str] = field(default_factory=list)

    async def announce(self, device_id: str, announcement: DoseAnnouncement) -> None:
        """Nothing comes back."""
        self.asked.append(device_id)
        raise DeviceError("no answer")


async def test_a_ward_that_is_busy_keeps_no_device_from_being_asked(tmp_path: Path) -> None:
    async with care(tmp_path, "2026-11-20T07:59") as it:
        ward = Ward(it, SlowVoice(it.it.store.clock, 0))
        await ward.fill()
        device_id = await it.device()
        await it.plan({"id": "m", "medication": "Aspirin", "times": ["08:00"]})
        await it.jump("2026-11-20T08:00")
        await it.clock.look()
        devices = Deaf()
        calls = DoseCalls(it.it.store, it.it.dispatcher, it.it.bus, ward.voice, devices, "en")
        try:
            for _ in range(4):
                await calls.step()
            await calls.idle()
        finally:
            calls.close()
        assert devices.asked == [device_id] and len(ward.voice.said) == 2
