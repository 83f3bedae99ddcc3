"""The sentences a listener knows, and what each means. One table: the grammar of the decoder and the rules read the same.

`(a|b)` one of them, `[a]` may be left out, `<minutes>` a number of minutes, `<number>` a place in a list. English alone has
an offline decoder; a language is added here and in `edge.voice.models` together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """What somebody wants who speaks to a device."""

    TAKEN = "taken"
    TAKEN_ALL = "taken_all"
    NOT_TAKEN = "not_taken"
    SKIP = "skip"
    SNOOZE = "snooze"
    REPEAT = "repeat"
    WHICH = "which"
    CHOICE = "choice"
    YES = "yes"
    NO = "no"
    STOP = "stop"
    NEED = "need"
    NEED_TAKEN = "need_taken"
    NOTE = "note"
    WELL = "well"
    UNWELL = "unwell"
    HELP = "help"
    RED_FLAG = "red_flag"
    UNKNOWN = "unknown"


SNOOZE_MIN: Final = 10
"""Minutes of a snooze that names none."""

MINUTES: Final[dict[str, dict[str, int]]] = {
    "en": {
        "five minutes": 5, "ten minutes": 10, "fifteen minutes": 15, "twenty minutes": 20, "thirty minutes": 30,
        "half an hour": 30, "forty five minutes": 45, "an hour": 60, "one hour": 60,
    },
}  # fmt: skip

NUMBERS: Final[dict[str, dict[str, int]]] = {
    "en": {
        "one": 1, "two": 2, "three": 3, "four": 4, "number one": 1, "number two": 2, "number three": 3, "number four": 4,
        "the first one": 1, "the second one": 2, "the third one": 3, "the fourth one": 4,
    },
}  # fmt: skip

PATTERNS: Final[dict[str, dict[Intent, tuple[str, ...]]]] = {
    "en": {
        Intent.TAKEN: (
            "i [already|just] took (my|the) (medicine|medication|pill|pills|tablet|tablets)",
            "i have [already|just] taken (my|the) (medicine|medication|pill|pills|tablet|tablets)",
            "i [already|just] took it",
            "i have [already] taken it",
            "(medicine|medication) taken",
        ),
        Intent.TAKEN_ALL: (
            "i took (both|all) of them",
            "i took (both|all) my (medicines|pills|tablets)",
            "(both|all) of them",
        ),
        Intent.NOT_TAKEN: (
            "not yet",
            "i (did not|didn't) take (it|my (medicine|medication|pill|pills|tablet|tablets))",
            "i never took (it|my (medicine|medication|pill|pills|tablet|tablets))",
            "i have (not|never) taken (it|my (medicine|medication|pill|pills|tablet|tablets)) [yet]",
            "i haven't taken (it|my (medicine|medication|pill|pills|tablet|tablets)) [yet]",
            "i forgot [to take] my (medicine|medication|pill|pills|tablet|tablets)",
            "i (will not|won't) take (it|my (medicine|medication|pill|pills|tablet|tablets))",
            "don't remind me",
        ),
        Intent.SKIP: (
            "[i want to|please] skip (it|this dose|this one|my (medicine|medication|dose))",
        ),
        Intent.SNOOZE: (
            "[please] remind me (later|in <minutes>)",
            "snooze [<minutes>]",
            "(wait|in) <minutes>",
            "ask me again later",
        ),
        Intent.NEED: (
            "i need my pain (medicine|medication|pills|tablets)",
            "i need something for the pain",
            "(can|may) i (have|take) my pain (medicine|medication|pills|tablets) [now]",
        ),
        Intent.NEED_TAKEN: (
            "i [already|just] took my pain (medicine|medication|pill|pills|tablet|tablets)",
            "i have [already|just] taken my pain (medicine|medication|pill|pills|tablet|tablets)",
        ),
        Intent.REPEAT: (
            "[please] (repeat|say) that [again]",
            "please repeat",
            "repeat please",
            "say that again please",
            "what did you say",
        ),
        Intent.WHICH: (
            "(which|what) (medicine|medication|pill|tablet) (is it|is that)",
            "(which|what) (medicine|medication|pill|tablet) do i take [now]",
            "what is it for",
        ),
        Intent.CHOICE: ("<number>",),
        Intent.YES: ("yes [please|i did|it is|that is right]", "that is right"),
        Intent.NO: ("no [i did not|i didn't|thank you|i am fine|it is not|that is wrong]", "that is wrong"),
        Intent.STOP: ("stop [it|please|talking]", "[please] be quiet", "be quiet please", "quiet please"),
        Intent.NOTE: (
            "[i want to] (leave|record|make) a (message|note)",
            "take a (message|note)",
        ),
        Intent.WELL: (
            "i (feel|am) (fine|good|well|better|okay) [today]",
            "i am feeling (fine|good|well|better) [today]",
            "i am not in pain",
            "i have no pain",
        ),
        Intent.UNWELL: (
            "i (feel|am) (dizzy|sick|ill|weak|worse) [today]",
            "i am feeling (dizzy|sick|ill|weak|worse) [today]",
            "i (do not|don't) feel (well|good) [today]",
            "i have [a|some] (pain|headache|fever)",
        ),
        Intent.HELP: (
            "help [me] [please]",
            "please help [me]",
            "i need (help|a doctor|an ambulance)",
            "(call|get) (the nurse|the doctor|a doctor|an ambulance|for help)",
            "(call|get) help",
            "i (fell|have fallen) [down]",
            "i am bleeding [badly]",
            "emergency",
        ),
        Intent.RED_FLAG: (
            "i have [a] [bad] chest pain",
            "(my chest|my heart) hurts",
            "i (cannot|can not|can't) breathe",
            "i (cannot|can't) (speak|see)",
            "i am choking",
            "i took too many (pills|tablets)",
            "i (took|have taken) poison",
            "i am having a (stroke|heart attack)",
            "i (passed out|feel faint)",
            "i want to die",
        ),
    },
}  # fmt: skip

DENIALS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "no chest pain", "i have no chest pain", "i do not have chest pain", "i don't have chest pain",
        "my chest does not hurt", "i can breathe", "i can breathe well", "i am not choking", "i am not bleeding",
        "i don't need help", "i do not need help", "no help needed", "don't call the nurse", "do not call the nurse",
        "don't call anybody", "do not call anybody", "i did not fall", "i have not fallen", "do not skip it",
        "don't skip it", "don't skip this dose", "i don't want to skip this dose", "do not stop",
    ),
}  # fmt: skip
"""Denied forms: known to the decoder, so that they are not heard as what they deny. "I don't need help" is no."""

FILLERS: Final[dict[str, frozenset[str]]] = {"en": frozenset({"um", "uh", "er", "oh", "well", "okay", "hello"})}
"""Words before what is meant; dropped at the beginning where something is left."""
