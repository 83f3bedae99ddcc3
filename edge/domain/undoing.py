"""Undo: an earlier command taken back, exactly. Version and log grow; nothing else differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from edge.domain.bookings import Slot, promote
from edge.domain.commands import Undo
from edge.domain.decision import Decision, Effect, Moment, Refusal, Verdict, Write
from edge.domain.visits import CALL_EXPIRY_MS, TO_COME, Rules, Status, Visit, change, name_of


class UndoState(NamedTuple):
    """What undo looks at: the command named, the visits before it and now, what came between, and its effects."""

    day: str | None
    found: bool
    outcome: str
    before: list[Visit] | None
    now: list[Visit]
    came_between: list[str]
    open_effects: list[str]
    spoken_tokens: list[tuple[str, str, str]]
    """(visit id, token, doctor's room) of calls that were already spoken."""
    busy_doctors: list[str]
    """Names of doctors who would have two patients if the visits came back as they were."""
    slots: Mapping[str, Slot] = MappingProxyType({})
    """The slots of these visits, by id."""
    waitlists: Mapping[str, Sequence[Visit]] = MappingProxyType({})
    """Who waits for a place in them, by slot id."""
    rules: Rules = Rules()
    writes: Sequence[Write] = ()
    """What the command's own decision said an undo runs too."""
    taken_day: Sequence[str] = ()
    """Tokens of visits whose person has another visit by now, so that coming back would be a double booking."""


def undo(state: UndoState, command: Undo, now: Moment) -> Verdict:
    """Put the visits of an earlier command back exactly as they were.

    Two things cannot come back: a number that was drawn stays drawn, and a place that was given away meanwhile stays
    with its new owner (the visit comes back over capacity, decision 17).
    """
    if not state.found:
        return Refusal("not_found", "That act is not known any more.", "Acts can be undone for 7 days.")
    if state.outcome != "accepted" or state.before is None:
        return Refusal("not_undoable", "That act cannot be undone.", "Correct it with a new one.")
    if state.came_between:
        return Refusal("came_between", "Since then: " + "; ".join(state.came_between) + ".", "Undo that first.")
    if state.day is None or any(v["day"] < state.day for v in state.before):
        return Refusal("day_closed", "That day is closed.", "Closed days stay as they are.")
    if state.busy_doctors:
        names = ", ".join(state.busy_doctors)
        return Refusal("doctor_busy", f"{names} has another patient by now.", "Complete that visit first.")
    if state.taken_day:
        detail = f"The person of {', '.join(state.taken_day)} has another visit that day by now."
        return Refusal("double_booking", detail, "Cancel that one first.")
    closed = [
        v for v in state.before if v["status"] == Status.BOOKED and _is_closed(state.slots.get(v["slot_id"] or ""))
    ]
    if closed:
        detail = f"The slot of {', '.join(name_of(visit) for visit in closed)} was cancelled meanwhile."
        return Refusal("slot_cancelled", detail, "Open the slot again first, or book another time.")
    moved = [
        v for v in state.before if v["status"] in TO_COME and _is_elsewhere(v, state.slots.get(v["slot_id"] or ""))
    ]
    if moved:
        detail = f"The slot of {', '.join(name_of(visit) for visit in moved)} has another time by now."
        return Refusal("slot_moved", detail, "Book a place in it instead.")
    restored = [_restored(state, was, stands, now) for was, stands in zip(state.before, state.now, strict=True)]
    changes = [change("undone", visit, reason=f"undo of {command.undo_id}") for visit in restored]
    effects: list[Effect] = []
    for visit, stands in zip(restored, state.now, strict=True):
        slot = state.slots.get(visit["slot_id"] or "")
        if slot is not None and stands["holds_place"] and not visit["holds_place"]:
            free = slot["max_capacity"] - slot["lent"] - (slot["places_taken"] - 1)
            waitlist = [v for v in state.waitlists[slot["id"]] if v["id"] != visit["id"]]
            _, more, told = promote(slot, waitlist, free, state.day, state.rules, command.command_id, now)
            changes += more
            effects += told
    effects += [
        Effect(
            "announce", f"wait:{command.command_id}:{visit_id}",
            {"visit_id": visit_id, "token": token, "room": room, "words": "please_wait"}, now.now_ms + CALL_EXPIRY_MS,
        )
        for visit_id, token, room in state.spoken_tokens
        if any(visit["id"] == visit_id and visit["status"] == Status.WAITING for visit in restored)
    ]  # fmt: skip
    return Decision(
        changes, effects, {"visits": restored}, before=[dict(v) for v in state.now], cancel=list(state.open_effects),
        writes=list(state.writes),
    )  # fmt: skip


def _restored(state: UndoState, was: Visit, stands: Visit, now: Moment) -> Visit:
    visit = {**was, "version": stands["version"] + 1, "token": was["token"] or stands["token"]}
    slot = state.slots.get(was["slot_id"] or "")
    if was["holds_place"] and not stands["holds_place"] and (_is_closed(slot) or _is_full(slot)):
        visit |= {"holds_place": False, "over_capacity": not _is_closed(slot)}
    timer_at = visit["timer_at"]
    if timer_at is not None and timer_at <= now.now_ms:  # the clock has acted on it, and that is what is taken back
        visit["timer_at"] = now.now_ms + state.rules.grace_min * 60_000
    return visit


def _is_elsewhere(visit: Visit, slot: Slot | None) -> bool:
    """Whether the slot does not hold the visit's time any more."""
    if slot is None or visit["due_at"] is None:
        return False
    return bool(visit["day"] != slot["day"] or not slot["start_at"] <= visit["due_at"] < slot["end_at"])


def _is_full(slot: Slot | None) -> bool:
    return slot is None or slot["places_taken"] + slot["lent"] >= slot["max_capacity"]


def _is_closed(slot: Slot | None) -> bool:
    return slot is not None and slot["status"] == "CANCELLED"
