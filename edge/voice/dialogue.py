"""One conversation with a device: a machine in a table. A turn is a recording that was heard, or a time that ran out. Pure.

Nothing about a dose is kept on one decoder's word: either both agree, or it is read back and both hear "yes". What goes the
other way, that nothing is kept, is believed at once. A call for help is only called off by a "no" both decoders hear.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from edge.domain.utterances import AS_NEEDED, Act, Intent, Needed, OpenDose, interpret
from edge.voice.dialogue_words import listed, named, said
from edge.voice.heard import Ask, Heard

COUNTDOWN_S: Final = 20
ANSWER_S: Final = 60
"""Domain seconds for which a question waits; the question itself takes some of them."""
NUMBERED_MAX: Final = 4
"""Medicines that can be told apart by a number."""
QUESTIONS_MAX: Final = 3
"""Questions of one conversation; after them it ends with the button."""


class Stage(StrEnum):
    """What was asked last."""

    READ_BACK = "read_back"
    WHICH = "which"
    COUNTDOWN = "countdown"
    AGAIN = "again"


class Reply(StrEnum):
    """What somebody said to that."""

    YES = "yes"
    NO = "no"
    CHOSEN = "chosen"
    CRITICAL = "critical"
    COMMAND = "command"
    UNCLEAR = "unclear"
    TIME_OUT = "time_out"


class Step(StrEnum):
    """What follows."""

    DO = "do"
    DROP = "drop"
    CHOOSE = "choose"
    BEGIN = "begin"
    ASK_AGAIN = "ask_again"
    COUNT_DOWN = "count_down"
    CALL = "call"
    STAND_DOWN = "stand_down"
    CLOSE = "close"


_ANY: Final = {Reply.CRITICAL: Step.COUNT_DOWN, Reply.COMMAND: Step.BEGIN, Reply.TIME_OUT: Step.CLOSE}
NEXT: Final[dict[Stage, dict[Reply, Step]]] = {
    Stage.READ_BACK: {
        **_ANY,
        Reply.YES: Step.DO,
        Reply.NO: Step.DROP,
        Reply.CHOSEN: Step.ASK_AGAIN,
        Reply.UNCLEAR: Step.ASK_AGAIN,
    },
    Stage.WHICH: {
        **_ANY,
        Reply.YES: Step.ASK_AGAIN,
        Reply.NO: Step.DROP,
        Reply.CHOSEN: Step.CHOOSE,
        Reply.UNCLEAR: Step.ASK_AGAIN,
    },
    Stage.AGAIN: {
        **_ANY,
        Reply.YES: Step.BEGIN,
        Reply.NO: Step.DROP,
        Reply.CHOSEN: Step.BEGIN,
        Reply.UNCLEAR: Step.BEGIN,
    },
    Stage.COUNTDOWN: {
        Reply.YES: Step.CALL,
        Reply.NO: Step.STAND_DOWN,
        Reply.CRITICAL: Step.CALL,
        Reply.TIME_OUT: Step.CALL,
        Reply.CHOSEN: Step.ASK_AGAIN,
        Reply.COMMAND: Step.ASK_AGAIN,
        Reply.UNCLEAR: Step.ASK_AGAIN,
    },
}
"""Whole: every reply to every question has its step."""


class Conversation(NamedTuple):
    """What a device waits for. until_ms: domain time at which the question has run out; a countdown's is when it calls."""

    stage: Stage
    until_ms: int
    intent: Intent = Intent.UNKNOWN
    doses: tuple[OpenDose, ...] = ()
    at: str = ""
    at_ms: int = 0
    minutes: int = 0
    questions: int = 1
    words: str = ""
    red_flags: tuple[str, ...] = ()


class Record(NamedTuple):
    """An answer to be kept. dose_ids: one at least. at_ms: when it was first said."""

    act: Literal["taken", "skipped", "snoozed"]
    dose_ids: tuple[str, ...]
    at_ms: int
    minutes: int = 0


