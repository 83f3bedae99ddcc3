"""What stands in the log of an error."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import logging, structlog
from shared import logs

logs.configure("info", as_json=True, tracebacks={tracebacks})

def inner():
    raise ValueError("the seventh sheet")

try:
    inner()
except ValueError as error:
    structlog.get_logger("ours").error("printing_failed", exc_info={given})
    logging.getLogger("theirs").exception("of a library")
structlog.get_logger("ours").info("all_well")
"""


def _logged(tracebacks: bool, given: str = "error") -> list[dict[str, Any]]:
    """The lines of a program that meets an error; its log is a process's, so it has one of its own."""
    words = [sys.executable, "-c", PROGRAM.format(tracebacks=tracebacks, given=given)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30)
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize("given", ["error", "True", "(type(error), error, error.__traceback__)"])
def test_without_debug_an_error_is_one_line_that_says_what_and_where(given: str) -> None:
    ours, theirs, well = _logged(False, given)
    for line in (ours, theirs):
        assert line["error"] == "ValueError: the seventh sheet" and line["where"].endswith(" inner")
        assert "exception" not in line and "Traceback" not in json.dumps(line)
    assert well["event"] == "all_well" and "error" not in well


def test_with_debug_the_traceback_is_there() -> None:
    ours, theirs, _ = _logged(True)
    for line in (ours, theirs):
        assert "Traceback" in line["exception"] and "in inner" in line["exception"]
