"""Writes what mosquitto needs to serve the hop between edge and cloud: mosquitto.conf, acl, crl.

Client certificates only; the certificate's name is the user and the client id, and two patterns keep every clinic to
its own topics, so a new clinic changes nothing here. The broker keeps no queue for anybody who is away: edges keep
their events until the cloud's own acknowledgement.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

INFLIGHT_MAX = 200
QUEUED_BYTES_MAX = 32 * 1024 * 1024
"""What may wait in the broker for one client; 8 frames of 64 KiB for each of 60 sites."""
MESSAGE_BYTES_MAX = 128 * 1024
"""A frame is at most 64 KiB and its header."""
MEMORY_BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True)
class BrokerFiles:
    """What one broker is made of. Paths must be readable by the user it runs as, and the folder
    writable: it keeps its process id there.

    workers: the names (CN) of the cloud's ingest workers: they alone hear what edges say and may answer.
    """

    folder: Path
    ca: Path
    cert: Path
    key: Path
    workers: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8883
    as_root: bool = field(default_factory=lambda: os.geteuid() == 0)

    @property
    def conf(self) -> Path:
        """The file to start mosquitto with: ``mosquitto -c <conf>``."""
        return self.folder / "mosquitto.conf"

    @property
    def acl(self) -> Path:
        """Who may publish and read what."""
        return self.folder / "acl"

    @property
    def crl(self) -> Path:
        """The certificates that are no longer good."""
        return self.folder / "crl.pem"

    @property
    def pid(self) -> Path:
        """Where mosquitto writes its process id, for whom a revocation signals."""
        return self.folder / "mosquitto.pid"


def configuration(files: BrokerFiles) -> str:
    """The text of mosquitto.conf."""
    lines = [
        f"listener {files.port} {files.host}",
        f"cafile {files.ca}",
        f"certfile {files.cert}",
        f"keyfile {files.key}",
        f"crlfile {files.crl}",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"acl_file {files.acl}",
        f"pid_file {files.pid}",
        "persistence false",
        f"max_inflight_messages {INFLIGHT_MAX}",
        "max_queued_messages 0",
        f"max_queued_bytes {QUEUED_BYTES_MAX}",
        f"message_size_limit {MESSAGE_BYTES_MAX}",
        f"memory_limit {MEMORY_BYTES_MAX}",
        "set_tcp_nodelay true",
        "max_keepalive 120",
        "sys_interval 0",
        "connection_messages false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    if files.as_root:
        lines.append("user root")
    return "\n".join(lines) + "\n"


def access_list(workers: Iterable[str]) -> str:
    """The text of the access list: workers by name, every clinic by two patterns."""
    lines: list[str] = []
    for worker in workers:
        lines += [f"user {worker}", "topic read outpost/+/up/#", "topic write outpost/+/down/#", ""]
    lines += ["pattern write outpost/%u/up/#", "pattern read outpost/%u/down/#"]
    return "\n".join(lines) + "\n"


def write(files: BrokerFiles, crl_pem: str) -> Path:
    """Write conf, acl (0600, else mosquitto warns) and crl; returns the conf's path. Existing files are replaced."""
    files.folder.mkdir(parents=True, exist_ok=True)
    _replace(files.acl, access_list(files.workers), 0o600)
    _replace(files.crl, crl_pem, 0o644)
    _replace(files.conf, configuration(files), 0o644)
    return files.conf


def revoke(files: BrokerFiles, crl_pem: str, pid: int | None) -> None:
    """Put a new revocation list in place and have the running broker read it (SIGHUP).

    Refused from then on are new connections; one that stands is cut off by ingest, which looks at every frame.
    """
    _replace(files.crl, crl_pem, 0o644)
    if pid is not None:
        os.kill(pid, signal.SIGHUP)


def _replace(path: Path, text: str, mode: int) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    fresh.replace(path)
