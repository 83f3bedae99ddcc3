"""Whatever is sent, the server answers below 500, in one shape, and the clinic goes on. Seeded."""

from __future__ import annotations

import json
import random
from pathlib import Path

import orjson
import pytest

from tests.edge_web import web

LONG = b"Bearer " + b"x" * 5000
OPERATOR = {"Authorization": "Bearer operator-key"}
ODD = [
    None, True, -1, 10**30, 1.5, "", "x" * 300, "\x00", "\ud800", "١٢", "A-001", "../..", [], {}, [[[[]]]], {"a": {"b": []}},
    "' or 1=1 --", "\u202e", "NaN", "é",
]  # fmt: skip


def body(rng: random.Random, names: list[str]) -> bytes:
    """A body that is nearly right, or not at all."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(0, 60))
    if kind == 1:
        return b'{"' * rng.randrange(1, 2000)
    fields = {rng.choice([*names, "other"]): rng.choice(ODD) for _ in range(rng.randrange(0, 4))}
    text = json.dumps(fields).encode()
    return text if kind == 2 else text[: rng.randrange(0, len(text) + 1)]


@pytest.mark.parametrize("seed", range(3))
async def test_no_input_makes_a_5xx_or_stops_the_clinic(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    async with web(tmp_path) as site:
        document = (await site.http.get("/openapi.json")).json()
        doors = []
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                shape = (
                    operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                )
                doors.append((method, path, list(shape.get("properties", {}))))
        for _ in range(250):
            method, path, names = rng.choice(doors)
            for part in ("visit_id", "doctor_id", "staff_id", "screen_id", "name"):
                odd = rng.choice(
                    ["1", "0", "-1", "%00", "%ff", "x" * 200, "%2e%2e", "9" * 30, "%F0%9F%98%80", "%D9%A1"]
                )
                path = path.replace(f"{{{part}}}", odd)
            headers: dict[str, str | bytes] = {
                **OPERATOR,
                "Content-Type": rng.choice(["application/json", "text/plain", "text/xml", ""]),
                "Idempotency-Key": rng.choice(
                    ["k1", "", "a b", "é".encode("latin-1").decode("latin-1"), "x" * 101, "k:2"]
                ),
                "Cookie": rng.choice(["outpost_session=%00", "outpost_screen=;;;=", "", "a=" + "b" * 500]),
            }
            if rng.random() < 0.3:
                headers["Authorization"] = rng.choice(
                    [b"Bearer \xff", b"Bearer a.b.c", b"Basic xyz", b"", b"Bearer " + b"x" * 5000]
                )
            answer = await site.http.request(
                method, path, content=body(rng, names),
                headers=[(n.encode(), v if isinstance(v, bytes) else v.encode("latin-1")) for n, v in headers.items()],
            )  # fmt: skip
            assert answer.status_code < 500, (seed, method, path, answer.text)
            if answer.status_code >= 400:
                assert orjson.loads(answer.content)["status"] == answer.status_code
        assert (await site.http.post("/api/v1/visits", json={}, headers=OPERATOR)).status_code == 201
        assert (await site.http.get("/health")).json()["database"] == "up"
