"""The ledger in figures that are kept up to date: what came since the last look is added. Pure."""

from collections import Counter
from typing import Any

from sandbox.ledger import BusiestSecond, Ledger
from sandbox.limits import SECOND_NS


class Tally:
    """Counts what the ledger took since it was emptied, each request once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._from = self._counted = self._accepted = 0
        self._told: Counter[str] = Counter()
        self._busiest = BusiestSecond()

    def figures(self, now_ns: int) -> dict[str, Any]:
        """Totals, and the requests of the last second."""
        self._catch_up()
        return {
            "requests": self._told.total(),
            "accepted": self._accepted,
            "lastSecond": self._ledger.arrived_since(now_ns - SECOND_NS),
            "busiestSecond": self._busiest.most,
            "told": dict(self._told),
        }

    def _catch_up(self) -> None:
        if self._ledger.kept_from != self._from:
            self._begin()
        for entry in self._ledger.newest(self._ledger.last_number - self._counted):
            self._told[entry.told] += 1
            if entry.accepted:
                self._accepted += 1
                self._busiest.add(entry.phone_number_id, entry.monotonic_ns)
        self._counted = self._ledger.last_number

    def _begin(self) -> None:
        self._from = self._ledger.kept_from
        self._counted = self._from - 1
        self._accepted = 0
        self._told = Counter()
        self._busiest = BusiestSecond()
