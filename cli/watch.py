"""`loopcast watch`: a job's event stream, followed to its end over broken connections."""

import argparse
import asyncio
import contextlib
import importlib.util
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
import msgspec

from cli.answers import Answered, No, Refused, Unreachable
from cli.client import STREAM, Api, why
from cli.course import Course, frame_of
from cli.exits import Exit, of_end
from cli.lines import Lines
from cli.screen import Screen
from schemas.api import JobSummary
from schemas.events import JobCompleted

_AGAIN_AFTER_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 300.0  # without any connection; the job goes on, and so may people
_LOOK_SECONDS: Final = 3.0  # what holds a silent job back, its frames do not say
_DRAW_SECONDS: Final = 0.2


class View(Protocol):
    """Shows how far a job is, whenever `show` is called."""

    def show(self, course: Course, now: float) -> None: ...


@dataclass
class Following:
    """One watched job, over as many connections as it takes."""

    api: Api
    job_id: str
    comes_back: bool  # by the last id, so that no frame is missed; else a snapshot will do
    last_id: str = ""
    away_since: float | None = None

    async def frames(self) -> AsyncIterator[bytes | No]:
        """Each frame as it came; an Unreachable is a lost connection, unless it is the last.

        Ends with the job, with a Refused, or when there was no connection for too long.
        """
        was_there = False
        while True:
            try:
                async for frame in self._connection():
                    was_there, self.away_since = True, None
                    yield frame
                    if isinstance(frame, Refused) and frame.status != 503:
                        return
                lost = Unreachable(self.api.url, "the connection was closed")
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                lost = Unreachable(self.api.url, why(error))
            yield lost
            if not was_there or self._is_too_long():
                return
            await asyncio.sleep(_AGAIN_AFTER_SECONDS)

    def _is_too_long(self) -> bool:
        now = time.monotonic()
        self.away_since = now if self.away_since is None else self.away_since
        return now - self.away_since > _PATIENCE_SECONDS

    async def _connection(self) -> AsyncIterator[bytes | Refused]:
        is_back = self.comes_back and self.last_id
        headers = {"Last-Event-ID": self.last_id} if is_back else None
        path = f"/api/bulk/realtime/{self.job_id}"
        async with self.api.opened(path, headers=headers, timeout=STREAM) as answer:
            if isinstance(answer, Refused):
                yield answer
                return
            async for line in answer.content:
                name, _, value = line.rstrip(b"\r\n").partition(b": ")
                if name == b"id":
                    self.last_id = value.decode()
                elif name == b"data":
                    yield value


async def run(api: Api, screen: Screen, options: argparse.Namespace) -> Exit:
    """The command."""
    job_id = await newest(api, options.job)
    if not isinstance(job_id, str):
        return screen.no(job_id)
    return await follow(api, screen, options, job_id)


async def follow(api: Api, screen: Screen, options: argparse.Namespace, job_id: str) -> Exit:
    """Watch a job to its end, as the options want it shown."""
    if options.json:
        return await _pass_on(api, screen, options, job_id)
    course = Course()
    with _view(screen, options) as view:
        following = Following(api, job_id, comes_back=False)
        taking = asyncio.create_task(_take_in(following, course, options))
        drawing = asyncio.create_task(_draw(view, course, api, job_id))
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
        view.show(course, time.monotonic())
    return ended if isinstance(ended, Exit) else screen.no(ended)


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
    async for data in Following(api, job_id, comes_back=True).frames():
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


async def _draw(view: View, course: Course, api: Api, job_id: str) -> None:
    """Show it a few times a second; when nothing moves, ask what holds it back."""
    looked, done = time.monotonic(), -1
    while True:
        now = time.monotonic()
        if course.done != done:
            looked, done = now, course.done
            if course.limited_by != "rate":
                course.limited_by = course.limited_until = None
        elif now >= looked + _LOOK_SECONDS and course.job and not course.is_away:
            await _look(course, api, job_id)
            looked = time.monotonic()
        view.show(course, now)
        await asyncio.sleep(_DRAW_SECONDS)


async def _look(course: Course, api: Api, job_id: str) -> None:
    answer = await api.ask("GET", f"/api/bulk/job/{job_id}")
    if isinstance(answer, Answered):
        course.look(msgspec.json.decode(answer.body, type=JobSummary))


@contextlib.contextmanager
def _view(screen: Screen, options: argparse.Namespace) -> Iterator[View]:
    """A picture where one can be drawn, else lines. Servers have no rich, and need none."""
    is_drawn = screen.out.isatty() and not options.plain and importlib.util.find_spec("rich")
    if not is_drawn:
        yield Lines(screen.put, options.every)
        return
    from rich.console import Console  # noqa: PLC0415 - of the extra `local`
    from rich.live import Live  # noqa: PLC0415

    from cli.picture import Picture  # noqa: PLC0415

    console = Console(file=screen.out, highlight=False)
    with Live(console=console, auto_refresh=False) as live:
        yield Picture(live)
