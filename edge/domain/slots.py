"""Bookable time: opened, changed, delayed, cancelled; and the message to everybody of a doctor's day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edge.domain.arrivals import joins_at
from edge.domain.booking_commands import AddSlot, ChangeSlot, DelaySlot, EmergencyMessage, EndMessage
from edge.domain.bookings import Slot, in_promotion_order, missed_at, new_slot, promote, slot_change
from edge.domain.calling import Doctor
from edge.domain.decision import Change, Decision, Effect, Moment, Refusal, Verdict
from edge.domain.notices import notices
from edge.domain.visits import CALL_EXPIRY_MS, Act, Rules, Status, Visit, after

DELAY_MAX_MIN: Final = 720
CAPACITY_MAX: Final = 1_000
SLOTS_MAX: Final = 100
"""Slots of one doctor on one day."""
HOUR_MS: Final = 3_600_000
LENGTH_MAX_MS: Final = 24 * HOUR_MS
MESSAGE_MAX: Final = 500


class SlotState(NamedTuple):
    """What a change of slots looks at.

    slot: the one named.  of_day: all slots of its doctor and day, by start, cancelled ones too; of both days when it moves
    to another one.  beside: of the day before and the day after, which may reach over midnight.
    visits: by slot id, those that are booked or waiting in the house.  waitlist: of the slot.
    """

    day: str | None
    doctor: Doctor | None
    slot: Slot | None
    of_day: Sequence[Slot]
    visits: dict[str, list[Visit]]
    waitlist: Sequence[Visit]
    rules: Rules
    beside: Sequence[Slot] = ()


class MessageState(NamedTuple):
    """The doctor, the message named, and everybody of the doctor's day who is here or to come."""

    day: str | None
    doctor: Doctor | None
    broadcast: dict[str, Any] | None
    visits: Sequence[Visit]
    room: str = ""


def add_slot(state: SlotState, command: AddSlot, now: Moment) -> Verdict:
    """Open bookable time that overlaps no other of the doctor."""
    if state.doctor is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    if state.slot is not None:
        return Refusal("taken", "A slot with this id exists.", "Change that slot instead.")
    if len(state.of_day) >= SLOTS_MAX:
        return Refusal("too_many", f"A doctor has at most {SLOTS_MAX} slots a day.", "Make them longer.")
    slot = new_slot(
        command.slot_id, state.doctor["id"], command.day, command.start_ms, command.end_ms, command.max_capacity, now
    )
    refusal = _unfit(slot, state)
    return refusal or Decision([slot_change("slot_added", slot)], result={"slot": slot})


def change_slot(state: SlotState, command: ChangeSlot, now: Moment) -> Verdict:
    """Change time, capacity or status. Places that come free are given away in the same commit, delays follow."""
    slot = state.slot
    if slot is None:
        return Refusal("not_found", "There is no such slot.", "Read the list again.")
    names = {
        "day": "day",
        "start_ms": "start_at",
        "end_ms": "end_at",
        "max_capacity": "max_capacity",
        "status": "status",
    }
    wanted = {field: getattr(command, name) for name, field in names.items() if getattr(command, name) is not None}
    after_it = {**slot, **wanted, "version": slot["version"] + 1}
    refusal = _unfit(after_it, state) or _cannot_change(state, slot, after_it)
    if refusal is not None:
        return refusal
    delays = _delays(state, after_it)
    after_it["delay_min"] = delays[slot["id"]]
    cause, delta_ms = command.command_id, after_it["start_at"] - slot["start_at"]
    changes, told, waitlist = [slot_change("slot_changed", after_it)], list[Effect](), list(state.waitlist)
    displaced: list[Visit] = []
    if _closes(slot, after_it):
        for visit in state.visits.get(slot["id"], ()):
            values = {"holds_place": False, "over_capacity": False, "timer_at": None}
            moved, changed = after(visit, Act.DISPLACE, "the slot was cancelled", **values)
            told += notices("displaced", moved, now, cause)
            displaced.append(moved)
            changes.insert(-1, changed)  # places are given back before the slot may become smaller
    elif delta_ms or after_it["delay_min"] != slot["delay_min"]:
        moves = [_moved(visit, after_it, delta_ms, state.rules, now) for visit in waitlist] if delta_ms else []
        waitlist = [moved for moved, _ in moves] or waitlist
        moves += [_moved(visit, after_it, delta_ms, state.rules, now) for visit in state.visits.get(slot["id"], ())]
        changes += [changed for _, changed in moves]
        told += [note for moved, _ in moves for note in notices("delayed", moved, now, cause, due_ms=moved["due_at"])]
    free = after_it["max_capacity"] - slot["lent"] - slot["places_taken"]
    promoted, more, notes = promote(after_it, in_promotion_order(waitlist), free, state.day, state.rules, cause, now)
    followed, said, _, _ = _others_follow(state, delays, slot["id"], cause, now)
    result = {
        "slot": after_it, "promoted": promoted,
        "moved_to_waiting_list": [v for v in displaced if v["status"] == Status.WAITLISTED],
    }  # fmt: skip
    return Decision([*changes, *more, *followed], [*told, *notes, *said], result)


