"""Programs that use the clinic's API with a key of their own, and who has seen what. Rules only."""

from __future__ import annotations

from typing import Final, NamedTuple

from edge.domain.account_commands import AddServiceAccount, NoteSeen, RemoveServiceAccount
from edge.domain.accounts import ROLES, audited
from edge.domain.decision import Decision, Moment, Refusal, Verdict, Write
from shared.commands import TEXT_MAX

ACCOUNTS_MAX: Final = 50


class ProgramState(NamedTuple):
    """The account named, if it is there, and how many there are."""

    name: str | None
    accounts: int = 0


def add(state: ProgramState, command: AddServiceAccount, now: Moment) -> Verdict:
    """A key for a program; only its hash is kept."""
    name = command.name.strip()
    if not name or len(name) > TEXT_MAX or not name.isprintable():
        return Refusal("wrong_shape", f"A name has 1 to {TEXT_MAX} printable characters.", "Choose another name.")
    if any(role not in ROLES or role == "doctor" for role in command.roles):
        return Refusal("wrong_shape", "A program's roles are some of reception, nurse, manager.", "Choose of them.")
    if state.accounts >= ACCOUNTS_MAX:
        return Refusal("too_many", f"There are {ACCOUNTS_MAX} such accounts.", "Remove one that is not used.")
    row = {
        "id": command.account_id, "name": name, "roles": " ".join(command.roles), "key_hash": command.key_hash,
        "at_ms": now.now_ms,
    }  # fmt: skip
    change = audited(command, "program_added", name, ", ".join(command.roles) or "may look")
    return Decision([change], writes=[Write("program_insert", row)], result={"id": command.account_id, "name": name})


def remove(state: ProgramState, command: RemoveServiceAccount, now: Moment) -> Verdict:
    """Its key opens nothing any more."""
    if state.name is None:
        return Refusal("not_found", "There is no such account.", "Look at the list of accounts.")
    write = Write("program_delete", {"id": command.account_id})
    return Decision(
        [audited(command, "program_removed", state.name)], writes=[write], result={"id": command.account_id}
    )


def note_seen(state: None, command: NoteSeen, now: Moment) -> Verdict:
    """Who looked at what, without what stood there."""
    return Decision([audited(command, f"saw_{command.what}", command.actor, command.which)])
