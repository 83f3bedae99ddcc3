"""Seed 001's paths: who may, in both spellings, as the seed's own examples do, and what the OpenAPI document says of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.clinic import standing_clock
from tests.desk_001 import NOBODY, OPERATOR, desk
from tests.edge_web import web

STAFF = {"reception", "nurse", "doctor", "manager"}
MAY = {
    "display": STAFF | {"display"}, "kiosk": STAFF | {"kiosk"}, "staff": STAFF, "clinical": STAFF,
    "reception": {"reception", "manager"}, "reception, doctor": {"reception", "doctor", "manager"},
    "manager": {"manager"},
}  # fmt: skip
ROWS = [
    ("GET", "/doctors/", "display"), ("POST", "/doctors/", "manager"), ("GET", "/doctors/{id}/", "display"),
    ("PUT", "/doctors/{id}/", "manager"), ("DELETE", "/doctors/{id}/", "manager"),
    ("GET", "/patients/", "staff"), ("POST", "/patients/", "clinical"), ("GET", "/patients/{id}/", "staff"),
    ("PUT", "/patients/{id}/", "clinical"), ("DELETE", "/patients/{id}/", "manager"),
    ("GET", "/slots/", "kiosk"), ("POST", "/slots/", "reception"), ("GET", "/slots/{id}/", "kiosk"),
    ("PUT", "/slots/{id}/", "reception"), ("PUT", "/slots/{id}/delay/", "reception, doctor"),
    ("GET", "/slots/{id}/tokens/", "staff"), ("GET", "/tokens/", "staff"), ("POST", "/tokens/", "kiosk"),
    ("GET", "/tokens/{id}/", "staff"), ("DELETE", "/tokens/{id}/", "clinical"), ("POST", "/tokens/emergency/", "clinical"),
    ("POST", "/tokens/{id}/no_show/", "clinical"), ("GET", "/reports/daily/", "manager"),
    ("GET", "/waiting-list/", "staff"), ("GET", "/waiting-list/by_slot/", "staff"),
]  # fmt: skip
"""Every row of seed 001's REST with its level: method, path, who."""


