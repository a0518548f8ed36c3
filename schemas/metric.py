"""What a metric is: its name, what it means, its labels, and the closed set of their values."""

from enum import StrEnum
from typing import Final

import msgspec

LATENCY_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric; a unit in each name, no label for a job, a recipient or a path with ids.

    `is_fleetwide`: read from PostgreSQL or JetStream, so that each daemon says the same: take the
    maximum of them, never the sum.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()  # label values whose series exist from the start
    buckets: tuple[float, ...] = ()
    is_fleetwide: bool = False


def each(*values: str) -> tuple[tuple[str, ...], ...]:
    """The values of a single label."""
    return tuple((value,) for value in values)
