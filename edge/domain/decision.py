"""What a rule answers: values only. Deciding touches nothing; the store keeps what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class Moment(NamedTuple):
    """When a command is decided: domain time (ms since 1970 UTC), the boot's monotonic ms, and who vouches for them."""

    now_ms: int
    mono_ms: int
    trust: Literal["k", "s", "p", "u"]


class Change(NamedTuple):
    """An event to be: its kind, the entity's id and its new version, and the entity as it stands after the change.

    `reason` goes into the visit's interval log, not into the event.
    """

    kind: str
    id: str
    version: int
    data: dict[str, Any]
    reason: str = ""


class Effect(NamedTuple):
    """Something to be done in the world after the commit, at most until `expires_ms`.

    kind: "print_slip" (after a crash done again, and says so) or "announce" (at most once).
    key: unique for ever; a second effect with the same key is not kept.
    """

    kind: str
    key: str
    body: dict[str, Any]
    expires_ms: int


class Write(NamedTuple):
    """A named statement of the store with its values, for rows that are no event's entity (sessions, alerts, effects)."""

    name: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes: what happened, what is to be done, and what the sender is told.

    before: the visits as they stood, for commands that can be undone; None for those that cannot.
    cancel: keys of effects that must not start any more.
    undo_writes: statements an undo of this runs too, for state rows that no visit holds.
    """

    changes: list[Change] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    before: list[dict[str, Any]] | None = None
    cancel: list[str] = field(default_factory=list)
    undo_writes: list[Write] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, by a rule. Kept, so that the same command gets the same answer.

    code: stable, for programs.  detail: one sentence of what is so.  hint: what the person can do.
    """

    code: str
    detail: str
    hint: str = ""


Verdict = Decision | Refusal