class Intake(NamedTuple):
    """A medicine as needed, to be kept. at_ms: when it was first said.  swallowed: it is done already, whatever stands against
    it; else it is asked whether it may be taken."""

    needed: Needed
    at_ms: int
    swallowed: bool


class Call(NamedTuple):
    """Somebody is to be told now. words: what was heard; red_flags: empty for a cry for help."""

    words: str
    red_flags: tuple[str, ...]


class Turn(NamedTuple):
    """What to do: keep or call first, then say. conversation: what the device waits for from now on."""

    conversation: Conversation | None
    say: str
    record: Record | None = None
    call: Call | None = None
    otherwise: str = ""
    """To be said where `record` or `intake` was refused."""
    intake: Intake | None = None


class Now(NamedTuple):
    """now_ms: domain time. at: the same as people read it ("8:05"). needed: medicines as needed, each with its `later`: from
    when it may be taken, as people read it, "" where it may be taken now."""

    now_ms: int
    at: str
    needed: Sequence[tuple[Needed, str]] = ()


def turn(before: Conversation | None, heard: Heard, doses: Sequence[OpenDose], now: Now, language: str) -> Turn:
    """What follows from a recording. doses: those that wait for an answer now, in the order they are listed."""
    if before is None or (before.stage is not Stage.COUNTDOWN and now.now_ms > before.until_ms):
        return _begin(heard, doses, now, language, 0)
    if before.stage is Stage.COUNTDOWN and now.now_ms >= before.until_ms:
        return _call(before, language)
    reply = _reply(before, heard)
    match NEXT[before.stage][reply]:
        case Step.DO:
            return _take(before, now, language) if before.intent in AS_NEEDED else _do(before, doses, language)
        case Step.DROP:
            return Turn(None, said("dropped", language))
        case Step.CHOOSE:
            chosen = before.doses[(heard.number or 1) - 1]
            if before.intent in AS_NEEDED:
                return _about_needed(before._replace(doses=(chosen,)), now, language, before.questions + 1)
            return _read_back(before._replace(doses=(chosen,)), now, language, before.questions + 1)
        case Step.BEGIN:
            return _begin(heard, doses, now, language, before.questions)
        case Step.COUNT_DOWN:
            return _count_down(heard, now, language)
        case Step.CALL:
            return _call(before, language)
        case Step.STAND_DOWN:
            return Turn(None, said("stood_down", language))
        case _:
            return _ask_again(before, now, language)


def run_out(before: Conversation, language: str) -> Turn:
    """Nobody answered in time."""
    if NEXT[before.stage][Reply.TIME_OUT] is Step.CALL:
        return _call(before, language)
    return Turn(None, "")


def _reply(before: Conversation, heard: Heard) -> Reply:
    """How an answer is read. To keep a dose, or to call off a call, both decoders must have heard it."""
    sure = heard.agreed and heard.asks is None
    if heard.critical:
        return Reply.CRITICAL
    if heard.act is Intent.NO and (sure or before.stage is not Stage.COUNTDOWN):
        return Reply.NO
    if heard.act is Intent.YES and (sure or before.stage is Stage.COUNTDOWN):
        return Reply.YES
    if before.stage is Stage.READ_BACK and sure and heard.act is before.intent and heard.act is not Intent.NEED:
        return Reply.YES  # "I took it" to "you took it, yes?"
    if heard.act is Intent.CHOICE and heard.number is not None and heard.number <= len(before.doses):
        return Reply.CHOSEN
    if not sure or heard.act in (Intent.UNKNOWN, Intent.CHOICE, Intent.YES):
        return Reply.UNCLEAR
    return Reply.COMMAND


