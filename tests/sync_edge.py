"""An edge's core with its sync in this process, for tests against `tests.sync_cloud`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge.domain.commands import ReportClockStep
from edge.sync.session import Sync, SyncSettings
from shared.clock import Clock
from shared.ids import new_id
from tests.clinic import Clinic, clinic

QUICK = SyncSettings(
    cloud_url="",
    hello_wait_s=2.0,
    ack_wait_s=1.0,
    beat_s=0.2,
    quiet_s=1.0,
    probe_s=0.3,
    probe_max_s=1.0,
    backoff_s=0.05,
    backoff_max_s=0.3,
    fenced_s=0.3,
    claim_look_s=0.1,
    keepalive_s=2,
)
"""Short waits."""


@dataclass
class Edge:
    """A clinic and its sync, which runs while `online`."""

    clinic: Clinic
    make: Callable[[], Sync]
    sync: Sync
    task: asyncio.Task[None] | None = None

    def go(self) -> None:
        """Let a sync run, a new one each time."""
        self.sync = self.make()
        self.task = asyncio.create_task(self.sync.run())

    async def halt(self) -> None:
        """Stop the sync."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    async def happen(self, count: int) -> None:
        """Let `count` events happen, in the lane of telemetry."""
        for start in range(0, count, 1000):
            await asyncio.gather(
                *(
                    self.clinic.do(ReportClockStep, command_id=new_id(), step_ms=n)
                    for n in range(start, min(start + 1000, count))
                )
            )

    def heads(self) -> list[int]:
        """Per lane: how many events there have been."""
        return list(self.clinic.rows("select lane0, lane1, lane2 from heads")[0])


@asynccontextmanager
async def running_edge(
    folder: Path, cloud_url: str, code: str = "", settings: SyncSettings = QUICK, online: bool = True
) -> AsyncIterator[Edge]:
    """A clinic in `folder` that syncs with `cloud_url` until the block ends."""
    async with clinic(folder, Clock.life()) as it:
        mine = replace(settings, cloud_url=cloud_url, claim_code=code)

        def make() -> Sync:
            return Sync(it.store, it.dispatcher, it.bus, it.store.clock, folder / "identity", mine)

        edge = Edge(it, make, make())
        if online:
            edge.go()
        try:
            yield edge
        finally:
            failed = edge.task.exception() if edge.task and edge.task.done() and not edge.task.cancelled() else None
            await edge.halt()
            if failed is not None:
                raise failed
