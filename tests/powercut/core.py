"""The edge's real core as a program of its own, to be killed: ``python -m tests.powercut.core FOLDER``.

One JSON line in asks for a token, one JSON line out says what became of it. Slips go to FOLDER/paper.jsonl, a line as
soon as the printer has it, as paper cannot be taken back.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.app.bus import Bus
from edge.app.dispatcher import Accepted, Dispatcher, Gap, NotDone
from edge.app.effects import EffectsRunner, Site
from edge.app.ports import DeviceError
from edge.domain import commands
from edge.domain.tickets import Slip
from edge.store.database import Store
from shared.clock import Clock
from shared.stream import Place

PRINT_S = 0.002


class Paper:
    """A printer that is slow enough to be killed in the middle."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def print(self, slip: Slip) -> None:
        await asyncio.sleep(PRINT_S / 2)
        os.write(self._file, json.dumps({"token": slip.token, "repeat": slip.repeat}).encode() + b"\n")
        await asyncio.sleep(PRINT_S / 2)

    async def check(self) -> DeviceError | None:
        return None


async def main(folder: Path) -> None:
    """Serve presses until killed."""
    loop, bus = asyncio.get_running_loop(), Bus()
    store = Store(folder, Clock.life())
    dispatcher = Dispatcher(store, bus, process=True)
    dispatcher.start()
    await dispatcher.submit(commands.OpenDay(command_id="day:2026-11-20", actor="clock", day="2026-11-20"))
    await dispatcher.submit(commands.AddService(command_id="service:A", actor="staff:m", letter="A", name="General"))
    site = Site("Test", ZoneInfo("UTC"), "en", ["en"])
    runner = EffectsRunner(store, dispatcher, bus, site, Paper(folder / "paper.jsonl"), None)
    tasks = {asyncio.create_task(runner.run())}

    async def press(line: bytes) -> None:
        asked = json.loads(line)
        command = commands.IssueToken(command_id=asked["id"], actor=asked["id"].rsplit(":", 2)[0])
        place = Place(asked["stream"], asked["number"]) if "stream" in asked else None
        try:
            outcome = await dispatcher.submit(command, place)
        except NotDone as failure:
            say({"id": asked["id"], "failed": str(failure)})
            return
        assert not isinstance(outcome, Gap), "the boards of this test never skip"
        token = outcome.result["visit"]["token"] if isinstance(outcome, Accepted) else None
        say({"id": asked["id"], "token": token})

    def say(answer: dict[str, object]) -> None:
        os.write(1, json.dumps(answer).encode() + b"\n")  # at once: what is said is said, whatever kills us next

    say({"ready": True})
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        task = asyncio.create_task(press(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
