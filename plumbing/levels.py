"""How full a stream of JetStream is, and what waits at its consumers."""

import msgspec
import nats.errors

from plumbing.broker import Broker, Unavailable


class StreamNow(msgspec.Struct, frozen=True):
    """What a stream holds, and what it may hold at most (0: without a limit)."""

    messages: int
    size_bytes: int
    limit_bytes: int


class ConsumerNow(msgspec.Struct, frozen=True):
    """What nobody has got yet, what somebody has and has not answered for, and has got again."""

    pending: int
    unacked: int
    redelivered: int


async def stream_now(broker: Broker, stream: str) -> StreamNow:
    """Raises Unavailable."""
    _require_connection(broker)
    try:
        info = await broker.js.stream_info(stream)
    except (nats.errors.Error, TimeoutError) as error:
        raise Unavailable(f"{stream} cannot be looked at: {error!r}") from error
    limit = max(0, info.config.max_bytes or 0)
    return StreamNow(info.state.messages, info.state.bytes, limit)


async def consumer_now(broker: Broker, stream: str, consumer: str) -> ConsumerNow:
    """Raises Unavailable."""
    _require_connection(broker)
    try:
        info = await broker.js.consumer_info(stream, consumer)
    except (nats.errors.Error, TimeoutError) as error:
        raise Unavailable(f"{consumer} cannot be looked at: {error!r}") from error
    return ConsumerNow(
        info.num_pending or 0, info.num_ack_pending or 0, info.num_redelivered or 0
    )  # fmt: skip


def _require_connection(broker: Broker) -> None:
    """The client asserts when it has never been connected, instead of raising an error."""
    if not broker.is_connected:
        raise Unavailable("no connection to NATS")
