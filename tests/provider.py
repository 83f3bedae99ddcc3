"""A stand-in for providers of models: OpenAI's paths as Groq and vLLM answer them, over real HTTP on loopback.

Shapes of answers, errors and headers are those recorded from the provider (`care.md` §5). It answers what it is told to, one
answer a request and then the usual one; `delay_s` before each. What was asked is kept.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RATE = {
    "x-ratelimit-limit-requests": "1000", "x-ratelimit-remaining-requests": "999", "x-ratelimit-reset-requests": "1m26.4s",
    "x-ratelimit-limit-tokens": "250000", "x-ratelimit-remaining-tokens": "248000", "x-ratelimit-reset-tokens": "7.66s",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """status, JSON body (or raw bytes) and headers. cut: the connection ends in the middle.  gate: wait for it first."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    gate: threading.Event | None = None


@dataclass(frozen=True)
class Asked:
    """A request that came. json: its body, or {} for a form; `raw` is what was sent."""

    path: str
    headers: dict[str, str]
    raw: bytes
    json: dict[str, Any]

    @property
    def words(self) -> str:
        """The field of the user's message that holds a patient's words, without the markers."""
        user = json.loads(self.json["messages"][1]["content"])
        return str(user["words"].replace(user["marker"], "").strip())


def extraction(**more: Any) -> dict[str, Any]:
    """What a model fills in; nothing found."""
    return {
        "language": "en", "intent": "other", "urgency": 0, "urgency_quote": None, "symptoms": [], "questions": [],
        "needs_human": False, **more,
    }  # fmt: skip


def symptom(quote: str, **more: Any) -> dict[str, Any]:
    """One complaint."""
    return {
        "symptom": "headache", "body_part": "head", "severity": "mild", "onset": "today", "quote": quote, **more,
    }  # fmt: skip


def completion(value: Any, finish_reason: str = "stop", **headers: str) -> Answer:
    """A chat completion holding `value` as JSON (or as it stands, for a text)."""
    text = value if isinstance(value, str) else json.dumps(value)
    body = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1764400000, "model": "openai/gpt-oss-20b",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": None, "finish_reason": finish_reason}
        ],
        "usage": {
            "queue_time": 0.021, "prompt_tokens": 900, "prompt_time": 0.05, "completion_tokens": 120,
            "completion_time": 0.2, "total_tokens": 1020, "total_time": 0.25,
        },
    }  # fmt: skip
    return Answer(200, body, {**RATE, **headers})


def transcript(text: str, *, no_speech_prob: float = 0.01, seconds: float = 4.0, language: str = "english") -> Answer:
    """A verbose transcript, a segment for each sentence."""
    pieces = re.findall(r"[^.!?]+[.!?]?", text) or [text]
    step = seconds / len(pieces)
    segments = [
        {
            "id": at, "seek": 0, "start": at * step, "end": (at + 1) * step, "text": piece, "tokens": [], "temperature": 0,
            "avg_logprob": -0.2, "compression_ratio": 1.1, "no_speech_prob": no_speech_prob,
        }
        for at, piece in enumerate(pieces)
    ]  # fmt: skip
    body = {"task": "transcribe", "language": language, "duration": seconds, "text": text, "segments": segments}
    return Answer(200, body, dict(RATE))


def embedding(vector: list[float]) -> Answer:
    """One vector."""
    data = [{"object": "embedding", "index": 0, "embedding": vector}]
    return Answer(200, {"object": "list", "data": data, "model": "e", "usage": {"prompt_tokens": 5, "total_tokens": 5}})


def refused(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    """An error as the provider words it."""
    error = {"message": message, "type": "invalid_request_error", "code": code, "failed_generation": "{"}
    return Answer(status, {"error": error}, headers)


def too_many(retry_after: str) -> Answer:
    """429."""
    return refused(429, "rate_limit_exceeded", **{"retry-after": retry_after})


RETIRED = refused(404, "model_not_found", "The model does not exist or you do not have access to it.")
UNFIT = refused(400, "json_validate_failed", "Failed to generate JSON.")


class Stand:
    """The server; make it with `stand_in()`. By path ("chat", "speech", "vector"): answers to come, and the usual one."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[Asked] = []
        self.answers: dict[str, list[Answer]] = {"chat": [], "speech": [], "vector": []}
        self.usual: dict[str, Answer | Callable[[Asked], Answer]] = {
            "chat": completion(extraction()), "speech": transcript("I feel fine today."), "vector": embedding([1.0, 0.0]),
        }  # fmt: skip
        self.lock = threading.Lock()
        self.delay = threading.Event()
        self.delay_s = 0.0

    def take(self, asked: Asked) -> Answer:
        """Keep a request; what to answer."""
        kind = "chat" if "chat" in asked.path else "speech" if "audio" in asked.path else "vector"
        with self.lock:
            self.asked.append(asked)
            usual = self.usual[kind]
            if self.answers[kind]:
                return self.answers[kind].pop(0)
        return usual(asked) if callable(usual) else usual

    def chats(self) -> list[Asked]:
        """Questions in words that came."""
        return [one for one in self.asked if "chat" in one.path]


@contextmanager
def stand_in() -> Iterator[Stand]:
    """Run it; it is gone afterwards."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            is_json = "json" in self.headers.get("content-type", "")
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = stand.take(Asked(self.path, headers, raw, json.loads(raw) if is_json else {}))
            if answer.gate is not None:
                answer.gate.wait(20)
            if stand.delay_s:
                stand.delay.wait(stand.delay_s)
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if answer.cut else body)
                self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            if answer.cut:
                self.close_connection = True
                self.connection.close()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand = Stand(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stand
    finally:
        stand.delay.set()
        server.shutdown()
        server.server_close()
        thread.join()
