"""What the demo's table shows of medicine: the next dose, the last answer, alerts at head office, the caregiver's inbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.clock import utc

WAITS: Final = ("PLANNED", "ANNOUNCED", "SNOOZED")
SHOWN_CHARS: Final = 90
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


def next_dose(doses: Sequence[dict[str, Any]]) -> str:
    """The dose that waits for an answer longest, else the one that is due next. doses: of the clinic, by due time."""
    asked = [dose for dose in doses if dose["open"] and dose["announced"]]
    ahead = [dose for dose in doses if dose["status"] in WAITS and not dose["announced"]]
    if asked:
        dose = asked[0]
        return f"{_named(dose)}, said {dose['announced']}x, waits for an answer until {_time(dose['miss_at'])}"
    return f"{_named(ahead[0])} at {_time(ahead[0]['due_at'])}" if ahead else "none today"


def last_answer(doses: Sequence[dict[str, Any]], office: dict[str, str]) -> str:
    """What became of the last dose that is over. office: status by dose, as head office has it."""
    over = [dose for dose in doses if dose["status"] not in WAITS]
    if not over:
        return "none yet"
    dose = max(over, key=lambda one: (one["status_since"], one["id"]))
    how = f" by {dose['source']}" if dose["source"] else ""
    seen = "head office has it" if office.get(dose["id"]) == dose["status"] else "not at head office yet"
    return f"{_named(dose)}: {dose['status'].lower().replace('_', ' ')}{how} ({seen})"


def alerts(found: Sequence[dict[str, Any]]) -> str:
    """Open alerts as head office has them, the worst first."""
    if not found:
        return "none"
    named = [_cut(f"{one['patient_name'] or one['site']}: {one['title']}") for one in found[:ALERTS_SHOWN]]
    return f"{len(found)} open. " + " | ".join(named)


def inbox(messages: Sequence[dict[str, Any]]) -> str:
    """How many messages the caregiver got, and the last one."""
    if not messages:
        return "empty"
    return f"{len(messages)}. {_cut(' / '.join(str(messages[-1]['message']).splitlines()))}"


async def look(view: CareView, get: Get, stage: Any, messages: Sequence[dict[str, Any]]) -> None:
    """Ask both programs; what does not answer stays as it was seen last. stage: the demo's `Stage`."""
    clinic = stage.clinic
    if not clinic.nurse:
        return
    office: dict[str, str] = {}
    for plan in clinic.care.get("plans", ()):
        for dose in await get(stage.cloud_url, clinic.nurse, f"/api/v1/medication-plans/{plan}/doses") or ():
            office[dose["occurrence_id"]] = dose["status"]
    doses = await get(stage.edge_url, clinic.staff, "/api/v1/care/doses")
    if doses is not None:
        view.next_dose, view.last_answer = next_dose(doses["doses"]), last_answer(doses["doses"], office)
    found = await get(stage.cloud_url, clinic.nurse, f"/api/v1/alerts?site={clinic.site}")
    if found is not None:
        view.alerts = alerts(found)
    view.inbox = inbox(messages)


def _named(dose: dict[str, Any]) -> str:
    return f"{dose['medication']}, {dose['patient_name']}"


def _time(moment: str) -> str:
    return f"{moment[11:16]}"


def _cut(words: str) -> str:
    return words if len(words) <= SHOWN_CHARS else f"{words[: SHOWN_CHARS - 1]}…"


def clock_line(now_ms: int, ahead_s: int) -> str:
    """The demo's time, and how far it was put forward."""
    ahead = f", {ahead_s // 3600} h ahead of this machine" if ahead_s else ""
    return f"{utc(now_ms):%H:%M:%S} UTC{ahead}"
