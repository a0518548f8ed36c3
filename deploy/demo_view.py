"""How the demo shows a campaign: live bars on a terminal, plain lines elsewhere."""

import time
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.campaign import Campaign, Ledger, Loop, ideal_seconds

_BAR_CELLS: Final = 40


class View(Protocol):
    """Shows how far a campaign is, whenever `show` is called."""

    every_seconds: float

    def show(self, campaign: Campaign, now: float) -> None: ...


class LiveView:
    """A bar a loop and a line of figures, drawn in place."""

    every_seconds = 0.1

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, campaign: Campaign, now: float) -> None:
        self._live.update(picture(campaign, now), refresh=True)


class PlainView:
    """A line every two seconds, and one for each completed loop."""

    every_seconds = 0.1

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[int] = set()
        self._next = 0.0

    def show(self, campaign: Campaign, now: float) -> None:
        for loop in campaign.loops:
            if loop.completed and loop.number not in self._told:
                self._told.add(loop.number)
                self._print(loop_line(loop, len(campaign.loops)))
        if now >= self._next and not campaign.completed:
            self._next = now + 2
            self._print(status_line(campaign, now))

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)


def picture(campaign: Campaign, now: float) -> RenderableType:
    """The campaign at this moment, for a terminal."""
    bars = Table.grid(padding=(0, 2))
    for loop in campaign.loops:
        name = f"loop {loop.number}/{len(campaign.loops)}"
        bars.add_row(name, _bar(loop), f"{loop.done:>4} of {loop.size}", _state(loop))
    return Group(bars, Text(status_line(campaign, now)))


def status_line(campaign: Campaign, now: float) -> str:
    """`sent 240, failed 0, 9.9/s, 0:28 left`, and the pause while there is one."""
    left = campaign.seconds_left(now)
    parts = [f"sent {campaign.sent}", f"failed {campaign.failed}"]
    if campaign.unknown:
        parts.append(f"unknown {campaign.unknown}")
    parts.append(f"{campaign.rate(now):.1f}/s")
    if left is not None:
        parts.append(f"{_clock(left)} left")
    pause = campaign.pause_left(now)
    if pause:
        parts.append(f"pause: next loop in {pause:.1f} s")
    return ", ".join(parts)


def loop_line(loop: Loop, loops: int) -> str:
    """`loop 1/3 completed: 200 sent, 0 failed in 19.9 s (10.0/s), then a pause of 2 s`."""
    told = loop.completed
    assert told is not None
    unknown = f", {told.unknown} unknown" if told.unknown else ""
    line = (
        f"loop {loop.number}/{loops} completed: {told.sent} sent, {told.failed} failed{unknown}"
        f" in {told.duration_ms / 1000:.1f} s ({told.rate_per_second:.1f}/s)"
    )
    return line + (f", then a pause of {told.pause_ms / 1000:g} s" if told.pause_ms else "")


def summary(campaign: Campaign) -> Table:
    """What came of it, a row a loop; `unknown` has a column when there is any."""
    table = Table(title="Campaign “Demo”", title_justify="left")
    outcomes = ("sent", "failed", "unknown") if campaign.unknown else ("sent", "failed")
    for name in ("loop", "size", *outcomes, "seconds", "per second", "pause after"):
        table.add_column(name, justify="right")
    for loop in campaign.loops:
        if told := loop.completed:
            pause = f"{told.pause_ms / 1000:g} s" if told.pause_ms else "none"
            seconds, rate = f"{told.duration_ms / 1000:.1f}", f"{told.rate_per_second:.1f}"
            counts = [getattr(told, outcome) for outcome in outcomes]
            cells = (loop.number, loop.size, *counts, seconds, rate, pause)
            table.add_row(*map(str, cells))
    return table


def proof(campaign: Campaign, ledger: Ledger) -> str:
    """The time it took against the ideal, and the sandbox's word for who got what."""
    took = (campaign.ended or time.monotonic()) - campaign.began
    ideal = ideal_seconds(campaign.total, campaign.pace)
    twice = len(ledger.repeated) or "nobody"
    duration = f"{took:.1f} s from the submission to the end; at best it takes {ideal:g} s."
    return (
        f"{duration}\nThe sandbox's ledger: {ledger.accepted} accepted sends,"
        f" {ledger.recipients} different recipients, {twice} twice."
    )


def _bar(loop: Loop) -> Text:
    """Full and empty differ in their characters too, for terminals without colour."""
    full = _BAR_CELLS * loop.done // loop.size
    style = "green" if loop.done == loop.size else "cyan"
    return Text.assemble(("█" * full, style), ("░" * (_BAR_CELLS - full), "dim"))


def _state(loop: Loop) -> str:
    if loop.completed:
        unknown = f", {loop.unknown} unknown" if loop.unknown else ""
        return f"{loop.completed.duration_ms / 1000:.1f} s{unknown}"
    return "sending" if loop.done else ""


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
