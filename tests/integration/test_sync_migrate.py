"""Migrations on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from cloud.db.migrate import Migration, MigrationError, load, migrate
from shared.clock import Clock


def made(number: int, text: str, sha256: str = "x") -> Migration:
    return Migration(number, f"{number:04}_test.sql", text, sha256)


def test_what_was_applied_is_not_applied_again(pg_uri: str) -> None:
    assert migrate(pg_uri, Clock.life()) == []
    with psycopg.connect(pg_uri) as conn:
        numbers = [row[0] for row in conn.execute("select number from migrations order by number")]
    assert numbers == [migration.number for migration in load()]


def test_a_file_that_fails_leaves_nothing_and_the_ones_before_stay(pg_uri: str) -> None:
    good = made(9001, "create table first (a int)")
    bad = made(9002, "create table second (a int); select 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(pg_uri, Clock.life(), [*load(), good, bad])
    with psycopg.connect(pg_uri) as conn:
        assert conn.execute("select to_regclass('first') is not null, to_regclass('second') is null").fetchone() == (
            True,
            True,
        )


def test_programs_that_start_together_apply_each_file_once(pg_uri: str) -> None:
    files = [*load(), made(9001, "create table once (a int); insert into once values (1)")]
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(lambda _: migrate(pg_uri, Clock.life(), files), range(4)))
    assert sorted(len(names) for names in applied) == [0, 0, 0, 1]


def test_a_changed_file_and_a_newer_database_are_refused_with_a_hint(pg_uri: str) -> None:
    first = load()[0]
    with pytest.raises(MigrationError) as changed:
        migrate(pg_uri, Clock.life(), [first._replace(sha256="other"), *load()[1:]])
    assert first.name in str(changed.value) and changed.value.hint
    with pytest.raises(MigrationError) as newer:
        migrate(pg_uri, Clock.life(), load()[:-1])
    assert "does not know" in str(newer.value)


def test_every_unique_key_holds_the_site_in_the_tables_of_sync(pg_uri: str) -> None:
    with psycopg.connect(pg_uri) as conn:
        found = conn.execute(
            "select c.relname, array_agg(a.attname::text) from pg_index i join pg_class c on c.oid = i.indrelid"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)"
            " where i.indisunique and c.relname in ('sites', 'epochs', 'boots', 'events', 'gaps', 'cursors',"
            " 'late_events', 'late_cursors', 'dead_letters', 'alarms', 'site_state', 'mailboxes', 'mailbox')"
            " group by c.relname, i.indexrelid"
        ).fetchall()
    assert len(found) >= 13
    assert all("site" in columns for _, columns in found), found
