"""Puts what there is to tell into words, in the language of whoever is told. Pure; times are given as a zone and ms.

Names of topics are those of alerts (`shared.events`) and of queue notices (`edge.domain.notices`), and a few of our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from cloud.notify.texts import TEXTS
from shared.clock import utc

LANGUAGES: Final = tuple(TEXTS)
QUEUE_TOPICS: Final = frozenset((
    "booked", "waitlisted", "promoted", "delayed", "next", "cancelled", "displaced", "missed", "message", "emergency",
))  # fmt: skip
MEDICINES_MAX: Final = 8
"""More are counted, not named."""
TEXT_CHARS_MAX: Final = 600
LATE_MS: Final = 20 * 3_600_000
"""Further away than this, a time is told with its day."""


class Topic(NamedTuple):
    """What one event is about: topic, and the facts its sentence needs (`facts` of notification_events)."""

    topic: str
    facts: Mapping[str, Any]


def text(topic: str, language: str, **fields: object) -> str:
    """One sentence of the table, filled in; in English for a language that has none."""
    return TEXTS.get(language, TEXTS["en"])[topic].format_map(fields)


def sentence(what: Topic, language: str, zone: ZoneInfo, now_ms: int) -> str:
    """The sentence for one event.

    Facts read, all optional: name, clinic, token, room, message, title, delay_min; worse: than was told before; since_ms,
    due_ms, taken_ms (ms since 1970 UTC); medicines: list of [name, due_ms or null]; count, people: how many doses of how
    many patients, where it is said once more.
    """
    facts, words = what.facts, TEXTS.get(language, TEXTS["en"])
    taken_ms = facts.get("taken_ms")
    moment = taken_ms if taken_ms is not None else facts.get("due_ms")
    fields = {
        "name": facts.get("name") or words["somebody"], "clinic": facts.get("clinic", ""),
        "token": facts.get("token") or "", "room": facts.get("room") or "", "message": facts.get("message") or "",
        "title": facts.get("title") or "", "minutes": facts.get("delay_min") or 0,
        "since": _at(facts.get("since_ms"), zone, now_ms), "time": _at(moment, zone, now_ms),
        "count": facts.get("count") or 0, "people": facts.get("people") or 0,
        "medicines": medicines(facts.get("medicines") or [], language, zone, now_ms),
    }  # fmt: skip
    said = words[_form(what.topic, facts, words)].format_map(fields)
    return (words["worse"].format(text=said) if facts.get("worse") else said)[:TEXT_CHARS_MAX]


def message(events: Sequence[Topic], language: str, zone: ZoneInfo, now_ms: int, *, again: bool) -> tuple[str, str]:
    """Title and text of one message about some events; the same sentence is said once, medicines of one patient together."""
    merged = merge(events)
    lines = list(dict.fromkeys(sentence(one, language, zone, now_ms) for one in merged))
    body = "\n".join(lines)
    if again:
        body = text("again", language, text=body)
    clinic = next((str(one.facts["clinic"]) for one in merged if one.facts.get("clinic")), "Outpost")
    return (clinic if len(lines) == 1 else f"{clinic}: {text('many', language, count=len(lines))}"), body


def merge(events: Sequence[Topic]) -> list[Topic]:
    """Events of one topic and code about one patient become one, with the medicines of all."""
    merged: dict[tuple[str, Any, Any], Topic] = {}
    for number, one in enumerate(events):
        about = one.facts.get("person_id")
        key = (one.topic, one.facts.get("code"), about if about is not None and one.facts.get("medicines") else number)
        before = merged.get(key)
        if before is None:
            merged[key] = one
        else:
            both = [*before.facts["medicines"], *one.facts["medicines"]]
            unique = list({(str(name), due): [name, due] for name, due in both}.values())
            merged[key] = Topic(one.topic, {**before.facts, "medicines": unique})
    return list(merged.values())


def medicines(found: Sequence[Sequence[Any]], language: str, zone: ZoneInfo, now_ms: int) -> str:
    """"A (08:00), B (08:00) and C (09:00)"; more than MEDICINES_MAX end in "+ n"."""  # fmt: skip
    words = TEXTS.get(language, TEXTS["en"])
    named = [
        words["at"].format(medicine=name, time=_at(due, zone, now_ms)) if due is not None else str(name)
        for name, due in found[:MEDICINES_MAX]
    ]
    if len(found) > MEDICINES_MAX:
        named.append(f"+ {len(found) - MEDICINES_MAX}")
    if len(named) < 2:
        return "".join(named) or "—"
    return words["and"].format(list=words["comma"].join(named[:-1]), last=named[-1])


def _form(topic: str, facts: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Which sentence of the table: the one that says most of what is known."""
    timed = facts.get("taken_ms") is not None or facts.get("due_ms") is not None or facts.get("since_ms") is not None
    if topic == "delayed" and facts.get("delay_min"):
        return "delayed_minutes"
    if f"{topic}_{facts.get('code')}" in words:
        return f"{topic}_{facts['code']}"
    if facts.get("count") and f"{topic}_still" in words:
        return f"{topic}_still"
    if topic == "next" and facts.get("room"):
        return "next_room"
    if timed and f"{topic}_when" in words:
        return f"{topic}_when"
    return topic if topic in words else "other"


def _at(ms: int | None, zone: ZoneInfo, now_ms: int) -> str:
    if ms is None:
        return ""
    local = utc(ms).astimezone(zone)
    return local.strftime("%H:%M" if abs(now_ms - ms) < LATE_MS else "%d.%m. %H:%M")
