"""The fan-out: every reader gets every frame once and in order, and none waits for another."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import hub as hub_module
from gateway import positions
from gateway.hub import Hub, Reader
from gateway.news import News, read_news, upto_gap
from gateway.positions import At, End, Mark, Snapshot
from gateway.views import Cursor, Everything, Loops, until_completed
from schemas.events import (
    Frame,
    JobCompleted,
    LoopStarted,
    MessageSent,
    MessageStatus,
    encode_envelope,
)

JOB = UUID(int=1)
EPOCH = "19abc"


def sent(number: int) -> Frame:
    return MessageSent(
        job_id=JOB, loop_index=1, batch_index=0, seq=number, to="491701234567",
        message_id=f"wamid.{number}", sent=number, failed=0,
    )  # fmt: skip


def started(loop: int) -> Frame:
    return LoopStarted(
        job_id=JOB, loop_index=loop, batch_index=loop - 1, total_loops=3, loop_size=200
    )


COMPLETED = JobCompleted(job_id=JOB, state="completed", sent=3, failed=0, unknown=0)


def news(seq: int, first_no: int, *frames: Frame) -> News:
    return read_news(EPOCH, seq, encode_envelope(first_no, frames))


async def test_each_reader_of_the_job_gets_what_is_told() -> None:
    hub = Hub()
    one, two, other = hub.join(JOB), hub.join(JOB), hub.join(uuid4())
    hub.dispatch(7, JOB, encode_envelope(1, [sent(1), sent(2)]))
    assert [len(n.frames) for n in await one.take(1)] == [2]
    assert [n.seq for n in await two.take(1)] == [7]
    assert await other.take(0) == []
    assert hub.last_seq == 7


async def test_frames_are_encoded_once_for_all_readers() -> None:
    hub = Hub()
    one, two = hub.join(JOB), hub.join(JOB)
    hub.dispatch(7, JOB, encode_envelope(1, [sent(1)]))
    assert (await one.take(1))[0] is (await two.take(1))[0]


async def test_a_reader_that_falls_behind_is_cut_off_alone() -> None:
    drops: list[str] = []
    hub = Hub(on_drop=lambda: drops.append("dropped"), buffer=3)
    slow, fast = hub.join(JOB, cut=lambda: drops.append("cut")), hub.join(JOB)
    for seq in range(1, 10):
        hub.dispatch(seq, JOB, encode_envelope(seq, [sent(seq)]))
        assert len(await fast.take(1)) == 1
    assert slow.closed
    assert not fast.closed
    assert drops == ["cut", "dropped"]


async def test_a_reader_is_bounded_by_bytes_too_but_has_room_for_one_message() -> None:
    fat = news(1, 1, *(sent(number) for number in range(500)))
    room = hub_module.BUFFER_BYTES // len(fat.encoded)
    cuts: list[str] = []
    reader = Reader(JOB, cut=lambda: cuts.append("cut"))
    assert all(reader.offer(fat) for _ in range(room))
    assert not reader.offer(fat)
    assert (reader.closed, cuts) == (True, ["cut"])
    assert Reader(JOB, cut=lambda: None, limit_bytes=1).offer(fat)


async def test_a_reader_takes_its_backlog_in_pieces_and_loses_nothing() -> None:
    hub = Hub()
    reader = hub.join(JOB)
    for seq in range(1, 951):
        hub.dispatch(seq, JOB, encode_envelope(seq, [sent(seq)] * 4))
    pieces: list[list[News]] = []
    while reader.is_behind:
        pieces.append(await reader.take(1))
    assert [n.seq for piece in pieces for n in piece] == list(range(1, 951))
    largest = max(sum(len(n.encoded) for n in piece) for piece in pieces)
    assert largest < hub_module.TAKE_BYTES + 2_000
    assert await reader.take(0) == []
    hub.dispatch(951, JOB, encode_envelope(951, [sent(951)]))
    assert [n.seq for n in await reader.take(1)] == [951]


async def test_waiting_ends_with_news_with_the_timeout_and_with_the_hub() -> None:
    hub = Hub()
    reader = hub.join(JOB)
    assert await reader.take(0.01) == []
    waiting = asyncio.create_task(reader.take(10))
    await asyncio.sleep(0)
    hub.dispatch(1, JOB, encode_envelope(1, [sent(1)]))
    assert len(await waiting) == 1
    waiting = asyncio.create_task(reader.take(10))
    await asyncio.sleep(0)
    hub.close()
    assert await waiting == []
    assert reader.closed
    assert hub.join(JOB).closed


async def test_a_hub_knows_how_many_readers_it_has() -> None:
    hub = Hub()
    readers = [hub.join(JOB), hub.join(JOB), hub.join(uuid4())]
    assert hub.size == 3
    for reader in readers:
        hub.leave(reader)
    assert hub.size == 0


async def test_who_left_is_forgotten() -> None:
    hub = Hub()
    reader = hub.join(JOB)
    hub.leave(reader)
    hub.dispatch(1, JOB, encode_envelope(1, [sent(1)]))
    assert await reader.take(0) == []


async def test_a_jump_sends_readers_away_to_ask_for_the_gap() -> None:
    hub = Hub()
    reader = hub.join(JOB)
    hub.jump(500, EPOCH)
    assert reader.closed
    assert not hub.join(JOB).closed
    assert (hub.last_seq, hub.epoch) == (500, EPOCH)


@pytest.mark.parametrize("payload", [
    b"hello",
    b'{"firstNo": 1, "frames": [], "v": 2}',
    b'{"version": 2}',
    b'{"firstNo": 1, "frames": [{"kind": "sent"}]}',
])  # fmt: skip
def test_what_cannot_be_read_is_a_gap(payload: bytes) -> None:
    assert read_news(EPOCH, 1, payload) == News(1, (), b"", is_gap=True)


async def test_a_gap_reaches_the_readers_of_its_job_and_is_counted() -> None:
    gaps: list[str] = []
    hub = Hub(on_gap=lambda: gaps.append("gap"))
    reader = hub.join(JOB)
    for seq, job in enumerate((JOB, uuid4()), 1):
        hub.dispatch(seq, job, b"of another release")
    assert [news.is_gap for news in await reader.take(1)] == [True]
    assert gaps == ["gap"]


def test_what_is_before_a_gap_is_passed_on() -> None:
    before, gap, after = news(1, 1, sent(1)), read_news(EPOCH, 2, b""), news(3, 5, sent(5))
    assert upto_gap([before, gap, after]) == [before]
    assert upto_gap([before, after]) == [before, after]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("19abc-7", At(7)),
        ("19abc-7.0", At(7, 0)),
        ("19abc-7.12", At(7, 12)),
        ("19abc-7.s40", Snapshot(7, 40)),
        ("19abc-7.end", End(7)),
    ],
)
def test_ids_are_read_and_written(text: str, position: positions.Position) -> None:
    assert positions.parse(text) == Mark(EPOCH, position)
    assert str(Mark(EPOCH, position)) == text


@pytest.mark.parametrize(
    "text",
    ["", "x", "-1", "7", "7.0", "1-", "1-x", "1--1", "1-7.", "1-7.s", "1-7.1.2", " 1-7", "1-7\n",
     "1-" + "9" * 30, "1-\u0667", "f" * 17 + "-1", "X-1"],
)  # fmt: skip
def test_other_ids_are_nothing(text: str) -> None:
    assert positions.parse(text) is None


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_a_reader_that_comes_back_gets_exactly_the_rest(
    sizes: list[int], data: st.DataObject
) -> None:
    """Cut anywhere, also inside a message; what is replayed and what is live may overlap."""
    told, number = [], 1
    for seq, size in enumerate(sizes, 1):
        told.append(news(seq, number, *(sent(number + i) for i in range(size))))
        number += size
    frames = [frame for message in told for frame in message.frames]
    cut = data.draw(st.integers(0, len(frames) - 1))
    cursor = Cursor(At(frames[cut].seq, frames[cut].index))
    overlap = data.draw(st.integers(0, len(told)))
    got = [frame for message in told + told[overlap:] for frame in cursor.advance(message)]
    assert got == frames[cut + 1 :]


def test_a_snapshot_knows_the_frames_up_to_its_number() -> None:
    cursor = Cursor(Snapshot(4, 2))
    assert [f.no for f in cursor.advance(news(5, 1, sent(1), sent(2), sent(3)))] == [3]
    assert [f.no for f in cursor.advance(news(6, 4, sent(4)))] == [4]


def test_everything_is_passed_on_in_the_bytes_made_for_all() -> None:
    message = news(5, 1, sent(1), sent(2))
    view = Everything()
    assert view.show(message, Cursor(At(4)).advance(message)) is message.encoded
    second = view.show(message, Cursor(At(5, 0)).advance(message))
    assert second.startswith(b"id: 19abc-5.1\ndata: {")
    assert second.endswith(b"}\n\n")
    assert message.encoded.endswith(second)


def test_the_loops_view_folds_messages_into_four_frames_a_second() -> None:
    view = Loops(JOB)
    shown = view.show(news(1, 1, started(1)), news(1, 1, started(1)).frames)
    assert shown.startswith(b"id: 19abc-1.0\n")
    message = news(2, 2, sent(1), sent(2))
    assert view.show(message, message.frames) == b""
    assert b'"sent":2' in view.flush(100.0, Mark(EPOCH, At(2, 1)))
    assert view.wait_seconds(100.0) is None
    message = news(3, 4, sent(3))
    view.show(message, message.frames)
    assert view.flush(100.1, Mark(EPOCH, At(3, 0))) == b""
    assert view.wait_seconds(100.1) == pytest.approx(0.15)
    flushed = view.flush(100.25, Mark(EPOCH, At(3, 0)))
    assert flushed.startswith(b'id: 19abc-3.0\ndata: {"type":"progress"')


def test_the_loops_view_shows_what_a_receipt_changed() -> None:
    view = Loops(JOB)
    status = MessageStatus(
        job_id=JOB, seq=8, to="491701234567", message_id="wamid.8", status="delivered",
        at=datetime.now(UTC), sent=9, failed=1, unknown=0, skipped=0, delivered=1, read=0,
    )  # fmt: skip
    message = news(2, 2, sent(8), status)
    assert view.show(message, message.frames) == b""
    assert b'"sent":9,"failed":1' in view.flush(100.0, Mark(EPOCH, At(2, 1)))


def test_the_end_is_the_last_that_is_shown() -> None:
    frames = news(1, 1, sent(1), COMPLETED, sent(2)).frames
    assert until_completed(frames) == frames[:2]
    assert until_completed(frames[:2]) == frames[:2]
    assert until_completed(frames[:1]) == frames[:1]
