"""Does what was decided, in the world: one worker for slips, one for the voice, each strictly in order.

`started` is committed before the first byte leaves. After a crash a slip is printed again and says so; a call is left
unknown, because a recall is better than a call played late. Whatever becomes of an effect is reported by a command.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from edge.app.bus import EFFECTS, Bus
from edge.app.dispatcher import Dispatcher, NotDone, until_done
from edge.app.ports import CoverOpen, DeviceError, Messenger, NoRoute, Notice, Offline, PaperOut, Printer, Speaker
from edge.domain import promises, words
from edge.domain.commands import EndAlert, RaiseAlert, SettleEffect
from edge.domain.tickets import slip_of
from edge.store import effects as rows
from edge.store import people
from edge.store.database import Store
from edge.store.effects import Due
from shared.clock import Clock, transport_s

LOOK_EVERY_S = 0.5
"""Real seconds between two looks when nothing wakes the worker: for retries whose time has come."""
CHECK_EVERY_S = 2.0
"""Real seconds between two questions to a printer that is in trouble, so that it is known to be well before the next slip."""
CHECKED = frozenset((PaperOut.code, CoverOpen.code, Offline.code))
"""Troubles that a printer tells of by itself when it is asked; any other shows with the next slip alone."""
RETRY_FIRST_S, RETRY_LAST_S = 1.0, 10.0
"""Real seconds before a device that failed is tried again; doubles up to the last."""
MARKED_REPEAT = ("print_slip", "notify")
"""After a crash done again, and says so; the others are done at most once."""
NAMES = {"print_slip": "printer", "announce": "speaker", "notify": "messenger"}


class Site(NamedTuple):
    """What the runner must know of the site: its name and zone on slips, the language of slips, and those of calls.

    link: (visit id, doctor id, service-day) -> what the code on the slip says; None for slips without a code.
    """

    name: str
    zone: ZoneInfo
    language: str
    spoken: Sequence[str]
    link: Callable[[str, str | None, str], str] | None = None


class EffectsRunner:
    """Runs until cancelled: `run()` is one named task of the program."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        bus: Bus,
        site: Site,
        printer: Printer | None,
        speaker: Speaker | None,
        messenger: Messenger | None = None,
    ) -> None:
        self._store, self._dispatcher, self._bus, self._site = store, dispatcher, bus, site
        self._printer, self._speaker, self._messenger = printer, speaker, messenger
        self._clock: Clock = store.clock
        self._reader: sqlite3.Connection = store.reader()
        self._failures = dict.fromkeys(NAMES, 0)
        self._alerts = 0
        self._retry: set[str] = set()
        self._old_alerts: set[str] = set()
        self._checked_s = float("-inf")
        self.devices: dict[str, str] = {
            "printer": "ok" if printer else "none", "speaker": "ok" if speaker else "none",
            "messenger": "ok" if messenger else "none",
        }  # fmt: skip
        """"ok", "none" (no such device here, or no way to send messages) or the code of what is wrong, e.g. "paper_out"."""

    async def run(self) -> None:
        """Settle what a crash left half done, then work."""
        await self.recover()
        async with asyncio.TaskGroup() as group:
            for kind in NAMES:
                group.create_task(self._keep_doing(kind), name=f"effects:{kind}")

    async def recover(self) -> None:
        """After a start: a slip that may have come out is to be printed again, marked; a call is left unknown."""
        self._old_alerts = {topic.removeprefix("device:") for topic in rows.open_device_alerts(self._reader)}
        for kind in NAMES:
            await self._recover(kind, "the program stopped in the middle of it")

    async def _recover(self, kind: str, why: str) -> None:
        """Rows left `started` by a crash, or by a disk that refused just then: nothing of the kind is in hand here."""
        for due in rows.started(self._reader):
            if due.kind == kind and kind in MARKED_REPEAT:
                await self._again(due, self._clock.now_ms(), why, repeat=True)
            elif due.kind == kind:
                await self._settle(due, "unknown", why)

    async def step(self, kind: Literal["print_slip", "announce"] | str) -> bool:
        """Do the next effect of a kind; False when there is none whose time has come."""
        now_ms = self._clock.now_ms()
        due = rows.next_due(self._reader, kind, now_ms)
        if due is None:
            return False
        missing = {"print_slip": self._printer, "announce": self._speaker, "notify": self._messenger}[kind] is None
        if due.expires_ms <= now_ms:
            await self._settle(due, "not_done", "too late")
        elif kind == "print_slip" and not due.visit_open:
            await self._settle(due, "not_done", "the visit is over")
        elif kind == "announce" and _is_stale(due):
            await self._settle(due, "not_done", "the call is out of date")
        elif missing:
            await self._settle(due, "not_done", f"no {NAMES[kind]} here")
        elif await self._dispatcher.writer.run(rows.start, due.id, self._clock.now_ms()):
            await self._perform(due)
        return True

    def retry_now(self, kind: str) -> None:
        """The device is back: what waits for it need not wait for its next try."""
        self._failures[kind] = 0
        self._retry.add(kind)
        self._bus.wake(EFFECTS + kind).set()

    async def check_printer(self) -> None:
        """Ask a printer that is in trouble how it is, at most every CHECK_EVERY_S. The slip that it did not print may be none
        any more: nobody should have to draw a token to find out that the paper is back."""
        is_early = transport_s() - self._checked_s < CHECK_EVERY_S
        if self._printer is None or self.devices["printer"] not in CHECKED or is_early:
            return
        problem = await self._printer.check()
        self._checked_s = transport_s()
        await self._device("print_slip", "ok" if problem is None else problem.code, problem)
        if problem is None:
            self.retry_now("print_slip")

    async def _perform(self, due: Due) -> None:
        try:
            if due.kind == "print_slip":
                assert self._printer is not None
                body = self._slip_body(due.body)
                await self._printer.print(slip_of(body, self._site.name, self._site.zone, self._site.language))
            elif due.kind == "notify":
                assert self._messenger is not None
                notice = self._notice(due)
                if notice is None:
                    await self._settle(due, "not_done", "the person does not want messages")
                    return
                await self._messenger.send(notice)
            else:
                await self._speak(due)
        except DeviceError as error:
            await self._failed(due, error)
            return
        self._failures[due.kind] = 0
        await self._device(due.kind, "ok", None)
        await self._settle(due, "repeated" if due.body.get("repeat") else "done", "")

    def _slip_body(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with what is known only now: the code, signed with the site's key, and the wait in minutes."""
        body = dict(body)
        if self._site.link is not None and "day" in body:
            body["qr"] = self._site.link(body["visit_id"], body["doctor_id"], body["day"])
        low_s, high_s = body.get("promised_s", (None, None))
        if low_s is not None and high_s is not None:
            body["estimate"] = promises.minutes(low_s, high_s)
        return body

    def _notice(self, due: Due) -> Notice | None:
        """The notice with whom it goes to, as they are now; None for somebody who may not be told any more."""
        body = due.body
        person = people.person(self._reader, body["person_id"])
        if person is None or person["erased"] or not person["notify"] or not person["phone"]:
            return None
        language = body["language"] or person["language"] or self._site.language
        return Notice(
            key=due.key, topic=body["topic"], phone=person["phone"], language=language, token=body["token"],
            values=body["values"], visit_id=body["visit_id"], expires_ms=due.expires_ms,
            repeat=bool(body.get("repeat")), due_ms=body.get("due_at"),
        )  # fmt: skip

    async def _speak(self, due: Due) -> None:
        assert self._speaker is not None
        sentence: Callable[[str], str] = lambda language: _words_of(due.body, language)  # noqa: E731
        said = False
        for language in self._site.spoken:
            try:
                await self._speaker.say(sentence(language), language)
            except DeviceError as error:
                error.begun = error.begun or said  # one language was heard: the call is not to be begun again
                raise
            said = True

    async def _failed(self, due: Due, error: DeviceError) -> None:
        """Keep what could not be done, say it once, and try again later; sound that has begun is not begun again."""
        await self._device(due.kind, "none" if isinstance(error, NoRoute) else error.code, error)
        if not error.passing:
            await self._settle(due, "not_done", str(error))
            return
        if due.kind == "announce" and error.begun:
            await self._settle(due, "unknown", str(error))
            return
        wait_s = min(RETRY_FIRST_S * 2 ** self._failures[due.kind], RETRY_LAST_S)
        self._failures[due.kind] += 1
        next_ms = min(self._clock.now_ms() + int(wait_s * 1000 * max(1.0, self._clock.factor)), due.expires_ms)
        await self._again(due, next_ms, str(error), repeat=error.begun)

    async def _again(self, due: Due, next_ms: int, reason: str, *, repeat: bool) -> None:
        await until_done(lambda: self._dispatcher.writer.run(rows.reopen, due, next_ms, reason, repeat))

    async def _settle(self, due: Due, outcome: Literal["done", "repeated", "not_done", "unknown"], reason: str) -> None:
        """Report until it is on disk: the row stays `started` until then, so a crash here is seen at the next start."""
        command = SettleEffect(
            command_id=f"settle:{due.key}", actor="effects", effect_id=due.id, outcome=outcome, reason=reason
        )
        await until_done(lambda: self._dispatcher.submit(command))

    async def _device(self, kind: str, state: str, error: DeviceError | None) -> None:
        """Say that a device is gone, once, and that it is back, once."""
        name = NAMES[kind]
        if self.devices[name] == state and not (state == "ok" and name in self._old_alerts):
            return
        self._old_alerts.discard(name)
        self.devices[name] = state
        self._alerts += 1
        command_id = f"alert:{name}:{self._store.boot}:{self._alerts}"
        if error is None:
            ended = EndAlert(command_id=command_id, actor="effects", topic=f"device:{name}")
            await until_done(lambda: self._dispatcher.submit(ended))
        else:
            raised = RaiseAlert(
                command_id=command_id, actor="effects", topic=f"device:{name}", title=str(error), hint=error.hint
            )
            await until_done(lambda: self._dispatcher.submit(raised))

    async def _keep_doing(self, kind: str) -> None:
        wake = self._bus.wake(EFFECTS + kind)
        while True:
            wake.clear()  # before the work, so that a commit during it is not missed
            try:
                if kind in self._retry:
                    self._retry.discard(kind)
                    await self._dispatcher.writer.run(rows.wake, kind, self._clock.now_ms())
                while await self.step(kind):
                    pass
                if kind == "print_slip":
                    await self.check_printer()
            except NotDone:  # the disk refuses; whether the row was marked as begun is seen by looking
                await self._recover(kind, "the disk refused in the middle of it")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await wake.wait()


def _is_stale(due: Due) -> bool:
    """A call of somebody who is not called any more, or a word to wait to somebody who is. Messages are never stale."""
    calling = due.status == "called" or (due.status == "in_consultation" and bool(due.body.get("begun")))
    return bool(due.body["words"] != "message" and calling != (due.body["words"] == "call"))


def _words_of(body: dict[str, Any], language: str) -> str:
    if body["words"] == "message":
        return str(body["message"])
    if body["words"] == "call":
        return words.call(body["token"], body["room"], language)
    return words.please_wait(body["token"], language)
