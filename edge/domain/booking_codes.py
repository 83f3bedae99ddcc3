"""What a booked person types at the kiosk: eight digits that go with the visit's id.

Whoever holds the visit's link has the id, and with it the code; pages show it in two groups. The digits come from the
random part of the id, so nobody who has one code knows the next, as with a number that counts up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

DIGITS: Final = 8


def code_of(visit_id: str) -> str:
    """The code of a visit: its id as a number, the last eight decimal digits. Empty for an id that is no UUID."""
    try:
        return f"{UUID(visit_id).int % 10**DIGITS:0{DIGITS}d}"
    except ValueError:
        return ""


def typed(text: str) -> str:
    """A code as somebody typed it, in the digits of any script, with blanks and dashes. Empty when it is none."""
    signs = [sign for sign in text if not sign.isspace() and sign != "-"]
    if len(signs) != DIGITS or not all(sign.isdecimal() for sign in signs):
        return ""
    return "".join(str(int(sign)) for sign in signs)


def meant(code: str, visits: Iterable[tuple[str, str]], today: str) -> str | None:
    """The id of the visit a code means, of (id, day); today's comes first. None when none fits, or one cannot tell which."""
    fitting = [(visit_id, day) for visit_id, day in visits if code_of(visit_id) == code]
    wanted = [visit_id for visit_id, day in fitting if day == today] or [visit_id for visit_id, _ in fitting]
    return wanted[0] if len(wanted) == 1 else None
