"""What people, boards and clocks ask of the clinic. What the cloud may ask too is in shared/commands.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from shared.commands import AddDoctor, AddService, ChangeDoctor, Command, RenameService

__all__ = [
    "AddDoctor", "AddService", "CallNext", "CallVisit", "CancelVisit", "ChangeDoctor", "CheckIn", "Command",
    "CompleteConsultation", "EndAlert", "FlagEmergency", "IssueToken", "LookAtUrgency", "MarkNoShow", "MoveVisit", "OpenDay",
    "ParkVisit", "RaiseAlert", "Rebalance", "Recall", "RemoveDoctor", "RenameService", "ReportClockStep", "ReportStart",
    "ResumeVisit", "ReturnVisit", "SetPolicy", "SetUrgency", "SettleCommand", "SettleEffect", "SkipVisit", "StartConsultation",
    "StartWith", "TellNext", "TimerDue", "TransferVisit", "Undo", "VisitCommand",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay(Command):
    """Begin the service-day `day` (ISO date in the site's zone); tokens count from 1 again.

    step_ms: by how much the clock was set forward since the program started. Who arrived less than `CARRY_MS` before
    the end of that step is still here, whatever the date says, and goes on in the new day.
    """

    kind: ClassVar[str] = "open_day"
    day: str
    step_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken(Command):
    """Somebody arrived. `service` is a letter; None means the first open one. `urgency` is 0 to 10."""

    kind: ClassVar[str] = "issue_token"
    service: str | None = None
    urgency: int = 5
    category: Literal["WALKIN"] = "WALKIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNext(Command):
    """A doctor is free: call whoever the queue's policy puts first."""

    kind: ClassVar[str] = "call_next"
    doctor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCommand(Command):
    """About one visit."""

    kind: ClassVar[str] = ""
    visit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(VisitCommand):
    """Call a called visit once more."""

    kind: ClassVar[str] = "recall"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConsultation(VisitCommand):
    """The called visit is in the room."""

    kind: ClassVar[str] = "start_consultation"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteConsultation(VisitCommand):
    """The doctor has finished."""

    kind: ClassVar[str] = "complete_consultation"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkNoShow(VisitCommand):
    """The visit did not come.

    grace_min: None acts at once. Otherwise it acts that many minutes after the later of the booked time (with its delay)
    and the last call: now if that is past, else by itself when it comes ("grace").
    """

    kind: ClassVar[str] = "mark_no_show"
    grace_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallVisit(VisitCommand):
    """Call a chosen one to this doctor, whoever stands before it."""

    kind: ClassVar[str] = "call_visit"
    doctor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWith(VisitCommand):
    """The doctor begins with a waiting visit (which calls it too) or with one already called."""

    kind: ClassVar[str] = "start_with"
    doctor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipVisit(VisitCommand):
    """Put it behind the next two waiting; the third time it counts as not come."""

    kind: ClassVar[str] = "skip_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkVisit(VisitCommand):
    """Put it on hold; it waits again by itself after `minutes` (1 to 720). `reason` is for the log and the desk."""

    kind: ClassVar[str] = "park_visit"
    minutes: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeVisit(VisitCommand):
    """A visit on hold waits again, where its arrival puts it."""

    kind: ClassVar[str] = "resume_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferVisit(VisitCommand):
    """Send it on to another service or doctor; the token stays. One of the two is given."""

    kind: ClassVar[str] = "transfer_visit"
    service: str | None = None
    doctor_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnVisit(VisitCommand):
    """Somebody marked as not come is here after all: waits again, as if just arrived."""

    kind: ClassVar[str] = "return_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelVisit(VisitCommand):
    """Cancel it. Doing it again gives the same answer and does nothing."""

    kind: ClassVar[str] = "cancel_visit"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagEmergency(VisitCommand):
    """It is an emergency: before all others, urgency 10."""

    kind: ClassVar[str] = "flag_emergency"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUrgency(VisitCommand):
    """Staff say how urgent it is, 0 to 10. reason: for the visit's log, e.g. what the triage tables found."""

    kind: ClassVar[str] = "set_urgency"
    urgency: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtUrgency(VisitCommand):
    """Staff have looked at an urgency that a model raised; it stays. urgency: the one they saw."""

    kind: ClassVar[str] = "look_at_urgency"
    urgency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveVisit(VisitCommand):
    """Give it the place `place` (from 1) in its queue; beyond the end means last."""

    kind: ClassVar[str] = "move_visit"
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(VisitCommand):
    """A booked person is here. More than the limit before the booked time, it joins the queue by itself then.

    person_id: whose booking it should be; another's is refused.
    """

    kind: ClassVar[str] = "check_in"
    person_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerDue(VisitCommand):
    """The clock: what the visit waited for has come. `timer_ms` is the time it was set to; another one means it moved."""

    kind: ClassVar[str] = "timer_due"
    timer_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TellNext(VisitCommand):
    """The visit stands first in its queue: tell the person, if they agreed to messages."""

    kind: ClassVar[str] = "tell_next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalance(Command):
    """Count loads anew and give waiting visits that nobody chose a doctor for to the least loaded who can."""

    kind: ClassVar[str] = "rebalance"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicy(Command):
    """Choose how a queue is ordered: of a service, or of one doctor (policy None: as the service does it).

    options: of the policy, by name, e.g. {"ratio": 2, "age_min": 30} for "fair".
    """

    kind: ClassVar[str] = "set_policy"
    service: str | None = None
    doctor_id: str | None = None
    policy: str | None
    options: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDoctor(Command):
    """The doctor leaves: refused while visits are open or booked, else inactive; history stays."""

    kind: ClassVar[str] = "remove_doctor"
    doctor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Command):
    """Take back the command whose command_id is `undo_id`."""

    kind: ClassVar[str] = "undo"
    undo_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleEffect(Command):
    """What became of an effect. Only the effects runner asks this.

    outcome: "done"; "repeated" (a slip that may be the second of its kind and says so); "not_done" (given up or too
    late); "unknown" (a crash fell between start and end of something that is done at most once).
    """

    kind: ClassVar[str] = "settle_effect"
    effect_id: int
    outcome: Literal["done", "repeated", "not_done", "unknown"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleCommand(Command):
    """A command from the cloud that cannot be run: it is too late for it, or its body does not fit."""

    kind: ClassVar[str] = "settle_command"
    settled_id: str
    settled_kind: str
    outcome: Literal["failed", "expired"]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert(Command):
    """Something needs a person. One alert is open per `topic`; raising it again changes nothing."""

    kind: ClassVar[str] = "raise_alert"
    topic: str
    title: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAlert(Command):
    """What needed a person is over."""

    kind: ClassVar[str] = "end_alert"
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStart(Command):
    """The program started: `reason` is "start" or, when the last stop was not clean, "crash"."""

    kind: ClassVar[str] = "report_start"
    version: str
    boot: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClockStep(Command):
    """Somebody or something set the system clock by `step_ms`."""

    kind: ClassVar[str] = "report_clock_step"
    step_ms: int
