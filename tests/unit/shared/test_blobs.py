"""A sound is on the disk whole or not at all, and a recording cut off goes on where it stands."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shared.blobs import INCOMING_MAX, Blobs, NoRoom, Standing, TooLarge, WrongHash

DATA = b"sound" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


def test_a_stream_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    incoming = blobs.begin(10_000)
    incoming.write(DATA[:100])
    assert blobs.path(SHA) is None
    incoming.write(DATA[100:])
    assert incoming.finish() == SHA
    assert (tmp_path / SHA).read_bytes() == DATA
    assert list(blobs.names()) == [SHA]


def test_a_stream_that_is_too_long_leaves_nothing(tmp_path: Path) -> None:
    incoming = Blobs(tmp_path).begin(100)
    with pytest.raises(TooLarge):
        incoming.write(DATA)
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_stream_cut_by_a_kill_is_gone_after_the_restart_and_a_recording_goes_on(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    cut = blobs.begin(10_000)
    cut.write(DATA)
    blobs.append("d1", SHA, 0, len(DATA), DATA[:2000], 10_000)
    again = Blobs(tmp_path)
    assert again.standing("d1", SHA) == 2000
    assert not list((tmp_path / "incoming").glob("stream-*"))
    cut.drop()
    assert again.append("d1", SHA, 2000, len(DATA), DATA[2000:], 10_000) == (len(DATA), True)
    assert (tmp_path / SHA).read_bytes() == DATA


def test_a_piece_that_does_not_follow_is_told_where_we_stand(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blobs.append("d1", SHA, 0, len(DATA), DATA[:100], 10_000)
    for offset in (0, 50, 200):
        with pytest.raises(Standing) as standing:
            blobs.append("d1", SHA, offset, len(DATA), DATA[offset : offset + 10], 10_000)
        assert standing.value.offset == 100


def test_two_devices_do_not_write_into_one_recording(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blobs.append("d1", SHA, 0, len(DATA), DATA[:100], 10_000)
    assert blobs.standing("d2", SHA) == 0


def test_what_is_not_what_its_name_says_is_thrown_away(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    with pytest.raises(WrongHash):
        blobs.append("d1", "0" * 64, 0, len(DATA), DATA, 10_000)
    assert blobs.standing("d1", "0" * 64) == 0


def test_more_than_announced_or_allowed_is_refused(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    with pytest.raises(TooLarge):
        blobs.append("d1", SHA, 0, 10, DATA, 10_000)
    with pytest.raises(TooLarge):
        blobs.append("d1", SHA, 0, len(DATA), DATA, 100)


def test_a_full_disk_takes_no_sound_and_keeps_those_it_has(tmp_path: Path) -> None:
    free = [2**40]
    blobs = Blobs(tmp_path, lambda: free[0])
    blobs.append("d1", SHA, 0, len(DATA), DATA, 10_000)
    free[0] = 1024
    with pytest.raises(NoRoom):
        blobs.begin(100)
    with pytest.raises(NoRoom):
        blobs.append("d1", "0" * 64, 0, 10, b"x", 100)
    assert blobs.path(SHA) is not None


def test_recordings_under_way_are_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    for n in range(INCOMING_MAX + 5):
        blobs.append("d1", f"{n:064x}", 0, 10, b"x", 100)
    assert len(list((tmp_path / "incoming").glob("part-*"))) == INCOMING_MAX


@pytest.mark.parametrize("name", ["../secret", "x", "", "A" * 64])
def test_a_name_that_is_no_hash_leads_nowhere(tmp_path: Path, name: str) -> None:
    assert Blobs(tmp_path).path(name) is None
