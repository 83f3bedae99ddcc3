"""A real mosquitto for tests, with client certificates, on a free port.

`broker` is running when the test gets it. `broker.device(site, epoch)` gives the three files an edge connects with;
`broker.stop()` and `broker.start()` take it away and bring it back on the same port.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy import machine
from deploy.demo.ports import free_port

if TYPE_CHECKING:
    from cloud.accounts.authority import Authority
    from cloud.accounts.mosquitto import BrokerFiles

WORKER = "ingest-1"
START_S = 10.0


@dataclass
class DeviceFiles:
    """A device's certificate, key and the authority to trust, as files."""

    ca: Path
    cert: Path
    key: Path
    serial: str

    def context(self) -> ssl.SSLContext:
        """TLS as an edge does it."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.cert, self.key)
        return context


@dataclass
class Broker:
    """A broker with its certificate authority. `host`, `port`: where it listens; `worker`: an ingest worker's files."""

    folder: Path
    authority: Authority
    files: BrokerFiles
    worker: DeviceFiles
    host: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    revoked: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = machine.program("mosquitto")
        assert program is not None, "mosquitto is not installed; `make test` installs it"
        log = (self.folder / "mosquitto.log").open("ab")
        self.process = subprocess.Popen([program, "-c", str(self.files.conf)], stderr=log, stdout=log)
        log.close()
        waited = threading.Event()
        for _ in range(int(START_S / 0.02)):
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            waited.wait(0.02)
        raise RuntimeError("mosquitto did not start: " + (self.folder / "mosquitto.log").read_text())

    def stop(self) -> None:
        """Stop it; everybody's connection ends."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def device(self, site: str, epoch: str) -> DeviceFiles:
        """A key made here and a certificate for it, as an edge would get them by claiming."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        pem, serial = self.authority.issue_device(
            request.public_bytes(serialization.Encoding.PEM).decode(), site, epoch
        )
        stem = self.folder / f"{site}.{epoch}.{serial[:6]}"
        cert, key_file = Path(f"{stem}.pem"), Path(f"{stem}.key")
        cert.write_text(pem)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return DeviceFiles(self.files.ca, cert, key_file, serial)

    def revoke(self, serial: str) -> None:
        """Put a certificate on the revocation list and have the broker read it."""
        from cloud.accounts import mosquitto

        self.revoked.append(serial)
        pid = self.process.pid if self.process is not None else None
        mosquitto.revoke(self.files, self.authority.crl_pem(self.revoked), pid)


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker of this test's own."""
    from cloud.accounts import mosquitto
    from cloud.accounts.authority import Authority

    folder = tmp_path_factory.mktemp("broker")
    authority = Authority.open(folder / "authority")
    server_cert, server_key = authority.server_files(["127.0.0.1", "localhost"])
    worker_cert, worker_key = authority.worker_files(WORKER)
    ca = folder / "authority" / "ca.pem"
    files = mosquitto.BrokerFiles(folder, ca, server_cert, server_key, (WORKER,), "127.0.0.1", free_port())
    mosquitto.write(files, authority.crl_pem([]))
    worker = DeviceFiles(ca, worker_cert, worker_key, "")
    running = Broker(folder, authority, files, worker, files.host, files.port)
    running.start()
    yield running
    running.stop()
