"""No call is skipped between two tellings of the queue, wherever they fall, and nobody is shown going back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.visits import Rules
from edge.store.places import House
from edge.web.queue_calls import Call, put_back, with_calls

VISITS, DOCTORS = 4, 2
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("call", "go on", "wait", "tell")), st.integers(0, VISITS - 1), st.integers(0, DOCTORS - 1)
    ),
    max_size=40,
)


def house_of(visits: dict[str, dict[str, Any]]) -> House:
    """A house with whoever has not gone."""
    here = [visit for visit in visits.values() if visit["status"] != "completed"]
    return House(
        now_ms=0, day="2026-11-20", rules=Rules(), services={}, doctors={}, here=here, ranked={"A": []}, standing={},
        loads={}, delays_s={}, messages={},
    )  # fmt: skip


def shown(houses: list[House]) -> list[tuple[str, int]]:
    """(visit, moment) of every call that these houses show, in the order it is first seen."""
    seen = [(v["id"], v["called_at"]) for house in houses for v in house.here if v["status"] == "called"]
    return list(dict.fromkeys(seen))


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_every_call_is_shown_and_each_doctors_in_their_order(steps: list[tuple[str, int, int]]) -> None:
    blank = {"service": "A", "status": "waiting", "doctor_id": None, "called_at": None, "room": None}
    visits: dict[str, dict[str, Any]] = {
        str(number): {"id": str(number), "number": number, **blank} for number in range(VISITS)
    }
    made: list[tuple[str, int, str]] = []
    calls: list[Call] = []
    houses: list[House] = []
    for at, (what, number, doctor) in enumerate([*steps, ("tell", 0, 0)], 1):
        visit = visits[str(number)]
        held_by = {v["doctor_id"] for v in visits.values() if v["status"] in ("called", "in_consultation")}
        if what == "call" and visit["status"] == "waiting" and str(doctor) not in held_by:
            visit = {**visit, "status": "called", "called_at": at, "doctor_id": str(doctor)}
            made.append((visit["id"], at, visit["doctor_id"]))
            calls.append(Call(at, visit))
        elif what == "go on" and visit["status"] in ("called", "in_consultation"):
            visit = {**visit, "status": "in_consultation" if visit["status"] == "called" else "completed"}
        elif what == "wait" and visit["status"] in ("called", "completed"):
            visit = {**visit, "status": "waiting", "called_at": None}
        visits[str(number)] = visit
        if what == "tell":
            back, visible = put_back(calls, house_of(visits))
            for turn, called in enumerate(back):
                later = [*(call for one in back[turn + 1 :] for call in one), *visible]
                view, held = with_calls(house_of(visits), called, later)
                states = {v["id"]: v["status"] for v in view.here}
                assert {states[call.visit["id"]] for call in called} == {"called"}
                turns = {call.visit["id"] for call in later} - {call.visit["id"] for call in called}
                assert turns == held.keys() and all(states[visit_id] == "waiting" for visit_id in turns), "each in turn"
                houses.append(view)
            houses.append(house_of(visits))
            calls = []
    told = shown(houses)
    assert set(told) == {(visit_id, at) for visit_id, at, _ in made}
    for doctor_id in map(str, range(DOCTORS)):
        mine = [(visit_id, at) for visit_id, at, doctor in made if doctor == doctor_id]
        assert [call for call in told if call in mine] == mine
