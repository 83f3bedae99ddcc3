"""The two ways to a model: Groq by its own SDK, and any server that speaks OpenAI's paths by httpx.

Neither tries again by itself: the chain of models, the breaker and the queue decide that. An answer larger than
ANSWER_BYTES_MAX is cut off and counts as a broken line.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import groq
import httpx

from cloud.llm.calls import Chat, Completion, Embedded, Failure, Heard, Speech
from cloud.llm.shapes import completion_of, embedded_of, failure_of, heard_of

ANSWER_BYTES_MAX: Final = 2 * 1024 * 1024
_AGAIN: Final = "Your answer did not fit the schema: {what}. Answer again, with the JSON only."


class _Cut(httpx.AsyncByteStream):
    """A body that breaks off beyond the limit."""

    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body's parts."""
        size = 0
        async for part in self._inner:
            size += len(part)
            if size > ANSWER_BYTES_MAX:
                raise httpx.ReadError(f"more than {ANSWER_BYTES_MAX} bytes")
            yield part

    async def aclose(self) -> None:
        """Let the line go."""
        await self._inner.aclose()


class Bounded(httpx.AsyncHTTPTransport):
    """HTTP whose answers have a limit."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        answer = await super().handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        answer.stream = _Cut(answer.stream)
        return answer


class Groq:
    """Groq's cloud. base_url: another address of the same API, None for its own."""

    def __init__(self, key: str, base_url: str | None, timeout_s: float) -> None:
        self._client = groq.AsyncGroq(
            api_key=key, base_url=base_url or None, timeout=timeout_s, max_retries=0,
            http_client=httpx.AsyncClient(transport=Bounded(), timeout=timeout_s),
        )  # fmt: skip

    async def complete(self, model: str, chat: Chat) -> Completion:
        """See Provider."""
        more: dict[str, Any] = {"reasoning_effort": "low"} if "gpt-oss" in model else {}
        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                model=model, messages=messages(chat), response_format=response_format(chat), temperature=0,
                max_completion_tokens=chat.tokens_max, **more,
            )  # type: ignore[call-overload]  # fmt: skip
        except groq.GroqError as error:
            raise _groq_failure(error) from error
        return completion_of(_json(raw.http_response), raw.http_response.headers)

    async def transcribe(self, model: str, speech: Speech) -> Heard:
        """See Provider."""
        try:
            raw = await self._client.audio.transcriptions.with_raw_response.create(
                model=model, file=(speech.filename, speech.sound, speech.media_type), temperature=0,
                response_format="verbose_json", language=speech.language or groq.omit, prompt=speech.prompt or groq.omit,
            )  # fmt: skip
        except groq.GroqError as error:
            raise _groq_failure(error) from error
        return heard_of(_json(raw.http_response), raw.http_response.headers)

    async def embed(self, model: str, text: str) -> Embedded:
        """Groq has none."""
        raise Failure("model_gone", detail="no embeddings here")

    async def close(self) -> None:
        """Let connections go."""
        await self._client.close()


class Server:
    """A server of one's own: `base_url` ends before /chat/completions. key: "" where it asks for none."""

    def __init__(self, base_url: str, key: str, timeout_s: float) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/", transport=Bounded(), timeout=timeout_s, follow_redirects=False,
            headers={"authorization": f"Bearer {key}"} if key else {},
        )  # fmt: skip

    async def complete(self, model: str, chat: Chat) -> Completion:
        """See Provider."""
        body = {
            "model": model, "messages": messages(chat), "response_format": response_format(chat), "temperature": 0,
            "max_tokens": chat.tokens_max,
        }  # fmt: skip
        answer = await self._post("chat/completions", json=body)
        return completion_of(_json(answer), answer.headers)

    async def transcribe(self, model: str, speech: Speech) -> Heard:
        """See Provider."""
        fields = {"model": model, "response_format": "verbose_json", "temperature": "0"}
        fields |= {"language": speech.language} if speech.language else {}
        fields |= {"prompt": speech.prompt} if speech.prompt else {}
        sound = {"file": (speech.filename, speech.sound, speech.media_type)}
        answer = await self._post("audio/transcriptions", data=fields, files=sound)
        return heard_of(_json(answer), answer.headers)

    async def embed(self, model: str, text: str) -> Embedded:
        """See Provider."""
        answer = await self._post("embeddings", json={"model": model, "input": [text]})
        return embedded_of(_json(answer), answer.headers)

    async def close(self) -> None:
        """Let connections go."""
        await self._client.aclose()

    async def _post(self, path: str, **body: Any) -> httpx.Response:
        try:
            answer = await self._client.post(path, **body)
        except httpx.TimeoutException as error:
            raise Failure("timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure("connection", detail=type(error).__name__) from error
        if answer.status_code != 200:
            raise failure_of(answer.status_code, _maybe_json(answer), answer.headers)
        return answer


def messages(chat: Chat) -> list[dict[str, str]]:
    """The fixed words, the one JSON object with the patient's, and what was wrong the time before."""
    said = [{"role": "system", "content": chat.system}, {"role": "user", "content": chat.user}]
    if chat.again:
        said.append({"role": "user", "content": _AGAIN.format(what=chat.again)})
    return said


def response_format(chat: Chat) -> dict[str, Any]:
    """Constrained decoding, where the server can do it."""
    return {
        "type": "json_schema",
        "json_schema": {"name": chat.schema_name, "strict": True, "schema": dict(chat.schema)},
    }


def _groq_failure(error: groq.GroqError) -> Failure:
    if isinstance(error, groq.APITimeoutError):
        return Failure("timeout")
    if isinstance(error, groq.APIStatusError):
        return failure_of(error.status_code, _maybe_json(error.response), error.response.headers)
    return Failure("connection", detail=type(error).__name__)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Failure("invalid", status=answer.status_code, detail="no JSON") from error


def _maybe_json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
