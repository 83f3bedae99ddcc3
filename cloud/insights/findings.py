"""What stands out in the numbers of a week, by fixed rules. Pure. No rule says why, and none gives advice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

LOW_PERCENT: Final = 80
"""Below it a share is marked: the convention of `shared.doses.adherence`."""
FELL_POINTS: Final = 15
UNKNOWN_MIN: Final = 3
REPEATED_MIN: Final = 3
"""Notes of one week with the same complaint."""
Kind = Literal["critical_missed", "adherence_low", "adherence_fell", "unknown_doses", "symptom_repeated"]


class Finding(NamedTuple):
    """numbers: all that a sentence about it may say."""

    kind: Kind
    severity: Literal["info", "warning", "critical"]
    numbers: dict[str, int]
    symptom: str = ""


def findings(week: Mapping[str, Any], before: Mapping[str, Any]) -> list[Finding]:
    """What stands out, most serious first. before: the numbers of the week before."""
    found: list[Finding] = []
    if week["critical_missed"]:
        found.append(Finding("critical_missed", "critical", {"missed": week["critical_missed"]}))
    share, was = week["taken_percent"], before["taken_percent"]
    if share is not None and share < LOW_PERCENT:
        found.append(
            Finding("adherence_low", "warning", {"percent": share, "taken": week["taken"], "due": week["due"]})
        )
    if share is not None and was is not None and was - share >= FELL_POINTS:
        found.append(Finding("adherence_fell", "warning", {"percent": share, "before": was}))
    unknown = week["unknown"] + week["not_announced"]
    if unknown >= UNKNOWN_MIN:
        found.append(Finding("unknown_doses", "info", {"doses": unknown}))
    for symptom, notes in week["symptoms"].items():
        if notes >= REPEATED_MIN:
            found.append(Finding("symptom_repeated", "warning", {"notes": notes}, symptom))
    return found
