"""What the rules about doses share: rows as they are kept, the facts made of them, and a decision put together step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from edge.domain.care_commands import Source
from edge.domain.decision import Change, Decision, Effect, Moment, Write
from shared.doses import ladder
from shared.doses.guards import Intake
from shared.doses.plan import Item, Plan
from shared.doses.states import OPEN, Happening, Status, after
from shared.events import CARE_ALERT_FIELDS, DOSE_FIELDS

if TYPE_CHECKING:
    from edge.domain.care_plans import PlanState

Row = dict[str, Any]

DOSE_COLUMNS: Final = (
    "id", "version", "person_id", "plan_id", "item_id", "step", "revision", "medication", "quantity", "unit", "policy_class",
    "critical", "nominal_local", "tz", "due_at", "window_open", "on_time_until", "miss_at", "status", "status_since",
    "announced_n", "taken_at", "source", "reason", "device_id", "compartment", "snoozed_until", "asked_n", "last_said_at",
    "group_id", "caregiver_told", "pre_noticed", "pre_notice_min", "next_action_at",
)  # fmt: skip
ALERT_COLUMNS: Final = ("id", "version", *sorted(CARE_ALERT_FIELDS), "next_action_at")
KIND_OF: Final = {
    Happening.ANNOUNCED: "dose_announced", Happening.SNOOZED: "dose_snoozed", Happening.TAKEN: "dose_taken",
    Happening.SKIPPED: "dose_skipped", Happening.TIME_OVER: "dose_missed", Happening.TIME_OVER_UNSAID: "dose_not_announced",
    Happening.TIME_OVER_UNHEARD: "dose_unknown", Happening.HELD: "dose_held", Happening.RELEASED: "dose_released",
    Happening.VOIDED: "dose_voided", Happening.CORRECTED: "dose_corrected", Happening.HEARD_ANNOUNCED: "dose_missed",
}  # fmt: skip
SILENT_AFTER_MS: Final = 15 * 60_000
"""A device that was not heard for so long counts as off."""


class CareState(NamedTuple):
    """What rules about a person's doses look at.

    doses: those the clock still looks at, and those due from eight days ago to a day ahead, by due time.
    plans: active, by id.  holds: not ended.  alerts: open.  history: what was taken of each item in the last 31 days.
    device: the person's, or None; `device_state` how it is.  dose: the one named by the command, if any.
    """

    person: Row | None
    plans: Mapping[str, Plan]
    doses: Sequence[Row]
    holds: Sequence[Row]
    alerts: Sequence[Row]
    history: Mapping[str, Sequence[Intake]]
    meal_times: Mapping[str, str]
    stocks: Mapping[str, Row]
    device: Row | None
    device_state: Row | None
    dose: Row | None = None
    language: str = "en"
    ahead: PlanState | None = None
    """All doses ahead, for a device that says where it is."""
    lid: Row | None = None
    """The last thing the device told of its lid in this boot: `event` and `at`."""
    known_event: bool = False
    """Whether the device's event was kept before, by its number."""


