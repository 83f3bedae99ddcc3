"""HTTP to addresses that other people chose: to the address that was judged, no redirects, little read, little waited."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import httpx

from cloud.notify.hosts import Hosts
from cloud.notify.sending import NotSent

ANSWER_BYTES_MAX: Final = 16 * 1024
ANSWER_S: Final = 10.0
CONNECT_S: Final = 5.0
RETRY_AFTER_S_MAX: Final = 3600.0
GONE: Final = frozenset((404, 410))
PASSING: Final = frozenset((408, 409, 423, 425, 429))
"""Of 4xx: those that another try may get past. 5xx always may."""


async def post(hosts: Hosts, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
    """POST to `url`. Returns the answer, a success, with at most ANSWER_BYTES_MAX of its body. Raises NotSent."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    if parts.scheme != "https" and not hosts.private_too:
        raise NotSent("the address is not https", passing=False, hint="Use an address that begins with https://.")
    address = await hosts.address(host, port)
    netloc = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    wired = parts._replace(netloc=netloc, fragment="").geturl()
    named = host if port in (80, 443) else f"{host}:{port}"
    headers = {**headers, "host": named, "user-agent": "outpost"}
    timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
    try:
        async with (
            httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", wired, content=content, headers=headers, extensions={"sni_hostname": host}) as answer,
        ):
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) >= ANSWER_BYTES_MAX:
                    break
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NotSent(f"no connection ({type(error).__name__})") from error
    except httpx.HTTPError as error:
        raise NotSent(f"the connection broke ({type(error).__name__})", begun=True) from error
    except httpx.InvalidURL as error:
        raise NotSent("the address is none", passing=False, hint="Enter the address again.") from error
    if answer.is_success:
        return httpx.Response(answer.status_code, headers=answer.headers, content=body[:ANSWER_BYTES_MAX])
    raise refused(answer.status_code, answer.headers.get("retry-after", ""))


def refused(status: int, retry_after: str = "") -> NotSent:
    """What an answer that is no success means."""
    wait_s = min(float(retry_after), RETRY_AFTER_S_MAX) if retry_after.isdigit() else 0.0
    passing = status >= 500 or status in PASSING
    return NotSent(
        f"the service answered {status}",
        passing=passing,
        gone=status in GONE,
        retry_after_s=wait_s,
        begun=status >= 500,
    )
