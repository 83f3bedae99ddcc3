"""From the press to the first byte of the slip: real serial bytes over two pseudo-terminals, the real program between."""

from __future__ import annotations

import asyncio
import json
import os
import tty
from pathlib import Path

from shared import frames
from shared.clock import transport_s
from shared.frames import FrameDecoder
from shared.stream import new_stream
from tests.benchmarks.edge import edge, first_token
from tests.benchmarks.measure import ROUNDS, Result, quantile

PRESSES = 100
WAIT_S = 20.0
RESEND_S = 0.25
QUIET_S = 0.03
"""A slip is over when the printer's line has been quiet so long."""
ANSWERS = {b"\x10\x04\x01": b"\x12", b"\x10\x04\x02": b"\x12", b"\x10\x04\x04": b"\x12", b"\x1dr\x01": b"\x00"}
"""What a printer that is well answers to the questions the driver asks."""


class Line:
    """Our end of a pseudo-terminal; the program opens the other."""

    def __init__(self) -> None:
        self.ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self.ours, False)
        self.path = os.ttyname(self._theirs)

    def close(self) -> None:
        """Pull the cable."""
        os.close(self.ours)
        os.close(self._theirs)


class Printer:
    """Takes bytes at once and answers as a printer does: to each status request, and to GS r at the end of a slip."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.first_s: float | None = None
        self.last_s = 0.0
        self.bytes = 0
        self._rest = b""
        asyncio.get_running_loop().add_reader(line.ours, self._read)

    def _read(self) -> None:
        data, now = self._rest + os.read(self._line.ours, 65536), transport_s()
        for asked, answer in ANSWERS.items():
            many = data.count(asked)
            data = data.replace(asked, b"")
            if many:
                os.write(self._line.ours, answer * many)
        cut = next((at for at in (2, 1) if any(asked.startswith(data[-at:]) for asked in ANSWERS)), 0) if data else 0
        data, self._rest = data[: len(data) - cut], data[len(data) - cut :]
        if data:
            self.first_s = self.first_s or now
            self.last_s = now
            self.bytes += len(data)

    async def quiet(self) -> float:
        """Wait until a slip has come and is over; gives the moment of its first byte."""
        while self.first_s is None or transport_s() - self.last_s < QUIET_S:
            await asyncio.sleep(0.002)
        return self.first_s


async def run(folder: Path, seconds: float) -> Result:
    """Presses one after another, each when the slip before is out."""
    result = Result("press -> first byte of the slip (pseudo-terminals)")
    p50, p95, sizes = [], [], []
    for number in range(ROUNDS):
        took, size = await _round(folder / f"press-{number}", PRESSES if seconds >= 2 else PRESSES // 5)
        p50.append(quantile(took, 0.5))
        p95.append(quantile(took, 0.95))
        sizes.append(size)
    result.add("p50", "ms", p50)
    result.add("p95", "ms", p95, "<= 15 ms", lambda x: x <= 15)
    result.add("bytes of a Latin slip", "B", sizes, "<= 6,144 B", lambda x: x <= 6144)
    return result


async def _round(folder: Path, presses: int) -> tuple[list[float], float]:
    board, paper = Line(), Line()
    boards = json.dumps([{"id": "b1", "port": board.path, "buttons": {"1": "A"}}])
    loop = asyncio.get_running_loop()
    try:
        async with edge(folder, boards=boards, printer=json.dumps({"port": paper.path})) as program:
            printer, stream, decoder = Printer(paper), new_stream(), FrameDecoder()
            acked = [0]

            def heard() -> None:
                acked[0] = max(
                    [acked[0], *(m.upto for m in decoder.feed(os.read(board.ours, 4096)) if isinstance(m, frames.Ack))]
                )

            loop.add_reader(board.ours, heard)
            await first_token(program.port, program.headers)  # the day is open
            async with asyncio.timeout(WAIT_S):
                await printer.quiet()
            took: list[float] = []
            for number in range(1, presses + 2):
                printer.first_s = None
                pressed_s = again_s = transport_s()
                os.write(board.ours, frames.encode(frames.Press(stream, number, 1, 0)))
                async with asyncio.timeout(WAIT_S):
                    while acked[0] < number:
                        if transport_s() - again_s > RESEND_S:
                            again_s = transport_s()
                            os.write(board.ours, frames.encode(frames.Press(stream, number, 1, 0)))
                        await asyncio.sleep(0.001)
                    took.append((await printer.quiet() - pressed_s) * 1000)
            loop.remove_reader(board.ours)
            loop.remove_reader(paper.ours)
            return took[1:], printer.bytes / (presses + 1)  # the first one opens the lines
    finally:
        board.close()
        paper.close()
