"""Slips to bytes by the edge, read back by the simulated printer's own interpreter."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge.app.ports import CoverOpen, Offline, PaperOut
from edge.devices import escpos, glyphs
from edge.devices.layout import QR_CHARS_MAX, REPEAT_MARK, WORDS, Code, Line, lay_out
from edge.domain.tickets import LANGUAGES, Estimate, Slip
from firmware_sim import qr
from firmware_sim.escpos import Interpreter, RealTime
from firmware_sim.paper import Slip as PaperSlip
from firmware_sim.paper import render
from firmware_sim.things import Cut, Feed, Happening, Picture, QrCode
from tests.device_ends import SLIP

LATIN_BYTES_MAX = 6 * 1024
LINK_OF_SLIP = str(SLIP.qr)


LINK = ("https://clinic.example/pages/track#" + "aB3_-.x" * 60)[:QR_CHARS_MAX]
COLUMNS = (24, 32, 42, 48, 64)


def printed(data: bytes, columns: int = 48) -> PaperSlip:
    interpreter = Interpreter(dots_wide=12 * columns)
    happenings: list[Happening] = list(interpreter.feed(data))
    assert interpreter.unknown == {}
    assert interpreter.incomplete == 0
    assert [isinstance(h, Cut) for h in happenings] == [False] * (len(happenings) - 1) + [True]
    return PaperSlip(tuple(h for h in happenings if not isinstance(h, Cut)), complete=True)  # type: ignore[misc]


def test_what_was_laid_out_stands_on_the_paper() -> None:
    slip = printed(escpos.encode(SLIP))
    assert slip.lines == [p.text.strip() for p in lay_out(SLIP, 48) if isinstance(p, Line)]
    assert slip.codes == [SLIP.qr]
    assert (slip.token, slip.repeat, slip.pictures) == ("A-012", False, 0)
    assert "3 before you" in slip.lines


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("columns", [32, 48])
def test_a_latin_slip_is_text_and_stays_below_six_kilobytes(language: str, columns: int) -> None:
    longest = replace(
        SLIP, site_name="Clínica Ñandú Größe " * 6, service_name="Pediatría y Medicina " * 6, language=language,
        repeat=True, qr=LINK, estimate=Estimate(120, 180),
    )  # fmt: skip
    data = escpos.encode(longest, columns)
    assert len(data) <= LATIN_BYTES_MAX
    assert printed(data, columns).pictures == 0
    assert printed(data, columns).codes == [longest.qr]


def test_a_repeated_slip_says_so_in_every_language() -> None:
    for language in WORDS:
        slip = printed(escpos.encode(replace(SLIP, repeat=True, language=language)))
        assert slip.repeat
        assert REPEAT_MARK in slip.lines


@pytest.mark.parametrize(("language", "name"), [("hi", "नदी किनारे स्वास्थ्य केंद्र"), ("ar", "عيادة النهر 24 Clinic")])
def test_other_scripts_leave_as_pictures_and_the_token_as_text(language: str, name: str) -> None:
    slip = printed(escpos.encode(replace(SLIP, language=language, site_name=name)))
    assert slip.token == "A-012"
    assert slip.pictures > 5
    black = sum(byte.bit_count() for t in slip.things if isinstance(t, Picture) for byte in t.data)
    assert black > 4_000
    image = Image.open(io.BytesIO(render(slip)))
    assert image.width > 576


def test_no_installed_script_is_missing_from_the_words_of_a_slip() -> None:
    assert {language: glyphs.missing("".join(words)) for language, words in WORDS.items()} == dict.fromkeys(WORDS, "")


def test_arabic_runs_from_right_to_left_and_numbers_inside_it_from_left_to_right() -> None:
    runs = glyphs.runs_of("قبلك: 12 A-012")
    assert [(run.text.strip(), run.rtl) for run in runs if run.text.strip()] == [
        ("A-012", False), ("12", False), ("قبلك:", True),
    ]  # fmt: skip


def test_a_line_of_two_scripts_is_drawn_with_the_font_that_has_each() -> None:
    runs = glyphs.runs_of("टोकन A-012")
    assert [run.text for run in runs] == ["टोकन ", "A-012"] or [run.text.strip() for run in runs] == ["टोकन", "A-012"]
    assert len({run.font for run in runs}) == 2


def test_characters_no_font_has_become_question_marks_and_no_error() -> None:
    assert "?" in "".join(run.text for run in glyphs.runs_of("\U00012000x"))
    printed(escpos.encode(replace(SLIP, service_name="\U000e0041\U0001f9ff\U00012000")))


def test_a_name_cannot_command_the_printer() -> None:
    slip = printed(escpos.encode(replace(SLIP, site_name="Bad\x1b@\x1dV\x00\x10\x04\x01 name\n\n")))
    assert slip.lines[0] == "Bad@ V name"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.integers(0, 2000), st.sampled_from(LANGUAGES), st.booleans())
def test_any_names_give_one_whole_slip(site: str, service: str, ahead: int, language: str, repeat: bool) -> None:
    slip = Slip(
        token="B-1000", service_name=service, site_name=site, issued_at="20 Nov 2026 09:14", ahead=ahead, qr=None,
        repeat=repeat, language=language,
    )  # fmt: skip
    data = escpos.encode(slip)
    on_paper = printed(data)
    assert (on_paper.token, on_paper.repeat) == ("B-1000", repeat)
    assert RealTime().scan(data) == [], "a picture must not hold what a printer obeys at once"


@pytest.mark.parametrize("text", ["x" * (QR_CHARS_MAX + 1), "https://é.example/", "a\x10\x04\x01", "a\nb", "\x7f", ""])
def test_a_code_that_leads_nowhere_is_left_out_and_nobody_is_told_to_scan_it(text: str) -> None:
    assert lay_out(replace(SLIP, qr=text), 48) == lay_out(replace(SLIP, qr=None), 48)
    assert printed(escpos.encode(replace(SLIP, qr=text))).codes == []


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("length", [1, 40, 283, 328, 380, 412, 413, 425, 426, 450])
def test_a_code_fits_the_paper_and_a_phone_can_see_it(length: int, columns: int) -> None:
    text, dots = (LINK * 2)[:length], 12 * columns
    slip = printed(escpos.encode(replace(SLIP, qr=text, ahead=0), columns), columns)
    assert slip.codes == [text]
    at, code = next((i, thing) for i, thing in enumerate(slip.things) if isinstance(thing, QrCode))
    white = escpos.QR_QUIET * code.module
    above, below = slip.things[at - 1], slip.things[at + 1]
    assert isinstance(above, Feed)
    assert isinstance(below, Feed)
    assert min(above.dots, below.dots) >= white
    assert (dots + 2 * escpos.EDGE_DOTS - code.side * code.module) // 2 >= white
    assert code.module >= (5 if columns >= 32 else 3)
    assert code.side * code.module <= min(dots, escpos.QR_DOTS_MAX)


def test_the_edge_and_the_simulated_printer_agree_on_what_a_code_holds() -> None:
    for level, held in zip("lm", escpos.QR_BYTES, strict=True):
        assert max(held) >= QR_CHARS_MAX
        for version, length in enumerate(held, start=1):
            assert qr.side(b"x" * length, level) == 17 + 4 * version
            assert qr.side(b"x" * (length + 1), level) == 17 + 4 * (version + 1)


def test_the_code_stands_under_the_waiting_time_and_its_words_under_the_code() -> None:
    slip = replace(SLIP, estimate=Estimate(20, 35))
    parts = [part.text for part in lay_out(slip, 48) if isinstance(part, Line | Code)]
    at = parts.index(LINK_OF_SLIP)
    assert parts[at - 2 : at] == ["3 before you", "About 20 to 35 minutes"]
    assert parts[at + 1] == "Scan to follow your place"


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(20, 35), "About 20 to 35 minutes"), (Estimate(20, 20), "About 20 minutes"),
        (Estimate(0, 10), "Up to 10 minutes"), (Estimate(4, 5), "Up to 5 minutes"),
        (Estimate(0, 0), "Less than 5 minutes"), (Estimate(1, 4), "Less than 5 minutes"), (None, None),
    ],
)  # fmt: skip
def test_a_waiting_time_is_said_as_people_say_it(estimate: Estimate | None, words: str | None) -> None:
    lines = printed(escpos.encode(replace(SLIP, estimate=estimate))).lines
    assert [line for line in lines if "minutes" in line] == ([words] if words else [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_about_code_and_waiting_are_one_line_each_on_narrow_paper(language: str) -> None:
    plain = len(lay_out(replace(SLIP, language=language, qr=None), 32))
    for estimate in (Estimate(20, 35), Estimate(100, 120), Estimate(45, 45), Estimate(0, 90), Estimate(0, 1)):
        with_time = lay_out(replace(SLIP, language=language, qr=None, estimate=estimate), 32)
        assert len(with_time) == plain + 1
        assert not any("{" in part.text for part in with_time if isinstance(part, Line))
    assert len(lay_out(replace(SLIP, language=language), 32)) == plain + 4, "space, code, space, words"


def test_a_slip_can_be_printed_in_every_language_it_may_ask_for() -> None:
    assert WORDS.keys() == set(LANGUAGES)


@pytest.mark.parametrize(
    ("answers", "error"),
    [(b"\x12\x12\x12", None), (b"\x16\x12\x1e", None), (b"\x1a\x32\x72", PaperOut), (b"\x12\x12\x72", PaperOut),
     (b"\x1a\x16\x12", CoverOpen), (b"\x1a\x52\x12", Offline), (b"\x1a\x12\x12", Offline)],
)  # fmt: skip
def test_status_bytes_mean_what_the_makers_say(answers: bytes, error: type[Exception] | None) -> None:
    problem = escpos.trouble(answers)
    assert type(problem) is (error or type(None))
    assert problem is None or (problem.hint and not problem.begun)


def test_answers_of_both_kinds_cannot_be_taken_for_each_other() -> None:
    assert not [b for b in range(256) if escpos.is_status(b) and escpos.is_in_order(b)]
    assert [escpos.is_status(b) for b in (0x12, 0x1A, 0x72, 0x11, 0x13, 0x00, 0xFF)] == [True] * 3 + [False] * 4


@pytest.mark.parametrize("inside", [b"\x1dv0", b"1P0https"])
def test_a_printer_left_inside_a_picture_or_a_code_is_brought_back_in_step(inside: bytes) -> None:
    broken_off = escpos.encode(replace(SLIP, language="hi", qr=LINK))
    at = broken_off.index(inside) + 12
    interpreter = Interpreter()
    first = list(interpreter.feed(broken_off[:at]))
    assert interpreter.incomplete
    then = list(interpreter.feed(escpos.recover(48) + escpos.encode(SLIP)))
    cuts = [i for i, h in enumerate(then) if isinstance(h, Cut)]
    assert len(cuts) == 2
    assert not any(isinstance(h, Cut) for h in first)
    whole = PaperSlip(tuple(then[cuts[0] + 1 : cuts[1]]), complete=True)  # type: ignore[arg-type]
    assert whole.token == "A-012"
