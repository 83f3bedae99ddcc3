"""The slip a patient takes from the printer: what stands on it, not how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

LANGUAGES = ("en", "hi", "es", "ar")
"""A slip can be printed in these."""
ESTIMATE_MIN_MAX = 24 * 60
"""A longer wait than a day is no estimate."""


class Estimate(NamedTuple):
    """How long the wait will be: at least and at most so many minutes."""

    min: int
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One slip of paper.

    token: the printed number, e.g. "A-012".      issued_at: local time as a person reads it, e.g. "20 Nov 2026 09:14".
    ahead: visits before this one when it was drawn, at least 0.
    qr: text of the QR code, the link to follow this visit; None for no code.
    repeat: this token may already be on paper, so the slip says that it is a second copy.
    language: of the words around the token, one of LANGUAGES.      estimate: None prints no waiting time.
    """

    token: str
    service_name: str
    site_name: str
    issued_at: str
    ahead: int
    qr: str | None
    repeat: bool
    language: str
    estimate: Estimate | None = None


def slip_of(body: dict[str, Any], site_name: str, zone: tzinfo, language: str) -> Slip:
    """The slip of a `print_slip` effect. `zone` is the site's; the time printed is when the token was drawn.

    body: `token, service_name, issued_ms, ahead, repeat`, and where the effect knows them `qr` (text), `estimate`
    ({"min", "max"} in minutes) and `language` (the visitor's). What is missing, or not of this form, is left out;
    `language` is then the site's.
    """
    qr, own = body.get("qr"), body.get("language")
    issued = datetime.fromtimestamp(body["issued_ms"] / 1000, zone)
    return Slip(
        token=body["token"],
        service_name=body["service_name"],
        site_name=site_name,
        issued_at=f"{issued.day} {_MONTHS[issued.month - 1]} {issued.year} {issued:%H:%M}",
        ahead=body["ahead"],
        qr=qr if isinstance(qr, str) and qr else None,
        repeat=body["repeat"],
        language=own if own in LANGUAGES else language,
        estimate=_estimate(body.get("estimate")),
    )


def _estimate(value: object) -> Estimate | None:
    if not isinstance(value, dict):
        return None
    least, most = value.get("min"), value.get("max")
    if type(least) is not int or type(most) is not int or not 0 <= least <= most <= ESTIMATE_MIN_MAX:
        return None
    return Estimate(least, most)


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
