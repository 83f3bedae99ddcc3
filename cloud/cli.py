"""The commands of `python -m cloud`. Each takes its settings from `--config`, `.env` and `OUTPOST_CLOUD_*`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import psycopg
import typer
from pydantic import ValidationError

from cloud import main, operations
from cloud.accounts import people
from cloud.db.migrate import MigrationError, migrate
from cloud.ending import on_stop
from shared import logs, passwords
from shared.clock import Clock, iso
from shared.problems import Problem
from shared.topics import SITE

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The Outpost cloud.")
account = typer.Typer(no_args_is_help=True, help="People of head office.")
site = typer.Typer(no_args_is_help=True, help="Clinics.")
app.add_typer(account, name="account")
app.add_typer(site, name="site")

Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")]


@app.command()
def run(config: Config = None) -> None:
    """Serve until SIGTERM."""
    settings = _settings(config)
    for name in main.unknown_variables():
        typer.echo(f"{name} is not a setting of this program; is it misspelt?", err=True)
    unused = main.unused_variables()
    if unused:
        typer.echo(f"{', '.join(unused)}: accepted, and not used: PostgreSQL does what Redis would.", err=True)
    _do(main.serve(settings))


@app.command()
def work(config: Config = None) -> None:
    """Only do the jobs of models (as many at a time as `llm_workers`), until SIGTERM; any number of these may run."""

    async def until_stopped(parts: main.Parts) -> None:
        stopped = asyncio.Event()
        on_stop(stopped.set)
        async with asyncio.TaskGroup() as group:
            working = group.create_task(parts.pipelines.run(), name="pipelines")
            await stopped.wait()
            working.cancel()

    _with_parts(config, until_stopped)


@app.command("migrate")
def migrate_database(config: Config = None) -> None:
    """Bring the database up to this program."""
    settings = _settings(config)
    try:
        applied = migrate(settings.database_url, Clock.from_environment())
    except MigrationError as error:
        _fail(str(error), error.hint)
    except psycopg.Error as error:
        _fail(f"The database does not answer: {error}".strip(), "Look at OUTPOST_CLOUD_DATABASE_URL.")
    typer.echo("\n".join(applied) or "Nothing to do.")


@account.command("add")
def add_account(
    name: str,
    role: Annotated[
        list[str],
        typer.Option(
            help="office (sees), office_admin (changes), nurse, doctor, manager or caregiver; may be repeated."
        ),
    ],
    sites: Annotated[list[str] | None, typer.Option("--site", help="Only these sites; left out: all.")] = None,
    password: Annotated[str, typer.Option(envvar="OUTPOST_NEW_PASSWORD", help="Left out: one is made.")] = "",
    config: Config = None,
) -> None:
    """Add an account and print its password, this once."""
    chosen = password or passwords.new_password()

    async def add(parts: main.Parts) -> None:
        await operations.add_account(parts.pool, parts.clock, name, chosen, role, sites or None)

    _with_parts(config, add)
    typer.echo(chosen)


@account.command("password")
def change_password(
    name: str,
    password: Annotated[str, typer.Option(envvar="OUTPOST_NEW_PASSWORD", help="Left out: one is made.")] = "",
    config: Config = None,
) -> None:
    """Give an account a new password and print it, this once. A lock-out and all its sessions end."""
    chosen = password or passwords.new_password()
    _with_parts(config, lambda parts: operations.change_account(parts.pool, parts.clock, name, password=chosen))
    typer.echo(chosen)


@account.command("end")
def end_account(name: str, config: Config = None) -> None:
    """End an account: nobody signs in with it any more, and its sessions end. `account reopen` takes it back."""
    _with_parts(config, lambda parts: operations.change_account(parts.pool, parts.clock, name, is_active=False))


@account.command("reopen")
def reopen_account(name: str, config: Config = None) -> None:
    """Let an ended account sign in again."""
    _with_parts(config, lambda parts: operations.change_account(parts.pool, parts.clock, name, is_active=True))


@site.command("add")
def add_site(site_id: str, name: str, config: Config = None) -> None:
    """Add a clinic."""
    if not SITE.fullmatch(site_id):
        _fail(f"{site_id!r} is not a site's id.", "Use 1 to 40 of a-z, 0-9 and '-'.")

    async def add(parts: main.Parts) -> None:
        await parts.sites.add(site_id, name, "program")

    _with_parts(config, add)
    typer.echo(site_id)


@app.command("seed-care")
def seed_care(
    password: Annotated[str, typer.Option(envvar="OUTPOST_NEW_PASSWORD", help="Left out: one is made.")] = "",
    config: Config = None,
) -> None:
    """Fill an empty database with made-up patients, doses, devices, recordings, alerts and summaries."""
    chosen = password or passwords.new_password()

    async def fill(parts: main.Parts) -> None:
        made = await operations.seed_care(parts.pool, parts.clock, parts.care, parts.settings.data, chosen)
        counts = ", ".join(f"{count} {status}" for status, count in made.doses.items())
        typer.echo(f"Site {made.site}: {counts}")
        typer.echo(f"Sign in as {', '.join(made.accounts)} with the password {chosen}")

    _with_parts(config, fill)


@app.command("claim-code")
def claim_code(site_id: str, config: Config = None) -> None:
    """Print a code to type at a new clinic: works once, within ten minutes."""

    async def make(parts: main.Parts) -> None:
        code, expires_ms = await parts.claims.make_code(site_id, "program")
        typer.echo(code)
        typer.echo(f"good until {iso(expires_ms)}", err=True)

    _with_parts(config, make)


@app.command("broker-files")
def broker_files(
    folder: Path,
    host: Annotated[str, typer.Option(help="Address the broker listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port the broker listens on.")] = 8883,
    name: Annotated[list[str] | None, typer.Option(help="Names clinics reach it under; may be repeated.")] = None,
    worker: Annotated[list[str] | None, typer.Option(help="Names of the cloud's processes; may be repeated.")] = None,
    config: Config = None,
) -> None:
    """Write what mosquitto needs into FOLDER: authority, server and worker certificates, conf, acl, crl."""

    async def write(parts: main.Parts) -> None:
        crl = await parts.claims.revocation_list()
        names = name or sorted({host, "localhost"})
        workers = worker or [parts.settings.worker]
        try:
            conf = operations.write_broker_files(parts.authority, folder, host, port, names, workers, crl)
        except ValueError as error:
            _fail(str(error), "Give --worker the names the cloud's processes have as `worker`.")
        typer.echo(str(conf))

    _with_parts(config, write)


@app.command()
def health(config: Config = None) -> None:
    """Ask the running program how it is; exit code 0 only when it is ok or degraded."""
    settings = _settings(config)
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    try:
        answer = httpx.get(f"http://{host}:{settings.port}/health", timeout=5)
    except httpx.HTTPError as error:
        _fail(f"No answer from {host}:{settings.port}: {error}", "Start it with `python -m cloud run`.")
    typer.echo(answer.text)
    raise typer.Exit(0 if answer.status_code == 200 else 1)


def _settings(config: Path | None) -> main.Settings:
    try:
        settings = main.load(config)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        _fail(f"Settings: {wrong}", "Set them in --config, .env or as OUTPOST_CLOUD_<NAME>; see cloud/README.md.")
    except main.BadSettings as error:
        _fail(f"Settings: {error}", "See cloud/README.md for the names.")
    logs.configure(settings.log_level)
    return settings


def _with_parts(config: Path | None, job: Any) -> None:
    settings = _settings(config)

    async def work() -> None:
        async with main.assemble(settings, Clock.from_environment()) as parts:
            await job(parts)

    _do(work())


def _do(work: Any) -> None:
    try:
        with asyncio.Runner(loop_factory=main.new_loop) as runner:
            runner.run(work)
    except Problem as error:
        _fail(error.detail, error.hint)
    except people.AccountRefused as error:
        _fail(str(error), "Choose another.")
    except MigrationError as error:
        _fail(str(error), error.hint)
    except psycopg.OperationalError as error:
        _fail(f"The database does not answer: {error}".strip(), "Look at OUTPOST_CLOUD_DATABASE_URL.")


def _fail(message: str, hint: str) -> NoReturn:
    typer.echo(f"{message}\n{hint}", err=True)
    raise typer.Exit(1)
