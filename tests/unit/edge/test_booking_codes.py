"""The eight digits a booked person types at the kiosk."""

from __future__ import annotations

from uuid import UUID

from edge.domain.booking_codes import code_of, meant, typed
from shared.ids import new_id

ONE, OTHER = str(UUID(int=7 * 10**8 + 12345678)), str(UUID(int=9 * 10**8 + 12345678))


def test_code_has_eight_digits_and_those_of_bookings_made_together_are_not_in_order() -> None:
    codes = [code_of(new_id()) for _ in range(200)]
    assert all(len(code) == 8 and code.isdecimal() for code in codes)
    assert len(set(codes)) > 195 and codes != sorted(codes)


def test_id_that_is_no_uuid_has_no_code() -> None:
    assert code_of("visit-1") == "" and meant("", [], "2026-11-20") is None


def test_code_is_read_however_it_was_typed_and_nothing_else_is_one() -> None:
    assert (
        typed("1234 5678")
        == typed("1234-5678")
        == typed("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668")
        == "12345678"
    )
    assert [typed(text) for text in ("1234567", "123456789", "1234567a", "", "\u00b2" * 8)] == [""] * 5


def test_code_that_two_bookings_share_means_todays_and_nobodys_when_both_are_today() -> None:
    visits = [(ONE, "2026-11-20"), (OTHER, "2026-11-21")]
    assert meant("12345678", visits, "2026-11-20") == ONE
    assert meant("12345678", visits, "2026-11-21") == OTHER
    assert meant("12345678", visits, "2026-11-19") is None
    assert meant("12345678", visits[:1], "2026-11-19") == ONE, "of another day, which the answer then says"
    assert meant("12345678", [(ONE, "2026-11-20"), (OTHER, "2026-11-20")], "2026-11-20") is None
