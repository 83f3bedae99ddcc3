"""The ledger on a real store and a real PostgreSQL. The events are carried over by plain SQL; a check that cannot fail is
a defect, so each thing it must find is done to it here."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from edge.domain.commands import IssueToken, SettleEffect
from firmware_sim import clinic_book, ledger
from firmware_sim.comparison import Report
from shared.stream import Place
from tests.clinic import clinic

SITE = "riverside"
PRESSES = 12
STREAM = "00000000000000b1"


async def morning(folder: Path) -> Path:
    """A clinic where twelve people pressed, one slip was repeated and one not printed; closed again."""
    async with clinic(folder) as it:
        for number in range(1, PRESSES + 1):
            name = f"board:b1:{STREAM}:{number}"
            command = IssueToken(command_id=name, actor="board:b1")
            await it.dispatcher.submit(command, Place(STREAM, number))
        outcomes = {1: "repeated", 2: "not_done"}
        for (effect,) in it.rows("select id from effects where kind = 'print_slip'"):
            await it.accepted(SettleEffect, effect_id=effect, outcome=outcomes.get(effect, "done"))
        await it.call()
    return folder / "outpost.db"


def carry(edge_db: Path, pg_uri: str) -> None:
    """What the sync does, in one statement a row."""
    with closing(sqlite3.connect(edge_db)) as edge, psycopg.connect(pg_uri) as cloud:
        (epoch,) = edge.execute("select epoch from epochs").fetchone()
        cloud.execute("insert into sites values (%s, 'Riverside', 0)", (SITE,))
        cloud.execute(
            "insert into epochs(site, epoch, ordinal, state, first_ms) values (%s, %s, 1, 'current', 0)", (SITE, epoch)
        )
        rows = edge.execute(
            "select lane, seq, gseq, cast(boot_no as text), at_ms, mono_ms, trust, kind, v, actor, cause, entity,"
            " entity_id, version, data, crc from events"
        )
        cloud.cursor().executemany(
            f"insert into events values ({', '.join(['%s'] * 18)})", [(SITE, epoch, *r) for r in rows]
        )


@pytest.fixture
async def store(tmp_path: Path, pg_uri: str) -> Path:
    edge_db = await morning(tmp_path / "edge")
    carry(edge_db, pg_uri)
    return edge_db


def audit(store: Path, pg_uri: str) -> Report:
    return ledger.audit(store, pg_uri, final=True)


def change(store: Path, query: str) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as conn:
        assert conn.execute(query).rowcount == 1


def change_cloud(pg_uri: str, query: str) -> None:
    with psycopg.connect(pg_uri, autocommit=True) as conn:
        assert conn.execute(query).rowcount == 1  # type: ignore[arg-type]


def test_everything_carried_over_balances(store: Path, pg_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = audit(store, pg_uri)
    assert report.faults() == []
    assert report.events_edge == report.events_cloud == report.both > 2 * PRESSES
    counts = {name: report.clinic[name] for name in ("presses", "accepted", "refused", "tokens", "slips")}
    assert counts == {"presses": 12, "accepted": 12, "refused": 0, "tokens": 12, "slips": 10}
    assert (report.clinic["marked_repeats"], report.clinic["not_printed"]) == (1, 1)
    assert ledger.main(["--edge-db", str(store), "--database-url", pg_uri, "--final"]) == 0
    assert "Nothing lost" in capsys.readouterr().out


@pytest.mark.parametrize("seq", [1, 5, 20])
def test_one_row_missing_in_postgresql_is_lost(
    store: Path, pg_uri: str, seq: int, capsys: pytest.CaptureFixture[str]
) -> None:
    change_cloud(pg_uri, f"delete from events where lane = 1 and seq = {seq}")
    assert audit(store, pg_uri).lost == 1
    assert ledger.main(["--edge-db", str(store), "--database-url", pg_uri, "--final", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["lost"] == 1
    assert told["faults"]


def test_one_row_changed_in_postgresql_is_different(store: Path, pg_uri: str) -> None:
    change_cloud(pg_uri, "update events set crc = crc # 1 where lane = 1 and seq = 3")
    assert audit(store, pg_uri).different == 1


def test_one_fact_under_two_numbers_is_found(store: Path, pg_uri: str) -> None:
    with psycopg.connect(pg_uri, autocommit=True) as conn:
        conn.execute("create temp table one as select * from events where lane = 1 and seq = 4")
        conn.execute("update one set seq = 1000")
        conn.execute("insert into events select * from one")
    assert audit(store, pg_uri).duplicated >= 1


def test_one_row_missing_on_both_sides_is_lost(store: Path, pg_uri: str) -> None:
    change(store, "delete from events where kind = 'visit_called'")
    change_cloud(pg_uri, "delete from events where kind = 'visit_called'")
    assert audit(store, pg_uri).lost == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("delete from events where kind = 'slip_printed' and seq = (select max(seq) from events where kind = 'slip_printed')",
         "tokens_without_slip"),
        ("delete from results where command_id like 'board:%:5'", "presses_skipped"),
        ("delete from events where kind = 'token_issued' and cause like 'board:%:5'", "presses_without_token"),
        ("update results set outcome = 'unknown' where command_id like 'board:%:5'", "unanswered"),
        ("update events set data = replace(data, 'A-002', 'A-001') where kind = 'token_issued' and cause like '%:2'",
         "numbers_twice"),
    ],
)  # fmt: skip
def test_what_the_clinic_says_about_itself_is_checked(store: Path, pg_uri: str, query: str, count: str) -> None:
    change(store, query)
    report = audit(store, pg_uri)
    assert report.clinic[count] == 1
    assert report.faults()


def test_books_saved_on_two_machines_balance(
    store: Path, pg_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = tmp_path / "edge.jsonl", tmp_path / "cloud.jsonl"
    assert ledger.main(["--edge-db", str(store), "--save", str(ours)]) == 0
    assert ledger.main(["--database-url", pg_uri, "--site", SITE, "--save", str(theirs)]) == 0
    assert ledger.main(["--edge-export", str(ours), "--cloud-export", str(theirs), "--final"]) == 0
    assert "Nothing lost" in capsys.readouterr().out


def test_store_is_read_while_the_clinic_writes_and_nothing_is_changed(store: Path, pg_uri: str) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("update meta set value = value")
        with clinic_book.clinic(store) as book:
            assert sum(1 for _ in book.rows) > PRESSES
        writer.execute("rollback")


def test_what_is_not_there_is_said_in_words(
    store: Path, pg_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger.main(["--edge-db", str(tmp_path / "none.db"), "--database-url", pg_uri]) == 2
    assert "no file" in capsys.readouterr().err
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("create table t(n)")
    assert ledger.main(["--edge-db", str(other), "--database-url", pg_uri]) == 2
    assert "not a clinic's store" in capsys.readouterr().err
    assert ledger.main(["--edge-db", str(store), "--database-url", "postgresql://127.0.0.1:1/x?connect_timeout=2"]) == 2
    assert "does not answer" in capsys.readouterr().err
