"""The whole of Outpost on one machine, as real programs: what the demo shows and what the large tests run against.

    async with Stage(short_folder(), ports=Ports.free()) as stage:
        await stage.devices.do("press", button=1)

PostgreSQL, mosquitto (where installed), the cloud, the simulated devices and one edge each run as a program of their
own, on loopback; a `Proxy` stands for the cable between clinic and head office. An empty folder is filled with a clinic,
two accounts and two doctors; a used one goes on where it was. Leaving ends every program, also after an exception.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psycopg

from deploy import machine
from deploy.demo.crew import Crew, module, run_tool
from deploy.demo.devices import Devices
from deploy.demo.inbox import Inbox
from deploy.demo.ports import Ports
from deploy.demo.postgres import Postgres
from deploy.demo.program import ProgramFailed
from deploy.demo.seed import Clinic, first_accounts, first_claim, first_doctors
from deploy.venv import ROOT
from firmware_sim.links import Proxy, State
from shared.clock import HANDOVER, Clock

PATIENCE_S = 2.5
"""How long programs are given to end in good order, first those of the clinic, the cloud and the devices together."""
DATABASE_PATIENCE_S = 1.5


def short_folder(prefix: str = "outpost-") -> Path:
    """A fresh folder with a path short enough for sockets, that PostgreSQL's user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o711)
    return folder


def prepare_folder(folder: Path) -> None:
    """Make `folder`, or check that it is ours. Raises ProgramFailed when it belongs to somebody else."""
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise ProgramFailed(f"{folder} belongs to somebody else; remove it, or choose another with --folder.")
    folder.chmod(0o711)


