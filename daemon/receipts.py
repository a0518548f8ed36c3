"""Receipts from the stream: read, placed, merged many at a time, told, and only then acked."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import asyncpg
import msgspec
import nats.errors
from nats.aio.msg import Msg

from daemon.doubts import Doubts, Merged
from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, is_told, status_frames
from daemon.strangers import Strangers
from daemon.tidings import Tidings
from plumbing.failpoints import reach
from schemas import metrics
from schemas.failpoints import FailPoint
from schemas.receipts import Place, Receipt, Status, fold
from schemas.vitals import Part
from schemas.webhooks import Webhook, read_webhook

MOST_BODIES: Final = 500  # that wait here or are being merged
MOST_RECEIPTS: Final = 500  # about what one statement merges in 20 ms
GATHER_SECONDS: Final = 0.05
AGAIN_SECONDS: Final = 1.0  # until a receipt comes again whose message is still being sent
LATER_SECONDS: Final = 10.0  # until one comes again that the ledger refused
MOST_DELIVERIES: Final = 6  # then it is dropped: jobs wait for what came in before they end
TELL_SECONDS: Final = 5.0


@dataclass
class _Body:
    """A stream message, what it says, and who waits until it is dealt with."""

    message: Msg
    webhook: Webhook
    done: asyncio.Future[None]

    @property
    def receipts(self) -> Sequence[Receipt]:
        return self.webhook.receipts

    def is_dealt_with(self) -> None:
        """Whoever waited may have stopped waiting."""
        if not self.done.done():
            self.done.set_result(None)


class Receipts:
    """Merges what the stream delivers, for as long as `run` runs."""

    def __init__(
        self, doubts: Doubts, tidings: Tidings, progress: Progress, observer: Observer,
        strangers: Strangers,
    ) -> None:  # fmt: skip
        self._strangers = strangers
        self._doubts, self._tidings = doubts, tidings
        self._progress, self._observer = progress, observer
        self._pulse = observer.vitals.part(Part.MERGER)
        self._waiting: list[_Body] = []  # bounded by the puller's credit
        self._gathered = asyncio.Event()

    def on_message(self, message: Msg) -> Awaitable[None]:
        """The puller's handler: done when the body is merged and acked, or given back."""
        if self._strangers.is_receipt(message):
            return self._strangers.put_receipt_back(message)
        try:
            webhook = read_webhook(message.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return self._throw_out(message, error)
        self._count("passed_over", webhook.passed_over)
        body = _Body(message, webhook, asyncio.get_running_loop().create_future())
        self._waiting.append(body)
        self._pulse.owe()
        self._gathered.set()
        return body.done

    async def run(self) -> None:
        """Merge until canceled."""
        while True:
            await self._gathered.wait()
            self._gathered.clear()
            await asyncio.sleep(GATHER_SECONDS)
            while self._waiting:
                await self._deal_with(self._next())
            self._pulse.rest()

    def _next(self) -> list[_Body]:
        """The bodies that make one batch: at least one, whatever its size."""
        batch = [self._waiting.pop(0)]
        size = len(batch[0].receipts)
        while self._waiting and size + len(self._waiting[0].receipts) <= MOST_RECEIPTS:
            batch.append(self._waiting.pop(0))
            size += len(batch[-1].receipts)
        return batch

    async def _deal_with(self, bodies: list[_Body]) -> None:
        self._pulse.beat()
        try:
            waiting = await self._merge([r for body in bodies for r in body.receipts])
            await self._tidings.heed(body.webhook for body in bodies)
        except (asyncpg.DataError, ValueError) as error:  # the server's and the client's no
            await self._one_by_one(bodies, error, most_deliveries=1)
        except BROKEN as error:
            self._observer.log.warning("receipts wait for PostgreSQL", error=repr(error))
            await _settle(bodies, lambda body: _again(body.message))
        except asyncpg.PostgresError as error:  # a ledger that refuses: a bug, or its damage
            await self._one_by_one(bodies, error, most_deliveries=MOST_DELIVERIES)
        else:
            await _settle(bodies, lambda body: _answer(body, waiting))

    async def _one_by_one(
        self, bodies: list[_Body], error: Exception, *, most_deliveries: int
    ) -> None:
        """What PostgreSQL does not take costs its own body, after a few tries, and no other."""
        if len(bodies) > 1:
            for body in bodies:
                await self._deal_with([body])
            return
        (body,) = bodies
        if body.message.metadata.num_delivered >= most_deliveries:
            await self._throw_out(body.message, error)
        else:
            self._observer.log.error("a receipt cannot be merged; it comes again", exc_info=error)
            await _again(body.message, LATER_SECONDS)
        body.is_dealt_with()

    async def _merge(self, receipts: Sequence[Receipt]) -> set[int]:
        """Merge and tell; returns which receipts, by identity, have to come again."""
        started = time.perf_counter()
        placed = await self._placed(receipts)
        results = [await self._doubts.merge(batch) for batch in fold(placed)]
        reach(FailPoint.RECEIPTS_MERGED)
        await self._tell(results)
        await self._heed_failures(results)
        waiting = {place for result in results for place in result.waiting}
        found = {place for result in results for place in result.found}
        for place, receipt in placed:
            self._count(_fate(place, receipt, waiting, found))
        self._count("unmatched", len(receipts) - len(placed))
        self._observer.meters[metrics.MERGE_SECONDS].observe(time.perf_counter() - started)
        return {id(receipt) for place, receipt in placed if place in waiting}

    async def _placed(self, receipts: Sequence[Receipt]) -> list[tuple[Place, Receipt]]:
        """Each receipt with its message: by our tag, or else by Meta's id."""
        strangers = [receipt for receipt in receipts if receipt.tag is None]
        by_id = await self._doubts.places(strangers) if strangers else {}
        placed = []
        for receipt in receipts:
            tag = receipt.tag
            place = (tag.job_id, tag.seq) if tag else by_id.get(receipt.message_id)
            if place:
                placed.append((place, receipt))
        return placed

    async def _heed_failures(self, results: list[Merged]) -> None:
        """Each code of a job once, by its newest failure: what it says beyond that is the same."""
        for news in (news for result in results for news in result.jobs):
            failures = [
                (standing.failed_at, standing.error)
                for standing in (m.standing for m in news.moved if m.status == Status.FAILED)
                if standing.failed_at and standing.error
            ]
            newest = {error.code: (at, error) for at, error in sorted(failures, key=itemgetter(0))}
            for at, error in newest.values():
                await self._tidings.on_failed(news.job_id, error, at)

    async def _tell(self, results: list[Merged]) -> None:
        told = None
        for news in (news for result in results for news in result.jobs):
            frames = status_frames(news)
            told = self._progress.tell(news.job_id, news.event_no - len(frames) + 1, frames)
            self._observer.settled(news)
        if told is not None:
            await is_told(told, TELL_SECONDS)

    async def _throw_out(self, message: Msg, error: Exception) -> None:
        """What can never be merged must not come for ever."""
        self._count("unreadable")
        self._observer.log.error("a webhook body is of no use; it is dropped", error=repr(error))
        await _said(message.term())

    def _count(self, fate: str, times: int = 1) -> None:
        self._observer.meters[metrics.RECEIPTS].labels(fate).inc(times)


def _fate(place: Place, receipt: Receipt, waiting: set[Place], found: set[Place]) -> str:
    if place in waiting:
        return "early"
    return str(receipt.status) if place in found else "unmatched"


async def _settle(bodies: list[_Body], deal: Callable[[_Body], Awaitable[None]]) -> None:
    for body in bodies:
        await deal(body)
        body.is_dealt_with()


async def _answer(body: _Body, waiting: set[int]) -> None:
    """Ack, or have it come again whole: what is merged already changes nothing."""
    early = any(id(receipt) in waiting for receipt in body.receipts)
    await (_again(body.message) if early else _said(body.message.ack()))


async def _again(message: Msg, after_seconds: float = AGAIN_SECONDS) -> None:
    await _said(message.nak(delay=after_seconds))


async def _said(answer: Awaitable[None]) -> None:
    """Without a connection nothing is said, and the body comes again by itself."""
    try:
        await answer
    except nats.errors.Error:
        return
