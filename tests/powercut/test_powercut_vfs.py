"""The disk itself, under a plain table. Before it may judge the product it must tell a safe setting from an unsafe."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from random import Random

import pytest

from tests.powercut.disk import Disk
from tests.powercut.vfs import attached

CUTS = 60
ROWS = 40


def write_until_the_cut(disk: Disk, folder: Path, synchronous: str, random: Random) -> list[int]:
    """Insert rows, several to a commit; returns those whose commit was answered. Ends at the cut."""
    answered: list[int] = []
    conn = None
    try:
        conn = sqlite3.connect(f"file:{folder / 'a.db'}?vfs=cut", uri=True, isolation_level=None)
        conn.execute("pragma journal_mode=wal")
        conn.execute(f"pragma synchronous={synchronous}")
        conn.execute("pragma wal_autocheckpoint=8")
        conn.execute("create table if not exists t(n integer primary key, body blob)")
        number = 0
        while number < ROWS:
            conn.execute("begin immediate")
            batch = [number + i + 1 for i in range(random.randint(1, 3))]
            for n in batch:
                conn.execute("insert into t values(?, ?)", (n, random.randbytes(random.randint(10, 3000))))
            conn.execute("commit")
            answered += batch
            number = batch[-1]
    except sqlite3.OperationalError:
        assert disk.dead
    finally:
        if conn is not None:
            conn.close()
    return answered


def cut_once(tmp_path: Path, seed: int, synchronous: str, cut_at: int | None) -> tuple[Disk, int, bool]:
    """One power cut; returns the disk, how many answered rows are gone, and whether the file is corrupt."""
    folder = tmp_path / f"{synchronous}-{seed}"
    folder.mkdir()
    with attached(Disk(folder, cut_at)) as disk:
        answered = write_until_the_cut(disk, folder, synchronous, Random(seed))
        disk.crash(tmp_path / f"{synchronous}-{seed}-after", seed)
    assert disk.errors == []
    conn = sqlite3.connect(tmp_path / f"{synchronous}-{seed}-after" / "a.db")
    try:
        if not answered:
            return disk, 0, False
        corrupt = conn.execute("pragma integrity_check").fetchone() != ("ok",)
        kept = conn.execute("select count(*) from sqlite_schema where name = 't'").fetchone() == (1,)
        found = {n for (n,) in conn.execute("select n from t")} if kept else set()
        return disk, len(set(answered) - found), corrupt
    except sqlite3.DatabaseError:
        return disk, len(answered), True
    finally:
        conn.close()


def cuts(tmp_path: Path, synchronous: str) -> tuple[int, int]:
    """CUTS power cuts at seeded moments of one life; returns how many lost an answered row, how many were corrupt."""
    operations = cut_once(tmp_path, 0, synchronous, None)[0].operations
    lost = corrupt = 0
    for seed in range(1, CUTS + 1):
        _, gone, broken = cut_once(tmp_path, seed, synchronous, Random(seed).randint(1, operations))
        lost += gone > 0
        corrupt += broken
    return lost, corrupt


def test_with_synchronous_full_no_power_cut_loses_an_answered_row(tmp_path: Path) -> None:
    assert cuts(tmp_path, "full") == (0, 0)


def test_with_synchronous_off_the_same_power_cuts_lose_answered_rows_and_break_files(tmp_path: Path) -> None:
    lost, corrupt = cuts(tmp_path, "off")
    assert lost > CUTS // 4
    assert corrupt > CUTS // 10


def test_with_synchronous_normal_the_same_power_cuts_lose_rows_but_break_nothing(tmp_path: Path) -> None:
    lost, corrupt = cuts(tmp_path, "normal")
    assert lost > CUTS // 10
    assert corrupt == 0


def test_two_connections_see_each_other_through_shared_memory(tmp_path: Path) -> None:
    with attached(Disk(tmp_path)):
        address = f"file:{tmp_path / 'a.db'}?vfs=cut"
        writer, reader = sqlite3.connect(address, uri=True), sqlite3.connect(address, uri=True)
        writer.execute("pragma journal_mode=wal")
        writer.execute("create table t(n)")
        writer.execute("insert into t values(1)")
        writer.commit()
        assert reader.execute("select n from t").fetchall() == [(1,)]
        assert (tmp_path / "a.db-shm").exists()
        writer.close()
        reader.close()


def test_full_disk_answers_full_and_works_again_when_there_is_room(tmp_path: Path) -> None:
    with attached(Disk(tmp_path)) as disk:
        conn = sqlite3.connect(f"file:{tmp_path / 'a.db'}?vfs=cut", uri=True, isolation_level=None)
        conn.execute("pragma journal_mode=wal")
        conn.execute("create table t(body)")
        disk.full = True
        with pytest.raises(sqlite3.OperationalError, match="full"):
            conn.execute("insert into t values(?)", (bytes(50_000),))
        disk.full = False
        conn.execute("insert into t values(?)", (bytes(50_000),))
        assert conn.execute("select count(*) from t").fetchone() == (1,)
        conn.close()
        assert disk.errors == []


def test_sync_that_fails_fails_the_commit(tmp_path: Path) -> None:
    with attached(Disk(tmp_path)) as disk:
        conn = sqlite3.connect(f"file:{tmp_path / 'a.db'}?vfs=cut", uri=True, isolation_level=None)
        conn.execute("pragma journal_mode=wal")
        conn.execute("pragma synchronous=full")
        conn.execute("create table t(n)")
        disk.fail_syncs = 1
        with pytest.raises(sqlite3.OperationalError):
            conn.execute("insert into t values(1)")
        conn.execute("insert into t values(2)")
        assert conn.execute("select n from t").fetchall() == [(2,)]
        conn.close()
