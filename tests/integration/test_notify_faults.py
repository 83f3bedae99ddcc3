"""Messages under random faults: gateways that answer anything or nothing, workers killed at any point, time that goes on.

Whatever happens, a message that may have arrived says "again" when it comes again, and none is lost without a word.
"""

from __future__ import annotations

import contextlib
import random
from collections import defaultdict
from pathlib import Path

import pytest

from cloud.care.told import Telling
from cloud.db.pool import Pool, open_pool
from cloud.mailbox.service import Mailbox
from cloud.notify.addresses import read_gateway
from cloud.notify.courier import Ready
from cloud.notify.rows import Receiver, Tell, tell_receivers
from cloud.notify.sending import NotSent
from cloud.notify.service import Notifications, Options
from shared.clock import Clock
from tests.clinic import standing_clock
from tests.receivers import Answer, Inbox, inbox

MESSAGES = 12
ROUNDS = 400
HOUR_MS = 3_600_000
ANSWERS = [Answer()] * 4 + [Answer(429), Answer(429, headers={"retry-after": "30"}), Answer(503), Answer(hang=True)]
NOTHING_TAKEN = (429,)


def office(pool: Pool, clock: Clock, folder: Path, worker: str) -> Notifications:
    """One worker's worth of notifications; it only does what it is told to."""
    options = Options(True, "mailto:ops@example.org", lambda: "https://chain.example", worker, 900_000)
    return Notifications(pool, clock, b"k" * 32, folder, Mailbox(clock), options, Telling(pool, Mailbox(clock), clock))


@pytest.mark.parametrize("seed", range(6))
async def test_what_may_have_arrived_says_again_and_nothing_is_lost(pg_uri: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    clock = standing_clock()
    pool = await open_pool(pg_uri, 4)
    with inbox() as box:
        workers = [office(pool, clock, tmp_path, f"w{number}") for number in range(3)]
        await _fill(pool, clock, workers[0], box)
        answered: dict[int, Answer] = {}
        for _ in range(ROUNDS):
            clock.start_ms += chance.choice((0, 1_000, 20_000, 130_000))
            worker = chance.choice(workers).courier
            ready = await worker.take()
            if not isinstance(ready, Ready):
                continue
            if chance.random() < 0.2:
                continue  # killed between claim and send
            answer = chance.choice(ANSWERS)
            box.answers = [answer]
            answered[len(box.got)] = answer
            if chance.random() < 0.2:
                with contextlib.suppress(NotSent):
                    await worker.hand_over(ready)
                continue  # killed between send and word
            await worker.deliver(ready)
        box.answers = []
        clock.start_ms += 20 * 60_000
        while await workers[0].courier.step():
            clock.start_ms += 1_000
        async with pool.transaction() as conn:
            states = {
                row[0] for row in await (await conn.execute("select state from notification_deliveries")).fetchall()
            }
        await pool.close()
    assert states <= {"sent", "failed"}, f"seed {seed}"
    tries: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for number, got in enumerate(box.got):
        answer = answered.get(number, Answer())
        tries[got.json()["id"]].append((got.json()["repeat"], answer.status not in NOTHING_TAKEN))
    assert len(tries) == MESSAGES, f"seed {seed}: every message was tried"
    for of_one in tries.values():
        may_be_out = False
        for said_again, taken in of_one:
            assert said_again or not may_be_out, f"seed {seed}: came twice without a word"
            may_be_out = may_be_out or taken
    assert any(len(of_one) > 1 for of_one in tries.values()), "the faults did nothing"


async def _fill(pool: Pool, clock: Clock, notifications: Notifications, box: Inbox) -> None:
    """MESSAGES queue notices, each to another phone, through one gateway."""
    async with pool.transaction() as conn:
        await conn.execute("insert into sites values ('alpha', 'Alpha', 1)")
        address = read_gateway("sms", f"{box.url}/sms")
        gateway = await notifications.channels.add(conn, "alpha", "site", "alpha", address, clock.now_ms())
        for number in range(MESSAGES):
            sealed = notifications.channels.seal_target("alpha", f"+3460000{number:04}")
            receiver = Receiver("alpha", gateway, f"visit:v{number}", "en", sealed)
            tell = Tell(
                key=f"notice:{number}", topic="cancelled", severity="info", audience="person", facts={"clinic": "Alpha"},
                raised_ms=clock.now_ms(), expires_ms=clock.now_ms() + 1_000 * HOUR_MS,
            )  # fmt: skip
            await tell_receivers(conn, "alpha", tell, [receiver], clock.now_ms())
