"""What /metrics tells of a clinic (interfaces §8), and that the Grafana dashboard asks for nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import websockets
from prometheus_client.parser import text_string_to_metric_families

from deploy.venv import ROOT
from edge.domain.commands import CancelVisit, CheckIn, CompleteConsultation, MarkNoShow, StartConsultation
from shared.clock import transport_s
from tests import book
from tests.clinic import DAY
from tests.edge_web import Web, web
from tests.office import running

OPERATOR = {"Authorization": "Bearer operator-key"}
DASHBOARD = ROOT / "deploy" / "grafana" / "outpost.json"
Samples = Mapping[str, dict[tuple[tuple[str, str], ...], float]]


def samples(text: str) -> Samples:
    """Every sample of a scrape: name -> labels -> value. Families without a sample are there, empty."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found.update({family.name + ending: {} for ending in endings if family.name + ending not in found})
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


async def scrape(site: Web) -> Samples:
    """The clinic's numbers now."""
    answer = await site.http.get("/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def one(found: Samples, name: str, **labels: str) -> float:
    """A sample's value."""
    return found[f"outpost_{name}"][tuple(sorted(labels.items()))]


async def test_the_day_is_told_as_it_was(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it = site.it
        slot = await book.slot(it, capacity=4)
        early, missed = await book.book(it, slot["id"]), await book.book(it, slot["id"])
        first = await book.register(it)
        it.pass_time(600)
        await it.accepted(MarkNoShow, visit_id=missed["id"])
        await it.call()
        await it.accepted(StartConsultation, visit_id=first["id"])
        await it.accepted(CompleteConsultation, visit_id=first["id"])
        it.pass_time(2400)
        await it.accepted(CheckIn, visit_id=early["id"])
        found = await scrape(site)
        assert one(found, "appointments", status="completed") == 1
        assert one(found, "appointments", status="no_show") == 1
        assert one(found, "appointments", status="waiting") == 1
        assert one(found, "average_wait_seconds") == 600
        assert one(found, "no_show_rate") == 0.5
        assert one(found, "early_arrivals") == 1 and one(found, "booked_arrivals") == 1
        assert one(found, "appointments_by_hour", hour="13") == 1  # 08:00 UTC is 13:30 there
        assert one(found, "appointments_by_hour", hour="14") == 2


async def test_a_cancelled_booking_has_no_part_in_the_hours(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        slot = await book.slot(site.it)
        visit = await book.book(site.it, slot["id"])
        await site.it.accepted(CancelVisit, visit_id=visit["id"])
        found = await scrape(site)
        assert one(found, "appointments", status="cancelled") == 1
        assert not found["outpost_appointments_by_hour"]


async def test_live_connections_are_told_by_door(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        url = site.url.replace("http", "ws", 1) + "/api/v1/ws/queue"
        async with websockets.connect(url, additional_headers=OPERATOR) as socket:
            await socket.send(json.dumps({"action": "subscribe", "date": DAY}))
            await socket.recv()
            await socket.send("nonsense")
            assert json.loads(await socket.recv())["type"] == "error"
            await site.it.issue()
            async with asyncio.timeout(5):
                assert json.loads(await socket.recv())["type"] == "update"
            found = await scrape(site)
            assert one(found, "connected_clients", door="websocket") == 1
            assert one(found, "connected_clients", door="socketio") == 0
            assert one(found, "active_rooms", door="websocket") == 1
            assert one(found, "subscriptions", door="websocket") == 1
            assert one(found, "live_messages_total", door="websocket", direction="in") == 2
            assert one(found, "live_messages_total", door="websocket", direction="out") >= 2
            assert one(found, "live_messages_per_second", door="websocket") > 0
            assert sum(v for at, v in found["outpost_live_errors_total"].items() if ("door", "websocket") in at) == 1
            assert 0 < one(found, "feed_latency_seconds", door="websocket", quantile="0.95") < 5
        found = await scrape(site)
        assert one(found, "live_connections_total", door="websocket") == 1
        assert one(found, "live_connection_seconds_total", door="websocket") > 0
        assert one(found, "uptime_seconds") > 0


async def test_requests_and_reads_are_timed(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        path = f"/api/appointments/queue/slot-based/{site.it.doctor_id}"
        for _ in range(3):
            assert (await site.http.get(path, headers=OPERATOR)).status_code == 200
        found = await scrape(site)
        route = "/api/appointments/queue/slot-based/{doctorId}"
        assert one(found, "http_requests_total", route=route, status="200") == 3
        assert one(found, "http_request_seconds_count", route=route) == 3
        assert one(found, "http_request_seconds_bucket", route=route, le="+Inf") == 3
        assert 0 < one(found, "http_request_seconds_sum", route=route) < 30
        assert one(found, "database_seconds_count", query="face_003.of_doctor") == 3
        assert one(found, "cache_reads_total", outcome="hit") + one(found, "cache_reads_total", outcome="miss") >= 3
        assert all("test_metrics" not in dict(at)["query"] for at in found["outpost_database_seconds_count"])


async def test_store_sync_disk_and_clock_are_told(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        before = await scrape(site)
        await site.it.issue()
        site.it.pass_time(90)
        found = await scrape(site)
        assert one(found, "commits_total", outcome="done") == one(before, "commits_total", outcome="done") + 1
        assert one(found, "commits_total", outcome="failed") == 0
        assert one(found, "effects", kind="print_slip", state="open") == 1
        assert one(found, "effects_waiting", kind="print_slip") == 1
        assert one(found, "unsent_events", lane="1") > 0 and one(found, "sync_lag_seconds", lane="1") >= 90
        assert one(found, "sync_lag_seconds", lane="0") == 0
        assert one(found, "disk_size_bytes") > one(found, "disk_free_bytes") > 0 < one(found, "database_bytes")
        assert one(found, "clock_trusted") == 1 and "outpost_clock_ahead_seconds" in found
        assert one(found, "dead_letters") == 0 and one(found, "up", part="database") == 1
        site.it.store.clock.trust = "person"
        assert one(await scrape(site), "clock_trusted") == 0


async def test_head_office_counts_its_requests_too(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        await office.site("alpha")
        for path in ("/health", "/health", "/api/v1/sites/alpha", "/nobody/was/here"):
            await office.http.get(path)
        found = samples((await office.http.get("/metrics")).text)
        assert one(found, "http_requests_total", route="/health", status="200") == 2
        assert one(found, "http_requests_total", route="/api/v1/sites/{site}", status="401") == 1
        assert one(found, "http_requests_total", route="none", status="404") == 1
        assert one(found, "http_request_seconds_count", route="/health") == 2
        assert one(found, "uptime_seconds") > 0


async def test_a_scrape_names_nobody(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it, "Ada Lovelace")
        for path in (f"/api/patients/{visit['id']}", f"/api/v1/patients/{visit['person_id']}", "/ada/was/here"):
            await site.http.get(path, headers=OPERATOR)
        text = (await site.http.get("/metrics")).text
        for secret in ("Ada", "ada/was", visit["id"], visit["person_id"]):
            assert secret not in text


async def test_a_scrape_of_a_busy_day_is_cheap(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await asyncio.gather(*(site.it.issue() for _ in range(400)))
        await scrape(site)  # the library is imported with the first
        took = []
        for _ in range(7):
            began_s = transport_s()
            await scrape(site)
            took.append(transport_s() - began_s)
        assert min(took) < 0.05, took


def asked() -> list[tuple[str, str]]:
    """Every metric the dashboard asks for, and the query it stands in."""
    board = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    queries += [found["query"]["query"] for found in board["templating"]["list"] if isinstance(found["query"], dict)]
    return [(name, query) for query in queries for name in re.findall(r"\b(?:outpost|process)_[a-z0-9_]+", query)]


def labels_of(found: Samples, name: str) -> set[str]:
    """The labels of a metric that has samples."""
    return {label for at in found[name] for label, _ in at}


async def test_every_metric_the_dashboard_asks_for_is_in_a_scrape(pg_uri: str, tmp_path: Path) -> None:
    async with web(tmp_path / "edge") as site:
        await site.it.issue()
        await site.http.get("/health")
        edge = await scrape(site)
    async with running(pg_uri, tmp_path) as office:
        cloud = samples((await office.http.get("/metrics")).text)
    known = {**cloud, **edge}
    names = asked()
    assert len(names) > 30
    for name, query in names:
        assert name in known, query
        if known[name]:
            for group in re.findall(r"by \(([^)]*)\)", query):
                assert set(group.split(", ")) <= labels_of(known, name) | {"le"}, query


def test_the_dashboard_has_everything_the_documents_ask_for() -> None:
    wanted = {
        "appointments", "average_wait_seconds", "appointments_by_hour", "no_show_rate", "early_arrivals",
        "connected_clients", "active_rooms", "subscriptions", "live_messages_total", "live_connection_seconds_total",
        "live_errors_total", "uptime_seconds", "cache_reads_total", "database_seconds_sum", "feed_latency_seconds",
        "http_requests_total", "http_request_seconds_bucket", "commits_total", "effects", "unsent_events",
        "sync_lag_seconds", "disk_free_bytes", "clock_trusted",
    }  # fmt: skip
    assert {f"outpost_{name}" for name in wanted} <= {name for name, _ in asked()}
    board: dict[str, Any] = json.loads(DASHBOARD.read_text())
    for panel in board["panels"]:
        assert panel["title"] and (panel["type"] == "row" or panel["description"])
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
