"""What a panel is, and the expressions that panels are made of."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

FILTER: Final = 'job=~"$job", instance=~"$instance"'  # the variables at the top of the dashboard
WINDOW: Final = "$__rate_interval"

# The same thing has the same color in every panel.
OUTCOMES: Final = {
    "accepted": "green", "refused": "red", "throttled": "orange", "unknown": "purple",
    "not_written": "blue", "held_back": "text",
}  # fmt: skip
STATES: Final = {
    "queued": "blue", "sending": "light-blue", "sent": "green", "delivered": "semi-dark-green",
    "read": "dark-green", "failed": "red", "unknown": "purple", "skipped": "yellow",
    "canceled": "text",
}  # fmt: skip
STATUSES: Final = {"2xx": "green", "4xx": "yellow", "5xx": "red"}


class Look(Enum):
    """How a panel shows its figures."""

    NUMBER = "number"
    LINES = "lines"
    STACK = "stack"
    STATES = "states"  # 1 is well, 0 is not, over time


class Query(msgspec.Struct, frozen=True):
    """An expression, and what its lines are called."""

    expr: str
    legend: str


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """`unit` is Grafana's id of it; `bad_from`, `bad_below`: where it turns red. `alert` has a
    paragraph in docs/runbooks.md.
    """

    title: str
    says: str
    queries: tuple[Query, ...]
    unit: str = "short"
    look: Look = Look.LINES
    width: int = 8  # of 24
    bad_from: float | None = None
    bad_below: float | None = None
    alert: str = ""
    colors: Mapping[str, str] = {}  # of lines, by what they are called

    @property
    def height(self) -> int:
        """A number alone needs little room."""
        return 4 if self.width < 6 else 8


class Row(msgspec.Struct, frozen=True):
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


def series(metric: str, only: str = "") -> str:
    """The series of the chosen processes."""
    return f"{metric}{{{', '.join(filter(None, (only, FILTER)))}}}"


def fleet(metric: str, by: str = "", only: str = "") -> str:
    """A figure of the whole fleet: each daemon says the same."""
    return f"max{_by(by)}({series(metric, only)})"


def total(metric: str, by: str = "", only: str = "") -> str:
    """The processes' own figures, added up."""
    return f"sum{_by(by)}({series(metric, only)})"


def per_second(metric: str, by: str = "", only: str = "") -> str:
    """How fast a counter grows."""
    return f"sum{_by(by)}(rate({series(metric, only)}[{WINDOW}]))"


def quantile(share: float, metric: str, by: str = "", only: str = "") -> str:
    """What a share of all that a histogram saw stayed under."""
    labels = ", ".join(filter(None, ("le", by)))
    rate = f"sum by ({labels}) (rate({series(f'{metric}_bucket', only)}[{WINDOW}]))"
    return f"histogram_quantile({share}, {rate})"


def quantiles(metric: str, *shares: float) -> tuple[Query, ...]:
    """A line for each share."""
    return tuple(Query(quantile(share, metric), f"p{share * 100:g}") for share in shares)


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else ""
