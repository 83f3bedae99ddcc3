"""``python -m firmware_sim``: the simulated world. Every command is loaded only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

LAZY: dict[str, tuple[str, str]] = {
    "scenario": ("firmware_sim.scenario", "Play a scenario against running programs."),
    "ledger": ("firmware_sim.ledger", "Compare what the edge and the cloud hold."),
}
"""Commands that live in modules of their own: name to (module with `main(words) -> exit status`, help)."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Simulated devices, links and scenarios.")


@app.callback()
def main() -> None:
    """Simulated devices, links and scenarios."""


@app.command()
def devices(
    run: Annotated[Path, typer.Option(help="Folder for the device paths, the control socket and what comes out.")],
    board: Annotated[list[str] | None, typer.Option(help="Name of a button board; may be given again.")] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="NAME=HOST:PORT: a piece of network towards a server; its port in NAME.port."),
    ] = None,
    speed: Annotated[float, typer.Option(help="Paper per second of domain time, in mm; 0 prints at once.")] = 150.0,
    seed: Annotated[int, typer.Option(help="For the bounce of contacts.")] = 0,
    pictures: Annotated[bool, typer.Option(help="Paint every slip as a PNG.")] = True,
    dispenser: Annotated[
        list[str] | None,
        typer.Option(help="NAME for a medicine dispenser on a serial cable, NAME=HOST:PORT for one on a broker."),
    ] = None,
) -> None:
    """A button board, a ticket printer, a loudspeaker and dispensers, moved through DIR/control.sock."""
    import asyncio

    from firmware_sim.devices import Devices, serve
    from shared.clock import Clock

    everything = run.absolute()
    everything.mkdir(parents=True, exist_ok=True)
    proxies = dict(_target(text) for text in proxy or ())
    dispensers = dict(_target(text) if "=" in text else (text, None) for text in dispenser or ())

    async def start() -> None:
        world = Devices(
            everything, Clock.from_environment(), tuple(board or ("board",)), speed, proxies, seed, pictures, dispensers
        )
        await serve(world, lambda: typer.echo(f"devices ready in {run}", err=True))

    asyncio.run(start())


def _target(text: str) -> tuple[str, tuple[str, int]]:
    name, _, address = text.partition("=")
    host, _, port = address.rpartition(":")
    if not name.isidentifier() or not host or not port.isdigit():
        raise typer.BadParameter(f"{text!r} is not NAME=HOST:PORT")
    return name, (host, int(port))


def _later(module: str) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        raise typer.Exit(importlib.import_module(module).main(list(context.args)))

    return run


for _name, (_module, _help) in LAZY.items():
    app.command(
        _name, help=_help, add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_later(_module))  # fmt: skip


def run_program(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    app(args=list(arguments) if arguments is not None else None)


if __name__ == "__main__":
    run_program()
