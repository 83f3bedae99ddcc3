"""Commands by voice: generated speech (flite, not espeak) through activity, both decoders and the rule, by noise level.

The test set is `tests/speech_words.py`: every phrase by four voices in five manners, and unrelated speech by four voices, the
manner changing with the sentence. A process a core, no queue; time is taken by one alone. White noise; its level is against
the speech, pauses left out.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from array import array
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from edge.domain.utterances import CRITICAL, Intent
from edge.voice import activity, noise
from edge.voice.decoders import Decoders
from edge.voice.heard import SILENCE, Ask, Heard, judge
from edge.voice.sound import RATE, bytes_of
from shared.clock import transport_s
from tests.benchmarks.measure import Result
from tests.speech import MANNERS, VOICES, Manner, noisy, said
from tests.speech_words import HELD_OUT, PHRASES, UNRELATED

LEVELS_DB: Final = (None, 20.0, 15.0, 10.0)
TO_REACH: Final = {None: 581 / 672, 20.0: 523 / 672}
"""care.md §3: the part of commands that both engines act on."""
TIMED_EVERY: Final = 20
"""Of the set, for the real-time factor."""
CRITICAL_TO_REACH: Final = {None: 188 / 189, 20.0: 165 / 189}


class Spoken(NamedTuple):
    """One sound of the test set. act: what it means; "" for unrelated speech."""

    words: str
    act: str
    voice: str
    manner: Manner


class Ears:
    """Hearing as the decoders' process does it, without the process."""

    def __init__(self) -> None:
        self.decoders = Decoders("en")
        self.heard_s = 0.0
        self.took_s = 0.0

    def hear(self, pcm: bytes) -> Heard:
        """What is made of a recording at 16 kHz."""
        samples = array("h", pcm)
        began = transport_s()
        found = activity.utterance(samples)
        if found is None:
            return SILENCE
        snr_db = noise.snr_db(samples, found.voiced, activity.FRAME)
        decoded = self.decoders.decode(bytes_of(samples[found.begin : found.end]))
        self.took_s += transport_s() - began
        self.heard_s += len(samples) / RATE
        return judge(decoded.grammar, decoded.model, snr_db, found.speech_s, "en")


def test_set() -> list[Spoken]:
    """Every command in every voice and manner; unrelated speech in every voice."""
    commands = [Spoken(words, act, voice, manner) for words, act in PHRASES for voice in VOICES for manner in MANNERS]
    return commands + unrelated()


def unrelated() -> list[Spoken]:
    """Unrelated speech: each sentence by every voice, in manners that change."""
    return [
        Spoken(words, "", voice, MANNERS[(number + turn) % len(MANNERS)])
        for number, words in enumerate(UNRELATED)
        for turn, voice in enumerate(VOICES)
    ]


def outcome(heard: Heard, act: str) -> Counter[str]:
    """What a sound counts for. Acting is: agreed, or critical from either; what a person is asked first is no act."""
    count: Counter[str] = Counter()
    meant = f"{heard.act.value} {heard.minutes}" if heard.act is Intent.SNOOZE else heard.act.value
    is_critical = heard.act in CRITICAL
    acts = heard.agreed and (heard.asks is None or is_critical)
    right = meant == act or (is_critical and act in CRITICAL)
    count["false taken"] += acts and heard.act in (Intent.TAKEN, Intent.TAKEN_ALL) and act != "taken"
    count["asked for help"] += is_critical and act not in CRITICAL
    if act:
        count["commands"] += 1
        count["right"] += acts and right
        count["wrong"] += acts and not right
        count["asked"] += not acts and heard.asks is Ask.CONFIRM
        count["again"] += not acts and (heard.asks is Ask.AGAIN or heard.silent)
        count["button"] += heard.asks is Ask.PRESS_BUTTON
        if act in CRITICAL:
            count["critical"] += 1
            count["critical caught"] += is_critical
    else:
        count["unrelated"] += 1
        count["unrelated accepted"] += acts
        count["unrelated asked"] += not acts and heard.asks in (Ask.CONFIRM, Ask.HELP)
    return count


