"""A watched job from its frames: counts, rate, time left, and how both views show it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from rich.console import Console

from cli.course import Course, Loop, frame_of
from cli.lines import Lines, ending, status
from cli.picture import around, picture

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


def sent(number: int, seq: int) -> bytes:
    counts = {"sent": seq, "failed": 0}
    return frame("message_sent", loopIndex=number, batchIndex=number - 1, seq=seq, to="4915",
                 messageId="wamid", **counts)  # fmt: skip


def failed(number: int, seq: int) -> bytes:
    error = {"code": 131026, "title": "Message undeliverable"}
    return frame("message_failed", loopIndex=number, batchIndex=number - 1, seq=seq, to="4915",
                 error=error, sent=0, failed=1)  # fmt: skip


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
        connection(loop(1, 2), loop(2, 2)), started(1), sent(1, 1), failed(1, 2),
        completed(1, sent=1, failed=1), started(2), sent(2, 3),
    )  # fmt: skip
    assert (made.state, made.done, made.total) == ("running", 3, 4)
    assert [each.done for each in made.loops] == [2, 1]
    assert (made.counts["sent"], made.counts["failed"]) == (2, 1)
    assert list(made.failures) == ["4915: 131026 Message undeliverable"]


def test_a_snapshot_after_a_lost_connection_counts_nothing_twice() -> None:
    again = connection(loop(1, 2, sent=2, state="completed"), loop(2, 2, sent=1, state="running"))
    made = course(connection(loop(1, 2), loop(2, 2)), sent(1, 1), again, sent(2, 4))
    assert (made.done, made.counts["sent"]) == (4, 4)


def test_the_rate_is_that_of_the_loop_and_lasts_over_its_pause() -> None:
    made = course(connection(loop(1, 2), loop(2, 2)), started(1), sent(1, 1), sent(1, 2))
    assert made.rate(4) == 1.0
    made = course(
        connection(loop(1, 2), loop(2, 2)), started(1), sent(1, 1), sent(1, 2),
        completed(1, sent=2),
    )  # fmt: skip
    assert made.pause_left(5) == 2.0
    assert made.rate(5) == 0.0
    assert made.seconds_left(5) == 3.0  # two messages at 2/s, as last measured, and the pause


def test_nobody_foretells_the_end_of_a_job_that_is_paused() -> None:
    state = frame("job_state", state="paused", reason="a typo")
    made = course(connection(loop(1, 2)), sent(1, 1), state)
    assert (made.state, made.reason, made.seconds_left(3)) == ("paused", "a typo", None)


def test_lines_tell_each_loop_and_each_state_once() -> None:
    told: list[str] = []
    lines, made = Lines(told.append, every_seconds=60), Course()
    frames = [
        connection(loop(1, 2), loop(2, 2)), started(1), sent(1, 1), sent(1, 2),
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


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_picture_fits_its_terminal(width: int) -> None:
    console = Console(width=width, height=24, record=True, no_color=True, force_terminal=True)
    loops = [loop(at, 20_000) for at in range(1, 40)]
    made = course(connection(*loops), started(1), sent(1, 1), failed(1, 2))
    with console.capture() as drawn:
        console.print(picture(made, 4, console))
    lines = drawn.get().splitlines()
    assert len(lines) <= 24
    assert any("loop 1/39" in line and "sending" in line for line in lines)
    assert any("131026" in line for line in lines)
