"""From the moment a dose is due to the first byte at the loudspeaker: the real clock, store, voice and a real socket.

Domain time runs 60 times as fast, so that a dose a minute is one a second; the clock's ticks, commits, speech and the
socket are real, and so are the milliseconds.
"""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.app.bus import Bus
from edge.app.clockwork import Clockwork
from edge.app.dispatcher import Accepted, Dispatcher
from edge.app.dose_calls import DoseCalls
from edge.devices.speaker import open_speaker
from edge.domain.booking_commands import AddPerson, NewPerson
from edge.domain.care_commands import AnswerDose, ApplyPlan
from edge.store.database import Store
from edge.voice.speech import Speech
from shared.clock import Clock
from shared.ids import new_id
from tests.benchmarks.measure import ROUNDS, Result, quantile

FACTOR = 60.0
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
FIRST_MIN = 15
"""Minutes (real seconds) to make people and plans in, before the first dose is due."""
OTHERS = 300
"""People whose doses are due on other days: rows the clock must not stumble over."""
WAIT_S = 60.0


class Loudspeaker:
    """A loudspeaker on the network that notes the domain time of each clip's first byte, and has played it at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.heard: asyncio.Queue[int] = asyncio.Queue()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One clip."""
        first = await reader.readexactly(1)
        self.heard.put_nowait(self._clock.now_ms())
        (length,) = struct.unpack(">I", first + await reader.readexactly(3))
        await reader.readexactly(length)
        writer.write(b"done\n")
        await writer.drain()
        writer.close()


async def run(folder: Path, seconds: float) -> Result:
    """Ten doses for each second a side may take: 40 a round by default."""
    result = Result("a dose is due -> first byte at the loudspeaker")
    rounds = []
    for number in range(ROUNDS):
        place = folder / f"doses-{number}"
        await asyncio.to_thread(place.mkdir, parents=True)
        rounds.append(await _round(place, max(5, round(seconds * 10))))
    result.add("announced late by, p50", "ms", [quantile(late, 0.5) for late in rounds])
    result.add(
        "announced late by, p95", "ms", [quantile(late, 0.95) for late in rounds], "<= 1,000 ms", lambda x: x <= 1_000
    )
    result.add("announced late by, at most", "ms", [max(late) for late in rounds])
    result.remarks.append(
        f"{len(rounds[0])} doses a round, one a second, each with words of its own that are spoken for the first time; "
        f"{OTHERS} people with doses on other days"
    )
    return result


async def _round(folder: Path, doses: int) -> list[float]:
    """How late each was, in real milliseconds."""
    store = Store(folder, Clock.starting_at(START, FACTOR))
    bus = Bus()
    dispatcher = Dispatcher(store, bus, process=True)
    dispatcher.start()
    box = Loudspeaker(store.clock)
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    speaker = open_speaker(f"tcp://127.0.0.1:{port}", Speech(folder / "clips").clip)
    calls = DoseCalls(store, dispatcher, bus, speaker, None, "en")
    clockwork = Clockwork(store, dispatcher, ZoneInfo("UTC"), alone=True)
    try:
        people = await _people(dispatcher, doses)
        clockwork.start()
        telling = asyncio.create_task(calls.run())
        first_ms = round(START.timestamp() * 1000) + FIRST_MIN * 60_000
        assert store.clock.now_ms() < first_ms, "the plans were not made in time"
        late = []
        for number, person_id in enumerate(people):
            async with asyncio.timeout(WAIT_S):
                heard_ms = await box.heard.get()
            late.append((heard_ms - first_ms - number * 60_000) / FACTOR)
            taken = AnswerDose(command_id=f"took:{number}", actor="bench", act="taken", source="button", at_ms=heard_ms,
                               person_id=person_id)  # fmt: skip
            assert isinstance(await dispatcher.submit(taken), Accepted)
        clockwork.stop()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        return late
    finally:
        server.close()
        clockwork.close()
        calls.close()
        await dispatcher.stop()
        store.close()


async def _people(dispatcher: Dispatcher, doses: int) -> list[str]:
    """Each with one dose: a minute after the one before; the others with doses of the days to come."""
    made = []
    for number in range(doses + OTHERS):
        person_id, due = new_id(), FIRST_MIN + number
        today = number < doses
        time = f"{6 + due // 60:02}:{due % 60:02}" if today else "23:59"
        person = NewPerson(f"Person {number}", f"+1555{number:04}")
        plan = {"start": "2026-11-20" if today else "2026-11-21", "timezone": "UTC", "items": [{
            "id": "m", "medication": "Metformin", "unit": "tablet", "dose": 1, "timing": {"times_of_day": [time]},
        }]}  # fmt: skip
        for command in (
            AddPerson(command_id=f"p:{number}", actor="bench", person_id=person_id, person=person),
            ApplyPlan(
                command_id=f"a:{number}", actor="bench", plan_id=new_id(), person_id=person_id, revision=1, plan=plan
            ),
        ):
            outcome = await dispatcher.submit(command)
            assert isinstance(outcome, Accepted), outcome
        made.append(person_id)
    return made[:doses]
