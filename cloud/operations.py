"""What is done beside serving: accounts from the command line, and the files the broker lives on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import structlog

from cloud import seeding
from cloud.accounts import mosquitto, people
from cloud.accounts.authority import Authority
from cloud.care.service import Care
from cloud.db.pool import Pool
from shared import passwords, tokens
from shared.clock import Clock, wall_s

log = structlog.get_logger(__name__)


async def add_account(
    pool: Pool, clock: Clock, name: str, password: str, roles: list[str], sites: list[str] | None
) -> None:
    """Add somebody to head office. Raises AccountRefused."""
    hashed = await _hashed(password)
    async with pool.transaction() as conn:
        await people.add(conn, clock, name, hashed, roles, sites)


async def seed_care(pool: Pool, clock: Clock, care: Care, data: Path, password: str) -> seeding.Seeded:
    """Fill an empty database with made-up care. data: the folder of the server's key. Raises Problem 409, AccountRefused."""
    hashed = await _hashed(password)
    key = await asyncio.to_thread(tokens.server_key, data / "server.key")
    return await seeding.seed(pool, clock, care, key, hashed)


async def change_account(
    pool: Pool, clock: Clock, name: str, password: str | None = None, is_active: bool | None = None
) -> None:
    """Change a password, or end or reopen an account. Raises AccountRefused."""
    hashed = None if password is None else await _hashed(password)
    async with pool.transaction() as conn:
        real_ms = int(wall_s() * 1000)
        await people.change(conn, clock, name, real_ms, password_hash=hashed, is_active=is_active)


async def _hashed(password: str) -> str:
    try:
        return await asyncio.to_thread(passwords.hash_password, password)
    except ValueError as error:
        raise people.AccountRefused(str(error)) from error


def write_broker_files(
    authority: Authority, folder: Path, host: str, port: int, names: list[str], workers: list[str], crl_pem: str
) -> Path:
    """Everything mosquitto needs, in one folder that can be carried to it; returns the path of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = authority.server_files(names)
    for file, mode in ((certificate, 0o644), (key, 0o600)):
        (folder / file.name).unlink(missing_ok=True)
        (folder / file.name).touch(mode)
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "ca.pem").write_text(authority.ca_pem)
    for worker in workers:
        authority.worker_files(worker)
    there = folder.resolve()
    files = mosquitto.BrokerFiles(
        there, there / "ca.pem", there / certificate.name, there / key.name, tuple(workers), host, port
    )
    return mosquitto.write(files, crl_pem)


def tell_broker(folder: Path | None, crl_pem: str) -> None:
    """Put a revocation list into the broker's folder and have the broker read it, where its process is known.

    What fails is logged: the store was put out in the database, and the list is written again every day.
    """
    if folder is None:
        return
    fresh = folder / f"crl.pem.{os.getpid()}.new"
    try:
        fresh.write_text(crl_pem)
        fresh.chmod(0o644)
        fresh.replace(folder / "crl.pem")
    except OSError as error:
        hint = "Let this program write into the folder, or run `python -m cloud broker-files` and send SIGHUP."
        log.warning("broker_not_told", folder=str(folder), error=str(error), hint=hint)
        return
    try:
        os.kill(int((folder / "mosquitto.pid").read_text()), signal.SIGHUP)
    except (OSError, ValueError) as error:
        hint = "Have the broker read its files again (SIGHUP)."
        log.warning("broker_not_told", folder=str(folder), error=str(error), hint=hint)
