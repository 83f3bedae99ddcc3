"""A board with buttons: frames in, commands handed over, acknowledgements out, in that order and never before.

The board sends its oldest press until it is acknowledged, so nothing here is kept: what is not on disk is not
acknowledged, and comes again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from edge.app.dispatcher import Gap, NotDone, Outcome, Refused
from edge.app.ports import DeviceError
from edge.devices.transport import Transport
from edge.domain.commands import Command, IssueToken
from shared.frames import Ack, FrameDecoder, Hello, Press, encode
from shared.stream import Place

IN_HAND_MAX = 16
"""Presses taken from the line and not answered yet; one more is left to the board, which sends it again."""
NO_SERVICE = "?"
"""Letter of no service: a button nobody configured is refused by the domain, and so acknowledged like any other."""

log = structlog.get_logger("edge.board")


class Submit(Protocol):
    """What a board needs of the dispatcher."""

    async def submit(self, command: Command, place: Place | None = None) -> Outcome:
        """Carry out a command; the result is on disk when it returns. Raises NotDone when nothing was kept."""


@dataclass(slots=True)
class Counts:
    """What a board did since the program started. `again`: presses that came while they were already in hand."""

    accepted: int = 0
    refused: int = 0
    gaps: int = 0
    not_done: int = 0
    again: int = 0
    left: int = 0
    unsent_acks: int = 0


class ButtonBoard:
    """Drives one board. `run` carries its presses until cancelled; the transport runs beside it.

    buttons: service letter by button number.
    """

    def __init__(self, board: str, transport: Transport, dispatcher: Submit, buttons: Mapping[int, str]) -> None:
        self.board = board
        self.counts = Counts()
        self.hello: Hello | None = None
        self.stream: str | None = None
        self._transport = transport
        self._dispatcher = dispatcher
        self._buttons = dict(buttons)
        self._decoder = FrameDecoder()
        self._in_hand: list[Press] = []
        self._come = asyncio.Event()
        transport.on_bytes = self._bytes
        transport.on_gone = self._gone

    @property
    def noise(self) -> int:
        """Pieces of the line that were no frame."""
        return self._decoder.noise

    async def run(self) -> None:
        """Answer presses in the order they came."""
        while True:
            await self._come.wait()
            self._come.clear()
            while self._in_hand:
                await self._answer(self._in_hand[0])
                del self._in_hand[:1]

    def _bytes(self, data: bytes) -> None:
        for message in self._decoder.feed(data):
            match message:
                case Hello():
                    self._greeted(message)
                case Press():
                    self._pressed(message)
                case _:
                    log.warning("board_sent_what_only_the_edge_sends", board=self.board, message=str(message))

    def _greeted(self, hello: Hello) -> None:
        if hello != self.hello:
            log.info(
                "board_says_hello", board=self.board, name=hello.board, stream=hello.stream, firmware=hello.firmware
            )
        self.hello = hello
        self._noted(hello.stream)

    def _noted(self, stream: str) -> None:
        if stream != self.stream:
            log.info("board_begins_a_stream", board=self.board, stream=stream, before=self.stream)
            self.stream = stream

    def _pressed(self, press: Press) -> None:
        self._noted(press.stream)
        if any((p.stream, p.number) == (press.stream, press.number) for p in self._in_hand):
            self.counts.again += 1
        elif len(self._in_hand) >= IN_HAND_MAX:
            self.counts.left += 1
        else:
            self._in_hand.append(press)
            self._come.set()

    async def _answer(self, press: Press) -> None:
        actor = f"board:{self.board}"
        command = IssueToken(
            command_id=f"{actor}:{press.stream}:{press.number}",
            actor=actor,
            service=self._buttons.get(press.button, NO_SERVICE),
        )
        try:
            outcome = await self._dispatcher.submit(command, Place(press.stream, press.number))
        except NotDone as reason:  # nothing was kept, so nothing is acknowledged: the board sends it again
            self.counts.not_done += 1
            log.warning("press_not_done", board=self.board, number=press.number, why=str(reason), hint=reason.hint)
            return
        if isinstance(outcome, Gap):
            self.counts.gaps += 1
            self._acknowledge(Ack(press.stream, outcome.upto, refused=False))
            return
        refused = isinstance(outcome, Refused)
        if isinstance(outcome, Refused):
            self.counts.refused += 1
            log.info("press_refused", board=self.board, number=press.number, button=press.button, code=outcome.code)
        else:
            self.counts.accepted += 1
        self._acknowledge(Ack(press.stream, press.number, refused))

    def _acknowledge(self, ack: Ack) -> None:
        try:
            self._transport.write(encode(ack))
        except DeviceError:  # the cable is out: the press is on disk, and when it comes again it is acknowledged
            self.counts.unsent_acks += 1

    def _gone(self) -> None:
        """What was half read belongs to the old connection."""
        noise = self._decoder.noise
        self._decoder = FrameDecoder()
        self._decoder.noise = noise
