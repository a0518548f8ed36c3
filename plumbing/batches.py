"""Many messages into a stream as one: all are stored with one sync of the disk, or none is.

An atomic batch of JetStream (ADR-50, nats-server 2.12): at most 1000 messages, 50 batches a stream
at the same time, given up after 10 s without news. No Nats-Msg-Id: one duplicate would refuse all.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec
import nats.errors

from plumbing.broker import PUBLISH_SECONDS, Broker, Unavailable
from schemas.wire import headers_of

MOST_IN_A_BATCH: Final = 1000


class _Answer(msgspec.Struct):
    """What JetStream says to the last message of a batch."""

    error: dict[str, Any] | None = None
    count: int = 0


_decode: Final = msgspec.json.Decoder(_Answer).decode


async def publish_all(
    broker: Broker, subject: str, payloads: Sequence[bytes], version: int
) -> None:
    """Store all of them, in this order, or none; each says that it is of this version.

    Raises Unavailable: then none is stored, or, where the answer was lost, all are after all.
    """
    assert 0 < len(payloads) <= MOST_IN_A_BATCH
    if len(payloads) == 1:
        await broker.publish(subject, payloads[0], version=version)
        return
    if not broker.is_connected:
        raise Unavailable("no connection to NATS")
    try:
        answer = await _published(broker, subject, payloads, version)
    except (nats.errors.Error, TimeoutError, OSError, msgspec.DecodeError) as error:
        raise Unavailable(f"JetStream did not take a batch: {str(error) or repr(error)}") from error
    if answer.error:
        said = f"{answer.error.get('description')} ({answer.error.get('err_code')})"
        raise Unavailable(f"JetStream refused a batch: {said}")
    if answer.count != len(payloads):
        raise Unavailable("JetStream does not know batches: nats-server has to be 2.12 or newer")


async def _published(
    broker: Broker, subject: str, payloads: Sequence[bytes], version: int
) -> _Answer:
    """What was said to the last one; the others are answered only where one is refused."""
    client, batch = broker.client, uuid4().hex
    *first, last = payloads
    for number, payload in enumerate(first, 1):
        await client.publish(subject, payload, headers=_headers(batch, number, version))
    headers = {**_headers(batch, len(payloads), version), "Nats-Batch-Commit": "1"}
    said = await client.request(subject, last, timeout=PUBLISH_SECONDS, headers=headers)
    return _decode(said.data)


def _headers(batch: str, number: int, version: int) -> dict[str, str]:
    return {**headers_of(version), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
