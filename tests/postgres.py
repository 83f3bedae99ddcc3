"""A real PostgreSQL for tests: one server a session, a migrated database a test in which nothing has happened.

The server is the embedded one, in a short public folder of its own, or the one `OUTPOST_TEST_PG_URI` names (a role that
may create databases). `pg_uri` is the address of an empty, migrated database, emptied for the next test afterwards.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from typing import Final, NamedTuple

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


@pytest.fixture(scope="session")
def pg_spare(pg_server: str, pg_template: str) -> Iterator[list[Spare]]:
    """Databases that earlier tests have left, as they were when migrated; dropped at the end."""
    spare: list[Spare] = []
    yield spare
    for one in spare:
        _drop(pg_server, one.name)


@pytest.fixture
def pg_uri(pg_server: str, pg_template: str, pg_spare: list[Spare]) -> Iterator[str]:
    """The address of a migrated database of this test's own, in which nothing has happened."""
    one = pg_spare.pop() if pg_spare else _made(pg_server, f"outpost_test_{os.getpid()}_{next(_numbers)}", pg_template)
    yield make_conninfo(pg_server, dbname=one.name)
    if _emptied(pg_server, one):
        pg_spare.append(one)
    else:
        _drop(pg_server, one.name)


class Spare(NamedTuple):
    """A database and what it was when it had just been migrated: its tables and columns, and the rows in them."""

    name: str
    shape: int
    rows: dict[str, bytes]


_SHAPE: Final = """
select hashtextextended(coalesce(string_agg(a.attrelid::text || a.attname || a.atttypid::text || c.relname, ' '
    order by a.attrelid, a.attnum), ''), 0)
from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace
"""
_TABLES: Final = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
_EMPTY: Final = """
do $$ declare one record; many boolean; begin
    set local session_replication_role = replica;
    for one in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') loop
        execute format('select exists (select from public.%I)', one.relname) into many;
        if many then execute format('delete from public.%I', one.relname); end if;
    end loop;
    for one in select c.oid, s.seqstart from pg_class c join pg_sequence s on s.seqrelid = c.oid loop
        perform setval(one.oid, one.seqstart, false);
    end loop;
end $$
"""
"""Deleting costs by what a test has left; a new copy or TRUNCATE costs by the number of tables, twenty times as much."""
GONE_S: Final = 5.0


def _made(server: str, name: str, template: str) -> Spare:
    _create(server, name, template)
    with psycopg.connect(server, dbname=name, autocommit=True) as conn:
        rows = {}
        for (table,) in conn.execute(_TABLES).fetchall():
            with conn.cursor().copy(sql.SQL("copy {} to stdout").format(sql.Identifier(table))) as copy:
                if found := b"".join(bytes(part) for part in copy):
                    rows[table] = found
        return Spare(name, _shape(conn), rows)


def _shape(conn: psycopg.Connection) -> int:
    row = conn.execute(_SHAPE).fetchone()
    assert row is not None
    return int(row[0])


def _emptied(server: str, one: Spare) -> bool:
    """Put it back to how it was; False when a test has changed its tables, or somebody does not let go of it."""
    with psycopg.connect(server, dbname=one.name, autocommit=True) as conn:
        others = (
            "select pg_terminate_backend(pid, %s) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
        )
        if not all(gone for (gone,) in conn.execute(others, (int(GONE_S * 1000), one.name)).fetchall()):
            return False
        if _shape(conn) != one.shape:
            return False
        with conn.transaction():
            conn.execute(_EMPTY)
            conn.execute("set local session_replication_role = replica")
            for table, rows in one.rows.items():
                with conn.cursor().copy(sql.SQL("copy {} from stdin").format(sql.Identifier(table))) as copy:
                    copy.write(rows)
    return True


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
