"""Rules about accounts, sessions and screens: values in, values out."""

from __future__ import annotations

from typing import Any

import pytest

from edge.domain import accounts
from edge.domain.account_commands import (
    AddStaff,
    ChangeStaff,
    MakePairingCode,
    NoteFailedSignIn,
    OpenSession,
    PairScreen,
    RefreshSession,
)
from edge.domain.accounts import AccountState, Person, ScreenState, SessionState, SignInState
from edge.domain.decision import Decision, Moment, Refusal, Verdict
from shared.events import KINDS

NOW = Moment(1_000, 1_000, "s")
ANA = Person("p1", "ana", "Ana", ("reception",), None, True, 3)
BASE: dict[str, Any] = {"command_id": "c1", "actor": "staff:boss"}


def names(verdict: Verdict) -> list[str]:
    assert isinstance(verdict, Decision), verdict
    return [write.name for write in verdict.writes]


def code(verdict: Verdict) -> str:
    assert isinstance(verdict, Refusal), verdict
    return verdict.code


def add(**values: Any) -> AddStaff:
    given = {
        "staff_id": "p2",
        "username": "Bo",
        "name": "Bo",
        "roles": ("nurse",),
        "password_hash": "$argon2",
        **values,
    }
    return AddStaff(**BASE, **given)


@pytest.mark.parametrize("values,expected", [
    ({"username": "  "}, "wrong_shape"), ({"name": ""}, "wrong_shape"), ({"username": "a\nb"}, "wrong_shape"),
    ({"roles": ()}, "wrong_shape"), ({"roles": ("king",)}, "wrong_shape"), ({"roles": ("nurse", "nurse")}, "wrong_shape"),
    ({"roles": ("doctor",)}, "wrong_shape"),
])  # fmt: skip
def test_an_account_needs_a_name_and_roles_that_exist(values: dict[str, Any], expected: str) -> None:
    assert code(accounts.add_staff(AccountState(), add(**values), NOW)) == expected


def test_names_are_folded_and_taken_once() -> None:
    decision = accounts.add_staff(AccountState(), add(username=" BO "), NOW)
    assert isinstance(decision, Decision) and decision.result["username"] == "bo"
    assert code(accounts.add_staff(AccountState(username_taken=True), add(), NOW)) == "taken"


def test_a_doctors_account_names_a_doctor_that_exists() -> None:
    wanted = add(roles=("doctor",), doctor_id="d1")
    assert code(accounts.add_staff(AccountState(doctor_known=False), wanted, NOW)) == "not_found"
    assert names(accounts.add_staff(AccountState(), wanted, NOW)) == ["staff_insert"]


def test_the_last_manager_cannot_be_closed_or_lose_the_role() -> None:
    boss = ANA._replace(roles=("manager",))
    for values in ({"is_active": False}, {"roles": ("nurse",)}):
        change = ChangeStaff(**BASE, staff_id="p1", **values)
        assert code(accounts.change_staff(AccountState(boss, managers=1), change, NOW)) == "wrong_state"
        two = accounts.change_staff(AccountState(boss, managers=2), change, NOW)
        assert "sessions_end_of_staff" in names(two)


def test_a_role_more_ends_no_session() -> None:
    change = ChangeStaff(**BASE, staff_id="p1", roles=("reception", "nurse"))
    assert names(accounts.change_staff(AccountState(ANA), change, NOW)) == ["staff_change"]


def opening(version: int = 3) -> OpenSession:
    return OpenSession(
        **BASE,
        session_id="s1",
        staff_id="p1",
        password_version=version,
        secret_hash="h",
        is_cookie=True,
        at_ms=5,
        ends_ms=9,
    )


def test_a_session_is_not_opened_on_a_password_that_was_changed_meanwhile() -> None:
    assert code(accounts.open_session(SignInState(ANA, False), opening(version=2), NOW)) == "not_signed_in"


def test_a_session_is_not_opened_for_an_account_locked_or_closed_meanwhile() -> None:
    assert code(accounts.open_session(SignInState(ANA, True), opening(), NOW)) == "locked"
    assert code(accounts.open_session(SignInState(ANA._replace(is_active=False), False), opening(), NOW)) != "locked"
    assert code(accounts.open_session(SignInState(None, False), opening(), NOW)) == "not_signed_in"


def test_one_session_too_many_ends_the_one_unused_longest() -> None:
    held = tuple(f"s{n}" for n in range(accounts.SESSIONS_MAX))
    decision = accounts.open_session(SignInState(ANA, False, held), opening(), NOW)
    assert isinstance(decision, Decision)
    assert [w.values["id"] for w in decision.writes if w.name == "session_end"] == ["s0"]


def refreshing() -> RefreshSession:
    return RefreshSession(**BASE, secret_hash="old", next_hash="new", at_ms=1_000, idle_ms=500)


def test_a_refresh_token_used_twice_ends_the_session() -> None:
    state = SessionState("s1", "p1", "ana", True, 900, 5_000, spent=True)
    decision = accounts.refresh_session(state, refreshing(), NOW)
    assert names(decision) == ["session_end"] and isinstance(decision, Decision) and decision.result["reused"]


@pytest.mark.parametrize("state", [
    None,
    SessionState("s1", "p1", "ana", False, 900, 5_000),
    SessionState("s1", "p1", "ana", True, 500, 5_000),
    SessionState("s1", "p1", "ana", True, 900, 1_000),
])  # fmt: skip
def test_a_session_that_ended_idled_out_or_lost_its_account_is_not_refreshed(state: SessionState | None) -> None:
    assert code(accounts.refresh_session(state, refreshing(), NOW)) == "not_signed_in"


def test_attempts_while_locked_do_not_prolong_the_lock() -> None:
    failed = NoteFailedSignIn(**BASE, username="ana", at_ms=5)
    assert names(accounts.note_failed_sign_in(SignInState(ANA, True), failed, NOW)) == []
    assert "failure_insert" in names(accounts.note_failed_sign_in(SignInState(ANA, False), failed, NOW))


def test_a_name_nobody_has_is_not_written_into_the_audit() -> None:
    typed = NoteFailedSignIn(**BASE, username="my-secret-password", at_ms=5)
    decision = accounts.note_failed_sign_in(SignInState(None, False), typed, NOW)
    assert isinstance(decision, Decision) and "my-secret-password" not in repr(decision.changes)


def test_codes_and_screens_are_limited() -> None:
    make = MakePairingCode(**BASE, code_hash="h", screen="kiosk", at_ms=5, ends_ms=9)
    assert code(accounts.make_pairing_code(ScreenState(open_codes=accounts.CODES_MAX), make, NOW)) == "too_many"
    pair = PairScreen(**BASE, code_hash="h", screen_id="k1", secret_hash="s", at_ms=5, ends_ms=9)
    assert code(accounts.pair_screen(ScreenState(None), pair, NOW)) == "bad_code"
    assert code(accounts.pair_screen(ScreenState("kiosk", screens=accounts.SCREENS_MAX), pair, NOW)) == "too_many"
    assert names(accounts.pair_screen(ScreenState("kiosk"), pair, NOW)) == [
        "screens_prune",
        "code_use",
        "screen_insert",
    ]


def test_every_act_is_an_audit_event_with_the_fields_of_its_kind() -> None:
    decision = accounts.add_staff(AccountState(), add(), NOW)
    assert isinstance(decision, Decision)
    (change,) = decision.changes
    assert set(change.data) == KINDS[change.kind].fields and KINDS[change.kind].entity == "audit"
