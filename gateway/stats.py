"""Totals and rates over many jobs, by day and by sending number."""

from datetime import UTC, datetime

from aiohttp import web

from gateway import tallies
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.days import period_of
from gateway.errors import Refusal
from gateway.parts import PARTS
from schemas import truth_api as api


async def read(request: web.Request) -> web.Response:
    """`GET /api/bulk/stats?from&to&zone&by`: the asker's own jobs, by the day they began on."""
    period = period_of(request.query, datetime.now(UTC))
    if isinstance(period, Refusal):
        return refused(period)
    rows = await request.app[PARTS].truth.figures(
        owner_of(request), period.bounds,
        by_day="day" in period.by, by_number="number" in period.by,
    )  # fmt: skip
    days = period.days
    return answer(
        api.Stats(
            first=period.first,
            last=period.last,
            zone=period.zone.name,
            by=list(period.by),
            totals=tallies.totals(rows),
            rows=[tallies.listed(row, days) for row in rows],
        )
    )
