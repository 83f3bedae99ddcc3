"""Door one: an ingest worker at the broker. Where several work, the broker hands each message to one of them.

paho's thread does three things only: it reads who speaks from the topic, reserves a place, and hands over; where there
is no place it answers "busy, credit 0". The broker is acknowledged at once, because it promises nothing anyway.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog
from pydantic import ValidationError

from cloud.db.pool import Pool
from cloud.ingest.intake import AWAY, Intake, busy
from cloud.ingest.service import Arrived
from cloud.ingest.session import Sessions, WrongEpoch
from cloud.mailbox.mqtt import Courier
from cloud.mailbox.service import Mailbox
from cloud.mailbox.watch import Watch
from shared.api import Ack, Beat, Hello, Numbered, Taken
from shared.backoff import Backoff
from shared.codec import BadFrame, header_of
from shared.pipe import Pipe, PipeEnded
from shared.topics import SHARED_UP, Sender, Up, down, parse_up

log = structlog.get_logger(__name__)

WORDS_MAX = 4_096
"""HELLOs, beats and takens that may wait; each comes again by itself."""
WORD_BYTES_MAX = 8 * 1024
SESSIONS_MAX = 10_000
BEATS_AT_ONCE = 256
CONNECT_S = 10.0


@dataclass(frozen=True)
class Broker:
    """Where the broker is and what this worker shows it. `name`: the certificate's CN; each worker has its own."""

    host: str
    port: int
    ca: Path
    cert: Path
    key: Path
    name: str

    def context(self) -> ssl.SSLContext:
        """TLS with this worker's certificate."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.cert, self.key)
        return context


class MqttDoor:
    """`run` keeps a worker connected until it is cancelled. `state`: "connecting" or "open", for health."""

    def __init__(
        self,
        broker: Broker,
        pool: Pool,
        intake: Intake,
        sessions: Sessions,
        mailbox: Mailbox,
        watch: Watch,
        backoff_max_s: float = 10.0,
    ) -> None:
        self._broker, self._intake, self._sessions = broker, intake, sessions
        self._courier = Courier(pool, mailbox, watch, self._publish_command)
        watch.listen_pokes(self._poke)
        self._backoff = Backoff(0.2, backoff_max_s)
        self._words: deque[tuple[Sender, Up, bytes]] = deque()
        self._word_ready = asyncio.Event()
        self._lock = threading.Lock()
        self._known: OrderedDict[Sender, str] = OrderedDict()
        self._acks: dict[tuple[Sender, int], Ack] = {}
        self._pipe: Pipe | None = None
        self.state = "connecting"
        self.reason = ""

    async def run(self) -> None:
        """Serve the broker; come back to it whenever it goes away."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._courier.run())
            group.create_task(self._hear())
            group.create_task(self._stay_connected())

    async def _stay_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pipe: Pipe | None = None
            try:
                context = self._broker.context()

                def received(topic: str, payload: bytes) -> None:
                    self._received(loop, topic, payload)

                pipe = Pipe(self._broker.host, self._broker.port, context, self._broker.name, [SHARED_UP], received)
                self._pipe = pipe
                await pipe.open(CONNECT_S)
                self._backoff.reset()
                self.state, self.reason = "open", ""
                log.info("broker_connected", host=self._broker.host, port=self._broker.port)
                raise PipeEnded(await pipe.ended())
            except OSError as error:  # PipeEnded, and certificates that cannot be read or do not fit
                self.state, self.reason = "connecting", str(error)
                log.warning("broker_away", error=str(error))
            finally:
                self._pipe = None
                self._courier.gone()
                if pipe is not None:
                    await pipe.close()
            await asyncio.sleep(self._backoff.next_s())

    # On paho's thread.

    def _received(self, loop: asyncio.AbstractEventLoop, topic: str, payload: bytes) -> None:
        try:
            sender, door = parse_up(topic)
        except ValueError:
            return  # the access list lets nobody publish here but an edge under its own name
        if door == "frame":
            if self._intake.reserve():
                loop.call_soon_threadsafe(self._frame, sender, payload)
            else:
                self._say_busy(sender, payload)
        elif len(payload) <= WORD_BYTES_MAX and len(self._words) < WORDS_MAX:
            self._words.append((sender, door, payload))
            loop.call_soon_threadsafe(self._word_ready.set)

    def _say_busy(self, sender: Sender, payload: bytes) -> None:
        try:
            lane = header_of(payload).lane
        except BadFrame:
            return
        with self._lock:
            session = self._known.get(sender, "0" * 16)
        self._publish_ack(sender, busy(session, lane))

    # On the loop.

    def _frame(self, sender: Sender, payload: bytes) -> None:
        self._intake.put(Arrived(sender, payload), lambda ack: self._answer(sender, ack))

    def _answer(self, sender: Sender, ack: Ack | None) -> None:
        """Of the frames of one commit each lane gets one acknowledgement, the last; poison is told by itself."""
        if ack is None:
            return
        if ack.poison is not None:
            self._publish_ack(sender, ack)
            return
        if not self._acks:
            asyncio.get_running_loop().call_soon(self._publish_acks)
        self._acks[sender, ack.lane] = ack

    def _publish_acks(self) -> None:
        acks, self._acks = self._acks, {}
        for (sender, _), ack in acks.items():
            self._publish_ack(sender, ack)

    async def _hear(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            while not self._words:
                self._word_ready.clear()
                await self._word_ready.wait()
            words = [self._words.popleft() for _ in range(min(BEATS_AT_ONCE, len(self._words)))]
            try:
                await self._heard(words)
                backoff.reset()
            except AWAY as error:
                log.warning("database_away", error=str(error).strip(), words=len(words))
                await asyncio.sleep(backoff.next_s())
            except psycopg.Error as error:  # a fault of ours: each word comes again by itself
                log.error("words_lost", error=str(error).strip(), words=len(words), exc_info=error)

    async def _heard(self, words: list[tuple[Sender, Up, bytes]]) -> None:
        beats: list[tuple[Sender, Beat]] = []
        for sender, door, payload in words:
            try:
                if door == "hello":
                    await self._hello(sender, Hello.model_validate_json(payload))
                elif door == "beat":
                    beats.append((sender, Beat.model_validate_json(payload)))
                else:
                    await self._courier.took(sender, Taken.model_validate_json(payload))
            except (ValidationError, WrongEpoch, psycopg.DataError) as error:
                log.warning("unreadable", sender=sender.name, door=door, error=str(error)[:200])
        if beats:
            for sender in await self._beats(beats):
                self._courier.heard(sender)

    async def _beats(self, beats: list[tuple[Sender, Beat]]) -> list[Sender]:
        """Keep beats together; when PostgreSQL refuses one of them, one at a time, so that the others are kept."""
        try:
            return await self._sessions.beats([(sender, beat, "mqtt") for sender, beat in beats])
        except psycopg.DataError as error:
            if len(beats) == 1:
                log.warning("unreadable", sender=beats[0][0].name, door="beat", error=str(error)[:200])
                return []
        return [sender for beat in beats for sender in await self._beats([beat])]

    async def _hello(self, sender: Sender, hello: Hello) -> None:
        answer = await self._sessions.hello(sender, hello, "mqtt")
        with self._lock:
            self._known[sender] = hello.session
            self._known.move_to_end(sender)
            if len(self._known) > SESSIONS_MAX:
                self._known.popitem(last=False)
        if self._pipe is not None:
            self._pipe.publish(down(sender, "hello"), answer.model_dump_json().encode())
        if not answer.fenced:
            self._courier.met(sender)

    def _publish_ack(self, sender: Sender, ack: Ack | None) -> None:
        pipe = self._pipe
        if ack is not None and pipe is not None:
            pipe.publish(down(sender, "ack"), ack.model_dump_json().encode())

    def _poke(self, site: str) -> None:
        """Somebody wants to know how a site is now: its next beat shall not wait."""
        pipe, sender = self._pipe, self._courier.reached(site)
        if pipe is not None and sender is not None:
            pipe.publish(down(sender, "poke"), b"")

    def _publish_command(self, sender: Sender, command: Numbered) -> bool:
        pipe = self._pipe
        return pipe is not None and pipe.publish(down(sender, "command"), command.model_dump_json().encode())
