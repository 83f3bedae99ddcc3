"""Whatever people, the power, the loudspeaker and the clock do, in any order: the promises about doses.

Hypothesis draws the acts; a model beside it hears what was said. Nothing is announced twice without "again", nothing is
missed in silence, one press never takes two doses of a medicine, and nothing that was due stays undone.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import orjson
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.app.dose_calls import KIND, DoseCalls
from edge.app.ports import DeviceError
from edge.domain.care_commands import AnswerDose, EndHold, SetHold
from edge.domain.dose_words import announcement
from shared.doses.states import OPEN, TAKEN
from tests.care import Care, care

T = TypeVar("T")
MINUTE_MS = 60_000
TIMES = (["08:00", "20:00"], ["08:00", "08:30", "21:00"], ["07:30", "12:00", "16:30", "20:00"])


class Ear:
    """The loudspeaker, and a person who remembers which doses they were told of, and how.

    way: "works", "silent" (nothing came out), "breaks" (it stopped in the middle), "cut" (the power goes while it speaks).
    """

    def __init__(self) -> None:
        self.way = "works"
        self.care: Care | None = None
        self.speaking = asyncio.Event()
        self.heard: defaultdict[str, list[str]] = defaultdict(list)
        self.whole: set[str] = set()

    async def say(self, words: str, language: str) -> None:
        """Compare with what was asked for, remember, and end as `way` says."""
        if self.way == "silent":
            raise DeviceError("no sound")
        assert self.care is not None
        now_ms = self.care.now_ms
        for body, expires_ms in self._asked():
            if announcement(body["words"], body["items"], language, body["name"]) != words:
                continue
            assert now_ms < expires_ms, "a stale announcement"
            for item in body["items"]:
                status, miss_at = self.care.it.rows("select status, miss_at from doses where id = ?", item["dose_id"])[
                    0
                ]
                assert status in OPEN and now_ms < miss_at, f"{status} was announced"
                if body["words"] != "pre_notice":
                    self.heard[item["dose_id"]].append(body["words"])
                    if self.way == "works":
                        self.whole.add(item["dose_id"])
        self.speaking.set()
        if self.way == "breaks":
            raise DeviceError("the cable came out", begun=True)
        if self.way == "cut":
            await asyncio.Event().wait()

    def _asked(self) -> list[tuple[dict[str, Any], int]]:
        assert self.care is not None
        found = self.care.it.rows("select body, expires_ms from effects where kind = ? and state = 'started'", KIND)
        return [(orjson.loads(body), expires_ms) for body, expires_ms in found]


class Machine(RuleBasedStateMachine):
    """Ana with two medicines, of which one is critical."""

    @initialize(pre_notice=st.sampled_from([None, 30]))
    def open(self, pre_notice: int | None) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.ear, self.stack = Ear(), AsyncExitStack()
        self.revision, self.holds, self.count, self.now_ms, self.lives = 0, 0, 0, 0, 0
        self.pre_notice = pre_notice
        self.looked, self.known = True, set[str]()
        self.start()
        self.change_plan(0)

    def start(self) -> None:
        self.it: Care = self.run(self.stack.enter_async_context(care(self.folder)))
        self.lives += 1
        self.it.it._ids = itertools.count(self.lives * 1_000)  # ids of another life were used
        self.ear.care = self.it
        clock = self.it.it.store.clock
        clock.start_ms = max(clock.start_ms, self.now_ms)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def rows(self) -> dict[str, dict[str, Any]]:
        names = ("id", "item_id", "status", "due_at", "group_id", "window_open", "miss_at", "next_action_at")
        found = self.it.it.rows(f"select {', '.join(names)} from doses")
        return {row[0]: dict(zip(names, row, strict=True)) for row in found}

    async def _look(self) -> None:
        calls = DoseCalls(self.it.it.store, self.it.it.dispatcher, self.it.it.bus, self.ear, None, "en")
        try:
            await self.it.clock.look()
            waits = self.it.it.rows("select 1 from effects where kind = ? and state = 'open' and next_ms <= ? "
                                    "and expires_ms > ?", KIND, self.it.now_ms, self.it.now_ms)  # fmt: skip
            if self.ear.way == "cut" and waits:
                self.ear.speaking.clear()
                speaks = asyncio.create_task(calls.run())
                await asyncio.wait_for(self.ear.speaking.wait(), 10)
                speaks.cancel()
                await asyncio.gather(speaks, return_exceptions=True)
            else:
                while await calls.step():
                    await calls.idle()
        finally:
            calls.close()

    def look(self) -> None:
        """What is due is done at the ticks that follow, one step of a dose at each."""
        for _ in range(6):
            self.it.it.store.clock.start_ms += 1
            self.run(self._look())
            if self.ear.way == "cut":
                self.power_cut(0)
        self.looked = self.it.it.store.clock.trusted()

    def pass_time(self, minutes: float) -> None:
        """Never twice the same millisecond, as in life."""
        self.count += 1
        self.looked = False
        self.it.it.store.clock.start_ms += round(minutes * MINUTE_MS) + self.count

    @rule(minutes=st.sampled_from([1, 5, 15, 30, 60, 180]), times=st.integers(1, 6))
    def time_passes(self, minutes: int, times: int) -> None:
        for _ in range(times):
            self.pass_time(minutes)
            self.look()

    @rule(minutes=st.sampled_from([0, 3, 90, 400, 1_500, 16_000]))
    def power_cut(self, minutes: int) -> None:
        """The program ends as it stands and begins anew; what was half said is unknown."""
        self.now_ms = self.it.now_ms + minutes * MINUTE_MS
        self.run(self.stack.aclose())
        if self.ear.way == "cut":
            self.ear.way = "works"
        self.start()
        calls = DoseCalls(self.it.it.store, self.it.it.dispatcher, self.it.it.bus, self.ear, None, "en")
        self.run(calls.recover())
        calls.close()
        self.pass_time(0)

    @rule(minutes=st.integers(-20, 20))
    def clock_is_set(self, minutes: int) -> None:
        self.pass_time(minutes)
        self.look()

    @rule(trusted=st.booleans())
    def time_is_trusted(self, trusted: bool) -> None:
        clock = self.it.it.store.clock
        clock.trust, clock.confirmed = "person", trusted
        self.looked = False

    @rule(way=st.sampled_from(["works", "works", "silent", "breaks", "cut"]))
    def loudspeaker(self, way: str) -> None:
        self.ear.way = way

    @rule(times=st.integers(0, len(TIMES) - 1))
    def change_plan(self, times: int) -> None:
        self.revision += 1
        self.run(
            self.it.plan(
                {"id": "m", "medication": "Metformin", "times": TIMES[times]},
                {"id": "l", "medication": "Levodopa", "times": TIMES[0], "policy_class": "TIME_CRITICAL", "critical": True},
                revision=self.revision, pre_notice_min=self.pre_notice,
            )
        )  # fmt: skip
        self.looked = False

    @rule(hours=st.integers(1, 30))
    def hold(self, hours: int) -> None:
        self.holds += 1
        now_ms = self.it.now_ms
        self.run(self.it.it.accepted(
            SetHold, hold_id=f"h{self.holds}", person_id=self.it.person_id, from_ms=now_ms - 3_600_000,
            until_ms=now_ms + hours * 3_600_000, reason="operation",
        ))  # fmt: skip
        self.looked = False

    @rule()
    def release(self) -> None:
        if self.holds:
            self.run(self.it.it.accepted(EndHold, hold_id=f"h{self.holds}"))
            self.looked = False

    @rule(act=st.sampled_from(["taken", "taken", "skipped", "snoozed"]))
    def press(self, act: str) -> None:
        before = self.rows()
        self.run(self.it.it.do(
            AnswerDose, act=act, source="button", at_ms=self.it.now_ms, person_id=self.it.person_id))  # fmt: skip
        after = self.rows()
        changed = [before[id_] for id_ in before if after[id_]["status"] != before[id_]["status"]]
        changed = [dose for dose in changed if after[dose["id"]]["status"] != "VOIDED"]
        items = [dose["item_id"] for dose in changed]
        assert len(items) == len(set(items)), "one press, two doses of one medicine"
        assert all(dose["status"] in OPEN for dose in changed), "a press answered a dose that was over"
        together = {dose["group_id"] or dose["due_at"] for dose in changed}
        assert len(together) <= 1, "one press answered what was not said together"

    @rule(which=st.integers(0, 50), act=st.sampled_from(["taken", "skipped"]))
    def answer_one(self, which: int, act: str) -> None:
        doses = [one for one in self.rows().values() if one["window_open"] <= self.it.now_ms]
        if doses:
            dose = sorted(doses, key=lambda one: (-one["due_at"], one["id"]))[which % len(doses)]
            values = {"act": act, "source": "caregiver", "at_ms": self.it.now_ms, "dose_id": dose["id"]}
            self.run(self.it.it.do(AnswerDose, **values))

    @invariant()
    def promises_hold(self) -> None:
        if not hasattr(self, "it"):
            return
        rows = self.rows()
        for id_, said in self.ear.heard.items():
            assert "due" not in said[1:], f"{rows[id_]} was announced twice as if for the first time"
        for dose in rows.values():
            if dose["status"] == "MISSED":
                assert dose["id"] in self.ear.whole, "called missed, and nobody was told of it"
        alerted = {id_ for (ids,) in self.it.it.rows("select dose_ids from care_alerts") for id_ in orjson.loads(ids)}
        assert {dose["id"] for dose in rows.values() if dose["status"] == "MISSED"} <= alerted, "missed in silence"
        taken = self.it.it.rows(
            "select dose_id, count(*) from dose_events where act = 'taken' and dose_id is not null group by dose_id"
        )
        assert all(count == 1 for _, count in taken), "a dose taken twice, and not kept as such"
        assert {id_ for id_, one in rows.items() if one["status"] in TAKEN} <= {id_ for id_, _ in taken}
        assert self.known <= set(rows), "a dose was deleted"
        self.known = set(rows)
        if self.looked:
            late = [one for one in rows.values() if (one["next_action_at"] or self.it.now_ms + 1) <= self.it.now_ms]
            assert late == [], "due, and nobody did it"
            over = [one for one in rows.values() if one["miss_at"] <= self.it.now_ms and one["status"] in OPEN]
            assert over == [], "neither taken nor missed, for ever"

    def teardown(self) -> None:
        if hasattr(self, "it"):
            self.run(self.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.folder)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking on a real store takes longer than CI has
)


def test_a_dose_answered_after_its_time_and_before_the_clock_came_to_it_is_missed_and_told_of() -> None:
    """What the machine once found: the power was off past the end of a dose, and somebody pressed before anybody looked."""
    life = Machine()
    life.open(pre_notice=None)
    life.clock_is_set(minutes=-7)
    life.hold(hours=23)
    life.press(act="taken")
    life.press(act="snoozed")
    life.power_cut(minutes=16_000)
    life.power_cut(minutes=90)
    life.clock_is_set(minutes=20)
    life.change_plan(times=1)
    life.power_cut(minutes=1_500)
    life.press(act="taken")
    life.promises_hold()
    assert "MISSED" in {dose["status"] for dose in life.rows().values()}
    life.teardown()
