"""Devices for medicine, as head office keeps them: added, claimed, changed, removed; and which of them asks.

A device that talks to its clinic is the clinic's: it is told by commands, and its row follows its events. One that reaches
head office directly is ours from the first: its key, its doses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fastapi import Request

from cloud.accounts import audit
from cloud.accounts.people import Account
from cloud.care import access
from cloud.care.bodies import CareDevice
from cloud.care.plans import Plans, enqueue
from cloud.db.pool import Connection, Pool
from cloud.mailbox.service import Mailbox
from shared import device_tokens, tokens
from shared.clock import Clock, iso, wall_s
from shared.device_api import ClaimRequest, DeviceChange
from shared.ids import new_id
from shared.limits import RateLimit
from shared.problems import Problem

DEVICES_MAX: Final = 10
"""Of one person."""
Row = dict[str, Any]
_SHOWN: Final = (
    "select d.site, d.device_id, d.kind, d.name, d.person_id, d.status, d.owner, h.online, h.heard_ms, h.battery, h.wifi_dbm,"
    " h.firmware, h.faults from devices d left join lateral (select * from device_heartbeats h where h.site = d.site"
    " and h.device_id = d.device_id order by h.ordinal desc, h.version desc limit 1) h on true"
)


class Asking(NamedTuple):
    """The device whose credential a request carries."""

    site: str
    id: str
    person_id: str | None


class Devices:
    """What may be asked of devices."""

    def __init__(self, pool: Pool, mailbox: Mailbox, plans: Plans, clock: Clock, key: bytes) -> None:
        """key: the server's, for codes that can be made again."""
        self._pool, self._mailbox, self._plans, self._clock, self._key = pool, mailbox, plans, clock, key
        self._claims = RateLimit(burst=20, per_minute=30)

    async def asking(self, request: Request) -> Asking:
        """The guard of a device's own paths: its key has signed. Raises Problem 401, and 403 where the path names another."""
        token = tokens.bearer_of(request.headers)
        device_id = None if token is None else device_tokens.claimed_device(token)
        if token is None or device_id is None:
            raise _nobody("There is no token of a device.")
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select site, person_id, public_key_pem from devices where device_id = %s and owner = 'cloud'"
                " and status = 'active'",
                (device_id,),
            )
            row = await found.fetchone()
        if row is None or row[2] is None:
            raise _nobody("This device is not known here, or was removed.")
        try:
            device_tokens.verify(row[2], device_id, token)
        except device_tokens.WrongTime as error:
            raise _nobody("The token's time is not now.", code="wrong_time") from error
        except tokens.BadToken as error:
            raise _nobody("This device's key has not signed this.") from error
        wanted = request.path_params.get("device_id")
        if wanted is not None and wanted != device_id:
            raise Problem(403, "This is another device.", code="another_device", hint="Use the device's own id.")
        return Asking(row[0], device_id, row[1])

    async def many(self, account: Account, person_id: str | None, site: str | None, limit: int) -> list[Row]:
        """Devices of the account's sites."""
        sites = access.sites_of(account)
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                f"{_SHOWN} where (%s::text[] is null or d.site = any(%s)) and (%s::text is null or d.person_id = %s)"
                " and (%s::text is null or d.site = %s) and d.status <> 'removed' order by d.site, d.name, d.device_id"
                " limit %s",
                (sites, sites, person_id, person_id, site, site, limit),
            )
            return [_device(row) for row in await found.fetchall()]

    async def one(self, account: Account, device_id: str) -> Row:
        """A device of the account's sites. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            return _device(await self._theirs(conn, account, device_id))

    def claim_code(self, account: Account, request: str | None) -> str:
        """A code for a new device; for a request that names itself (Idempotency-Key) the same each time."""
        if request is None:
            return device_tokens.new_claim_code()
        return device_tokens.repeated_claim_code(self._key, f"{account.id}\n{request}")

    async def add(self, account: Account, body: CareDevice, code: str) -> Row:
        """A new device and the code with which it brings its key. Raises Problem 404, 409, 422."""
        device_id = new_id()
        now_ms = self._clock.now_ms()
        until_ms = now_ms + device_tokens.CLAIM_LIFETIME_MS
        async with self._pool.transaction() as conn:
            site = await self._site(conn, account, body.patient_id, body.site)
            if body.reach == "clinic":
                command = {"device_id": device_id, "device_kind": body.kind, "name": body.name, "person_id": body.patient_id,
                           "claim_hash": device_tokens.claim_hash(code), "claim_until_ms": until_ms}  # fmt: skip
                await enqueue(self._mailbox, conn, site, "add_device", account.actor, command)
            await conn.execute(
                "insert into devices (site, device_id, owner, kind, name, person_id, status, created_ms, claim_hash,"
                " claim_until_ms) values (%s, %s, %s, %s, %s, %s, 'unclaimed', %s, %s, %s)",
                (site, device_id, "cloud" if body.reach == "direct" else "site", body.kind, body.name, body.patient_id, now_ms,
                 device_tokens.claim_hash(code) if body.reach == "direct" else None, until_ms),
            )  # fmt: skip
            if body.reach == "direct" and body.patient_id:
                await self._plans.rehome(conn, site, body.patient_id, account.actor)
            await audit.write(
                conn, self._clock, account.actor, "device_added", site=site, device=device_id, reach=body.reach
            )
            shown = _device(await self._theirs(conn, account, device_id))
        return {**shown, "claim_code": code, "claim_until": iso(until_ms)}

    async def claim(self, asked: ClaimRequest, address: str) -> str:
        """A device brings its key; returns its id. The same code with the same key, again, gets the same answer."""
        wait_s = self._claims.wait_s(address)
        if wait_s:
            raise Problem(429, "Too many claims from this address.", retry_after_s=wait_s)
        try:
            key = device_tokens.checked_public(asked.public_key_pem)
        except ValueError as error:
            raise Problem(422, f"The key is not taken: {error}.", code="bad_key", hint="Make a P-256 key.") from error
        now_ms, code = self._clock.now_ms(), device_tokens.claim_hash(asked.claim_code)
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "update devices set public_key_pem = %s, status = 'active', claimed_ms = coalesce(claimed_ms, %s),"
                " version = version + 1 where claim_hash = %s and claim_until_ms > %s and owner = 'cloud'"
                " and status <> 'removed' and (public_key_pem is null or public_key_pem = %s) returning site, device_id",
                (key, now_ms, code, now_ms, key),
            )
            row = await found.fetchone()
            if row is None:
                raise Problem(400, "This code is unknown, used or too old.", code="bad_code", hint="Make a new code.")
            await audit.write(
                conn, self._clock, f"device:{row[1]}", "device_claimed", site=row[0], address=address, device=row[1],
                key=hashlib.sha256(key.encode()).hexdigest()[:16],
            )  # fmt: skip
        return str(row[1])

    async def change(self, account: Account, device_id: str, body: DeviceChange) -> Row:
        """Its name, kind, and whose it is. Raises Problem 404, 409."""
        given = body.model_fields_set
        async with self._pool.transaction() as conn:
            row = await self._theirs(conn, account, device_id)
            site, before, owner = row[0], row[4], row[6]
            person = body.patient_id if "patient_id" in given else before
            if person is not None and person != before and await self._site(conn, account, person, None) != site:
                raise Problem(409, "The device belongs to another clinic than this patient.", code="another_site")
            if owner == "site":
                command = {"device_id": device_id, "name": body.name}
                if "patient_id" in given:
                    command["person_id"] = person or ""
                await enqueue(self._mailbox, conn, site, "change_device", account.actor,
                              {name: value for name, value in command.items() if value is not None})  # fmt: skip
            else:
                await conn.execute(
                    "update devices set name = coalesce(%s, name), kind = coalesce(%s, kind), person_id = %s,"
                    " schedule_revision = null, version = version + 1 where site = %s and device_id = %s",
                    (body.name, body.kind, person, site, device_id),
                )
                for one in {before, person} - {None}:
                    await self._plans.rehome(conn, site, str(one), account.actor)
            await audit.write(
                conn, self._clock, account.actor, "device_changed", site=site, device=device_id, person=person
            )
            return _device(await self._theirs(conn, account, device_id))

    async def remove(self, account: Account, device_id: str) -> None:
        """Its key is good for nothing any more; what it told stays. Raises Problem 404."""
        async with self._pool.transaction() as conn:
            row = await self._theirs(conn, account, device_id)
            site, person, owner = row[0], row[4], row[6]
            if owner == "site":
                await enqueue(self._mailbox, conn, site, "remove_device", account.actor, {"device_id": device_id})
            else:
                await conn.execute(
                    "update devices set status = 'removed', person_id = null, public_key_pem = null, claim_hash = null,"
                    " version = version + 1 where site = %s and device_id = %s",
                    (site, device_id),
                )
                if person is not None:
                    await self._plans.rehome(conn, site, person, account.actor)
            await audit.write(conn, self._clock, account.actor, "device_removed", site=site, device=device_id)

    async def _site(self, conn: Connection, account: Account, person_id: str | None, site: str | None) -> str:
        if person_id is not None:
            patient = await access.patient(conn, account, person_id)
            count = await conn.execute(
                "select count(*) from devices where site = %s and person_id = %s and status <> 'removed'",
                (patient.site, person_id),
            )
            row = await count.fetchone()
            if row is not None and row[0] >= DEVICES_MAX:
                raise Problem(409, f"A person has at most {DEVICES_MAX} devices.", hint="Remove one first.")
            return patient.site
        chosen = site or (next(iter(account.sites)) if account.sites and len(account.sites) == 1 else None)
        if chosen is None:
            raise Problem(422, "site: say which clinic the device belongs to.", code="which_site")
        account.require(chosen)
        found = await conn.execute("select 1 from sites where site = %s", (chosen,))
        if await found.fetchone() is None:
            raise Problem(404, "There is no such site.", code="no_such_site")
        return chosen

    async def _theirs(self, conn: Connection, account: Account, device_id: str) -> Any:
        sites = access.sites_of(account)
        found = await conn.execute(
            f"{_SHOWN} where d.device_id = %s and d.status <> 'removed' and (%s::text[] is null or d.site = any(%s))",
            (device_id, sites, sites),
        )
        row = await found.fetchone()
        if row is None:
            raise Problem(404, "There is no such device.", code="no_such_device", hint="Choose one from the list.")
        return row


def _device(row: Any) -> Row:
    (site, device_id, kind, name, person, status, owner, online, heard_ms, battery, wifi, firmware, faults) = row
    return {
        "id": device_id, "kind": kind, "name": name, "patient_id": person, "site": site, "status": status,
        "reach": "direct" if owner == "cloud" else "clinic", "online": bool(online),
        "last_heartbeat_at": None if heard_ms is None else iso(heard_ms), "battery": battery, "wifi_dbm": wifi,
        "firmware": firmware, "faults": faults or [],
    }  # fmt: skip


def _nobody(detail: str, code: str = "not_a_device") -> Problem:
    more: Mapping[str, Any] = {"server_s": int(wall_s())}
    return Problem(401, detail, code=code, hint="Claim the device again, or set its clock by server_s.", **more)
