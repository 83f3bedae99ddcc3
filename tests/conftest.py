"""Fixtures everybody may ask for. Imports here are kept few: most tests need none of it."""

from __future__ import annotations

from tests.broker import broker
from tests.postgres import pg_server, pg_spare, pg_template, pg_uri

__all__ = ["broker", "pg_server", "pg_spare", "pg_template", "pg_uri"]
