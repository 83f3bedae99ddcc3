"""Parts of hearing without a voice: end-pointing as a machine, the noise there is, sample rates, what the decoders know."""

from __future__ import annotations

import math
import random
import sys
from array import array
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.utterances import Intent, known
from edge.voice import models
from edge.voice.activity import (
    FRAME,
    FRAME_MS,
    NEXT,
    PAUSE_S,
    UTTERANCE_S_MAX,
    WAIT_S_MAX,
    EndPointer,
    State,
    utterance,
)
from edge.voice.noise import SNR_DB_MAX, snr_db
from edge.voice.sound import RATE, UnfitSound, bytes_of, samples_of

LOUD, QUIET = array("h", [3000] * FRAME), array("h", [0] * FRAME)


def loud(frame: bytes) -> bool:
    """A detector for tests: any sound is speech."""
    return any(frame)


def sound(*parts: tuple[float, array[int]]) -> array[int]:
    """Seconds of a frame, one part after another."""
    whole = array("h")
    for seconds, frame in parts:
        whole += frame * round(seconds * 1000 / FRAME_MS)
    return whole


def pointed(samples: array[int], piece: int = FRAME) -> EndPointer:
    one = EndPointer(loud)
    for at in range(0, len(samples), piece):
        one.feed(samples[at : at + piece])
    return one


def test_somebody_who_stops_speaking_has_said_what_they_wanted() -> None:
    assert pointed(sound((0.5, QUIET), (1.0, LOUD), (PAUSE_S + 0.3, QUIET))).state is State.ENDED


def test_a_breath_does_not_end_it() -> None:
    assert pointed(sound((1.0, LOUD), (PAUSE_S - 0.3, QUIET), (0.5, LOUD))).state is State.SPEAKING


def test_a_cough_of_a_tenth_of_a_second_is_nobody_speaking() -> None:
    assert pointed(sound((1.0, QUIET), (0.1, LOUD), (1.0, QUIET))).state is State.WAITING


def test_nobody_who_speaks_is_waited_for_so_long() -> None:
    assert pointed(sound((WAIT_S_MAX - 0.1, QUIET))).state is State.WAITING
    assert pointed(sound((WAIT_S_MAX + 0.1, QUIET))).state is State.SILENT


def test_somebody_who_does_not_stop_is_cut_after_fifteen_seconds() -> None:
    one = pointed(sound((UTTERANCE_S_MAX + 2, LOUD)))
    assert one.state is State.ENDED
    assert one.frames * FRAME_MS == UTTERANCE_S_MAX * 1000


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(1, 5000))
def test_in_whatever_pieces_the_sound_comes_the_end_is_the_same(piece: int) -> None:
    samples = sound((0.4, QUIET), (0.7, LOUD), (PAUSE_S + 0.2, QUIET))
    whole, cut = pointed(samples), pointed(samples, piece)
    assert (cut.state, cut.first, cut.last, cut.frames) == (whole.state, whole.first, whole.last, whole.frames)


def test_an_end_is_an_end() -> None:
    assert not {state for state, _ in NEXT} & {State.ENDED, State.SILENT}
    one = pointed(sound((1.0, LOUD), (PAUSE_S + 0.3, QUIET)))
    frames = one.frames
    assert one.feed(sound((1.0, LOUD))) is State.ENDED
    assert one.frames == frames


def test_a_recording_is_heard_from_its_first_word_to_its_last_over_every_pause() -> None:
    found = utterance(sound((1.0, QUIET), (0.5, LOUD), (2.0, QUIET), (0.5, LOUD), (1.0, QUIET)), loud)
    assert found is not None
    assert 0.6 < found.begin / RATE < 1.0
    assert 4.0 < found.end / RATE < 4.5
    assert found.speech_s == pytest.approx(1.0)


def test_of_a_long_recording_the_first_fifteen_seconds_of_speech_are_heard() -> None:
    found = utterance(sound((1.0, QUIET), (30.0, LOUD)), loud)
    assert found is not None
    assert (found.end - found.begin) / RATE == UTTERANCE_S_MAX


def test_a_recording_in_which_nobody_speaks_is_none() -> None:
    assert utterance(sound((3.0, QUIET)), loud) is None
    assert utterance(array("h"), loud) is None


