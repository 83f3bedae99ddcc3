"""Commits what queued: one transaction for a batch, a savepoint for each job. Owns the writing connection.

There is no timer. A job that fails takes nobody with it. An answer is given only after the commit has returned.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edge.domain.decision import Moment
from edge.store.database import Writing
from edge.store.ledger import SAVEPOINT, Ledger, Order, kept_result
from shared.events import Event

BATCH_MAX = 256
"""Jobs in one commit. A larger batch makes the first of it wait without making the commit cheaper."""


class NotDone(Exception):
    """Nothing was kept, and the same command may be sent again.

    passing: trying again soon may help (busy, a commit that failed); False when a person has to see to it first.
    hint: what a person can do.  bug: the program is at fault, not the disk.
    """

    def __init__(self, detail: str, passing: bool, hint: str, bug: bool = False) -> None:
        super().__init__(detail, passing, hint, bug)
        self.detail, self.passing, self.hint, self.bug = detail, passing, hint, bug

    def __str__(self) -> str:
        return self.detail


class Call(NamedTuple):
    """A function that keeps house, run as `function(conn, *arguments)` in a savepoint of its own."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


Job = Order | Call


class Done(NamedTuple):
    """What became of a batch: an answer per job (an exception means: raise it), and the facts that were made."""

    answers: list[Any]
    events: list[Event]
    commits: int
    failed_commits: int


class Batches:
    """Belongs to one thread or process. `close()` notes that the stop was clean."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._conn = writing.connect()
        self._ledger = Ledger(writing.epoch_no, writing.boot_no)
        self._unsure = False  # a commit failed, and what is on the disk has not been made certain since

    def close(self) -> None:
        """The last word of a clean stop; with a disk that does not answer the stop was not clean."""
        with contextlib.suppress(sqlite3.Error):
            self._conn.execute("insert or replace into meta values ('clean_stop', '1')")
        self._conn.close()

    def carry_out(self, jobs: Sequence[Job], now: Moment) -> Done:
        """Run jobs in one transaction; when the transaction is lost as a whole, run them one by one."""
        try:
            return self._transaction(jobs, now)
        except _Lost as lost:
            if len(jobs) == 1:
                return Done([lost.reason], [], 0, 0)
        parts = [self.carry_out([job], now) for job in jobs]
        return Done(
            [answer for part in parts for answer in part.answers],
            [event for part in parts for event in part.events],
            sum(part.commits for part in parts),
            sum(part.failed_commits for part in parts),
        )

    def _transaction(self, jobs: Sequence[Job], now: Moment) -> Done:
        answers: list[Any] = []
        events: list[Event] = []
        try:
            if self._unsure:
                self._reopen()
            conn = self._conn
            conn.execute("begin immediate")
        except sqlite3.Error as error:
            raise _Lost(_not_done(error)) from error
        for job in jobs:
            try:
                conn.execute(f"savepoint {SAVEPOINT}")
                if isinstance(job, Order):
                    answer, made = self._ledger.execute(conn, job, now)
                    events += made
                else:
                    answer = job.function(conn, *job.arguments)
                conn.execute(f"release {SAVEPOINT}")
                answers.append(answer)
            except sqlite3.Error as error:
                self._back_to_savepoint(error)
                answers.append(_not_done(error))
            except Exception as error:  # a bug in a rule or a job: its sender is told, the others go on
                self._back_to_savepoint(error)
                answers.append(_bug(error) if isinstance(job, Order) else error)
        try:
            conn.execute("commit")
        except sqlite3.Error as error:
            self._unsure = True
            try:
                self._reopen()
            except sqlite3.Error as second:  # the disk does not answer: not done is the honest word
                return Done([_not_done(second) for _ in jobs], [], 0, 1)
            return Done([self._found(job, error) for job in jobs], [], 0, 1)
        return Done(answers, events, 1, 0)

    def _reopen(self) -> None:
        """Open anew and move the log into the file, synced: a commit whose sync failed can be read back from memory
        without being on the disk, and nobody may be answered from that. Raises sqlite3.Error; the next batch tries again.
        """
        self._conn.close()
        self._conn = self._writing.connect()
        busy, pages, moved = self._conn.execute("pragma wal_checkpoint(full)").fetchone()
        if busy or pages != moved:
            raise sqlite3.OperationalError("a reader holds up the look at the disk")
        self._unsure = False

    def _back_to_savepoint(self, error: BaseException) -> None:
        """Undo one job. SQLite rolls the whole transaction back on some errors: then nobody may be answered from it."""
        if not self._conn.in_transaction:
            raise _Lost(_not_done(error)) from error
        try:
            self._conn.execute(f"rollback to {SAVEPOINT}")
            self._conn.execute(f"release {SAVEPOINT}")
        except sqlite3.Error as second:
            if self._conn.in_transaction:
                self._conn.execute("rollback")
            raise _Lost(_not_done(error)) from second

    def _found(self, job: Job, error: sqlite3.Error) -> Any:
        """After a failed commit what is on the disk is the truth: the commit may or may not have reached it."""
        found = None
        if isinstance(job, Order):
            try:
                found = kept_result(self._conn, job.command.command_id)
            except sqlite3.Error:
                found = None  # the disk does not answer: not done is the honest word
        return found or _not_done(error)


class _Lost(Exception):
    """The transaction is gone and took every job of the batch with it."""

    def __init__(self, reason: NotDone) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _not_done(error: BaseException) -> NotDone:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return NotDone(
            "the disk is full", passing=False, hint="Free some space on the clinic's computer, then try again."
        )
    return NotDone(f"the disk did not take it ({error})", passing=True, hint="Try again; if it stays, call support.")


def _bug(error: BaseException) -> NotDone:
    return NotDone(f"the program failed: {error!r}", passing=False, hint="Call support with the log.", bug=True)
