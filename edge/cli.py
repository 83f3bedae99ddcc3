"""The commands of `python -m edge`. Each takes its settings from `--config`, `.env` and `OUTPOST_EDGE_*`.

Commands that change something work whether or not the clinic's program runs: when it does, they ask it over loopback
with the key it left in the data folder; when not, they open the store themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from edge.domain.commands import Command
    from edge.main import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The Outpost clinic.")
staff = typer.Typer(no_args_is_help=True, help="People who work here.")
app.add_typer(staff, name="staff")

Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")]
CALL_S = 10.0
DOOR_TRIES = 50
DOOR_WAIT_S = 0.1
T = TypeVar("T")


@app.command()
def run(config: Config = None) -> None:
    """Run the clinic until SIGTERM."""
    from edge import main
    from shared import logs

    settings = _settings(config)
    logs.configure(settings.log_level, tracebacks=settings.debug)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it ticks 20 times a second
    for name in main.unknown_variables():
        typer.echo(f"{name} is not a setting of this program; is it misspelt?", err=True)
    if unused := main.unused_variables():
        typer.echo(f"{', '.join(unused)}: accepted and not used; nothing here needs Redis.", err=True)
    _do(main.serve(settings))


@app.command()
def health(config: Config = None) -> None:
    """Say how the running clinic is and what to do. Exit code 0 well, 1 degraded, 2 not serving."""
    import httpx

    settings = _settings(config)
    from edge.web import door

    found = door.find(settings.data)
    url = found.url if found else f"http://{settings.host}:{settings.port}"
    try:
        answer = httpx.get(f"{url}/health", timeout=CALL_S, trust_env=False)
        parts: dict[str, Any] = answer.json()
        hints = parts.pop("hints")
    except (httpx.HTTPError, ValueError, KeyError):
        typer.echo(f"The clinic's program does not answer at {url}.")
        typer.echo("  Start it: python -m edge run; or look at its log: journalctl -u outpost-edge.")
        raise typer.Exit(2) from None
    for name, state in parts.items():
        typer.echo(f"{name.replace('_', ' ')}: {state}")
        if name in hints:
            typer.echo(f"  {hints[name]}")
    raise typer.Exit(2 if answer.status_code != 200 else 0 if parts["status"] == "ok" else 1)


@app.command()
def pair(kind: Annotated[str, typer.Argument(help="display or kiosk")], config: Config = None) -> None:
    """Print a code that pairs one screen, once, within 12 hours."""
    from edge import main
    from edge.domain.account_commands import MakePairingCode
    from edge.domain.accounts import CODE_LIFETIME_MS
    from shared import tokens
    from shared.clock import wall_s
    from shared.ids import new_id

    if kind not in ("display", "kiosk"):
        _fail(f"There is no screen {kind!r}.", "Write display or kiosk.")
    settings = _settings(config)
    key = main.site_key(settings.data, settings.secret_key)
    code, at_ms = tokens.new_code(), int(wall_s() * 1000)
    command = MakePairingCode(
        command_id=new_id(), actor="operator:local", code_hash=tokens.hash_code(key, code),
        screen="kiosk" if kind == "kiosk" else "display", at_ms=at_ms, ends_ms=at_ms + CODE_LIFETIME_MS,
    )  # fmt: skip
    there = _ask(settings, command, "POST", "/api/v1/screens/codes", {"kind": kind})
    typer.echo(there["code"] if there else code)


@staff.command("add")
def add_staff(
    username: str,
    role: Annotated[list[str], typer.Option(help="reception, nurse, doctor or manager; may be repeated.")],
    name: Annotated[str, typer.Option(help="As people read it; left out: the user name.")] = "",
    doctor: Annotated[str | None, typer.Option(help="The doctor's id, for the role doctor.")] = None,
    config: Config = None,
) -> None:
    """Give somebody an account and print its password, this once."""
    from edge.domain.account_commands import AddStaff
    from shared import passwords
    from shared.ids import new_id

    password = passwords.new_password()
    command = AddStaff(
        command_id=new_id(), actor="operator:local", staff_id=new_id(), username=username, name=name or username,
        roles=tuple(role), password_hash=passwords.hash_password(password), doctor_id=doctor,
    )  # fmt: skip
    body = {"username": username, "name": name or username, "roles": role, "doctor_id": doctor}
    there = _ask(_settings(config), command, "POST", "/api/v1/staff", body)
    typer.echo(there["password"] if there else password)


@staff.command("reset-password")
def reset_password(username: str, config: Config = None) -> None:
    """Give an account a new password and print it, this once. Ends its sessions and its lock-out."""
    from urllib.parse import quote

    from edge import tools
    from edge.domain.account_commands import SetPassword
    from shared import passwords
    from shared.ids import new_id

    settings = _settings(config)
    password = passwords.new_password()
    command = SetPassword(
        command_id=new_id(), actor="operator:local", staff_id=tools.staff_id(settings, username) or "nobody",
        password_hash=passwords.hash_password(password),
    )  # fmt: skip
    there = _ask(settings, command, "POST", f"/api/v1/staff/{quote(username, safe='')}/password", {})
    typer.echo(there["password"] if there else password)


@app.command()
def manager(
    username: Annotated[str, typer.Argument(help="Whose account it is.")] = "manager", config: Config = None
) -> None:
    """Make the first manager, or give an account that is there a new password; print it, this once."""
    from edge import tools

    settings = _settings(config)
    if tools.staff_id(settings, username) is None:
        add_staff(username, ["manager"], "", None, config)
    else:
        reset_password(username, config)


@app.command()
def claim(
    code: str,
    cloud: Annotated[str, typer.Option(help="Address of head office; left out: the setting cloud_url.")] = "",
    config: Config = None,
) -> None:
    """Make this clinic part of a chain with a claim code from head office. Works while the program runs."""
    from edge import tools

    settings = _settings(config)
    url = cloud or settings.cloud_url
    if not url:
        _fail("Where is head office?", "Give --cloud https://... or set cloud_url.")
    try:
        site = asyncio.run(tools.claim_site(settings, code, url))
    except tools.NotClaimed as error:
        _fail(str(error), error.hint)
    except ValueError as error:
        _fail(str(error), "Look at the address of head office.")
    typer.echo(f"This clinic is {site}.")
    if not settings.cloud_url:
        typer.echo("Restart the program, if it runs, so that it connects.")


@app.command("confirm-time")
def confirm_time(config: Config = None) -> None:
    """Say that the clinic's time is right, where a person vouches for it. Shows it and asks."""
    from shared.clock import iso, to_ms

    settings = _settings(config)
    told = _over_http(settings, "GET", "/", {})
    typer.confirm(f"The clinic's time is {told['time']}. Is that right?", abort=True)
    shown_ms = to_ms(datetime.fromisoformat(told["time"]))
    _over_http(settings, "POST", "/api/v1/clock/confirm", {"now_ms": shown_ms})
    typer.echo(f"Confirmed at {iso(shown_ms)}.")


