"""How people say where they are to be told: by a code, their own only, and never shown again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.notify import PATIENT, Told, telling

CHANNELS = "/api/v1/notifications/channels"
ROUTES = "/api/v1/notifications/routes"


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    """Ben cares for Ana Ruiz of alpha; Nia is nurse and Max manager of alpha, Rosa nurse of beta, Ola is head office."""
    async with telling(pg_uri, tmp_path) as started:
        await started.patient(PATIENT, "Ana Ruiz")
        await started.caregiver("Ben", PATIENT, 1)
        for name, role, site in (("Nia", "nurse", "alpha"), ("Max", "manager", "alpha"), ("Rosa", "nurse", "beta")):
            await started.staff(name, role, [site])
        await started.staff("Ola", "office_admin")
        yield started


async def ask(told: Told, name: str, method: str, path: str, **body: Any) -> Any:
    headers = await told.office.bearer(name)
    return await told.office.http.request(method, path, json=body or None, headers=headers)


async def test_a_channel_is_used_only_after_its_code_came_back(told: Told) -> None:
    answer = await ask(told, "Ben", "POST", CHANNELS, kind="webhook", address=f"{told.box.url}/in?key=hidden")
    body = answer.json()
    assert answer.status_code == 201 and body["verified_at"] is None and len(body["secret"]) == 64
    said = (await told.got(1))[0].json()
    await told.alert("a1", critical=True)
    await told.settled()
    assert len(told.box.got) == 1, "nothing but the code"
    other = f"{(int(said['code']) + 1) % 1_000_000:06}"
    wrong = await ask(told, "Ben", "POST", f"{CHANNELS}/{body['id']}/verify", code=other)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_code")
    right = await ask(told, "Ben", "POST", f"{CHANNELS}/{body['id']}/verify", code=said["code"])
    assert right.status_code == 200 and right.json()["verified_at"]
    await told.settled()
    assert [got.json()["topic"] for got in told.box.got] == ["code", "missed_dose"]


async def test_a_code_is_good_five_times_and_ten_minutes(told: Told) -> None:
    body = (await ask(told, "Ben", "POST", CHANNELS, kind="webhook", address=f"{told.box.url}/in")).json()
    code = (await told.got(1))[0].json()["code"]
    url = f"{CHANNELS}/{body['id']}"
    for _ in range(5):
        assert (
            await ask(told, "Ben", "POST", f"{url}/verify", code=f"{(int(code) + 1) % 1_000_000:06}")
        ).status_code == 409
    used_up = await ask(told, "Ben", "POST", f"{url}/verify", code=code)
    assert used_up.status_code == 409 and "another code" in used_up.json()["hint"]
    assert (await ask(told, "Ben", "POST", f"{url}/code")).status_code == 429
    told.pass_time(1.1)
    assert (await ask(told, "Ben", "POST", f"{url}/code")).status_code == 202
    code = (await told.got(2))[1].json()["code"]
    told.pass_time(10.1)
    assert (await ask(told, "Ben", "POST", f"{url}/verify", code=code)).status_code == 409


async def test_an_address_is_nowhere_to_be_read_again(told: Told) -> None:
    secret = "https://hooks.example/T0K3N/hidden"
    await ask(told, "Ben", "POST", CHANNELS, kind="webhook", address=secret)
    [shown] = (await ask(told, "Ben", "GET", CHANNELS)).json()
    assert shown["address"] == "https://hooks.example/…" and "secret" not in shown
    for table in ("notification_channels", "notification_events", "notification_deliveries", "audit"):
        assert "T0K3N" not in repr(await told.rows(f"select * from {table}")), table


async def test_a_removed_channel_is_told_nothing_and_its_address_is_forgotten(told: Told) -> None:
    channel = await told.channel("Ben", "/ben")
    assert (await ask(told, "Ben", "DELETE", f"{CHANNELS}/{channel['id']}")).status_code == 204
    await told.alert("a1", critical=True)
    await told.settled()
    assert told.box.got == []
    assert await told.rows("select sealed from notification_channels") == [(b"",)]
    assert (await ask(told, "Ben", "DELETE", f"{CHANNELS}/{channel['id']}")).status_code == 404


async def test_whose_channel_it_is_not_does_not_know_of_it(told: Told) -> None:
    channel = await told.channel("Ben", "/ben")
    for name in ("Nia", "Ola", "Rosa"):
        for method, path in (("DELETE", ""), ("PATCH", ""), ("POST", "/code"), ("POST", "/verify")):
            body = {"code": "123456"} if path == "/verify" else {"place": 2} if method == "PATCH" else {}
            answer = await ask(told, name, method, f"{CHANNELS}/{channel['id']}{path}", **body)
            assert answer.status_code == 404, (name, method, path)
    for path in (CHANNELS, ROUTES, "/api/v1/notifications"):
        assert (await told.office.http.get(path)).status_code == 401


async def test_staff_enter_channels_for_people_of_their_own_clinic(told: Told) -> None:
    owner = {"site": "alpha", "kind": "caregiver", "id": "cg-Ben"}
    new = {"kind": "webhook", "address": f"{told.box.url}/for-ben"}
    assert (await ask(told, "Nia", "POST", CHANNELS, **new, owner=owner)).status_code == 201
    assert (await ask(told, "Rosa", "POST", CHANNELS, **new, owner=owner)).status_code == 404
    assert (await ask(told, "Ben", "POST", CHANNELS, **new, owner=owner)).status_code == 403
    nobody = {**owner, "id": "nobody"}
    assert (await ask(told, "Nia", "POST", CHANNELS, **new, owner=nobody)).status_code == 404
    listed = await ask(told, "Nia", "GET", f"{CHANNELS}?site=alpha&owner_kind=caregiver&owner_id=cg-Ben")
    assert [one["owner"] for one in listed.json()] == [{"kind": "caregiver", "id": "cg-Ben"}]
    assert (
        await ask(told, "Rosa", "GET", f"{CHANNELS}?site=alpha&owner_kind=caregiver&owner_id=cg-Ben")
    ).status_code == 404


async def test_staff_see_that_a_caregiver_has_entered_a_channel_and_leave_it_alone(told: Told) -> None:
    mine = await told.channel("Ben", "/ben")
    listed = (await ask(told, "Nia", "GET", f"{CHANNELS}?site=alpha&owner_kind=caregiver&owner_id=cg-Ben")).json()
    assert [(one["id"], one["owner"]["kind"]) for one in listed] == [(mine["id"], "account")]
    assert listed[0]["verified_at"] is not None and "/ben" not in listed[0]["address"]
    assert (await ask(told, "Nia", "DELETE", f"{CHANNELS}/{mine['id']}")).status_code == 404


async def test_routes_are_set_by_the_manager_and_the_former_one_is_forgotten(told: Told) -> None:
    url = "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@+15550001111/{to}"
    for _ in range(2):
        answer = await ask(told, "Max", "POST", ROUTES, site="alpha", kind="sms", url=url)
        assert answer.status_code == 201 and answer.json()["address"] == "twilio://…"
    assert len((await ask(told, "Max", "GET", f"{ROUTES}?site=alpha")).json()) == 1
    refused = [
        await ask(told, "Max", "POST", ROUTES, site="beta", kind="sms", url=url),
        await ask(told, "Max", "POST", ROUTES, site="*", kind="sms", url=url),
        await ask(told, "Nia", "POST", ROUTES, site="alpha", kind="sms", url=url),
        await ask(told, "Ola", "POST", ROUTES, site="alpha", kind="sms", url="twilio://nobody"),
    ]
    assert [answer.status_code for answer in refused] == [404, 403, 403, 422]
    assert (await ask(told, "Ola", "POST", ROUTES, site="*", kind="sms", url=url)).status_code == 201
    route = (await ask(told, "Max", "GET", f"{ROUTES}?site=alpha")).json()[0]
    assert (await ask(told, "Rosa", "DELETE", f"{ROUTES}/{route['id']}")).status_code == 403
    assert (await ask(told, "Max", "DELETE", f"{ROUTES}/{route['id']}")).status_code == 204


async def test_the_list_of_a_site_is_for_those_who_see_it(told: Told) -> None:
    await told.channel("Ben", "/ben")
    await told.alert("a1", critical=True)
    await told.settled()
    [event] = (await ask(told, "Nia", "GET", "/api/v1/notifications?site=alpha")).json()
    assert event["deliveries"][0]["recipient"].startswith("account:")
    assert (await ask(told, "Ben", "GET", "/api/v1/notifications")).status_code == 403
    assert (await ask(told, "Rosa", "GET", "/api/v1/notifications?site=alpha")).status_code == 404
    assert (await ask(told, "Rosa", "GET", "/api/v1/notifications")).json() == []
    page = await ask(told, "Ola", "GET", "/api/v1/notifications?limit=1")
    assert len(page.json()) == 1 and page.headers["x-next"] == page.json()[0]["id"]
    assert (await ask(told, "Ola", "GET", f"/api/v1/notifications?before={page.headers['x-next']}")).json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "webhook", "address": "https://x.example", "quiet_from": "22:00"},
        {"kind": "webhook", "address": "https://x.example", "timezone": "Mars/Olympus"},
        {"kind": "webhook", "address": "file:///etc/passwd"},
        {"kind": "email", "address": "mailto://u:p@10.0.0.1?to=x@example.org"},
        {"kind": "sms", "address": "x" * 3000},
        {"kind": "pigeon", "address": "x"},
    ],
)
async def test_a_channel_that_cannot_be_is_refused_with_a_word_of_what_to_do(told: Told, wrong: dict[str, Any]) -> None:
    answer = await ask(told, "Ben", "POST", CHANNELS, **wrong)
    assert answer.status_code == 422 and answer.json()["hint"]


async def test_nobody_has_more_than_twelve_channels(told: Told) -> None:
    for number in range(12):
        assert (
            await ask(told, "Ben", "POST", CHANNELS, kind="email", address=f"a{number}@example.org")
        ).status_code == 201
    assert (await ask(told, "Ben", "POST", CHANNELS, kind="email", address="z@example.org")).status_code in (409, 429)


async def test_a_browser_gets_the_key_to_subscribe_with(told: Told) -> None:
    key = (await told.office.http.get("/api/v1/notifications/push-key")).json()["public_key"]
    assert len(key) == 87