def _begin(heard: Heard, doses: Sequence[OpenDose], now: Now, language: str, asked: int) -> Turn:
    """A recording that answers no question."""
    if heard.critical:
        return _count_down(heard, now, language)
    if heard.asks is Ask.PRESS_BUTTON or (heard.asks is not None and asked >= QUESTIONS_MAX):
        return Turn(None, said("button", language))
    if heard.asks is Ask.AGAIN:
        until_ms = now.now_ms + ANSWER_S * 1000
        return Turn(Conversation(Stage.AGAIN, until_ms, questions=asked + 1), said("again", language))
    if heard.act in AS_NEEDED:
        return _need(heard.act, now, language, asked)
    act = interpret(heard.words, doses, language)
    if act.intent is Intent.YES and len(doses) == 1:  # "yes" to an announcement
        act = Act(Intent.TAKEN, (doses[0].id,))
    if act.intent in (Intent.TAKEN, Intent.TAKEN_ALL, Intent.SKIP, Intent.SNOOZE):
        return _answer(act, heard, doses, now, language, asked)
    if act.intent in (Intent.REPEAT, Intent.WHICH):
        due = said("due", language, doses=named(doses, language))
        return Turn(None, due if doses else said("nothing_due", language))
    if act.intent is Intent.NOT_TAKEN:
        return Turn(None, said("later" if doses else "nothing_due", language))
    if act.intent in (Intent.STOP, Intent.NO):
        return Turn(None, "")
    return Turn(None, said("kept", language))


def _answer(act: Act, heard: Heard, doses: Sequence[OpenDose], now: Now, language: str, asked: int) -> Turn:
    """ "I took it", "skip it": about which dose, and is it to be read back first?"""
    if not doses:
        return Turn(None, said("nothing_due", language))
    intent = Intent.TAKEN if act.intent is Intent.TAKEN_ALL else act.intent
    about = tuple(dose for dose in doses if dose.id in act.dose_ids)
    minutes = act.minutes or 0
    waiting = Conversation(Stage.READ_BACK, 0, intent, about, now.at, now.now_ms, minutes, asked)
    if act.candidates:
        listing = said("which", language, list=listed(doses, language))
        until_ms = now.now_ms + ANSWER_S * 1000
        which = waiting._replace(stage=Stage.WHICH, until_ms=until_ms, doses=tuple(doses), questions=asked + 1)
        return Turn(which, listing)
    sure = heard.agreed and heard.asks is None and heard.act is act.intent
    alone = act.intent is Intent.SNOOZE or (act.intent is Intent.TAKEN and not about[0].read_back)
    if sure and alone:
        return _do(waiting, doses, language)
    return _read_back(waiting, now, language, asked + 1)


def _need(intent: Intent, now: Now, language: str, asked: int) -> Turn:
    """ "I need my pain medicine": which one, may it be taken, and it counts only once that was read back."""
    about = tuple(one.spoken for one, _ in now.needed)
    waiting = Conversation(Stage.READ_BACK, 0, intent, about, now.at, now.now_ms, questions=asked)
    if not about:
        return Turn(None, said("no_need", language))
    if len(about) > NUMBERED_MAX:
        return Turn(None, said("button", language))
    if len(about) > 1:
        until_ms = now.now_ms + ANSWER_S * 1000
        which = waiting._replace(stage=Stage.WHICH, until_ms=until_ms, questions=asked + 1)
        return Turn(which, said("which", language, list=listed(about, language)))
    return _about_needed(waiting, now, language, asked + 1)


def _about_needed(waiting: Conversation, now: Now, language: str, questions: int) -> Turn:
    """One medicine as needed: what is allowed is said. What was swallowed already is asked for as it was."""
    found = _still_needed(waiting, now)
    if found is None:
        return Turn(None, said("no_need", language))
    if not found[1] or questions > QUESTIONS_MAX:
        return _read_back(waiting, now, language, questions)
    names = {"doses": named(waiting.doses, language), "later": found[1]}
    if waiting.intent is Intent.NEED:
        return Turn(None, said("not_before", language, **names))
    until_ms = now.now_ms + ANSWER_S * 1000
    return Turn(
        waiting._replace(stage=Stage.READ_BACK, until_ms=until_ms, questions=questions),
        said("read_back_early", language, **names),
    )


