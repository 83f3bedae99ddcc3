"""The ticket printer: a slip in, paper out, or an error that says what a person can do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from edge.app.ports import Busy, CoverOpen, DeviceError, Offline, PaperOut
from edge.devices import escpos
from edge.devices.transport import Transport
from edge.domain.tickets import Slip

log = structlog.get_logger("edge.printer")

HEARD_MAX = 64
"""Answers kept; a printer that babbles must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the printer may take, in real seconds."""

    open_s: float = 2.0
    """For the line to be there again before a slip is given up for now."""
    answer_s: float = 1.0
    """For an answer about its state."""
    take_s: float = 10.0
    """For taking all bytes of a slip."""
    confirm_s: float = 6.0
    """For confirming, after the last byte, that it has worked them off."""
    settle_s: float = 1.5
    """For a further answer, when an older question was answered first."""
    poll_s: float = 0.3
    """Between two questions while it prints."""
    still_printing_s: float = 30.0
    """For confirming, while it keeps answering that all is well but has not come to the end."""


class EscPosPrinter:
    """`edge.app.ports.Printer` over a transport. One slip at a time; a second caller waits for the first.

    columns: plain characters in a line.  answers: False for a printer whose line back is not connected; it is then
    believed to have printed what it took.
    """

    def __init__(
        self, transport: Transport, *, columns: int = 48, answers: bool = True, waits: Waits | None = None
    ) -> None:
        self.columns = columns
        self.printed = 0
        self.problem: DeviceError | None = None
        """What the last attempt failed with, None after one that worked."""
        self._transport = transport
        self._answers = answers
        self._waits = waits or Waits()
        self._turn = asyncio.Lock()
        self._status = bytearray()
        self._owed = 0
        """Questions in order (GS r) that are not answered yet."""
        self._hearing = asyncio.Event()
        self._late_answers = False
        self._before = escpos.resync(columns)
        """Goes before the next slip. At first: a program that was killed may have left half a picture in the printer."""
        self._tells_end: bool | None = None
        """Whether this printer answers GS r; None until it is known."""
        transport.on_bytes = self._bytes
        transport.on_gone = self._hearing.set

    async def print(self, slip: Slip) -> None:
        """Put `slip` on paper; return when the printer has taken the last byte.

        Raises DeviceError: PaperOut, CoverOpen, Offline, Busy; `begun` says whether bytes may have left.
        """
        async with self._turn:
            try:
                await self._print(slip)
            except DeviceError as problem:
                self.problem = problem
                log.warning(
                    "slip_not_printed", token=slip.token, why=str(problem), code=problem.code, begun=problem.begun
                )
                raise
            self.problem = None
            self.printed += 1

    async def check(self) -> DeviceError | None:
        """Ask the printer how it is; None when it could print now. Waits while a slip is being printed.

        A printer that answers nothing is thought to be as it was with the last slip.
        """
        async with self._turn:
            if not self._answers:
                return self.problem
            try:
                await self._ready()
            except DeviceError as problem:
                self.problem = problem
            else:
                self.problem = None
            return self.problem

    async def warm(self) -> None:
        """Load what the first slip would have to wait for. Call it after start; it takes half a second in a thread."""
        await asyncio.to_thread(escpos.warm)

    async def _print(self, slip: Slip) -> None:
        try:
            job = await asyncio.to_thread(escpos.encode, slip, self.columns)
        except Exception as error:  # whatever a font or a library cannot do costs this slip, never the clinic
            hint = "Install the packages libfribidi0 and fonts-noto-core on the clinic's computer."
            raise DeviceError(f"the slip cannot be made: {error!r}", passing=False, hint=hint) from error
        await self._ready()
        self._transport.write(self._before + job)
        try:
            await self._transport.drained(self._waits.take_s)
            if self._answers:
                await self._confirmed()
        except DeviceError as problem:
            problem.begun = True
            keeps_buffer = isinstance(problem, PaperOut | CoverOpen)  # and will go on where it stopped
            self._before = b"" if keeps_buffer else escpos.recover(self.columns)
            if isinstance(problem, Busy):
                self._transport.reset("the printer stopped taking bytes")
            raise
        self._before = b""

    async def _ready(self) -> None:
        """Return when the printer says that it can print. Raises the DeviceError it is."""
        if not await self._transport.opened(self._waits.open_s):
            raise Offline(f"{self._transport.name} is not there")
        if not self._answers:
            return
        if self._late_answers:  # of the question before: let them pass, or they would be taken for these
            await asyncio.sleep(self._waits.poll_s)
        self._status.clear()
        self._transport.write(escpos.ASK_STATUS)
        self._late_answers = not await self._until(self._answered, self._waits.answer_s)
        if self._late_answers:
            self._transport.reset("no answer about its state")
            raise Offline(f"{self._transport.name} does not answer")
        self._raise_trouble()

    async def _confirmed(self) -> None:
        """Return when everything sent has been worked off, or at least taken by a printer that can say no more.

        GS r is answered when the printer has come to it; DLE EOT at once, and so it tells of trouble on the way. A
        question left over from a slip that ended badly may be answered first, so the answers are counted.
        """
        loop = asyncio.get_running_loop()
        self._transport.write(escpos.ASK_IN_ORDER)
        self._owed += 1
        begun_s = heard_s = loop.time()
        owed, came = self._owed, 0
        while not await self._until(self._worked_off, self._waits.poll_s):
            self._status.clear()
            self._transport.write(escpos.ASK_STATUS)
            answered = await self._until(self._answered, self._waits.answer_s)
            if answered:
                self._raise_trouble()
            if self._owed < owed:
                came, owed, heard_s = came + owed - self._owed, self._owed, loop.time()
            quiet_s = loop.time() - heard_s
            if not answered and quiet_s >= self._waits.confirm_s:
                raise Offline(f"{self._transport.name} fell silent while it printed")
            if answered and self._tells_end is False:
                break
            if answered and came and quiet_s >= self._waits.settle_s:
                break  # it has forgotten the older questions, so this was the one
            if answered and self._tells_end is None and quiet_s >= self._waits.confirm_s:
                break  # it does not know the question
            if loop.time() - begun_s >= self._waits.still_printing_s:
                raise Busy(f"{self._transport.name} did not come to the end of the slip")
        else:
            came += 1
        self._tells_end = came > 0
        if came:
            self._owed = 0

    def _raise_trouble(self) -> None:
        problem = escpos.trouble(bytes(self._status[-len(escpos.ASK) :]))
        if problem is not None:
            raise problem

    async def _until(self, ready: Callable[[], bool], wait_s: float) -> bool:
        """Whether `ready` came true within `wait_s`. Raises Offline when the line is lost first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while not ready() and self._transport.is_open:
                    self._hearing.clear()
                    await self._hearing.wait()
        if not ready() and not self._transport.is_open:
            raise Offline(f"{self._transport.name} went away")
        return ready()

    def _answered(self) -> bool:
        return len(self._status) >= len(escpos.ASK)

    def _worked_off(self) -> bool:
        return self._owed == 0

    def _bytes(self, data: bytes) -> None:
        for byte in data:
            if escpos.is_status(byte) and len(self._status) < HEARD_MAX:
                self._status.append(byte)
            elif escpos.is_in_order(byte) and self._owed:
                self._owed -= 1
        self._hearing.set()
