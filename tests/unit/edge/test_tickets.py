"""What a print effect says, as a slip; effects of older programs and of odd clinics too."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.domain.tickets import Estimate, Slip, slip_of

OLD = {
    "visit_id": "v", "token": "A-012", "service_name": "General", "issued_ms": 1_795_146_240_000, "ahead": 3,
    "repeat": False,
}  # fmt: skip


def slip(more: dict[str, Any], language: str = "es") -> Slip:
    return slip_of({**OLD, **more}, "Riverside", ZoneInfo("Asia/Kolkata"), language)


def test_an_effect_kept_by_an_older_program_still_prints() -> None:
    assert slip({}) == Slip(
        token="A-012", service_name="General", site_name="Riverside", issued_at="20 Nov 2026 09:14", ahead=3, qr=None,
        repeat=False, language="es", estimate=None,
    )  # fmt: skip


def test_what_the_effect_knows_stands_on_the_slip() -> None:
    made = slip({"qr": "https://c.example/pages/track#t", "estimate": {"min": 20, "max": 35}, "language": "ar"})
    assert (made.qr, made.estimate, made.language) == ("https://c.example/pages/track#t", Estimate(20, 35), "ar")


@pytest.mark.parametrize("language", ["fr", "", None, 5, ["ar"], "AR"])
def test_a_language_no_slip_has_gives_the_site_s_own(language: object) -> None:
    assert slip({"language": language}).language == "es"


@pytest.mark.parametrize(
    "estimate",
    [None, 20, [20, 35], {}, {"min": 20}, {"min": "20", "max": 35}, {"min": True, "max": 35}, {"min": -1, "max": 35},
     {"min": 36, "max": 35}, {"min": 20, "max": 1441}, {"min": 2.5, "max": 35}],
)  # fmt: skip
def test_an_estimate_that_says_nothing_is_left_out(estimate: object) -> None:
    assert slip({"estimate": estimate}).estimate is None


@pytest.mark.parametrize("qr", [None, "", 5, b"x"])
def test_a_code_that_is_no_text_is_left_out(qr: object) -> None:
    assert slip({"qr": qr}).qr is None
