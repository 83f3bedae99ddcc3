"""What is wrong with a device for medicine: what counts as wrong, from when on it is told, until when. Pure.

One alert for each fault, while it lasts: the same at the clinic and at head office, for devices that reach either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from shared.doses.localtime import HOUR_MS, MINUTE_MS

TOPIC: Final = "device_fault"
EVENTS: Final = frozenset(("fault", "low_battery"))
"""Kinds of a device's events that tell of a fault."""
LID_EVENTS: Final = ("lid_open", "lid_close")
RUNG: Final = 3
"""A caregiver is told, and then the next."""
HINT: Final = "Look at the device: charge it, close its lid, or have it repaired. It may not say the next dose."
BATTERY, LID, OTHER = "low_battery", "lid_open", "fault"
LOW_PERCENT: Final = 15
CHARGED_PERCENT: Final = 25
"""A battery that was low is no more from here on, so that one about to be empty is not told of again and again."""
LID_OPEN_MS: Final = 10 * MINUTE_MS
"""A lid that is open for longer was forgotten: the medicine lies open, and the device does not see who takes it."""
TOLD_MS: Final = HOUR_MS
"""A fault that came as an event is over when the device has been heard without it for so long since."""
FAULTS_MAX: Final = 5
"""Faults of one device that are told at a time: one that reports more is broken as a whole, and these say so."""
WORD_MAX: Final = 40
WORDS: Final = {
    BATTERY: "its battery is low", LID: "its lid is open", "speaker": "its loudspeaker does not work",
    "motor": "its motor does not move", OTHER: "it reports a fault",
}  # fmt: skip
CODES: Final = frozenset((BATTERY, LID, "speaker", "motor"))


class Told(NamedTuple):
    """An open alert about a fault. by: "heartbeat" or "event", how the device told of it."""

    word: str
    by: str
    raised_ms: int


class Heard(NamedTuple):
    """A device says how it is. before: the faults it named the last time.  lid: the last thing it told of its lid in this
    boot, and when; None: nothing."""

    faults: Sequence[str]
    before: Sequence[str]
    battery: float | None
    lid: tuple[str, int] | None
    now_ms: int


def reported(heard: Heard) -> list[str]:
    """What is wrong by what a device says of itself, each once."""
    words = [word_of(fault) for fault in heard.faults]
    if heard.battery is not None and heard.battery <= LOW_PERCENT:
        words.append(BATTERY)
    if heard.lid is not None and heard.lid[0] == "lid_open" and heard.now_ms - heard.lid[1] >= LID_OPEN_MS:
        words.append(LID)
    return list(dict.fromkeys(words))


def is_over(told: Told, heard: Heard) -> bool:
    """Whether a fault that was told is over: what the device has not said two times running, so that a loose plug is not told
    of every minute; a battery that is charged, a lid that is closed."""
    if told.word in reported(heard) or told.word in map(word_of, heard.before):
        return False
    if told.word == BATTERY:
        return heard.battery is not None and heard.battery >= CHARGED_PERCENT
    return told.by != "event" or heard.now_ms - told.raised_ms >= TOLD_MS


def fresh(words: Iterable[str], told: Collection[str]) -> list[str]:
    """Of these faults the ones to be told now. told: those of the person's device that have an open alert."""
    new = [word for word in words if word not in told]
    return new[: max(0, FAULTS_MAX - len(told))]


def of_event(kind: str, data: Mapping[str, Any]) -> str:
    """The fault that an event of EVENTS tells of."""
    named = next((data[name] for name in ("fault", "code", "reason") if isinstance(data.get(name), str)), OTHER)
    return BATTERY if kind == "low_battery" else word_of(named)


def title(person: str, word: str) -> str:
    """Of the alert. person: the patient's name, "" where nobody knows it."""
    return f"The device of {person or 'a patient'}: {WORDS.get(word) or f'it reports {word}'}"


def says(word: str, by: str) -> dict[str, Any]:
    """The same as a code and values (`shared.events.CARE_ALERT_FIELDS`)."""
    return {"code": word if word in CODES else OTHER, "fault": word, "by": by}


def word_of(fault: str) -> str:
    """A device's own word, as it is compared and shown."""
    return " ".join(str(fault).split()).casefold()[:WORD_MAX] or OTHER
