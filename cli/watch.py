"""`loopcast watch`: a job shown as it goes, to its end."""

import argparse
import asyncio
import contextlib
import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from cli.answers import Answered, No, Refused, Unreachable
from cli.client import GLANCE, Api, of_job
from cli.course import Course, frame_of
from cli.exits import Exit, of_end
from cli.following import Following
from cli.lines import Lines
from cli.screen import Screen
from schemas.api import JobView
from schemas.events import JobCompleted

_LOOK_SECONDS: Final = 3.0  # what holds a silent job back, its frames do not say
_REASONS_SECONDS: Final = 5.0  # nor why messages failed; the gateway counts that over all of them
_DRAW_SECONDS: Final = 0.2


class View(Protocol):
    """Shows how far a job is, whenever `show` is called."""

    def show(self, course: Course, now: float) -> None: ...


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """The command."""
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    return await follow(api, screen, options, job_id)


async def follow(api: Api, screen: Screen, options: argparse.Namespace, job_id: str) -> Exit:
    """Watch a job to its end, as the options want it shown."""
    does = _pass_on if options.json else _show
    try:
        code = await does(api, screen, options, job_id)
    except asyncio.CancelledError:  # Ctrl-C
        screen.interrupted("No longer watched. The job goes on; to watch it again:")
        screen.say(f"  loopcast watch {job_id}")
        raise
    if code is Exit.MISSED:
        screen.say(f"Who, why, and what to do: loopcast job {job_id}")
    return code


async def newest(api: Api, job: str) -> str | No:
    """A job's id; `last` is that of the newest."""
    if job != "last":
        return job
    answer = await api.ask("GET", "/api/bulk/jobs", query={"limit": "1"})
    if not isinstance(answer, Answered):
        return answer
    jobs = msgspec.json.decode(answer.body, type=_Newest).jobs
    if jobs:
        return jobs[0].job_id
    return Refused(status=404, error="Job not found", message="There is no job yet: `loopcast send`"
                   " makes the first.")  # fmt: skip


class _Identified(msgspec.Struct, frozen=True, rename="camel"):
    job_id: str


class _Newest(msgspec.Struct, frozen=True):
    jobs: list[_Identified]


async def _show(api: Api, screen: Screen, options: argparse.Namespace, job_id: str) -> Exit:
    """Frames are taken in and the job is drawn side by side, until either is over."""
    course = Course()
    with _view(screen, options) as view:
        following = Following(api, job_id, whole=False)
        looking = _Looking(course, api, job_id)
        taking = asyncio.create_task(_take_in(following, course, options))
        drawing = asyncio.create_task(_draw(view, course, looking))
        tasks: set[asyncio.Task[Any]] = {taking, drawing}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over = {task for task in tasks if task.done()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if drawing in over:  # it never ends by itself: whoever reads has read enough
            await drawing
        ended = await taking
        if course.end and course.end.failed:
            await looking.look()
        view.show(course, time.monotonic())
    return ended if isinstance(ended, Exit) else screen.no(ended)


async def _take_in(following: Following, course: Course, options: argparse.Namespace) -> Exit | No:
    """Frames into the course until it ends; then what it comes to."""
    last: No = Unreachable(following.api.url, "it said nothing")
    async for data in following.frames():
        if not isinstance(data, bytes):
            last, course.is_away = data, True
            continue
        course.is_away = False
        if frame := frame_of(data):
            course.apply(frame, time.monotonic())
        if course.end:
            return _end_of(course.end)
        if options.until_paused and course.state == "paused":
            return Exit.PAUSED
    return last


async def _pass_on(api: Api, screen: Screen, options: argparse.Namespace, job_id: str) -> Exit:
    """The frames as they come, one a line."""
    last: No = Unreachable(api.url, "it said nothing")
    course = Course()
    async for data in Following(api, job_id, whole=True).frames():
        if not isinstance(data, bytes):
            last = data
            continue
        screen.put(data.decode())
        match frame := frame_of(data):
            case JobCompleted():
                return _end_of(frame)
            case None:
                continue
            case _:
                course.apply(frame, time.monotonic())
        if options.until_paused and course.state == "paused":
            return Exit.PAUSED
    return screen.no(last)


def _end_of(end: JobCompleted) -> Exit:
    return of_end(end.state, end.failed + end.unknown)


async def _draw(view: View, course: Course, looking: "_Looking") -> None:
    """Show it a few times a second."""
    while True:
        if course.job and not course.is_away:
            await looking.look_if_due(time.monotonic())
        view.show(course, time.monotonic())
        await asyncio.sleep(_DRAW_SECONDS)


@dataclass
class _Looking:
    """Looks at the job itself, for what its frames do not say."""

    course: Course
    api: Api
    job_id: str
    done: int = -1
    failed: int = 0
    moved_at: float = 0.0
    looked_at: float = 0.0

    async def look_if_due(self, now: float) -> None:
        """When nothing moves: what holds it back. When more have failed: why."""
        course = self.course
        if course.done != self.done:
            self.done, self.moved_at = course.done, now
            if course.limited_by != "rate":
                course.limited_by = course.limited_until = None
        is_silent = now >= max(self.moved_at, self.looked_at) + _LOOK_SECONDS
        fails = course.counts["failed"] != self.failed
        if is_silent or (fails and now >= self.looked_at + _REASONS_SECONDS):
            self.failed = course.counts["failed"]
            await self.look()

    async def look(self) -> None:
        """What does not come is no matter: the frames go on."""
        answer = await self.api.ask("GET", of_job(self.job_id), timeout=GLANCE)
        if isinstance(answer, Answered):
            self.course.look(msgspec.json.decode(answer.body, type=JobView))
        self.looked_at = time.monotonic()


@contextlib.contextmanager
def _view(screen: Screen, options: argparse.Namespace) -> Iterator[View]:
    """A picture where one can be drawn, else lines. Servers have no rich, and need none."""
    is_drawn = screen.can_draw and not options.plain and importlib.util.find_spec("rich")
    if not is_drawn:
        yield Lines(screen.put, options.every)
        return
    from rich.console import Console  # noqa: PLC0415 - of the extra `local`
    from rich.live import Live  # noqa: PLC0415

    from cli.picture import Picture  # noqa: PLC0415

    console = Console(file=screen.out, highlight=False)
    with Live(console=console, auto_refresh=False) as live:
        yield Picture(live)
