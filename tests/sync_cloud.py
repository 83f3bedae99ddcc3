"""A cloud's sync doors alone, in this process: ingest, mailbox, MQTT worker and an HTTPS-shaped server on loopback."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from cloud.accounts.authority import Authority
from cloud.accounts.claims import Claims
from cloud.accounts.guards import Guards
from cloud.db.pool import Pool, open_pool
from cloud.ingest import http as ingest_http
from cloud.ingest.intake import Intake
from cloud.ingest.mqtt import Broker as BrokerLink
from cloud.ingest.mqtt import MqttDoor
from cloud.ingest.service import Ingest
from cloud.ingest.session import Sessions
from cloud.mailbox import http as mailbox_http
from cloud.mailbox.service import Mailbox
from cloud.mailbox.watch import Watch
from deploy.demo.ports import free_port
from shared.clock import Clock
from shared.http import Hardened, add_routes
from shared.problems import install
from tests import quick as quick
from tests.broker import WORKER, Broker


@dataclass
class Cloud:
    """What a test needs of a running cloud."""

    pool: Pool
    clock: Clock
    ingest: Ingest
    intake: Intake
    sessions: Sessions
    mailbox: Mailbox
    door: MqttDoor | None
    url: str
    claims: Claims
    stop: Callable[[], Awaitable[None]]
    """End it before its block does."""

    async def value(self, query: str, *values: object) -> object:
        """The first column of the first row."""
        async with self.pool.transaction() as conn:
            row = await (await conn.execute(query.encode(), values)).fetchone()
        return row[0] if row else None

    async def new_code(self, site: str) -> str:
        """A claim code for a site, which is made when it is not there."""
        async with self.pool.transaction() as conn:
            await conn.execute("insert into sites values (%s, %s, 0) on conflict do nothing", (site, site.title()))
        return (await self.claims.make_code(site, "test"))[0]


@asynccontextmanager
async def running_cloud(
    pg_uri: str, broker: Broker | None, port: int = 0, told: tuple[str, int] | None = None
) -> AsyncIterator[Cloud]:
    """A cloud that serves until the block ends. `told`: the broker address told to clinics, where it is a proxy."""
    clock = Clock.life()
    pool = await open_pool(pg_uri)
    mailbox, watch = Mailbox(clock), Watch(pool)
    ingest = Ingest(pool, clock)
    intake = Intake(ingest)
    sessions = Sessions(pool, mailbox, clock)
    with tempfile.TemporaryDirectory() as folder:
        authority = broker.authority if broker else Authority.open(Path(folder))

        async def on_revoked(crl_pem: str) -> None:
            if broker is not None:
                from cloud.accounts import mosquitto

                mosquitto.revoke(broker.files, crl_pem, broker.process.pid if broker.process else None)

        address = told or ((broker.host, broker.port) if broker else None)
        claims = Claims(pool, authority, b"k" * 32, clock, address, on_revoked)
        guards = Guards(pool, None)  # type: ignore[arg-type]  # people do not sign in here
        app = FastAPI()
        install(app)
        app.add_middleware(Hardened)
        add_routes(
            app.router,
            ingest_http.router(intake, sessions, claims, guards.device),
            mailbox_http.router(pool, mailbox, watch, guards.device),
        )
        port = port or free_port()
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
        )
        door = None
        if broker is not None:
            link = BrokerLink(broker.host, broker.port, broker.worker.ca, broker.worker.cert, broker.worker.key, WORKER)
            door = MqttDoor(link, pool, intake, sessions, mailbox, watch, backoff_max_s=0.5)
        tasks = [asyncio.create_task(part) for part in (intake.run(), watch.run(), _serve(server))]
        if door is not None:
            tasks.append(asyncio.create_task(door.run()))

        async def stop() -> None:
            watch.close()
            server.should_exit = True
            for task in (*tasks[:2], *tasks[3:]):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await pool.close()

        url = f"http://127.0.0.1:{port}"
        cloud = Cloud(pool, clock, ingest, intake, sessions, mailbox, door, url, claims, stop)
        try:
            await until(lambda: server.started and (door is None or door.state == "open"))
            yield cloud
        finally:
            await stop()


async def _serve(server: uvicorn.Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:  # else asyncio leaves Nagle on
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((server.config.host, server.config.port))
        await server.serve(sockets=[sock])


async def until(met: object, limit_s: float = 20.0) -> None:
    """Wait until `met()` is true (it may be a coroutine function); fails after `limit_s`."""
    async with asyncio.timeout(limit_s):
        while True:
            answer = met()  # type: ignore[operator]
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.02)