@pytest.mark.parametrize("level_db", [5.0, 15.0, 30.0])
def test_speech_over_noise_is_measured_in_db(level_db: float) -> None:
    rng = random.Random(3)
    noise = [rng.gauss(0, 200) for _ in range(100 * FRAME)]
    factor = 200 * 10 ** (level_db / 20) * math.sqrt(2)
    spoken = [at // FRAME in range(40, 70) for at in range(len(noise))]
    voice = [factor * math.sin(at / 5) if speaks else 0.0 for at, speaks in enumerate(spoken)]
    mixed = array("h", [round(one + other) for one, other in zip(noise, voice, strict=True)])
    voiced = [at in range(40, 70) for at in range(100)]
    assert snr_db(mixed, voiced, FRAME) == pytest.approx(level_db, abs=1.0)


def test_without_any_noise_the_ratio_is_the_most_there_is_and_without_a_pause_it_is_no_number_beyond() -> None:
    assert snr_db(sound((0.4, QUIET), (0.4, LOUD)), [False] * 20 + [True] * 20, FRAME) == SNR_DB_MAX
    assert snr_db(sound((0.4, LOUD)), [True] * 20, FRAME) <= 0


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_and_level_at_every_rate(rate: int) -> None:
    tone = array("h", [round(10_000 * math.sin(2 * math.pi * 1_000 * at / rate)) for at in range(rate // 2)])
    heard = samples_of(bytes_of(tone), rate)
    assert len(heard) == pytest.approx(RATE / 2, abs=2)
    middle = heard[1000:7000]
    crossings = sum(1 for a, b in pairwise(middle) if a < 0 <= b)
    assert crossings == pytest.approx(1_000 * len(middle) / RATE, abs=2)
    assert max(middle) == pytest.approx(10_000, rel=0.05)


def test_a_tone_above_what_16_khz_can_hold_does_not_come_back_as_another() -> None:
    tone = array("h", [round(10_000 * math.sin(2 * math.pi * 12_000 * at / 48_000)) for at in range(24_000)])
    assert max(samples_of(bytes_of(tone), 48_000)[500:-500]) < 500


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_a_machine_without_numpy_hears_the_same_only_more_slowly(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(rate)
    pcm = bytes_of(array("h", [noise.randint(-32_768, 32_767) for _ in range(rate // 10)]))
    with monkeypatch.context() as patch:
        patch.setattr("edge.voice.sound._plainly", None)
        quick = samples_of(pcm, rate)
    monkeypatch.setitem(sys.modules, "numpy", None)
    plain = samples_of(pcm, rate)
    assert len(quick) == len(plain) and max(abs(a - b) for a, b in zip(quick, plain, strict=True)) <= 1


@pytest.mark.parametrize(("pcm", "rate"), [(b"\0", RATE), (b"\0\0", 7_999), (b"\0\0", 48_001), (b"\0\0", 44_101)])
def test_what_is_not_sound_we_hear_is_said_so(pcm: bytes, rate: int) -> None:
    with pytest.raises(UnfitSound):
        samples_of(pcm, rate)


# --- what the decoders know --------------------------------------------------------------------------------------------


def accepted(shape: models.Automaton) -> set[str]:
    """Every sentence an automaton accepts."""
    ways: dict[int, list[tuple[int, str | None]]] = {}
    for begin, end, word in shape.arcs:
        ways.setdefault(begin, []).append((end, word))
    found: set[str] = set()
    open_ways: list[tuple[int, tuple[str, ...]]] = [(shape.start, ())]
    while open_ways:
        state, words = open_ways.pop()
        if state == shape.final:
            found.add(" ".join(words))
        open_ways += [(end, (*words, word) if word else words) for end, word in ways.get(state, [])]
    return found


def test_the_closed_grammar_accepts_the_sentences_of_the_table_and_no_other() -> None:
    sentences = {words for words, what in known("en").items() if what.intent is not Intent.UNKNOWN}
    assert accepted(models.automaton(models.commands("en"))) == sentences


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=20))
def test_an_automaton_accepts_what_it_was_made_of(sentences: set[str]) -> None:
    assert accepted(models.automaton(sorted(sentences))) == sentences


def pronounced(
    word_of: Callable[[str], tuple[str, ...]] = lambda word: (f"{word.upper()}",),
) -> dict[str, tuple[str, ...]]:
    words = {word for line in models.commands("en") for word in line.split()} | set(models.competitors("en"))
    words |= {word for line in known("en") for word in line.split()}
    return {word: word_of(word) for word in words}


def test_the_language_model_gives_every_history_a_whole_of_one() -> None:
    lines = models.bigrams("en", pronounced()).splitlines()
    singles, backs, pairs = {}, {}, {}
    for line in lines:
        parts = line.split()
        if len(parts) == 3 and parts[0].startswith("-") and parts[2].lstrip("-").replace(".", "").isdigit():
            singles[parts[1]], backs[parts[1]] = 10 ** float(parts[0]), 10 ** float(parts[2])
        elif len(parts) == 3 and parts[0].startswith(("-", "0")):
            pairs[parts[1], parts[2]] = 10 ** float(parts[0])
    del singles["<s>"]
    assert sum(singles.values()) == pytest.approx(1.0, abs=0.01)
    for history in ("<s>", "i", "took", "kelp"):
        seen = {after: chance for (before, after), chance in pairs.items() if before == history}
        rest = backs[history] * sum(chance for word, chance in singles.items() if word not in seen)
        assert sum(seen.values()) + rest == pytest.approx(1.0, abs=0.01), history


def test_kelp_yelp_health_and_the_denials_are_words_the_model_can_hear_instead() -> None:
    words = models.vocabulary("en", pronounced())
    assert {"kelp", "yelp", "health", "never", "don't"} <= words


def test_a_word_with_two_pronunciations_stands_twice_in_the_dictionary() -> None:
    assert models.dictionary_lines({"the": ("DH AH", "DH IY")}, ["the"]) == "the DH AH\nthe(2) DH IY\n"
