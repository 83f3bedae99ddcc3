"""The simulated printer's own reading of ESC/POS."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.escpos import THINGS_MAX, Interpreter, RealTime
from firmware_sim.things import Asked, Cut, Feed, Happening, Picture, QrCode, TextLine


def read(data: bytes, piece: int = 0) -> list[Happening]:
    interpreter = Interpreter()
    pieces = [data[i : i + piece] for i in range(0, len(data), piece)] if piece else [data]
    return [happening for part in pieces for happening in interpreter.feed(part)]


def texts(happenings: list[Happening]) -> list[str]:
    return [h.text for h in happenings if isinstance(h, TextLine)]


def test_text_keeps_its_size_weight_and_place() -> None:
    (line,) = read(b"\x1ba\x01\x1bE\x01\x1d!\x33A-1\n")
    assert isinstance(line, TextLine)
    assert (line.text, line.align) == ("A-1", 1)
    assert (line.spans[0].style.width, line.spans[0].style.height, line.spans[0].style.bold) == (4, 4, True)


@pytest.mark.parametrize(
    ("page", "byte", "letter"), [(0, 0x82, "é"), (16, 0xE9, "é"), (19, 0xD5, "€"), (17, 0x80, "А")]
)
def test_code_pages_give_the_letters_they_should(page: int, byte: int, letter: str) -> None:
    assert texts(read(bytes((0x1B, 0x74, page, byte, 0x0A)))) == [letter]


def test_a_line_longer_than_the_paper_goes_on_below() -> None:
    assert [len(t) for t in texts(read(b"x" * 100 + b"\n"))] == [48, 48, 4]


def test_raster_pictures_come_out_dot_for_dot() -> None:
    happenings = read(b"\x1dv0\x00\x02\x00\x03\x00" + bytes(range(6)))
    assert happenings == [Picture(16, 3, bytes(range(6)), 0)]


def test_column_pictures_come_out_as_rows() -> None:
    (picture, *_) = read(b"\x1b*\x00\x08\x00" + bytes((0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1)) + b"\n")
    assert picture == Picture(8, 8, bytes((0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1)), 0)


def test_native_qr_codes_hold_what_was_stored() -> None:
    data = b"https://x/1"
    store = b"\x1d(k" + (len(data) + 3).to_bytes(2, "little") + b"1P0" + data
    (code,) = read(b"\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1" + store + b"\x1d(k\x03\x001Q0")
    assert code == QrCode(data, 6, "m", 0, 21)


def test_a_qr_code_too_large_for_the_paper_does_not_come_out() -> None:
    data = b"x" * 380
    command = (
        b"\x1d(k\x03\x001C\x06\x1d(k" + (len(data) + 3).to_bytes(2, "little") + b"1P0" + data + b"\x1d(k\x03\x001Q0"
    )
    assert [thing.side for thing in Interpreter(dots_wide=414).feed(command) if isinstance(thing, QrCode)] == [69]
    narrow = Interpreter(dots_wide=413)
    assert list(narrow.feed(command)) == []
    assert narrow.unknown == {"QR code of impossible size": 1}


def test_feed_cut_and_questions_in_order() -> None:
    assert read(b"a\x1bd\x02\x1dr\x01\x1dV\x01\x1dVB\x10")[1:] == [
        Feed(60), Asked(1), Cut(True), Feed(16), Cut(True),
    ]  # fmt: skip


def test_a_reset_forgets_what_was_set_and_not_printed() -> None:
    assert texts(read(b"\x1bE\x01\x1d!\x11lost\x1b@kept\n")) == ["kept"]


def test_unknown_commands_are_counted_and_stepped_over() -> None:
    interpreter = Interpreter()
    got = list(interpreter.feed(b"\x1b\x01one\n\x1d\x7ftwo\n\x1d(L\x02\x00ab three\n"))
    assert texts(got) == ["one", "two", " three"]
    assert sum(interpreter.unknown.values()) == 3


def test_a_picture_that_announces_too_much_is_noise() -> None:
    interpreter = Interpreter()
    assert texts(list(interpreter.feed(b"\x1dv0\x00\xff\xff\xff\xffhello\n"))) == ["hello"]
    assert interpreter.incomplete == 0


def test_a_slip_without_end_is_bounded() -> None:
    interpreter = Interpreter()
    things = sum(1 for _ in interpreter.feed(b"x\n" * (THINGS_MAX + 50)))
    assert things == THINGS_MAX
    assert interpreter.dropped == 50


def test_real_time_questions_are_heard_across_pieces_and_inside_pictures() -> None:
    real_time = RealTime()
    assert [n for byte in b"ab\x10\x04\x01\x10\x04\x04" for n in real_time.scan(bytes((byte,)))] == [1, 4]
    assert RealTime().scan(b"\x1dv0\x00\x01\x00\x04\x00\x10\x04\x02\x00") == [2]


COMMANDS = st.sampled_from(
    [b"\x1b@", b"\x1b!", b"\x1bE\x01", b"\x1d!\x11", b"\x1bt\x13", b"\x1dv0\x00", b"\x1b*\x21", b"\x1d(k", b"\x1dV",
     b"\x1dk\x49", b"\x1bD", b"\x10\x04", b"\x1bd", b"\n", b"A-012", b"\x1c", b"\x1d", b"\x1b"],
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(COMMANDS, st.binary(max_size=40)), max_size=30).map(b"".join), st.integers(1, 64))
def test_no_bytes_make_it_fail_and_pieces_change_nothing(data: bytes, piece: int) -> None:
    assert read(data, piece) == read(data)
    interpreter = Interpreter()
    list(interpreter.feed(data))
    interpreter.power_off()
    assert texts(list(interpreter.feed(b"\x1b@ok\n"))) == ["ok"]
