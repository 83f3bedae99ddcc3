"""JSON messages over a serial line that loses, doubles and damages bytes: cut into parts, each answered, put together.

Pure state machines on both ends: bytes and a millisecond counter in, bytes and messages out. This carries messages as a
datagram service would: one that arrives is whole and arrives once, in order, but a message may be given up (a device
without power). Whoever needs to know that something was *kept* waits for the answer one layer up, and sends again.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from shared import frames
from shared.frames import PART_BYTES, FrameDecoder, Got, Part

MESSAGE_BYTES_MAX: Final = 128 * 1024
"""Largest message: 14 days of 40 doses a day, or a spoken announcement of about 10 s."""
PARTS_MAX: Final = -(-MESSAGE_BYTES_MAX // PART_BYTES)
WAITING_MAX: Final = 32
"""Messages that wait to be sent; one more is refused."""
WINDOW: Final = 8
"""Parts under way at a time."""
RESEND_MS: Final = (150, 2_500)
"""Least and greatest time after which a part is sent again: twice what an answer takes on this line, and doubled while nothing
comes through."""
GIVE_UP_MS: Final = 60_000
"""A message of which no part was answered for so long is given up: nobody is there."""
REMEMBERED: Final = 16
"""Whole messages whose parts, coming again, are answered and not put together anew."""


@dataclass(slots=True)
class _Sending:
    number: int
    parts: list[bytes]
    since_ms: int
    sent_ms: dict[int, int] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)


class Sender:
    """One message after another. given_up: how many were."""

    def __init__(self, first_number: int | None = None) -> None:
        self._number = random.getrandbits(31) if first_number is None else first_number
        self._waiting: deque[bytes] = deque()
        self._now: _Sending | None = None
        self._wait_ms = RESEND_MS[0]
        self.given_up = 0

    @property
    def waiting(self) -> int:
        """Messages not yet taken by the other end."""
        return len(self._waiting) + (self._now is not None)

    def offer(self, message: bytes) -> bool:
        """Put a message behind the others. False: too many wait. Raises ValueError for one that is too large or empty."""
        if not 0 < len(message) <= MESSAGE_BYTES_MAX:
            raise ValueError(f"a message has 1 to {MESSAGE_BYTES_MAX} bytes, not {len(message)}")
        if self.waiting >= WAITING_MAX:
            return False
        self._waiting.append(message)
        return True

    def clear(self) -> None:
        """Forget everything: the line was lost."""
        self._waiting.clear()
        self._now = None

    def got(self, answer: Got, at_ms: int) -> None:
        """A part is at the other end."""
        now = self._now
        if now is None or answer.number != now.number or answer.index not in now.sent_ms:
            return
        if answer.index not in now.again:  # which sending of a repeated one is answered nobody can tell
            self._wait_ms = min(max(2 * (at_ms - now.sent_ms[answer.index]), RESEND_MS[0]), RESEND_MS[1])
        now.done.add(answer.index)
        now.since_ms = at_ms

    def tick(self, at_ms: int) -> bytes:
        """What to send now, perhaps nothing."""
        if self._now is not None and len(self._now.done) == len(self._now.parts):
            self._now = None
        if self._now is not None and at_ms - self._now.since_ms >= GIVE_UP_MS:
            self._now = None
            self.given_up += 1
        if self._now is None:
            if not self._waiting:
                return b""
            message = self._waiting.popleft()
            parts = [message[i : i + PART_BYTES] for i in range(0, len(message), PART_BYTES)]
            self._number = (self._number + 1) % 2**32
            self._now = _Sending(self._number, parts, at_ms)
        return self._parts(self._now, at_ms)

    def _parts(self, now: _Sending, at_ms: int) -> bytes:
        out = b""
        under_way = 0
        lost = False
        for index in range(len(now.parts)):
            if index in now.done:
                continue
            under_way += 1
            if under_way > WINDOW:
                break
            sent_ms = now.sent_ms.get(index)
            if sent_ms is not None and at_ms - sent_ms < self._wait_ms:
                continue
            if sent_ms is not None:
                now.again.add(index)
                lost = lost or at_ms - now.since_ms >= self._wait_ms  # nothing came through: a slow line, not a bad one
            now.sent_ms[index] = at_ms
            out += frames.encode(Part(now.number, index, len(now.parts), now.parts[index]))
        if lost:
            self._wait_ms = min(2 * self._wait_ms, RESEND_MS[1])
        return out


class Receiver:
    """Puts one message together at a time; another number begins anew."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._count = 0
        self._parts: dict[int, bytes] = {}
        self._whole: deque[int] = deque(maxlen=REMEMBERED)

    def take(self, part: Part) -> tuple[Got | None, bytes | None]:
        """The answer to a part, None for one that is none of ours; and the message, where this part made it whole."""
        if not (0 < part.count <= PARTS_MAX and part.index < part.count and 0 < len(part.data) <= PART_BYTES):
            return None, None
        answer = Got(part.number, part.index)
        if part.number in self._whole:
            return answer, None
        if part.number != self._number or part.count != self._count:
            self._number, self._count, self._parts = part.number, part.count, {}
        self._parts[part.index] = part.data
        if len(self._parts) < self._count:
            return answer, None
        message = b"".join(self._parts[index] for index in range(self._count))
        self._whole.append(part.number)
        self._number, self._parts = None, {}
        return answer, message


class JsonLine:
    """Both directions of one end of a serial line, for messages that are JSON objects. noise: pieces that were none."""

    def __init__(self) -> None:
        self.sender = Sender()
        self._receiver = Receiver()
        self._decoder = FrameDecoder()
        self._answers = bytearray()
        self._bad = 0

    @property
    def noise(self) -> int:
        """What came and was no message of this line."""
        return self._decoder.noise + self._bad

    def send(self, message: dict[str, Any]) -> bool:
        """Put a message behind the others; False when too many wait. Raises ValueError for one that is too large."""
        return self.sender.offer(orjson.dumps(message))

    def feed(self, data: bytes, at_ms: int) -> list[dict[str, Any]]:
        """Bytes of the line; the messages that became whole, in order."""
        messages = []
        for frame in self._decoder.feed(data):
            if isinstance(frame, Got):
                self.sender.got(frame, at_ms)
            elif isinstance(frame, Part):
                answer, whole = self._receiver.take(frame)
                if answer is not None:
                    self._answers += frames.encode(answer)
                if whole is not None and (message := _object(whole)) is not None:
                    messages.append(message)
                elif whole is not None or answer is None:
                    self._bad += 1
            else:
                self._bad += 1
        return messages

    def tick(self, at_ms: int) -> bytes:
        """What to send now; call it after `feed`, and every few milliseconds."""
        out = bytes(self._answers) + self.sender.tick(at_ms)
        self._answers.clear()
        return out

    def lost(self) -> None:
        """The line was lost: nothing of what was under way will arrive."""
        self.sender.clear()
        self._receiver = Receiver()
        noise, self._decoder = self._decoder.noise, FrameDecoder()
        self._decoder.noise = noise
        self._answers.clear()


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
