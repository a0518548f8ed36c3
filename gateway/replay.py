"""Reading BULK_EVENTS again by direct get: what a reader missed, without a consumer."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.msg import Msg

from gateway.news import News, read_news
from gateway.positions import NO_EPOCH, epoch_of
from plumbing.broker import Broker, Unavailable
from schemas.subjects import EVENTS_STREAM, events_subject

BATCH: Final = 256
ANSWER_SECONDS: Final = 2.0
LAG_SECONDS: Final = 2.0  # without a message that the leader has
LAG_LOOK_SECONDS: Final = 0.05

_DIRECT_GET: Final = f"$JS.API.DIRECT.GET.{EVENTS_STREAM}"


class Bounds(msgspec.Struct, frozen=True):
    """Which sequences the stream of an epoch holds; empty: `first` is `last` + 1."""

    epoch: str
    first: int
    last: int


class Stored(msgspec.Struct, frozen=True):
    """A message as the stream has it; the time is in whole seconds."""

    seq: int
    subject: str
    at: datetime
    payload: bytes


async def bounds(broker: Broker) -> Bounds:
    """Raises Unavailable."""
    if not broker.is_connected:
        raise Unavailable("no connection to NATS")
    try:
        info = await broker.js.stream_info(EVENTS_STREAM)
    except (nats.errors.Error, TimeoutError) as error:
        raise Unavailable(f"JetStream does not answer: {error!r}") from error
    return Bounds(epoch_of(info.created), info.state.first_seq, info.state.last_seq)


async def replayed(broker: Broker, job_id: UUID, start_seq: int, epoch: str) -> AsyncIterator[News]:
    """A job's stream messages from `start_seq` to the last one that its leader has.

    Any replica may answer, and one that lags behind ends early: it is asked again. Raises
    Unavailable.
    """
    last_seq = await _last_seq(broker, job_id)
    async for batch in stored_to(broker, events_subject(job_id), start_seq, last_seq):
        for stored in batch:
            yield read_news(epoch, stored.seq, stored.payload)


async def stored_to(
    broker: Broker, subject: str, start_seq: int, last_seq: int
) -> AsyncIterator[list[Stored]]:
    """The messages of a subject, which may have wildcards, as far as `last_seq`, which its last
    one has. A replica that does not have that one yet is asked again. Raises Unavailable.
    """
    patience_ends = time.monotonic() + LAG_SECONDS
    while start_seq <= last_seq:
        if batch := await _batch(broker, subject, start_seq, BATCH):
            yield batch
            start_seq, patience_ends = batch[-1].seq + 1, time.monotonic() + LAG_SECONDS
        elif time.monotonic() >= patience_ends:
            raise Unavailable(f"a replica of {EVENTS_STREAM} lags too far behind")
        else:
            await asyncio.sleep(LAG_LOOK_SECONDS)


async def message_at(broker: Broker, job_id: UUID, seq: int) -> News | None:
    """The job's stream message `seq`; None: another's, or gone. Raises Unavailable."""
    for stored in await _batch(broker, events_subject(job_id), seq, 1):
        return read_news(NO_EPOCH, seq, stored.payload) if stored.seq == seq else None
    return None


async def _last_seq(broker: Broker, job_id: UUID) -> int:
    """The job's last stream message as the leader has it; 0: none. Raises Unavailable."""
    try:
        last = await broker.js.get_last_msg(EVENTS_STREAM, events_subject(job_id))
    except nats.js.errors.NotFoundError:
        return 0
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise Unavailable(f"JetStream does not answer: {error!r}") from error
    return last.seq or 0


async def _batch(broker: Broker, subject: str, start_seq: int, size: int) -> list[Stored]:
    request = {"seq": start_seq, "next_by_subj": subject, "batch": size}
    client, messages = broker.client, []
    inbox = client.new_inbox()
    try:
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(_DIRECT_GET, msgspec.json.encode(request), reply=inbox)
            while not _is_end(message := await subscription.next_msg(ANSWER_SECONDS)):
                messages.append(_read(message))
        finally:
            await subscription.unsubscribe()
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise Unavailable(f"JetStream does not answer: {error!r}") from error
    return messages


def _is_end(message: Msg) -> bool:
    """204 ends a batch, 404 says that there is nothing; 503 that nobody serves the stream."""
    status = (message.headers or {}).get("Status")
    if status not in (None, "204", "404"):
        raise Unavailable(f"JetStream does not give events back: {message.headers}")
    return status is not None


def _read(message: Msg) -> Stored:
    headers = message.headers or {}
    at = datetime.fromisoformat(headers["Nats-Time-Stamp"][:19]).replace(tzinfo=UTC)
    return Stored(int(headers["Nats-Sequence"]), headers["Nats-Subject"], at, message.data)
