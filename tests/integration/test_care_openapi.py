"""What the document says of care holds for those who may use it: staff of a clinic, a caregiver, and a device."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cloud.accounts import people
from shared import device_tokens
from tests.care_office import ANA, NINE_MS, alert_data, caring, note_data, plan_body
from tests.office import HASH
from tests.openapi import Things, ask, operations

EXAMPLES = 6
CARE = ("/medication-plans", "/devices", "/events", "/voice", "/summary", "/alerts", "/patients", "/holds", "/doses",
        "/medications", "/blobs")  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["staff", "caregiver", "device"])
async def test_no_answer_of_care_is_a_5xx_or_one_that_the_document_does_not_give(
    pg_uri: str, tmp_path: Path, who: str
) -> None:
    async with caring(pg_uri, tmp_path) as care:
        async with care.office.pool.transaction() as conn:
            await people.add(conn, care.clock, "all", HASH, ["nurse", "doctor", "manager"], ["alpha"])
        await care.caregiver("carla")
        plan = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body())
        device = await care.device()
        await care.office.event("alpha", "care_alert_raised", "al-1", alert_data(ANA, NINE_MS))
        await care.office.event("alpha", "note_recorded", "note-1", note_data(ANA, NINE_MS))
        await care.wait("select 1 from interaction_logs")
        document = (await care.office.http.get("/openapi.json")).json()
        ours = {path: what for path, what in document["paths"].items() if any(part in path for part in CARE)}
        document = {**document, "paths": ours}
        bearer = {name: await care.office.bearer(name) for name in ("all", "carla")}
        things = {
            "plan_id": plan["id"], "device_id": device.id, "patient_id": ANA, "alert_id": "al-1", "note_id": "note-1",
            "dose_id": "0" * 32, "hold_id": "h", "sha256": "a" * 64, "site": "alpha",
        }  # fmt: skip

        def headers() -> dict[str, str]:
            if who == "device":
                return {"Authorization": f"Bearer {device_tokens.sign(device.key, device.id)}"}
            return bearer["all" if who == "staff" else "carla"]

        asked = await asyncio.to_thread(
            ask, document, care.office.url, headers, lambda: Things(things, things), EXAMPLES
        )
        assert not asked.failures, "\n\n".join(asked.failures)
        assert asked.operations == len(operations(document)) > 35
