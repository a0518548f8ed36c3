"""Event streams: a snapshot, then every frame once, whatever breaks in between."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import aiohttp
import pytest
from nats.js import api

from gateway import hub as hub_module
from gateway import realtime, replay
from gateway.follower import Follower
from gateway.store import LedgerUnavailable
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.events import (
    Frame,
    JobCompleted,
    LoopStarted,
    MessageSent,
    MessageStatus,
    encode_envelope,
)
from schemas.subjects import events_subject
from tests.gateways import Event, Running, serving
from tests.support import until


@pytest.fixture
async def gateway(
    database_url: str, nats_url: str, broker: Broker, log: Log
) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


class Daemon:
    """Does for one job what a daemon does: the fact, then the news."""

    def __init__(self, job_id: str, pool: Pool, broker: Broker) -> None:
        self.job_id, self._pool, self._broker = UUID(job_id), pool, broker
        self._no = 0
        self._sent = 0

    async def tell(self, *frames: Frame) -> int:
        """Write the counters and publish the frames as one stream message."""
        return await self.publish(*await self.write(*frames))

    async def write(self, *frames: Frame) -> tuple[int, Sequence[Frame]]:
        """The facts alone."""
        first, self._no = self._no + 1, self._no + len(frames)
        sent = sum(isinstance(frame, MessageSent) for frame in frames)
        await self._pool.execute(
            "UPDATE jobs SET state = CASE WHEN finished_at IS NULL THEN 'running' ELSE state END,"
            " started_at = coalesce(started_at, now()),"
            " queued = queued - $2, sent = sent + $2, event_no = $3 WHERE id = $1",
            self.job_id, sent, self._no,
        )  # fmt: skip
        return first, frames

    async def publish(self, first_no: int, frames: Sequence[Frame]) -> int:
        """The news alone."""
        payload = encode_envelope(first_no, frames)
        return await self._broker.publish(events_subject(self.job_id), payload)

    async def finish(self, *, tell: bool = True, ago: str = "0 seconds") -> None:
        self._no += 1
        await self._pool.execute(
            "UPDATE jobs SET state = 'completed', finished_at = now() - $2::text::interval,"
            " queued = 0, sent = total, event_no = $3, completion_told = $4 WHERE id = $1",
            self.job_id, ago, self._no, tell,
        )  # fmt: skip
        if tell:
            await self.publish(self._no, [completed(self.job_id)])

    def started(self, loop: int = 1) -> Frame:
        return LoopStarted(
            job_id=self.job_id, loop_index=loop, batch_index=loop - 1, total_loops=1, loop_size=200
        )

    def sent(self, count: int = 1) -> list[Frame]:
        frames: list[Frame] = []
        for _ in range(count):
            self._sent += 1
            frames.append(
                MessageSent(
                    job_id=self.job_id,
                    loop_index=1,
                    batch_index=0,
                    seq=self._sent,
                    to="491701234567",
                    message_id=f"wamid.{self._sent}",
                    sent=self._sent,
                    failed=0,
                )
            )
        return frames


def completed(job_id: UUID) -> Frame:
    return JobCompleted(job_id=job_id, state="completed", sent=9, failed=0, unknown=0)


def shown(events: Sequence[Event]) -> list[Any]:
    """Events in short: the type, or the count of a message that was sent."""
    return [e.data["sent"] if e.type == "message_sent" else e.type for e in events]


@pytest.fixture
async def daemon(gateway: Running, pool: Pool, broker: Broker) -> Daemon:
    """A job of 500 messages, and what plays its daemon."""
    return Daemon(await gateway.submit(500), pool, broker)


async def test_a_snapshot_then_every_frame_then_the_end(gateway: Running, daemon: Daemon) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        headers = stream.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
        (hello,) = await stream.take(1)
        assert hello.data["status"] == "connected"
        assert hello.data["jobId"] == str(daemon.job_id)
        assert hello.data["job"]["totalRecipients"] == 500
        seq = await daemon.tell(daemon.started(), *daemon.sent(2))
        events = await stream.take(3)
        epoch = gateway.parts.hub.epoch
        assert [event.id for event in events] == [f"{epoch}-{seq}.{i}" for i in range(3)]
        assert events[1].data["messageId"] == "wamid.1"
        await daemon.finish()
        assert shown(await stream.rest()) == ["job_completed"]


async def test_a_gateway_that_has_just_started_knows_where_a_reader_stood(
    gateway: Running, daemon: Daemon, database_url: str, nats_url: str, log: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        await daemon.tell(*daemon.sent(2))
        seen = (await stream.take(2))[0]
    find_start = Follower._find_start

    async def late(follower: Follower) -> None:
        await asyncio.sleep(0.5)
        await find_start(follower)

    monkeypatch.setattr(Follower, "_find_start", late)
    async with (
        serving(database_url, nats_url, log) as other,
        other.watch(str(daemon.job_id), seen.id) as stream,
    ):
        assert shown(await stream.take(2)) == ["connection", 2]


async def test_both_paths_show_the_same(gateway: Running, daemon: Daemon) -> None:
    path = f"{gateway.url}/realtime/bulk/{daemon.job_id}"
    async with gateway.http.get(path, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.status == 200
        assert "Content-Encoding" not in response.headers
        assert (await response.content.readline()).startswith(b"id: ")


async def test_a_snapshot_contains_the_frames_whose_facts_it_has(
    gateway: Running, daemon: Daemon
) -> None:
    """The row is ahead of the news: what the snapshot counts is not told again."""
    late = await daemon.write(*daemon.sent(3))
    async with gateway.watch(str(daemon.job_id)) as stream:
        (hello,) = await stream.take(1)
        assert hello.data["job"]["sent"] == 3
        await daemon.publish(*late)
        await daemon.tell(*daemon.sent(1))
        assert shown(await stream.take(1)) == [4]
    async with gateway.watch(str(daemon.job_id), hello.id) as stream:
        assert shown(await stream.take(2)) == ["connection", 4]


async def test_who_comes_back_gets_exactly_what_was_missed(
    gateway: Running, daemon: Daemon
) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        await daemon.tell(daemon.started(), *daemon.sent(4))
        events = await stream.take(5)
    await daemon.tell(*daemon.sent(3))
    for seen in range(5):  # cut in the middle of a stream message too
        async with gateway.watch(str(daemon.job_id), events[seen].id) as stream:
            (hello,) = await stream.take(1)
            assert hello.id == events[seen].id
            assert hello.data["job"]["sent"] == 7
            missed = await stream.take(7 - seen)
            assert shown(missed) == [1, 2, 3, 4, 5, 6, 7][seen:]
    last = events[-1].id
    for expected in ([5, 6, 7], []):
        async with gateway.watch(str(daemon.job_id), last) as stream:
            assert shown(await stream.take(1 + len(expected))) == ["connection", *expected]
            await daemon.tell(*daemon.sent(1))
            (live,) = await stream.take(1)
            last = live.id


async def test_replay_and_live_frames_meet_without_a_seam(gateway: Running, daemon: Daemon) -> None:
    """Readers come and go while frames are told; each puts its pieces together."""

    async def tell() -> None:
        for _ in range(100):
            await daemon.tell(*daemon.sent(3))
            await asyncio.sleep(0.002)

    async def follow(pieces: int) -> list[int]:
        got: list[int] = []
        last: str | None = None
        while len(got) < 300:
            async with gateway.watch(str(daemon.job_id), last) as stream:
                (hello,) = await stream.take(1)
                if last is None:
                    got = list(range(1, hello.data["job"]["sent"] + 1))
                last = hello.id
                for event in await stream.take(min(pieces, 300 - len(got))):
                    got.append(event.data["sent"])
                    last = event.id
        return got

    telling = asyncio.create_task(tell())
    results = await asyncio.gather(*(follow(pieces) for pieces in (1, 7, 20, 50, 300)))
    await telling
    assert all(got == list(range(1, 301)) for got in results)


async def test_a_long_absence_is_replayed_in_full(gateway: Running, daemon: Daemon) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        (hello,) = await stream.take(1)
    for _ in range(300):  # more stream messages than one answer of the server holds
        await daemon.tell(*daemon.sent(1))
    async with gateway.watch(str(daemon.job_id), hello.id) as stream:
        assert shown(await stream.take(301)) == ["connection", *range(1, 301)]


async def test_an_id_that_cannot_be_resumed_starts_anew(gateway: Running, daemon: Daemon) -> None:
    await daemon.tell(*daemon.sent(2))
    epoch = gateway.parts.hub.epoch
    for event_id in (
        "nonsense", f"{epoch}-999999999.0", f"{epoch}-999999999.s5", "-1", "1.0", f"{epoch}-1.x",
        f"{epoch}-1.s900", f"{epoch}-1.end", "1-1.0", "1-1.s0",
    ):  # fmt: skip
        async with gateway.watch(str(daemon.job_id), event_id) as stream:
            (hello,) = await stream.take(1)
            assert hello.id.endswith(f".s{hello.data['job']['sent']}"), event_id
            await daemon.tell(*daemon.sent(1))
            assert shown(await stream.take(1)) == [hello.data["job"]["sent"] + 1]


async def test_an_id_older_than_the_stream_starts_anew(
    gateway: Running, daemon: Daemon, broker: Broker
) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        await daemon.tell(*daemon.sent(1))
        (seen,) = await stream.take(1)
    await daemon.tell(*daemon.sent(2))
    await broker.js.purge_stream("BULK_EVENTS")
    async with gateway.watch(str(daemon.job_id), seen.id) as stream:
        (hello,) = await stream.take(1)
        assert hello.data["job"]["sent"] == 3
        await daemon.tell(*daemon.sent(1))
        assert shown(await stream.take(1)) == [4]


async def test_a_finished_job_is_shown_and_ended(
    gateway: Running, daemon: Daemon, broker: Broker
) -> None:
    await daemon.tell(*daemon.sent(2))
    await daemon.finish()
    await broker.js.purge_stream("BULK_EVENTS")
    async with gateway.watch(str(daemon.job_id)) as stream:
        events = await stream.rest()
    assert shown(events) == ["connection", "job_completed"]
    assert events[1].data["state"] == "completed"
    assert events[1].data["sent"] == 500
    async with gateway.watch(str(daemon.job_id), events[1].id) as stream:
        assert stream.response.status == 204
    async with gateway.watch(str(daemon.job_id), events[0].id) as stream:
        assert shown(await stream.rest()) == ["connection", "job_completed"]


async def test_who_has_seen_the_end_is_told_to_stay_away(gateway: Running, daemon: Daemon) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        await daemon.tell(*daemon.sent(2))
        await daemon.finish()
        events = await stream.rest()
    assert shown(events) == [1, 2, "job_completed"]
    async with gateway.watch(str(daemon.job_id), events[2].id) as stream:
        assert stream.response.status == 204
    async with gateway.watch(str(daemon.job_id), events[1].id) as stream:
        assert shown(await stream.rest()) == ["connection", "job_completed"]


async def test_loops_alone_with_progress_in_between(gateway: Running, daemon: Daemon) -> None:
    async with gateway.watch(str(daemon.job_id), query="?detail=loops") as stream:
        await daemon.tell(daemon.started())
        for _ in range(60):
            await daemon.tell(*daemon.sent(2))
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        await daemon.finish()
        events = await stream.rest()
    types = [event.type for event in events]
    assert types[:2] == ["connection", "loop_started"]
    assert types[-1] == "job_completed"
    progress = [event for event in events if event.type == "progress"]
    assert len(types) == len(progress) + 3
    assert 2 <= len(progress) <= 15  # of 120 messages
    assert progress[-1].data["sent"] == 120
    assert progress[-1].data["failed"] == 0
    ids = [tuple(map(int, event.id.partition("-")[2].split("."))) for event in events[1:]]
    assert ids == sorted(ids)


async def test_who_follows_receipts_stays_after_the_end(gateway: Running, daemon: Daemon) -> None:
    query = "?follow=receipts"
    async with gateway.watch(str(daemon.job_id), query=query) as stream:
        await stream.take(1)
        await daemon.tell(*daemon.sent(1))
        await daemon.finish()
        await daemon.tell(receipt(daemon.job_id, "delivered"))
        events = await stream.take(3)
    assert shown(events) == [1, "job_completed", "message_status"]
    await daemon.tell(receipt(daemon.job_id, "read"))
    async with gateway.watch(str(daemon.job_id), events[2].id, query) as stream:
        assert shown(await stream.take(2)) == ["connection", "message_status"]
        await daemon.tell(receipt(daemon.job_id, "read"))
        assert shown(await stream.take(1)) == ["message_status"]


def receipt(job_id: UUID, status: str) -> Frame:
    return MessageStatus(
        job_id=job_id, seq=1, to="491701234567", message_id="wamid.1", status=status,
        at=datetime.now(UTC), sent=1, failed=0, unknown=0, skipped=0, delivered=1, read=0,
    )  # fmt: skip


async def test_an_end_that_nobody_told_is_found_at_the_next_ping(
    gateway: Running, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "PING_SECONDS", 0.1)
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        await asyncio.sleep(0.25)
        await daemon.finish(tell=False, ago="10 seconds")
        events = await stream.rest()
        assert shown(events) == ["job_completed"]
        assert ": ping" in stream.comments
    async with gateway.watch(str(daemon.job_id), events[0].id) as stream:
        assert stream.response.status == 204


async def test_a_slow_reader_is_cut_off_and_holds_nobody_up(
    gateway: Running, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.parts.hub, "_buffer", 20)
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        request = f"GET /api/bulk/realtime/{daemon.job_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        slow.sendall(request.encode())
        async with gateway.watch(str(daemon.job_id)) as stream:
            await stream.take(1)
            drops = 0.0
            told = 0
            while not drops:
                assert told < 400, "the slow reader was never cut off"
                told += 1
                await daemon.publish(told * 100, [daemon.started()] * 100)
                assert len(await stream.take(100)) == 100
                drops = metric(gateway, "loopcast_stream_drops_total")
    assert drops == 1


def metric(gateway: Running, name: str) -> float:
    lines = gateway.parts.meters.exposition().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


async def test_readers_are_counted_while_they_watch(gateway: Running, daemon: Daemon) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        assert metric(gateway, "loopcast_stream_readers") == 1
        await daemon.finish()
        await stream.rest()
    await until(lambda: metric(gateway, "loopcast_stream_readers") == 0, "no reader is counted")


async def test_streams_end_at_once_when_the_gateway_stops(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with aiohttp.ClientSession(), serving(database_url, nats_url, log) as gateway:
        job_id = await gateway.submit(3)
        async with gateway.watch(job_id) as stream:
            await stream.take(1)
            gateway.parts.hub.close()
            assert await stream.next(2) is None


def test_a_buffer_holds_a_thousand_stream_messages() -> None:
    assert hub_module.BUFFER == 1000


async def test_an_end_of_another_job_starts_anew(gateway: Running, daemon: Daemon) -> None:
    async with gateway.watch(str(daemon.job_id), f"{gateway.parts.hub.epoch}-3.end") as stream:
        first = await stream.next()
        assert first is not None
        assert (first.type, first.id.partition(".")[2][:1]) == ("connection", "s")


async def test_an_event_source_is_sent_back_while_postgres_is_away(
    gateway: Running, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error would make it give up for good; the end of a stream makes it come back."""

    async def away(_self: object, _job_id: object) -> None:
        raise LedgerUnavailable("away")

    monkeypatch.setattr(type(gateway.parts.store), "detail", away)
    path = f"/api/bulk/realtime/{daemon.job_id}"
    answer = await gateway.get(path, Accept="text/event-stream")
    assert (answer.status, answer.body) == (200, "retry: 2000\n\n")
    assert (await gateway.get(path)).status == 503


