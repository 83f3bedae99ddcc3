"""The visit, end to end through the dispatcher on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain import arrivals
from edge.domain.commands import (
    CallNext,
    ChangeDoctor,
    CompleteConsultation,
    IssueToken,
    MarkNoShow,
    OpenDay,
    Recall,
    StartConsultation,
    Undo,
)
from edge.store import reads
from shared.events import VISIT_FIELDS
from shared.stream import Place
from tests.clinic import Accepted, Gap, Refused, clinic

KEPT = VISIT_FIELDS | {"id"}


def as_was(visit: dict[str, Any]) -> dict[str, Any]:
    """A visit without its version: what undo must bring back exactly."""
    return {name: visit[name] for name in KEPT}


async def test_a_press_gives_a_token_that_counts_from_one_each_day(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        assert [(await it.issue())["token"] for _ in range(3)] == ["A-001", "A-002", "A-003"]
        it.pass_time(86_400)
        await it.accepted(OpenDay, day="2026-11-21")
        assert (await it.issue())["token"] == "A-001"


async def test_press_sent_again_after_a_lost_acknowledgement_gives_one_token(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        press = IssueToken(command_id="board:b1:aa:1", actor="board:b1", service="A")
        first = await it.dispatcher.submit(press, Place("a" * 16, 1))
        again = await it.dispatcher.submit(press, Place("a" * 16, 1))
        assert isinstance(first, Accepted) and isinstance(again, Accepted)
        assert again.repeated and again.result == first.result
        assert it.rows("select count(*) from visits") == [(1,)]


async def test_press_sent_again_after_a_restart_gives_one_token(tmp_path: Path) -> None:
    press = IssueToken(command_id="board:b1:aa:1", actor="board:b1", service="A")
    async with clinic(tmp_path) as it:
        first = await it.dispatcher.submit(press, Place("a" * 16, 1))
    async with clinic(tmp_path) as it:
        again = await it.dispatcher.submit(press, Place("a" * 16, 1))
        assert isinstance(again, Accepted) and isinstance(first, Accepted) and again.result == first.result
        assert it.rows("select count(*) from visits") == [(1,)]


async def test_press_after_a_missing_one_is_told_what_is_missing(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        third = IssueToken(command_id="board:b1:aa:3", actor="board:b1", service="A")
        assert await it.dispatcher.submit(third, Place("a" * 16, 3)) == Gap(0)
        assert it.rows("select count(*) from visits") == [(0,)]


async def test_refused_press_moves_the_cursor_and_draws_no_number(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        wrong = IssueToken(command_id="board:b1:aa:1", actor="board:b1", service="?")
        outcome = await it.dispatcher.submit(wrong, Place("a" * 16, 1))
        assert isinstance(outcome, Refused) and outcome.code == "no_service" and outcome.hint
        right = IssueToken(command_id="board:b1:aa:2", actor="board:b1", service="A")
        accepted = await it.dispatcher.submit(right, Place("a" * 16, 2))
        assert isinstance(accepted, Accepted) and accepted.result["visit"]["token"] == "A-001"


async def test_two_calls_at_once_get_two_different_patients(tmp_path: Path) -> None:
    import asyncio

    from edge.domain.commands import AddDoctor
    from shared.ids import new_id

    async with clinic(tmp_path) as it:
        other = new_id()
        await it.accepted(AddDoctor, doctor_id=other, name="Dr. Okoro", room="Room 3")
        await it.issue()
        await it.issue()
        both = await asyncio.gather(
            it.accepted(CallNext, doctor_id=it.doctor_id), it.accepted(CallNext, doctor_id=other)
        )
        assert {call["visit"]["token"] for call in both} == {"A-001", "A-002"}


async def test_doctor_with_somebody_is_not_sent_a_second(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await it.issue()
        called = (await it.call())["visit"]
        assert await it.refused(CallNext, doctor_id=it.doctor_id) == "doctor_busy"
        await it.accepted(StartConsultation, visit_id=called["id"])
        assert await it.refused(CallNext, doctor_id=it.doctor_id) == "doctor_busy"
        await it.accepted(CompleteConsultation, visit_id=called["id"])
        assert (await it.call())["visit"]["token"] == "A-002"


async def test_absent_doctor_and_empty_queue_are_refused_with_a_hint(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        assert await it.refused(CallNext, doctor_id=it.doctor_id) == "nobody_waiting"
        await it.accepted(ChangeDoctor, doctor_id=it.doctor_id, is_on_break=True)
        await it.issue()
        assert await it.refused(CallNext, doctor_id=it.doctor_id) == "doctor_absent"
        assert await it.refused(CallNext, doctor_id="nobody") == "not_found"


async def test_urgent_and_long_waiting_come_first_by_the_weighted_formula(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        early = await it.issue(urgency=2)
        it.pass_time(5 * 60)
        urgent = await it.issue(urgency=9)
        # 2*0.6 + 5*0.3 = 2.7 against 9*0.6 + 0 = 5.4
        assert (await it.call())["visit"]["id"] == urgent["id"]
        waiting = reads.desk(it.store.reader(), it.store.clock.now_ms())["waiting"]
        assert [(row["id"], row["score"]) for row in waiting] == [(early["id"], 2.7)]
        assert "Urgency 2" in waiting[0]["why"]


async def test_every_act_can_be_undone_exactly(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        visit = await it.issue()
        for act in (None, Recall, StartConsultation, CompleteConsultation):
            before = as_was(visit)
            done = await it.call() if act is None else await it.accepted(act, visit_id=visit["id"])
            undone = (await it.accepted(Undo, undo_id=done["undo_id"]))["visits"][0]
            assert as_was(undone) == before and undone["version"] == done["visit"]["version"] + 1
            visit = (await it.call() if act is None else await it.accepted(act, visit_id=visit["id"]))["visit"]


async def test_no_show_is_undone_in_one_step_and_statistics_skip_it(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        called = (await it.call())["visit"]
        missed = await it.accepted(MarkNoShow, visit_id=called["id"])
        assert as_was((await it.accepted(Undo, undo_id=missed["undo_id"]))["visits"][0]) == as_was(called)
        log = reads.intervals(it.store.reader(), called["number"])
        assert [(i["status"], i["undone"]) for i in log] == [
            ("waiting", 0),
            ("called", 0),
            ("no_show", 1),
            ("called", 0),
        ]


async def test_undo_after_something_came_between_says_what(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        called = await it.call()
        await it.accepted(StartConsultation, visit_id=called["visit"]["id"])
        outcome = await it.do(Undo, undo_id=called["undo_id"])
        assert (
            isinstance(outcome, Refused)
            and outcome.code == "came_between"
            and "A-001 is in consultation" in outcome.detail
        )


async def test_undo_of_a_call_not_yet_spoken_keeps_it_silent_and_of_a_spoken_one_says_please_wait(
    tmp_path: Path,
) -> None:
    from edge.store import effects

    async with clinic(tmp_path) as it:
        await it.issue()
        silent = await it.call()
        await it.accepted(Undo, undo_id=silent["undo_id"])
        assert it.rows("select state from effects where kind = 'announce'") == [("cancelled",)]
        spoken = await it.call()
        due = effects.next_due(it.store.reader(), "announce", it.store.clock.now_ms())
        assert due is not None
        await it.dispatcher.writer.run(lambda conn: effects.start(conn, due.id, 0))
        await it.accepted(Undo, undo_id=spoken["undo_id"])
        due = effects.next_due(it.store.reader(), "announce", it.store.clock.now_ms())
        assert due is not None and due.body["words"] == "please_wait" and due.body["token"] == "A-001"


async def test_undo_that_would_give_a_doctor_two_patients_is_refused(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.issue()
        await it.issue()
        first = (await it.call())["visit"]
        missed = await it.accepted(MarkNoShow, visit_id=first["id"])
        await it.call()
        assert await it.refused(Undo, undo_id=missed["undo_id"]) == "doctor_busy"


async def test_day_that_closes_settles_open_visits_by_rule(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        for _ in range(3):
            await it.issue()
        called = (await it.call())["visit"]
        await it.accepted(StartConsultation, visit_id=called["id"])
        it.pass_time(86_400)
        await it.accepted(OpenDay, day="2026-11-21")
        assert it.rows("select token, status from visits order by number") == [
            ("A-001", "completed"), ("A-002", "no_show"), ("A-003", "no_show"),
        ]  # fmt: skip
        assert await it.refused(OpenDay, day="2026-11-20") == "day_closed"


async def test_full_queue_refuses_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "QUEUE_MAX", 3)
    async with clinic(tmp_path) as it:
        for _ in range(3):
            await it.issue()
        assert await it.refused(IssueToken) == "queue_full"


async def test_token_after_999_has_four_digits(tmp_path: Path) -> None:
    async with clinic(tmp_path) as it:
        await it.dispatcher.writer.run(
            lambda conn: conn.execute("insert or replace into numbers values ('token:2026-11-20:A', 999)")
        )
        assert (await it.issue())["token"] == "A-1000"


ACTS = st.lists(
    st.tuples(st.sampled_from(["issue", "call", "recall", "start", "complete", "miss", "undo"]), st.integers(0, 3)),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
async def test_whatever_staff_press_no_doctor_has_two_patients_and_undo_is_exact(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    kinds = {"recall": Recall, "start": StartConsultation, "complete": CompleteConsultation, "miss": MarkNoShow}
    async with clinic(tmp_path_factory.mktemp("acts")) as it:
        tokens: list[str] = []
        done: list[tuple[str, dict[str, Any]]] = []
        for act, pick in acts:
            ids = [row[0] for row in it.rows("select id from visits order by number")]
            if act == "issue":
                tokens.append((await it.issue())["token"])
                continue
            if act == "undo":
                if not done:
                    continue
                undo_id, before = done[-1 - pick % len(done)]
                outcome = await it.do(Undo, undo_id=undo_id)
                if isinstance(outcome, Accepted):
                    assert as_was(outcome.result["visits"][0]) == before
                continue
            before_rows = {row["id"]: row for row in await it.dispatcher.writer.run(_all_visits)}
            if act == "call":
                outcome = await it.do(CallNext, doctor_id=it.doctor_id)
            elif ids:
                outcome = await it.do(kinds[act], visit_id=ids[pick % len(ids)])
            else:
                continue
            if isinstance(outcome, Accepted):
                visit = outcome.result["visit"]
                done.append((outcome.result["undo_id"], as_was(before_rows[visit["id"]])))
            held = it.rows("select count(*) from visits where status in ('called', 'in_consultation')")[0][0]
            assert held <= 1
        real = it.rows(
            "select count(*) filter (where ended_at is null), count(*) filter (where status = 'waiting') from visits"
        )
        assert it.rows("select open, waiting from queue_counts where service = 'A'") == real


def _all_visits(conn: Any) -> list[dict[str, Any]]:
    from edge.store.states import VISIT_COLUMNS, visit_of

    return [visit_of(row) for row in conn.execute(f"select {VISIT_COLUMNS} from visits")]
