"""The courier: posts webhooks to one address, signed, several at once, until they are taken."""

import asyncio
import io
from collections.abc import Callable
from typing import Final

import aiohttp

from plumbing.logs import Log
from sandbox.limits import SECOND_NS
from sandbox.outbox import TAKEN, Outbox, Parcel
from sandbox.parcels import signature
from sandbox.rules import Rules

_NO_CONNECTION: Final = "no connection"
_TIMED_OUT: Final = "no answer in time"
_QUIET_NS: Final = 60 * SECOND_NS


class Courier:
    """Carries what an outbox has; `rules` and `now_ns` are asked each time."""

    def __init__(
        self,
        outbox: Outbox,
        url: str,
        secret: str,
        *,
        rules: Callable[[], Rules],
        now_ns: Callable[[], int],
        log: Log,
    ) -> None:
        self._outbox, self._url, self._secret = outbox, url, secret
        self._rules, self._now_ns, self._log = rules, now_ns, log
        self._under_way = 0
        self._quiet_until_ns = 0

    async def run(self) -> None:
        """Post what is due, every `batchMs`, until canceled; then all is left as it is."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as posts:
            while True:
                webhooks = self._rules().webhooks
                while self._under_way < webhooks.connections:
                    parcel = self._outbox.next(self._now_ns(), self._rules())
                    if parcel is None:
                        break
                    self._under_way += 1
                    posts.create_task(self._carry(http, parcel))
                await asyncio.sleep(webhooks.batch_ms / 1000)

    async def _carry(self, http: aiohttp.ClientSession, parcel: Parcel) -> None:
        try:
            answer = await self._post(http, parcel.body)
        finally:
            self._under_way -= 1
        self._outbox.answered(parcel, answer, self._now_ns(), self._rules().webhooks)
        self._tell(answer)

    async def _post(self, http: aiohttp.ClientSession, body: bytes) -> str:
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if self._secret:
            headers["X-Hub-Signature-256"] = signature(body, self._secret)
        timeout = aiohttp.ClientTimeout(total=self._rules().webhooks.timeout_ms / 1000)
        try:
            async with http.post(
                self._url,
                data=io.BytesIO(body),  # bytes of more than 1 MiB would be warned of
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return str(response.status)
        except TimeoutError:
            return _TIMED_OUT
        except aiohttp.ClientError:
            return _NO_CONNECTION

    def _tell(self, answer: str) -> None:
        """Say that webhooks are not taken, once a minute at most."""
        now_ns = self._now_ns()
        if answer != TAKEN and now_ns >= self._quiet_until_ns:
            self._quiet_until_ns = now_ns + _QUIET_NS
            self._log.warning("webhooks are not taken", url=self._url, answer=answer)
