"""Takes deliveries whose time has come, puts them into words and hands them to the services.

Claim and commit; send; settle and commit. What was claimed and never settled is sent again and says so. Any number of
workers may run on one database.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import psycopg
import structlog

from cloud.db.pool import Connection, Pool
from cloud.notify import alerts, claims, failover
from cloud.notify.channels import Channel, Channels
from cloud.notify.claims import Held
from cloud.notify.links import Links, Purpose
from cloud.notify.sealing import NotOurs
from cloud.notify.sending import Message, NotSent, Sender, Target
from cloud.notify.words import QUEUE_TOPICS, Topic, message, text
from shared.backoff import Backoff
from shared.clock import Clock, transport_s
from shared.timings import Timings

AT_ONCE: Final = 4
"""Messages on their way at a time, in this process."""
IDLE_S: Final = 1.0
"""How often an idle worker looks, in real seconds: for times that have come, and for news that was lost."""
LINK_MS: Final = 7 * 24 * 3_600_000
CODE: Final = "code"

log = structlog.get_logger(__name__)


class Ready(NamedTuple):
    """A message that may go."""

    held: list[Held]
    channel: Channel
    target: Target
    message: Message


class Courier:
    """Runs until cancelled. `sent` and `failed` count messages; `times` how long the services took."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        channels: Channels,
        links: Links,
        senders: Mapping[str, Sender],
        public_url: Callable[[], str],
        worker: str,
        seed: int | None = None,
    ) -> None:
        self._pool, self._clock, self._channels, self._links = pool, clock, channels, links
        self._senders, self._public_url, self._worker = senders, public_url, worker
        self._random = random.Random(seed)
        self.wake = asyncio.Event()
        self.sent = 0
        self.failed = 0
        self.times = Timings()

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(self._work(), name=f"courier {number}")

    async def _work(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                busy = await self.step()
                backoff.reset()
            except psycopg.Error as error:
                wait_s = backoff.next_s()
                log.warning("courier_without_database", error=type(error).__name__, again_in_s=round(wait_s, 2))
                await asyncio.sleep(wait_s)
                continue
            if busy:
                continue
            self.wake.clear()
            try:
                async with asyncio.timeout(IDLE_S):
                    await self.wake.wait()
            except TimeoutError:
                continue

    async def step(self) -> bool:
        """Do the next message; False when none is due. Raises psycopg.Error; the claim then runs out by itself."""
        ready = await self.take()
        if ready is None:
            return False
        if isinstance(ready, Ready):
            await self.deliver(ready)
        return True

    async def take(self) -> Ready | bool | None:
        """Claim the next message and make it ready: one transaction. True: it was settled here; None: nothing is due."""
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            held = await claims.claim(conn, self._worker, now_ms, int(claims.CLAIM_MS * max(1.0, self._clock.factor)))
            if not held:
                return None
            held = await self._still_wanted(conn, held, now_ms)
            if not held:
                return True
            return await self._prepare(conn, held, now_ms)

    async def _still_wanted(self, conn: Connection, held: list[Held], now_ms: int) -> list[Held]:
        """Those that are still worth sending; the others are settled."""
        site = held[0].site
        open_ones = await alerts.open_of(conn, site, [one.alert_id for one in held if one.alert_id])
        late = [one for one in held if one.expires_ms <= now_ms]
        closed = [one for one in held if one.facts.get("while_open") and one.alert_id not in open_ones]
        done = [one for one in held if one not in late and (one.event_state == "ended" or one in closed)]
        if late:
            await claims.over(conn, late, self._worker, "expired", "too late to be sent; it is shown")
        if done:
            await claims.over(conn, done, self._worker, "cancelled", "it was over before it was sent")
        return [one for one in held if one not in late and one not in done]

    async def _prepare(self, conn: Connection, held: list[Held], now_ms: int) -> Ready | bool:
        head = held[0]
        channel = await self._channels.find(conn, head.channel_site, head.channel_id, head.site)
        is_code = head.topic == CODE
        if channel is None or channel.off_ms is not None or not (channel.verified_ms or is_code):
            await claims.over(conn, held, self._worker, "failed", "the channel is switched off or not verified")
            await failover.next_place(conn, self._channels, held, now_ms)
            return True
        critical = any(one.critical for one in held)
        until_ms = await self._wait_until(conn, channel, held, critical=critical, now_ms=now_ms)
        if until_ms is not None:
            await claims.put_off(conn, held, self._worker, *until_ms)
            return True
        try:
            target = await self._channels.target(conn, head.site, channel, head.target)
        except (NotSent, NotOurs) as error:
            await claims.over(conn, held, self._worker, "failed", str(error))
            await failover.next_place(conn, self._channels, held, now_ms)
            return True
        return Ready(held, channel, target, await self._words(conn, channel, held, now_ms))

    async def _wait_until(
        self, conn: Connection, channel: Channel, held: list[Held], *, critical: bool, now_ms: int
    ) -> tuple[int, str] | None:
        """When it may go and why not now; None: now. Notices of the queue are waited for, so no night holds them back."""
        if held[0].topic == CODE:
            return None
        quiet = channel.quiet
        awaited = all(one.topic in QUEUE_TOPICS for one in held)
        ends_ms = quiet.ends_ms(now_ms) if quiet is not None and not critical and not awaited else None
        if ends_ms is not None:
            return ends_ms, "quiet hours"
        sent_at = await claims.recent(conn, held[0].site, held[0].recipient, now_ms)
        free_ms = claims.free_ms(sent_at, critical=critical, now_ms=now_ms)
        return None if free_ms is None else (free_ms, f"more than {claims.HOURLY[critical]} messages within an hour")

    async def _words(self, conn: Connection, channel: Channel, held: list[Held], now_ms: int) -> Message:
        head = held[0]
        if head.topic == CODE:
            code = await self._channels.new_code(conn, channel, now_ms)
            body = text(CODE, head.language, code=code, clinic=head.facts.get("clinic") or "Outpost")
            return Message(
                id=head.message_id or "", title="Outpost", text=body, language=head.language, repeat=False,
                expires_ms=head.expires_ms, facts={"topic": CODE, "code": code},
            )  # fmt: skip
        topics = [Topic(one.topic, one.facts) for one in held]
        repeat = any(one.repeat for one in held)
        title, body = message(topics, head.language, channel.zone, now_ms, again=repeat)
        asks = [one.alert_id for one in held if one.alert_id and one.facts.get("while_open")]
        link = await self._link(conn, head, "acknowledge", asks, now_ms) if asks else ""
        receipt = await self._link(conn, head, "receipt", [], now_ms)
        if link:
            body = f"{body}\n{text('acknowledge', head.language)}"
        facts: dict[str, Any] = {
            "topic": head.topic, "topics": [one.topic for one in held], "alert_ids": asks, "site": head.site,
            "critical": any(one.critical for one in held),
        }  # fmt: skip
        return Message(
            id=head.message_id or "", title=title, text=body, language=head.language, repeat=repeat,
            expires_ms=min(one.expires_ms for one in held), link=link, receipt_url=receipt, facts=facts,
        )  # fmt: skip

    async def _link(self, conn: Connection, head: Held, purpose: Purpose, alert_ids: list[str], now_ms: int) -> str:
        link_id = self._links.new_id()
        expires_ms = now_ms + LINK_MS
        await conn.execute(
            "insert into notification_links (site, link_id, purpose, message_id, recipient, alert_ids, language, created_ms,"
            " expires_ms) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                head.site, link_id, purpose, head.message_id, head.recipient, alert_ids, head.language, now_ms, expires_ms,
            ),
        )  # fmt: skip
        path = "a" if purpose == "acknowledge" else "api/v1/notifications/receipts"
        return f"{self._public_url()}/{path}/{self._links.token(link_id, purpose, expires_ms)}"

    async def deliver(self, ready: Ready) -> None:
        """Hand a claimed message to its service and settle it."""
        began_s = transport_s()
        try:
            provider_id = await self.hand_over(ready)
        except NotSent as error:
            self.failed += 1
            await self._not_sent(ready, error)
        else:
            self.sent += 1
            async with self._pool.transaction() as conn:
                await claims.sent(conn, ready.held, self._worker, provider_id, self._clock.now_ms())
        self.times.took(ready.channel.kind, transport_s() - began_s)

    async def hand_over(self, ready: Ready) -> str | None:
        """Send it and keep nothing of it; the service's own id. Raises NotSent."""
        return await self._senders[ready.target.kind].send(ready.target, ready.message)

    async def _not_sent(self, ready: Ready, error: NotSent) -> None:
        now_ms, head = self._clock.now_ms(), ready.held[0]
        log.info(
            "notice_not_sent", site=head.site, kind=ready.channel.kind, reason=str(error), passing=error.passing,
            tries=head.tries,
        )  # fmt: skip
        async with self._pool.transaction() as conn:
            if error.gone:
                await self._channels.switch_off(conn, ready.channel, now_ms, "the address is gone")
            if error.passing and head.tries < claims.TRIES_MAX:
                wait_ms = claims.pause_ms(head.tries, self._random.random(), error.retry_after_s)
                due_ms = now_ms + int(wait_ms * max(1.0, self._clock.factor))
                await claims.later(conn, ready.held, self._worker, due_ms, str(error), repeat=error.begun)
            else:
                await claims.over(conn, ready.held, self._worker, "failed", f"{error}. {error.hint}")
                await failover.next_place(conn, self._channels, ready.held, now_ms)
