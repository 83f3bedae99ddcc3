"""Alerts of care: a patient needs somebody. One for a person and a topic, which grows, instead of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from edge.domain.care_commands import AcknowledgeCareAlert, CareAlertTimer, RaiseCareAlert
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict, Write
from edge.domain.dosing import ALERT_COLUMNS, Acts, CareState, Row
from shared import device_faults
from shared.doses.ladder import next_escalation
from shared.doses.stock import medicine_of
from shared.events import CARE_ALERT_FIELDS

EXPIRES_MS: Final = 24 * 3_600_000
"""After that an alert is shown, not sent again; more doses begin it anew."""
LOOKED_AFTER_MS: Final = 24 * 3_600_000
"""How long somebody has an alert they took on: then it is over, as what is still wrong raises the next."""
UNTIL_HEARD: Final = frozenset(("device_offline",))
"""Topics that only an event ends; who has taken such an alert on has what comes of it too, for LOOKED_AFTER_MS."""
ONE_EACH: Final = frozenset(("red_flag", "help", device_faults.TOPIC))
"""Topics of which each is an alert of its own, for whoever raises it to tell apart."""
OVERDOSE: Final = frozenset(("double_dose", "dose_limit"))
"""Topics of which each intake is news, also of a dose the alert names already."""
DOSES_MAX: Final = 40
"""Doses one alert names; what is missed beyond them has an alert of its own."""
TITLE_MAX, BODY_MAX, NAMES_MAX = 120, 400, 12
HINTS: Final = {
    "missed_dose": "Ask the person whether it was taken, and say so on the care page.",
    "red_flag": "Speak to the person now. Listen to the recording.",
    "help": "Speak to the person now, or send somebody.",
    "double_dose": "Ask what was taken. Call the poison line or a doctor if it was too much.",
    "dose_limit": "Ask what was taken and how the person is.",
    "device_offline": "Look at the device: power, network. Until it is heard nobody knows what was taken.",
    device_faults.TOPIC: device_faults.HINT,
    "low_stock": "Order or refill the medicine.",
    "time_critical_gap": "Two doses lie further apart than usual because a clock was set: decide whether one is to be added.",
}  # fmt: skip


Say = Callable[[Sequence[str]], tuple[str, str, Row]]
"""Title, body and `says` of an alert about these doses."""


class HasAlerts(Protocol):
    """What a rule looks at that may raise an alert: the open ones about the person."""

    @property
    def alerts(self) -> Sequence[Row]: ...


class AlertState(NamedTuple):
    """The alert named, or None."""

    alert: Row | None


def raise_alert(
    acts: Acts, state: HasAlerts | None, topic: str, person_id: str | None, title: str, body: str = "", *, rung: int,
    critical: bool,
    dose_ids: list[str] | None = None, device_id: str | None = None, note_id: str | None = None, says: Row | None = None,
    say: Say | None = None,
) -> Row:  # fmt: skip
    """Open an alert, or let the person's open one of that topic grow: more doses, a higher rung. Never a lower one.

    says: the title as a code and values (`shared.events.CARE_ALERT_FIELDS`).  say: instead of title, body and says, makes them
    of all doses the alert names, so that one that grows, or of which a dose has gone on, says all of them as they are now.
    Without it what an alert said before it grew stays in its body.
    """
    now_ms = acts.now.now_ms
    known = None
    if topic not in ONE_EACH:
        known = _belongs_to(acts, state, topic, person_id, device_id, dose_ids or [], title, says)
    more = list(dict.fromkeys([*(known["dose_ids"] if known else ()), *(dose_ids or [])]))[:DOSES_MAX]
    if say is not None:
        title, body, says = say(more)
    if known is None:
        audience = "clinic" if rung >= 4 else "caregiver"
        alert: Row = {
            "id": acts.new_id("alert"), "version": 0, "person_id": person_id, "topic": topic,
            "severity": "critical" if critical or rung >= 4 else "warning", "title": title[:TITLE_MAX], "body": body[:BODY_MAX],
            "hint": HINTS[topic], "dose_ids": more, "device_id": device_id, "note_id": note_id,
            "rung": rung,
            "audience": audience, "critical": critical, "tries": 1, "raised_at": now_ms, "expires_at": now_ms + EXPIRES_MS,
            "acked_by": None, "acked_at": None, "open": True, "next_action_at": None,
            "says": _bounded(says),
        }  # fmt: skip
        return put_alert(acts, "care_alert_raised", alert, now_ms)
    said = {"title": title[:TITLE_MAX], "body": body[:BODY_MAX], "says": _bounded(says)}
    if more == known["dose_ids"] and rung <= known["rung"] and topic not in OVERDOSE:
        if say is None or said["says"] == known["says"]:
            return known
        return put_alert(
            acts, "care_alert_escalated", {**known, **said}, None
        )  # nobody else is to be told: it is worse than said
    if say is None:
        said["body"] = _with_before(known, body or title)
    grown = {
        **known,
        **said,
        "dose_ids": more,
        "critical": known["critical"] or critical,
        "expires_at": now_ms + EXPIRES_MS,
    }
    if rung > known["rung"]:
        grown |= {
            "rung": rung,
            "audience": "clinic",
            "severity": "critical",
            "tries": 1,
            "acked_by": None,
            "acked_at": None,
        }
    return put_alert(acts, "care_alert_escalated", grown, now_ms)


def _with_before(known: Row, now: str) -> str:
    """What an alert said, and what it says now; where that is too much the newest stays whole."""
    before = known["body"] or known["title"]
    if now in before:
        return str(before)
    return f"{before[: max(0, BODY_MAX - len(now) - 2)]}; {now}"[:BODY_MAX]


def _bounded(says: Row | None) -> Row:
    """What a title says, with so many names that an event always holds it."""
    return {name: value[:NAMES_MAX] if isinstance(value, list) else value for name, value in (says or {}).items()}


def _belongs_to(
    acts: Acts, state: HasAlerts | None, topic: str, person_id: str | None, device_id: str | None, dose_ids: list[str],
    title: str, says: Row | None,
) -> Row | None:  # fmt: skip
    """The open alert that is about this: one that names these doses already, else one nobody has taken on.

    What somebody has taken on, and what is full, takes in nothing new: nobody would be told of it. Each medicine that runs
    out has its own, and each of which too much was taken.
    """
    latest = {one["id"]: one for one in (*(state.alerts if state else ()), *acts.alerts.values())}
    alike = [
        one for one in latest.values()
        if one["open"] and one["topic"] == topic and one["person_id"] == person_id and one["device_id"] in (None, device_id)
        and (topic != "low_stock" or medicine_of(one["title"]) == medicine_of(title))
        and (topic not in OVERDOSE or (one["acked_at"] is None and _medicines(one["says"]) == _medicines(says)))
    ]  # fmt: skip
    named = [one for one in alike if dose_ids and set(dose_ids) <= set(one["dose_ids"])]
    free = [
        one for one in alike
        if (topic in UNTIL_HEARD or len({*one["dose_ids"], *dose_ids}) <= DOSES_MAX)
        and (one["acked_at"] is None or (topic in UNTIL_HEARD and one["acked_at"] > acts.now.now_ms - LOOKED_AFTER_MS))
    ]  # fmt: skip
    return next(iter([*named, *free]), None)


def _medicines(says: Row | None) -> object:
    return (says or {}).get("medicines")


def put_alert(acts: Acts, kind: str, alert: Row, told_ms: int | None) -> Row:
    """The fact about an alert, and when the clock looks at it next: as it would have, where told_ms is None.

    told_ms: when its people were told last.
    """
    looked_at = alert["next_action_at"] if told_ms is None else _next_look(alert, told_ms)
    alert = {**alert, "version": alert["version"] + 1, "next_action_at": looked_at}
    acts.alerts[alert["id"]] = alert
    acts.changes.append(Change(kind, alert["id"], alert["version"], {name: alert[name] for name in CARE_ALERT_FIELDS}))
    acts.writes.append(Write("put_care_alert", {name: alert[name] for name in ALERT_COLUMNS}))
    return alert


def _next_look(alert: Row, told_ms: int) -> int | None:
    if not alert["open"]:
        return None
    if alert["acked_at"] is not None:
        return None if alert["topic"] in UNTIL_HEARD else int(alert["acked_at"]) + LOOKED_AFTER_MS
    step = next_escalation(alert["rung"], alert["tries"], told_ms)
    return step.at_ms if step and alert["topic"] != "low_stock" else None


def end_for_doses(acts: Acts, state: CareState, answered: set[str], why: str) -> None:
    """Alerts about doses all of which are answered now are over, and say how."""
    for known in state.alerts:
        alert = acts.alerts.get(known["id"], known)
        if alert["topic"] == "missed_dose" and alert["open"] and answered & set(alert["dose_ids"]):
            left = [one for one in alert["dose_ids"] if one not in answered and not _is_settled(acts, state, one)]
            if not left:
                put_alert(acts, "care_alert_ended", {**alert, "open": False, "body": why[:BODY_MAX]}, acts.now.now_ms)


def _is_settled(acts: Acts, state: CareState, dose_id: str) -> bool:
    dose = acts.doses.get(dose_id) or next((one for one in state.doses if one["id"] == dose_id), None)
    return dose is None or dose["status"] in ("EARLY", "ON_TIME", "LATE", "SKIPPED", "HELD", "VOIDED")


def acknowledge(state: AlertState, command: AcknowledgeCareAlert, now: Moment) -> Verdict:
    """Somebody takes it upon themselves: nobody else is told of it again."""
    alert = state.alert
    if alert is None:
        return Refusal("not_found", "There is no such alert.", "Read the list again.")
    if alert["acked_at"] is not None:
        return Decision(result={"alert_id": alert["id"], "already": True, "acked_by": alert["acked_by"]})
    acts = Acts(now, command.command_id)
    put_alert(
        acts, "care_alert_acknowledged", {**alert, "acked_by": command.by[:80], "acked_at": now.now_ms}, now.now_ms
    )
    acts.result = {"alert_id": alert["id"], "already": False, "acked_by": command.by[:80]}
    return acts.decision()


def timer_due(state: AlertState, command: CareAlertTimer, now: Moment) -> Verdict:
    """Nobody answered: the next people are told. Or somebody did, and has had it for its time: it is over."""
    alert = state.alert
    if alert is None or alert["next_action_at"] != command.at_ms or not alert["open"]:
        return Refusal("not_due", "This alert needs nobody else now.", "")
    acts = Acts(now, command.command_id)
    if alert["acked_at"] is not None:
        ended = put_alert(acts, "care_alert_ended", {**alert, "open": False}, now.now_ms)
        acts.result = {"alert": ended["id"]}
        return acts.decision()
    step = next_escalation(alert["rung"], alert["tries"], command.at_ms)
    if step is None:
        return Refusal("not_due", "Everybody was told.", "")
    audience = "caregiver" if step.audience in ("caregiver", "second_caregiver") else step.audience
    told: dict[str, Any] = {"audience": audience, "rung": step.rung, "tries": alert["tries"] + 1}
    acts.result = {"alert": put_alert(acts, "care_alert_escalated", {**alert, **told}, now.now_ms)["id"]}
    return acts.decision()


def raise_care_alert(state: CareState, command: RaiseCareAlert, now: Moment) -> Verdict:
    """A red flag or a cry for help: rung 4 at once."""
    acts = Acts(now, command.command_id)
    alert = raise_alert(
        acts, state, command.topic, command.person_id, command.title, command.body, rung=4, critical=True,
        device_id=command.device_id, note_id=command.note_id,
    )  # fmt: skip
    acts.result = {"alert_id": alert["id"]}
    return acts.decision()