def _take(agreed: Conversation, now: Now, language: str) -> Turn:
    """Keep a medicine as needed. Asked for, and not allowed any more: refused with the time."""
    found = _still_needed(agreed, now)
    if found is None:
        return Turn(None, said("no_need", language))
    names = {"doses": named(agreed.doses, language), "time": agreed.at, "later": found[1]}
    if found[1] and agreed.intent is Intent.NEED:
        return Turn(None, said("not_before", language, **names))
    intake = Intake(found[0], agreed.at_ms, swallowed=agreed.intent is Intent.NEED_TAKEN)
    return Turn(None, said("noted_taken", language, **names), otherwise=said("not_noted", language), intake=intake)


def _still_needed(waiting: Conversation, now: Now) -> tuple[Needed, str] | None:
    return next((one for one in now.needed if one[0].spoken.id == waiting.doses[0].id), None)


def _read_back(waiting: Conversation, now: Now, language: str, questions: int) -> Turn:
    if questions > QUESTIONS_MAX:
        return Turn(None, said("button", language))
    text = _worded("read_back", waiting, waiting.doses, language)
    until_ms = now.now_ms + ANSWER_S * 1000
    return Turn(waiting._replace(stage=Stage.READ_BACK, until_ms=until_ms, questions=questions), text)


def _do(agreed: Conversation, doses: Sequence[OpenDose], language: str) -> Turn:
    """Keep it, for those of its doses that still wait."""
    still = {dose.id for dose in doses}
    about = tuple(dose for dose in agreed.doses if dose.id in still)
    if not about:
        return Turn(None, said("nothing_due", language))
    kept = _ACTS[agreed.intent]
    record = Record(kept, tuple(dose.id for dose in about), agreed.at_ms, agreed.minutes)
    return Turn(None, _worded("noted", agreed, about, language), record, otherwise=said("not_noted", language))


_ACTS: Final[dict[Intent, Literal["taken", "skipped", "snoozed"]]] = {
    Intent.TAKEN: "taken", Intent.SKIP: "skipped", Intent.SNOOZE: "snoozed",
}  # fmt: skip


def _worded(what: str, waiting: Conversation, doses: Sequence[OpenDose], language: str) -> str:
    """A question or answer about doses."""
    return said(
        f"{what}_{waiting.intent.value}", language, doses=named(doses, language), time=waiting.at,
        minutes=waiting.minutes,
    )  # fmt: skip


def _ask_again(before: Conversation, now: Now, language: str) -> Turn:
    """The same question once more; a countdown goes on meanwhile."""
    if before.stage is Stage.COUNTDOWN:
        left_s = max(1, (before.until_ms - now.now_ms) // 1000)
        return Turn(before, said("countdown", language, seconds=left_s))
    if before.stage is Stage.READ_BACK:
        again = _about_needed if before.intent in AS_NEEDED else _read_back
        return again(before, now, language, before.questions + 1)
    if before.questions >= QUESTIONS_MAX:
        return Turn(None, said("button", language))
    until_ms = now.now_ms + ANSWER_S * 1000
    listing = said("which", language, list=listed(before.doses, language))
    return Turn(before._replace(until_ms=until_ms, questions=before.questions + 1), listing)


def _count_down(heard: Heard, now: Now, language: str) -> Turn:
    until_ms = now.now_ms + COUNTDOWN_S * 1000
    waiting = Conversation(Stage.COUNTDOWN, until_ms, words=heard.words, red_flags=heard.red_flags)
    return Turn(waiting, said("countdown", language, seconds=COUNTDOWN_S))


def _call(before: Conversation, language: str) -> Turn:
    return Turn(None, said("calling", language), call=Call(before.words, before.red_flags))
