"""Serial frames: every message survives the wire, and nothing on the wire does harm."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.frames import FRAME_BYTES_MAX, PART_BYTES, Ack, FrameDecoder, Got, Hello, Lamp, Message, Part, Press, encode

U8, U32 = st.integers(0, 255), st.integers(0, 2**32 - 1)
STREAM = st.binary(min_size=8, max_size=8).map(bytes.hex)
NAME = st.text(st.characters(codec="ascii"), max_size=40)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Press, STREAM, U32, U8, U32),
    st.builds(Ack, STREAM, U32, st.booleans()),
    st.builds(Lamp, U8, U8),
    st.builds(Hello, STREAM, NAME, NAME),
    st.builds(Part, U32, st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.binary(max_size=PART_BYTES)),
    st.builds(Got, U32, st.integers(0, 2**16 - 1)),
)


@given(st.lists(MESSAGES, max_size=10), st.integers(1, 100))
def test_every_message_arrives_however_the_bytes_are_cut(messages: list[Message], size: int) -> None:
    wire = b"".join(encode(m) for m in messages)
    decoder = FrameDecoder()
    got = [m for i in range(0, len(wire), size) for m in decoder.feed(wire[i : i + size])]
    assert got == messages
    assert decoder.noise == 0


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=400), max_size=10))
def test_noise_gives_no_error_and_no_growth(noise: list[bytes]) -> None:
    decoder = FrameDecoder()
    for data in noise:
        list(decoder.feed(data))
        assert len(decoder._buffer) <= FRAME_BYTES_MAX


@given(MESSAGES, st.data())
def test_a_frame_with_one_flipped_bit_is_never_taken_for_another(message: Message, data: st.DataObject) -> None:
    wire = bytearray(encode(message))
    bit = data.draw(st.integers(0, len(wire) * 8 - 1))
    wire[bit // 8] ^= 1 << bit % 8
    assert [m for m in FrameDecoder().feed(bytes(wire)) if m != message] == []


@given(MESSAGES, st.binary(max_size=300))
def test_after_noise_the_second_frame_at_the_latest_is_understood(message: Message, noise: bytes) -> None:
    decoder = FrameDecoder()
    list(decoder.feed(noise))
    assert message in [*decoder.feed(encode(message)), *decoder.feed(encode(message))]
