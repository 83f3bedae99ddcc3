"""Commits what queued: one transaction for a batch. Owns the writing connection.

There is no timer. An answer is given only after the commit has returned. A job that fails takes nobody with it: a batch is
first carried out as if nothing could fail, which nearly always is so; when a job does, all of it is taken back and done
again with a savepoint for each job. (Savepoints cost a tenth of a command: SQLite copies each page that is touched.)
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edge.domain.decision import Moment
from edge.store.database import Writing
from edge.store.ledger import Carried, Ledger, Order, kept_result
from shared.clock import transport_s
from shared.events import Event

BATCH_MAX = 256
"""Jobs in one commit. A larger batch makes the first of it wait without making the commit cheaper."""
WORK_MIN_S = 0.001
WORK_COMMITS = 12
"""A batch is closed early when its jobs have taken this many times as long as the last commit, and at least WORK_MIN_S.
Where a commit is quick, answers then leave while the next jobs are worked on; where it is slow (a memory card), as many as
there are share it."""
_JOB = "job"


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
    """What became of a batch: an answer per job (an exception means: raise it), the facts that were made, and the kinds of
    effects that were asked for."""

    answers: list[Any]
    events: Sequence[Event] = ()
    effects: frozenset[str] = frozenset()
    commits: int = 0
    failed_commits: int = 0


class Batches:
    """Belongs to one thread or process. `close()` notes that the stop was clean."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._conn = writing.connect()
        self._ledger = Ledger(writing.epoch_no, writing.boot_no)
        self._unsure = False  # a commit failed, and what is on the disk has not been made certain since
        self._commit_s = 0.0

    def close(self) -> None:
        """The last word of a clean stop; with a disk that does not answer the stop was not clean."""
        with contextlib.suppress(sqlite3.Error):
            self._conn.execute("insert or replace into meta values ('clean_stop', '1')")
        self._conn.close()

    def carry_out(self, jobs: Sequence[Job], now: Moment) -> Done:
        """Run jobs, from the first on, in one transaction; `answers` tells how many that were, at least one.

        When one fails all are run again, each in a savepoint; when the transaction is lost as a whole, one by one.
        """
        try:
            try:
                return self._transaction(jobs, now)
            except _Failed as failed:
                jobs = jobs[: failed.tried]
                return self._transaction(jobs, now, guarded=True)
        except _Lost as lost:
            if len(jobs) == 1:
                return Done([lost.reason])
        parts = [self.carry_out([job], now) for job in jobs]
        return Done(
            [answer for part in parts for answer in part.answers],
            [event for part in parts for event in part.events],
            frozenset(kind for part in parts for kind in part.effects),
            sum(part.commits for part in parts),
            sum(part.failed_commits for part in parts),
        )

    def _transaction(self, jobs: Sequence[Job], now: Moment, guarded: bool = False) -> Done:
        """Raises _Lost; without savepoints (not `guarded`) also _Failed, when a job failed and all is taken back."""
        made: list[Carried] = []
        try:
            if self._unsure:
                self._reopen()
            self._conn.execute("begin immediate")
        except sqlite3.Error as error:
            raise _Lost(_not_done(error)) from error
        ends_s = transport_s() + max(WORK_MIN_S, WORK_COMMITS * self._commit_s)
        for job in jobs:
            if guarded:
                made.append(self._guarded(job, now))
            elif made and transport_s() > ends_s:
                break
            else:
                try:
                    made.append(self._run(job, now))
                except Exception as error:  # whatever it is: told to its sender in the second round
                    self._take_back()
                    raise _Failed(len(made) + 1) from error
        return self._commit(jobs[: len(made)], made)

    def _run(self, job: Job, now: Moment) -> Carried:
        if isinstance(job, Order):
            return self._ledger.execute(self._conn, job, now)
        return Carried(job.function(self._conn, *job.arguments), [])

    def _guarded(self, job: Job, now: Moment) -> Carried:
        """One job in its savepoint: an exception is its answer, and the others go on. Raises _Lost."""
        try:
            self._conn.execute(f"savepoint {_JOB}")
            done = self._run(job, now)
            self._conn.execute(f"release {_JOB}")
            return done
        except sqlite3.Error as error:
            self._back_to_savepoint(error)
            return Carried(_not_done(error), [])
        except Exception as error:  # a bug in a rule or a job: its sender is told
            self._back_to_savepoint(error)
            return Carried(_bug(error) if isinstance(job, Order) else error, [])

    def _commit(self, jobs: Sequence[Job], made: list[Carried]) -> Done:
        began_s = transport_s()
        try:
            self._conn.execute("commit")
        except sqlite3.Error as error:
            self._unsure = True
            try:
                self._reopen()
            except sqlite3.Error as second:  # the disk does not answer: not done is the honest word
                return Done([_not_done(second) for _ in jobs], failed_commits=1)
            return Done([self._found(job, error) for job in jobs], failed_commits=1)
        self._commit_s = transport_s() - began_s
        return Done(
            [one.outcome for one in made],
            [event for one in made for event in one.events],
            frozenset().union(*(one.effects for one in made)),
            commits=1,
        )

    def _take_back(self) -> None:
        """End the transaction without a trace. Raises _Lost when even that fails."""
        if self._conn.in_transaction:  # SQLite has ended it itself on some errors
            try:
                self._conn.execute("rollback")
            except sqlite3.Error as error:
                self._unsure = True
                raise _Lost(_not_done(error)) from error

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
            self._conn.execute(f"rollback to {_JOB}")
            self._conn.execute(f"release {_JOB}")
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


class _Failed(Exception):
    """A job failed, the `tried`-th of its batch, and nothing of the batch was kept."""

    def __init__(self, tried: int) -> None:
        super().__init__(tried)
        self.tried = tried


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
