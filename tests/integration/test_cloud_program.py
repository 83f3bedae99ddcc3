"""The program as a whole: settings, commands, what it says of itself, how it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from cloud import operations
from cloud.accounts.authority import Authority
from cloud.accounts.people import AccountRefused
from cloud.cli import app
from cloud.db.pool import open_pool
from cloud.settings import BadSettings, load, unknown_variables, unused_variables
from deploy.demo.ports import free_port
from shared import tokens
from tests.office import PASSWORD, running

ROOT = Path(__file__).resolve().parents[2]


def _environment(pg_uri: str, folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTPOST_")}
    ours = {"DATABASE_URL": pg_uri, "DATA": str(folder / "cloud"), "PORT": str(port), "SILENT": "1"}
    return kept | {f"OUTPOST_CLOUD_{name}": value for name, value in ours.items()}


@contextmanager
def _run(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as errors:
        process = subprocess.Popen([sys.executable, "-m", "cloud", "run"], env=environment, cwd=ROOT, stderr=errors)
    try:
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(environment["OUTPOST_CLOUD_PORT"]))) == 0:
                    break
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


async def test_the_program_starts_signs_in_and_stops_within_three_seconds_with_watchers(
    pg_uri: str, tmp_path: Path
) -> None:
    port = free_port()
    environment = _environment(pg_uri, tmp_path, port)
    async with running(pg_uri, tmp_path) as office:
        await office.person("Asha")
    log = tmp_path / "log"
    with _run(environment, log) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            body = {"username": "Asha", "password": PASSWORD, "cookie": True}
            signed_in = await http.post("/api/v1/auth/login", json=body)
            assert signed_in.status_code == 200
            health = await http.get("/health")
            assert (health.status_code, health.json()["status"]) == (200, "ok")
            cookie = f"outpost_office={signed_in.cookies['outpost_office']}"
            address = f"ws://127.0.0.1:{port}/api/v1/live"
            async with websockets.connect(address, additional_headers={"Cookie": cookie}) as watcher:
                await watcher.send('{"action":"watch","topic":"chain"}')
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 10) == 0
                assert time.monotonic() - began < 3
    told = log.read_text()
    assert told.count("OUTPOST_CLOUD_SILENT is not a setting") == 1
    assert "Traceback" not in told


def test_the_commands_do_their_work_and_tell_a_person_what_is_wrong(
    pg_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.logs.configure", lambda level: None)  # the log of this process is pytest's
    environment = _environment(pg_uri, tmp_path, free_port())

    def cloud(*arguments: str, **more: str) -> Result:
        return CliRunner().invoke(app, arguments, env=environment | more)

    assert cloud("migrate").stdout == "Nothing to do.\n"
    assert cloud("site", "add", "alpha", "Alpha Clinic").exit_code == 0
    code = cloud("claim-code", "alpha").stdout.strip()
    assert len(code) == 9 and code[4] == "-"
    made = cloud("account", "add", "Asha", "--role", "office", "--site", "alpha").stdout.strip()
    assert len(made) == 19
    assert cloud("account", "password", "asha").stdout.strip() not in ("", made)
    assert [cloud("account", act, "Asha").exit_code for act in ("end", "reopen")] == [0, 0]
    files = cloud("broker-files", str(tmp_path / "broker"))
    assert files.stdout.strip() == str(tmp_path / "broker" / "mosquitto.conf")
    for arguments in (
        ("claim-code", "nowhere"), ("site", "add", "Not An Id", "x"), ("account", "add", "A", "--role", "king"),
        ("account", "end", "Nobody"), ("health",), ("migrate", "--config", str(tmp_path / "none.toml")),
    ):  # fmt: skip
        failed = cloud(*arguments)
        assert failed.exit_code == 1, arguments
        assert len(failed.stderr.strip().splitlines()) >= 2, failed.stderr
    away = f"postgresql://127.0.0.1:{free_port()}/x"
    for verb in ("migrate", "run"):
        failed = cloud(verb, OUTPOST_CLOUD_DATABASE_URL=away)
        assert (failed.exit_code, "does not answer" in failed.stderr) == (1, True)


async def test_an_account_can_be_given_a_new_password_and_ended(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        await office.person("Asha")
        before = await office.bearer("Asha")
        await operations.change_account(office.pool, office.parts.clock, "asha", password="another one 8")
        assert (await office.http.get("/api/v1/auth/me", headers=before)).status_code == 401
        body = {"username": "Asha", "password": "another one 8"}
        after = (await office.http.post("/api/v1/auth/login", json=body)).json()["access_token"]
        await operations.change_account(office.pool, office.parts.clock, "Asha", is_active=False)
        me = await office.http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {after}"})
        assert me.status_code == 401
        assert (await office.http.post("/api/v1/auth/login", json=body)).status_code == 401
        await operations.change_account(office.pool, office.parts.clock, "Asha", is_active=True)
        assert (await office.http.post("/api/v1/auth/login", json=body)).status_code == 200
        door = (office.pool, office.parts.clock)
        for refused in (
            operations.change_account(*door, "Nobody", is_active=True),
            operations.change_account(*door, "Asha", password="short"),
            operations.add_account(*door, "ASHA", "long enough", ["office"], None),
            operations.add_account(*door, "Olu", "long enough", ["king"], None),
        ):
            with pytest.raises(AccountRefused):
                await refused


def test_programs_that_begin_at_once_agree_on_their_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: tokens.server_key(tmp_path / "k" / "server.key"), range(16)))
        authorities = set(threads.map(lambda _: Authority.open(tmp_path / "a").ca_pem, range(16)))
    assert (len(keys), len(authorities)) == (1, 1)
    assert [path.name for path in (tmp_path / "k").iterdir()] == ["server.key"]
    assert (tmp_path / "k" / "server.key").stat().st_mode & 0o077 == 0


def test_settings_come_from_file_and_environment_and_a_wrong_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("OUTPOST_CLOUD_"):
            monkeypatch.delenv(name)
    file = tmp_path / "cloud.toml"
    file.write_text('database_url = "postgresql:///a"\nport = 9000\nmqtt = "broker:8883"\n')
    (tmp_path / ".env").write_text("OUTPOST_CLOUD_PORT=9001\nOUTPOST_EDGE_PORT=1\n")
    assert (load(file).port, load(file).mqtt, load(file).host) == (9001, "broker:8883", "127.0.0.1")
    monkeypatch.setenv("OUTPOST_CLOUD_PORT", "9002")
    assert load(file).port == 9002
    monkeypatch.setenv("OUTPOST_CLOUD_PROT", "9003")
    assert unknown_variables() == ["OUTPOST_CLOUD_PROT"]
    file.write_text('databse_url = "x"\n')
    with pytest.raises(BadSettings, match="databse_url"):
        load(file)
    with pytest.raises(ValidationError, match="database_url"):
        load(None)
    for wrong in ('mqtt = "broker"', "port = 70000", "silent_after_s = 0", 'worker = "a.b"', 'worker = "ca"'):
        file.write_text(f'database_url = "postgresql:///a"\n{wrong}\n')
        monkeypatch.delenv("OUTPOST_CLOUD_PORT", raising=False)
        (tmp_path / ".env").unlink(missing_ok=True)
        with pytest.raises(ValidationError):
            load(file)


def test_the_names_the_documents_give_settings_work_and_ours_stand_over_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("OUTPOST_CLOUD_", "DATABASE_", "REDIS_"))]:
        monkeypatch.delenv(name)
    (tmp_path / ".env").write_text("DATABASE_HOST=db.example\nDATABASE_PASSWORD=secret word\nREDIS_HOST=cache\n")
    monkeypatch.setenv("POSITION_TTL", "120")
    monkeypatch.setenv("CORS_ORIGIN", "https://a.example, https://b.example")
    found = load()
    assert found.cors_origins == ["https://a.example", "https://b.example"]
    assert conninfo_to_dict(found.database_url) == {
        "dbname": "opd_tokens", "user": "postgres", "password": "secret word", "host": "db.example", "port": "5432"
    }  # fmt: skip
    assert (found.position_ttl_s, unused_variables()) == (120.0, ["REDIS_HOST"])
    monkeypatch.setenv("DATABASE_URL", "postgresql:///one")
    assert load().database_url == "postgresql:///one"
    monkeypatch.setenv("OUTPOST_CLOUD_DATABASE_URL", "postgresql:///ours")
    monkeypatch.setenv("OUTPOST_CLOUD_POSITION_TTL_S", "60")
    assert (load().database_url, load().position_ttl_s) == ("postgresql:///ours", 60.0)


async def test_what_the_program_says_of_itself(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        get = office.http.get
        assert (await get("/")).json()["name"] == "Outpost cloud"
        browser = await get("/", headers={"Accept": "text/html"})
        assert (browser.status_code, browser.headers["location"]) == (307, "/pages/chain")
        health = (await get("/health/")).json()  # with and without a slash, no redirect
        assert health["status"] == "ok" and health.items() >= {
            "database": "up", "feed": "up", "broker": "none", "cloud_link": "none", "clock": "up"
        }.items()  # fmt: skip
        metrics = await get("/metrics")
        assert 'outpost_sites{state="live"} 0.0' in metrics.text
        assert (await get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"})).status_code == 403
        assert (await get("/openapi.json")).json()["info"]["title"] == "Outpost cloud"
        for path in ("/docs", "/docs/docs.js", "/docs/docs.css"):
            page = await get(path)
            assert page.status_code == 200
            assert "http:" not in page.text and "https:" not in page.text
            assert page.headers["content-security-policy"].startswith("default-src 'self'")
            assert page.headers["x-content-type-options"] == "nosniff"
        missing = await get("/nothing")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
        assert (await get("/assets/..%2f..%2fmain.py")).status_code in (404, 503)
        assert (await get("/pages/..%2fchain")).status_code in (404, 503)


async def test_metrics_are_for_this_machine_or_the_key(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path, metrics_key="scrape me") as office:
        proxied = {"X-Forwarded-For": "10.0.0.1"}
        assert (await office.http.get("/metrics")).status_code == 200
        for headers in (proxied, {**proxied, "Authorization": "Bearer guess"}):
            assert (await office.http.get("/metrics", headers=headers)).status_code == 403
        answer = await office.http.get("/metrics", headers={**proxied, "Authorization": "Bearer scrape me"})
        assert answer.status_code == 200 and "outpost_sites" in answer.text


async def test_a_database_that_is_away_is_told_as_such_and_nothing_breaks(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        await office.person("Asha")
        headers = await office.bearer("Asha")
        await office.pool.close()
        health = await office.http.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "down")
        answer: Any = await office.http.get("/api/v1/chain", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_now")
        assert int(answer.headers["retry-after"]) >= 1


async def test_the_pages_of_the_build_are_served_and_kept_by_their_names(
    pg_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "chain.html").write_text("<!doctype html><title>Chain</title>")
    (static / "assets" / "chain-1a2b3c.js").write_text("export {}")
    monkeypatch.setattr("cloud.main.STATIC", static)
    async with running(pg_uri, tmp_path) as office:
        page = await office.http.get("/pages/chain")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
        asset = await office.http.get("/assets/chain-1a2b3c.js")
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["content-type"].startswith("text/javascript")
        assert (await office.http.get("/pages/none")).status_code == 404


async def test_a_pool_that_nobody_answers_says_so(tmp_path: Path) -> None:
    import psycopg

    with pytest.raises(psycopg.OperationalError):
        await open_pool(f"postgresql://127.0.0.1:{free_port()}/x", wait_s=0.5)
