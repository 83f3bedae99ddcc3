"""The pool of connections: whoever is told to stop stops, at whatever moment."""

from __future__ import annotations

import asyncio

import pytest

from cloud.db.pool import Pool, open_pool


@pytest.mark.parametrize("turns", range(12))
async def test_a_task_told_to_stop_just_as_a_connection_comes_free_stops(pg_uri: str, turns: int) -> None:
    went_on: list[int] = []

    async def use(pool: Pool) -> None:
        async with pool.transaction():
            went_on.append(turns)
        await asyncio.Event().wait()

    pool = await open_pool(pg_uri, size=1)
    try:
        async with pool.transaction():
            task = asyncio.create_task(use(pool))
            while not pool._inner.get_stats()["requests_waiting"]:
                await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        before = bool(went_on)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done and task.cancelled(), "it was told to stop, and goes on"
        assert bool(went_on) == before, "it went on after it was told to stop"
        async with pool.transaction() as conn:
            await conn.execute("select 1")  # the connection has come back
    finally:
        await pool.close()
