"""A watched job as lines: for pipes, files and terminals that draw nothing. Pure, but for `put`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from cli.course import Course, Loop
from cli.words import clean, clock, count, label, limit, told


@dataclass
class Lines:
    """A line for each completed loop and each change of state, and every so often how far it is."""

    put: Callable[[str], None]
    every_seconds: float
    _told_loops: int = 0
    _told_state: tuple[str, bool] | None = None
    _next: float | None = None

    def show(self, course: Course, now: float) -> None:
        """Print what is new."""
        if course.job is None:
            return
        if self._told_state is None:
            self.put(heading(course))
        for line in self._news(course):
            self.put(line)
        if course.end:
            self.put(ending(course))
            for failure in course.failures:
                self.put(f"  {clean(failure)}")
        elif self._next is None or now >= self._next:
            self._next = now + self.every_seconds
            self.put(status(course, now))

    def _news(self, course: Course) -> Iterator[str]:
        if (state := (course.state, course.is_away)) != self._told_state:
            if (self._told_state is not None or course.is_away) and not course.end:
                is_back = self._told_state is not None and self._told_state[1] > course.is_away
                yield ("connected again; " if is_back else "") + state_line(course)
            self._told_state = state
        for number in course.completed[self._told_loops :]:
            yield loop_line(course.loops[number - 1], len(course.loops))
        self._told_loops = len(course.completed)


def heading(course: Course) -> str:
    """`Welcome, November: 500 recipients in 3 loops, job 6f1c…`."""
    assert course.job is not None
    return f"{title(course)}, job {course.job.job_id}"


def title(course: Course) -> str:
    """The same without the job's id."""
    job = course.job
    assert job is not None
    size = f"{count(job.total_recipients, 'recipient')} in {count(job.total_loops, 'loop')}"
    return f"{label(job)}: {size}"


def state_line(course: Course) -> str:
    """`paused: a typo in the text`."""
    if course.is_away:
        return "connection lost; trying again. The job goes on meanwhile."
    reason = clean(course.reason or "")
    if reason.lower().startswith(course.state):  # `Paused: a typo in the text`
        return reason[0].lower() + reason[1:]
    return f"{course.state}: {reason}" if reason else course.state


def loop_line(loop: Loop, loops: int) -> str:
    """`loop 1/3 completed: 199 sent, 1 failed in 0:20, then a pause of 2 s`."""
    took = f" in {clock(loop.seconds)}" if loop.seconds is not None else ""
    pause = f", then a pause of {loop.pause_ms / 1000:g} s" if loop.pause_ms else ""
    return f"loop {loop.number}/{loops} completed: {told(loop.counts)}{took}{pause}"


def status(course: Course, now: float) -> str:
    """`240 of 500 (48 %): 239 sent, 1 failed, 9.9/s, 0:28 left`, and what holds it back."""
    percent = 100 * course.done // course.total if course.total else 100
    parts = [f"{course.done} of {course.total} ({percent} %): {told(course.counts)}"]
    if course.state != "running":
        parts.append(course.state)
    if rate := course.rate(now):
        parts.append(f"{rate:.1f}/s")
    left = course.seconds_left(now)
    if left is not None:
        parts.append(f"{clock(left)} left")
    return ", ".join(parts + _held(course, now))


def ending(course: Course) -> str:
    """`completed: 499 sent, 1 failed`, and why, where nothing was sent."""
    end = course.end
    assert end is not None
    counts = {"sent": end.sent, "failed": end.failed, "unknown": end.unknown,
              "skipped": end.skipped}  # fmt: skip
    canceled = max(0, course.total - sum(counts.values())) if end.state == "canceled" else 0
    reason = f". {clean(end.error)}" if end.error else ""
    return f"{end.state}: {told(counts | {'canceled': canceled})}{reason}"


def _held(course: Course, now: float) -> list[str]:
    pause = course.measure.pause_left(now)
    if pause and course.state == "running":
        return [f"next loop in {ceil(pause)} s"]
    words = limit(course.limited_by, course.limited_until)
    return [words] if words and course.state in {"running", "queued"} else []
