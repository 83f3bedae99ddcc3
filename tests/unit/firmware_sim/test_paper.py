"""Slips as text and as pictures."""

from __future__ import annotations

import io

import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from firmware_sim.escpos import Interpreter
from firmware_sim.paper import HEIGHT_DOTS_MAX, Slip, render
from firmware_sim.things import Cut


def slip(data: bytes, *, complete: bool = True) -> Slip:
    return Slip(tuple(h for h in Interpreter().feed(data) if not isinstance(h, Cut)), complete)  # type: ignore[misc]


def picture(it: Slip) -> Image.Image:
    return Image.open(io.BytesIO(render(it)))


def ink(image: Image.Image) -> int:
    return sum(image.convert("L").histogram()[:80])


def test_the_token_is_the_number_printed_largest() -> None:
    assert slip(b"B-001 was called\n\x1d!\x33A-012\n\x1d!\x00after B-002\n").token == "A-012"
    assert slip(b"no number here\n").token is None


def test_the_repeat_mark_is_seen() -> None:
    assert slip(b"REPEAT / second copy\nA-012\n").repeat
    assert not slip(b"A-012\n").repeat


def test_text_codes_and_pictures_leave_ink() -> None:
    blank = ink(picture(slip(b"\n\n\n\n")))
    store = b"\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0"
    for data in (b"hello\n", b"\x1d!\x77H\n", b"\x1dB\x01hello\n", store, b"\x1dv0\x00\x01\x00\x08\x00" + b"\xff" * 8):
        assert ink(picture(slip(data))) > blank + 20


def test_the_squares_of_a_code_are_on_the_paper_and_white_is_not_added() -> None:
    text, module, wide = "https://clinic.example/pages/track#abc_-.0", 3, 384
    store = b"\x1d(k" + (len(text) + 3).to_bytes(2, "little") + b"1P0" + text.encode()
    data = b"\x1ba\x01\x1d(k\x03\x001C" + bytes((module,)) + b"\x1d(k\x03\x001E1" + store + b"\x1d(k\x03\x001Q0"
    it = slip(data)
    assert it.codes == [text]
    inner = Image.open(io.BytesIO(render(it, wide))).convert("L").crop((60, 60, 60 + wide, 60 + 33 * module))
    dark = inner.point(lambda v: 255 if v < 128 else 0)
    left = (wide - 29 * module) // 2
    assert dark.getbbox() == (left, 0, left + 29 * module, 29 * module)
    squares = segno.make_qr(text, error="m", boost_error=False).matrix
    for y, row in enumerate(squares):
        for x, square in enumerate(row):
            assert dark.getpixel((left + x * module + 1, y * module + 1)) == 255 * square


def test_a_torn_slip_looks_torn() -> None:
    whole, torn = picture(slip(b"hello\n")), picture(slip(b"hello\n", complete=False))
    assert whole.size == torn.size
    assert whole.tobytes() != torn.tobytes()


def test_a_very_long_slip_gives_a_bounded_picture() -> None:
    assert picture(slip(b"\x1bd\xff" * 100)).height < HEIGHT_DOTS_MAX + 200


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_painted(data: bytes) -> None:
    assert picture(slip(data)).width == 696