async def test_a_stream_that_was_made_anew_hides_no_frame(
    gateway: Running, daemon: Daemon, broker: Broker
) -> None:
    """As when NATS has lost its data: the sequences that a reader has seen mean others now."""
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        for _ in range(5):
            await daemon.tell(*daemon.sent(1))
        last = (await stream.take(5))[-1]
    hub, old = gateway.parts.hub, gateway.parts.hub.epoch
    await broker.js.delete_stream("BULK_EVENTS")
    await until(lambda: hub.epoch != old, "the gateway makes the stream again and follows it")
    for _ in range(8):
        await daemon.tell(*daemon.sent(1))
    async with gateway.watch(str(daemon.job_id), last.id) as stream:
        (hello,) = await stream.take(1)
        assert hello.id.startswith(f"{hub.epoch}-")
        assert hello.data["job"]["sent"] == 13
        await daemon.tell(*daemon.sent(1))
        assert shown(await stream.take(1)) == [14]


async def test_streams_beyond_the_most_are_sent_back(
    gateway: Running, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "MOST_STREAMS", 1)
    monkeypatch.setattr(realtime, "PING_SECONDS", 0.1)  # it shows that a reader has gone
    path = f"/api/bulk/realtime/{daemon.job_id}"
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        refused = await gateway.get(path)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
        assert (await gateway.get(path, Accept="text/event-stream")).body == "retry: 2000\n\n"
    await until(lambda: gateway.parts.hub.size == 0, "the reader has left")
    async with gateway.watch(str(daemon.job_id)) as stream:
        assert shown(await stream.take(1)) == ["connection"]


