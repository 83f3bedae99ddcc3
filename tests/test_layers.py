"""Outer imports inner, never back, never sideways: the contracts of `[tool.importlinter]` in pyproject.toml, and a few more."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
PROGRAMS = ("shared", "edge", "cloud", "firmware_sim", "deploy")
PRODUCT = sorted(
    path for program in PROGRAMS for path in (ROOT / program).rglob("*.py") if "node_modules" not in path.parts
)
BEFORE_SET_UP = tuple(
    f"deploy/{name}.py" for name in ("setup", "build_pages", "venv", "machine", "checks", "demo/child")
)
"""What runs on a bare Python, or without our packages."""

LINES_MAX = 400
CLOCK = "shared/clock.py"
READS_TIME = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "localtime",
        "gmtime",
        "sleep",
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_import_goes_outward_or_sideways() -> None:
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def clock_reads(tree: ast.Module) -> list[int]:
    """Lines that read a clock or sleep a thread: calls and names taken from time, datetime, date."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in READS_TIME.get(owner, ()):
                found.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [node.lineno for alias in node.names if alias.name in READS_TIME["time"]]
    return found


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_only_the_shared_clock_reads_time(path: Path) -> None:
    if _name(path) != CLOCK:
        assert clock_reads(_tree(path)) == [], f"{_name(path)} reads time itself; take it from {CLOCK}"


@pytest.mark.parametrize(
    "line",
    ["import time; time.time()", "from time import monotonic", "from datetime import datetime; datetime.now(UTC)",
     "import datetime; datetime.datetime.utcnow()", "date.today()", "import time; time.sleep(1)"],
)  # fmt: skip
def test_the_check_for_clocks_finds_what_it_looks_for(line: str) -> None:
    assert clock_reads(ast.parse(line))


SQL_TIME = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp)\(\)|\bcurrent_(timestamp|date|time)\b|[(,]\s*'now'", re.I
)
SQL = re.compile(r"\b(select|insert into|update|delete from|create table|default)\b", re.I)


def sql_clock_reads(tree: ast.Module) -> list[int]:
    """Lines of SQL texts in which the database would read its own clock."""
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.lineno for node in texts if SQL.search(node.value) and SQL_TIME.search(node.value)]


def test_sql_never_asks_the_database_for_the_time() -> None:
    found = {_name(path): sql_clock_reads(_tree(path)) for path in PRODUCT}
    for path in (ROOT / "cloud").rglob("*.sql"):
        code = [line.partition("--")[0] for line in path.read_text().splitlines()]
        found[_name(path)] = [number for number, line in enumerate(code, 1) if SQL_TIME.search(line)]
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_check_for_time_in_sql_finds_it() -> None:
    assert sql_clock_reads(ast.parse("c.execute('select now()')"))
    assert sql_clock_reads(ast.parse("c.execute('create table t (at int default current_timestamp)')"))
    assert sql_clock_reads(ast.parse("""c.execute("select datetime('x'), strftime('%s', 'now')")"""))


LOGS = {"print", "debug", "info", "warning", "error", "exception", "critical", "log"}


def swallowed(tree: ast.Module) -> list[int]:
    """Lines of handlers that catch every error and neither raise nor hand the error on: nobody but a log hears of it."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if not {None if one is None else ast.unparse(one) for one in caught} & {None, "Exception", "BaseException"}:
            continue
        inside = [inner for statement in node.body for inner in ast.walk(statement)]
        logs = [one for one in inside if isinstance(one, ast.Call) and ast.unparse(one.func).rpartition(".")[2] in LOGS]
        only_logged = {id(inner) for log in logs for inner in ast.walk(log)}
        handed_on = any(
            isinstance(one, ast.Name) and one.id == node.name and id(one) not in only_logged for one in inside
        )
        if not handed_on and not any(isinstance(inner, ast.Raise) for inner in inside):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_no_error_is_swallowed(path: Path) -> None:
    lines = swallowed(_tree(path))
    assert lines == [], f"{_name(path)} catches every error and goes on, in lines {lines}"


def test_the_check_for_swallowed_errors_finds_one() -> None:
    assert swallowed(ast.parse("try:\n  f()\nexcept Exception as e:\n  log(e)")) == [3]
    assert swallowed(ast.parse("try:\n  f()\nexcept:\n  pass")) == [3]
    assert swallowed(ast.parse("try:\n  f()\nexcept Exception as e:\n  answer = e")) == []
    assert swallowed(ast.parse("try:\n  f()\nexcept Exception:\n  undo()\n  raise")) == []
    assert swallowed(ast.parse("try:\n  f()\nexcept ValueError:\n  pass")) == []


@pytest.mark.parametrize("name", BEFORE_SET_UP)
def test_set_up_needs_nothing_but_python(name: str) -> None:
    for node in ast.walk(_tree(ROOT / name)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            top = module.partition(".")[0]
            allowed = (
                top in sys.stdlib_module_names
                or f"{module.replace('.', '/')}.py" in BEFORE_SET_UP
                or module == "deploy"
            )
            assert allowed, f"{name} imports {module}"


def test_modules_are_small_enough_to_read() -> None:
    long = {_name(path): len(path.read_text().splitlines()) for path in PRODUCT}
    assert {name: lines for name, lines in long.items() if lines > LINES_MAX} == {}
