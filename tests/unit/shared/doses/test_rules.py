"""What may become of a dose, what may be taken, who is told when, and how much was taken."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.doses import adherence, guards, ladder
from shared.doses.guards import Allowed, Blocked, Intake
from shared.doses.ladder import Action, Dose, next_action, next_escalation
from shared.doses.plan import Item, Limits, Step, Timing
from shared.doses.states import NEXT, OPEN, TAKEN, Happening, Status, after, taken_status

MINUTE, HOUR = 60_000, 3_600_000
DUE = 1_795_000_000_000


# --- states ------------------------------------------------------------------------------------------------------------


def test_a_void_dose_stays_void_whatever_happens() -> None:
    assert all(after(Status.VOIDED, happening) is None for happening in Happening)


@pytest.mark.parametrize("status", [Status.MISSED, Status.UNKNOWN, Status.NOT_ANNOUNCED, Status.HELD, *OPEN])
def test_what_is_told_late_still_counts_as_taken(status: Status) -> None:
    assert after(status, Happening.TAKEN, Status.LATE) is Status.LATE


def test_only_an_announced_dose_can_be_missed() -> None:
    assert {status for (status, happening) in NEXT if happening is Happening.TIME_OVER and status in OPEN} == {
        Status.ANNOUNCED, Status.SNOOZED,
    }  # fmt: skip
    assert after(Status.PLANNED, Happening.TIME_OVER_UNSAID) is Status.NOT_ANNOUNCED


def test_every_status_can_be_reached_and_every_open_one_can_be_left() -> None:
    reached = {Status.PLANNED, *NEXT.values(), *TAKEN}
    assert reached == set(Status)
    for status in OPEN:
        assert {happening for (one, happening) in NEXT if one is status} >= {
            Happening.TAKEN,
            Happening.SKIPPED,
            Happening.VOIDED,
        }


@pytest.mark.parametrize(
    "by,status", [(-61, "EARLY"), (-60, "ON_TIME"), (0, "ON_TIME"), (60, "ON_TIME"), (61, "LATE"), (9_999, "LATE")]
)
def test_the_last_moment_of_a_window_belongs_to_it(by: int, status: str) -> None:
    dose = SimpleNamespace(due_at_ms=DUE, window_open_ms=DUE - HOUR, on_time_until_ms=DUE + HOUR)
    assert taken_status(DUE + by * MINUTE, dose) == status


# --- guards ------------------------------------------------------------------------------------------------------------


def item(**limits: Any) -> Item:
    step = Step(sequence=1, quantity=1, timing=Timing(times_of_day=("08:00",)))
    return Item(id="i", medication="Paracetamol", unit="g", steps=(step,), limits=Limits(**limits))


def at_hours(*hours: float) -> list[Intake]:
    return [Intake(DUE + round(hour * HOUR), 1.0) for hour in hours]


def test_case_18_four_grams_a_day_with_four_hours_between() -> None:
    limits = item(min_gap_min=240, max_quantity=4, max_hours=24)
    assert guards.check(limits, at_hours(0, 5, 10), DUE + 15 * HOUR, 1) == Allowed()
    assert guards.check(limits, at_hours(0, 5, 10, 15), DUE + 20 * HOUR, 1) == Blocked("limit", DUE + 24 * HOUR)
    assert guards.check(limits, at_hours(0, 5, 10, 15), DUE + 24 * HOUR, 1) == Allowed()
    assert guards.check(limits, at_hours(5), DUE + 8 * HOUR, 1) == Blocked("min_gap", DUE + 9 * HOUR)


def test_a_dose_that_was_taken_is_never_allowed_again() -> None:
    assert guards.check(item(), [], DUE, 1, answered=True) == Blocked("double_dose", None)


@given(hours=st.lists(st.floats(0, 48), max_size=12), now=st.floats(0, 60), quantity=st.floats(0.5, 2))
def test_what_a_guard_promises_for_later_holds_then(hours: list[float], now: float, quantity: float) -> None:
    limits = item(min_gap_min=180, max_quantity=4, max_doses=6, max_hours=24)
    past = [one for one in at_hours(*hours) if one.at_ms <= DUE + now * HOUR]
    found = guards.check(limits, past, DUE + round(now * HOUR), quantity)
    if isinstance(found, Blocked):
        assert found.not_before_ms is not None and found.not_before_ms > DUE + round(now * HOUR) - 1
        assert guards.check(limits, past, found.not_before_ms, quantity) == Allowed()


# --- the ladder ----------------------------------------------------------------------------------------------------------


def dose(**more: Any) -> Dose:
    values: dict[str, Any] = {
        "status": Status.PLANNED, "policy_class": "STANDARD", "due_at_ms": DUE, "window_open_ms": DUE - HOUR,
        "on_time_until_ms": DUE + HOUR, "miss_at_ms": DUE + 6 * HOUR,
    }  # fmt: skip
    return Dose(**{**values, **more})


def climbed(one: Dose, until_ms: int, step_ms: int = MINUTE) -> list[tuple[int, str]]:
    """(minutes after due, what) of everything done while nobody answers, looking every `step_ms`."""
    done = []
    now_ms = one.window_open_ms
    while now_ms <= until_ms and one.status in OPEN:
        action = next_action(one, now_ms)
        if action is None or action.at_ms > now_ms:
            now_ms += step_ms
            continue
        done.append(((now_ms - DUE) // MINUTE, action.kind))
        if action.kind in ("announce", "repeat"):
            one = one._replace(status=Status.ANNOUNCED, announced_n=one.announced_n + 1, last_said_ms=now_ms)
        elif action.kind == "pre_notice":
            one = one._replace(pre_noticed=True)
        elif action.kind == "caregiver":
            one = one._replace(caregiver_told=True)
        else:
            one = one._replace(status=Status.MISSED)
    return done


def test_a_dose_nobody_answers_climbs_rung_by_rung() -> None:
    assert climbed(dose(), DUE + 7 * HOUR) == [
        (0, "announce"), (5, "repeat"), (15, "repeat"), (30, "repeat"), (45, "repeat"), (60, "caregiver"), (60, "repeat"),
        (360, "miss"),
    ]  # fmt: skip


def test_a_time_critical_dose_calls_the_caregiver_after_a_quarter_of_an_hour() -> None:
    critical = dose(
        policy_class="TIME_CRITICAL",
        window_open_ms=DUE - HOUR // 2,
        on_time_until_ms=DUE + HOUR // 2,
        miss_at_ms=DUE + 2 * HOUR,
    )
    kinds = climbed(critical, DUE + 3 * HOUR)
    assert (15, "caregiver") in kinds and kinds[-1] == (120, "miss")


def test_a_word_beforehand_comes_once_and_never_when_it_is_too_late_for_one() -> None:
    assert climbed(dose(pre_notice_min=20), DUE)[0] == (-20, "pre_notice")
    assert next_action(dose(pre_notice_min=20), DUE - 5 * MINUTE) == Action(DUE, "announce", 1)


def test_repeats_that_were_slept_through_are_one() -> None:
    said = dose(status=Status.ANNOUNCED, announced_n=1, last_said_ms=DUE)
    done = climbed(said._replace(window_open_ms=DUE + 32 * MINUTE), DUE + 40 * MINUTE)
    assert [kind for _, kind in done].count("repeat") <= 3
    assert next_action(dose(), DUE + 6 * HOUR) == Action(DUE + 6 * HOUR, "miss", 4)


@pytest.mark.parametrize("status", sorted(set(Status) - OPEN))
def test_an_answered_dose_is_left_alone(status: Status) -> None:
    assert next_action(dose(status=status), DUE) is None


def test_a_snooze_is_never_longer_than_the_dose_is_on_time() -> None:
    assert ladder.snooze_until_ms(dose(), DUE, 20) == DUE + 20 * MINUTE
    assert ladder.snooze_until_ms(dose(), DUE + 50 * MINUTE, 20) == DUE + HOUR
    assert ladder.snooze_until_ms(dose(), DUE + HOUR, 20) is None


def test_an_alert_nobody_takes_goes_to_the_second_caregiver_or_three_times_to_the_clinic_and_then_to_head_office() -> (
    None
):
    second = next_escalation(3, 1, DUE)
    assert second is not None and (second.audience, second.at_ms) == ("second_caregiver", DUE + 10 * MINUTE)
    assert next_escalation(3, 2, DUE) is None
    audiences = [step.audience for tries in (1, 2, 3) if (step := next_escalation(4, tries, DUE)) is not None]
    assert audiences == ["clinic", "clinic", "office"] and next_escalation(4, 4, DUE) is None


@pytest.mark.parametrize(
    "critical,row,week,told", [(True, 1, 1, True), (False, 1, 1, False), (False, 2, 2, True), (False, 1, 3, True)]
)
def test_the_clinic_hears_of_a_critical_one_of_two_in_a_row_and_of_three_in_a_week(
    critical: bool, row: int, week: int, told: bool
) -> None:
    assert ladder.clinic_is_told(critical=critical, missed_in_a_row=row, missed_in_a_week=week) is told


# --- adherence -----------------------------------------------------------------------------------------------------------

DAY = date(2026, 11, 1)


def test_what_nobody_knows_and_what_we_never_said_is_no_part_of_the_number_and_stands_beside_it() -> None:
    found = adherence.numbers([
        (DAY, Status.ON_TIME), (DAY, Status.LATE), (DAY, Status.MISSED), (DAY, Status.SKIPPED), (DAY, Status.UNKNOWN),
        (DAY, Status.NOT_ANNOUNCED), (DAY, Status.HELD), (DAY, Status.VOIDED), (DAY, Status.PLANNED),
    ])  # fmt: skip
    assert (found.due, found.taking, found.timing, found.unknown, found.not_announced) == (4, 0.5, 0.25, 1, 1)
    assert found.is_low and found.pdc == 0.0


def test_days_covered_are_days_on_which_everything_was_taken() -> None:
    days = [DAY + timedelta(days=n) for n in range(4)]
    taken = [(day, Status.ON_TIME) for day in days] + [(days[0], Status.MISSED)]
    assert adherence.numbers(taken).pdc == 0.75


def test_three_days_in_a_row_with_none_are_one_holiday_and_four_are_one_too() -> None:
    missed = [(DAY + timedelta(days=n), Status.MISSED) for n in (0, 1, 2, 3, 5, 6)]
    assert adherence.numbers(missed).holidays == 1
    assert adherence.numbers([]).taking is None and adherence.mpr([30, 30], 60) == 1.0


def test_the_definition_is_there_in_four_languages() -> None:
    assert set(adherence.DEFINITION) == {"en", "hi", "es", "ar"}
