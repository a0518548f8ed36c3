"""A watched job as a picture on a terminal, by rich: bars of loops, a line of figures, failures."""

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.course import Course, Loop
from cli.lines import ending, state_line, status, title
from cli.words import clean, clock

_OTHER_CELLS: Final = 42  # of a line, beside its bar: name, figures, time and gaps
_OTHER_LINES: Final = 10  # two of heading, sum, status, reason, failures, the shell's
_COLORS: Final = {"completed": "green", "canceled": "dim", "running": "cyan"}


class Picture:
    """Draws in place until the job is over; what stands at last stays."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, course: Course, now: float) -> None:
        """Draw it as it is now."""
        if course.job is not None:
            self._live.update(picture(course, now, self._live.console), refresh=True)


def picture(course: Course, now: float, console: Console) -> RenderableType:
    """The job at this moment, no wider and no higher than the terminal."""
    cells = max(8, min(40, console.width - _OTHER_CELLS))
    shown = around(course.loops, max(3, console.height - _OTHER_LINES))
    rows = Table.grid(padding=(0, 2))
    whole = _bar(course.done, course.total, cells, _color(course.state))
    done = Text(f"{course.done} of {course.total}", justify="right")
    rows.add_row("all", whole, done, course.state)
    for loop in shown if len(course.loops) > 1 else []:
        name = f"loop {loop.number}/{len(course.loops)}"
        bar = _bar(loop.done, loop.size, cells, _color(loop.state))
        rows.add_row(name, bar, Text(f"{loop.done} of {loop.size}", justify="right"), _says(loop))
    return Group(*_above(course), rows, *_below(course, now))


def around(loops: list[Loop], places: int) -> list[Loop]:
    """As many loops as there are places for, those about the first open one."""
    if len(loops) <= places:
        return loops
    first_open = next(
        (at for at, loop in enumerate(loops) if loop.state != "completed"), len(loops)
    )
    begin = max(0, min(first_open - places // 3, len(loops) - places))
    return loops[begin : begin + places]


def _above(course: Course) -> list[Text]:
    assert course.job is not None
    job_id = Text(f"job {course.job.job_id}", style="dim")
    return [Text(title(course), style="bold", no_wrap=True, overflow="ellipsis"), job_id]


def _below(course: Course, now: float) -> list[Text]:
    words = ending(course) if course.end else status(course, now)
    lines = [Text(words, style="green" if course.state == "completed" else "")]
    if course.is_away or (course.reason and not course.end):
        lines.append(Text(state_line(course), style="yellow"))
    failures = (f"✗ {clean(failure)}" for failure in course.failures)
    return lines + [Text(line, style="red", no_wrap=True, overflow="ellipsis") for line in failures]


def _bar(done: int, size: int, cells: int, color: str) -> Text:
    """Full and empty differ in their characters too, for terminals without colour."""
    full = cells * done // size if size else cells
    return Text.assemble(("█" * full, color), ("░" * (cells - full), "dim"), no_wrap=True)


def _says(loop: Loop) -> str:
    wrong = loop.failed + loop.unknown
    told = f"{wrong} missed" if wrong else ""
    took = clock(loop.seconds) if loop.state == "completed" and loop.seconds is not None else ""
    sending = "sending" if loop.state == "running" else ""
    return ", ".join(part for part in (took or sending, told) if part)


def _color(state: str) -> str:
    return _COLORS.get(state, "yellow")
