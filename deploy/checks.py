"""The checks of the code that are not tests: ``python -m deploy.checks``. Each is quiet when it has nothing to say."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from deploy.venv import ROOT

CHECKS = {
    "ruff": [sys.executable, "-m", "ruff", "check", "--quiet", "."],
    "ruff format": [sys.executable, "-m", "ruff", "format", "--quiet", "--check", "."],
    "mypy": [sys.executable, "-m", "mypy", "--no-error-summary"],
    "layers": [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
    "tests can be collected": [sys.executable, "-m", "pytest", "--collect-only", "-qq"],
}
"""They run beside each other. The last also leaves the tests compiled, else each process of tests compiles all of them."""


def main() -> int:
    """Run every check, also where another has failed; the exit status is 1 when any failed."""
    failed = False
    with ThreadPoolExecutor(len(CHECKS)) as beside:
        for name, done in zip(CHECKS, beside.map(_run, CHECKS.values()), strict=True):
            print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
            if done.returncode:
                failed = True
                print((done.stdout + done.stderr).strip(), flush=True)
    return 1 if failed else 0


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
