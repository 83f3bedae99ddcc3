"""Fixtures everybody may ask for, and the order of the tests. Imports here are kept few: most tests need none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.broker import broker
from tests.postgres import pg_server, pg_spare, pg_template, pg_uri

__all__ = ["broker", "pg_server", "pg_spare", "pg_template", "pg_uri"]

LONGEST_FIRST = ("walks", "simulation", "browser", "powercut", "contract", "integration", "unit")
"""Of the folders: a test of minutes that begins last is waited for by everybody."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole days and walks begin first; the many small ones fill up what time is left."""
    here = Path(__file__).parent
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.relative_to(here).parts[0], len(place)))
