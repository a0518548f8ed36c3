"""Whether a recipient's window ever opens, and who waits for which zones. Pure.

A number that may be in several zones has its window where all of theirs overlap.
"""

from collections import Counter
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.numbers import Invalid
from schemas.phone_zones import zones_of
from schemas.windows import Window, opens_at, zone_of

Zones = tuple[ZoneInfo, ...]
ADVICE: Final = "give its zone in a zoneColumn, or one zone for all"


class Hours:
    """Those of one submission, as seen from the time of its start."""

    def __init__(self, window: Window | None, start: datetime) -> None:
        self._window, self._start = window, start
        self._fixed = (zone_of(window.zone),) if window and window.is_fixed else None
        self._faults: dict[Zones, Invalid | None] = {}
        self.groups: Counter[Zones] = Counter()  # of those that were let in

    def fault(self, number: str, named: str | None) -> Invalid | None:
        """Why the recipient could never be written to; one that can be is counted."""
        zones = self._zones(number, named)
        if isinstance(zones, Invalid):
            return zones
        if zones not in self._faults:
            self._faults[zones] = self._fault(zones)
        if (fault := self._faults[zones]) is None:
            self.groups[zones] += 1
        return fault

    def _zones(self, number: str, named: str | None) -> Zones | Invalid:
        if self._window is None:
            return ()
        if self._fixed:
            return self._fixed
        try:
            zones = zones_of(number, named)
        except ValueError as error:
            return Invalid(f"its zone {error}")
        return zones or Invalid(f"nobody knows the time zone of such a number: {ADVICE}")

    def _fault(self, zones: Zones) -> Invalid | None:
        if self._window is None or opens_at(self._window, zones, self._start) is not None:
            return None
        return Invalid(
            f"may be in {len(zones)} time zones, and at no moment is it within the window in all"
            f" of them: {ADVICE}"
        )
