"""What a client of seed 004's WebSocket says, and what it is refused with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

import orjson

MESSAGE_BYTES_MAX: Final = 4096


class BadMessage(Exception):
    """A message that asks for nothing there is. `str()` is for people, `code` for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Resume(NamedTuple):
    """The last state a client has."""

    stream: str
    seq: int


class Asked(NamedTuple):
    """A message. date: None means today; only with subscribe, as the rest."""

    action: Literal["subscribe", "unsubscribe", "ping"]
    date: str | None = None
    is_delta: bool = False
    resume: Resume | None = None


def asked_of(message: Mapping[str, Any]) -> Asked:
    """What an ASGI message of a client asks for. Raises BadMessage."""
    text: str | bytes = message.get("text") or message.get("bytes") or ""
    if len(text.encode() if isinstance(text, str) else text) > MESSAGE_BYTES_MAX:
        raise BadMessage("too_long", f"A message has at most {MESSAGE_BYTES_MAX} bytes.")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadMessage("not_json", "This is not JSON.") from error
    if not isinstance(said, dict):
        raise BadMessage("wrong_shape", 'Send an object like {"action": "subscribe", "date": "2026-11-20"}.')
    action = said.get("action")
    if action in ("unsubscribe", "ping"):
        return Asked(action)
    if action != "subscribe":
        raise BadMessage("unknown_action", "The actions are subscribe, unsubscribe and ping.")
    mode = said.get("mode")
    if mode not in (None, "snapshot", "delta"):
        raise BadMessage("bad_mode", 'The modes are "snapshot" and "delta".')
    return Asked("subscribe", _date(said.get("date")), mode == "delta", _resume(said.get("resume")))


def _date(given: Any) -> str | None:
    if given is None:
        return None
    try:
        if isinstance(given, str) and len(given) == len("YYYY-MM-DD"):
            return date.fromisoformat(given).isoformat()
    except ValueError:
        pass
    raise BadMessage("bad_date", "A date is written YYYY-MM-DD.")


def _resume(given: Any) -> Resume | None:
    if given is None:
        return None
    if isinstance(given, dict):
        stream, seq = given.get("stream"), given.get("seq")
        if isinstance(stream, str) and isinstance(seq, int) and not isinstance(seq, bool) and seq >= 0:
            return Resume(stream, seq)
    raise BadMessage("bad_resume", 'A resume is {"stream": "…", "seq": 12}, as a snapshot or delta had them.')
