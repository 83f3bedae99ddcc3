"""What must hold when a scenario is over: no press lost, no number twice, no silent second slip, everything in PostgreSQL.

Input has stopped; effects end and lanes drain within a limit; then what people were told, what lies in the printer's
tray, what is on the clinic's disk and what is in PostgreSQL are compared. `Findings` holds it as values, `verdict`
judges them and touches nothing.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_sim import care_checks, clinic_book, cloud_book, ledger
from firmware_sim.care_checks import CareFound
from firmware_sim.comparison import Report
from firmware_sim.player import Played
from firmware_sim.stage import Stage
from shared.clock import transport_s

DRAIN_LIMIT_S = 120.0
LOOK_S = 0.25


@dataclass
class Findings:
    """Everything the verdict looks at."""

    played: Played
    report: Report
    issued: dict[str, str] = field(default_factory=dict)
    """token -> the command that asked for it."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """token -> what the clinic noted about its slip: done, repeated, not_done, unknown."""
    papers: list[tuple[str, bool]] = field(default_factory=list)
    """Whole slips in the tray: token and whether it says that it is a repeat."""
    unsettled: list[str] = field(default_factory=list)
    """Commands of head office that did not end as applied."""
    care: CareFound | None = None
    """Of a scenario with patients."""
    unrest: str = ""
    """What had not come to rest within the limit; empty: everything had."""


def verdict(found: Findings) -> tuple[dict[str, Any], list[str]]:
    """The report's numbers, and what is wrong in words (empty: nothing)."""
    played, report, clinic = found.played, found.report, found.report.clinic
    presses = played.pressed + len(played.taps)
    answered = clinic["accepted"] + clinic["refused"]
    unmarked = Counter(token for token, repeat in found.papers if not repeat)
    on_paper = {token for token, _ in found.papers}
    recorded = {token for token, outcome in found.outcomes.items() if outcome in ("not_done", "unknown")}
    tokens_without = [token for token in found.issued if token not in on_paper and token not in recorded]
    presses_without = max(0, presses - answered) + clinic["presses_without_token"] + clinic["presses_skipped"]
    twice = clinic["numbers_twice"] + clinic["tokens_twice"] + max(0, answered - presses)
    told_wrong = [token for key, token in played.taps.items() if token and key not in found.issued.get(token, "")]
    numbers: dict[str, Any] = {
        "scenario": played.scenario,
        "seed": played.seed,
        "presses": presses,
        "accepted": clinic["accepted"],
        "refused": clinic["refused"],
        "tokens": clinic["tokens"],
        "slips": len(unmarked),
        "marked_repeats": sum(repeat for _, repeat in found.papers),
        "unmarked_repeats": sum(many - 1 for many in unmarked.values()),
        "not_printed": clinic["not_printed"],
        "events_edge": report.events_edge,
        "events_cloud": report.events_cloud,
        "lost": presses_without + len(tokens_without) + report.lost,
        "duplicated": report.duplicated + twice,
        "late": report.late,
        "different": report.different,
        "outage_s": round(played.outage_s),
        "catch_up_s": played.catch_up_s,
        "lost_presses": presses_without,
        "lost_slips": len(tokens_without),
        "lost_events": report.lost,
        "not_counted": played.not_counted,
        "taps": len(played.taps),
        "acts": played.acts,
        "undone": played.undone,
        "kills": played.kills,
        "commands": len(played.commands),
        "dead_letters": report.dead_letters,
    }
    sentences = (
        (numbers["lost_presses"], "{} presses have no token and no refusal"),
        (numbers["lost_slips"], f"{{}} tokens have neither a slip nor a record: {_few(tokens_without)}"),
        (numbers["lost_events"], f"{{}} events are not in PostgreSQL: {_few(report.examples)}"),
        (numbers["duplicated"], "{} things are there twice"),
        (numbers["unmarked_repeats"], "{} slips came out a second time without saying so"),
        (numbers["late"], "{} events are on the late shelf, though no store was replaced"),
        (numbers["different"], "{} numbers hold different events at the clinic and in PostgreSQL"),
        (numbers["dead_letters"], "{} events are on the dead-letter shelf"),
        (clinic["slips_waiting"], "{} slips still wait"),
        (len(told_wrong), f"{{}} people were told a token that is not theirs: {_few(told_wrong)}"),
        (len(found.unsettled), f"{{}} commands of head office were not applied: {_few(found.unsettled)}"),
        (int(bool(found.unrest)), f"not at rest when the wait was over: {found.unrest}"),
    )
    faults = [words.format(many) for many, words in sentences if many]
    if found.care is not None:
        numbers |= {**care_checks.numbers(found.care), "doses_answered": played.answered}
        faults += care_checks.faults(found.care)
    return numbers, faults + list(played.faults)


def _few(names: Iterable[str]) -> str:
    some = list(names)
    return ", ".join(some[:5]) + (" …" if len(some) > 5 else "")


