"""Requests to head office under this clinic's credential, and what its answers mean.

Every request carries a token of the last minute; one that is refused for its time is made anew by the server's clock,
once. Used by the path over HTTPS, and by what is no lane: messages to people's phones.
"""

from __future__ import annotations

from typing import Any, Final

import httpx

from edge.sync.identity import Identity, bearer, clock_ahead_s, http_context, problem_of
from edge.sync.links import LinkDown, NotWelcome
from shared.clock import transport_s

TOKEN_REUSED_S: Final = 60.0
"""A token serves this long (it lives four times as long): signing one for each request costs a small machine much."""


class Busy(LinkDown):
    """The cloud has no room now."""


class Refused(LinkDown):
    """The cloud understood and will not do it; the same again helps only after a change. `status`: as it answered."""

    def __init__(self, status: int, reason: str, hint: str) -> None:
        super().__init__(reason, hint)
        self.status = status


class Asking:
    """One HTTP client. `path`: what its addresses begin with, e.g. "/api/v1/sync". Close it."""

    def __init__(self, identity: Identity, path: str, *, check_time: bool, answer_s: float) -> None:
        self.identity = identity
        self._clock_ahead_s = 0.0
        self._token, self._token_until_s = "", float("-inf")
        self._client = httpx.AsyncClient(
            base_url=f"{identity.cloud_url}{path}",
            verify=http_context(identity, check_time=check_time),
            timeout=httpx.Timeout(answer_s, connect=10.0),
        )

    async def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; the answer is a success.

        Raises Busy, NotWelcome, Refused (4xx), LinkDown (5xx); httpx.HTTPError when the line does not work.
        """
        for attempt in (1, 2):
            headers = {**request.get("headers", {}), **bearer(self._fresh_token())}
            answer = await self._client.request(method, path, **{**request, "headers": headers})
            if answer.status_code == 401 and attempt == 1 and self._learn_time(answer):
                continue
            break
        if answer.is_success:
            return answer
        detail, hint = problem_of(answer)
        if answer.status_code in (429, 503):
            raise Busy(detail, hint)
        if answer.status_code in (401, 403):
            raise NotWelcome(detail, hint)
        if answer.is_client_error:
            raise Refused(answer.status_code, detail, hint)
        raise LinkDown(detail, hint)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _fresh_token(self) -> str:
        now_s = transport_s()
        if now_s >= self._token_until_s:
            self._token, self._token_until_s = self.identity.token(self._clock_ahead_s), now_s + TOKEN_REUSED_S
        return self._token

    def _learn_time(self, answer: httpx.Response) -> bool:
        ahead_s = clock_ahead_s(answer)
        if ahead_s is None:
            return False
        self._clock_ahead_s, self._token_until_s = ahead_s, float("-inf")
        return True
