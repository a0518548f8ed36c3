"""Meta's Cloud API: the only file that sends through it. One request in, one outcome out."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Final, Self

import aiohttp

from daemon.answers import read_answer
from plumbing.book_keeper import BookKeeper
from plumbing.failpoints import reach
from schemas.failpoints import FailPoint
from schemas.outcomes import HeldBack, NotWritten, Outcome, Unknown, UnknownReason
from schemas.settings import Daemon

# Shorter than any proxy's idle timeout: a request written to a connection that its peer has just
# closed would be in doubt.
KEEPALIVE_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 5.0
LAST_CALL_SECONDS: Final = 0.05
LOOK_UP_SECONDS: Final = 5.0
NUMBER_FIELDS: Final = "whatsapp_business_manager_messaging_limit,messaging_limit_tier"
MOST_ANSWER_BYTES: Final = 64 * 1024


class _Held(Exception):
    """Raised where a request would be written, when it may not leave any more."""


class Departure:
    """The moment at which one request is written.

    `may_leave` is asked right before the first byte; when it says no, not one byte leaves.
    `settled` is set as soon as the request has left or is known not to.
    """

    def __init__(
        self,
        may_leave: Callable[[], bool],
        on_leave: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._may_leave, self._on_leave, self._clock = may_leave, on_leave, clock
        self.left_at: float | None = None
        self.settled = asyncio.Event()

    def write(self) -> None:
        """The client is about to write the first byte."""
        if not self._may_leave():
            raise _Held
        self.left_at = self._clock()
        self._on_leave(self.left_at)
        self.settled.set()


class CloudApi:
    """Sends messages. Use it with `async with`; it keeps its connections open between sends."""

    def __init__(self, settings: Daemon, keeper: BookKeeper) -> None:
        self.keeper = keeper
        self._timeout_seconds = settings.request_timeout_ms / 1000
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_before_the_first_byte)
        trace.on_request_chunk_sent.append(_with_the_last_byte)
        self._session = aiohttp.ClientSession(
            headers={"Content-Type": "application/json"},
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(self, phone_number_id: str, body: bytes, departure: Departure) -> Outcome:
        """Post one message. Everything that can happen comes back as an outcome."""
        try:
            async with _deadline(self._timeout_seconds):
                return await self._post(phone_number_id, body, departure)
        except _Held:
            return HeldBack()
        except TimeoutError:
            return _no_answer(departure, UnknownReason.TIMEOUT, "no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            details = str(error) or repr(error)
            return _no_answer(departure, UnknownReason.CONNECTION_LOST, details)
        finally:
            departure.settled.set()

    async def number(self, phone_number_id: str) -> bytes | None:
        """What Meta says of a number (phone_number_id, GET); None: no answer of use."""
        assert self._session is not None
        provider = self.keeper.book.provider(phone_number_id)
        if (url := provider.number_url(phone_number_id)) is None:
            return None
        try:
            async with (
                asyncio.timeout(LOOK_UP_SECONDS),
                self._session.get(
                    url, params={"fields": NUMBER_FIELDS}, headers=provider.headers(),
                    allow_redirects=False,
                    trace_request_ctx=Departure(lambda: True, _unpaced),
                ) as response,
            ):  # fmt: skip
                is_told = response.status == 200
                return await response.content.read(MOST_ANSWER_BYTES) if is_told else None
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None

    async def _post(self, phone_number_id: str, body: bytes, departure: Departure) -> Outcome:
        assert self._session is not None
        provider = self.keeper.book.provider(phone_number_id)  # as it is now: tokens are changed
        async with self._session.post(
            provider.messages_url(phone_number_id),
            data=body,
            headers=provider.headers(),
            allow_redirects=False,
            trace_request_ctx=departure,
        ) as response:
            answer = await response.content.read(MOST_ANSWER_BYTES)
            while not response.content.at_eof() and len(answer) < MOST_ANSWER_BYTES:
                answer += await response.content.read(MOST_ANSWER_BYTES)
            return read_answer(response.status, response.headers, answer)


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    """A timeout that first reads what has arrived.

    A process that was stopped, or starved, finds its timers expired and its answers unread; timers
    go first. The answer is the fact: it gets one more moment.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as scope:
        last_call = loop.call_later(
            seconds, lambda: scope.reschedule(loop.time() + LAST_CALL_SECONDS)
        )
        try:
            yield
        finally:
            last_call.cancel()


async def _before_the_first_byte(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any
) -> None:
    """aiohttp calls this before it writes the request's head, despite the signal's name."""
    departure: Departure = context.trace_request_ctx
    departure.write()


async def _with_the_last_byte(*_: Any) -> None:
    """What is handed over now is with the kernel when the event loop comes around."""
    asyncio.get_running_loop().call_soon(reach, FailPoint.REQUEST_WRITTEN)


def _unpaced(_: float) -> None:
    """A question is no message."""


def _no_answer(departure: Departure, reason: UnknownReason, details: str) -> Outcome:
    return Unknown(reason, details) if departure.left_at is not None else NotWritten(details)
