"""Passwords of staff and of head office: how they are kept, checked, and how guessing is slowed down.

Kept as argon2id (19 MiB, 2 passes, 1 lane: about 22 ms on a Pi-class core). A check is CPU work: call `check` through
``asyncio.to_thread`` and let only a few run at once (`CHECKS_AT_ONCE`), else guessing costs the server its memory.

A name nobody has costs the same time as a wrong password: `check` is then given None and hashes all the same.

Lock-out is a pure rule over the moments of wrong passwords of one account, which the caller keeps in its database:
`FAILURES_MAX` wrong within `WINDOW_MS` lock the account for `LOCK_MS` from the last of them. A locked account is
answered 423 before the password is looked at, so that guessing on gains nothing. Sign-in is transport time.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from shared.tokens import repeated_bytes

PASSWORD_CHARS_MIN: Final = 8
PASSWORD_CHARS_MAX: Final = 200
CHECKS_AT_ONCE: Final = 4
FAILURES_MAX: Final = 5
WINDOW_MS: Final = 15 * 60 * 1000
LOCK_MS: Final = 15 * 60 * 1000
PASSWORD_SIGNS: Final = 16

_EASY_TO_READ: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


class Checked(NamedTuple):
    """Whether the password is right; `renewed` is a hash to store instead when the parameters have changed."""

    right: bool
    renewed: str | None = None


def hash_password(password: str) -> str:
    """The form to store. Raises ValueError, with a sentence for a person, for a password too short or too long."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise ValueError(f"A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters.")
    return _hasher.hash(password)


def check(password: str, stored: str | None) -> Checked:
    """Compare with the stored form; None (no such account) takes as long and is wrong."""
    if len(password) > PASSWORD_CHARS_MAX:
        return Checked(False)
    try:
        right, renewed = _hasher.verify_and_update(password, stored or _nobody())
    except UnknownHashError:
        return Checked(False)
    return Checked(right and stored is not None, renewed if right and stored is not None else None)


def new_password() -> str:
    """A password to print once: four groups of four, 79 bits, nothing that looks like something else."""
    return _grouped([secrets.choice(_EASY_TO_READ) for _ in range(PASSWORD_SIGNS)])


def repeated_password(key: bytes, request: str) -> str:
    """The password for one request named by its sender (Idempotency-Key), under the server's key: asked again, the same,
    without keeping it. As long as a new one."""
    number = int.from_bytes(repeated_bytes(key, "password", request), "big")
    return _grouped(
        [_EASY_TO_READ[number // len(_EASY_TO_READ) ** n % len(_EASY_TO_READ)] for n in range(PASSWORD_SIGNS)]
    )


def locked_until_ms(failures_ms: Sequence[int], now_ms: int) -> int | None:
    """Until when an account is locked, or None.

    failures_ms: moments of wrong passwords since the last right one, in any order; those older than WINDOW_MS +
    LOCK_MS may be left out. Not extended by attempts made while locked: the caller does not record those.
    """
    recent = sorted(failures_ms)[-FAILURES_MAX:]
    if len(recent) < FAILURES_MAX or recent[-1] - recent[0] > WINDOW_MS:
        return None
    until = recent[-1] + LOCK_MS
    return until if now_ms < until else None


def _grouped(signs: list[str]) -> str:
    return "-".join("".join(signs[start : start + 4]) for start in range(0, PASSWORD_SIGNS, 4))


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
