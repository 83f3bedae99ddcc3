"""Commands down over MQTT: what is unacknowledged goes out when it is put in, when the site says HELLO, and again later.

Who may be sent to is known from HELLOs over MQTT since the worker's connection was made. Sent once more does no harm:
the edge judges the number.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from cloud.db import epochs
from cloud.db.pool import Pool
from cloud.mailbox.service import Mailbox
from cloud.mailbox.watch import Watch
from shared.api import Numbered, Taken
from shared.clock import transport_s
from shared.topics import Sender

log = structlog.get_logger(__name__)

RESEND_S = 10.0
SITES_MAX = 10_000
"""Sites one worker delivers to; the one that said HELLO longest ago is forgotten first and heard again at its next."""

Publish = Callable[[Sender, Numbered], bool]


class Courier:
    """`met` and `took` as the edge speaks; `run` delivers until it is cancelled."""

    def __init__(
        self, pool: Pool, mailbox: Mailbox, watch: Watch, publish: Publish, resend_s: float = RESEND_S
    ) -> None:
        self._pool, self._mailbox, self._publish, self._resend_s = pool, mailbox, publish, resend_s
        self._senders: OrderedDict[str, Sender] = OrderedDict()
        self._due: dict[str, float] = {}
        self._wake = asyncio.Event()
        watch.listen(self._told)

    def heard(self, sender: Sender) -> None:
        """The current store of a site spoke over MQTT; one not known yet (this worker is new) is delivered to."""
        if self._senders.get(sender.site) != sender:
            self.met(sender)

    def met(self, sender: Sender) -> None:
        """The current store of a site said HELLO over MQTT."""
        self._senders[sender.site] = sender
        self._senders.move_to_end(sender.site)
        if len(self._senders) > SITES_MAX:
            forgotten, _ = self._senders.popitem(last=False)
            self._due.pop(forgotten, None)
        self._told(sender.site)

    def reached(self, site: str) -> Sender | None:
        """Who speaks for a site over MQTT, if this worker has heard them."""
        return self._senders.get(site)

    def gone(self) -> None:
        """The connection to the broker is over: nobody can be reached until they say HELLO again."""
        self._senders.clear()
        self._due.clear()

    async def took(self, sender: Sender, taken: Taken) -> None:
        """A site has kept commands up to a number; the next may go. Only the current store's word counts."""
        async with self._pool.transaction() as conn:
            epoch = await epochs.find(conn, *sender)
            if epoch is None or epoch.state != "current":
                return
            await self._mailbox.taken(conn, sender.site, taken)
        self._told(sender.site)

    async def run(self) -> None:
        """Deliver what is due."""
        while True:
            now_s = transport_s()
            for site in [site for site, due_s in self._due.items() if due_s <= now_s]:
                await self._deliver(site)
            first_s = min(self._due.values(), default=now_s + 60.0)
            self._wake.clear()
            if any(due_s <= transport_s() for due_s in self._due.values()):
                continue
            try:
                async with asyncio.timeout(max(0.0, first_s - transport_s())):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _deliver(self, site: str) -> None:
        sender = self._senders.get(site)
        if sender is None:
            self._due.pop(site, None)
            return
        self._due[site] = transport_s() + self._resend_s
        try:
            async with self._pool.transaction() as conn:
                commands = await self._mailbox.deliver(conn, site)
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("database_away", error=str(error).strip(), site=site)
            return
        if not commands:
            self._due.pop(site, None)
        for command in commands:
            if not self._publish(sender, command):
                return

    def _told(self, site: str | None) -> None:
        now_s = transport_s()
        for one in [site] if site is not None else list(self._senders):
            if one in self._senders:
                self._due[one] = now_s
        self._wake.set()
