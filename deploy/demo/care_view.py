"""What the demo's table shows of medicine: the next dose, the last answer, alerts at head office, the caregiver's inbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.clock import to_ms, utc

WAITS: Final = ("PLANNED", "ANNOUNCED", "SNOOZED")
NO_ANSWER: Final = ("VOIDED", "HELD")
SHOWN_CHARS: Final = 110
ALERTS_SHOWN: Final = 2
Get = Callable[[str, dict[str, str], str], Awaitable[Any]]


@dataclass
class CareView:
    """Lines as they are shown; empty while nothing is known."""

    next_dose: str = ""
    last_answer: str = ""
    alerts: str = ""
    inbox: str = ""

    def line(self) -> str:
        """The same in one line, for logs."""
        parts = (("next dose", self.next_dose), ("last answer", self.last_answer), ("care alerts", self.alerts),
                 ("caregiver inbox", self.inbox))  # fmt: skip
        return "; ".join(f"{name} {words or '-'}" for name, words in parts)


def next_dose(doses: Sequence[dict[str, Any]], now: str) -> str:
    """The dose that came due last and waits for an answer, how many more wait, and the next one ahead. doses: of the clinic.

    now: the clinic's moment.
    """
    open_ = sorted((dose for dose in doses if dose["status"] in WAITS), key=_due)
    moment = datetime.fromisoformat(now)
    waiting = [dose for dose in open_ if dose["open"] and (dose["announced"] or _due(dose)[0] <= moment)]
    ahead = next((dose for dose in open_ if _due(dose)[0] > moment and not dose["announced"]), None)
    then = f"{_named(ahead)} at {_time(ahead['due_at'])}" if ahead else ""
    if not waiting:
        return then or "none today"
    dose = waiting[-1]
    said = f"said {dose['announced']}x" if dose["announced"] else "not said yet"
    more = f" ({len(waiting) - 1} more wait)" if len(waiting) > 1 else ""
    words = (
        f"{_named(dose)}, due {_time(dose['due_at'])}, {said}, waits for an answer until {_time(dose['miss_at'])}{more}"
    )
    return f"{words}; then {then}" if then else words


def newest_over(doses: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The dose that was answered or given up last, of any plan; what a new plan replaced was neither.

    One answer may be about several doses of a person: the one that was due last stands for them, and names them all.
    """
    over = [dose for dose in doses if dose["status"] not in (*WAITS, *NO_ANSWER)]
    if not over:
        return None
    newest = max(over, key=lambda one: (datetime.fromisoformat(one["status_since"]), _due(one)))
    same = ("patient_name", "status", "status_since", "source")
    together = sorted((dose for dose in over if all(dose[name] == newest[name] for name in same)), key=_due)
    return {**newest, "medication": ", ".join(dict.fromkeys(dose["medication"] for dose in together))}


def last_answer(dose: dict[str, Any] | None, office: str | None) -> str:
    """What became of a dose. office: its status as head office has it; None: it did not say."""
    if dose is None:
        return "none yet"
    how = f" by {dose['source']}" if dose["source"] else ""
    there = "head office has it" if office == dose["status"] else "not at head office yet"
    seen = "head office has not said" if office is None else there
    return f"{_named(dose)}: {dose['status'].lower().replace('_', ' ')}{how} ({seen})"


def alerts(found: Sequence[dict[str, Any]]) -> str:
    """Open alerts as head office has them, the worst first."""
    if not found:
        return "none"
    named = [_cut(_about(one["patient_name"] or one["site"], one["title"])) for one in found[:ALERTS_SHOWN]]
    return f"{len(found)} open. " + " | ".join(named)


def inbox(messages: Sequence[dict[str, Any]], address: str) -> str:
    """How many messages the caregiver got, and the last one. address: of the inbox, where a link is followed."""
    told = [one for one in messages if not one.get("code")]
    if not told:
        return "the caregiver's address was confirmed by a code; no message yet" if messages else "empty"
    lines = str(told[-1]["message"]).splitlines()
    if not told[-1].get("acknowledge_url"):
        return f"{len(told)}. {_cut(' / '.join(lines))}"
    if lines and lines[-1].endswith(":"):  # what stands before the link
        lines.pop()
    return f"{len(told)}. {_cut(' / '.join(lines))} (open {address} to take it on)"


async def look(view: CareView, get: Get, stage: Any, messages: Sequence[dict[str, Any]]) -> None:
    """Ask both programs; what does not answer stays as it was seen last. stage: the demo's `Stage`."""
    clinic = stage.clinic
    if not clinic.nurse:
        return
    told = await get(stage.edge_url, clinic.staff, "/api/v1/care/doses")
    if told is not None:
        view.next_dose = next_dose(told["doses"], told["now"])
        newest = newest_over(told["doses"])
        view.last_answer = last_answer(newest, await _at_office(get, stage, newest) if newest else "")
    found = await get(stage.cloud_url, clinic.nurse, f"/api/v1/alerts?site={clinic.site}")
    if found is not None:
        view.alerts = alerts(found)
    view.inbox = inbox(messages, stage.inbox.url)


async def _at_office(get: Get, stage: Any, dose: dict[str, Any]) -> str | None:
    """The status of one dose as head office has it; "" where it has none, None where it does not say."""
    due_ms = to_ms(_due(dose)[0])
    path = f"/api/v1/medication-plans/{dose['plan_id']}/doses?from={due_ms}&to={due_ms + 1}"
    found = await get(stage.cloud_url, stage.clinic.nurse, path)
    if found is None:
        return None
    return next((str(one["status"]) for one in found if one["occurrence_id"] == dose["id"]), "")


def _due(dose: dict[str, Any]) -> tuple[datetime, str]:
    return datetime.fromisoformat(dose["due_at"]), str(dose["id"])


def _named(dose: dict[str, Any]) -> str:
    return f"{dose['medication']}, {dose['patient_name']}"


def _time(moment: str) -> str:
    return f"{moment[11:16]}"


def _about(name: str, title: str) -> str:
    return title if name in title else f"{name}: {title}"


def _cut(words: str) -> str:
    """At most SHOWN_CHARS, cut after a whole word where there is one."""
    if len(words) <= SHOWN_CHARS:
        return words
    held = words[: SHOWN_CHARS - 1]
    return f"{held.rpartition(' ')[0] or held}…"


def clock_line(now_ms: int, ahead_s: int) -> str:
    """The demo's time, and how far it was put forward."""
    ahead = f", {ahead_s // 3600} h ahead of this machine" if ahead_s else ""
    return f"{utc(now_ms):%H:%M:%S} UTC{ahead}"
