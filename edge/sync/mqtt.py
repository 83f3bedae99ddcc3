"""The path over MQTT: frames and words as they are, on the site's own topics."""

from __future__ import annotations

import asyncio
import ssl
import threading

from pydantic import ValidationError

from edge.sync.links import HEARD_MAX, Inbox, LinkDown, Path, Word
from shared.api import Ack, Beat, Cursor, Hello, HelloAnswer, Numbered
from shared.clock import transport_s
from shared.pipe import KEEPALIVE_S, Pipe, PipeEnded
from shared.topics import Sender, Up, all_down, down, up

WINDOW = 8


class MqttLink:
    """One connection to the broker."""

    path: Path = "mqtt"
    window = WINDOW

    def __init__(
        self,
        sender: Sender,
        host: str,
        port: int,
        context: ssl.SSLContext,
        wake: asyncio.Event,
        keepalive_s: int = KEEPALIVE_S,
    ) -> None:
        self.inbox = Inbox(wake)
        self._sender = sender
        self._loop = asyncio.get_running_loop()
        self._kinds: dict[str, type[HelloAnswer] | type[Ack] | type[Numbered]] = {
            down(sender, "hello"): HelloAnswer,
            down(sender, "ack"): Ack,
            down(sender, "command"): Numbered,
        }
        self._poke = down(sender, "poke")
        self._lock = threading.Lock()
        self._handed = 0
        self._pipe = Pipe(host, port, context, sender.name, [all_down(sender)], self._received, keepalive_s)
        self._ending: asyncio.Task[None] | None = None

    async def open(self, wait_s: float) -> None:
        """Connect and subscribe. Raises LinkDown."""
        try:
            await self._pipe.open(wait_s)
        except PipeEnded as error:
            raise LinkDown(str(error)) from error
        self._ending = asyncio.create_task(self._watch())

    def say(self, word: Word) -> None:
        """Publish a word."""
        door: Up = "hello" if isinstance(word, Hello) else "beat" if isinstance(word, Beat) else "taken"
        self._pipe.publish(up(self._sender, door), word.model_dump_json().encode())

    def send(self, frame: bytes, lane: int) -> None:
        """Publish a frame."""
        self._pipe.publish(up(self._sender, "frame"), frame)

    def follow(self, cursor: Cursor) -> None:
        """Commands come by themselves on this path."""

    def certificate_dates(self) -> tuple[float, float] | None:
        """From when to when the broker's certificate is good, in seconds since 1970."""
        found = self._pipe.peer_certificate()
        if "notBefore" not in found:
            return None
        return ssl.cert_time_to_seconds(found["notBefore"]), ssl.cert_time_to_seconds(found["notAfter"])

    async def close(self) -> None:
        """Disconnect and end the thread."""
        if self._ending is not None:
            self._ending.cancel()
        await self._pipe.close()

    async def _watch(self) -> None:
        self.inbox.fail(LinkDown(await self._pipe.ended()))

    def _received(self, topic: str, payload: bytes) -> None:
        """On the network thread: read, and hand over within a bound."""
        if topic == self._poke and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.inbox.poked.set)
            return
        kind = self._kinds.get(topic)
        if kind is None:
            return
        try:
            item = kind.model_validate_json(payload)
        except ValidationError:
            return  # a newer cloud says something this program cannot read; it is not for us
        with self._lock:
            if self._handed >= HEARD_MAX or self._loop.is_closed():
                return
            self._handed += 1
        self._loop.call_soon_threadsafe(self._hand_over, item)

    def _hand_over(self, item: HelloAnswer | Ack | Numbered) -> None:
        with self._lock:
            self._handed -= 1
        self.inbox.put(item, transport_s())
