"""Edge and cloud together: real SQLite, PostgreSQL, mosquitto and HTTP, with cuts between them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloud.accounts.people import Account
from cloud.db.pool import MAILBOX, notify
from deploy.demo.ports import free_port
from edge.domain.commands import ReportStart
from edge.sync import identity
from firmware_sim.links import Proxy
from tests.broker import Broker
from tests.sync_cloud import Cloud, running_cloud, until
from tests.sync_edge import Edge, running_edge


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    """A piece of network in front of a loopback port."""
    proxy = Proxy("127.0.0.1", port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


def port_of(cloud: Cloud) -> int:
    """The port the cloud serves HTTP on."""
    port = urlsplit(cloud.url).port
    assert port is not None
    return port


async def kept(cloud: Cloud) -> int:
    """How many events are in PostgreSQL."""
    return int(str(await cloud.value("select count(*) from events")))


async def more_than(cloud: Cloud, count: int) -> bool:
    return await kept(cloud) > count


async def late_has(cloud: Cloud, count: int) -> bool:
    return int(str(await cloud.value("select count(*) from late_events"))) >= count


async def said(cloud: Cloud, path: str) -> bool:
    """Whether the site was last heard over this path."""
    return await cloud.value("select path from site_state where site = 'north'") == path


async def equals(cloud: Cloud, query: str, wanted: object) -> bool:
    return await cloud.value(query) == wanted


async def command(
    cloud: Cloud, command_id: str, kind: str, body: dict[str, Any], expires_ms: int | None = None
) -> None:
    """Head office sends a command."""
    async with cloud.pool.transaction() as conn:
        await cloud.mailbox.enqueue(conn, "north", kind, "cloud:boss", body, expires_ms, command_id)


async def outcome(cloud: Cloud, command_id: str, state: str) -> bool:
    return await cloud.value("select state from mailbox where command_id = %s", command_id) == state


async def arrived(cloud: Cloud, edge: Edge, site: str = "north") -> bool:
    """Whether every event of the edge is in PostgreSQL."""
    found = await cloud.value("select count(*) from events where site = %s", site)
    return found == sum(edge.heads())


@pytest.mark.parametrize("path", ["mqtt", "https"])
async def test_twenty_thousand_events_catch_up(pg_uri: str, broker: Broker, tmp_path: Path, path: str) -> None:
    async with running_cloud(pg_uri, broker if path == "mqtt" else None) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code, online=False) as edge:
            await edge.happen(20_000)
            edge.go()
            await until(lambda: arrived(cloud, edge), 60)
            assert edge.sync.link.path == path
            assert cloud.ingest.inserted == sum(edge.heads())
            await until(lambda: sum(edge.sync.link.unsent) == 0)


async def test_a_link_cut_again_and_again_loses_nothing_and_doubles_nothing(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with (
        proxied(broker.port) as mqtt,
        running_cloud(pg_uri, broker, told=("127.0.0.1", mqtt.port)) as cloud,
        proxied(port_of(cloud)) as https,
    ):
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, f"http://127.0.0.1:{https.port}", code, online=False) as edge:
            await edge.happen(6_000)
            edge.go()
            for _ in range(4):
                before = await kept(cloud)
                await until(lambda before=before: more_than(cloud, before), 30)
                mqtt.set("cut")
                https.set("cut")
                await edge.happen(500)
                mqtt.set("ok")
                https.set("ok")
            await until(lambda: arrived(cloud, edge), 60)
            await until(lambda: sum(edge.sync.link.unsent) == 0)
            assert cloud.ingest.inserted == sum(edge.heads())
            assert await cloud.value("select count(*) from late_events") == 0


async def test_mqtt_blocked_goes_over_https_and_comes_back(pg_uri: str, broker: Broker, tmp_path: Path) -> None:
    async with proxied(broker.port) as mqtt, running_cloud(pg_uri, broker, told=("127.0.0.1", mqtt.port)) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await until(lambda: (edge.sync.link.state, edge.sync.link.path) == ("live", "mqtt"))
            mqtt.set("cut")
            await until(lambda: (edge.sync.link.state, edge.sync.link.path) == ("live", "https"))
            await edge.happen(300)
            await until(lambda: arrived(cloud, edge))
            await until(lambda: said(cloud, "https"))
            mqtt.set("ok")
            await until(lambda: (edge.sync.link.state, edge.sync.link.path) == ("live", "mqtt"))
            await edge.happen(300)
            await until(lambda: arrived(cloud, edge))
            await until(lambda: said(cloud, "mqtt"))


async def test_a_broker_that_lets_connections_stand_but_passes_nothing_is_left_for_https(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with proxied(broker.port) as mqtt, running_cloud(pg_uri, broker, told=("127.0.0.1", mqtt.port)) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await until(lambda: (edge.sync.link.state, edge.sync.link.path) == ("live", "mqtt"))
            mqtt.set("half_open")
            await edge.happen(300)
            await until(lambda: (edge.sync.link.state, edge.sync.link.path) == ("live", "https"), 30)
            await until(lambda: arrived(cloud, edge))


async def test_lost_acknowledgements_bring_the_same_frames_again_and_not_one_new_row(
    pg_uri: str, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        assert cloud.door is not None
        real, swallowed = cloud.door._publish_ack, []

        def lossy(sender: Any, ack: Any) -> None:
            if len(swallowed) < 3:
                swallowed.append(ack)
            else:
                real(sender, ack)

        monkeypatch.setattr(cloud.door, "_publish_ack", lossy)
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await edge.happen(4_000)
            await until(lambda: arrived(cloud, edge), 30)
            await until(lambda: sum(edge.sync.link.unsent) == 0, 30)
            assert len(swallowed) == 3
            assert cloud.ingest.inserted == sum(edge.heads())


async def test_a_cloud_that_restarts_in_the_middle_goes_on_where_it_was(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    port = free_port()
    async with running_cloud(pg_uri, broker, port) as cloud:
        code = await cloud.new_code("north")
        edge_url = cloud.url
        async with running_edge(tmp_path, edge_url, code, online=False) as edge:
            await edge.happen(8_000)
            edge.go()
            await until(lambda: more_than(cloud, 1_000), 30)
            first = cloud.ingest
            await cloud.stop()
            async with running_cloud(pg_uri, broker, port) as again:
                await until(lambda: arrived(again, edge), 60)
                # a commit whose worker was stopped before it could count it is not in the first sum
                assert first.inserted + again.ingest.inserted <= sum(edge.heads())
                await edge.happen(200)
                await until(lambda: arrived(again, edge), 30)


async def test_a_poisoned_event_lands_on_both_dead_letter_shelves_and_the_lane_goes_on(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code, online=False) as edge:
            await edge.happen(450)
            await edge.clinic.do(ReportStart, version="1\x00", reason="start", boot="0" * 16)
            await edge.happen(450)
            edge.go()
            await until(lambda: equals(cloud, "select upto from cursors where lane = 2", edge.heads()[2]), 30)
            assert await cloud.value("select count(*) from dead_letters where lane = 2 and seq = 451") == 1
            assert await cloud.value("select count(*) from gaps where lane = 2 and first = 451 and last = 451") == 1
            assert edge.clinic.rows("select lane, seq, kind from dead_letters") == [(2, 451, "site_started")]
            assert await cloud.value("select count(*) from events") == sum(edge.heads()) - 1


async def test_a_cloud_restored_from_an_older_backup_is_healed(pg_uri: str, broker: Broker, tmp_path: Path) -> None:
    port = free_port()
    async with running_cloud(pg_uri, broker, port) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await edge.happen(2_000)
            await until(lambda: sum(edge.sync.link.unsent) == 0 and sum(edge.heads()) > 2_000, 30)
            await edge.halt()
            async with cloud.pool.transaction() as conn:
                await conn.execute("delete from events where seq > 700")
                await conn.execute("update cursors set upto = 700, received = '{[1,701)}' where lane = 2")
            edge.go()
            await until(lambda: arrived(cloud, edge), 30)
            await until(lambda: sum(edge.sync.link.unsent) == 0)


async def test_a_cloud_that_forgot_the_clinic_altogether_learns_it_again_over_mqtt(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await edge.happen(500)
            await until(lambda: arrived(cloud, edge), 30)
            await edge.halt()
            async with cloud.pool.transaction() as conn:
                for table in ("events", "cursors", "epochs", "boots", "mailboxes", "site_state", "claim_codes"):
                    await conn.execute(f"delete from {table}".encode())
            edge.go()
            await until(lambda: arrived(cloud, edge), 30)
            assert await cloud.value("select state from epochs where site = 'north'") == "current"


async def test_a_copy_of_a_clinic_is_fenced_and_what_it_sends_is_kept_aside(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(first, cloud.url, code) as edge:
            await edge.happen(300)
            await until(lambda: sum(edge.sync.link.unsent) == 0 and sum(edge.heads()) > 300, 30)
        shutil.copytree(first, copy)
        async with running_edge(first, cloud.url) as edge:
            await edge.happen(50)
            await until(lambda: arrived(cloud, edge), 30)
        before = await kept(cloud)
        async with running_edge(copy, cloud.url, online=False) as clone:
            await clone.happen(80)
            clone.go()
            await until(lambda: clone.sync.link.state == "off", 30)
            await until(lambda: late_has(cloud, 80), 30)
            assert await cloud.value("select kind from alarms") == "fenced"
            alerts = clone.clinic.rows("select topic from alerts where open = 1")
            assert alerts == [("sync_identity",)]
        assert await kept(cloud) == before, "nothing of the copy is among the events"


async def test_a_copy_that_wrote_less_than_was_sent_is_fenced_too(pg_uri: str, broker: Broker, tmp_path: Path) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(first, cloud.url, code) as edge:
            await edge.happen(300)
            await until(lambda: sum(edge.sync.link.unsent) == 0 and sum(edge.heads()) > 300, 30)
        shutil.copytree(first, copy)
        async with running_edge(first, cloud.url) as edge:
            await edge.happen(500)
            await until(lambda: arrived(cloud, edge), 30)
        before = await kept(cloud)
        async with running_edge(copy, cloud.url) as clone:
            await clone.happen(3)
            await until(lambda: clone.sync.link.state == "off", 30)
            await until(lambda: late_has(cloud, 3), 30)
            assert await kept(cloud) == before
            assert await cloud.value("select string_agg(kind, ' ' order by kind) from alarms") == "clash fenced"


async def test_an_older_copy_that_has_written_nothing_stops_and_tells(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(first, cloud.url, code) as edge:
            await edge.happen(30)
            await until(lambda: arrived(cloud, edge), 30)
        shutil.copytree(first, copy)
        async with running_edge(first, cloud.url) as edge:
            await edge.happen(50)
            await until(lambda: arrived(cloud, edge), 30)
        async with running_edge(copy, cloud.url) as clone:
            await until(lambda: clone.sync.link.state == "off", 30)
            await until(lambda: bool(clone.clinic.rows("select 1 from alerts where open = 1")))
            assert await cloud.value("select kind from alarms") == "clash"
            assert await cloud.value("select count(*) from events where kind = 'clock_stepped'") == 80


async def test_commands_go_down_over_both_paths_and_are_done_once(pg_uri: str, broker: Broker, tmp_path: Path) -> None:
    async with proxied(broker.port) as mqtt, running_cloud(pg_uri, broker, told=("127.0.0.1", mqtt.port)) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await until(lambda: edge.sync.link.path == "mqtt" and edge.sync.link.state == "live")
            await command(cloud, "one", "rename_service", {"letter": "A", "name": "One"})
            await until(lambda: outcome(cloud, "one", "received"))
            assert edge.clinic.rows("select name from services where letter = 'A'") == [("One",)]
            mqtt.set("cut")
            await until(lambda: edge.sync.link.path == "https" and edge.sync.link.state == "live")
            await command(cloud, "two", "rename_service", {"letter": "A", "name": "Two"})
            await until(lambda: outcome(cloud, "two", "received"))
            assert edge.clinic.rows("select name from services where letter = 'A'") == [("Two",)]
            settled = "select count(*) from events where kind = 'command_settled' and data->>'outcome' = 'applied'"
            await until(lambda: equals(cloud, settled, 2))
            mqtt.set("ok")
            await until(lambda: edge.sync.link.path == "mqtt" and edge.sync.link.state == "live")
            async with cloud.pool.transaction() as conn:  # the cloud forgets that they were taken
                await conn.execute("update mailboxes set upto = 0")
                await conn.execute("update mailbox set state = 'published'")
                await notify(conn, MAILBOX, "north")
            await until(lambda: outcome(cloud, "two", "received"), 30)
            await until(lambda: arrived(cloud, edge))
            assert await cloud.value(settled) == 2


async def test_a_new_numbering_of_the_mailbox_does_nothing_twice(pg_uri: str, broker: Broker, tmp_path: Path) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await command(cloud, "one", "add_doctor", {"doctor_id": "d1", "name": "Dr. One"})
            await until(lambda: outcome(cloud, "one", "received"))
            await edge.halt()
            async with cloud.pool.transaction() as conn:  # an older backup: it knows the command, and another stream
                await conn.execute("update mailboxes set stream = '00000000000000aa', upto = 0")
                await conn.execute("update mailbox set stream = '00000000000000aa', state = 'published'")
            await command(cloud, "two", "add_doctor", {"doctor_id": "d2", "name": "Dr. Two"})
            edge.go()
            await until(lambda: outcome(cloud, "two", "received"), 30)
            doctors = edge.clinic.rows("select name from doctors where name like 'Dr. %o%' and name <> 'Dr. Rao'")
            assert sorted(doctors) == [("Dr. Two",)] or sorted(doctors) == [("Dr. One",), ("Dr. Two",)]
            assert len(edge.clinic.rows("select 1 from doctors where id in ('d1', 'd2')")) == 2


async def test_expired_and_unreadable_commands_are_reported_and_hold_nothing_up(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        await command(cloud, "late", "rename_service", {"letter": "A", "name": "Late"}, expires_ms=1)
        await command(cloud, "odd", "rename_service", {"letter": "A", "name": "Odd"})
        await command(cloud, "fine", "rename_service", {"letter": "A", "name": "Fine"})
        async with cloud.pool.transaction() as conn:
            await conn.execute("update mailbox set kind = 'from_the_future' where command_id = 'odd'")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await until(lambda: outcome(cloud, "fine", "received"), 30)
            assert edge.clinic.rows("select name from services where letter = 'A'") == [("Fine",)]
            await until(lambda: arrived(cloud, edge), 30)
            async with cloud.pool.transaction() as conn:
                found = await conn.execute(
                    "select entity_id, data->>'outcome' from events where kind = 'command_settled' order by 1"
                )
                assert await found.fetchall() == [("fine", "applied"), ("late", "expired"), ("odd", "failed")]


async def test_a_revoked_clinic_is_refused_on_both_paths_and_told_so(
    pg_uri: str, broker: Broker, tmp_path: Path
) -> None:
    async with running_cloud(pg_uri, broker) as cloud:
        code = await cloud.new_code("north")
        async with running_edge(tmp_path, cloud.url, code) as edge:
            await edge.happen(10)
            await until(lambda: arrived(cloud, edge), 30)
            before = await kept(cloud)
            boss = Account("boss", "boss", frozenset({"office_admin"}), None)
            await cloud.claims.revoke("north", edge.clinic.store.epoch, boss)
            await edge.happen(10)  # over the connection that still stands: kept aside
            await until(lambda: edge.sync.link.state == "off", 30)
            assert await kept(cloud) == before
            await edge.halt()
            edge.go()  # a new connection: refused by the broker's list and by the door of HTTPS
            await until(lambda: edge.sync.link.state == "off" and "revoked" in edge.sync.link.reason, 30)
            assert edge.clinic.rows("select topic from alerts where open = 1") == [("sync_identity",)]


async def test_a_used_claim_code_is_told_and_a_good_one_connects(pg_uri: str, broker: Broker, tmp_path: Path) -> None:
    async with running_cloud(pg_uri, broker) as cloud, running_edge(tmp_path, cloud.url, "NOPE-NOPE") as edge:
        await until(lambda: edge.sync.link.state == "not_claimed" and "not known" in edge.sync.link.reason)
        good = await cloud.new_code("north")
        keeper = identity.Keeper(tmp_path / "identity")
        await identity.claim(keeper, cloud.url, good, edge.clinic.store.epoch)
        await until(lambda: edge.sync.link.state == "live")
        assert (tmp_path / "identity" / "identity.json").stat().st_mode & 0o777 == 0o600
        mine = keeper.load(edge.clinic.store.epoch)
        assert mine is not None and not mine.renew_due()
        fresh = await identity.renew(keeper, mine)
        assert fresh.certificate.certificate_pem != mine.certificate.certificate_pem
        assert keeper.load(edge.clinic.store.epoch) == fresh
        assert keeper.load("00000000000000ff") is None
