"""What the gateway's parts tell Prometheus: series from the start, and how full they are."""

from collections.abc import Iterable
from typing import Final

import asyncpg

from gateway.intake import MOST_WAITING
from gateway.parts import MOST_INSIDE, Parts
from gateway.store import LedgerUnavailable
from plumbing.broker import Unavailable
from plumbing.condition import Answers
from schemas.metrics import (
    REQUEST_SECONDS,
    REQUESTS,
    STREAM_READERS_LIMIT,
    SUBMISSIONS,
    SUBMISSIONS_LIMIT,
    WEBHOOKS_WAITING,
    WEBHOOKS_WAITING_LIMIT,
)

NO_ROUTE: Final = "none"
STATUSES: Final = ("2xx", "4xx", "5xx")


def show(parts: Parts, paths: Iterable[str], *, most_streams: int) -> None:
    """Each scrape reads the parts themselves: nothing has to be kept up to date."""
    meters = parts.meters
    for path in (*paths, NO_ROUTE):
        meters[REQUEST_SECONDS].labels(path)
        for status in STATUSES:
            meters[REQUESTS].labels(path, status)
    meters[SUBMISSIONS_LIMIT].set(MOST_INSIDE)
    meters[SUBMISSIONS].set_function(lambda: float(parts.admission.inside))
    meters[WEBHOOKS_WAITING_LIMIT].set(MOST_WAITING)
    meters[WEBHOOKS_WAITING].set_function(lambda: float(parts.intake.waiting))
    meters[STREAM_READERS_LIMIT].set(most_streams)


def questions(parts: Parts) -> dict[str, Answers]:
    """Whether PostgreSQL and JetStream answer, as readiness asks them."""

    async def postgres() -> bool:
        try:
            await parts.store.check()
        except (LedgerUnavailable, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def nats() -> bool:
        try:
            await parts.broker.check()
        except Unavailable:
            return False
        return True

    return {"postgres": postgres, "nats": nats}
