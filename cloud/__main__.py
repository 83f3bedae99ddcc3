"""`python -m cloud …`: run the cloud, and what is done beside it."""

from __future__ import annotations

from cloud.cli import app

if __name__ == "__main__":
    app(prog_name="python -m cloud")
