"""What is asked of a model, what it answers, and in how many ways that fails: the words every part here shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Protocol

GROQ: Final = "groq"
SERVER: Final = "server"
"""The two providers: Groq, and one server of one's own that speaks OpenAI's paths (vLLM, Ollama)."""
Stage = Literal["transcribe", "extract", "word", "embed"]
Kind = Literal[
    "rate_limited", "timeout", "connection", "server_error", "bad_request", "schema_refused", "model_gone",
    "refused_key", "length", "invalid", "ungrounded",
]  # fmt: skip
"""Why a call was no use.

schema_refused: the provider itself found that the answer does not fit the schema (400 json_validate_failed).
invalid: we found so.  length: it ran into the limit of tokens, so the rest is missing.
ungrounded: a wording with numbers that were not given.  The others say where the line broke.
"""
ASK_AGAIN: Final[frozenset[str]] = frozenset(("schema_refused", "invalid"))
"""Worth one more try with the same model, told what was wrong."""
PASSING: Final[frozenset[str]] = frozenset(("rate_limited", "timeout", "connection", "server_error"))
"""Gone by itself: the work is looked at again later."""
COUNTS: Final[frozenset[str]] = frozenset(("timeout", "connection", "server_error", "refused_key"))
"""What opens the breaker: the way to the model is broken, whatever is asked."""


class Model(NamedTuple):
    """A model of a provider, written "groq:openai/gpt-oss-20b"."""

    provider: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Model:
        """Raises ValueError for anything but groq:NAME and server:NAME."""
        provider, colon, name = text.partition(":")
        if not colon or not name or provider not in (GROQ, SERVER):
            raise ValueError(f'{text[:80]!r} is no model; write "{GROQ}:NAME" or "{SERVER}:NAME"')
        return cls(provider, name)

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


class Left(NamedTuple):
    """What headers said is left of a limit. Seconds from now; None: not said."""

    requests: int | None = None
    requests_reset_s: float | None = None
    tokens: int | None = None
    tokens_reset_s: float | None = None


class Usage(NamedTuple):
    """What a call used. queue_ms: how long it waited at the provider, where it says so.  audio_s: seconds of sound."""

    tokens_in: int = 0
    tokens_out: int = 0
    audio_s: float = 0.0
    queue_ms: int | None = None


_NOT_SAID: Final = Left()
_NOTHING: Final = Usage()


class Failure(Exception):
    """A call that was no use. detail: safe to keep (a place in a schema, a code of the provider), never what was said."""

    def __init__(
        self,
        kind: Kind,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        detail: str = "",
        left: Left = _NOT_SAID,
        usage: Usage = _NOTHING,
        finish_reason: str | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind: Kind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self.detail = detail
        self.left = left
        self.usage = usage
        self.finish_reason = finish_reason

    @property
    def passing(self) -> bool:
        """Whether trying later may help."""
        return self.kind in PASSING


@dataclass(frozen=True, slots=True)
class Chat:
    """One question. system: fixed for a prompt version.  user: JSON.  again: what was wrong with the answer before."""

    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    tokens_max: int = 1_500
    again: str = ""


class Completion(NamedTuple):
    """An answer: `text` is what should be JSON."""

    text: str
    finish_reason: str
    usage: Usage
    left: Left


class Segment(NamedTuple):
    """A piece of a transcript, seconds from the beginning of the sound."""

    start_s: float
    end_s: float
    text: str
    no_speech_prob: float = 0.0


@dataclass(frozen=True, slots=True)
class Speech:
    """A sound to be written down. prompt: words to be expected, e.g. names of medicines.  language: "en" or None."""

    sound: bytes
    filename: str
    media_type: str
    language: str | None = None
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was written down."""

    text: str
    language: str | None
    seconds: float
    segments: tuple[Segment, ...] = ()
    usage: Usage = field(default_factory=Usage)
    left: Left = field(default_factory=Left)


class Embedded(NamedTuple):
    """A vector, as the model gave it."""

    vector: list[float]
    usage: Usage
    left: Left


class Provider(Protocol):
    """A way to a model. Every method raises Failure, and nothing else, for whatever goes wrong on the way."""

    async def complete(self, model: str, chat: Chat) -> Completion:
        """Ask for JSON in the shape of `chat.schema`."""
        ...

    async def transcribe(self, model: str, speech: Speech) -> Heard:
        """Write a sound down."""
        ...

    async def embed(self, model: str, text: str) -> Embedded:
        """Make a vector of a text."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...
