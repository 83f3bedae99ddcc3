"""The examples of seed 000 as it writes them, host and sign-in aside; and what the API document says of its paths."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.edge_web import web
from tests.integration.test_face_000_patients import MANAGER

PATHS = {
    ("post", "/api/patients/register"): {"201", "401", "403", "409", "422", "503"},
    ("get", "/api/patients/queue"): {"200", "401", "403", "422", "503"},
    ("get", "/api/patients/stats"): {"200", "401", "403", "422", "503"},
    ("get", "/api/patients/{patient_id}"): {"200", "401", "403", "404", "503"},
    ("get", "/api/doctors"): {"200", "401", "403", "503"},
    ("post", "/api/doctors"): {"201", "401", "403", "409", "422", "503"},
    ("post", "/api/doctors/{doctor_id}/start-consultation"): {"200", "401", "403", "404", "409", "422", "503"},
    ("post", "/api/doctors/{doctor_id}/complete-consultation"): {"200", "401", "403", "404", "409", "422", "503"},
    ("post", "/api/doctors/{doctor_id}/skip-patient"): {"200", "401", "403", "404", "409", "422", "503"},
    ("post", "/api/doctors/{doctor_id}/flag-emergency"): {"200", "401", "403", "404", "409", "422", "503"},
    ("post", "/api/staff/register-walkin"): {"201", "401", "403", "409", "422", "503"},
    ("post", "/api/staff/add-emergency"): {"201", "401", "403", "404", "409", "422", "503"},
    ("post", "/api/staff/mark-noshow/{patient_id}"): {"200", "401", "403", "404", "409", "422", "503"},
    ("put", "/api/staff/toggle-doctor/{doctor_id}"): {"200", "401", "403", "404", "422", "503"},
    ("post", "/api/staff/rebalance"): {"200", "401", "403", "422", "503"},
    ("get", "/api/staff/logs"): {"200", "401", "403", "422", "503"},
}


async def curl(url: str, body: str) -> tuple[str, str]:
    """Run the seed's own command line; (status, body)."""
    command = (
        "curl", "-sS", "-X", "POST", url, "-H", "Content-Type: application/json", "-d", body,
        "-H", f"Authorization: {MANAGER['Authorization']}", "-w", "\n%{http_code}", "--max-time", "20",
    )  # fmt: skip
    done = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await done.communicate()
    answer, _, status = out.decode().rpartition("\n")
    return status, answer


async def test_the_seeds_curl_to_register_a_patient_works_as_written(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        given = '{"name":"John Doe","phone":"9999999999","reason":"Fever / Cold","urgency":7}'
        status, answer = await curl(f"{site.url}/api/patients/register", given)
        assert status == "201" and '"token_number":"A-001"' in answer and '"urgency":7' in answer


async def test_the_seeds_curl_to_start_a_consultation_works_as_written(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for name in ("Ann", "Bob", "Cid"):
            assert (
                await site.http.post("/api/patients/register", json={"name": name}, headers=MANAGER)
            ).status_code == 201
        status, answer = await curl(f"{site.url}/api/doctors/1/start-consultation", '{"patient_id": 3}')
        assert status == "200" and '"name":"Cid"' in answer and '"status":"in_consultation"' in answer


async def test_a_day_at_the_clinic_with_nothing_but_the_seeds_paths_and_small_numbers(tmp_path: Path) -> None:
    async with web(tmp_path) as site:

        async def done(method: str, path: str, **body: object) -> dict[str, object]:
            answer = await site.http.request(method, f"/api{path}", json=body or None, headers=MANAGER)
            assert answer.status_code in (200, 201), answer.text
            found = answer.json()
            return found if isinstance(found, dict) else {"list": found}

        await done("POST", "/doctors", name="Dr. Ode", specialization="Skin")
        await done("POST", "/patients/register", name="Ann", urgency=3)
        await done("POST", "/staff/register-walkin", name="Bob", urgency=8)
        await done("POST", "/staff/add-emergency", name="Cid")
        await done("POST", "/doctors/1/start-consultation", patient_id=3)
        await done("POST", "/doctors/1/flag-emergency", patient_id=1)
        await done("POST", "/doctors/1/complete-consultation")
        await done("POST", "/doctors/1/skip-patient", patient_id=1)
        await done("POST", "/staff/mark-noshow/2")
        await done("PUT", "/staff/toggle-doctor/2")
        await done("POST", "/staff/rebalance")
        assert (await done("GET", "/patients/1"))["is_emergency"] is True
        stats = await done("GET", "/patients/stats")
        assert (stats["completed"], stats["no_show"], stats["waiting"], stats["active_doctors"]) == (1, 1, 1, 1)
        assert (await done("GET", "/staff/logs"))["list"]


async def test_the_api_document_lists_every_path_once_in_the_seeds_spelling_with_what_each_error_means(
    tmp_path: Path,
) -> None:
    async with web(tmp_path) as site:
        paths = (await site.http.get("/openapi.json")).json()["paths"]
        for (method, path), statuses in PATHS.items():
            operation = paths[path][method]
            assert operation["responses"].keys() >= statuses, path
            assert all(answer["description"] for answer in operation["responses"].values())
            assert operation["description"]
            keys = [p for p in operation.get("parameters", ()) if p["name"] == "Idempotency-Key"]
            assert bool(keys) == (method != "get"), path
        ours = [path for path in paths if path.startswith(("/api/patients", "/api/doctors", "/api/staff"))]
        assert sorted(ours) == sorted({path for _, path in PATHS})


async def test_fixed_words_win_over_ids_and_what_the_seed_does_not_name_is_404_or_405(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for word in ("queue", "stats"):
            assert (await site.http.get(f"/api/patients/{word}", headers=MANAGER)).status_code == 200
        assert (await site.http.get("/api/patients/register", headers=MANAGER)).status_code in (404, 405)
        assert (await site.http.delete("/api/doctors", headers=MANAGER)).status_code == 405
        assert (await site.http.get("/api/staff", headers=MANAGER)).status_code == 404
