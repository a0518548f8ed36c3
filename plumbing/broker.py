"""JetStream: one connection that never gives up, the streams, and waking a lane."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext, api

from plumbing import streams
from plumbing.logs import Log
from plumbing.streams import WHAT_TO_DO, why
from plumbing.tasks import end
from schemas import subjects
from schemas.environment import servers_of
from schemas.jobs import JobOrder
from schemas.wire import headers_of

# An answer takes under 1 ms, a leader change up to 6 s; who asked can retry.
PUBLISH_SECONDS: Final = 2.0
SAY_AGAIN_SECONDS: Final = 10.0
_ENCODER: Final = msgspec.json.Encoder()
LOOKS: Final = 5
_RETRY_AFTER_SECONDS: Final = 0.1  # three replicas remove an acked turn up to 3 ms late


class Unavailable(Exception):
    """JetStream does not answer now."""


class Broker:
    """The process's connection to NATS. It starts without a server and heals by itself."""

    def __init__(self, url: str, name: str, log: Log, *, replicas: int = 1) -> None:
        self._servers, self._name, self._log, self._replicas = servers_of(url), name, log, replicas
        self.client = Client()
        self.js: JetStreamContext = self.client.jetstream(timeout=PUBLISH_SECONDS)
        self._connecting: asyncio.Task[None] | None = None
        self._closing = False
        self._say_again_at: dict[str, float] = {}
        self._unready = "its streams are not made yet"  # why JetStream is of no use; empty: it is
        self.closed = asyncio.Event()  # for good, and not by us: the process cannot go on

    @property
    def is_connected(self) -> bool:
        return self.client.is_connected

    def start(self) -> None:
        """Begin to connect, in the background: a gateway takes jobs while NATS is down."""
        self._connecting = asyncio.create_task(self._connect())

    async def ready(self) -> None:
        """Return once the connection stands and the streams exist."""
        assert self._connecting is not None
        await asyncio.shield(self._connecting)

    async def close(self) -> None:
        """Stop connecting, or close the connection. Never drains: see the pull subscriptions."""
        self._closing = True
        if self._connecting:
            await end(self._connecting)
        with contextlib.suppress(OSError):  # the connection broke just now
            await self.client.close()

    async def check(self) -> None:
        """Raises Unavailable unless JetStream answers, and has the streams as they are asked."""
        self._require_connection()
        if self._unready:
            raise Unavailable(f"JetStream is not ready: {self._unready}")
        try:
            for definition in subjects.STREAMS:
                await self.js.stream_info(definition.name)
        except nats.js.errors.NotFoundError as error:
            await self._make_again()
            raise Unavailable("a stream was missing and is being made again") from error
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"JetStream does not answer: {why(error)}") from error

    async def _make_again(self) -> None:
        """A server that lost its data has no streams."""
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            await self.ensure_streams()

    async def publish(
        self, subject: str, payload: bytes, message_id: str = "", *, version: int | None = None
    ) -> int:
        """Store one message; returns its stream sequence. Raises Unavailable.

        With a `message_id` it may be published again when the answer was lost: the stream keeps
        one of the same id within its duplicate window (2 minutes). A `version` is told where the
        payload does not say it.
        """
        self._require_connection()
        headers = {} if version is None else headers_of(version)
        if message_id:
            headers["Nats-Msg-Id"] = message_id
        try:
            ack = await self.js.publish(subject, payload, timeout=PUBLISH_SECONDS, headers=headers)
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Unavailable(f"JetStream did not take {subject}: {why(error)}") from error
        return int(ack.seq)

    async def say(self, subject: str) -> None:
        """Tell whoever listens now; nothing is stored. Raises Unavailable."""
        self._require_connection()
        try:
            await self.client.publish(subject)
        except (nats.errors.Error, OSError) as error:
            raise Unavailable(f"NATS did not take {subject}: {why(error)}") from error

    async def wake(self, order: JobOrder, *, retry: bool = True) -> bool:
        """See to it that the job's lane has its turn; False: it had it. Raises Unavailable.

        Refused with TURN_EXISTS, it tries once more: on three replicas an acked turn is removed
        up to 3 ms after the ack.
        """
        if await self._try_wake(order):
            return True
        if retry:
            await asyncio.sleep(_RETRY_AFTER_SECONDS)
            return await self._try_wake(order)
        return False

    async def turn(self, phone_number_id: str) -> api.RawStreamMsg | None:
        """The turn of a lane as it is stored; None: it has none. Raises Unavailable."""
        self._require_connection()
        subject = subjects.turn_subject(phone_number_id)
        try:
            return await self.js.get_last_msg(subjects.JOBS_STREAM, subject)
        except nats.js.errors.NotFoundError:
            return None
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Unavailable(f"JetStream does not show a turn: {why(error)}") from error

    async def renew(self, order: JobOrder) -> None:
        """Make the lane's turn anew: this one was delivered to nobody who lives.

        If somebody is just taking it after all, PostgreSQL decides between the two. Raises
        Unavailable.
        """
        turn = await self.turn(order.phone_number_id)
        try:
            if turn is not None:
                await self.js.delete_msg(subjects.JOBS_STREAM, turn.seq or 0)
        except nats.js.errors.NotFoundError:
            pass  # acked meanwhile
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Unavailable(f"JetStream did not renew a turn: {why(error)}") from error
        await self._try_wake(order)

    async def _try_wake(self, order: JobOrder) -> bool:
        self._require_connection()
        subject = subjects.turn_subject(order.phone_number_id)
        try:
            await self.js.publish(subject, _ENCODER.encode(order), timeout=PUBLISH_SECONDS)
        except nats.js.errors.APIError as error:
            if error.err_code == subjects.NOT_STORED and error.description == subjects.TURN_EXISTS:
                return False
            raise Unavailable(f"JetStream refused a turn: {why(error)}") from error
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Unavailable(f"JetStream did not take a turn: {why(error)}") from error
        return True

    def _require_connection(self) -> None:
        """The client asserts when it has never been connected, instead of raising an error."""
        if not self.is_connected:
            raise Unavailable("no connection to NATS")

    async def waiting_seconds(self, stream: str) -> float:
        """The age of the oldest message of a work queue; 0 when it is empty. Raises Unavailable."""
        self._require_connection()
        for _ in range(LOOKS):
            try:
                state = (await self.js.stream_info(stream)).state
                if not state.messages:
                    return 0.0
                oldest = await self.js.get_msg(stream, state.first_seq)
            except nats.js.errors.NotFoundError:  # dealt with between the two questions
                continue
            except (nats.errors.Error, TimeoutError) as error:
                raise Unavailable(f"{stream} cannot be looked at: {why(error)}") from error
            assert oldest.time is not None
            return max(0.0, (datetime.now(UTC) - oldest.time).total_seconds())
        raise Unavailable(f"the oldest of {stream} is gone as soon as it is seen")

    async def ensure_streams(self) -> None:
        """See `streams.ensure`."""
        await streams.ensure(self.js, self._replicas, self._log)

    async def _connect(self) -> None:
        credentials = _credentials(self._servers)
        await self.client.connect(
            self._servers,
            name=self._name,
            user=credentials.user,
            password=credentials.password,
            token=credentials.token,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.3,  # type: ignore[arg-type]  # seconds; a fraction works
            connect_timeout=2,
            ping_interval=5,  # the default of 120 s would notice a dead peer after 4 minutes
            max_outstanding_pings=2,
            pending_size=0,  # while disconnected fail at once, instead of sending much later
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            closed_cb=self._on_closed,
        )
        while True:
            try:
                await self.ensure_streams()
            except (nats.errors.Error, TimeoutError) as error:
                self._unready = why(error)
                self._saywhy(error)
                await asyncio.sleep(0.5)
            else:
                self._unready = ""
                return

    def _saywhy(self, error: Exception) -> None:
        """Why the streams are not there, with what to do where that is known; once in a while."""
        if not self._may_say_again("not ready"):
            return
        code = getattr(error, "err_code", None)
        self._log.warning(
            "JetStream is not ready yet",
            error=why(error),
            **({"do": WHAT_TO_DO[code]} if code in WHAT_TO_DO else {}),
        )

    async def _on_error(self, error: Exception) -> None:
        if self._may_say_again("no answer"):
            self._log.warning(
                "NATS does not answer as it should; check NATS_URL and that it runs",
                server=_shown(self._servers), error=str(error) or repr(error),
            )  # fmt: skip

    def _may_say_again(self, what: str) -> bool:
        now = time.monotonic()
        if now < self._say_again_at.get(what, 0.0):
            return False
        self._say_again_at[what] = now + SAY_AGAIN_SECONDS
        return True

    async def _on_disconnected(self) -> None:
        if not self._closing:
            self._log.warning("NATS connection lost; it comes back by itself")

    async def _on_closed(self) -> None:
        """The client has given up for good, as it does when the server refuses it."""
        if not self._closing:
            self._log.error("NATS has closed the connection for good")
            self.closed.set()

    async def _on_reconnected(self) -> None:
        self._log.info("NATS connection is back")


class _Credentials(NamedTuple):
    user: str | None = None
    password: str | None = None
    token: str | None = None


def _credentials(servers: list[str]) -> _Credentials:
    """Those of the first server that has any, for all: the client would show those that the
    cluster tells of none, be refused, and close for good.
    """
    for url in servers:
        parts = urlsplit(url)
        if parts.username is not None and parts.password is not None:
            return _Credentials(user=parts.username, password=parts.password)
        if parts.username is not None:
            return _Credentials(token=parts.username)
    return _Credentials()


def _shown(servers: list[str]) -> str:
    return ", ".join(urlsplit(url).netloc.rpartition("@")[2] for url in servers)
