"""Head office with a fast courier and receivers on loopback, for tests of what people are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from cloud.db.pool import notify
from cloud.notify.courier import Courier, Ready
from shared.clock import Clock, to_ms
from shared.ids import new_id
from tests.office import HASH, Office, running, until
from tests.receivers import Got, Inbox, inbox

PATIENT = "01935b5a-0000-7000-8000-0000000000f1"
ZONE = ZoneInfo("Europe/Madrid")
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
NINE_MS = to_ms(NINE)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass
class Told:
    """A head office with two clinics, alpha (Europe/Madrid) and beta, and an inbox for whatever leaves."""

    office: Office
    box: Inbox

    @property
    def now_ms(self) -> int:
        """Domain time."""
        return self.office.parts.clock.now_ms()

    def pass_time(self, minutes: float) -> None:
        """Let domain time go on."""
        self.office.parts.clock.start_ms += int(minutes * MINUTE_MS)

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with self.office.pool.transaction() as conn:
            return await (await conn.execute(query, values)).fetchall()

    async def do(self, query: str, *values: object) -> None:
        """Change the database."""
        async with self.office.pool.transaction() as conn:
            await conn.execute(query, values)

    async def got(self, count: int) -> list[Got]:
        """Wait until so many messages have arrived; all of them."""

        async def arrived() -> bool:
            return len(self.box.got) >= count

        await until(arrived)
        return list(self.box.got)

    async def states(self, *wanted: str) -> None:
        """Wait until the deliveries are in just these states."""

        async def there() -> bool:
            found = await self.rows("select state from notification_deliveries order by state")
            return [row[0] for row in found] == sorted(wanted)

        await until(there)

    async def states_of(self, alert_id: str, *wanted: str) -> None:
        """Wait until the deliveries of an alert are in just these states."""

        async def there() -> bool:
            found = await self.rows(
                "select d.state from notification_deliveries d join notification_events e using (site, event_id)"
                " where e.alert_id = %s order by 1",
                alert_id,
            )
            return [row[0] for row in found] == sorted(wanted)

        await until(there)

    async def settled(self) -> None:
        """Wait until nothing is due or on its way, after one more look at every alert."""
        for site in ("alpha", "beta"):

            async def looked(site: str = site) -> bool:
                return await self.office.parts.notifications.look(site) is not None

            await until(looked)
        self.pass_time(0.05)  # what is not critical waits for more of the same moment

        async def idle() -> bool:
            found = await self.rows(
                "select count(*) from notification_deliveries where state = 'claimed' or (state = 'waiting' and due_ms <= %s)",
                self.now_ms,
            )
            return found[0][0] == 0

        self.office.parts.notifications.courier.wake.set()
        await until(idle)

    async def channel(self, name: str, path: str = "/hook", **more: Any) -> dict[str, Any]:
        """Enter a webhook of one's own and verify it; the inbox is empty afterwards."""
        headers = await self.office.bearer(name)
        before = len(self.box.got)
        body = {"kind": "webhook", "address": f"{self.box.url}{path}", **more}
        answer = await self.office.http.post("/api/v1/notifications/channels", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        code = (await self.got(before + 1))[-1].json()["code"]
        url = f"/api/v1/notifications/channels/{answer.json()['id']}/verify"
        verified = await self.office.http.post(url, json={"code": code}, headers=headers)
        assert verified.status_code == 200, verified.text
        self.box.got.clear()
        found: dict[str, Any] = verified.json()
        return found | {"secret": answer.json()["secret"]}

    async def patient(self, person_id: str, name: str, language: str = "en") -> None:
        """A patient of alpha."""
        await self.do(
            "insert into persons (site, person_id, ordinal, version, name, phone, email, language, notify, created_ms, erased)"
            " values ('alpha', %s, 1, 1, %s, '', '', %s, false, 1, false)",
            person_id, name, language,
        )  # fmt: skip

    async def staff(self, name: str, role: str, sites: list[str] | None = None) -> None:
        """Somebody who signs in."""
        await self._account(name, role, sites)

    async def _account(self, name: str, role: str, sites: list[str] | None) -> str:
        account = new_id()
        await self.do(
            "insert into accounts (id, name, password, roles, sites, created_ms) values (%s, %s, %s, %s, %s, 1)",
            account, name, HASH, [role], sites,
        )  # fmt: skip
        return account

    async def caregiver(self, name: str, person_id: str, place: int, language: str | None = None) -> None:
        """A caregiver of a patient, who signs in."""
        account = await self._account(name, "caregiver", [])
        await self.do(
            "insert into caregivers (site, caregiver_id, name, language, account_id) values ('alpha', %s, %s, %s, %s)",
            f"cg-{name}", name, language, account,
        )  # fmt: skip
        await self.do("insert into patient_caregiver (site, person_id, caregiver_id, place) values ('alpha', %s, %s, %s)",
                      person_id, f"cg-{name}", place)  # fmt: skip

    async def dose(self, dose_id: str, medication: str, due_ms: int, status: str = "ANNOUNCED") -> None:
        """A dose of PATIENT, as the projection of the clinic's event keeps it."""
        row = {
            "site": "alpha", "dose_id": dose_id, "person_id": PATIENT, "plan_id": "plan-1", "item_id": "i1", "step": 1,
            "revision": 1, "medication": medication, "quantity": 1.0, "unit": "tablet", "policy_class": "STANDARD",
            "nominal_local": "2026-11-20T08:00", "tz": "Europe/Madrid", "due_ms": due_ms, "window_open_ms": due_ms - HOUR_MS,
            "on_time_until_ms": due_ms + HOUR_MS, "miss_at_ms": due_ms + 6 * HOUR_MS, "status": status,
            "status_since_ms": due_ms,
        }  # fmt: skip
        await self._insert("dose_occurrences", row)

    async def heard(self, at_ms: int) -> None:
        """Alpha was last heard then."""
        await self.do("update site_state set heard_ms = %s where site = 'alpha'", at_ms)

    async def plan(self, plan_id: str, person_id: str, body: dict[str, Any]) -> None:
        """A plan alpha follows."""
        await self.do(
            "insert into medication_plans (site, plan_id, person_id, status, revision, body)"
            " values ('alpha', %s, %s, 'active', 1, %s)",
            plan_id, person_id, Jsonb(body),
        )  # fmt: skip

    async def alert(self, alert_id: str, **more: Any) -> None:
        """An alert of alpha's own program, as the projection of its event keeps it."""
        row = {
            "site": "alpha", "alert_id": alert_id, "source": "edge", "person_id": PATIENT, "topic": "missed_dose",
            "severity": "warning", "title": "Dose not answered", "audience": "caregiver", "rung": 3,
            "raised_ms": self.now_ms, "expires_ms": self.now_ms + 12 * HOUR_MS, **more,
        }  # fmt: skip
        await self._insert("alert_logs", row)

    async def _insert(self, table: str, row: dict[str, Any]) -> None:
        places = ", ".join(["%s"] * len(row))
        async with self.office.pool.transaction() as conn:
            await conn.execute(f"insert into {table} ({', '.join(row)}) values ({places})", list(row.values()))
            await notify(conn, "outpost_alerts", "alpha")

    async def change(self, alert_id: str, **more: Any) -> None:
        """The clinic's next word about an alert."""
        sets = ", ".join(f"{name} = %s" for name in more)
        async with self.office.pool.transaction() as conn:
            await conn.execute(f"update alert_logs set {sets} where alert_id = %s", [*more.values(), alert_id])
            await notify(conn, "outpost_alerts", "alpha")

    async def open_alerts(self) -> list[str]:
        """Those nobody has taken on."""
        return [row[0] for row in await self.rows("select alert_id from alert_logs where is_open and acked_ms is null")]

    async def killed_after_claim(self, courier: Courier, alert_id: str) -> Ready:
        """A worker takes the message of an alert, commits its claim, and is never heard of again."""
        taken: list[Ready] = []
        deliver = courier.deliver

        async def die(ready: Ready) -> None:
            taken.append(ready)

        courier.deliver = die  # type: ignore[method-assign]
        await self.alert(alert_id, critical=True)

        async def claimed() -> bool:
            return bool(taken)

        await until(claimed)
        courier.deliver = deliver  # type: ignore[method-assign]
        return taken[0]


@asynccontextmanager
async def telling(pg_uri: str, folder: Path, **more: Any) -> AsyncIterator[Told]:
    """Start it; it is gone afterwards. Time runs as in life from NINE, and further where a test says so."""
    clock = Clock.starting_at(NINE, 1.0001)  # nobody's to set
    settings = {"notify_private_addresses": True, "public_url": "https://chain.example", **more}
    with inbox() as box:
        async with running(pg_uri, folder, clock, **settings) as office:
            for site in ("alpha", "beta"):
                await office.site(site)
            told = Told(office, box)
            await told.do(
                "insert into site_state (site, epoch, heard_ms, path, unsent, status, boot, version, clock_now_ms,"
                " clock_mono_ms, clock_trust, timezone) values ('alpha', '00000000000000e1', %s, 'https', '{}', 'ok', 'b',"
                " '1', 0, 0, 's', 'Europe/Madrid')",
                clock.now_ms(),
            )
            yield told
