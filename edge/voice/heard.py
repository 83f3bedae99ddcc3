"""The rule by which two decoders decide. Both agree: act. One only: ask. Critical from either: escalate. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edge.domain.heard import SILENCE, Ask, Heard
from edge.domain.utterances import CRITICAL, Intent, Meaning, known, meaning
from edge.voice.noise import SNR_DB_MIN

__all__ = ["SILENCE", "Ask", "Heard", "judge", "without_decoder"]


def judge(grammar: str, model: Sequence[str], snr_db: float, speech_s: float, language: str) -> Heard:
    """What both decoders' words come to.

    grammar: of the closed grammar.  model: readings of the language model, the likeliest first; the further ones may only
    bear out what the grammar heard, and only where no likelier one says something else or denies it.
    """
    best = model[0] if model else ""
    first, second = meaning(grammar, language), meaning(best, language)
    snr_db = round(snr_db, 1)
    for one, words in ((second, best), (first, grammar)):
        if one.intent in CRITICAL:
            codes = tuple(dict.fromkeys(found.code for found in (first, second) if found.code))
            return Heard(words, one.intent, first.intent == second.intent, snr_db, speech_s, codes, Ask.HELP)
    if first.intent is not Intent.UNKNOWN and second.intent is Intent.UNKNOWN:
        table = known(language)
        second = next((table[words] for words in model if words in table), second)
        agreed = first == second
        chosen, words = first, grammar
    else:
        agreed = first == second and first.intent is not Intent.UNKNOWN
        chosen, words = (second, best) if first.intent is Intent.UNKNOWN else (first, grammar)
        if not agreed and first.intent is not Intent.UNKNOWN:
            chosen, words = Meaning(Intent.UNKNOWN), ""
    if chosen.intent is Intent.UNKNOWN:
        words = ""
    return Heard(
        words, chosen.intent, agreed, snr_db, speech_s, (), _asks(chosen, agreed, snr_db),
        chosen.minutes, chosen.number,
    )  # fmt: skip


def _asks(chosen: Meaning, agreed: bool, snr_db: float) -> Ask | None:
    if snr_db < SNR_DB_MIN:
        return Ask.PRESS_BUTTON
    if chosen.intent is Intent.UNKNOWN:
        return Ask.AGAIN
    return None if agreed else Ask.CONFIRM


def without_decoder(snr_db: float | None, speech_s: float) -> Heard:
    """A language nobody decodes offline: the sound is kept as a note, and the button answers."""
    return Heard("", Intent.UNKNOWN, False, snr_db, speech_s, (), Ask.PRESS_BUTTON)
