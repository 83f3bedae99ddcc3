"""``python -m deploy.demo``: one clinic and head office on this machine, to try. ``--help`` lists the options."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from deploy.demo.folder import Busy, at_home, default_folder
from deploy.demo.play import play
from deploy.demo.ports import Ports, PortTaken
from deploy.demo.program import ProgramFailed


def options() -> argparse.ArgumentParser:
    """What may be asked of the demo."""
    parser = argparse.ArgumentParser(prog="make demo ARGS=…", description="One clinic and head office on this machine.")
    parser.add_argument(
        "--folder", type=Path, help="where the demo keeps its data (default: a folder of yours in /tmp)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier demo left there")
    for name, port in vars(Ports()).items():
        parser.add_argument(f"--{name.replace('_', '-')}-port", type=int, default=port, help=f"default {port}")
    parser.add_argument("--no-broker", action="store_true", help="sync over HTTPS even where mosquitto is installed")
    parser.add_argument("--database-url", help="a PostgreSQL database to use instead of the demo's own")
    parser.add_argument("--plain", action="store_true", help="lines instead of the live table")
    parser.add_argument(
        "--open",
        action="store_true",
        help="the clinic's API without sign-in, from this machine only: to try the examples",
    )
    parser.add_argument("--scenario", help="play a scenario of firmware_sim/scenarios by itself instead")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the scenario's chance; the same seed plays the same day"
    )
    parser.add_argument(
        "--check", action="store_true", help="compare both sides afterwards; exit 1 if anything is lost"
    )
    parser.add_argument("--report", type=Path, help="where to write what was compared, as JSON")
    return parser


def main() -> int:
    """Exit status: 0 ended in good order, 1 it could not run or a check failed."""
    given = options().parse_args()
    ports = Ports(**{name: getattr(given, f"{name}_port") for name in vars(Ports())})
    try:
        if given.scenario:
            from deploy.demo.scenario import play_scenario

            return asyncio.run(play_scenario(given))
        with at_home(given.folder or default_folder(), fresh=given.fresh) as folder:
            ports.check()
            asyncio.run(play(folder, ports, given))
    except (ProgramFailed, PortTaken, Busy) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
