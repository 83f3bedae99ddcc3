"""Two decoders that hear the same sound: one knows only the commands, the other commands among other speech.

pocketsphinx is imported when a `Decoders` is made, and its English model comes with its wheel. Other languages have none.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from edge.voice import models

if TYPE_CHECKING:
    from pocketsphinx import Decoder

LANGUAGES: Final = ("en",)
"""Languages with an offline decoder."""
RATE: Final = 16_000
"""Samples a second that both decoders hear."""
MODEL: Final = "en-us"


OTHERS_MAX: Final = 5
"""Further readings of the language model that are looked at. With 0 of them, both agreed on 65 % of commands at 20 dB, with
5 on 79 %, and on no more unrelated speech but "kelp" and "health"."""
_LATTICE_MAX: Final = 60  # readings taken from the lattice to find these; most differ only in silences


class Decoded(NamedTuple):
    """Words by each decoder; empty where it heard nothing. model: the best reading, then others, the likeliest first."""

    grammar: str
    model: tuple[str, ...]


class Decoders:
    """Both decoders of a language. Not to be used by two threads at once. Same sound, same words: nothing is carried over."""

    def __init__(self, language: str) -> None:
        """Raises ImportError (no pocketsphinx on this machine), ValueError (a language without decoder)."""
        if language not in LANGUAGES:
            raise ValueError(f"no decoder for {language!r}")
        import pocketsphinx

        full = _dictionary(Path(pocketsphinx.get_model_path(f"{MODEL}/cmudict-{MODEL}.dict")))
        hmm = pocketsphinx.get_model_path(f"{MODEL}/{MODEL}")
        with tempfile.TemporaryDirectory(prefix="outpost-voice-") as folder:
            words, model = Path(folder) / "words.dict", Path(folder) / "model.arpa"
            words.write_text(models.dictionary_lines(full, models.vocabulary(language, full)), "utf-8")
            model.write_text(models.bigrams(language, full), "utf-8")
            common = {"hmm": hmm, "dict": str(words), "cmn": "batch", "loglevel": "FATAL"}
            self._grammar: Decoder = pocketsphinx.Decoder(lm=None, **common)
            self._model: Decoder = pocketsphinx.Decoder(lm=str(model), **common)
        shape = models.automaton(models.commands(language))
        arcs = [(a, b, 1.0, word) if word else (a, b, 1.0) for a, b, word in shape.arcs]
        self._grammar.add_fsg("commands", self._grammar.create_fsg("commands", shape.start, shape.final, arcs))
        self._grammar.activate_search("commands")

    def decode(self, pcm: bytes) -> Decoded:
        """pcm: 16 kHz, mono, 16 bit signed little-endian, trimmed to what was said."""
        grammar, best = _words(self._grammar, pcm), _words(self._model, pcm)
        return Decoded(grammar, tuple(dict.fromkeys([best, *_others(self._model)]))[: OTHERS_MAX + 1])


def _others(decoder: Decoder) -> list[str]:
    """Other readings of what `decoder` heard last."""
    found: list[str] = []
    for reading in islice(decoder.nbest() or (), _LATTICE_MAX):
        if reading is not None and reading.hypstr and reading.hypstr not in found:
            found.append(str(reading.hypstr))
        if len(found) > OTHERS_MAX:
            break
    return found


def _words(decoder: Decoder, pcm: bytes) -> str:
    decoder.start_utt()
    decoder.process_raw(pcm, no_search=False, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return str(found.hypstr) if found is not None else ""


def _dictionary(path: Path) -> dict[str, tuple[str, ...]]:
    """The wheel's pronouncing dictionary, "word(2)" gathered under "word"."""
    full: defaultdict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            word, _, phones = line.strip().partition(" ")
            full[word.split("(")[0]].append(phones)
    return {word: tuple(phones) for word, phones in full.items()}
