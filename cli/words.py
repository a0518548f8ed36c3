"""Figures and times as people read them. Pure."""

import re
from datetime import datetime
from typing import Any, Final

import msgspec

from schemas.api import JobSummary

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LIMITS: Final = {
    "rate": "as fast as it may",
    "latency": "Meta answers slowly",
    "throttled": "Meta said too fast",
    "messaging limit": "as many people as Meta allows in 24 hours",
    "unreachable": "no connection to Meta",
    "retry": "what is left waits to be tried again",
    "pause": "between two loops",
    "schedule": "it is not yet time",
    "window": "outside of its hours",
}


def clean(text: str) -> str:
    """Without control characters: what others wrote moves no cursor and colours nothing."""
    return _CONTROLS.sub("�", text)


def clock(seconds: float) -> str:
    """`0:28`, `12:05`, `3:07:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def at(moment: datetime) -> str:
    """On the clock of this machine: `2026-11-23 20:36:31`."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def count(number: int, noun: str) -> str:
    """`1 recipient`, `500 recipients`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def told(counts: dict[str, int]) -> str:
    """`240 sent, 1 failed`: sent always, the others where there are any."""
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n or name == "sent")


def label(job: JobSummary) -> str:
    """What a person knows a job by."""
    return clean(job.campaign_name or job.campaign_id or job.template or "free text")


def limit(limited_by: str | None, until: datetime | None) -> str:
    """What holds a job back, in words; empty while nothing does but its rate."""
    if limited_by in {None, "rate"}:
        return ""
    words = LIMITS.get(limited_by or "", limited_by or "")
    return f"{words}, until {at(until)}" if until else words


def of_answer(value: Any, name: str) -> Any:
    """A field of an answer that may be absent."""
    found = getattr(value, name)
    return None if found is msgspec.UNSET else found
