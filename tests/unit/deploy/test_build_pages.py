"""The one script that builds the pages: which Node it takes, when it does nothing, what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import build_pages


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v18.20.4", False), ("v20.18.3", False), ("v20.19.0", True), ("v20.20.2\n", True), ("v21.7.0", False),
        ("v22.11.0", False), ("v22.12.0", True), ("v23.0.0", True), ("v24.19.0", True), ("", False), ("node", False),
    ],
)  # fmt: skip
def test_only_a_node_that_vite_runs_on_is_taken(version: str, fits: bool) -> None:
    assert build_pages.accepted(version) is fits


def test_without_any_node_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(build_pages.CannotBuild, match=r"needs Node 20\.19 .*requirements/node\.txt"):
        build_pages.find_node()


def test_any_change_of_a_source_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_pages, "ROOT", tmp_path)
    page, style = tmp_path / "page.tsx", tmp_path / "page.css"
    page.write_text("ab")
    style.write_text("c")
    seen = {build_pages.digest([page, style])}
    page.write_text("a")
    style.write_text("bc")
    seen.add(build_pages.digest([page, style]))
    style.rename(tmp_path / "other.css")
    seen.add(build_pages.digest([page, tmp_path / "other.css"]))
    assert len(seen) == 3


def test_build_with_nothing_to_do_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "package.json"
    source.write_text("{}")
    monkeypatch.setattr(build_pages, "ROOT", tmp_path)
    monkeypatch.setattr(build_pages, "BUILDS", {"edge": tmp_path})
    monkeypatch.setattr(build_pages, "sources", lambda: [source])
    (tmp_path / build_pages.STAMP).write_text(build_pages.digest([source]))
    monkeypatch.setattr("subprocess.run", lambda *words, **more: pytest.fail("started something"))
    assert build_pages.main([]) == 0


def test_lock_file_names_no_host() -> None:
    root = Path(build_pages.__file__).resolve().parents[1]
    assert "://" not in (root / "package-lock.json").read_text()
