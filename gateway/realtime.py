"""Server-sent events: a snapshot, then every frame once, until the job is completed."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiohttp import web

from gateway import jobs, positions, replay
from gateway.answers import refused
from gateway.errors import Refusal
from gateway.hub import Reader
from gateway.news import News, Told, sse
from gateway.parts import PARTS, Parts
from gateway.positions import At, End, Position, Snapshot
from gateway.store import JobDetail, JobRow, LedgerUnavailable
from gateway.views import COMPLETED, Cursor, Everything, Loops, View, until_completed
from plumbing.broker import Broker, Unavailable
from schemas import api
from schemas.events import JobCompleted
from schemas.metrics import STREAM_DROPS, STREAM_READERS

PING_SECONDS: Final = 15.0
WRITE_SECONDS: Final = 30.0  # a reader that takes nothing for so long is cut off
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
    reader = parts.hub.join(job_id, cut=lambda: _cut(request))
    upto = parts.hub.last_seq
    try:
        detail = await jobs.find(request)
        if isinstance(detail, Refusal):
            return refused(detail)
        return await _attach(request, reader, detail, upto)
    finally:
        parts.hub.leave(reader)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _attach(
    request: web.Request, reader: Reader, detail: JobDetail, upto: int
) -> web.StreamResponse:
    parts, job = request.app[PARTS], detail.job
    given = await _resumable(parts.broker, job, request.headers.get("Last-Event-ID"))
    if given and not _follows(request) and await _has_seen_end(parts, job, given):
        return web.Response(status=204)
    response = web.StreamResponse(headers=HEADERS)
    position = given or Snapshot(upto, job.event_no)
    stream = Stream(parts, request, response, reader, job, position)
    parts.meters[STREAM_READERS].inc()
    try:
        await response.prepare(request)
        await stream.run(detail, resumed=given is not None)
    except ConnectionError:
        parts.log.debug("a reader has gone", job=str(job.id))
    finally:
        parts.meters[STREAM_READERS].dec()
    return response


def _follows(request: web.Request) -> bool:
    """Whether the reader stays after the end, for the receipts still to come."""
    return request.query.get("follow") == "receipts"


async def _resumable(broker: Broker, job: JobRow, event_id: str | None) -> Position | None:
    """Where to go on, or None to begin anew: no id, not ours, or no longer on the stream."""
    given = positions.parse(event_id) if event_id else None
    if given is None or (isinstance(given, End) and jobs.is_finished(job)):
        return given
    try:
        held = await replay.bounds(broker)
    except Unavailable:
        return None
    needed = given.seq + (not isinstance(given, At) or given.index == positions.WHOLE)
    return given if held.first <= needed <= held.last + 1 else None


async def _has_seen_end(parts: Parts, job: JobRow, given: Position) -> bool:
    if not jobs.is_finished(job) or isinstance(given, Snapshot):
        return False
    if isinstance(given, End):
        return True
    try:
        news = await replay.message_at(parts.broker, job.id, given.seq)
    except Unavailable:
        return False
    return news is not None and any(
        told.type == COMPLETED and told.index <= given.index for told in news.frames
    )


class Stream:
    """One open event stream."""

    def __init__(
        self,
        parts: Parts,
        request: web.Request,
        response: web.StreamResponse,
        reader: Reader,
        job: JobRow,
        position: Position,
    ) -> None:
        self._parts, self._request, self._response = parts, request, response
        self._reader, self._job, self._position = reader, job, position
        self._cursor = Cursor(position)
        self._view: View = Everything()
        if request.query.get("detail") == "loops":
            self._view = Loops(job.id)
        self._follows = _follows(request)
        self._ended = isinstance(position, End)  # job_completed has been sent
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

    @property
    def _is_over(self) -> bool:
        return self._ended and not self._follows

    def _connection(self, detail: JobDetail) -> bytes:
        now = datetime.now(UTC)
        job = jobs.view(detail, self._parts.settings, now)
        frame = api.Connection(job_id=self._job.id, at=now, job=job)
        return sse(self._position, msgspec.json.encode(frame))

    async def _replay(self) -> None:
        """What the stream holds after the reader's position; the buffer repeats nothing of it."""
        start = self._cursor.at.seq + (self._cursor.at.index == positions.WHOLE)
        async for news in replay.replayed(self._parts.broker, self._job.id, start):
            await self._write(self._shown(news) + self._progress())
            if self._is_over or self._reader.closed:
                return
        if self._follows and isinstance(self._position, At) and self._job.completion_told:
            self._ended = True  # the reader had it before

    def _knows_the_end(self) -> bool:
        """Whether the snapshot that the reader has is that of the finished job."""
        at = self._position
        return isinstance(at, Snapshot) and at.event_no >= self._job.event_no

    async def _next(self) -> None:
        """Whatever comes first: news, a progress frame that is due, a ping."""
        now = time.monotonic()
        due = self._view.wait_seconds(now)
        wait = self._next_ping - now if due is None else min(due, self._next_ping - now)
        chunk = b""
        for news in await self._reader.take(max(0.0, wait)):
            chunk += self._shown(news)
            if self._is_over:
                return await self._write(chunk)
        await self._write(chunk + self._progress())
        if time.monotonic() >= self._next_ping:
            await self._ping()
        return None

    def _shown(self, news: News) -> bytes:
        fresh: Sequence[Told] = self._cursor.advance(news)
        if self._ended:
            fresh = [told for told in fresh if told.type != COMPLETED]
        elif not self._follows:
            fresh = until_completed(fresh)
        self._ended = self._ended or _has_end(fresh)
        return self._view.show(news, fresh) if fresh else b""

    def _progress(self) -> bytes:
        return b"" if self._is_over else self._view.flush(time.monotonic(), self._cursor.at)

    async def _ping(self) -> None:
        """Keep the connection, and look at the row: news can be lost in a crash, facts cannot."""
        self._next_ping = time.monotonic() + PING_SECONDS
        await self._write(b": ping\n\n")
        if self._ended:
            return
        try:
            job = await self._parts.store.job(self._job.id)
        except LedgerUnavailable:
            return
        if job and self._news_are_over(job):
            await self._end_if_finished(job)

    async def _end_if_finished(self, job: JobRow) -> None:
        """Tell the end from the row."""
        if self._ended or not jobs.is_finished(job):
            return
        frame = JobCompleted(
            job_id=job.id,
            state=job.state,
            sent=job.sent,
            failed=job.failed,
            unknown=job.unknown,
            error=job.reason,
        )
        self._ended = True
        await self._write(sse(End(self._cursor.at.seq), msgspec.json.encode(frame)))

    def _news_are_over(self, job: JobRow) -> bool:
        """Whether `job_completed` would have come by now."""
        long_ago = datetime.now(UTC) - timedelta(seconds=NEWS_SECONDS)
        return job.finished_at is not None and job.finished_at < long_ago

    async def _write(self, chunk: bytes) -> None:
        """Raises ConnectionError when the client is gone, or takes nothing any more."""
        if not chunk:
            return
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._response.write(chunk)
        except TimeoutError as error:
            self._parts.meters[STREAM_DROPS].inc()
            _cut(self._request)
            raise ConnectionAbortedError("a reader took nothing for too long") from error


def _has_end(fresh: Sequence[Told]) -> bool:
    return any(told.type == COMPLETED for told in fresh)
