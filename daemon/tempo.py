"""How fast a number may go just now: halved when Meta says too fast, grown back step by step. Pure.

Additive growth after halving is what lets many senders share a line that nobody told them the
width of (TCP's congestion avoidance, RFC 5681, 3.1); here the line is Meta's, for one number.
"""

from typing import Final

from daemon.rows import Slowed
from schemas.slowing import grown

LEAST_PER_SECOND: Final = 0.5


class Tempo:
    """The rate of one number; times are the caller's monotonic seconds.

    `full_per_second`: what the settings allow; 0: no limit. Without a limit it is slowed from the
    rate at which it was really going, and free again once it has grown back to that. `limit`: the
    job's own, which may be changed at any time and is nothing that the number has learned.
    """

    def __init__(
        self, full_per_second: float, slowed: Slowed | None, now: float, limit: float | None = None
    ) -> None:
        self._full = full_per_second
        self.limit = limit
        self._slowed = slowed
        self._slowed_at = now - slowed.seconds_ago if slowed else now

    @property
    def is_slowed(self) -> bool:
        return self._slowed is not None

    def per_second(self, now: float) -> float:
        """The rate that holds now: the number's, or the job's where that is lower; 0: no limit."""
        of_number = self._of_number(now)
        return min(of_number or self.limit, self.limit) if self.limit else of_number

    def _of_number(self, now: float) -> float:
        if self._slowed is None:
            return self._full
        slowed = self._slowed
        going = grown(slowed.to_per_second, slowed.from_per_second, now - self._slowed_at)
        if going >= (self._full or slowed.from_per_second):
            self._slowed = None
            return self._full
        return going

    def slow_down(self, now: float, going_per_second: float) -> Slowed:
        """Halve the rate; `going_per_second`: what left in the last second, if nothing limits it.

        Throttled again on its way back, it grows back to where it was throttled first.
        """
        current = self.per_second(now) or going_per_second
        origin = self._slowed.from_per_second if self._slowed else current
        halved = max(current / 2, min(current, LEAST_PER_SECOND))
        self._slowed, self._slowed_at = Slowed(halved, origin), now
        return self._slowed
