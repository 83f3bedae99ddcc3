"""Fixtures of several files here. Imports are made by those who ask: most tests need none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:
    from tests.care_office import CareOffice


@pytest_asyncio.fixture
async def care(pg_uri: str, tmp_path: Path) -> AsyncIterator[CareOffice]:
    """Medicine at head office, as `tests.care_office` has it."""
    from tests.care_office import caring

    async with caring(pg_uri, tmp_path) as started:
        yield started