def part_of(level_db: float | None, part: int, parts: int) -> Counter[str]:
    """Every `parts`-th sound of the set, from number `part` on, at one noise level: what one process hears."""
    ears, total = Ears(), Counter[str]()
    for one in test_set()[part::parts]:
        total.update(_counted(ears, one, level_db))
    return total


def _counted(ears: Ears, one: Spoken, snr_db: float | None) -> Counter[str]:
    counted = outcome(
        ears.hear(noisy(said(one.words, one.voice, one.manner), snr_db, f"{one.words}|{one.voice}")), one.act
    )
    if one.words in HELD_OUT:
        counted["held out"] += 1
        counted["held out accepted"] += counted["unrelated accepted"]
    return counted


def real_time_factor() -> float:
    """Seconds it takes to hear a second of sound, alone on the machine; over a part of the set."""
    ears = Ears()
    for one in test_set()[::TIMED_EVERY]:
        _counted(ears, one, None)
    return ears.took_s / ears.heard_s


def memory_mb() -> float:
    """A process that has both decoders and has heard something, in MB."""
    code = (
        "import resource; from edge.voice.decoders import Decoders; d = Decoders('en'); d.decode(bytes(32000));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


async def run(folder: Path, seconds: float) -> Result:
    """All levels, once: the set is the same in every run."""
    return await asyncio.to_thread(measured)


def measured() -> Result:
    """The figures."""
    result, parts = Result("voice"), os.cpu_count() or 1
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        heard = [[pool.submit(part_of, snr_db, part, parts) for part in range(parts)] for snr_db in LEVELS_DB]
        levels: list[Counter[str]] = [sum((one.result() for one in each), Counter[str]()) for each in heard]
    for snr_db, found in zip(LEVELS_DB, levels, strict=True):
        name = "clean" if snr_db is None else f"{snr_db:g} dB"
        part, many = found["right"] / found["commands"], found["commands"]
        goal = TO_REACH.get(snr_db)
        result.add(
            f"{name}: commands done, of {many}", "", [found["right"]], f">= {goal * many:.0f}" if goal else "",
            (lambda value, goal=goal, many=many: value >= goal * many) if goal else None,
        )  # fmt: skip
        result.add(f"{name}: done wrongly", "", [found["wrong"]])
        result.add(f"{name}: asked yes or no", "", [found["asked"]])
        result.add(f"{name}: asked to say it again", "", [found["again"]])
        result.add(f"{name}: told to press the button", "", [found["button"]])
        result.add(f"{name}: false taken", "", [found["false taken"]], "0", lambda value: value == 0)
        goal = CRITICAL_TO_REACH.get(snr_db)
        result.add(
            f"{name}: critical caught, of {found['critical']}", "", [found["critical caught"]],
            f">= {goal * found['critical']:.0f}" if goal else "",
            (lambda value, goal=goal, many=found["critical"]: value >= goal * many) if goal else None,
        )  # fmt: skip
        result.add(
            f"{name}: unrelated accepted, of {found['unrelated']}", "", [found["unrelated accepted"]],
            f"<= {found['unrelated'] * 5 / 140:.0f}", lambda value, many=found["unrelated"]: value <= many * 5 / 140,
        )  # fmt: skip
        result.add(f"{name}: of {found['held out']} never looked at", "", [found["held out accepted"]])
        result.add(f"{name}: unrelated asked about", "", [found["unrelated asked"]])
        result.add(f"{name}: asked 'do you need help', unmeant", "", [found["asked for help"]])
        print(f"voice, {name}: {part:.0%} done, {dict(found)}", file=sys.stderr, flush=True)
    result.add("time to hear a second of sound", "s", [real_time_factor()])
    result.add("memory of the decoders' process", "MB", [memory_mb()])
    result.remarks.append("generated speech; no microphone, no room, no old voices, no accents but one")
    return result


if __name__ == "__main__":
    from tests.benchmarks.measure import as_table

    print(as_table([measured()]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MB")
