"""Fixtures everybody may ask for, and the order of the tests. Imports here are kept few: most tests need none of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.broker import broker
from tests.postgres import pg_server, pg_spare, pg_template, pg_uri

__all__ = ["broker", "pg_server", "pg_spare", "pg_template", "pg_uri"]

settings.register_profile("the same every time", derandomize=True, database=None, deadline=None)
settings.register_profile("new every time", deadline=None)
settings.load_profile("new every time" if os.environ.get("OUTPOST_EXPLORE") else "the same every time")
"""What is drawn at random is drawn alike in every run; `OUTPOST_EXPLORE=1` looks for what nobody has seen yet."""

LONGEST_FIRST = ("walks", "simulation", "browser", "powercut", "contract", "integration", "unit")
"""Of the folders: a test of minutes that begins last is waited for by everybody."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole days and walks begin first; the many small ones fill up what time is left."""
    here = Path(__file__).parent
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.relative_to(here).parts[0], len(place)))
