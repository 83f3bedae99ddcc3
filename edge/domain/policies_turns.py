"""The two policies in which two lines take turns: `fair` (priority and normal), `appointment` (booked and walk-in).

An order is looked at many times and called from once in a while; then it is made anew. So whose turn it is cannot be
read off the visits that still wait: `Situation.streak` carries it from call to call. Then the order on the screen is the
order of the calls: whoever stands second stands first once the first was called.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.domain.policies_base import (
    MINUTE_MS,
    Ranked,
    Situation,
    Visit,
    arrival,
    parted,
    ranked,
    wait_minutes,
    wait_ms,
)
from edge.domain.policies_hours import SiteHours

URGENT_FROM = 7
"""Urgency from which `fair` gives priority."""


def take_turns(first: Sequence[Visit], second: Sequence[Visit], ratio: int, streak: int) -> tuple[list[Visit], int]:
    """Merge two lines: `ratio` of the first, then one of the second; where one line ends the other goes on.

    Who stands in both leaves both. Answers the merged line and the streak after it, counted as in `streak_after`.
    """
    merged: list[Visit] = []
    taken: set[int] = set()
    i = j = 0
    while True:
        while i < len(first) and first[i]["number"] in taken:
            i += 1
        while j < len(second) and second[j]["number"] in taken:
            j += 1
        if i == len(first) and j == len(second):
            return merged, streak
        seconds_turn = j < len(second) and (streak >= ratio or i == len(first))
        visit = second[j] if seconds_turn else first[i]
        streak = 0 if seconds_turn else streak + 1
        taken.add(visit["number"])
        merged.append(visit)


def streak_after(in_first: bool, in_second: bool, ratio: int, streak: int) -> int:
    """The streak once a visit of these lines was called; who stands in both was called for the line that had the turn."""
    return 0 if in_second and (streak >= ratio or not in_first) else streak + 1


def fair(waiting: Sequence[Visit], situation: Situation) -> list[Ranked]:
    """Emergencies by arrival; then `ratio` normal visits for each one of priority, each line first come first served.

    Priority: urgency from 7, or PRIORITY_PAID. Who waited longer than `age_ms` stands in both lines: it may take a turn of
    priority, and never loses its own to a normal visit that came later. Nobody starves: a normal visit is called after
    those before it and at most one of priority for each `ratio` of them. Score: minutes waited.
    """
    emergencies, others = parted(waiting)
    others.sort(key=arrival)
    normal = [visit for visit in others if not has_priority(visit)]
    preferred = [visit for visit in others if has_priority(visit) or _aged(visit, situation)]
    merged, _ = take_turns(normal, preferred, situation.ratio, situation.streak)
    first = [ranked(visit, wait_minutes(visit, situation.now_ms), "emergency") for visit in emergencies]
    return first + [_fair_why(visit, situation) for visit in merged]


def fair_streak(called: Visit, situation: Situation) -> int:
    """The streak of `fair` after this call."""
    priority = has_priority(called)
    return streak_after(not priority, priority or _aged(called, situation), situation.ratio, situation.streak)


def has_priority(visit: Visit) -> bool:
    """Whether `fair` counts the visit as priority from the beginning."""
    return bool(visit["urgency"] >= URGENT_FROM or visit["category"] == "PRIORITY_PAID")


def appointment(waiting: Sequence[Visit], situation: Situation) -> list[Ranked]:
    """Emergencies by arrival; then hour by hour, and inside an hour booked visits and walk-ins take turns (seed 003).

    - A booked visit belongs to the hour of its booking, moved by its delay, also when it came early. Inside the hour the
      booked stand in order of payment (who has not paid: of booking).
    - A walk-in belongs to the hour in which it came, and so does a booked visit that came when its own hour was over.
      Inside the hour they stand in order of arrival.
    - In turn: one booked, one walk-in; the booked begin. The turn goes on from hour to hour and from call to call (`streak`).
    - An earlier hour before a later one: who comes later never overtakes who was due before, booked or not.
    - A booked visit whose time has not begun comes after all others; it is called early only when nobody else waits.

    Hours are those of the site's clock (`zone`). A delay of 30 minutes makes the hour of 9 begin at 9:30; it takes turns with
    the walk-ins of the clock hour it begins in. Score: minutes since the visit's time began, negative before it.
    """
    emergencies, others = parted(waiting)
    site = SiteHours(situation.zone, situation.slot_ms)
    hours: dict[tuple[bool, int], tuple[list[Visit], list[Visit]]] = {}
    begins_of: dict[int, int] = {}
    for visit in others:
        booked = _is_on_time(visit, site)
        begins = _begins(visit, site) if booked else site.begin_of(min(visit["arrived_at"], situation.now_ms))
        begins_of[visit["number"]] = begins
        lines = hours.setdefault((begins > situation.now_ms, site.begin_of(begins)), ([], []))
        lines[0 if booked else 1].append(visit)
    result = [ranked(visit, wait_minutes(visit, situation.now_ms), "emergency") for visit in emergencies]
    streak = situation.streak
    for hour in sorted(hours):
        booked_line, walkin_line = hours[hour]
        booked_line.sort(key=_payment)
        walkin_line.sort(key=arrival)
        merged, streak = take_turns(booked_line, walkin_line, 1, streak)
        result += [_appointment_why(visit, begins_of[visit["number"]], situation, site) for visit in merged]
    return result


def appointment_streak(called: Visit, situation: Situation) -> int:
    """The streak of `appointment` after this call: booked visits in a row since the last walk-in."""
    booked = _is_on_time(called, SiteHours(situation.zone, situation.slot_ms))
    return streak_after(booked, not booked, 1, situation.streak)


def _aged(visit: Visit, situation: Situation) -> bool:
    return wait_ms(visit, situation.now_ms) > situation.age_ms


def _payment(visit: Visit) -> tuple[int, int]:
    return _paid_ms(visit), visit["number"]


def _paid_ms(visit: Visit) -> int:
    paid_ms: int = visit["created_at"] if visit["paid_at"] is None else visit["paid_at"]
    return paid_ms


def _begins(visit: Visit, site: SiteHours) -> int:
    """When the booked slot begins, with its delay."""
    begins: int = site.begin_of(visit["due_at"]) + visit["delay_min"] * MINUTE_MS
    return begins


def _is_on_time(visit: Visit, site: SiteHours) -> bool:
    """Booked, and here before the booked slot was over."""
    return visit["due_at"] is not None and visit["arrived_at"] < _begins(visit, site) + site.slot_ms


def _fair_why(visit: Visit, situation: Situation) -> Ranked:
    waited = wait_minutes(visit, situation.now_ms)
    minutes, ratio = int(waited), situation.ratio
    if visit["category"] == "PRIORITY_PAID":
        return ranked(visit, waited, "fair_paid", minutes=minutes, ratio=ratio)
    if visit["urgency"] >= URGENT_FROM:
        return ranked(visit, waited, "fair_urgent", urgency=visit["urgency"], minutes=minutes, ratio=ratio)
    if _aged(visit, situation):
        return ranked(visit, waited, "fair_aged", minutes=minutes, limit=situation.age_ms // MINUTE_MS)
    return ranked(visit, waited, "fair_normal", minutes=minutes)


def _appointment_why(visit: Visit, begins: int, situation: Situation, site: SiteHours) -> Ranked:
    now_ms, due_ms = situation.now_ms, visit["due_at"]
    score = (now_ms - begins) / MINUTE_MS
    if due_ms is None:
        came, hour = site.clock(visit["arrived_at"]), site.clock(begins)
        return ranked(visit, score, "appointment_walkin", came=came, hour=hour)
    due = site.clock(due_ms)
    if not _is_on_time(visit, site):
        return ranked(visit, score, "appointment_late", due=due, came=site.clock(visit["arrived_at"]))
    if begins - situation.max_early_ms > now_ms:
        return ranked(visit, score, "appointment_too_early", due=due)
    if begins > now_ms:
        return ranked(visit, score, "appointment_early", due=due, begins=site.clock(begins))
    if visit["delay_min"] > 0:
        return ranked(visit, score, "appointment_delayed", due=due, delay=visit["delay_min"])
    moment = site.clock(_paid_ms(visit), seen_from_ms=due_ms)
    if visit["paid_at"] is None:
        return ranked(visit, score, "appointment_begun_unpaid", due=due, made=moment)
    return ranked(visit, score, "appointment_begun", due=due, paid=moment)
