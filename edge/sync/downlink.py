"""Commands from the cloud: read, carried out through the dispatcher, acknowledged once their outcome is on disk.

A command that cannot be read or comes too late is settled as such, in its place in the stream, so that what follows it
is not held up. Delivered twice it is done once: the dispatcher judges the number, and knows the `command_id`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from edge.app.dispatcher import Dispatcher, Gap, NotDone
from edge.domain.commands import Command, SettleCommand
from edge.store.ledger import kept_result
from shared.api import Cursor, Numbered
from shared.backoff import Backoff
from shared.clock import Clock
from shared.commands import BadCommand, command_of
from shared.stream import Place

log = structlog.get_logger(__name__)

SOURCE = "mailbox"
TRIES_MAX = 5
"""Attempts at a command whose failure is no passing one; then it is reported as failed, so that the next can run."""

T = TypeVar("T")
Read = Callable[[Callable[[sqlite3.Connection], T]], Awaitable[T]]


class Downlink:
    """Carries out what comes down. `read`: runs a function with a reading connection."""

    def __init__(self, dispatcher: Dispatcher, clock: Clock, read: Read[bool]) -> None:
        self._dispatcher = dispatcher
        self._clock = clock
        self._read = read

    async def carry_out(self, numbered: Numbered) -> Cursor:
        """Do one command, or report why not; returns the site's place in the stream afterwards.

        Returns only when the outcome is on disk; while the disk fails it keeps trying.
        """
        command = await self._command(numbered)
        place = Place(numbered.stream, numbered.number)
        backoff, tries = Backoff(0.2, 30.0), 0
        while True:
            try:
                outcome = await self._dispatcher.submit(command, place, SOURCE)
                break
            except NotDone as error:
                log.warning("command_not_done", command_id=numbered.command_id, error=str(error), passing=error.passing)
                tries += 0 if error.passing else 1
                if tries == TRIES_MAX:
                    command = _settle(numbered, "failed", f"{error} {error.hint}")
                await asyncio.sleep(backoff.next_s())
        if isinstance(outcome, Gap):
            return Cursor(stream=numbered.stream, upto=outcome.upto)
        return Cursor(stream=numbered.stream, upto=numbered.number)

    async def _command(self, numbered: Numbered) -> Command:
        try:
            command = command_of(numbered.kind, numbered.command_id, numbered.actor, numbered.body)
        except BadCommand as error:
            return _settle(numbered, "failed", str(error))
        late = numbered.expires_ms is not None and self._clock.now_ms() > numbered.expires_ms
        if late and self._clock.trusted() and not await self._read(lambda conn: _done(conn, numbered.command_id)):
            return _settle(numbered, "expired", "It came after its time.")
        return command


def _done(conn: sqlite3.Connection, command_id: str) -> bool:
    return kept_result(conn, command_id) is not None


def _settle(numbered: Numbered, outcome: str, detail: str) -> SettleCommand:
    assert outcome in ("failed", "expired")
    return SettleCommand(
        command_id=f"settle:{numbered.command_id}"[:200],
        actor=numbered.actor,
        settled_id=numbered.command_id,
        settled_kind=numbered.kind,
        outcome="failed" if outcome == "failed" else "expired",
        detail=detail[:200],
    )
