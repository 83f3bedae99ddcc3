"""Answers of OpenAI's paths, read from their JSON and headers; and what a status other than 200 means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from cloud.llm.calls import Completion, Embedded, Failure, Heard, Kind, Left, Segment, Usage

SEGMENTS_MAX: Final = 2_000
RETRY_AFTER_S_MAX: Final = 3_600.0
DIMENSIONS_MAX: Final = 8_192
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_BY_STATUS: Final[dict[int, Kind]] = {401: "refused_key", 403: "refused_key", 408: "timeout", 429: "rate_limited"}
_CODES: Final[dict[str, Kind]] = {
    "json_validate_failed": "schema_refused", "model_not_found": "model_gone", "model_decommissioned": "model_gone",
    "rate_limit_exceeded": "rate_limited", "invalid_api_key": "refused_key",
}  # fmt: skip


def span_s(text: str | None) -> float | None:
    """Seconds of "7.66s", "2m59.56s" or "12"; None for anything else, and never more than an hour."""
    if not text:
        return None
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return min(float(text), RETRY_AFTER_S_MAX)
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return min(sum(float(number) * _UNIT_S[unit] for number, unit in parts), RETRY_AFTER_S_MAX)


def left_of(headers: Mapping[str, str]) -> Left:
    """What the headers of an answer say is left."""
    return Left(
        _whole(headers.get("x-ratelimit-remaining-requests")),
        span_s(headers.get("x-ratelimit-reset-requests")),
        _whole(headers.get("x-ratelimit-remaining-tokens")),
        span_s(headers.get("x-ratelimit-reset-tokens")),
    )


def failure_of(status: int, body: Any, headers: Mapping[str, str]) -> Failure:
    """What an answer other than 200 means. The provider's own words are not kept: they may repeat what was asked."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    code = code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,60}", code) else ""
    kind = _CODES.get(code) or _BY_STATUS.get(status)
    if kind is None:
        kind = "model_gone" if status == 404 else "server_error" if status >= 500 else "bad_request"
    wait_s = span_s(headers.get("retry-after"))
    return Failure(kind, status=status, retry_after_s=wait_s, detail=code, left=left_of(headers))


def completion_of(body: Any, headers: Mapping[str, str]) -> Completion:
    """Raises Failure `invalid` for what is not a completion, and `length` for one that was cut."""
    left = left_of(headers)
    try:
        choice = body["choices"][0]
        text, reason = choice["message"]["content"], choice["finish_reason"]
    except (KeyError, IndexError, TypeError) as error:
        raise Failure("invalid", status=200, detail="no completion", left=left) from error
    usage = _usage(body.get("usage"))
    if reason == "length":
        raise Failure("length", status=200, left=left, usage=usage, finish_reason="length")
    if not isinstance(text, str) or not text:
        raise Failure("invalid", status=200, detail="empty", left=left, usage=usage)
    return Completion(text, str(reason)[:40], usage, left)


def heard_of(body: Any, headers: Mapping[str, str]) -> Heard:
    """Raises Failure `invalid` for what is no transcript."""
    left = left_of(headers)
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise Failure("invalid", status=200, detail="no transcript", left=left)
    segments = []
    try:
        for one in (body.get("segments") or [])[:SEGMENTS_MAX]:
            start_s, end_s = float(one["start"]), float(one["end"])
            segments.append(Segment(start_s, end_s, str(one["text"]), float(one.get("no_speech_prob", 0.0))))
        seconds = float(body.get("duration") or (segments[-1].end_s if segments else 0.0))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Failure("invalid", status=200, detail="segments", left=left) from error
    language = body.get("language")
    return Heard(
        body["text"].strip(), language if isinstance(language, str) else None, seconds, tuple(segments),
        Usage(audio_s=seconds), left,
    )  # fmt: skip


def embedded_of(body: Any, headers: Mapping[str, str]) -> Embedded:
    """Raises Failure `invalid` for what is no vector."""
    left = left_of(headers)
    try:
        vector = [float(number) for number in body["data"][0]["embedding"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Failure("invalid", status=200, detail="no embedding", left=left) from error
    if not 0 < len(vector) <= DIMENSIONS_MAX or not any(vector):
        raise Failure("invalid", status=200, detail="no embedding", left=left)
    return Embedded(vector, _usage(body.get("usage")), left)


def _usage(found: Any) -> Usage:
    given = found if isinstance(found, dict) else {}
    queue_s = given.get("queue_time")
    return Usage(
        _count(given.get("prompt_tokens")),
        _count(given.get("completion_tokens")),
        queue_ms=round(queue_s * 1000) if isinstance(queue_s, int | float) and 0 <= queue_s < 86_400 else None,
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
