"""A watched job from its frames: counts, rate, time left, and how both views show it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from rich.console import Console

from cli.course import Course, Loop, frame_of
from cli.lines import Lines, ending, status
from cli.picture import around, picture
from schemas.api import Connection, ProgressFrame

ID = "0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def frame(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, "jobId": ID, **fields})


def loop(number: int, size: int, **more: Any) -> dict[str, Any]:
    fields = {
        "loop": number, "state": "queued", "size": size, "sent": 0, "failed": 0, "unknown": 0,
        "skipped": 0, "canceled": 0, "startedAt": None, "finishedAt": None,
        "durationSeconds": None, "ratePerSecond": None,
    }  # fmt: skip
    return fields | more


def connection(*loops: dict[str, Any], **more: Any) -> bytes:
    total = sum(each["size"] for each in loops)
    job: dict[str, Any] = dict.fromkeys((
        "reason", "campaignId", "template", "startedAt", "finishedAt", "ratePerSecond",
        "etaSeconds", "limitedBy", "limitedUntil", "stoppedBy", "requestId", "doubtUntil",
        "parentId",
    ))  # fmt: skip
    job |= dict.fromkeys((
        "sent", "failed", "queued", "sending", "delivered", "read", "unknown", "skipped",
        "canceled", "deferred", "currentLoop", "batchSize", "totalBatches", "loopSize",
    ), 0)  # fmt: skip
    job |= {
        "jobId": ID, "state": "queued", "campaignName": "Autumn", "phoneNumberId": "1",
        "totalRecipients": total, "totalLoops": len(loops), "createdAt": NOW, "wanted": "run",
        "progress": {"percentage": 0, "completed": 0, "remaining": total}, "resuming": False,
        "errors": [], "children": [], "inDoubt": [], "loops": list(loops),
    }  # fmt: skip
    return frame("connection", status="connected", at=NOW, job=job | more)


def progress(sent: int, failed: int = 0) -> bytes:
    """Of the whole job so far."""
    return frame("progress", sent=sent, failed=failed, at=NOW)


def started(number: int) -> bytes:
    return frame("loop_started", loopIndex=number, batchIndex=number - 1, totalLoops=2, loopSize=2)


def completed(number: int, **counts: int) -> bytes:
    told = {"sent": 0, "failed": 0, "unknown": 0, "skipped": 0} | counts
    return frame("loop_completed", loopIndex=number, batchIndex=number - 1, totalLoops=2,
                 loopSize=2, durationMs=2000, ratePerSecond=1.0,
                 pauseMs=3000 if number == 1 else 0, errors=[], **told)  # fmt: skip


def over(state: str = "completed", **counts: int) -> bytes:
    told = {"sent": 0, "failed": 0, "unknown": 0, "skipped": 0} | counts
    return frame("job_completed", state=state, error=None, **told)


def course(*frames: bytes, every: float = 1.0) -> Course:
    """A frame a second, from second 0."""
    made = Course()
    for second, data in enumerate(frames):
        known = frame_of(data)
        assert known is not None
        made.apply(known, second * every)
    return made


def test_a_frame_of_a_later_release_is_passed_over() -> None:
    assert frame_of(frame("message_sung", tune="high")) is None


def test_frames_add_up_by_loop_and_over_all() -> None:
    made = course(
        connection(loop(1, 2), loop(2, 2)), started(1), progress(1), progress(1, failed=1),
        completed(1, sent=1, failed=1), started(2), progress(2, failed=1),
    )  # fmt: skip
    assert (made.state, made.done, made.total) == ("running", 3, 4)
    assert [each.done for each in made.loops] == [2, 1]
    assert (made.counts["sent"], made.counts["failed"]) == (2, 1)


def test_what_progress_does_not_tell_the_end_of_a_loop_does() -> None:
    made = course(
        connection(loop(1, 4), loop(2, 2)), started(1), progress(1),
        completed(1, sent=1, unknown=1, skipped=2), started(2), progress(2),
    )  # fmt: skip
    assert (made.done, [each.done for each in made.loops]) == (5, [4, 1])
    assert (made.counts["unknown"], made.counts["skipped"]) == (1, 2)


def test_a_receipt_that_says_failed_moves_no_bar() -> None:
    made = course(connection(loop(1, 4)), started(1), progress(3), progress(2, failed=1))
    assert (made.done, made.loops[0].done) == (3, 3)


def test_a_loop_gets_no_more_than_it_has_room_for() -> None:
    made = course(connection(loop(1, 2), loop(2, 2)), started(1), progress(3))
    assert (made.done, [each.done for each in made.loops]) == (3, [2, 0])


def test_a_snapshot_after_a_lost_connection_counts_nothing_twice() -> None:
    loops = (loop(1, 2, sent=2, state="completed"), loop(2, 2, sent=1, state="running"))
    again = connection(*loops, sent=3, currentLoop=2)
    made = course(connection(loop(1, 2), loop(2, 2)), started(1), progress(1), again, progress(4))
    assert (made.done, made.counts["sent"], made.loops[1].sent) == (4, 4, 2)
    assert made.completed == [1]


def test_why_messages_failed_is_told_by_the_job() -> None:
    error = {"code": 131026, "title": "Undeliverable", "count": 3, "details": "", "meaning": "",
             "advice": "", "action": "fail", "mayBeSentAgain": False}  # fmt: skip
    made = course(connection(loop(1, 9), errors=[error] * 6))
    assert made.failures == ["3 × 131026 Undeliverable"] * 4


def test_the_time_left_is_as_the_gateway_says_until_it_was_measured() -> None:
    job = connection(loop(1, 100), loop(2, 100), etaSeconds=22.0, queued=200)
    made = course(job)
    assert (made.rate(0), made.seconds_left(0)) == (0, 22)
    for data in (started(1), progress(10), progress(20)):
        known = frame_of(data)
        assert known
        made.apply(known, made.counts["sent"] / 10)
    assert made.seconds_left(2) == pytest.approx(22 * 180 / 200)  # the pause is not known yet


def test_slow_first_answers_do_not_foretell_a_late_end() -> None:
    made = course(connection(loop(1, 100), loop(2, 100), etaSeconds=22.0, queued=200))
    slow = connection(loop(1, 100), loop(2, 100), etaSeconds=400.0, queued=200, limitedBy="latency")
    made.look(msgspec.json.decode(slow, type=Connection).job)
    assert (made.limited_by, made.seconds_left(0)) == ("latency", 22)


def test_the_time_left_has_the_pauses_that_are_to_come() -> None:
    loops = [loop(1, 10), loop(2, 10), loop(3, 10)]
    made, seconds = Course(), (0, 0, 1, 1, 2, 4, 5)
    frames = [connection(*loops, etaSeconds=99.0), started(1), progress(10),
              completed(1, sent=10)]  # fmt: skip
    for data, second in zip(frames, seconds, strict=False):
        known = frame_of(data)
        assert known
        made.apply(known, second)
    assert (made.rate(2), made.measure.pause_left(2)) == (0, 2)
    assert made.seconds_left(2) == 2 + 2 + 3  # 20 at 10/s, the rest of this pause, the next one


def test_the_rate_is_that_of_the_sending_over_its_pauses() -> None:
    made = Course()
    frames = [(0, connection(loop(1, 10), loop(2, 90))), (0, started(1)), (1, progress(10)),
              (1, completed(1, sent=10)), (4, started(2)), (5, progress(20))]  # fmt: skip
    for second, data in frames:
        known = frame_of(data)
        assert known
        made.apply(known, second)
    assert made.rate(5) == 10.0


def test_waiting_for_the_start_is_no_sending() -> None:
    made = course(connection(loop(1, 100)), started(1), every=60)
    for second, data in ((61, progress(10)), (62, progress(20))):
        known = frame_of(data)
        assert known
        made.apply(known, second)
    assert (made.rate(62), made.seconds_left(62)) == (10, 8)


def test_a_loop_a_moment_has_a_rate_too() -> None:
    made = course(connection(*(loop(at, 5) for at in range(1, 101))))
    for at in range(1, 41):
        for data in (started(at), completed(at, sent=5) if at > 1 else progress(5)):
            known = frame_of(data)
            assert known
            made.apply(known, at / 10)
    assert made.rate(4) == pytest.approx(50, rel=0.05)


def test_a_job_that_stands_has_no_rate() -> None:
    made = course(connection(loop(1, 99)), started(1), progress(10), progress(20))
    assert made.rate(4) > 0
    assert (made.rate(30), made.seconds_left(30)) == (0, None)


def test_nobody_foretells_the_end_of_a_job_that_is_paused() -> None:
    state = frame("job_state", state="paused", reason="a typo")
    made = course(connection(loop(1, 2)), progress(1), state)
    assert (made.state, made.reason, made.seconds_left(3)) == ("paused", "a typo", None)


def test_lines_tell_each_loop_and_each_state_once() -> None:
    told: list[str] = []
    lines, made = Lines(told.append, every_seconds=60), Course()
    frames = [
        connection(loop(1, 2), loop(2, 2)), started(1), progress(2),
        completed(1, sent=2), frame("job_state", state="paused", reason="a\x1btypo"),
        frame("job_state", state="running"), completed(2, sent=1, failed=1), over(sent=3, failed=1),
    ]  # fmt: skip
    for second, data in enumerate(frames):
        known = frame_of(data)
        assert known is not None
        made.apply(known, second)
        lines.show(made, second)
        lines.show(made, second)
        if made.end:
            break
    assert told[:-1] == [
        f"Autumn: 4 recipients in 2 loops, job {ID}",
        "0 of 4 (0 %): 0 sent, queued",
        "running",
        "loop 1/2 completed: 2 sent in 0:02, then a pause of 3 s",
        "paused: a�typo",
        "running",
        "loop 2/2 completed: 1 sent, 1 failed in 0:02",
        "completed: 3 sent, 1 failed",
    ]


def test_lines_end_with_why_messages_failed() -> None:
    told: list[str] = []
    made = course(connection(loop(1, 2)), over(sent=1, failed=1))
    made.failures = ["1 × 131026 Undeliver\x1bable"]
    Lines(told.append, every_seconds=60).show(made, 2)
    assert told[1:] == ["completed: 1 sent, 1 failed", "  1 × 131026 Undeliver�able"]


def test_lines_say_that_a_connection_was_lost_and_is_there_again() -> None:
    told: list[str] = []
    lines, made = Lines(told.append, every_seconds=60), course(connection(loop(1, 2)), started(1))
    for is_away in (False, True, True, False):
        made.is_away = is_away
        lines.show(made, 3)
    assert told[2:] == [
        "connection lost; trying again. The job goes on meanwhile.", "connected again; running",
    ]  # fmt: skip


def test_lines_say_so_often_how_far_it_is() -> None:
    told: list[str] = []
    lines, made = Lines(told.append, every_seconds=10), course(connection(loop(1, 2)))
    for second in range(25):
        lines.show(made, second)
    assert sum("0 of 2" in line for line in told) == 3


def test_what_holds_a_job_back_is_said() -> None:
    made = course(connection(loop(1, 2), limitedBy="messaging limit", limitedUntil=NOW))
    assert "as many people as Meta allows in 24 hours, until 2026-11-2" in status(made, 1)
    made = course(connection(loop(1, 2), limitedBy="something new"))
    assert status(made, 1).endswith("something new")


def test_a_canceled_job_says_how_many_were_not_sent_to() -> None:
    made = course(connection(loop(1, 5)), over("canceled", sent=2))
    assert ending(made) == "canceled: 2 sent, 3 canceled"


@pytest.mark.parametrize(("open_at", "first"), [(1, 1), (50, 47), (100, 91)])
def test_of_many_loops_those_about_the_first_open_one_are_drawn(open_at: int, first: int) -> None:
    loops = [Loop(at, 2, "completed" if at < open_at else "queued") for at in range(1, 101)]
    shown = around(loops, 10)
    assert [each.number for each in shown] == list(range(first, first + 10))


@pytest.mark.parametrize(("width", "height"), [(40, 24), (59, 12), (60, 24), (80, 24), (200, 50)])
def test_a_picture_fits_its_terminal(width: int, height: int) -> None:
    console = Console(width=width, height=height, color_system=None)
    loops = [loop(at, 20_000) for at in range(1, 40)]
    made = course(connection(*loops), started(1), progress(1, failed=1))
    made.failures = ["3 × 131026 Undeliverable, for a reason that takes many words to tell"] * 4
    with console.capture() as drawn:
        console.print(picture(made, 4, console))
    lines = drawn.get().splitlines()
    assert (len(lines) < height, max(map(len, lines)) <= width) == (True, True)
    first = next(line for line in lines if "1/39" in line)
    assert ("2 of 20000  sending" if width >= 60 else "2/20000") in first
    assert any("131026" in line for line in lines)


def test_a_bar_keeps_its_length_while_it_fills() -> None:
    console = Console(width=80, height=24, color_system=None)
    made, lengths = course(connection(loop(1, 500), loop(2, 500)), started(1)), set()
    for sent, failed in ((0, 0), (9, 0), (10, 2), (99, 12), (100, 99), (401, 99)):
        made.apply(ProgressFrame(job_id=UUID(ID), sent=sent, failed=failed, at=NOW), 2)
        with console.capture() as drawn:
            console.print(picture(made, 2, console))
        lengths.add(sum(cell in "█░" for cell in drawn.get().splitlines()[2]))
    assert len(lengths) == 1
