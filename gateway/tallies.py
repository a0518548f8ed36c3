"""Counters of many jobs as totals and shares. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from gateway.rows import FiguresRow
from schemas import truth_api as api

_COUNTED: Final = (
    "jobs", "messages", "queued", "sending", "sent", "delivered", "read", "failed", "unknown",
    "skipped", "deferred", "canceled",
)  # fmt: skip


def rates(*, sent: int, delivered: int, read: int, failed: int) -> api.Rates:
    """Of what Meta accepted: delivered; of that: read; of all that it answered: refused."""
    return api.Rates(
        delivered_rate=_share(delivered, sent),
        read_rate=_share(read, delivered),
        failed_rate=_share(failed, sent + failed),
    )


def totals(rows: Iterable[FiguresRow]) -> api.Figures:
    """All rows as one."""
    listed = list(rows)
    return api.Figures(**_figures({n: sum(getattr(row, n) for row in listed) for n in _COUNTED}))


def listed(row: FiguresRow, days: Sequence[date]) -> api.DayFigures:
    """A row of the answer; `days` are those that the row's number counts."""
    named: dict[str, Any] = {}
    if row.day is not None:
        named["day"] = days[row.day - 1]
    if row.phone_number_id is not None:
        named["phone_number_id"] = row.phone_number_id
    return api.DayFigures(**_figures({name: getattr(row, name) for name in _COUNTED}), **named)


def _figures(counts: dict[str, int]) -> dict[str, Any]:
    of = {name: counts[name] for name in ("sent", "delivered", "read", "failed")}
    shares = rates(**of)
    return counts | {name: getattr(shares, name) for name in shares.__struct_fields__}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
