"""SMS, WhatsApp, e-mail and Telegram through apprise: one URL says service, account and target.

apprise blocks and is slow to import, so it is imported at first use and called in a few threads of its own; a service
that hangs holds one of them at most as long as its own timeouts, and never the loop.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cloud.notify.addresses import hosts_of
from cloud.notify.hosts import Hosts
from cloud.notify.sending import Message, NotSent, Target
from cloud.notify.web import refused

THREADS: Final = 4
"""Calls at once; more wait their turn."""
CONNECT_S, ANSWER_S = 5.0, 10.0
SERVICE_S: Final = 40.0
"""After which a call counts as unanswered: a few connections of one message, each with the timeouts above."""
HTTP_MAX: Final = 600
TWILIO_NUMBER_WRONG: Final = 21
"""Thousands of the gateway's errors about the number itself, which no other try gets past."""
_ERROR: Final = re.compile(r"error=(\d{3,6})")


class Services:
    """A Sender."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._threads = ThreadPoolExecutor(THREADS, "notify")

    async def send(self, target: Target, message: Message) -> str | None:
        """Send it. apprise tells no id. Raises NotSent."""
        for host in hosts_of(target.url):
            await self._hosts.address(host, 25)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, _send, target.url, message.title, _body(message))
        try:
            async with asyncio.timeout(SERVICE_S):
                await work
        except TimeoutError as error:
            raise NotSent("the service did not answer in time", begun=True) from error
        return None

    def close(self) -> None:
        """Take no more; calls that run end by their own timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _body(message: Message) -> str:
    return "\n".join(part for part in (message.text, message.link) if part)


def _send(url: str, title: str, body: str) -> None:
    import apprise

    logging.getLogger("apprise").propagate = False  # its lines hold targets; they come to us with the result
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, storage_mode="memory")
    service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        raise NotSent("the address cannot be used", passing=False, hint="Enter the address again.")
    service.socket_connect_timeout, service.socket_read_timeout = CONNECT_S, ANSWER_S
    service.request_rate_per_sec = 0
    caller = apprise.Apprise(asset=asset)
    caller.add(service)
    result = caller.notify(body=body, title=title, log_level=logging.WARNING)
    if not result:
        raise meaning([str(entry) for one in result.results for entry in one.logs()])


def meaning(said: Sequence[str]) -> NotSent:
    """What apprise's own lines say of a failure: an error the service answered, else a connection that broke.

    The lines hold targets, so nothing of them is kept but the number.
    """
    found = next((match for match in map(_ERROR.search, said) if match), None)
    if found is None:
        return NotSent("the service was not reached, or did not answer", begun=True)
    number = int(found[1])
    if number < HTTP_MAX:
        return refused(number)
    return NotSent(f"the service answered error {number}", passing=number // 1000 != TWILIO_NUMBER_WRONG)