async def test_receipts_are_followed_for_a_day(
    gateway: Running, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "?follow=receipts"
    with monkeypatch.context() as patched:
        patched.setattr(realtime, "PING_SECONDS", 0.1)
        patched.setattr(realtime, "FOLLOW_SECONDS", 0.5)
        async with gateway.watch(str(daemon.job_id), query=query) as stream:
            await stream.take(1)
            await daemon.finish()
            assert shown(await stream.rest()) == ["job_completed"]
    await daemon.finish(ago="25 hours")
    async with gateway.watch(str(daemon.job_id), query=query) as stream:
        events = await stream.rest()
    assert shown(events) == ["connection", "job_completed"]
    async with gateway.watch(str(daemon.job_id), events[1].id, query) as stream:
        assert stream.response.status == 204


async def tell_unreadably(daemon: Daemon, broker: Broker, *frames: Frame) -> None:
    """As a daemon of a newer release does it: the fact as ever, the news in another form."""
    first, _ = await daemon.write(*frames)
    payload = b'{"v": 2, "from": %d, "what": []}' % first
    await broker.publish(events_subject(daemon.job_id), payload)


async def test_what_a_newer_release_tells_is_seen_in_a_snapshot(
    gateway: Running, daemon: Daemon, broker: Broker
) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        await daemon.tell(*daemon.sent(1))
        assert shown(await stream.take(2)) == ["connection", 1]
        await tell_unreadably(daemon, broker, *daemon.sent(3))
        (snapshot,) = await stream.take(1)
        assert snapshot.type == "connection"
        assert snapshot.data["job"]["sent"] == 4
        await daemon.tell(*daemon.sent(1))
        assert shown(await stream.take(1)) == [5]
    assert metric(gateway, "loopcast_events_unreadable_total") == 1


async def test_who_comes_back_to_unreadable_news_gets_a_snapshot_in_their_place(
    gateway: Running, daemon: Daemon, broker: Broker
) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        (hello,) = await stream.take(1)
    await daemon.tell(*daemon.sent(2))
    await tell_unreadably(daemon, broker, *daemon.sent(2))
    await daemon.tell(*daemon.sent(1))
    async with gateway.watch(str(daemon.job_id), hello.id) as stream:
        assert shown(await stream.take(3)) == ["connection", 1, 2]
        (snapshot,) = await stream.take(1)
        assert (snapshot.type, snapshot.data["job"]["sent"]) == ("connection", 5)
        await daemon.tell(*daemon.sent(1))
        assert shown(await stream.take(1)) == [6]
    async with gateway.watch(str(daemon.job_id), snapshot.id) as stream:
        assert shown(await stream.take(2)) == ["connection", 6]


async def test_an_end_that_is_told_unreadably_is_told_from_the_row(
    gateway: Running, daemon: Daemon, broker: Broker
) -> None:
    async with gateway.watch(str(daemon.job_id)) as stream:
        await stream.take(1)
        await daemon.finish(tell=False)
        await broker.publish(events_subject(daemon.job_id), b"the end, in other words")
        assert [event.type for event in await stream.rest()] == ["connection", "job_completed"]


class LateReplica:
    """What the leader has; the one that answers direct gets has it a moment later."""

    def __init__(self, broker: Broker, last_seq: int) -> None:
        self.client, self.js, self._last_seq = broker.client, self, last_seq

    async def get_last_msg(self, stream: str, subject: str) -> api.RawStreamMsg:
        return api.RawStreamMsg(stream=stream, subject=subject, seq=self._last_seq)


async def replay_to(late: LateReplica, job_id: UUID, seen: list[int]) -> None:
    async for news in replay.replayed(cast("Broker", late), job_id, 1, "1"):
        seen.append(news.seq)  # noqa: PERF401 - one at a time, as they come


async def test_a_replica_that_lags_ends_no_replay_early(daemon: Daemon, broker: Broker) -> None:
    last_seq, seen = await daemon.tell(*daemon.sent(1)) + 1, list[int]()
    late = LateReplica(broker, last_seq)
    reading = asyncio.create_task(replay_to(late, daemon.job_id, seen))
    await until(lambda: seen == [last_seq - 1], "what the replica has")
    await asyncio.sleep(0.2)
    assert not reading.done()
    await daemon.tell(*daemon.sent(1))
    await asyncio.wait_for(reading, 10)
    assert seen == [last_seq - 1, last_seq]


async def test_a_replica_that_stays_behind_is_no_end_of_the_news(
    daemon: Daemon, broker: Broker
) -> None:
    last_seq, seen = await daemon.tell(*daemon.sent(1)), list[int]()
    with pytest.raises(Unavailable, match="lags"):
        await replay_to(LateReplica(broker, last_seq + 1), daemon.job_id, seen)
    assert seen == [last_seq]
