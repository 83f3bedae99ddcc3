"""The feed with a thousand who watch: from a commit to the last of them, whole states and changes, and what it weighs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from edge.web import door
from shared.clock import transport_s
from tests.benchmarks.edge import Edge, edge
from tests.benchmarks.live_clients import Heard, Watch, watching
from tests.benchmarks.measure import ROUNDS, Result, quantile

WATCHERS, WATCHERS_FEW = 1_000, 100
DOCTORS, REGISTERED, SEEN = 8, 200, 0.7
"""What a day holds before the first token is drawn: a busy morning, most of whose patients have been seen."""
PACED_PER_S, BUSY_PER_S = 2, 20
"""A clinic of this size has an arrival or a call every few seconds."""
BUSY_WRITERS = 4
SETTLE_S = 3.0
LIMIT_MS = 250.0
SERVICES = json.dumps([{"letter": "A", "name": "General"}, {"letter": "Z", "name": "Bench"}])


@dataclass
class Side:
    """What one crowd heard: latencies in ms, bytes of a message, messages a second."""

    paced: list[float]
    busy: list[float]
    bytes_each: float
    per_s: float
    first_bytes: int


async def run(folder: Path, seconds: float) -> Result:
    """`seconds` below 2 measure with fewer watchers."""
    watchers = WATCHERS if seconds >= 2 else WATCHERS_FEW
    result = Result(
        f"live feed: commit -> received by {watchers:,} subscribers ({REGISTERED} visits, {1 - SEEN:.0%} of them here)"
    )
    crowds = (("whole",), ("delta",), ("socketio",), ("delta", "socketio"))
    found: dict[tuple[str, ...], list[dict[str, Side]]] = {kinds: [] for kinds in crowds}
    phones: list[float] = []
    rss: list[float] = []
    for number in range(ROUNDS):
        for kinds in crowds if number % 2 == 0 else reversed(crowds):
            home = folder / f"live-{number}-{'-'.join(kinds)}"
            async with Clinic(home, watchers) as clinic:
                found[kinds].append(await clinic.measure(kinds, watchers, seconds))
                if len(kinds) > 1:
                    rss.append(clinic.program.memory_mb()[0])
        async with Clinic(folder / f"phones-{number}", watchers) as clinic:
            phones.append(await clinic.phones(watchers))
    names = {"whole": "WebSocket, whole", "delta": "WebSocket, delta", "socketio": "Socket.IO, queue_updated"}
    for (kind,) in crowds[:3]:
        sides = [sides[kind] for sides in found[kind,]]
        _add(result, names[kind], sides)
    both = [list(sides.values()) for sides in found[crowds[3]]]
    p95 = [max(quantile(side.paced, 0.95) for side in sides) for sides in both]
    result.add(f"both, {2 * watchers:,} at once, p95", "ms", p95, f"<= {LIMIT_MS:.0f} ms", lambda x: x <= LIMIT_MS)
    result.add(
        f"both, {BUSY_PER_S} commits/s, p95", "ms", [max(quantile(s.busy, 0.95) for s in sides) for sides in both]
    )
    result.add("both, messages received", "/s", [sum(side.per_s for side in sides) for sides in both])
    result.add(f"program with {2 * watchers:,} connections (RSS)", "MB", rss)
    result.add("phones: a call -> every phone in the queue, last one", "ms", phones)
    for count in (50, 300):
        async with Clinic(folder / f"size-{count}", 10, registered=count) as clinic:
            whole = await clinic.measure(("whole",), 10, 1.0)
        async with Clinic(folder / f"change-{count}", 10, registered=count) as clinic:
            change = await clinic.measure(("delta",), 10, 1.0)
        result.add(f"bytes of an arrival, {count} visits: whole", "B", [whole["whole"].bytes_each])
        result.add(f"bytes of an arrival, {count} visits: delta", "B", [change["delta"].bytes_each])
    result.remarks.append(
        f"paced: {PACED_PER_S} arrivals/s; busy: {BUSY_PER_S} arrivals/s from {BUSY_WRITERS} writers, told in rounds of 0.1 s; "
        "subscribers, writers and the clinic share this machine's cores"
    )
    return result


def _add(result: Result, name: str, sides: Sequence[Side]) -> None:
    result.add(f"{name}, p50", "ms", [quantile(side.paced, 0.5) for side in sides])
    p95 = [quantile(side.paced, 0.95) for side in sides]
    result.add(f"{name}, p95", "ms", p95, f"<= {LIMIT_MS:.0f} ms", lambda x: x <= LIMIT_MS)
    result.add(f"{name}, busy, p95", "ms", [quantile(side.busy, 0.95) for side in sides])
    result.add(f"{name}, bytes a message", "B", [side.bytes_each for side in sides])
    result.add(f"{name}, messages received", "/s", [side.per_s for side in sides])


class Clinic:
    """A clinic with a busy morning behind it; tokens of service Z are what is timed."""

    def __init__(self, folder: Path, watchers: int, registered: int = REGISTERED) -> None:
        self._folder, self._registered = folder, registered
        self._limits = {
            "live_per_address": 3 * watchers, "live_max": 3 * watchers, "subscriptions_per_account": 3 * watchers,
            "services": SERVICES,
        }  # fmt: skip
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Clinic:
        enter = self._stack.enter_async_context
        self.program: Edge = await enter(edge(self._folder, **self._limits))
        found = door.find(self._folder)
        assert found is not None
        self.key = found.key
        headers = {"Authorization": f"Bearer {found.key}"}
        self._http = await enter(httpx.AsyncClient(base_url=found.url, trust_env=False, headers=headers, timeout=30))
        self.date = (await self._http.get("/")).json()["time"][:10]
        for number in range(DOCTORS):
            said = {"name": f"Dr. {number}", "service": "A", "room": f"Room {number}"}
            (await self._http.post("/api/doctors", json=said)).raise_for_status()
        visits = [await self._register(number) for number in range(self._registered)]
        doctors = (await self._http.get("/api/doctors")).json()
        each = round(self._registered * SEEN / DOCTORS)
        await asyncio.gather(*(self._see(doctor["uuid"], each) for doctor in doctors))
        waiting = {visit["uuid"] for visit in (await self._http.get("/api/patients/queue")).json()["queue"]}
        self.tracking = [visit["tracking_token"] for visit in visits if visit["uuid"] in waiting]
        return self

    async def _see(self, doctor_id: str, patients: int) -> None:
        """A doctor sees patients, one after another."""
        for _ in range(patients):
            called = (await self._http.post(f"/api/v1/doctors/{doctor_id}/call-next")).raise_for_status().json()
            for act in ("start", "complete"):
                (await self._http.post(f"/api/v1/visits/{called['visit']['id']}/{act}")).raise_for_status()

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def _register(self, number: int) -> dict[str, str]:
        said = {"name": f"Patient {number}", "phone": f"555{number:05}", "service": "A"}
        answer = (await self._http.post("/api/patients/register", json=said)).raise_for_status()
        visit: dict[str, str] = answer.json()
        return visit

    async def measure(self, kinds: tuple[str, ...], watchers: int, seconds: float) -> dict[str, Side]:
        """Arrivals one by one, then many at once, with these crowds watching."""
        async with AsyncExitStack() as stack:
            crowds = [
                await stack.enter_async_context(watching(Watch(self.program.port, kind, watchers, self.key, self.date)))
                for kind in kinds
            ]
            committed: dict[int, float] = {}
            for _ in range(max(4, round(seconds * PACED_PER_S))):
                began_s = transport_s()
                await self._arrival(committed)
                await asyncio.sleep(max(0.0, 1 / PACED_PER_S - (transport_s() - began_s)))
            paced = max(committed)
            began_s = transport_s()
            await asyncio.gather(*(self._arrivals(committed, began_s + seconds) for _ in range(BUSY_WRITERS)))
            await asyncio.sleep(SETTLE_S)
            took_s = transport_s() - began_s + paced / PACED_PER_S - SETTLE_S
            heard = [await crowd.end() for crowd in crowds]
        return {
            kind: self._side(one, committed, paced, took_s, watchers) for kind, one in zip(kinds, heard, strict=True)
        }

    def _side(self, heard: Heard, committed: dict[int, float], paced: int, took_s: float, watchers: int) -> Side:
        missed = {number: watchers - len(heard.seen.get(number, ())) for number in committed}
        if heard.lost or any(missed.values()):
            raise RuntimeError(
                f"{heard.lost} watchers were lost, {max(missed.values())} did not hear everything in time"
            )
        late = {n: [1000 * (at_s - done_s) for at_s in heard.seen[n]] for n, done_s in committed.items()}
        return Side(
            [each for number, those in late.items() if number <= paced for each in those],
            [each for number, those in late.items() if number > paced for each in those],
            heard.bytes / heard.messages, heard.messages / took_s, heard.first_bytes,
        )  # fmt: skip

    async def _arrivals(self, committed: dict[int, float], until_s: float) -> None:
        while (began_s := transport_s()) < until_s:
            await self._arrival(committed)
            await asyncio.sleep(max(0.0, BUSY_WRITERS / BUSY_PER_S - (transport_s() - began_s)))

    async def _arrival(self, committed: dict[int, float]) -> None:
        """Somebody draws a token; noted is when the answer came, which is just after the commit."""
        answer = await self._http.post("/api/v1/visits", json={"service": "Z"})
        done_s = transport_s()
        token = answer.raise_for_status().json()["visit"]["token_number"]
        committed[int(token.removeprefix("Z-"))] = done_s

    async def phones(self, watchers: int) -> float:
        """A doctor calls; ms until every phone that follows somebody in that queue has heard of it."""
        watch = Watch(self.program.port, "phones", watchers, self.key, self.date, tokens=list(self.tracking))
        async with watching(watch) as crowd:
            doctors = (await self._http.get("/api/doctors")).json()
            await asyncio.sleep(SETTLE_S)
            (await self._http.post(f"/api/v1/doctors/{doctors[0]['uuid']}/call-next")).raise_for_status()
            done_s = transport_s()
            await asyncio.sleep(SETTLE_S)
            heard = await crowd.end()
        if not heard.seen:
            raise RuntimeError("no phone heard of the call")
        return 1000 * (max(heard.seen[0]) - done_s)
