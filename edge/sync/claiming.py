"""Gets this store its certificate, and a fresh one before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from edge.sync import identity as identities
from edge.sync.identity import ClaimError, Identity, Keeper
from edge.sync.state import SyncSettings
from shared.backoff import Backoff

log = structlog.get_logger(__name__)


class Claiming:
    """`identity` is the one at hand. `show(reason, hint)` tells people why there is none yet."""

    def __init__(self, keeper: Keeper, settings: SyncSettings, epoch: str, show: Callable[[str, str], None]) -> None:
        self._keeper, self._settings, self._epoch, self._show = keeper, settings, epoch, show
        self.identity: Identity | None = None

    async def claimed(self) -> Identity:
        """The identity of this store, bought with the claim code if need be; waits for a person where there is none."""
        backoff = Backoff(self._settings.backoff_s, self._settings.backoff_max_s)
        code, reason = self._settings.claim_code, "This clinic has not been claimed."
        hint = "Ask head office for a claim code and enter it here."
        while True:
            try:
                found = self._keeper.load(self._epoch)
            except ClaimError as error:
                self._show(str(error), error.hint)
                log.warning("identity_not_read", reason=str(error))
                await asyncio.sleep(self._settings.claim_look_s)
                continue
            if found is not None:
                self.identity = found
                return found
            if not code:
                self._show(reason, hint)
                await asyncio.sleep(self._settings.claim_look_s)
                continue
            try:
                await identities.claim(self._keeper, self._settings.cloud_url, code, self._epoch)
            except ClaimError as error:
                self._show(str(error), error.hint)
                log.warning("not_claimed", reason=str(error), passing=error.passing)
                if not error.passing:
                    code, reason, hint = "", str(error), error.hint
                await asyncio.sleep(backoff.next_s())

    def again(self, at_hand: Identity) -> Identity:
        """The identity as it is on disk now, for a clinic that was claimed again while this program runs.

        What is at hand stays good while the file is gone or damaged.
        """
        try:
            self.identity = self._keeper.load(self._epoch) or at_hand
        except ClaimError as error:
            log.warning("identity_not_read", reason=str(error), hint=error.hint)
            self.identity = at_hand
        return self.identity

    async def stay_certified(self) -> None:
        """Renew the certificate before it ends; the next session uses the new one."""
        backoff = Backoff(60.0, self._settings.renew_check_s)
        while True:
            await asyncio.sleep(self._settings.renew_check_s)
            while self.identity is not None and self.identity.renew_due():
                if not self.again(self.identity).renew_due():
                    break
                try:
                    self.identity = await identities.renew(self._keeper, self.identity)
                    log.info("certificate_renewed")
                except ClaimError as error:
                    log.warning("not_renewed", reason=str(error))
                    await asyncio.sleep(backoff.next_s())
