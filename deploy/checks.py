"""The checks of the code that are not tests: ``python -m deploy.checks``. Each is quiet when it has nothing to say."""

from __future__ import annotations

import subprocess
import sys

from deploy.venv import ROOT

CHECKS = {
    "ruff": [sys.executable, "-m", "ruff", "check", "--quiet", "."],
    "ruff format": [sys.executable, "-m", "ruff", "format", "--quiet", "--check", "."],
    "mypy": [sys.executable, "-m", "mypy", "--no-error-summary"],
    "layers": [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
}


def main() -> int:
    """Run every check, even after one has failed; the exit status is 1 when any failed."""
    failed = []
    for name, words in CHECKS.items():
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
        if done.returncode:
            failed.append(name)
            print((done.stdout + done.stderr).strip(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
