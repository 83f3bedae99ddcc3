"""Whatever staff, patients and the clock do, in any order: the promises of the visit machine and of slots.

Hypothesis draws the acts; a plain model beside it remembers what must hold. A failing example prints the acts.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.domain import commands as c
from edge.domain.booking_commands import BookVisit, ChangeSlot, DelaySlot, NewPerson
from edge.domain.commands import AddDoctor, AddService, CallNext, CallVisit, StartWith, Undo
from edge.store import states
from shared.ids import new_id
from tests.book import register, slot
from tests.clinic import Accepted, Clinic, clinic

T = TypeVar("T")
ACTS: dict[str, tuple[type[c.VisitCommand], dict[str, Any]]] = {
    "recall": (c.Recall, {}), "start": (c.StartConsultation, {}), "complete": (c.CompleteConsultation, {}),
    "miss": (c.MarkNoShow, {}), "grace": (c.MarkNoShow, {"grace_min": 10}), "skip": (c.SkipVisit, {}),
    "park": (c.ParkVisit, {"minutes": 5}), "resume": (c.ResumeVisit, {}), "return": (c.ReturnVisit, {}),
    "cancel": (c.CancelVisit, {}), "flag": (c.FlagEmergency, {}), "urgency": (c.SetUrgency, {"urgency": 8}),
    "move": (c.MoveVisit, {"place": 1}), "check_in": (c.CheckIn, {}), "lab": (c.TransferVisit, {"service": "L"}),
    "back": (c.TransferVisit, {"service": "A"}), "looked": (c.LookAtUrgency, {"urgency": 5}),
}  # fmt: skip


class Machine(RuleBasedStateMachine):
    """A clinic with two services, three doctors and two slots, and whoever comes."""

    @initialize()
    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = AsyncExitStack()
        self.it: Clinic = self.run(self.stack.enter_async_context(clinic(self.folder)))
        self.doctors = [self.it.doctor_id, new_id(), new_id()]
        self.run(self.it.accepted(AddService, letter="L", name="Laboratory"))
        for doctor_id, letter in ((self.doctors[1], "A"), (self.doctors[2], "L")):
            self.run(self.it.accepted(AddDoctor, doctor_id=doctor_id, name="Dr.", service=letter))
        two, one = slot(self.it, capacity=2), slot(self.it, capacity=1, doctor_id=self.doctors[1])
        self.slots = [self.run(made)["id"] for made in (two, one)]
        self.visits: list[str] = []
        self.acts: list[tuple[str, dict[str, dict[str, Any]]]] = []
        self.tokens: dict[str, str] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def rows(self) -> dict[str, dict[str, Any]]:
        conn = self.it.store.reader()
        try:
            return {v["id"]: v for v in states.visits_where(conn, "true", ())}
        finally:
            conn.close()

    def do(self, kind: type[c.Command], **values: Any) -> None:
        before = self.rows()
        outcome = self.run(self.it.do(kind, **values))
        if isinstance(outcome, Accepted) and outcome.result.get("undo_id"):
            self.acts.append((outcome.command_id, before))

    @rule()
    def press(self) -> None:
        self.visits.append(self.run(self.it.issue())["id"])

    @rule()
    def register(self) -> None:
        self.visits.append(self.run(register(self.it))["id"])

    @rule(which=st.integers(0, 1), category=st.sampled_from(["ONLINE", "FOLLOWUP", "WALKIN", "EMERGENCY"]))
    def book(self, which: int, category: str) -> None:
        values = {
            "visit_id": new_id(),
            "new_person_id": new_id(),
            "person": NewPerson("Ada", f"+1555{len(self.visits)}"),
        }
        outcome = self.run(self.it.do(BookVisit, slot_id=self.slots[which], category=category, **values))
        if isinstance(outcome, Accepted):  # refused once its time is over
            self.visits.append(outcome.result["visit"]["id"])

    @rule(doctor=st.integers(0, 2))
    def call(self, doctor: int) -> None:
        self.do(CallNext, doctor_id=self.doctors[doctor])

    @rule(doctor=st.integers(0, 2), which=st.integers(0, 30), start=st.booleans())
    def take(self, doctor: int, which: int, start: bool) -> None:
        if self.visits:
            visit_id = self.visits[which % len(self.visits)]
            self.do(StartWith if start else CallVisit, doctor_id=self.doctors[doctor], visit_id=visit_id)

    @rule(which=st.integers(0, 30), act=st.sampled_from(sorted(ACTS)))
    def act(self, which: int, act: str) -> None:
        if self.visits:
            kind, values = ACTS[act]
            self.do(kind, visit_id=self.visits[which % len(self.visits)], **values)

    @rule(which=st.integers(0, 1), delay=st.integers(0, 90))
    def delay(self, which: int, delay: int) -> None:
        self.run(self.it.do(DelaySlot, slot_id=self.slots[which], delay_min=delay))

    @rule(which=st.integers(0, 1), capacity=st.integers(1, 4))
    def resize(self, which: int, capacity: int) -> None:
        self.run(self.it.do(ChangeSlot, slot_id=self.slots[which], max_capacity=capacity))

    @rule()
    def rebalance(self) -> None:
        self.run(self.it.do(c.Rebalance))

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.it.pass_time(60 * minutes)
        self.run(self.it.tick())

    @rule()
    def undo(self) -> None:
        if not self.acts:
            return
        undo_id, before = self.acts.pop()
        outcome = self.run(self.it.do(Undo, undo_id=undo_id))
        if isinstance(outcome, Accepted):
            now = self.rows()
            for restored in outcome.result["visits"]:
                was = before[restored["id"]]
                differs = {name for name in was if was[name] != now[restored["id"]][name]} - {"version"}
                assert differs <= {"token", "timer_at", "holds_place", "over_capacity"}, differs
                assert "token" not in differs or was["token"] is None, "a number that was drawn stays"

    @invariant()
    def promises_hold(self) -> None:
        if not hasattr(self, "it"):
            return
        rows = self.rows()
        for doctor_id in self.doctors:
            held = [
                v for v in rows.values() if v["doctor_id"] == doctor_id and v["status"] in ("called", "in_consultation")
            ]
            assert len(held) <= 1, "two patients with one doctor"
        for slot_id, taken, extra, most, end_at, delay in self.it.rows(
            "select id, places_taken, extra_taken, max_capacity, end_at, delay_min from slots"
        ):
            inside = [v for v in rows.values() if v["slot_id"] == slot_id]
            assert taken == sum(v["holds_place"] for v in inside) <= most, "a place twice"
            assert extra == sum(v["over_capacity"] for v in inside)
            waits = [v for v in inside if v["status"] == "waitlisted"]
            is_over = end_at + delay * 60_000 <= self.it.store.clock.now_ms()
            assert taken == most or not waits or is_over, "a free place and somebody who waits for it"
        for visit in rows.values():
            known = self.tokens.setdefault(visit["id"], visit["token"]) if visit["token"] else None
            assert known == visit["token"], "a printed number changed"
            (intervals,) = self.it.rows("select count(*) from visit_intervals where visit = ?", visit["number"])[0]
            assert intervals == visit["version"], "a change without its line in the log"
        tokens = [v["token"] for v in rows.values() if v["token"]]
        assert len(tokens) == len(set(tokens)), "a number twice"
        here = ("waiting", "called", "in_consultation", "parked")
        for letter, open_now, waiting in self.it.rows("select service, open, waiting from queue_counts"):
            of_service = [v["status"] for v in rows.values() if v["service"] == letter]
            assert (open_now, waiting) == (sum(s in here for s in of_service), of_service.count("waiting"))

    def teardown(self) -> None:
        if hasattr(self, "it"):
            self.run(self.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.folder)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking 40 acts on a real store takes longer than CI has
)
