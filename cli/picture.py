"""A watched job as a picture on a terminal, by rich: bars of loops, a line of figures, failures."""

from dataclasses import dataclass, replace
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.course import Course, Loop
from cli.lines import ending, state_line, status, title
from cli.words import clean, clock

_COLORS: Final = {"completed": "green", "canceled": "dim", "running": "cyan"}
_NARROW: Final = 60  # columns; below, words make room for bars
_MOST_CELLS: Final = 40
_GAP: Final = 2
_LONGEST: Final = "sending, 99 missed"  # nearly always; room is kept for it


class Picture:
    """Draws in place until the job is over; what stands at last stays."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._size = live.console.size

    def show(self, course: Course, now: float) -> None:
        """Draw it as it is now."""
        if course.job is None:
            return
        console = self._live.console
        if console.size != self._size:  # the terminal has broken the lines that were drawn anew
            self._size = console.size
            console.control(Control.clear(), Control.home())
        self._live.update(picture(course, now, console), refresh=True)


def picture(course: Course, now: float, console: Console) -> RenderableType:
    """The job at this moment, no wider and no higher than the terminal."""
    above, below = _above(course), _below(course, now)
    high = sum(len(line.wrap(console, console.width)) for line in [*above, *below])
    places = max(1, console.height - high - 2)  # the sum of all, and the line of the cursor
    shown = around(course.loops, places) if len(course.loops) > 1 else []
    lines = [_Line("all", course.done, course.total, course.state, course.state)]
    lines += [_line(loop, course, is_narrow=console.width < _NARROW) for loop in shown]
    return Group(*above, _table(lines, console.width), *below)


@dataclass(frozen=True)
class _Line:
    name: str
    done: int
    size: int
    state: str
    says: str

    def figures(self, *, is_narrow: bool) -> str:
        return f"{self.done}/{self.size}" if is_narrow else f"{self.done} of {self.size}"


def _line(loop: Loop, course: Course, *, is_narrow: bool) -> _Line:
    name = f"{loop.number}/{len(course.loops)}"
    says = _says(loop)
    return _Line(name if is_narrow else f"loop {name}", loop.done, loop.size, loop.state, says)


def _table(lines: list[_Line], width: int) -> Table:
    """Bars take what words leave. The room of words does not change from one moment to the next:
    a bar that changes its length is no bar.
    """
    is_narrow = width < _NARROW
    names = max(len(line.name) for line in lines)
    figures = max(len(replace(line, done=line.size).figures(is_narrow=is_narrow)) for line in lines)
    words = 0 if is_narrow else max(len(_LONGEST), *(len(line.says) for line in lines))
    cells = max(4, min(_MOST_CELLS, width - names - figures - words - _GAP * (3 - is_narrow)))
    table = Table.grid(padding=(0, _GAP))
    for line in lines:
        bar = _bar(line.done, line.size, cells, _color(line.state))
        told = line.figures(is_narrow=is_narrow).rjust(figures)
        row = (line.name, bar, told) if is_narrow else (line.name, bar, told, line.says)
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table


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
