"""Progress: frames of what has been recorded, published in order, never in the way of sending."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from daemon.doubts import JobNews, Moved
from daemon.entries import Entry
from daemon.observe import Observer
from daemon.rows import JobEnd, JobMoved, LoopEnd, Work, Written
from plumbing.broker import Broker, Unavailable
from plumbing.failpoints import reach
from schemas import metrics
from schemas.events import (
    ErrorFields,
    Frame,
    JobCompleted,
    JobStateChanged,
    LoopCompleted,
    LoopStarted,
    MessageFailed,
    MessageSent,
    MessageSkipped,
    MessageStatus,
    encode_envelope,
)
from schemas.failpoints import FailPoint
from schemas.receipts import Status
from schemas.subjects import events_subject
from schemas.vitals import Part

MOST_WAITING: Final = 10_000  # envelopes; beyond it the oldest news is dropped, never a fact
MOST_FRAMES: Final = 500  # an envelope of these stays far below NATS's 1 MB
PATIENCE_SECONDS: Final = 30.0  # a broker that restarts, or a cluster that elects, is back by then


class _News(msgspec.Struct):
    job_id: UUID
    first_no: int
    frames: list[Frame]
    told: asyncio.Future[bool]


class Progress:
    """Publishes news in the order in which it is told, for as long as `run` runs."""

    def __init__(self, broker: Broker, observer: Observer) -> None:
        self._broker, self._meters, self._log = broker, observer.meters, observer.log
        self._pulse = observer.vitals.part(Part.PROGRESS)
        self._waiting: deque[_News] = deque()
        self._gathered = asyncio.Event()

    def tell(self, job_id: UUID, first_no: int, frames: list[Frame]) -> "asyncio.Future[bool]":
        """Queue frames; the future says whether they, and all before them, got out."""
        news = _News(job_id, first_no, frames, asyncio.get_running_loop().create_future())
        self._waiting.append(news)
        self._pulse.owe()
        if len(self._waiting) > MOST_WAITING:
            self._drop(self._waiting.popleft())
        self._gathered.set()
        return news.told

    async def run(self) -> None:
        """Publish until canceled."""
        while True:
            await self._gathered.wait()
            self._gathered.clear()
            while self._waiting:
                await self._publish(self._next())
                self._pulse.beat()
            self._pulse.rest()

    def _next(self) -> list[_News]:
        """The next news, and what follows it of the same job without a gap: one envelope."""
        group = [self._waiting.popleft()]
        size = len(group[0].frames)
        while self._waiting:
            head, last = self._waiting[0], group[-1]
            size += len(head.frames)
            follows = head.first_no == last.first_no + len(last.frames)
            if head.job_id != last.job_id or not follows or size > MOST_FRAMES:
                break
            group.append(self._waiting.popleft())
        return group

    async def _publish(self, group: list[_News]) -> None:
        frames = [frame for news in group for frame in news.frames]
        job_id, first_no = group[0].job_id, group[0].first_no
        payload = encode_envelope(first_no, frames)
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                await self._broker.publish(
                    events_subject(job_id), payload, f"{job_id}:{first_no}:{len(frames)}"
                )
            except Unavailable as error:
                self._pulse.beat()
                if asyncio.get_running_loop().time() > deadline:
                    self._log.warning("progress is lost; the ledger has it", error=str(error))
                    for news in group:
                        self._drop(news)
                    return
                await asyncio.sleep(0.2)
            else:
                reach(FailPoint.EVENT_PUBLISHED)
                for news in group:
                    _answer(news.told, out=True)
                return

    def _drop(self, news: _News) -> None:
        self._meters[metrics.EVENTS_LOST].inc(len(news.frames))
        _answer(news.told, out=False)


def _answer(told: "asyncio.Future[bool]", *, out: bool) -> None:
    """Whoever waited may have stopped waiting."""
    if not told.done():
        told.set_result(out)


async def is_told(told: "asyncio.Future[bool]", seconds: float) -> bool:
    """Whether the news got out within a while; it is not taken back when it did not."""
    await asyncio.wait({told}, timeout=seconds)
    return told.done() and told.result()


def loop_started(work: Work) -> LoopStarted:
    return LoopStarted(
        job_id=work.job_id,
        loop_index=work.loop,
        batch_index=work.loop - 1,
        total_loops=work.total_loops,
        loop_size=work.size,
    )


def message_frames(
    work: Work, entries: Sequence[Entry], written: Written
) -> tuple[int, list[Frame]]:
    """The frames of one write, each with the job's counts as of it, and the first one's number."""
    sent = written.sent - written.newly_sent
    failed = written.failed - written.newly_failed
    skipped = written.skipped_total - written.newly_skipped
    frames: list[Frame] = []
    for entry in entries:
        if entry.state == "sent":
            sent += 1
            frames.append(_sent(work, entry, sent, failed))
        elif entry.state == "failed":
            failed += 1
            frames.append(_failed(work, entry, sent, failed))
        elif entry.state == "skipped":
            skipped += 1
            frames.append(_skipped(work, entry, sent, failed, skipped))
    return written.event_no - len(frames) + 1, frames


def _sent(work: Work, entry: Entry, sent: int, failed: int) -> MessageSent:
    return MessageSent(
        job_id=work.job_id,
        loop_index=work.loop,
        batch_index=work.loop - 1,
        seq=entry.seq,
        to=entry.to,
        message_id=entry.message_id or "",
        sent=sent,
        failed=failed,
    )


def _failed(work: Work, entry: Entry, sent: int, failed: int) -> MessageFailed:
    return MessageFailed(
        job_id=work.job_id,
        loop_index=work.loop,
        batch_index=work.loop - 1,
        seq=entry.seq,
        to=entry.to,
        error=ErrorFields(entry.code or 0, entry.title or "", entry.details or ""),
        sent=sent,
        failed=failed,
    )


def _skipped(work: Work, entry: Entry, sent: int, failed: int, skipped: int) -> MessageSkipped:
    error = None
    if entry.code is not None:
        error = ErrorFields(entry.code, entry.title or "", entry.details or "")
    return MessageSkipped(
        job_id=work.job_id,
        loop_index=work.loop,
        batch_index=work.loop - 1,
        seq=entry.seq,
        to=entry.to,
        reason=entry.reason or "held back by Meta for now",
        error=error,
        sent=sent,
        failed=failed,
        skipped=skipped,
    )


def loop_completed(work: Work, end: LoopEnd, pause_ms: int) -> LoopCompleted:
    ended = end.sent + end.failed + end.unknown
    return LoopCompleted(
        job_id=work.job_id,
        loop_index=work.loop,
        batch_index=work.loop - 1,
        total_loops=work.total_loops,
        loop_size=work.size,
        sent=end.sent,
        failed=end.failed,
        unknown=end.unknown,
        skipped=end.skipped,
        duration_ms=round(end.seconds * 1000),
        rate_per_second=round(ended / end.seconds, 2) if end.seconds else 0.0,
        pause_ms=0 if end.job else pause_ms,
        errors=end.errors,
    )


def job_state(moved: JobMoved) -> JobStateChanged:
    return JobStateChanged(job_id=moved.job_id, state=moved.state, reason=moved.reason)


def status_frames(news: JobNews) -> list[Frame]:
    """A frame for each message that receipts moved on; the last is number `news.event_no`."""
    return [_status(news, moved) for moved in news.moved]


def _status(news: JobNews, moved: Moved) -> MessageStatus:
    standing, error = moved.standing, None
    if moved.status == Status.FAILED and (given := standing.error):
        error = ErrorFields(given.code, given.title, given.details)
    at = getattr(standing, f"{moved.status}_at")
    return MessageStatus(
        job_id=news.job_id,
        seq=moved.seq,
        to=moved.recipient,
        message_id=standing.message_id,
        status=moved.status,
        state=moved.becomes,
        at=at,
        error=error,
        sent=news.sent,
        failed=news.failed,
        unknown=news.unknown,
        skipped=news.skipped,
        delivered=news.delivered,
        read=news.read,
    )


def job_completed(end: JobEnd) -> JobCompleted:
    return JobCompleted(
        job_id=end.job_id,
        state=end.state,
        sent=end.sent,
        failed=end.failed,
        unknown=end.unknown,
        skipped=end.skipped,
        error=end.reason,
    )