def delay_slot(state: SlotState, command: DelaySlot, now: Moment) -> Verdict:
    """Set a slot's delay; later slots of the doctor's day take over what is left after the free time between."""
    slot = state.slot
    if slot is None:
        return Refusal("not_found", "There is no such slot.", "Read the list again.")
    if not 0 <= command.delay_min <= DELAY_MAX_MIN:
        return Refusal("bad_delay", f"A delay is 0 to {DELAY_MAX_MIN} minutes.", "Correct the minutes.")
    if slot["status"] == "CANCELLED":
        return Refusal("slot_cancelled", "This slot was cancelled.", "Open it again first.")
    if slot["end_at"] + command.delay_min * 60_000 <= now.now_ms:
        return Refusal("past", "This slot is over.", "Delay a later one.")
    after_it = {**slot, "own_delay_min": command.delay_min}
    delays = _delays(state, after_it)
    after_it["delay_min"] = delays[slot["id"]]
    changes, told, tokens = list[Change](), list[Effect](), list[str]()
    if after_it != slot:
        after_it["version"] += 1
        changes.append(slot_change("slot_changed", after_it))
        _visits_follow(state, after_it, command.command_id, now, changes, told, tokens)
    more, notes, affected, others = _others_follow(state, delays, slot["id"], command.command_id, now)
    result = {"slot": after_it, "affected_slots": affected, "affected_visits": tokens + others}
    return Decision([*changes, *more], [*told, *notes], result)


