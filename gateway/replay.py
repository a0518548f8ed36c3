"""Reading BULK_EVENTS again by direct get: what a reader missed, without a consumer."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.msg import Msg

from gateway.news import News, read_news
from plumbing.broker import Broker, Unavailable
from schemas.subjects import EVENTS_STREAM, events_subject

BATCH: Final = 256
ANSWER_SECONDS: Final = 2.0

_DIRECT_GET: Final = f"$JS.API.DIRECT.GET.{EVENTS_STREAM}"


class Bounds(msgspec.Struct, frozen=True):
    """Which sequences the stream holds; empty: `first` is `last` + 1."""

    first: int
    last: int


async def bounds(broker: Broker) -> Bounds:
    """Raises Unavailable."""
    if not broker.is_connected:
        raise Unavailable("no connection to NATS")
    try:
        state = (await broker.js.stream_info(EVENTS_STREAM)).state
    except (nats.errors.Error, TimeoutError) as error:
        raise Unavailable(f"JetStream does not answer: {error!r}") from error
    return Bounds(state.first_seq, state.last_seq)


async def replayed(broker: Broker, job_id: UUID, start_seq: int) -> AsyncIterator[News]:
    """A job's stream messages from `start_seq` to the stream's end. Raises Unavailable."""
    while batch := await _batch(broker, job_id, start_seq, BATCH):
        for news in batch:
            yield news
        start_seq = batch[-1].seq + 1


async def message_at(broker: Broker, job_id: UUID, seq: int) -> News | None:
    """The job's stream message `seq`; None: another's, or gone. Raises Unavailable."""
    batch = await _batch(broker, job_id, seq, 1)
    return batch[0] if batch and batch[0].seq == seq else None


async def _batch(broker: Broker, job_id: UUID, start_seq: int, size: int) -> list[News]:
    request = {"seq": start_seq, "next_by_subj": events_subject(job_id), "batch": size}
    client, news = broker.client, []
    inbox = client.new_inbox()
    try:
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(_DIRECT_GET, msgspec.json.encode(request), reply=inbox)
            while not _is_end(message := await subscription.next_msg(ANSWER_SECONDS)):
                news.append(_read(message))
        finally:
            await subscription.unsubscribe()
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise Unavailable(f"JetStream does not answer: {error!r}") from error
    return news


def _is_end(message: Msg) -> bool:
    """204 ends a batch, 404 says that there is nothing; 503 that nobody serves the stream."""
    status = (message.headers or {}).get("Status")
    if status not in (None, "204", "404"):
        raise Unavailable(f"JetStream does not give events back: {message.headers}")
    return status is not None


def _read(message: Msg) -> News:
    return read_news(int((message.headers or {})["Nats-Sequence"]), message.data)
