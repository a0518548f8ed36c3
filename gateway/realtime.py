"""Server-sent events: a snapshot, then every frame once, until the job is completed."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiohttp import web

from gateway import errors, jobs, positions, replay
from gateway.answers import refused
from gateway.auth import GATE
from gateway.errors import Refusal
from gateway.hub import Reader
from gateway.news import News, Told, sse, upto_gap
from gateway.parts import PARTS, Parts
from gateway.positions import At, End, Mark, Snapshot
from gateway.resuming import has_seen_end, resumable
from gateway.store import JobDetail, JobRow, LedgerUnavailable
from gateway.views import COMPLETED, Cursor, Everything, Loops, View, until_completed
from plumbing.broker import Unavailable
from schemas import api
from schemas.events import JobCompleted
from schemas.metrics import STREAM_DROPS, STREAM_READERS

PING_SECONDS: Final = 15.0
WRITE_SECONDS: Final = 30.0  # a reader that takes nothing for so long is cut off
MOST_STREAMS: Final = 2000  # of one gateway: each costs a connection and a buffer
FOLLOW_SECONDS: Final = 24 * 3600.0  # after a job's end; BULK_EVENTS holds its news as long
FOLLOWING_SECONDS: Final = 2.0  # a gateway that has just started knows no stream to go on from
BRIDGE_SECONDS: Final = 1.0  # between two snapshots in place of what cannot be read
NEWS_SECONDS: Final = 5.0  # after a job's end its news may still be on their way
HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}


async def watch(request: web.Request) -> web.StreamResponse:
    """`GET /api/bulk/realtime/{jobId}`; 204 for a client that has seen the end.

    The order matters: joined, then the last sequence, then the row. Nothing falls between.
    """
    parts, job_id = request.app[PARTS], jobs.id_of(request)
    if isinstance(job_id, Refusal):
        return refused(job_id)
    if parts.hub.size >= MOST_STREAMS:
        return _come_back() if _is_event_source(request) else refused(errors.too_many_streams())
    if "Last-Event-ID" in request.headers:
        await parts.hub.following(FOLLOWING_SECONDS)
    reader = parts.hub.join(job_id, cut=lambda: _cut(request))
    upto = Mark(parts.hub.epoch, At(parts.hub.last_seq))
    try:
        detail = await jobs.find(request)
        if isinstance(detail, Refusal):
            return refused(detail)
        return await _attach(request, reader, detail, upto)
    except LedgerUnavailable:
        if not _is_event_source(request):
            raise
        return _come_back()
    finally:
        parts.hub.leave(reader)


def _is_event_source(request: web.Request) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "")


def _come_back() -> web.Response:
    """An EventSource that gets an error gives up for good; one whose stream ends comes back."""
    return web.Response(body=b"retry: 2000\n\n", headers=HEADERS)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _attach(
    request: web.Request, reader: Reader, detail: JobDetail, upto: Mark
) -> web.StreamResponse:
    parts, job = request.app[PARTS], detail.job
    given = await resumable(parts.broker, job, request.headers.get("Last-Event-ID"), upto.epoch)
    if given and not _follow_seconds(request, job) and await has_seen_end(parts.broker, job, given):
        return web.Response(status=204)
    response = web.StreamResponse(headers=HEADERS)
    position = given or Snapshot(upto.position.seq, job.event_no)
    stream = Stream(parts, request, response, reader, job, Mark(upto.epoch, position))
    parts.meters[STREAM_READERS].inc()
    try:
        await response.prepare(request)
        await stream.run(detail, resumed=given is not None)
        await stream.end()
    except ConnectionError:
        parts.log.debug("a reader has gone", job_id=str(job.id))
    finally:
        parts.meters[STREAM_READERS].dec()
    return response


def _follow_seconds(request: web.Request, job: JobRow) -> float:
    """How long after the job's end the reader stays, for the receipts still to come."""
    if request.query.get("follow") != "receipts":
        return 0.0
    ago = datetime.now(UTC) - job.finished_at if job.finished_at else timedelta()
    return max(0.0, FOLLOW_SECONDS - ago.total_seconds())


