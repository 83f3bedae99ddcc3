"""All of notifications in one process: made here, run here, with its doors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
import structlog
from fastapi import APIRouter
from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily, Metric

from cloud.accounts.guards import Guards
from cloud.db.pool import ALERTS, Pool, notices
from cloud.mailbox.service import Mailbox
from cloud.notify import alerts, telling
from cloud.notify.access import Access
from cloud.notify.acknowledging import Acknowledging
from cloud.notify.channels import Channels
from cloud.notify.courier import Courier
from cloud.notify.hosts import Hosts
from cloud.notify.http_channels import channels_router
from cloud.notify.http_links import links_router
from cloud.notify.http_lists import counts, lists_router
from cloud.notify.http_site import site_router
from cloud.notify.link_doses import Answers
from cloud.notify.links import Links
from cloud.notify.push import Push, PushKey
from cloud.notify.rows import OUT, tidy
from cloud.notify.sealing import Seal
from cloud.notify.sending import Sender
from cloud.notify.services import Services
from cloud.notify.watchdog import Watchdog
from cloud.notify.webhook import Webhook
from shared.backoff import Backoff
from shared.clock import Clock
from shared.ids import new_id

LOOK_S: Final = 5.0
"""How often every site with alerts is looked at for steps whose time has come, in domain time; never faster than
LOOK_REAL_S_MIN."""
LOOK_REAL_S_MIN: Final = 0.2
TIDY_S: Final = 3600.0
PUSH_KEY: Final = "push.key"
"""In the data folder."""

log = structlog.get_logger(__name__)


class Options(NamedTuple):
    """private_too: addresses inside private networks are allowed.  contact: who looks after this server, for push services.

    public_url: how people's phones reach this server, without a slash at the end.
    silent_after_ms: of a clinic, see `watchdog`.
    """

    private_too: bool
    contact: str
    public_url: Callable[[], str]
    worker: str
    silent_after_ms: int


class Notifications:
    """Made once a process."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        key: bytes,
        data: Path,
        mailbox: Mailbox,
        options: Options,
        answers: Answers,
        senders: Mapping[str, Sender] | None = None,
    ) -> None:
        self._pool, self._clock, self._answers = pool, clock, answers
        hosts = Hosts(private_too=options.private_too)
        self.push_key = PushKey.load_or_make(data / PUSH_KEY)
        self.channels = Channels(Seal(key), key)
        self.links = Links(key)
        self.acknowledging = Acknowledging(mailbox, clock)
        self.services = Services(hosts)
        spoken: Mapping[str, Sender] = senders or {
            "webhook": Webhook(hosts), "push": Push(hosts, self.push_key, options.contact), "services": self.services,
        }  # fmt: skip
        worker = f"{options.worker}:{os.getpid()}:{new_id()}"
        self.courier = Courier(pool, clock, self.channels, self.links, spoken, options.public_url, worker)
        self.watchdog = Watchdog(pool, clock, options.silent_after_ms)
        self._look = asyncio.Event()
        self._told: set[str] = set()  # bounded: sites

    async def run(self) -> None:
        """Run until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.courier.run(), name="courier")
                group.create_task(self._listen(), name="notifications listen")
                group.create_task(self._pass_over(), name="alerts are told")
                group.create_task(self.watchdog.run(), name="watchdog of silent clinics")
                group.create_task(self._tidy(), name="old notices go")
        finally:
            self.services.close()

    def routers(self, guards: Guards) -> list[APIRouter]:
        """The doors."""
        access = Access(guards)
        return [
            channels_router(self._pool, self.channels, access, self._clock, self.push_key.public),
            lists_router(self._pool, access),
            links_router(self._pool, self.links, self.acknowledging, self._answers, self._clock),
            site_router(self._pool, guards, self.channels, self._clock),
        ]

    async def metrics(self) -> list[Metric]:
        """Notices by state and site, and how long services take to answer. Raises psycopg.Error."""
        async with self._pool.transaction() as conn:
            by_state = await counts(conn)
        notices = GaugeMetricFamily("outpost_notices", "Messages to people by state.", labels=("site", "state"))
        for at, count in by_state.items():
            notices.add_metric(at, count)
        times = HistogramMetricFamily(
            "outpost_notice_send_seconds", "From handing over to an answer.", labels=("kind",)
        )
        for kind, buckets, total in self.courier.times.each():
            times.add_metric([kind], buckets, total)
        return [notices, times]

    async def look(self, site: str) -> int | None:
        """Pass over one site's alerts; returns how many events were made, None while another does. Raises psycopg.Error."""
        async with self._pool.transaction() as conn:
            if not await telling.lock(conn, site):
                return None
            return await telling.look(conn, self.channels, site, self._clock.now_ms())

    async def _listen(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                async with self._pool.listening(ALERTS, OUT) as conn:
                    backoff.reset()
                    self._wake("")
                    async for site in notices(conn):
                        self._wake(site)
            except psycopg.Error as error:
                log.warning("notifications_not_listening", error=type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_S)
            try:
                async with self._pool.transaction() as conn:
                    await tidy(conn, self._clock.now_ms())
            except psycopg.Error as error:
                log.warning("old_notices_stay", error=type(error).__name__, again_in_s=TIDY_S)

    def _wake(self, site: str) -> None:
        """Something happened at a site, or anywhere ("")."""
        self._told.add(site)
        self._look.set()
        self.courier.wake.set()

    async def _pass_over(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            told, self._told = self._told - {""}, set()
            self._look.clear()
            try:
                async with self._pool.transaction() as conn:
                    sites = sorted({*await alerts.sites_with_alerts(conn), *told})
                for site in sites:
                    await self.look(site)
                backoff.reset()
            except psycopg.Error as error:
                log.warning("alerts_not_told", error=type(error).__name__)
                self._told |= told
                await asyncio.sleep(backoff.next_s())
                continue
            try:
                async with asyncio.timeout(max(LOOK_REAL_S_MIN, self._clock.real_s(LOOK_S))):
                    await self._look.wait()
            except TimeoutError:
                continue