async def test_every_path_of_seed_001_lets_in_whom_its_row_names_and_nobody_else(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for role in sorted(STAFF):
            await site.add_staff(role, role, doctor_id=site.it.doctor_id if role == "doctor" else None)
        callers = {role: await site.page(role) for role in STAFF}
        callers |= {kind: await site.screen(kind) for kind in ("display", "kiosk")}
        for method, path, level in ROWS:
            url = f"/api/v1{path.format(id=NOBODY)}"
            for name, client in callers.items():
                status = await _status(client, method, url)
                assert (status not in (401, 403)) is (name in MAY[level]), f"{name}: {method} {path} gives {status}"
                assert status < 500
            anonymous = await _status(site.http, method, url)
            assert anonymous == 401, f"nobody: {method} {path} gives {anonymous}"


async def _status(client: httpx.AsyncClient, method: str, url: str) -> int:
    sent = {} if method == "GET" else {"json": {}}
    return (await client.request(method, url, **sent)).status_code


async def test_every_path_of_seed_001_answers_the_same_without_its_last_slash(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for method, path, _ in ROWS:
            url = f"/api/v1{path.format(id=NOBODY)}"
            sent = {} if method == "GET" else {"json": {}}
            both = [await site.http.request(method, one, headers=OPERATOR, **sent) for one in (url, url.rstrip("/"))]
            assert both[0].status_code == both[1].status_code and not both[0].is_redirect
            assert both[0].status_code not in (404, 405) or "There is nothing" not in both[0].text, (method, path)


async def test_openapi_spells_the_paths_of_seed_001_as_the_seed_does_and_once(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        paths = (await site.http.get("/openapi.json")).json()["paths"]
        written = {path.replace("{id}", "{}") for _, path, _ in ROWS}
        found = {
            "/" + "/".join("{}" if part.startswith("{") else part for part in path.removeprefix("/api/v1/").split("/"))
            for path in paths if path.startswith("/api/v1/")
        }  # fmt: skip
        assert written <= found and not {path.rstrip("/") for path in written} & found
        for method, path, _ in ROWS:
            doctor = "{doctor_id}" if "doctors" in path else "{token_id}" if "tokens/{" in path else "{slot_id}"
            name = "{patient_id}" if "patients" in path else doctor
            said = paths[f"/api/v1{path.replace('{id}', name)}"][method.lower()]["responses"]
            assert {"401", "403", "422", "429", "503"} <= said.keys(), (method, path)


async def test_the_examples_of_seed_001_work_as_written_with_the_open_switch(tmp_path: Path) -> None:
    """001:176 to 001:247, bodies verbatim; the ids of earlier answers where the seed writes a placeholder."""
    clock = standing_clock(datetime(2026, 2, 1, 8, 0, tzinfo=UTC))
    async with web(tmp_path, clock, options={"open_on_loopback": True}) as site:

        async def curl(method: str, path: str, status: int, body: str = "") -> dict[str, object]:
            url = f"{site.url}/api/v1/{path}"
            sent = {"content": body, "headers": {"Content-Type": "application/json"}} if body else {}
            async with httpx.AsyncClient() as nobody:
                answer = await nobody.request(method, url, **sent)  # type: ignore[arg-type]
            assert answer.status_code == status, answer.text
            return answer.json()  # type: ignore[no-any-return]

        doctor = await curl("POST", "doctors/", 201, '{"name": "Dr. John Smith", "specialization": "Cardiology"}')
        slot = await curl(
            "POST", "slots/", 201,
            f'{{"doctor": "{doctor["id"]}", "start_time": "2026-02-01T09:00:00Z", "end_time": "2026-02-01T10:00:00Z", '
            '"max_capacity": 15}',
        )  # fmt: skip
        assert slot["start_time"] == "2026-02-01T14:30:00.000+05:30" and slot["current_capacity"] == 0
        jane = '{"name": "Jane Doe", "phone": "+1234567890", "email": "jane@example.com"}'
        patient, other = [await curl("POST", "patients/", 201, jane) for _ in range(2)]
        assert patient["id"] != other["id"], "families share phones: creating never merges"
        wanted = f'"slot_id": "{slot["id"]}", "patient_id": "{patient["id"]}"'
        token = await curl("POST", "tokens/", 201, f'{{{wanted}, "category": "ONLINE"}}')
        assert (token["status"], token["token_number"], token["priority"]) == ("CONFIRMED", 1, 4.0)
        urgent = f'{{"slot_id": "{slot["id"]}", "patient_id": "{other["id"]}"}}'
        emergency = await curl("POST", "tokens/emergency/", 201, urgent)
        assert (emergency["category"], emergency["token_number"]) == ("EMERGENCY", 1)
        cancelled = await curl("DELETE", f"tokens/{token['id']}/", 200)
        assert cancelled["status"] == "CANCELLED"
        delayed = await curl("PUT", f"slots/{slot['id']}/delay/", 200, '{"delay_minutes": 30}')
        assert (delayed["status"], delayed["delay_minutes"]) == ("DELAYED", 30)
        report = await curl("GET", "reports/daily/?date=2026-02-01", 200)
        assert report["date"] == "2026-02-01" and report["totals"]["tokens"] == 2  # type: ignore[index]


async def test_a_doctor_acts_on_the_own_slots_and_tokens_only(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        other = await it.doctor()
        mine, theirs = await it.slot(), await it.slot(doctor=other["id"])
        tokens = {slot["id"]: await it.token(slot) for slot in (mine, theirs)}
        person = await it.person()
        await it.site.add_staff("rao", "doctor", doctor_id=it.site.it.doctor_id)
        rao = await it.site.page("rao")
        for slot, status in ((theirs, 403), (mine, 200)):
            token, ids = tokens[slot["id"]], {"slot_id": slot["id"], "patient_id": person["id"]}
            acts = [
                await rao.put(f"/api/v1/slots/{slot['id']}/delay/", json={"delay_minutes": 5}),
                await rao.post(f"/api/v1/tokens/{token['id']}/no_show/"),
                await rao.post("/api/v1/tokens/", json={**ids, "category": "ONLINE"}),
                await rao.post("/api/v1/tokens/emergency/", json=ids),
            ]
            assert {answer.status_code // 100 * 100 if status == 200 else answer.status_code for answer in acts} == {
                status
            }
        assert (await rao.delete(f"/api/v1/tokens/{tokens[theirs['id']]['id']}/")).status_code == 403
        assert (await rao.get(f"/api/v1/tokens/{tokens[theirs['id']]['id']}/")).status_code == 200


async def test_who_looked_at_a_persons_record_is_in_the_audit(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        person = await it.person()
        await it.site.add_staff("ada", "nurse")
        ada = await it.site.page("ada")
        await ada.get(f"/api/v1/patients/{person['id']}/")
        await ada.get("/api/v1/patients/")
        seen = [(one["act"], one["detail"]) for one in await it.ask("GET", "/audit") if one["act"].startswith("saw")]
        assert seen == [("saw_list", "patients"), ("saw_person", person["id"])]