class Stream:
    """One open event stream."""

    def __init__(
        self,
        parts: Parts,
        request: web.Request,
        response: web.StreamResponse,
        reader: Reader,
        job: JobRow,
        start: Mark,
    ) -> None:
        self._parts, self._request, self._response = parts, request, response
        self._reader, self._job = reader, job
        self._epoch, self._position = start.epoch, start.position
        self._cursor = Cursor(start.position)
        self._view = self._new_view()
        self._follow_seconds = _follow_seconds(request, job)
        self._ended_at: float | None = None  # when job_completed was sent, by the monotonic clock
        if isinstance(start.position, End):
            self._ended_at = time.monotonic()
        self._next_ping = time.monotonic() + PING_SECONDS

    async def run(self, detail: JobDetail, *, resumed: bool) -> None:
        """Say where the job is, then what was missed, then what happens."""
        await self._write(self._connection(detail))
        if resumed:
            try:
                await self._replay()
            except Unavailable:
                return  # the client comes back with its last id
        if self._knows_the_end() or self._news_are_over(self._job):
            await self._end_if_finished(self._job)
        while not (self._is_over or self._reader.closed):
            await self._next()

    def _new_view(self) -> View:
        is_loops = self._request.query.get("detail") == "loops"
        return Loops(self._job.id) if is_loops else Everything()

    @property
    def _is_over(self) -> bool:
        ended_at = self._ended_at
        return ended_at is not None and time.monotonic() >= ended_at + self._follow_seconds

    def _connection(self, detail: JobDetail) -> bytes:
        now = datetime.now(UTC)
        job = jobs.view(detail, self._parts.settings, now)
        frame = api.Connection(job_id=self._job.id, at=now, job=job)
        return sse(Mark(self._epoch, self._position), msgspec.json.encode(frame))

    async def _replay(self) -> None:
        """What the stream holds after the reader's position; the buffer repeats nothing of it."""
        start = self._cursor.at.seq + (self._cursor.at.index == positions.WHOLE)
        missed = replay.replayed(self._parts.broker, self._job.id, start, self._epoch)
        async for news in missed:
            if news.is_gap:  # all up to here is in a snapshot, what comes later in the buffer
                await self._bridge(max(news.seq, self._parts.hub.last_seq))
                return
            await self._write(self._shown(news) + self._progress())
            if self._is_over or self._reader.closed:
                return
        told = isinstance(self._position, At) and self._job.completion_told
        if self._follow_seconds and told and self._ended_at is None:
            self._ended_at = time.monotonic()  # the reader had it before

    def _knows_the_end(self) -> bool:
        """Whether the snapshot that the reader has is that of the finished job."""
        at = self._position
        return isinstance(at, Snapshot) and at.event_no >= self._job.event_no

    async def _next(self) -> None:
        """Whatever comes first: news, a progress frame that is due, a ping."""
        now = time.monotonic()
        due = self._view.wait_seconds(now)
        wait = self._next_ping - now if due is None else min(due, self._next_ping - now)
        pieces = []
        taken = await self._reader.take(max(0.0, wait))
        readable = upto_gap(taken)
        for news in readable:
            pieces.append(self._shown(news))
            if self._is_over:
                break
        await self._write(b"".join(pieces) + self._progress())
        if len(readable) < len(taken) and not self._is_over:
            await self._bridge(taken[-1].seq)
        if time.monotonic() >= self._next_ping and not self._is_over:
            await self._ping()
        if self._reader.is_behind:
            await asyncio.sleep(0)  # a socket that takes everything would never let others run

    async def _bridge(self, seq: int) -> None:
        """Frames that this release cannot read are told by a snapshot, taken after message `seq`:
        their facts, and those of all before, are in it. One a second is enough.
        """
        try:
            detail = await self._parts.store.detail(self._job.id)
        except LedgerUnavailable:
            detail = None
        if detail is None:
            self._reader.close()  # the client comes back with its last id
            return
        self._job, self._position = detail.job, Snapshot(seq, detail.job.event_no)
        self._cursor, self._view = Cursor(self._position), self._new_view()
        await self._write(self._connection(detail))
        await self._end_if_finished(detail.job)
        await asyncio.sleep(BRIDGE_SECONDS)

    def _shown(self, news: News) -> bytes:
        fresh: Sequence[Told] = self._cursor.advance(news)
        if self._ended_at is not None:
            fresh = [told for told in fresh if told.type != COMPLETED]
        elif not self._follow_seconds:
            fresh = until_completed(fresh)
        if _has_end(fresh):
            self._ended_at = time.monotonic()
        return self._view.show(news, fresh) if fresh else b""

    def _progress(self) -> bytes:
        if self._is_over:
            return b""
        return self._view.flush(time.monotonic(), Mark(self._epoch, self._cursor.at))

    async def _ping(self) -> None:
        """Keep the connection, and look at the row: news can be lost in a crash, facts cannot."""
        self._next_ping = time.monotonic() + PING_SECONDS
        await self._write(b": ping\n\n")
        if not await self._still_may():
            self._reader.close()  # a client that comes back is told why it may not
            return
        if self._ended_at is not None:
            return
        try:
            job = await self._parts.store.job(self._job.id)
        except LedgerUnavailable:
            return
        if job and self._news_are_over(job):
            await self._end_if_finished(job)

    async def _still_may(self) -> bool:
        """Whether the key that opened this stream opens it still; while nobody can say, it does."""
        gate = self._request.app[GATE]
        try:
            return not gate.asks_for_keys or await gate.holder_of(self._request) is not None
        except LedgerUnavailable:
            return True

    async def _end_if_finished(self, job: JobRow) -> None:
        """Tell the end from the row."""
        if self._ended_at is not None or not jobs.is_finished(job):
            return
        frame = JobCompleted(
            job_id=job.id,
            state=job.state,
            sent=job.sent,
            failed=job.failed,
            unknown=job.unknown,
            skipped=job.skipped,
            error=job.reason,
        )
        self._ended_at = time.monotonic()
        last = Mark(self._epoch, End(self._cursor.at.seq))
        await self._write(sse(last, msgspec.json.encode(frame)))

    def _news_are_over(self, job: JobRow) -> bool:
        """Whether `job_completed` would have come by now."""
        long_ago = datetime.now(UTC) - timedelta(seconds=NEWS_SECONDS)
        return job.finished_at is not None and job.finished_at < long_ago

    async def _write(self, chunk: bytes) -> None:
        if chunk:
            await self._taken(self._response.write(chunk))

    async def end(self) -> None:
        """See what is left out of the house. Raises ConnectionError."""
        await self._taken(self._response.write_eof())

    async def _taken(self, writing: Awaitable[None]) -> None:
        """Raises ConnectionError when the client is gone, or takes nothing any more."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await writing
        except TimeoutError as error:
            self._parts.meters[STREAM_DROPS].inc()
            _cut(self._request)
            raise ConnectionAbortedError("a reader took nothing for too long") from error


def _has_end(fresh: Sequence[Told]) -> bool:
    return any(told.type == COMPLETED for told in fresh)
