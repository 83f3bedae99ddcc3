"""Tokens and calls over HTTP in a clinic with 1,000 and with 1,000,000 old visits: years must cost nothing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx

from edge.store.database import FILE, Store
from edge.web import door
from shared.clock import Clock, transport_s
from shared.ids import new_id
from tests.benchmarks.edge import LETTERS, edge
from tests.benchmarks.load import Order, load
from tests.benchmarks.measure import ROUNDS, Result, ratios

FEW, MANY = 1_000, 1_000_000
CLIENTS = 16
DAY_VISITS = 400
WAITING = 50
OLD_VISITS = """
insert into visits(number, id, version, token, service, day, status, urgency, is_emergency, category, doctor_id, room,
  created_at, arrived_at, called_at, started_at, ended_at, recalls)
with recursive n(i) as (select 1 union all select i + 1 from n where i < :many)
select i, printf('%08x-0000-7000-8000-%012x', i, i), 4, printf('A-%03d', i % :day + 1), 'A',
  date(1420070400 + (i / :day) * 86400, 'unixepoch'),
  case i % 20 when 0 then 'no_show' when 1 then 'cancelled' else 'completed' end,
  5, 0, 'WALKIN', 'd' || (i % 16), 'Room 1', at, at, at + 1200000, at + 1260000, at + 2160000, 0
from (select i, (1420070400 + (i / :day) * 86400 + 28800 + i % :day * 60) * 1000 as at from n)
"""
OLD_INTERVALS = """
insert into visit_intervals(visit, version, status, from_ms, actor, cause, reason)
select number, v, case v when 1 then 'waiting' when 2 then 'called' when 3 then 'in_consultation' else status end,
  arrived_at + v * 60000, 'staff:s', 'c' || number || v, ''
from visits, (select 1 as v union all select 2 union all select 3 union all select 4)
"""


async def run(folder: Path, seconds: float) -> Result:
    """The two clinics side by side in each round."""
    result = Result(f"a clinic with {FEW:,} and with {MANY:,} old visits (16 clients)")
    homes = {many: folder / f"history-{many}" for many in (FEW, MANY)}
    for many, home in homes.items():
        await asyncio.to_thread(_with_history, home, many)
    issued: dict[int, list[float]] = {FEW: [], MANY: []}
    called: dict[int, list[float]] = {FEW: [], MANY: []}
    p95: dict[int, list[float]] = {FEW: [], MANY: []}
    for number in range(ROUNDS):
        for many in (FEW, MANY) if number % 2 == 0 else (MANY, FEW):
            home = folder / f"history-{many}-{number}"
            await asyncio.to_thread(shutil.copytree, homes[many], home)
            async with edge(home) as program:
                rate, slowest_ms = await _calls(door.find(home), seconds)
                order = Order(program.port, "POST", "/api/v1/visits", program.headers, LETTERS, CLIENTS, seconds)
                issued[many].append((await load(order)).per_s)
                called[many].append(rate)
                p95[many].append(slowest_ms)
            await asyncio.to_thread(shutil.rmtree, home)
    result.add(f"token, {FEW:,} old visits", "/s", issued[FEW])
    result.add(f"token, {MANY:,} old visits", "/s", issued[MANY])
    result.add("token: years cost", "", ratios(issued[FEW], issued[MANY]), "<= 1.1", lambda x: x <= 1.1)
    result.add(f"call next, {FEW:,} old visits", "/s", called[FEW])
    result.add(f"call next, {MANY:,} old visits", "/s", called[MANY])
    result.add("call next: years cost", "", ratios(called[FEW], called[MANY]), "<= 1.1", lambda x: x <= 1.1)
    result.add(f"call next, {MANY:,} old visits, p95", "ms", p95[MANY])
    return result


def _with_history(home: Path, many: int) -> None:
    """A store of a clinic that has been open for years."""
    Store(home, Clock.life()).close()
    with closing(sqlite3.connect(home / FILE)) as conn:
        conn.execute("pragma synchronous = off")
        with conn:
            conn.execute(OLD_VISITS, {"many": many, "day": DAY_VISITS})
            conn.execute(OLD_INTERVALS)
            conn.execute("update numbers set value = ? where name = 'visit'", (many,))
        conn.execute("pragma wal_checkpoint(truncate)")


async def _calls(found: door.Door | None, seconds: float) -> tuple[float, float]:
    """(calls a second, p95 in ms) of 16 doctors who call, start and complete one after another, 50 waiting each."""
    assert found is not None
    took_ms: list[float] = []
    headers = {"Authorization": f"Bearer {found.key}"}
    async with httpx.AsyncClient(base_url=found.url, trust_env=False, headers=headers, timeout=30) as http:
        doctors = [new_id() for _ in range(CLIENTS)]
        for number, _ in enumerate(doctors):
            body = {"name": f"Dr. {number}", "service": LETTERS[number]}
            doctors[number] = (await http.post("/api/doctors", json=body)).raise_for_status().json()["uuid"]
            for _ in range(WAITING):
                (await http.post("/api/v1/visits", json={"service": LETTERS[number]})).raise_for_status()
        until_s = transport_s() + seconds

        async def doctor(doctor_id: str, letter: str) -> None:
            while transport_s() < until_s:
                began_s = transport_s()
                answer = await http.post(f"/api/v1/doctors/{doctor_id}/call-next")
                took_ms.append((transport_s() - began_s) * 1000)
                if answer.status_code == httpx.codes.CONFLICT:  # everybody was seen: some more come
                    took_ms.pop()
                    (await http.post("/api/v1/visits", json={"service": letter})).raise_for_status()
                    continue
                visit = answer.raise_for_status().json()["visit"]["id"]
                for act in ("start", "complete"):
                    (await http.post(f"/api/v1/visits/{visit}/{act}")).raise_for_status()

        async with asyncio.TaskGroup() as group:
            for number, doctor_id in enumerate(doctors):
                group.create_task(doctor(doctor_id, LETTERS[number]))
    took_ms.sort()
    return len(took_ms) / seconds, took_ms[int(0.95 * len(took_ms))]
