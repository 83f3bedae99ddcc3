"""What a program pays before the first slip: nothing heavy, and nothing left lying about."""

from __future__ import annotations

import subprocess
import sys

LIGHT = """
import sys
import edge.devices.button_board, edge.devices.printer, edge.devices.speaker, edge.devices.transport, edge.voice.speech
heavy = {"PIL", "escpos", "fontTools", "bidi", "serial"} & set(sys.modules)
assert not heavy, heavy
"""
TIDY = """
import logging, pathlib, tempfile
folder = pathlib.Path(tempfile.gettempdir())
before, handlers = set(folder.iterdir()), list(logging.root.handlers)
from edge.devices import escpos
escpos.warm()
assert logging.root.handlers == handlers
assert set(folder.iterdir()) == before, set(folder.iterdir()) - before
"""


def run(program: str, folder: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={"TMPDIR": folder}
    )
    return done.stdout + done.stderr


def test_drivers_load_nothing_heavy_until_they_are_used(tmp_path: str) -> None:
    assert run(LIGHT, str(tmp_path)) == ""


def test_warming_the_printer_leaves_no_log_handler_and_no_folder(tmp_path: str) -> None:
    assert run(TIDY, str(tmp_path)) == ""
