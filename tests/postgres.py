"""A real PostgreSQL for tests: one server a session, a fresh migrated database a test.

The server is the embedded one, in a short public folder of its own, or the one `OUTPOST_TEST_PG_URI` names (a role that
may create databases). `pg_uri` is the address of an empty, migrated database that is dropped afterwards.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from deploy.demo.stage import short_folder
from deploy.demo.threaded import running_postgres
from shared.clock import Clock

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """The address of a running server; an embedded one is stopped and its folder removed at the end."""
    given = os.environ.get("OUTPOST_TEST_PG_URI")
    if given:
        yield given
        return
    folder = short_folder("outpost-pg-")
    try:
        with running_postgres(folder / "pg") as server:
            yield server.uri("postgres")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_template(pg_server: str) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    name = f"outpost_template_{os.getpid()}"
    _create(pg_server, name, "template0")
    migrate(make_conninfo(pg_server, dbname=name), Clock.life())
    yield name
    _drop(pg_server, name)


@pytest.fixture
def pg_uri(pg_server: str, pg_template: str) -> Iterator[str]:
    """The address of a fresh, migrated database of this test's own."""
    name = f"outpost_test_{os.getpid()}_{next(_numbers)}"
    _create(pg_server, name, pg_template)
    yield make_conninfo(pg_server, dbname=name)
    _drop(pg_server, name)


def _create(server: str, name: str, template: str) -> None:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(
            sql.SQL("create database {} template {} locale 'C' encoding 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("set client_min_messages = warning")
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