@dataclass(slots=True)
class Acts:
    """A decision that grows. `doses` and `alerts`: rows as they stand within it, so that a later step sees an earlier one."""

    now: Moment
    cause: str
    doses: dict[str, Row] = field(default_factory=dict)
    alerts: dict[str, Row] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)
    result: Row = field(default_factory=dict)
    number: int = 0

    def decision(self) -> Decision:
        """All of it."""
        return Decision(self.changes, self.effects, self.result, self.writes, cancel=self.cancel)

    def new_id(self, what: str) -> str:
        """An id that follows from the command: the same when it is decided again."""
        self.number += 1
        return hashlib.sha256(f"{self.cause}\n{what}\n{self.number}".encode()).hexdigest()[:32]

    def put(self, dose: Row) -> Row:
        """Keep a dose without a fact: what only the clock needs to know."""
        self.doses[dose["id"]] = dose
        self.writes.append(Write("put_dose", {name: dose[name] for name in DOSE_COLUMNS}))
        return dose

    def move(self, dose: Row, happening: Happening, taken: Status = Status.ON_TIME, **values: Any) -> Row | None:
        """A step of the table, with its fact. None where the table does not allow it."""
        status = after(Status(dose["status"]), happening, taken)
        if status is None:
            return None
        return self.fact(
            KIND_OF[happening], {**dose, "status": status.value, "status_since": self.now.now_ms, **values}
        )

    def fact(self, kind: str, dose: Row) -> Row:
        """The fact that the dose stands like this now; the clock is set anew."""
        dose = scheduled({**dose, "version": dose["version"] + 1}, self.now.now_ms)
        self.changes.append(Change(kind, dose["id"], dose["version"], dose_data(dose)))
        return self.put(dose)

    def log(self, dose: Row | None, act: str, source: Source | str, at_ms: int, **values: Any) -> str:
        """Keep what was done, for ever. Returns its id."""
        id_ = self.new_id("log")
        data = {
            "dose_id": dose["id"] if dose else None, "person_id": None, "item_id": "", "act": act, "source": source,
            "at": at_ms,
            "uncertainty_s": 0, "quantity": None, "reason": "", "device_id": None, "boot_id": None, "device_seq": None,
            "note_id": None, "received_at": self.now.now_ms, "supersedes": None,
        }  # fmt: skip
        plan_id = values.pop("plan_id", dose["plan_id"] if dose else None)
        if dose:
            data |= {"person_id": dose["person_id"], "item_id": dose["item_id"]}
        data |= values
        self.changes.append(Change("dose_event_logged", id_, 1, data))
        self.writes.append(Write("log_dose_event", {"id": id_, "plan_id": plan_id, **data}))
        return id_


def dose_data(dose: Row) -> Row:
    """A dose as facts about it carry it."""
    return {name: bool(dose[name]) if name == "critical" else dose[name] for name in DOSE_FIELDS}


def scheduled(dose: Row, now_ms: int) -> Row:
    """The dose with the moment at which the clock looks at it next."""
    action = ladder.next_action(of_ladder(dose), now_ms)
    return {**dose, "next_action_at": action.at_ms if action else None}


def of_ladder(dose: Row) -> ladder.Dose:
    """What the ladder sees. An announcement that was asked for counts for it: it is not asked for again before its time."""
    status = Status(dose["status"])
    if status is Status.PLANNED and dose["asked_n"]:
        status = Status.ANNOUNCED
    return ladder.Dose(
        status, dose["policy_class"], dose["due_at"], dose["window_open"], dose["on_time_until"], dose["miss_at"],
        dose["asked_n"],
        dose["last_said_at"], dose["snoozed_until"], bool(dose["caregiver_told"]), dose["pre_notice_min"],
        bool(dose["pre_noticed"]),
    )  # fmt: skip


def is_open(dose: Row) -> bool:
    """Whether it is still to be answered."""
    return Status(dose["status"]) in OPEN


def item_of(state: CareState, dose: Row) -> Item | None:
    """The medicine of a dose, where its plan is still followed."""
    plan = state.plans.get(dose["plan_id"])
    return next((item for item in plan.items if item.id == dose["item_id"]), None) if plan else None


def plan_next(acts: Acts, item: Item | None, dose: Row) -> None:
    """After this dose of a medicine that counts from the last one: plan the next anew; other medicines need none.

    What was planned to follow is none any more: else it would be said beside the new one.
    """
    if item is None or not any(step.mode == "from_last_taken" for step in item.steps):
        return
    of = {"plan_id": dose["plan_id"], "item_id": dose["item_id"], "dose_id": dose["id"], "now": acts.now.now_ms}
    acts.writes.append(Write("void_following", of))
    acts.writes.append(Write("expand_again", {"id": dose["plan_id"], "now": acts.now.now_ms}))


def held_by(state: CareState, dose: Row) -> Row | None:
    """The hold a dose falls under."""
    for hold in state.holds:
        fits = hold["plan_id"] in (None, dose["plan_id"]) and hold["item_id"] in (None, dose["item_id"])
        if fits and hold["ended_at"] is None and hold["from_at"] <= dose["due_at"] < hold["until_at"]:
            return hold
    return None