async def judge(
    stage: Stage, played: Played, limit_s: float = DRAIN_LIMIT_S, said: Callable[[str], None] = lambda words: None
) -> Findings:
    """Wait until everything has come to rest, then look. Waits at most `limit_s` real seconds; `said` hears for what."""
    site, ends_at, told = stage.clinic.site, transport_s() + limit_s, ""
    while unrest := await _unrest(stage, played):
        if unrest != told:
            said(f"waiting for {unrest}")
            told = unrest
        if transport_s() > ends_at:
            break
        await asyncio.sleep(LOOK_S)
    report = await asyncio.to_thread(ledger.audit, stage.edge_database, stage.database_url, site, True)
    issued, outcomes = _tokens(stage.edge_database)
    unsettled = _unsettled(stage.database_url, site, played.commands)
    tray = papers(stage.devices.folder / "slips.jsonl")
    care = await asyncio.to_thread(_care, stage, played) if played.people else None
    return Findings(played, report, issued, outcomes, tray, unsettled, care, unrest)


def _care(stage: Stage, played: Played) -> CareFound:
    return care_checks.look(
        stage.edge_database, stage.database_url, stage.clinic.site, people=played.people,
        diary=stage.devices.folder / "home.jsonl", inbox=stage.inbox.messages(), cuts=played.cuts,
        from_ms=played.span_ms[0], until_ms=played.span_ms[1],
    )  # fmt: skip


async def _unrest(stage: Stage, played: Played) -> str:
    """What is still on its way: presses, effects, events, commands; empty for nothing."""
    status = await stage.devices.do("status")
    if any(board["pending"] for board in status["boards"].values()):
        return "presses on the board"
    if any(one["waiting"] for one in status["dispensers"].values()):
        return "events of the dispenser"
    sides = (stage.edge_database, stage.database_url, stage.clinic.site)
    if played.people and (unrest := await asyncio.to_thread(care_checks.unrest, *sides, played.span_ms[1])):
        return unrest
    return await asyncio.to_thread(_lanes_unrest, *sides)


def _lanes_unrest(edge_database: Path, database_url: str, site: str) -> str:
    with clinic_book.clinic(edge_database) as edge:
        if edge.counts["effects_open"]:
            return "slips and calls"
        kept = cloud_book.cursors(database_url, site)
        if any(kept.get(lane, 0) < head for lane, head in edge.heads.items()):
            return "events on their way to PostgreSQL"
        if any(edge.acked.get(lane, 0) < head for lane, head in edge.heads.items()):
            return "acknowledgements"
    waiting = {"published", "received"} & set(cloud_book.command_states(database_url, site).values())
    return "commands of head office" if waiting else ""


def _tokens(edge_database: Path) -> tuple[dict[str, str], dict[str, str]]:
    with closing(sqlite3.connect(edge_database.absolute().as_uri() + "?mode=ro", uri=True)) as conn:
        issued = conn.execute("select data ->> 'token', cause from events where kind = 'token_issued'").fetchall()
        slips = conn.execute("select data ->> 'token', data ->> 'outcome' from events where entity = 'slip'").fetchall()
    return dict(issued), dict(slips)


def _unsettled(database_url: str, site: str, commands: list[str]) -> list[str]:
    states = cloud_book.command_states(database_url, site)
    return [f"{command} {states.get(command, 'unknown')}" for command in commands if states.get(command) != "applied"]


def papers(tray: Path) -> list[tuple[str, bool]]:
    """The whole slips in a printer's tray; half a slip, left by a kill in the middle, is none."""
    if not tray.exists():
        return []
    lines = [json.loads(line) for line in tray.read_text(encoding="utf-8").splitlines()]
    return [(line["token"], bool(line["repeat"])) for line in lines if line["token"] and line["complete"]]


def words_of(numbers: dict[str, Any], faults: list[str]) -> str:
    """The outcome as a person reads it."""
    n = numbers
    lines = [
        f"Scenario {n['scenario']}, seed {n['seed']}",
        f"  {n['presses']} presses ({n['taps']} at the kiosk): {n['accepted']} accepted, {n['refused']} refused",
        f"  {n['tokens']} tokens: {n['slips']} slips, {n['marked_repeats']} marked repeats, "
        f"{n['unmarked_repeats']} unmarked repeats, {n['not_printed']} noted as not printed",
        f"  {n['acts']} acts of staff, {n['undone']} taken back; {n['commands']} commands of head office; "
        f"{n['kills']} kill -9",
        f"  {n['outage_s'] // 60} minutes without head office; caught up {n['catch_up_s']} s after the link was back",
        f"  {n['events_edge']} events at the clinic, {n['events_cloud']} in PostgreSQL; "
        f"lost {n['lost']}, duplicated {n['duplicated']}, late {n['late']}",
    ]
    if "doses_due" in n:
        lines += care_checks.words_of(n)
    lines += [f"  WRONG: {fault}" for fault in faults] or ["  Nothing lost, nothing twice."]
    return "\n".join(lines)


def write(numbers: dict[str, Any], faults: list[str], report: Path) -> None:
    """Write report.json."""
    report.write_text(json.dumps({**numbers, "faults": faults, "ok": not faults}, indent=2) + "\n", encoding="utf-8")