@app.command("print-settings")
def print_settings(config: Config = None) -> None:
    """Print every setting in use, as TOML, with what it means. Secrets are only said to be set."""
    from edge import main

    typer.echo(main.describe(_settings(config)))


def _settings(config: Path | None) -> Settings:
    from pydantic import ValidationError

    from edge import main

    try:
        return main.load(config)
    except FileNotFoundError:
        _fail(f"There is no file {config}.", "Look at --config.")
    except ValidationError as error:
        lines = [f"  {'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
        _fail("The settings do not fit:\n" + "\n".join(lines), "Run print-settings to see what each setting means.")
    except ValueError as error:  # TOML, or JSON in a variable
        _fail(f"The settings cannot be read: {error}", "Lists and tables in variables are JSON.")


def _ask(settings: Settings, command: Command, method: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Carry out `command` here, or have the running program do the same; then its answer. Ends the program on refusal."""
    from edge import main, tools
    from edge.app.dispatcher import NotDone, Refused

    try:
        outcome = asyncio.run(tools.one_command(settings, command))
    except main.FolderInUse:
        return _over_http(settings, method, path, body)
    except NotDone as error:
        _fail(f"Nothing was done: {error}.", error.hint)
    if isinstance(outcome, Refused):
        _fail(outcome.detail, outcome.hint)
    return None


def _over_http(settings: Settings, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the running program; one that is just starting has not opened its door yet, so wait a little for that."""
    import httpx

    from edge.web import door
    from shared.clock import pause_s

    for _ in range(DOOR_TRIES):
        found = door.find(settings.data)
        if found is not None:
            headers = {"Authorization": f"Bearer {found.key}"}
            try:
                answer = httpx.request(
                    method, found.url + path, json=body, headers=headers, timeout=CALL_S, trust_env=False
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != 401:
                told: dict[str, Any] = answer.json() if answer.content else {}
                if answer.is_error:
                    _fail(str(told.get("detail")), str(told.get("hint", "")))
                return told
        pause_s(DOOR_WAIT_S)
    _fail("The clinic's program holds the data folder and does not answer.", "Look at its log; restart it.")


def _do(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; what a person can do something about is said in words."""
    import sqlite3

    from edge import main

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)
    except main.FolderInUse as error:
        _fail(str(error), "Only one program may run in a data folder.")
    except sqlite3.DatabaseError as error:
        _fail(f"The database cannot be opened: {error}", "Nothing was changed. Restore a backup, or call support.")
    except OSError as error:
        _fail(f"The clinic cannot be opened: {error}", "Is another program using the port? See host and port.")
    except main.NotDone as error:
        _fail(f"The clinic cannot be opened: {error}.", error.hint)
    except main.PartEnded as error:
        _fail(f"The part {error} has ended.", "The program is started again by systemd; look at the log.")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one (there is none for 32-bit ARM)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _fail(what: str, hint: str) -> NoReturn:
    typer.echo(what, err=True)
    if hint:
        typer.echo(hint, err=True)
    raise typer.Exit(1)
