"""What became of the doses a message was about, said on the page its link opens: by due time, with nobody and nothing named.

Only for a caregiver who is still listed for the patient. The answer goes where one of the caregiver's own page goes; whoever
serves that is handed in (`Answers`), for care and notices know nothing of each other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final, Literal, NamedTuple, Protocol
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import Request

from cloud.db.pool import Connection
from shared.problems import Problem

FORM_BYTES_MAX: Final = 1_000
HALF_DAY: Final = timedelta(hours=12)
UNANSWERED: Final = frozenset(("PLANNED", "ANNOUNCED", "SNOOZED", "MISSED", "UNKNOWN", "NOT_ANNOUNCED"))
WORDS: Final = {
    "en": {
        "ask": "Do you know what became of it?", "due": "Due {time}", "at": "Taken at", "taken": "It was taken",
        "skipped": "It was not taken", "told": "Thank you. It is passed on to the clinic.",
    },
    "hi": {
        "ask": "क्या आप जानते हैं कि क्या हुआ?", "due": "{time} पर देय", "at": "कब ली", "taken": "ली गई",
        "skipped": "नहीं ली गई", "told": "धन्यवाद। क्लिनिक को बताया जा रहा है।",
    },
    "es": {
        "ask": "¿Sabe qué pasó?", "due": "Tocaba a las {time}", "at": "Tomada a las", "taken": "Se tomó",
        "skipped": "No se tomó", "told": "Gracias. Se comunica a la clínica.",
    },
    "ar": {
        "ask": "هل تعرف ما حدث؟", "due": "موعدها {time}", "at": "أُخذت في", "taken": "أُخذت", "skipped": "لم تُؤخذ",
        "told": "شكرًا. يُبلَّغ ذلك للعيادة.",
    },
}  # fmt: skip


_THEIRS: Final = {
    "caregiver": "select person_id from patient_caregiver where site = %s and caregiver_id = %s",
    "account": "select person_id from account_patients where site = %s and account_id = %s",
}
"""Whose caregiver a recipient is now; staff are told by account too, and are nobody's."""


class Answers(Protocol):
    """Whoever keeps what is said of a dose."""

    async def doses_of(self, conn: Connection, site: str, dose_ids: list[str]) -> list[dict[str, Any]]:
        """By due time: id, person_id, status, due_ms, timezone."""

    async def keep_named(
        self, conn: Connection, site: str, dose: dict[str, Any], act: Literal["taken", "skipped"], at_ms: int | None,
        by: str, actor: str,
    ) -> None:  # fmt: skip
        """Raises Problem where it was answered meanwhile, or the moment has not come."""


class Said(NamedTuple):
    """The form. due_ms: of the doses it is about.  time: "HH:MM" of the clinic's day."""

    due_ms: int
    act: Literal["taken", "skipped"]
    time: str


async def unanswered(
    conn: Connection, answers: Answers, site: str, alert_ids: list[str], recipient: str
) -> list[dict[str, Any]]:
    """Doses the alerts are about that nobody has answered, of patients the recipient is a caregiver of."""
    kind, _, owner_id = recipient.partition(":")
    if kind not in _THEIRS:
        return []
    found = await conn.execute(
        "select distinct unnest(dose_ids) from alert_logs where site = %s and (alert_id = any(%s) or part_of = any(%s))",
        (site, alert_ids, alert_ids),
    )
    doses = await answers.doses_of(conn, site, [row[0] for row in await found.fetchall()])
    listed = await conn.execute(_THEIRS[kind], (site, owner_id))
    theirs = {row[0] for row in await listed.fetchall()}
    return [one for one in doses if one["status"] in UNANSWERED and one["person_id"] in theirs]


async def said(request: Request) -> Said:
    """The form that was sent. Raises Problem 422."""
    raw = await request.body()
    if len(raw) > FORM_BYTES_MAX:
        raise Problem(413, "The form is too large.")
    form = {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace"), max_num_fields=8).items()}
    due, act, time = form.get("due", ""), form.get("act", ""), form.get("time", "")
    if not (due.isascii() and due.isdecimal() and len(due) < 15) or act not in ("taken", "skipped"):
        raise Problem(422, "The form is not whole.", hint="Open the link from the message again.")
    return Said(int(due), "taken" if act == "taken" else "skipped", time)


def moment(due_ms: int, time: str, zone: str) -> int:
    """The moment nearest to the due time that shows `time` in a zone; ms. Raises Problem 422 for what is no time of day."""
    try:
        hours, minutes = (int(part) for part in time.split(":"))
        due = datetime.fromtimestamp(due_ms / 1000, UTC).astimezone(ZoneInfo(zone))
        at = due.replace(hour=hours, minute=minutes, second=0, microsecond=0)
    except ValueError as error:
        raise Problem(422, "The time is written HH:MM.", hint="Open the link from the message again.") from error
    nearest = min((at + timedelta(days=by) for by in (-1, 0, 1)), key=lambda one: abs(one - due))
    return round(nearest.timestamp() * 1000)


def forms(doses: list[dict[str, Any]], token: str, language: str) -> str:
    """A form for each due time; "" where there is nothing to say."""
    words = WORDS.get(language, WORDS["en"])
    times = {one["due_ms"]: one["timezone"] for one in doses}
    made = []
    for due_ms, zone in sorted(times.items()):
        time = f"{datetime.fromtimestamp(due_ms / 1000, UTC).astimezone(ZoneInfo(zone)):%H:%M}"
        made.append(
            f"<form method='post' action='/a/{escape(token)}/dose'><input type='hidden' name='due' value='{due_ms}'>"
            f"<h2>{escape(words['due'].format(time=time))}</h2>"
            f"<label>{escape(words['at'])} <input type='time' name='time' required value='{time}'></label>"
            f"<button name='act' value='taken'>{escape(words['taken'])}</button>"
            f"<button class='other' name='act' value='skipped'>{escape(words['skipped'])}</button></form>"
        )
    return f"<section><h1>{escape(words['ask'])}</h1>{''.join(made)}</section>" if made else ""
