"""The verdict on medicine: everything that can be wrong is done to a good day once, and must be found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from firmware_sim.care_checks import MINUTE_MS, CareFound, Dose, Told, Under, faults, numbers, on_the_way
from firmware_sim.patients import Patients

NINE, TEN, ELEVEN, NOON = (hour * 60 * MINUTE_MS for hour in (9, 10, 11, 12))
HALF = 30 * MINUTE_MS


def good_day() -> CareFound:
    """Five doses: one taken, one missed and told, one missed while the link was cut and told later, two nobody could say."""
    doses = [
        Dose("taken", "ana", NINE, NINE + HALF, "ON_TIME", 1), Dose("missed", "ben", NINE, NINE + HALF, "MISSED", 2),
        Dose("cut", "ben", TEN, TEN + HALF, "MISSED", 1), Dose("unsaid", "cleo", TEN, TEN + HALF, "NOT_ANNOUNCED", 0),
        Dose("unheard", "ana", TEN, TEN + HALF, "UNKNOWN", 0),
    ]  # fmt: skip
    told = [
        Told("missed_dose", "ben", "m1", NINE + HALF, (NINE,)), Told("not_heard", "ben", "m2", TEN + HALF, (TEN,)),
        Told("missed_dose", "ben", "m3", NOON, (NINE, TEN)),
    ]  # fmt: skip
    return CareFound(
        doses, Counter(taken=1, missed=1, cut=1), told, {"m1", "m2", "m3"}, {one.id: one.status for one in doses},
        [(NINE + 40 * MINUTE_MS, NOON - MINUTE_MS)],
    )  # fmt: skip


def test_a_good_day_has_every_number_and_no_fault() -> None:
    found = numbers(good_day())
    assert faults(good_day()) == []
    assert {name: found[name] for name in ("doses_due", "announced", "taken", "missed", "not_announced", "unknown")} == {
        "doses_due": 5, "announced": 3, "taken": 1, "missed": 2, "not_announced": 1, "unknown": 1,
    }  # fmt: skip
    assert (found["told"], found["told_late"], found["silent_missed"], found["not_heard"]) == (2, 1, 0, 1)


def _replace(found: CareFound, id_: str, **more: object) -> None:
    found.doses = [one._replace(**more) if one.id == id_ else one for one in found.doses]  # type: ignore[arg-type]
    found.statuses = {one.id: one.status for one in found.doses}


WRONG: dict[str, tuple[Callable[[CareFound], object], str]] = {
    "a dose is still open": (lambda f: _replace(f, "taken", status="ANNOUNCED"), "still open"),
    "missed and never announced": (lambda f: _replace(f, "missed", announced_n=0), "nobody announced"),
    "announced twice as if it were the first time": (lambda f: f.first_said.update(["taken"]), "without saying so"),
    "a missed dose nobody was told of": (lambda f: f.told.pop(2), "told to nobody"),
    "sent, and never arrived": (lambda f: f.arrived.discard("m3"), "told to nobody"),
    "called missed while not heard": (
        lambda f: f.told.append(Told("missed_dose", "ben", "m4", ELEVEN, (TEN,))), "while the clinic was not heard",
    ),
    "an outage nobody was told of": (lambda f: f.told.pop(1), "outages with doses due"),
    "head office has another status": (lambda f: f.statuses.update(taken="MISSED"), "otherwise at head office"),
    "head office has nothing": (lambda f: f.statuses.clear(), "otherwise at head office"),
    "nothing was due": (lambda f: f.doses.clear(), "no dose fell due"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str) -> None:
    harm, words = WRONG[what]
    day = good_day()
    harm(day)
    assert any(words in fault for fault in faults(day)), faults(day)


def test_people_of_a_scenario_have_their_doses_apart_from_one_another() -> None:
    patients = Patients(home=1, ward=2, every_s=3600, begin_s=8 * 3600)
    assert patients.times(0)[:2] == ["08:00", "09:00"]
    assert patients.times(2)[-2:] == ["06:14", "07:14"]
    assert len(patients.times(1)) == 24
    assert len(Patients(ward=1, every_s=900).times(0)) == 24


MISSED = ("d1", "ana", NINE)
EVENT = ("a1", "ana", (NINE,))


def under(states: frozenset[str] | None, *, office: bool = True, waits: bool = True, raised: bool = True) -> Under:
    """A dose that was missed, its alert, and the messages about it; None: nobody made one yet."""
    return Under(
        [MISSED], {"a1": {"d1"}} if raised else {}, {"a1": {"d1"}} if office else {"a1": {"d0"}}, {"a1"} if waits else set(),
        [] if states is None else [(*EVENT, states)],
    )  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [
        under(None, office=False), under(None), under(frozenset(("waiting",))), under(frozenset(("claimed",))),
        under(frozenset(("failed", "waiting"))),
    ],
    ids=["not read by head office", "no message made yet", "waits, or is tried again", "being sent", "on the next channel"],
)  # fmt: skip
def test_the_verdict_waits_for_word_of_a_missed_dose_that_is_on_its_way(found: Under) -> None:
    assert on_the_way(found) == ["d1"]


@pytest.mark.parametrize(
    "found",
    [
        under(frozenset(("sent",))), under(frozenset(("delivered", "waiting"))), under(frozenset(("failed",))),
        under(frozenset(("expired",))), under(None, raised=False), under(None, waits=False), under(frozenset(), waits=False),
    ],
    ids=["told", "told, and again", "failed for good", "too late", "no alert", "over before it was told", "nobody there"],
)  # fmt: skip
def test_what_is_told_or_never_will_be_is_not_waited_for(found: Under) -> None:
    assert on_the_way(found) == []
