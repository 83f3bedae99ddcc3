"""Fixtures everybody may ask for, and the order of the tests. Imports here are kept few: most tests need none of it."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.broker import broker
from tests.postgres import pg_server, pg_spare, pg_template, pg_uri

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

__all__ = ["broker", "pg_server", "pg_spare", "pg_template", "pg_uri"]

settings.register_profile("the same every time", derandomize=True, database=None, deadline=None)
settings.register_profile("new every time", deadline=None)
settings.load_profile("new every time" if os.environ.get("OUTPOST_EXPLORE") else "the same every time")
"""What is drawn at random is drawn alike in every run; `OUTPOST_EXPLORE=1` looks for what nobody has seen yet."""

LONGEST_FIRST = (
    "walks/test_dose_to_caregiver.py", "browser", "simulation", "walks", "powercut", "contract", "integration", "unit",
)  # fmt: skip
"""Of the folders and files: a test of minutes that begins last is waited for by everybody."""
BROWSER_HALF = (
    "test_alerts.py", "test_care.py", "test_central.py", "test_display.py", "test_everywhere.py", "test_kiosk.py",
)  # fmt: skip
"""About half of the browser tests' time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole days and walks begin first; the many small ones fill up what time is left."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix()
        return next((n for n, begins in enumerate(LONGEST_FIRST) if path.startswith(begins)), len(LONGEST_FIRST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """All that was imported stays: the collector need not look through it again and again, a sixth of a test's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Each process takes a file at a time; the browser tests are two files, as each process that has some starts everything
    for them, and does not end it before it has no more."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            if "/browser/" not in file:
                return file
            return f"browser {file.endswith(BROWSER_HALF)}"

    return Files(config, log)
