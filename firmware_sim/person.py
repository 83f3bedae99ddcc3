"""Somebody with a page open: asks over HTTP, and asks again, with the same idempotency key, until there is an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from shared.clock import transport_s
from shared.ids import new_id

GIVE_UP_S = 60.0
"""Real seconds a page goes on sending the same request while the program does not answer."""
AGAIN_S = 0.1


class Person:
    """Somebody signed in to one of the two programs, whose page sends a request again until it is answered."""

    def __init__(self, url: str, account: dict[str, str]) -> None:
        self._account = account
        self._client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=5.0)
        self._signing_in = asyncio.Lock()

    async def post(self, path: str, body: object = None, key: str | None = None) -> httpx.Response:
        """Send with an idempotency key until there is an answer; at most GIVE_UP_S. Raises TimeoutError then."""
        headers = {"Idempotency-Key": key or new_id()}
        ends_at = transport_s() + GIVE_UP_S
        while True:
            try:
                answer = await self._client.post(path, json=body, headers=headers)
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    await self.sign_in(answer.request.headers.get("Authorization"))
                elif answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    return answer
            except httpx.TransportError:
                pass  # the program is away, or the answer was lost: the same key makes asking again harmless
            if transport_s() > ends_at:
                raise TimeoutError(f"{path} was not answered for {GIVE_UP_S:.0f} s")
            await asyncio.sleep(AGAIN_S)

    async def get(self, path: str) -> Any:
        """A JSON answer; None when the program is away, which a page shows and asks again later."""
        try:
            answer = await self._client.get(path)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                await self.sign_in(answer.request.headers.get("Authorization"))
                answer = await self._client.get(path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    async def sign_in(self, refused: str | None = None) -> None:
        """Get a credential. `refused`: the one that was turned down; another one by now is not replaced."""
        async with self._signing_in:
            if self._client.headers.get("Authorization") != refused:
                return  # somebody else did it meanwhile
            answer = await self._client.post("/api/v1/auth/login", json=self._account)
            if answer.is_success:
                self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
