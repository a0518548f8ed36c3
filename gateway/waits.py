"""What a job waits for just now, as people are told it. Pure."""

from datetime import datetime
from typing import Final

from gateway.store import JobRow
from schemas.states import JobState, Wanted

SCHEDULE: Final = "schedule"
WINDOW: Final = "window"
_RESTS: Final = ("window", "pause", "retry", "throttled", "unreachable")


def limit_of(row: JobRow, now: datetime) -> tuple[str | None, datetime | None]:
    """What holds the job back and until when, where that is known.

    Its start comes before its window, and both before what a daemon wrote last.
    """
    if until := _planned_for(row, now):
        by = row.limited_by if row.limited_by in _RESTS else WINDOW
        return (SCHEDULE if until == row.scheduled_at else by), until
    return row.limited_by, row.limited_until


def _planned_for(row: JobRow, now: datetime) -> datetime | None:
    """When the job is due, if it would go then by itself."""
    goes_by_itself = row.state in (JobState.QUEUED, JobState.RUNNING) or (
        row.state == JobState.PAUSED
        and row.wanted == Wanted.RUN
        and row.wanted_no > row.followed_no
    )
    due = max((at for at in (row.scheduled_at, row.rests_until) if at), default=None)
    return due if goes_by_itself and due and due > now else None
