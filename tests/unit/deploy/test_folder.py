"""The demo's folder: one demo at a time, nobody else's, never half a clinic."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.demo.folder import Busy, at_home, default_folder
from deploy.demo.program import ProgramFailed
from deploy.demo.seed import Clinic
from deploy.demo.stage import prepare_folder


def _filled(folder: Path, doctors: list[str]) -> None:
    for name in ("edge", "cloud/authority"):
        (folder / name).mkdir(parents=True)
    (folder / "edge" / "outpost.db").write_text("a store")
    Clinic(folder / "clinic.json", staff={"username": "a", "password": "secret"}, doctors=doctors).save()


def test_a_second_demo_of_the_same_clone_is_told_who_runs(tmp_path: Path) -> None:
    with at_home(tmp_path), pytest.raises(Busy, match=rf"pid {os.getpid()}"), at_home(tmp_path):
        pass
    with at_home(tmp_path):
        pass


def test_a_demo_goes_on_with_what_an_earlier_one_left(tmp_path: Path) -> None:
    _filled(tmp_path, ["d1", "d2"])
    with at_home(tmp_path):
        assert (tmp_path / "edge" / "outpost.db").read_text() == "a store"
        assert Clinic.load(tmp_path / "clinic.json").doctors == ["d1", "d2"]


def test_half_a_clinic_is_made_anew(tmp_path: Path) -> None:
    _filled(tmp_path, [])
    with at_home(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


def test_fresh_forgets_everything(tmp_path: Path) -> None:
    _filled(tmp_path, ["d1"])
    with at_home(tmp_path, fresh=True):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


def test_passwords_are_readable_by_their_user_alone(tmp_path: Path) -> None:
    _filled(tmp_path, ["d1"])
    assert (tmp_path / "clinic.json").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_a_link_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").symlink_to(tmp_path / "there")
    with pytest.raises(ProgramFailed, match="belongs to somebody else"):
        prepare_folder(tmp_path / "here")


def test_the_folder_is_short_and_this_users_own() -> None:
    assert len(str(default_folder())) < 40
    assert str(os.geteuid()) in default_folder().name
