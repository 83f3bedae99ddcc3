"""How a clinic comes in: claim codes, certificates, its own tokens, renewal, revocation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from cryptography import x509

from cloud import main, operations
from cloud.accounts.authority import Authority
from shared.clock import Clock, utc, wall_s
from shared.problems import Problem
from shared.topics import Sender
from tests.office import Device, Office, running

NEW, OTHER = "00000000000000a1", "00000000000000a2"


@pytest_asyncio.fixture
async def office(pg_uri: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(pg_uri, tmp_path, mqtt_public="broker.clinic:8883", broker_files=tmp_path) as started:
        await started.person("Asha")
        await started.parts.sites.add("alpha", "Alpha Clinic", "test")
        yield started


async def _code(office: Office, site: str = "alpha") -> str:
    headers = await office.bearer("Asha")
    answer = await office.http.post(f"/api/v1/sites/{site}/claim-codes", headers=headers)
    assert answer.status_code == 201
    return str(answer.json()["code"])


async def _claim(office: Office, code: str, device: Device, epoch: str = NEW, **more: Any) -> Any:
    body = {"code": code, "epoch": epoch, "csr_pem": device.csr(), **more}
    return await office.http.post("/api/v1/claim", json=body)


async def _hello(office: Office, token: str, epoch: str = NEW) -> Any:
    lanes = [{"first": 0, "last": 0}] * 3
    clock = {"now_ms": 1, "mono_ms": 1, "trust": "s"}
    body = {"session": "0" * 16, "epoch": epoch, "boot": "b" * 16, "lanes": lanes, "clock": clock}
    return await office.http.post("/api/v1/sync/hello", json=body, headers={"Authorization": f"Bearer {token}"})


async def test_a_claim_code_buys_one_certificate_named_after_site_and_store(office: Office) -> None:
    device, code = Device(), await _code(office)
    typed = code.lower().replace("-", " ")
    given = (await _claim(office, typed, device, site="beta")).json()
    assert (given["site"], given["site_name"]) == ("alpha", "Alpha Clinic")
    assert (given["mqtt_host"], given["mqtt_port"]) == ("broker.clinic", 8883)
    certificate = x509.load_pem_x509_certificate(given["certificate_pem"].encode())
    assert certificate.subject.rfc4514_string() == f"CN=alpha.{NEW}"
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(given["authority_pem"].encode()))
    days = certificate.not_valid_after_utc - utc(int(wall_s() * 1000))
    assert timedelta(days=89) < days <= timedelta(days=90)
    assert (await _hello(office, device.token(f"alpha.{NEW}"))).status_code == 200


async def test_a_claim_code_works_once_but_a_lost_answer_is_given_again(office: Office) -> None:
    device, code = Device(), await _code(office)
    assert (await _claim(office, code, device)).status_code == 200
    assert (await _claim(office, code, device)).status_code == 200, "the same store, key and code"
    for thief, epoch in ((Device(), NEW), (device, OTHER), (Device(), OTHER)):
        answer = await _claim(office, code, thief, epoch)
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_code")


async def test_a_code_asked_for_twice_with_one_key_is_the_same_code(office: Office) -> None:
    headers = await office.bearer("Asha")
    asked = [
        (await office.http.post("/api/v1/sites/alpha/claim-codes", headers={**headers, **more})).json()
        for more in ({"Idempotency-Key": "k1"}, {"Idempotency-Key": "k1"}, {"Idempotency-Key": "k2"}, {}, {})
    ]
    assert asked[0] == asked[1]
    assert len({answer["code"] for answer in asked}) == 4


async def test_of_two_clinics_typing_one_code_at_once_one_gets_in(office: Office) -> None:
    code = await _code(office)
    answers = await asyncio.gather(*(_claim(office, code, Device(), f"{n:016x}") for n in range(1, 7)))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 5


async def test_a_claim_code_expires_in_domain_time(pg_uri: str, tmp_path: Path) -> None:
    clock = Clock.life()
    async with running(pg_uri, tmp_path, clock) as office:
        await office.person("Asha")
        await office.parts.sites.add("alpha", "Alpha", "test")
        early, late = await _code(office), await _code(office)
        clock.start_ms += 9 * 60_000
        assert (await _claim(office, early, Device())).status_code == 200
        clock.start_ms += 61_000
        answer = await _claim(office, late, Device(), OTHER)
        assert (answer.status_code, answer.json()["detail"]) == (403, "This claim code has expired.")


async def test_codes_that_are_guessed_are_slowed_down_and_none_is_kept_in_plain(office: Office) -> None:
    code = await _code(office)
    answers = [await _claim(office, f"AAAA-AA{n:02}", Device()) for n in range(12)]
    assert [answer.status_code for answer in answers[:10]] == [403] * 10
    assert answers[-1].status_code == 429
    async with office.pool.transaction() as conn:
        found = await conn.execute("select code_hash from claim_codes")
        kept = str(await found.fetchall())
    assert code not in kept and code.replace("-", "") not in kept


async def test_a_new_store_replaces_the_former_which_cannot_come_back(office: Office) -> None:
    old, new = Device(), Device()
    await _claim(office, await _code(office), old)
    await _claim(office, await _code(office), new, OTHER)
    details = (await office.http.get("/api/v1/sites/alpha", headers=await office.bearer("Asha"))).json()
    assert [(e["epoch"], e["ordinal"], e["state"]) for e in details["epochs"]] == [
        (OTHER, 2, "current"), (NEW, 1, "replaced")
    ]  # fmt: skip
    answer = await _claim(office, await _code(office), old)
    assert (answer.status_code, answer.json()["code"]) == (409, "store_replaced")


async def test_the_site_comes_from_the_credential_and_never_from_the_payload(office: Office) -> None:
    alpha, beta = Device(), Device()
    await office.parts.sites.add("beta", "Beta", "test")
    await _claim(office, await _code(office), alpha)
    await _claim(office, await _code(office, "beta"), beta, OTHER)
    for token in (
        alpha.token(f"beta.{OTHER}"), alpha.token(f"beta.{NEW}"), alpha.token("alpha"), alpha.token(f"alpha.{OTHER}"),
        alpha.token(f"alpha.{NEW}", algorithm="HS256"), alpha.token(f"alpha.{NEW}", lifetime_s=400),
        alpha.token(f"alpha.{NEW}", ago_s=600), alpha.token(f"alpha.{NEW}", ago_s=-600), "x.y.z", "x" * 5000,
    ):  # fmt: skip
        answer = await _hello(office, token)
        assert answer.status_code == 401
        assert abs(answer.json()["server_s"] - wall_s()) < 5
    assert (await _hello(office, alpha.token(f"alpha.{NEW}"), OTHER)).status_code == 409
    assert (await _hello(office, alpha.token(f"alpha.{NEW}"))).status_code == 200
    async with office.pool.transaction() as conn:
        found = await conn.execute("select site from site_state")
        assert await found.fetchall() == [("alpha",)]
    people = await office.http.get("/api/v1/chain", headers={"Authorization": f"Bearer {alpha.token(f'alpha.{NEW}')}"})
    assert people.status_code == 401, "a clinic is nobody at head office"


async def test_a_renewal_whose_answer_was_lost_leaves_the_former_key_good(office: Office) -> None:
    before, after = Device(), Device()
    await _claim(office, await _code(office), before)
    headers = {"Authorization": f"Bearer {before.token(f'alpha.{NEW}')}"}
    answer = await office.http.post("/api/v1/sync/renew", json={"csr_pem": after.csr()}, headers=headers)
    assert answer.status_code == 200
    for device in (before, after):
        assert (await _hello(office, device.token(f"alpha.{NEW}"))).status_code == 200
    answer = await office.http.post("/api/v1/sync/renew", json={"csr_pem": "no request"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_csr")


async def test_a_revoked_store_is_refused_and_all_its_certificates_are_on_the_list(
    office: Office, tmp_path: Path
) -> None:
    device = Device()
    first = (await _claim(office, await _code(office), device)).json()["certificate_pem"]
    headers = {"Authorization": f"Bearer {device.token(f'alpha.{NEW}')}"}
    second = (await office.http.post("/api/v1/sync/renew", json={"csr_pem": device.csr()}, headers=headers)).json()
    asha = await office.bearer("Asha")
    assert (await office.http.post(f"/api/v1/sites/alpha/epochs/{OTHER}/revoke", headers=asha)).status_code == 404
    assert (await office.http.post(f"/api/v1/sites/alpha/epochs/{NEW}/revoke", headers=asha)).status_code == 204
    answer = await _hello(office, device.token(f"alpha.{NEW}"))
    assert (answer.status_code, answer.json()["code"]) == (403, "revoked")
    crl = x509.load_pem_x509_crl((tmp_path / "crl.pem").read_bytes())
    serials = {x509.load_pem_x509_certificate(p.encode()).serial_number for p in (first, second["certificate_pem"])}
    assert {entry.serial_number for entry in crl} == serials
    again = await _claim(office, await _code(office), device)
    assert (again.status_code, again.json()["code"]) == (409, "store_revoked")


async def test_the_broker_is_given_everything_it_needs_in_one_folder(office: Office, tmp_path: Path) -> None:
    crl = await office.parts.claims.revocation_list()
    there = tmp_path / "broker"
    conf = operations.write_broker_files(
        office.parts.authority, there, "127.0.0.1", 8883, ["localhost"], ["ingest-1"], crl
    )
    named = [line.split()[1] for line in conf.read_text().splitlines() if "file " in line]
    named.remove(str(there / "mosquitto.pid"))  # the broker writes it
    assert len(named) == 5
    assert {str(path) for path in there.iterdir()} >= set(named)
    assert (there / "server.key").stat().st_mode & 0o077 == 0


async def test_a_revoked_store_is_given_no_fresh_certificate_even_when_it_was_let_in_just_before(
    office: Office,
) -> None:
    device = Device()
    await _claim(office, await _code(office), device)
    asha = await office.bearer("Asha")
    assert (await office.http.post(f"/api/v1/sites/alpha/epochs/{NEW}/revoke", headers=asha)).status_code == 204
    with pytest.raises(Problem) as refused:
        await office.parts.claims.renew(Sender("alpha", NEW), device.csr())
    assert (refused.value.status, refused.value.code) == (403, "revoked")


async def test_the_revocation_list_is_written_afresh_at_start_and_again_after_a_failure(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_file, claims, tries = tmp_path / "crl.pem", office.parts.claims, 0
    tell = claims.tell_revoked

    async def tell_or_fail() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise psycopg.OperationalError("the server is away")
        await tell()

    monkeypatch.setattr(claims, "tell_revoked", tell_or_fail)
    monkeypatch.setattr(main, "REVOCATIONS_S", 0.05)
    async with asyncio.timeout(10):
        while not list_file.exists():
            await asyncio.sleep(0.02)  # the one of the start
        list_file.unlink()
        work = asyncio.create_task(main._renew_revocations(claims))
        while not list_file.exists():
            await asyncio.sleep(0.02)
    work.cancel()
    crl = x509.load_pem_x509_crl(list_file.read_bytes())
    assert crl.next_update_utc is not None
    assert crl.next_update_utc - utc(int(wall_s() * 1000)) > timedelta(days=364)


async def test_a_store_is_put_out_also_when_the_brokers_folder_cannot_be_written(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path, broker_files=tmp_path / "not there") as office:
        await office.person("Asha")
        await office.parts.sites.add("alpha", "Alpha Clinic", "test")
        device = Device()
        await _claim(office, await _code(office), device)
        asha = await office.bearer("Asha")
        assert (await office.http.post(f"/api/v1/sites/alpha/epochs/{NEW}/revoke", headers=asha)).status_code == 204
        assert (await _hello(office, device.token(f"alpha.{NEW}"))).status_code == 403
    (tmp_path / "mosquitto.pid").mkdir()
    operations.tell_broker(tmp_path, "list")
    assert (tmp_path / "crl.pem").read_text() == "list", "a broker that cannot be signalled breaks nothing"


def test_no_worker_takes_the_name_of_the_authoritys_own_files(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path)
    before = (tmp_path / "ca.key").read_bytes()
    for name in ("ca", "server", "north.00000000000000e1"):
        with pytest.raises(ValueError, match=name):
            authority.worker_files(name)
    assert (tmp_path / "ca.key").read_bytes() == before


async def test_only_a_program_that_serves_makes_itself_a_worker_certificate(pg_uri: str, tmp_path: Path) -> None:
    settings = main.Settings(database_url=pg_uri, data=tmp_path, mqtt="127.0.0.1:1")
    async with main.assemble(settings, Clock.life()) as parts:
        assert parts.door is None and not (tmp_path / "authority" / "ingest-1.key").exists()
    async with main.assemble(settings, Clock.life(), serving=True) as parts:
        assert parts.door is not None and (tmp_path / "authority" / "ingest-1.key").exists()
