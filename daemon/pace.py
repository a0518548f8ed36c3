"""The pace of a lane: when the next message may leave. Pure; times are monotonic seconds."""

from collections import deque
from collections.abc import Iterable
from typing import Final

# What leaves 1.00 s after another may arrive 0.99 s after it. So the window is a little longer.
GUARD_SECONDS: Final = 0.01
MOST_LOOKED_BACK: Final = 1000  # Meta takes no more of one number in a second
# A message that leaves this late is caught up with; after a longer stall the schedule starts anew.
CATCH_UP_SECONDS: Final = 0.1


class Pace:
    """A schedule of even steps under one law: no window of a second holds more than the rate.

    The law is kept by looking back at the messages that really left: number k leaves no earlier
    than a window after number k - rate did. The steps follow the schedule and not the answers, so
    latency does not slow them down. All that left in the last second is remembered whatever the
    rate is, because the next job of the lane may have another one.
    """

    def __init__(self, per_second: float, left: Iterable[float] = ()) -> None:
        """`left`: when the last messages of the lane left, whoever sent them. 0: no limit."""
        self._left: deque[float] = deque(sorted(left)[-MOST_LOOKED_BACK:], maxlen=MOST_LOOKED_BACK)
        self.retune(per_second)

    def retune(self, per_second: float) -> None:
        """Go at another rate from here on; what has left already counts under it."""
        self.per_second = per_second
        self._limited = per_second > 0
        self._capacity = min(MOST_LOOKED_BACK, max(1, int(per_second)))
        self._window = max(1.0, 1 / per_second) + GUARD_SECONDS if self._limited else 0.0
        self._step = self._window / self._capacity if self._limited else 0.0
        self._due = self._left[-1] + self._step if self._left else float("-inf")

    def going_per_second(self, now: float) -> float:
        """How many have left in the last second; at least 1."""
        return max(1.0, float(sum(1 for at in self._left if now - at < 1.0)))

    @property
    def step_seconds(self) -> float:
        """The time between two messages; 0 when there is no limit."""
        return self._step

    def next_at(self) -> float:
        """The earliest moment at which the next message may leave."""
        if not self._limited:
            return float("-inf")
        full = len(self._left) >= self._capacity
        return max(self._due, self._left[-self._capacity] + self._window if full else float("-inf"))

    def leave(self, at: float) -> None:
        """A message left at `at`."""
        self._left.append(at)
        if self._limited:
            is_late = at - self._due <= CATCH_UP_SECONDS
            self._due = (self._due if is_late else at) + self._step

    def ages(self, now: float) -> list[float]:
        """How many seconds ago the last messages left: what the next holder starts from.

        Those of the last second, and the last one of all: of a rate below one a second.
        """
        recent = [now - at for at in self._left if now - at <= 1.0 + GUARD_SECONDS]
        return recent or [now - at for at in list(self._left)[-1:]]


def cold(per_second: float, at: float) -> list[float]:
    """What to assume when a holder died: that a full second's worth has left at that moment."""
    return [at] * max(1, int(per_second))
