"""What becomes of a dose at head office, over random lives of a device: never missed in silence, never two by one press."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.care import dose_rules
from cloud.records.conversations import GAP_MS, Turn, conversation_id, exchanges
from shared.doses.localtime import HOUR_MS, MINUTE_MS
from shared.doses.states import TAKEN, Status

DUE_MS = 1_795_160_000_000
BEGIN_MS, MISS_MS = DUE_MS - HOUR_MS, DUE_MS + 5 * HOUR_MS
Row = dict[str, Any]


def _row(**more: Any) -> Row:
    row = {
        "status": "PLANNED", "due_ms": DUE_MS, "window_open_ms": BEGIN_MS, "on_time_until_ms": DUE_MS + HOUR_MS,
        "miss_at_ms": MISS_MS, "announced_n": 0, "last_said_ms": None, "taken_ms": None, "policy_class": "STANDARD",
        "critical": False, "caregiver_told": False, "snoozed_until_ms": None, **more,
    }  # fmt: skip
    return {"next_action_ms": dose_rules.next_action_ms(row), **row}


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(-61, Status.EARLY), (-60, Status.ON_TIME), (60, Status.ON_TIME), (61, Status.LATE), (299, Status.LATE)],
)
def test_when_it_was_taken_says_what_it_is(minutes: int, status: Status) -> None:
    at_ms = DUE_MS + minutes * MINUTE_MS
    assert dose_rules.taken(_row(), at_ms, at_ms, "button", "d").changes["status"] == status


def test_what_is_taken_as_long_before_the_window_as_that_is_wide_is_another_intake() -> None:
    for minutes, extra in ((-120, False), (-121, True)):
        at_ms = DUE_MS + minutes * MINUTE_MS
        outcome = dose_rules.taken(_row(), at_ms, at_ms, "button", "d")
        assert (outcome.extra, bool(outcome.changes), outcome.alert) == (
            extra,
            not extra,
            "dose_limit" if extra else "",
        )


def test_after_its_time_the_first_press_is_an_intake_and_the_second_the_same_press() -> None:
    row = _row(status="MISSED", announced_n=1)
    first = dose_rules.taken(row, MISS_MS, MISS_MS, "button", "d")
    assert (first.act, first.reason, first.changes) == ("taken", "after_miss", {"taken_ms": MISS_MS})
    again = dose_rules.taken({**row, **first.changes}, MISS_MS + 40_000, MISS_MS + 40_000, "button", "d")
    assert (again.act, again.reason) == ("", "same_press")
    later = dose_rules.taken({**row, **first.changes}, MISS_MS + HOUR_MS, MISS_MS + HOUR_MS, "button", "d")
    assert later.act == "taken_again"


def test_a_press_that_names_no_dose_is_never_guessed_between_two() -> None:
    one, two = _row(), _row(due_ms=DUE_MS + HOUR_MS, window_open_ms=DUE_MS)
    assert dose_rules.meant([one, two], DUE_MS + MINUTE_MS) == "which_dose"
    assert dose_rules.meant([one, two], BEGIN_MS - HOUR_MS) == "nothing_open"
    said = {**two, "status": "ANNOUNCED", "last_said_ms": DUE_MS}
    assert dose_rules.meant([one, said], DUE_MS + MINUTE_MS) == [said], "what was announced is what is answered"


def test_two_in_a_row_or_three_in_a_week_or_a_critical_one_go_to_the_clinic() -> None:
    def before(*statuses: str) -> list[Row]:
        return [{"status": one, "due_ms": DUE_MS - (n + 1) * 24 * HOUR_MS} for n, one in enumerate(reversed(statuses))][
            ::-1
        ]

    assert dose_rules.rung(_row(), before("ON_TIME")) == 3
    assert dose_rules.rung(_row(), before("MISSED")) == 4
    assert dose_rules.rung(_row(), before("MISSED", "MISSED", "ON_TIME")) == 4
    assert dose_rules.rung(_row(), before("MISSED", "ON_TIME")) == 3
    assert dose_rules.rung(_row(critical=True), before("ON_TIME")) == 4


def _is_due(row: Row, what: str, now_ms: int) -> bool:
    """A device that is back has what nobody knew settled; else the row says when."""
    if what == "back" and row["status"] == "UNKNOWN":
        return True
    return row["next_action_ms"] is not None and row["next_action_ms"] <= now_ms


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["announced", "taken", "skipped", "snoozed", "clock", "back"]), st.integers(0, 60), st.booleans()
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(STEPS)
def test_whatever_a_device_does_a_dose_is_never_missed_in_silence_nor_taken_twice(
    steps: list[tuple[str, int, bool]],
) -> None:
    row, now_ms, heard_ms, intakes = _row(), BEGIN_MS, BEGIN_MS, 0
    for what, minutes, is_on in steps:
        now_ms += minutes * MINUTE_MS
        heard_ms = now_ms if is_on else heard_ms
        before = row
        if what == "announced":
            outcome = dose_rules.announced(row, now_ms, now_ms)
        elif what == "taken":
            outcome = dose_rules.taken(row, now_ms, now_ms, "button", "d")
            intakes += outcome.act == "taken"
        elif what == "skipped":
            outcome = dose_rules.skipped(row, now_ms, "button", "")
        elif what == "snoozed":
            outcome = dose_rules.snoozed(row, now_ms, minutes)
        elif _is_due(row, what, now_ms):
            outcome = dose_rules.due(row, now_ms, heard_ms=heard_ms)
        else:
            continue
        row = {**row, **outcome.changes}
        if what == "clock" and outcome.act == "caregiver":
            row["next_action_ms"] = dose_rules.next_action_ms(row)
        status, was = Status(row["status"]), Status(before["status"])
        if status is Status.MISSED and was is not Status.MISSED:
            assert row["announced_n"] >= 1, "nobody had said it"
            assert outcome.alert == "missed_dose", "missed in silence"
        if status is Status.NOT_ANNOUNCED:
            assert row["announced_n"] == 0
        if status is Status.UNKNOWN and was is not Status.UNKNOWN:
            assert now_ms - heard_ms > dose_rules.OFFLINE_MS, "the device was there"
            assert outcome.alert == "device_offline", "unknown in silence"
        if status is Status.NOT_ANNOUNCED and was is not Status.NOT_ANNOUNCED:
            assert outcome.alert == "missed_dose", "never said, in silence"
        if status in TAKEN and was not in TAKEN:
            assert now_ms < row["miss_at_ms"], "after its time it stays what it was"
        if was in TAKEN and what in ("announced", "clock", "skipped"):
            assert status is was, "what was taken stays taken"
    assert intakes <= 1, "one dose was taken twice"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["person", "device"])), max_size=20), st.randoms())
def test_exchanges_are_the_same_in_whatever_order_turns_are_read(said: list[tuple[int, str]], order: Any) -> None:
    turns = [Turn(at * 30_000, f"t{n}", role, None) for n, (at, role) in enumerate(said)]
    mixed = list(turns)
    order.shuffle(mixed)
    found = exchanges(turns)
    assert exchanges(mixed) == found
    for one in found:
        assert any(turn.role == "person" for turn in one), "nobody spoke"
        assert all(later.at_ms - turn.at_ms <= GAP_MS for turn, later in pairwise(one))
        assert conversation_id("alpha", one) == conversation_id("alpha", list(one))