class Stage:
    """The programs, their addresses, and the faults one can do to them.

    folder: where everything is kept; see `short_folder`.
    clock: domain time for all programs; None for the system's own.
    broker: None uses mosquitto where it is installed; False goes without, and syncs over HTTPS.
    database_url: a PostgreSQL database to use; None runs one of our own.
    dispensers: names of simulated dispensers on cables; each waits for a claim code.
    edge_settings, cloud_settings: more settings by field name, e.g. ``{"log_level": "debug"}``.
    said: is told in words what is being done.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        clock: Clock | None = None,
        broker: bool | None = None,
        database_url: str | None = None,
        dispensers: Sequence[str] = ("home",),
        edge_settings: Mapping[str, str] | None = None,
        cloud_settings: Mapping[str, str] | None = None,
        said: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.folder = folder
        self.ports = ports or Ports.free()
        self.clock = clock
        self.has_broker = machine.program("mosquitto") is not None if broker is None else broker
        self.said = said
        self.crew = Crew(folder, said)
        self.devices = Devices(folder / "devices", dispensers)
        self.inbox = Inbox(folder / "inbox.jsonl")
        """Where a caregiver of the demo is told."""
        self.cloud_link = Proxy("127.0.0.1", self.ports.cloud)
        self.broker_link = Proxy("127.0.0.1", self.ports.broker)
        self.clinic = Clinic(folder / "clinic.json")
        """The site, its accounts and passwords; complete once it is running."""
        self._extra = {"edge": dict(edge_settings or {}), "cloud": dict(cloud_settings or {})}
        self._postgres = None if database_url else Postgres(folder / "pg", self.log("postgres"), self.environment())
        self._database_url = database_url or ""

    # --- addresses

    @property
    def edge_url(self) -> str:
        """The clinic."""
        return f"http://127.0.0.1:{self.ports.edge}"

    @property
    def cloud_url(self) -> str:
        """Head office."""
        return f"http://127.0.0.1:{self.ports.cloud}"

    @property
    def database_url(self) -> str:
        """The cloud's PostgreSQL database."""
        return self._database_url

    @property
    def edge_database(self) -> Path:
        """The clinic's SQLite file."""
        return self.folder / "edge" / "outpost.db"

    def log(self, name: str) -> Path:
        """Where a program's words are kept."""
        return self.crew.log(name)

    def facts(self) -> dict[str, Any]:
        """What another program needs to know to play with this stage; JSON."""
        return {
            "edge_url": self.edge_url,
            "cloud_url": self.cloud_url,
            "control_socket": str(self.devices.socket),
            "devices": str(self.devices.folder),
            "database_url": self.database_url,
            "edge_database": str(self.edge_database),
            "clock": self.environment().get(HANDOVER, ""),
            "broker": self.has_broker,
            "pids": {name: program.pid for name, program in self.crew.programs.items()},
            **self.clinic.facts(),
        }

    def environment(self, program: str = "", **settings: object) -> dict[str, str]:
        """The environment of our programs: nothing of Outpost from outside, this checkout's code, one domain time."""
        held = {name: value for name, value in os.environ.items() if not name.startswith("OUTPOST_")}
        held |= {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
        if self.clock is not None:
            held[HANDOVER] = self.clock.handover()
        everything = {**settings, **(self._extra[program] if program else {})}
        return held | {f"OUTPOST_{program}_{name}".upper(): str(value) for name, value in everything.items()}

    # --- life

    async def __aenter__(self) -> Stage:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        prepare_folder(self.folder)
        for name in ("logs", "cloud", "broker", "edge", "devices"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        if self._postgres is not None:
            self.said("starting PostgreSQL")
            await self._postgres.start()
            self._database_url = await asyncio.to_thread(_create_database, self._postgres)
        self.inbox.open(self.ports.inbox)
        self.clinic = await first_accounts(self)
        await asyncio.gather(self._start_cloud(), self._start_devices())
        await self.cloud_link.start(self.ports.link_cloud)
        await self.broker_link.start(self.ports.link_broker)
        await first_claim(self)
        self.said(f"starting the clinic on port {self.ports.edge}")
        await self.start_edge()
        await first_doctors(self)

    async def _start_cloud(self) -> None:
        if self.has_broker:
            self.said(f"starting mosquitto on port {self.ports.broker}")
            files = self.folder / "broker"
            await self.tool("cloud", "broker-files", str(files), "--port", str(self.ports.broker))
            words = [machine.program("mosquitto") or "mosquitto", "-c", str(files / "mosquitto.conf")]
            await self.crew.run("mosquitto", words, self.environment())
        self.said(f"starting head office on port {self.ports.cloud}")
        await self.crew.run("cloud", module("cloud", "run"), self._cloud_environment())
        await self.crew.wait_for("cloud", lambda: _healthy(self.cloud_url))

    async def _start_devices(self) -> None:
        self.devices.forget()
        words = module("firmware_sim", "devices", "--run", str(self.devices.folder))
        words += [word for name in self.devices.dispensers for word in ("--dispenser", name)]
        await self.crew.run("devices", words, self.environment())
        await self.crew.wait_for("devices", self.devices.ready)

    async def stop(self) -> None:
        """End everything, in under five seconds whatever the programs do."""
        self.inbox.close()
        await self.crew.stop(("edge", "cloud", "devices"), PATIENCE_S)
        await asyncio.gather(self.cloud_link.stop(), self.broker_link.stop())
        last = [self.crew.stop(("mosquitto",), DATABASE_PATIENCE_S)]
        if self._postgres is not None:
            last.append(self._postgres.stop(DATABASE_PATIENCE_S))
        await asyncio.gather(*last)

    # --- faults, and the way back

    def cut_link(self, state: State = "half_open") -> None:
        """The clinic and head office no longer hear each other.

        "half_open" is a cable cut: connections stand and nothing comes through; "cut" breaks and refuses them.
        """
        self.cloud_link.set(state)
        self.broker_link.set(state)

    def restore_link(self) -> None:
        """They do again; connections from before are broken, for nobody on the way remembers them."""
        for link in (self.cloud_link, self.broker_link):
            link.set("cut")
            link.set("ok")

    @property
    def link_is_cut(self) -> bool:
        """Whether the cable is cut."""
        return self.cloud_link.state != "ok"

    def time(self) -> Clock:
        """The stage's domain time."""
        return self.clock or Clock.life()

    async def set_clock(self, make: Callable[[], Clock]) -> None:
        """Stop the clinic, its devices and head office, and start them in the domain time `make` gives at that moment."""
        await self.crew.stop(("edge", "devices", "cloud", "mosquitto"), PATIENCE_S)
        self.clock = make()
        await asyncio.gather(self._start_cloud(), self._start_devices())
        await self.start_edge()

    async def kill_edge(self) -> None:
        """kill -9, as a power cut does; it stays away until `start_edge`."""
        await self.crew.programs["edge"].kill()

    async def start_edge(self, wait: bool = True) -> None:
        """Start the clinic's program; with `wait`, until it answers."""
        await self.crew.run("edge", module("edge", "run"), self._edge_environment(), comes_back=True)
        if wait:
            await self.crew.wait_for("edge", lambda: _healthy(self.edge_url))

    async def tool(self, program: str, *words: str) -> str:
        """Run a command of a program to its end, e.g. ``tool("edge", "pair", "display")``; gives what it printed.

        Raises ProgramFailed when it exits with anything but 0.
        """
        environment = self._edge_environment() if program == "edge" else self._cloud_environment()
        return await run_tool(module(program, *words), self.folder, environment)

    # --- how each program is started

    def _cloud_environment(self) -> dict[str, str]:
        broker = f"127.0.0.1:{self.ports.broker}" if self.has_broker else ""
        return self.environment(
            "cloud",
            database_url=self._database_url,
            port=self.ports.cloud,
            data=self.folder / "cloud",
            mqtt=broker,
            broker_files=self.folder / "broker",
            public_url=self.cloud_url,
            notify_private_addresses="true",
        )

    def _edge_environment(self) -> dict[str, str]:
        speaker = self.devices.speaker_port() if machine.program("espeak-ng") else None
        return self.environment(
            "edge",
            data=self.folder / "edge",
            port=self.ports.edge,
            site_name=self.clinic.site_name,
            languages=json.dumps(["en", "hi", "es", "ar"]),
            boards=json.dumps([{"id": "b1", "port": str(self.devices.folder / "board"), "buttons": {"1": "A"}}]),
            printer=json.dumps({"port": str(self.devices.folder / "printer")}),
            dispensers=json.dumps([{"id": n, "port": str(self.devices.folder / n)} for n in self.devices.dispensers]),
            speaker=f"tcp://127.0.0.1:{speaker}" if speaker else "",
            cloud_url=f"http://127.0.0.1:{self.ports.link_cloud}",
            claim_code=self.clinic.claim_code,
            mqtt=f"127.0.0.1:{self.ports.link_broker}" if self.has_broker else "",
        )


def _create_database(postgres: Postgres) -> str:
    with psycopg.connect(postgres.uri("postgres"), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = 'outpost'").fetchone():
            connection.execute("create database outpost")
    return postgres.uri()


async def _healthy(url: str) -> bool:
    """Whether a program serves; a clinic that is degraded (no paper, no link) serves."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            return (await client.get(f"{url}/health")).status_code in (200, 503)
    except httpx.TransportError:
        return False
