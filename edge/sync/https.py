"""The path over HTTPS, for where MQTT is blocked: one frame in flight, commands by long poll."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError

from edge.sync.asking import Asking, Busy
from edge.sync.identity import Identity
from edge.sync.links import NO_SESSION, Inbox, LinkDown, Path, Word
from shared.api import Ack, Beat, Cursor, Hello, HelloAnswer, Numbered
from shared.clock import transport_s

POLL_S = 20.0
POLL_PAUSE_S = 0.2
"""Between two polls that brought the same commands: they are being carried out."""
_COMMANDS = TypeAdapter(list[Numbered])
_JSON = {"content-type": "application/json"}
_BYTES = {"content-type": "application/octet-stream"}
WORDS_WAITING_MAX = 8
"""Beats and takens on their way at a time; beyond it they are let go and come again."""


class HttpsLink:
    """One HTTP client under the clinic's credential."""

    path: Path = "https"
    window = 1

    def __init__(
        self, identity: Identity, wake: asyncio.Event, *, check_time: bool = True, answer_s: float = 25.0
    ) -> None:
        self.inbox = Inbox(wake)
        self._asking = Asking(identity, "/api/v1/sync", check_time=check_time, answer_s=answer_s)
        self._answer_s = answer_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._cursor = Cursor()
        self._polling = False

    async def open(self, wait_s: float) -> None:
        """Nothing to do: the first request makes the connection."""

    def say(self, word: Word) -> None:
        """Post a word."""
        if isinstance(word, Hello):
            self._start(self._hello(word))
        elif len(self._tasks) < WORDS_WAITING_MAX:
            self._start(self._word("/beat" if isinstance(word, Beat) else "/taken", word))

    def send(self, frame: bytes, lane: int) -> None:
        """Post a frame."""
        self._start(self._frame(frame, lane))

    def follow(self, cursor: Cursor) -> None:
        """Ask for the commands after this place from now on."""
        self._cursor = cursor
        if not self._polling:
            self._polling = True
            self._start(self._poll())

    async def close(self) -> None:
        """End every request."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._asking.close()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(self._reporting(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reporting(self, work: Any) -> None:
        try:
            await work
        except LinkDown as error:
            self.inbox.fail(error)
        except (httpx.HTTPError, ValidationError) as error:
            self.inbox.fail(LinkDown(f"https: {type(error).__name__} {error}"[:200]))

    async def _hello(self, hello: Hello) -> None:
        answer = await self._post("/hello", hello.model_dump_json().encode(), _JSON)
        self.inbox.put(HelloAnswer.model_validate_json(answer.content), transport_s())

    async def _word(self, path: str, word: Word) -> None:
        await self._post(path, word.model_dump_json().encode(), _JSON)
        self.inbox.put(None, transport_s())

    async def _frame(self, frame: bytes, lane: int) -> None:
        try:
            answer = await self._post("/frames", frame, _BYTES)
        except Busy:
            self.inbox.put(Ack(session=NO_SESSION, lane=lane, upto=0, credit=0), transport_s())
            return
        self.inbox.put(Ack.model_validate_json(answer.content), transport_s())

    async def _poll(self) -> None:
        while True:
            params = {"stream": self._cursor.stream or "", "after": self._cursor.upto, "wait_s": POLL_S}
            try:
                answer = await self._asking.request("GET", "/commands", params=params, timeout=POLL_S + self._answer_s)
            except Busy:
                await asyncio.sleep(1.0)
                continue
            commands = _COMMANDS.validate_json(answer.content)
            self.inbox.put(None, transport_s())
            for command in commands:
                self.inbox.put(command, transport_s())
            if commands:
                await asyncio.sleep(POLL_PAUSE_S)
            else:  # nothing to do, yet answered: the cloud asks how we are, or the poll's time is over
                self.inbox.poked.set()

    async def _post(self, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        return await self._asking.request("POST", path, content=content, headers=headers)
