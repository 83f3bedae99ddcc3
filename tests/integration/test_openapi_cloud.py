"""Head office's OpenAPI document and its server say the same, whatever is asked; and the document says what a reader needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.office import running
from tests.openapi import Things, ask, operations

EXAMPLES = 9
SITE = Things({"site": "alpha"}, {"site": "alpha"})


@pytest.mark.timeout(300)
async def test_no_answer_is_a_5xx_or_one_that_the_document_does_not_give(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        await office.person("boss")
        await office.site("alpha")
        document = (await office.http.get("/openapi.json")).json()
        loop = asyncio.get_running_loop()
        sessions = [await office.bearer("boss") for _ in range(3)]

        async def holds() -> dict[str, str]:
            """A session that has not been ended by what was asked."""
            while (await office.http.get("/api/v1/auth/me", headers=sessions[0])).status_code != 200:
                sessions.pop(0)
            return sessions[0]

        def headers() -> dict[str, str]:
            return asyncio.run_coroutine_threadsafe(holds(), loop).result()

        asked = await asyncio.to_thread(ask, document, office.url, headers, lambda: SITE, EXAMPLES)
        assert not asked.failures, "\n\n".join(asked.failures)
        assert asked.operations == len(operations(document)) > 25
        assert (await office.http.get("/health")).json()["database"] == "up"


async def test_every_operation_has_a_summary_and_says_what_each_refusal_means(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        document = (await office.http.get("/openapi.json")).json()
        for label, operation in operations(document):
            assert operation["summary"] and operation.get("description"), label
            for status, answer in operation["responses"].items():
                assert len(answer["description"]) > 10 or int(status) < 400, (label, status)
                if int(status) >= 400:
                    assert set(answer["content"]) == {"application/problem+json"}, (label, status)
