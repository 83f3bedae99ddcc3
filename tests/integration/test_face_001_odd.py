"""Whatever is sent to seed 001's paths: the answer is below 500, a refusal is a problem, and nothing breaks. Seeded."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.desk_001 import NOBODY, OPERATOR, at, desk

ODD: list[Any] = [
    None, True, -1, 0, 10**30, 1.5, "", " ", "x" * 300, "\x00", "\ud800", "١٢", [], {}, {"a": {"b": []}}, NOBODY, "ACTIVE",
    "EMERGENCY", "CANCELLED", "WALKIN", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59", "2026-11-20T24:00:00", at(60),
    "2026-11-20", "12:00", 1795165200, "' or 1=1 --", "\u202e", "NaN", "é", 720, 1000, "female", "hi", "a@b", at(61),
]  # fmt: skip
QUERY = [
    "",
    "1",
    "-1",
    "%00",
    "%ff",
    "x" * 300,
    "%F0%9F%98%80",
    "%D9%A1",
    "2026-02-30",
    "true",
    "CONFIRMED",
    NOBODY,
    "1000",
    "+1",
]
DOORS: dict[str, tuple[list[str], list[str]]] = {
    "GET /doctors/": ([], ["active", "specialization", "limit", "cursor"]),
    "POST /doctors/": (["name", "specialization", "specialty", "code", "service", "room"], []),
    "GET /doctors/{doctor}/": ([], []),
    "PUT /doctors/{doctor}/": (["name", "specialty", "code", "service", "room", "is_active", "is_on_break"], []),
    "DELETE /doctors/{doctor}/": ([], []),
    "GET /patients/": ([], ["q", "phone", "limit", "cursor"]),
    "POST /patients/": (["name", "phone", "email", "age", "gender", "language", "notify"], []),
    "PUT /patients/{patient}/": (["name", "phone", "email", "age", "gender", "language", "notify"], []),
    "DELETE /patients/{patient}/": ([], []),
    "GET /slots/": ([], ["doctor_id", "date", "status", "limit", "cursor"]),
    "POST /slots/": (["doctor", "doctor_id", "start_time", "end_time", "max_capacity"], []),
    "PUT /slots/{slot}/": (["start_time", "end_time", "max_capacity", "status"], []),
    "PUT /slots/{slot}/delay/": (["delay_minutes"], []),
    "GET /slots/{slot}/tokens/": ([], ["status", "limit", "cursor"]),
    "GET /tokens/": ([], ["slot_id", "doctor_id", "patient_id", "date", "status", "category", "limit", "cursor"]),
    "POST /tokens/": (["slot_id", "patient_id", "category", "waitlist", "paid_at", "override"], []),
    "POST /tokens/emergency/": (["slot_id", "patient_id"], []),
    "GET /tokens/{token}/": ([], []),
    "DELETE /tokens/{token}/": ([], []),
    "POST /tokens/{token}/no_show/": ([], []),
    "GET /reports/daily/": ([], ["date", "doctor_id"]),
    "GET /waiting-list/": ([], ["doctor_id", "date", "limit", "cursor"]),
    "GET /waiting-list/by_slot/": ([], ["slot_id", "limit", "cursor"]),
}


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_sent_to_seed_001_makes_a_5xx_or_breaks_the_book(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    async with desk(tmp_path) as it:
        slots = [await it.slot(capacity=2, minutes=60 * n) for n in (1, 2, 26)]
        tokens = [await it.token(slot, category) for slot in slots for category in ("ONLINE", "WALKIN")]
        known = {
            "doctor": ["1", it.site.it.doctor_id, "0", NOBODY, "x"], "slot": [*(s["id"] for s in slots), NOBODY, "1", "%00"],
            "patient": [*(t["patient_id"] for t in tokens), NOBODY, "1"],
            "token": [*(t["id"] for t in tokens), "1", "2", NOBODY, "9" * 30, "%ff"],
        }  # fmt: skip
        right = {"slot_id": known["slot"], "patient_id": known["patient"], "doctor": known["doctor"], "name": ["Jo"],
                 "category": ["ONLINE", "WALKIN", "FOLLOWUP"], "start_time": [at(n) for n in (30, 60, 90, 1560)],
                 "end_time": [at(n) for n in (61, 100, 150, 1700)], "max_capacity": [1, 2, 5], "delay_minutes": [0, 5, 400],
                 "status": ["ACTIVE", "CANCELLED"]}  # fmt: skip
        for _ in range(150):
            door = rng.choice(list(DOORS))
            method, path = door.split(" ")
            fields, queries = DOORS[door]
            for name, ids in known.items():
                path = path.replace(f"{{{name}}}", rng.choice(ids))
            body = {
                name: rng.choice(right[name]) if name in right and rng.random() < 0.75 else rng.choice(ODD)
                for name in fields if rng.random() < 0.85
            }  # fmt: skip
            text = json.dumps(body).encode() if fields else b""
            content = text if rng.random() < 0.95 else text[: rng.randrange(len(text) + 1)]
            query = "&".join(f"{name}={rng.choice(QUERY)}" for name in queries if rng.random() < 0.4)
            answer = await it.site.http.request(method, f"/api/v1{path}?{query}", content=content, headers=OPERATOR)
            assert answer.status_code < 500, (seed, method, path, query, body, answer.text)
            if answer.status_code >= 400:
                assert orjson.loads(answer.content)["status"] == answer.status_code and answer.json()["hint"]
        wrong = it.site.it.rows(
            "select id from slots s where places_taken <> (select count(*) from visits where slot_id = s.id and holds_place) "
            "or extra_taken <> (select count(*) from visits where slot_id = s.id and over_capacity) "
            "or (places_taken + lent < max_capacity and status <> 'CANCELLED' and end_at + delay_min * 60000 > ? "
            "and exists (select 1 from visits where slot_id = s.id and status = 'waitlisted'))",
            it.site.it.store.clock.now_ms(),
        )  # fmt: skip
        assert wrong == [], "places are counted, and nobody waits beside a free one"
