"""Strangers: messages of a version that this release does not know. They are put back.

Another daemon, of a newer release, gets them. They are never acked and never dropped, and come
again after a while, so that they keep nobody busy.
"""

from typing import Final

import nats.errors
from nats.aio.msg import Msg

from daemon.observe import Observer
from plumbing.logs import Seldom
from schemas import metrics
from schemas.wire import READS, Reads, version_of

TURN_AGAIN_SECONDS: Final = 2.0  # each time: its deliveries are counted by its pauses too
RECEIPT_AGAIN_SECONDS: Final = 2.0  # the first time, longer each time, up to
RECEIPT_LONGEST_SECONDS: Final = 10.0


class Strangers:
    """Knows what this daemon cannot read, and puts it back."""

    def __init__(self, observer: Observer, reads: Reads = READS) -> None:
        self._observer, self._reads = observer, reads
        self._seldom = Seldom(observer.log)

    def is_turn(self, headers: dict[str, str] | None, payload: bytes) -> bool:
        """Whether a turn is one."""
        return version_of(headers, payload) not in self._reads.turns

    def is_receipt(self, message: Msg) -> bool:
        """Whether a message of BULK_RECEIPTS is one; its body is Meta's and says nothing of it."""
        return version_of(message.headers) not in self._reads.receipts

    async def put_turn_back(self, message: Msg) -> None:
        await self._put_back(message, "turn", TURN_AGAIN_SECONDS)

    async def put_receipt_back(self, message: Msg) -> None:
        again = RECEIPT_AGAIN_SECONDS * int(message.metadata.num_delivered)
        await self._put_back(message, "receipt", min(again, RECEIPT_LONGEST_SECONDS))

    async def _put_back(self, message: Msg, what: str, again_seconds: float) -> None:
        self._observer.meters[metrics.PUT_BACK].labels(what).inc()
        self._seldom.warning(
            "a message is of a newer release; it waits for a daemon of that release",
            what=what, version=version_of(message.headers, message.data),
        )  # fmt: skip
        try:
            await message.nak(delay=again_seconds)
        except nats.errors.Error:  # without a connection it comes again by itself
            return