def cascaded(slots: Sequence[Slot]) -> list[Slot]:
    """Slots of one doctor's day, by start, with `delay_min` as it follows from each `own_delay_min`: the later of what
    was set for it and what the slot before leaves when it ends late. Cancelled slots delay nobody."""
    result: list[Slot] = []
    free_from_ms = 0
    for slot in slots:
        if slot["status"] == "CANCELLED":
            result.append({**slot, "delay_min": 0})
            continue
        carried_min = max(0, -(-(free_from_ms - slot["start_at"]) // 60_000))
        delay_min = min(max(slot["own_delay_min"], carried_min), DELAY_MAX_MIN)
        free_from_ms = slot["end_at"] + delay_min * 60_000
        result.append({**slot, "delay_min": delay_min})
    return result


def slot_at(around: Sequence[Slot], due_ms: int) -> Slot | None:
    """The slot a time falls into; a cancelled one only where no other is: the doctor is away then."""
    here = [slot for slot in around if slot["start_at"] <= due_ms < slot["end_at"]]
    return next((slot for slot in here if slot["status"] != "CANCELLED"), here[0] if here else None)


def left_of_hour(around: Sequence[Slot], hour_ms: int, due_ms: int) -> tuple[int, int]:
    """What other slots leave of the clock hour around a time that is in none of them: (start, end), ms (decision 5)."""
    others = [slot for slot in around if slot["status"] != "CANCELLED"]
    start_ms = max([hour_ms, *(slot["end_at"] for slot in others if slot["end_at"] <= due_ms)])
    end_ms = min([hour_ms + HOUR_MS, *(slot["start_at"] for slot in others if slot["start_at"] > due_ms)])
    return start_ms, end_ms


def send_message(state: MessageState, command: EmergencyMessage, now: Moment) -> Verdict:
    """Tell everybody of a doctor's day: on screens and phones, aloud, and in the estimates until it is ended."""
    if state.doctor is None:
        return Refusal("not_found", "There is no such doctor.", "Choose a doctor from the list.")
    if state.day is None:
        return Refusal("day_closed", "No service-day is open.", "Wait a moment, or set the clock at the desk.")
    if not 1 <= len(command.message.strip()) <= MESSAGE_MAX or not 0 <= command.delay_min <= DELAY_MAX_MIN:
        return Refusal("wrong_shape", f"A message has 1 to {MESSAGE_MAX} characters.", "Shorten it.")
    data = {
        "doctor_id": state.doctor["id"], "day": state.day, "message": command.message.strip(),
        "priority": command.priority, "delay_min": command.delay_min, "sent_at": now.now_ms, "ended_at": None,
    }  # fmt: skip
    aloud = Effect(
        "announce", f"message:{command.broadcast_id}",
        {"visit_id": "", "token": "", "room": "", "words": "message", "message": data["message"]},
        now.now_ms + CALL_EXPIRY_MS,
    )  # fmt: skip
    told = [
        effect for visit in state.visits
        for effect in notices("message", visit, now, command.command_id, message=data["message"], delay_min=command.delay_min)
    ]  # fmt: skip
    result = {"broadcast": {"id": command.broadcast_id, **data}, "recipients": len(state.visits)}
    return Decision([Change("broadcast_sent", command.broadcast_id, 1, data)], [aloud, *told], result)


def end_message(state: MessageState, command: EndMessage, now: Moment) -> Verdict:
    """What the message said is over."""
    found = state.broadcast
    if found is None:
        return Refusal("not_found", "There is no such message.", "Read the list again.")
    if found["ended_at"] is not None:
        return Decision(result={"broadcast": found, "already": True})
    ended = {**found, "ended_at": now.now_ms}
    return Decision([message_change(ended)], result={"broadcast": ended})


def message_change(ended: dict[str, Any]) -> Change:
    """The fact that a message, whose row this is with `ended_at` set, is over."""
    names = ("doctor_id", "day", "message", "priority", "delay_min", "sent_at", "ended_at")
    return Change("broadcast_ended", ended["id"], ended["version"] + 1, {name: ended[name] for name in names})


def _delays(state: SlotState, it: Slot) -> dict[str, int]:
    """By slot id: the delay that each of the doctor's slots has once `it` stands like this. Days do not delay each other."""
    slots = sorted([it, *(s for s in state.of_day if s["id"] != it["id"])], key=lambda s: (s["start_at"], s["id"]))
    days = {slot["day"] for slot in slots}
    return {s["id"]: s["delay_min"] for day in days for s in cascaded([s for s in slots if s["day"] == day])}


def _others_follow(
    state: SlotState, delays: dict[str, int], but: str, cause: str, now: Moment
) -> tuple[list[Change], list[Effect], list[dict[str, Any]], list[str]]:
    """The slots, other than `but`, whose delay is another one now: (changes, notices, slots, ids of their visits)."""
    changes, told, affected, tokens = list[Change](), list[Effect](), list[dict[str, Any]](), list[str]()
    for other in state.of_day:
        delay_min = delays[other["id"]]
        if other["id"] == but or delay_min == other["delay_min"]:
            continue
        moved = {**other, "delay_min": delay_min, "version": other["version"] + 1}
        changes.append(slot_change("slot_changed", moved))
        affected.append({"id": other["id"], "delay_min": delay_min})
        _visits_follow(state, moved, cause, now, changes, told, tokens)
    return changes, told, affected, tokens


def _visits_follow(
    state: SlotState, slot: Slot, cause: str, now: Moment, changes: list[Change], told: list[Effect], tokens: list[str]
) -> None:
    for visit in state.visits.get(slot["id"], ()):
        moved, changed = _moved(visit, slot, 0, state.rules, now)
        changes.append(changed)
        tokens.append(visit["id"])
        told += notices("delayed", moved, now, cause, delay_min=slot["delay_min"])


def _moved(visit: Visit, slot: Slot, delta_ms: int, rules: Rules, now: Moment) -> tuple[Visit, Change]:
    """A visit whose slot begins `delta_ms` later than it did, or has another delay."""
    if visit["day"] != slot["day"]:
        visit = {**visit, "slot_no": None}  # it counts within a day; the next is given at the desk
    if delta_ms and visit["due_at"] is not None:
        visit = {**visit, "due_at": visit["due_at"] + delta_ms, "day": slot["day"]}
    values: dict[str, Any] = {"delay_min": slot["delay_min"]}
    if visit["status"] == Status.BOOKED:
        came = visit["arrived_at"] is not None
        values["timer_at"] = joins_at(visit, rules) if came else missed_at(visit, slot["delay_min"], rules, now)
    return after(visit, Act.DELAY, f"delayed by {slot['delay_min']} minutes", **values)


def _closes(slot: Slot, after_it: Slot) -> bool:
    return bool(after_it["status"] == "CANCELLED" and slot["status"] != "CANCELLED")


def _cannot_change(state: SlotState, slot: Slot, after_it: Slot) -> Refusal | None:
    visits = state.visits.get(slot["id"], ())
    leaving = sum(v["holds_place"] for v in visits) if _closes(slot, after_it) else 0
    taken = slot["places_taken"] + slot["lent"] - leaving
    if after_it["max_capacity"] < taken:
        return Refusal("capacity_taken", f"{taken} places are taken already.", f"Choose {taken} or more.")
    to_come = [v for v in visits if v["status"] == Status.BOOKED and v["arrived_at"] is None]
    placed = sum(v["holds_place"] or v["over_capacity"] for v in to_come)
    drawn = any(v["token"] is not None for v in (*visits, *state.waitlist))  # a number belongs to its day
    if after_it["day"] != slot["day"] and (
        drawn or len(to_come) < len(visits) or placed < slot["places_taken"] + slot["extra_taken"]
    ):
        hint = "Cancel this slot, or open another one on that day."
        return Refusal("people_came", "People of this slot have come already, so it stays on its day.", hint)
    return None


def _unfit(slot: Slot, state: SlotState) -> Refusal | None:
    if slot["end_at"] <= slot["start_at"]:
        return Refusal("ends_before_start", "A slot ends after it starts.", "Correct the times.")
    if slot["end_at"] - slot["start_at"] > LENGTH_MAX_MS:
        return Refusal("bad_length", "A slot lasts at most 24 hours.", "Correct the times.")
    if not 1 <= slot["max_capacity"] <= CAPACITY_MAX:
        return Refusal("bad_capacity", f"A slot takes 1 to {CAPACITY_MAX} visits.", "Correct the capacity.")
    if slot["status"] == "CANCELLED":
        return None
    for other in (*state.of_day, *state.beside):
        is_open = other["status"] != "CANCELLED" and other["id"] != slot["id"]
        if is_open and other["start_at"] < slot["end_at"] and slot["start_at"] < other["end_at"]:
            return Refusal("overlap", "It overlaps another slot of this doctor.", "Choose another time.")
    return None
