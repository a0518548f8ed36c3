"""Vital signs: the parts that have to get on for as long as a process lives, and which one hangs.

A part that waits for work rests, and may rest for ever. One that has work shows a sign of life
whenever it gets on, and also when what it needs is away and it tries again: an outage of
PostgreSQL, NATS or Meta is no hang, because starting the process anew would not end it. A part
that has work and shows no sign for as long as its deadline hangs.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec


class Part(StrEnum):
    """What must get on, by the name that /healthz and the log give it."""

    # daemon
    LANE = "lane"  # a turn that is held, from its delivery to its return
    REQUEST = "request to Meta"
    LEDGER = "ledger"  # the writer of a turn's claims and outcomes
    MERGER = "merger of receipts"
    PROGRESS = "publisher of progress"
    PRESENCE = "session with PostgreSQL"
    SWEEPER = "sweeper"
    CLOSER = "closer"
    WISHES = "follower of wishes"
    STARTER = "starter of jobs"

    # gateway
    FOLLOWER = "follower of events"
    INTAKE = "intake of webhooks"

    # both
    PULLER = "puller"


# The longest that one step may take where all goes wrong at once. A statement ends within 30 s:
# 10 to connect, 15 to run, 5 to be canceled. A request to NATS ends within 15 s, when the client
# has noticed that a connection is dead. Twice that, because steps are not cut to single statements.
STATEMENTS_SECONDS: Final = 60.0
REQUESTS_SECONDS: Final = 30.0

DEADLINE_SECONDS: Final = {
    Part.LANE: STATEMENTS_SECONDS,  # beyond the time that an answer of Meta's may take
    Part.REQUEST: REQUESTS_SECONDS,  # so, too
    Part.LEDGER: STATEMENTS_SECONDS,
    Part.MERGER: STATEMENTS_SECONDS,
    Part.PROGRESS: REQUESTS_SECONDS,
    Part.PRESENCE: REQUESTS_SECONDS,  # its statements end within 5 s
    Part.SWEEPER: STATEMENTS_SECONDS,
    Part.CLOSER: STATEMENTS_SECONDS,
    Part.WISHES: STATEMENTS_SECONDS,
    Part.STARTER: STATEMENTS_SECONDS,
    Part.FOLLOWER: REQUESTS_SECONDS,
    Part.INTAKE: REQUESTS_SECONDS,
    Part.PULLER: REQUESTS_SECONDS,
}

# Parts that may have to queue for a connection of the pool while PostgreSQL is away or stuck: no
# deadline covers that, so their clocks start anew with each sign that it is.
LEAN_ON_POSTGRES: Final = frozenset(
    (Part.LANE, Part.LEDGER, Part.MERGER, Part.SWEEPER, Part.CLOSER, Part.WISHES, Part.STARTER)
)


class Sign(msgspec.Struct, frozen=True):
    """The last sign of life of a part that has work."""

    name: str
    at: float  # seconds of a clock that never goes back
    deadline_seconds: float


class Hung(msgspec.Struct, frozen=True):
    """A part that hangs, and since when nothing was seen of it."""

    name: str
    seconds: float


def hung(signs: Iterable[Sign], now: float) -> list[Hung]:
    """Which parts hang at `now`, the one that has hung longest first."""
    silent = [(sign, now - sign.at) for sign in signs]
    late = [Hung(sign.name, seconds) for sign, seconds in silent if seconds > sign.deadline_seconds]
    return sorted(late, key=lambda part: -part.seconds)
