"""What time brings to medicine: doses, days to be planned, alerts nobody took, devices fallen silent. Never without trust."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from edge.app.dispatcher import Accepted, Dispatcher, NotDone
from edge.domain.care_commands import CareAlertTimer, DeviceSilent, DoseTimer, ExtendPlan
from edge.domain.commands import RaiseAlert
from edge.domain.dosing import SILENT_AFTER_MS
from edge.store import care
from edge.store.database import Store
from shared.commands import Command
from shared.doses.expansion import HORIZON_DAYS
from shared.doses.localtime import DAY_MS

REFUSED_MAX: Final = 10_000
ASK_AGAIN_MS: Final = 60_000
"""What was refused, or failed for a bug, is asked again after this: a dose must not stay silent until the next start."""


class CareClock:
    """`look()` is one look, called at every tick of the clinic's clockwork."""

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store, self._dispatcher = store, dispatcher
        self._reader: sqlite3.Connection = store.reader()
        self._refused: dict[str, int] = {}
        self._since_ms: int | None = None
        self._looked_ms = 0

    def close(self) -> None:
        """Let the reading connection go."""
        self._reader.close()

    async def look(self) -> None:
        """Act on what is due. While the time is not trusted nothing is announced and nothing is missed. Raises NotDone."""
        clock = self._store.clock
        if not clock.trusted():
            return
        now_ms = clock.now_ms()
        if self._since_ms is None or now_ms - self._looked_ms >= SILENT_AFTER_MS:
            self._since_ms = now_ms  # begun, woken, or the clock was set: nobody could be heard in between
        self._looked_ms = now_ms
        for plan_id, until_ms in care.due_plans(self._reader, now_ms + (HORIZON_DAYS - 1) * DAY_MS):
            ahead_ms = now_ms + HORIZON_DAYS * DAY_MS
            await self._ask(f"plan:{plan_id}:{until_ms}:{ahead_ms // DAY_MS}", lambda cid, p=plan_id, a=ahead_ms: ExtendPlan(
                command_id=cid, actor="clock", plan_id=p, until_ms=a))  # type: ignore[misc]  # fmt: skip
        if now_ms - self._since_ms >= SILENT_AFTER_MS:  # while the clinic itself was off nobody could be heard
            for device_id, heard_ms in care.silent_devices(self._reader, now_ms - SILENT_AFTER_MS):
                await self._ask(f"silent:{device_id}:{heard_ms}", lambda cid, d=device_id, h=heard_ms: DeviceSilent(
                    command_id=cid, actor="clock", device_id=d, heard_ms=h))  # type: ignore[misc]  # fmt: skip
        for person_id, at_ms in care.due_people(self._reader, now_ms):
            await self._ask(f"dose:{person_id}:{at_ms}", lambda cid, p=person_id, a=at_ms: DoseTimer(
                command_id=f"{cid}:{now_ms}", actor="clock", person_id=p, at_ms=a))  # type: ignore[misc]  # fmt: skip
        for alert_id, at_ms in care.due_alerts(self._reader, now_ms):
            await self._ask(f"care-alert:{alert_id}:{at_ms}", lambda cid, i=alert_id, a=at_ms: CareAlertTimer(
                command_id=cid, actor="clock", alert_id=i, at_ms=a))  # type: ignore[misc]  # fmt: skip

    async def _ask(self, name: str, make: Callable[[str], Command]) -> None:
        """Ask. What is refused, or fails for a bug, rests for `ASK_AGAIN_MS`, and a bug is told."""
        now_ms = self._store.clock.now_ms()
        if name in self._refused and abs(now_ms - self._refused[name]) < ASK_AGAIN_MS:
            return
        try:
            outcome = await self._dispatcher.submit(make(name))
        except NotDone as error:
            if not error.bug:
                raise
            await self._tell_of(name, error)
            outcome = None
        if not isinstance(outcome, Accepted):
            if len(self._refused) >= REFUSED_MAX:
                self._refused.clear()
            self._refused[name] = now_ms

    async def _tell_of(self, name: str, error: NotDone) -> None:
        """Something the clock cannot act on must not stand in the way of the others, and never in silence."""
        topic = f"care:{name.split(':')[0]}"
        await self._dispatcher.submit(
            RaiseAlert(
                command_id=f"care-clock:{name}:{self._store.boot}", actor="clock", topic=topic,
                title=f"The clock cannot act on medicine ({name.split(':')[0]}): {error}"[:200],
                hint="Look at the care page: a dose may not be announced. Call support.",
            )
        )  # fmt: skip
