"""``python -m edge``."""

from __future__ import annotations

from edge.cli import app

if __name__ == "__main__":
    app(prog_name="python -m edge")
