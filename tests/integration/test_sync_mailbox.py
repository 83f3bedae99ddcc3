"""The command log of a site on a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.db.pool import Pool, open_pool
from cloud.mailbox import service
from cloud.mailbox.service import Mailbox, MailboxFull
from shared.api import Cursor, Taken
from shared.clock import Clock
from shared.commands import BadCommand
from shared.stream import new_stream

RENAME = ("rename_service", "cloud:boss", {"letter": "A", "name": "X"})


@pytest.fixture
async def pool(pg_uri: str) -> Any:
    opened = await open_pool(pg_uri, size=2)
    yield opened
    await opened.close()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(Clock.life())


async def test_commands_are_numbered_delivered_and_settled_as_received(pool: Pool, mailbox: Mailbox) -> None:
    async with pool.transaction() as conn:
        stream = await mailbox.follow(conn, "north", Cursor())
        numbers = [(await mailbox.enqueue(conn, "north", *RENAME)).number for _ in range(3)]
        waiting = await mailbox.deliver(conn, "north")
        assert numbers == [1, 2, 3] == [command.number for command in waiting]
        assert await mailbox.taken(conn, "north", Taken(stream=stream, upto=2))
        assert [command.number for command in await mailbox.deliver(conn, "north")] == [3]
        found = await conn.execute("select state from mailbox order by number")
        assert await found.fetchall() == [("received",), ("received",), ("published",)]


async def test_the_same_command_id_is_put_in_once(pool: Pool, mailbox: Mailbox) -> None:
    async with pool.transaction() as conn:
        first = await mailbox.enqueue(conn, "north", *RENAME, command_id="once")
        again = await mailbox.enqueue(conn, "north", *RENAME, command_id="once")
        assert first == again
        assert len(await mailbox.deliver(conn, "north")) == 1


async def test_a_command_no_site_could_carry_out_is_refused_at_once(pool: Pool, mailbox: Mailbox) -> None:
    async with pool.transaction() as conn:
        with pytest.raises(BadCommand):
            await mailbox.enqueue(conn, "north", "rename_service", "cloud:boss", {"letter": "A", "nme": "X"})
        with pytest.raises(BadCommand):
            await mailbox.enqueue(conn, "north", "explode", "cloud:boss", {})


async def test_a_full_mailbox_takes_no_more(pool: Pool, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "WAITING_MAX", 3)
    async with pool.transaction() as conn:
        for _ in range(3):
            await mailbox.enqueue(conn, "north", *RENAME)
        with pytest.raises(MailboxFull):
            await mailbox.enqueue(conn, "north", *RENAME)


@pytest.mark.parametrize(
    "cursor",
    [
        lambda stream: Cursor(stream=new_stream(), upto=7),
        lambda stream: Cursor(stream=stream, upto=9),
        lambda stream: Cursor(),
    ],
    ids=["a stream we do not have", "beyond our head", "none, though some were taken"],
)
async def test_a_cursor_that_does_not_fit_makes_a_new_stream_with_all_unsettled_commands_from_1(
    pool: Pool, mailbox: Mailbox, cursor: Any
) -> None:
    async with pool.transaction() as conn:
        stream = await mailbox.follow(conn, "north", Cursor())
        for n in range(5):
            await mailbox.enqueue(conn, "north", *RENAME, command_id=f"c{n}")
        await mailbox.taken(conn, "north", Taken(stream=stream, upto=3))
        await conn.execute("update mailbox set state = 'applied' where number <= 2")
        fresh = await mailbox.follow(conn, "north", cursor(stream))
        assert fresh != stream
        waiting = await mailbox.deliver(conn, "north")
        assert [(c.stream, c.number, c.command_id) for c in waiting] == [
            (fresh, 1, "c2"),
            (fresh, 2, "c3"),
            (fresh, 3, "c4"),
        ]
        assert (await mailbox.enqueue(conn, "north", *RENAME)).number == 4


async def test_a_cursor_that_went_back_within_the_stream_is_delivered_to_again(pool: Pool, mailbox: Mailbox) -> None:
    async with pool.transaction() as conn:
        stream = await mailbox.follow(conn, "north", Cursor())
        for _ in range(3):
            await mailbox.enqueue(conn, "north", *RENAME)
        await mailbox.taken(conn, "north", Taken(stream=stream, upto=3))
        assert await mailbox.follow(conn, "north", Cursor(stream=stream, upto=1)) == stream
        assert [command.number for command in await mailbox.deliver(conn, "north")] == [2, 3]


async def test_word_about_a_stream_that_is_not_ours_moves_nothing(pool: Pool, mailbox: Mailbox) -> None:
    async with pool.transaction() as conn:
        stream = await mailbox.follow(conn, "north", Cursor())
        await mailbox.enqueue(conn, "north", *RENAME)
        assert not await mailbox.taken(conn, "north", Taken(stream=new_stream(), upto=1))
        assert not await mailbox.taken(conn, "north", Taken(stream=stream, upto=2))
        assert len(await mailbox.deliver(conn, "north")) == 1
