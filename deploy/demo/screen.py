"""What the demo prints: addresses and sign-in details once, then a live table, or lines where there is no terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy import machine
from deploy.demo import clips
from deploy.demo.stage import Stage
from deploy.demo.view import View

KEYS = (
    ("1", "press the button"),
    ("n", "call next"),
    ("c", "cut / give back link"),
    ("p", "paper out / in"),
    ("k", "kill -9 the clinic"),
    ("b", "dispenser's button"),
    ("v", 'say "I took it"'),
    ("x", "say: chest pain"),
    ("t", "an hour passes"),
    ("o", "pairing links"),
    ("q", "quit"),
)
KEYS_A_LINE = 3


def welcome(stage: Stage) -> str:
    """Where everything is and how to get in."""
    clinic = stage.clinic
    path = "over MQTT" if stage.has_broker else "over HTTPS (mosquitto is not installed)"
    return "\n".join(
        (
            "",
            f"{clinic.site_name}, the clinic     {stage.edge_url}/",
            f"   desk                      {stage.edge_url}/pages/desk       {_account(clinic.staff)}",
            f"   medicine                  {stage.edge_url}/pages/care       (as the desk)",
            f"Head office                  {stage.cloud_url}/",
            f"   chain overview            {stage.cloud_url}/pages/chain      {_account(clinic.office)}",
            f"   patients                  {stage.cloud_url}/pages/patients   {_account(clinic.nurse)}",
            f"   alerts                    {stage.cloud_url}/pages/alerts     (as patients)",
            f"   caregiver                 {stage.cloud_url}/pages/caregiver  {_account(clinic.caregiver)}",
            f"What the caregiver is told   {stage.inbox.url}",
            *absent(stage),
            f"Syncing {path}. Everything is kept in {stage.folder}.",
            f"These names and passwords are also in {clinic.file}, a file that only your user can read.",
            "",
        )
    )


def _account(account: dict[str, str]) -> str:
    return f"{account['username']} / {account['password']}"


def absent(stage: Stage) -> list[str]:
    """What this machine cannot show of medicine, and why."""
    lines = []
    if machine.program("espeak-ng") is None:
        lines.append(
            "Without espeak-ng the dispenser chimes and shows its words, and the ward's dose cannot be said: it"
        )
        lines.append('becomes "not announced", which nobody is blamed for.')
    if clips.speaker() is None:
        lines.append("Without flite or espeak-ng the keys v and x have no voice; the button b answers.")
    return lines


def pairing(stage: Stage, codes: dict[str, str]) -> str:
    """How to make a browser the clinic's kiosk or display; each code works once, for 12 hours."""
    lines = [f"   {kind:<8} {stage.edge_url}/pages/{kind}?pair={code}" for kind, code in codes.items()]
    return "\n".join(("Open once in the browser that is to become the screen:", *lines, ""))


def table(view: View) -> RenderableType:
    """The live table."""
    grid = Table(show_header=False, box=None, padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("clinic", Text(view.edge, style="green" if view.edge == "running" else "red"))
    grid.add_row("last token", Text(view.last_token or "none yet", style="bold"))
    grid.add_row("waiting", _number(view.waiting))
    grid.add_row("called", view.called or "nobody")
    grid.add_row("slips printed", f"{view.slips}   {view.last_slip or ''}")
    grid.add_row("printer", view.printer or "-")
    grid.add_row("link", f"{view.link or '-'}, unsent {_number(view.unsent)}")
    grid.add_row("head office", view.office or "-")
    grid.add_row("time", view.clock or "-")
    grid.add_row("next dose", Text(view.care.next_dose or "-"))
    grid.add_row("last answer", Text(view.care.last_answer or "-"))
    grid.add_row("care alerts", Text(view.care.alerts or "-", style="red" if "open" in view.care.alerts else ""))
    grid.add_row("caregiver inbox", Text(view.care.inbox or "-"))
    keys = Text("\n".join(_keys(KEYS[at : at + KEYS_A_LINE]) for at in range(0, len(KEYS), KEYS_A_LINE)), style="dim")
    news = Text("\n".join(view.news), style="cyan")
    return Group(grid, Text(), keys, news)


def _keys(some: tuple[tuple[str, str], ...]) -> str:
    """A line of keys that fits 80 columns."""
    return "   ".join(f"[{key}] {what}" for key, what in some)


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
