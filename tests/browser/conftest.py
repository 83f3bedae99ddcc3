"""Browser tests: one stage and one Chromium for the whole folder, which end with it, on one event loop of the session.

They use Playwright's asynchronous half: the synchronous one leaves a running loop behind, after which no other
asynchronous test of the same process works.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.medicine import Medicine
from tests.browser.stage import PATIENCE_S, Floor, open_floor

expect.set_options(timeout=PATIENCE_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every asynchronous test of this folder runs on the session's loop, where the stage lives."""
    for item in items:
        here = "tests/browser/" in item.path.as_posix()
        if here and isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running() -> AsyncIterator[Floor]:
    """The programs and the browser."""
    async with open_floor() as floor:
        yield floor


@pytest_asyncio.fixture(loop_scope="session")
async def floor(running: Floor) -> AsyncIterator[Floor]:
    """The floor at the beginning of a day: nobody waits, everything works."""
    await running.quiet()
    yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def medicine_running(running: Floor) -> AsyncIterator[Medicine]:
    """A nurse and a caregiver who are signed in at head office."""
    async with AsyncExitStack() as stack:
        yield await Medicine.of(running, stack)


@pytest_asyncio.fixture(loop_scope="session")
async def medicine(floor: Floor, medicine_running: Medicine) -> Medicine:
    """Medicine at the beginning of a test: no alert is open, and the caregiver looks after nobody."""
    await medicine_running.no_alerts()
    await medicine_running.nobody_is_looked_after()
    return medicine_running
