"""Meta's limits: messages a second of a number, messages to one recipient, people in 24 hours.

All take the time as nanoseconds of a monotonic clock and answer at once.
"""

import math
from collections import OrderedDict, deque
from typing import Final

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 24 * 3600 * SECOND_NS
TIERS: Final = {
    "TIER_250": 250, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000,
}  # messaging-limits; above is TIER_UNLIMITED  # fmt: skip
_PAIR_EVERY_NS: Final = 6 * SECOND_NS  # about-the-platform, rate limits: one message in 6 seconds
_PRUNE_AT: Final = 10_000


class Throughput:
    """A sliding window of one second for each sending number."""

    def __init__(self) -> None:
        self._windows: dict[str, deque[int]] = {}

    def admits(self, phone_number_id: str, now_ns: int, per_second: int) -> bool:
        """Whether one more fits in the second that ends now; if so, it counts."""
        window = self._windows.get(phone_number_id)
        if window is None:
            window = self._open(phone_number_id, now_ns)
        while window and now_ns - window[0] >= SECOND_NS:
            window.popleft()
        if len(window) >= per_second:
            return False
        window.append(now_ns)
        return True

    def _open(self, phone_number_id: str, now_ns: int) -> deque[int]:
        if len(self._windows) >= _PRUNE_AT:
            self._windows = {
                number: window
                for number, window in self._windows.items()
                if window and now_ns - window[-1] < SECOND_NS
            }
        return self._windows.setdefault(phone_number_id, deque())


class Pairs:
    """A bucket for each sender and recipient: a burst, then one message in 6 seconds.

    Kept as the time at which the bucket is full again; full ones are forgotten.
    """

    def __init__(self) -> None:
        self._full_at: dict[tuple[str, str], int] = {}
        self._prune_at = _PRUNE_AT

    def admits(self, phone_number_id: str, recipient: str, now_ns: int, burst: int) -> bool:
        """Whether the pair may have one more message; if so, it counts."""
        pair = phone_number_id, recipient
        full_at = max(self._full_at.get(pair, 0), now_ns) + _PAIR_EVERY_NS
        if full_at - now_ns > burst * _PAIR_EVERY_NS:
            return False
        self._full_at[pair] = full_at
        if len(self._full_at) >= self._prune_at:
            self._prune(now_ns)
        return True

    def _prune(self, now_ns: int) -> None:
        self._full_at = {pair: at for pair, at in self._full_at.items() if at > now_ns}
        self._prune_at = max(_PRUNE_AT, 2 * len(self._full_at))


class Reach:
    """Who was reached in the last 24 h, by any number of the portfolio: its messaging limit.

    Meta counts deliveries; the sandbox counts when it accepts, so that the answer is certain.
    """

    def __init__(self) -> None:
        self._last_at: OrderedDict[str, int] = OrderedDict()

    def admits(self, person: str, now_ns: int, most: int) -> bool:
        """Whether the person is one of `most` in 24 h; if so, the message counts."""
        self._forget(now_ns)
        if person not in self._last_at and len(self._last_at) >= most:
            return False
        self._last_at[person] = now_ns
        self._last_at.move_to_end(person)
        return True

    def people(self, now_ns: int) -> int:
        """How many people were reached in the last 24 h."""
        self._forget(now_ns)
        return len(self._last_at)

    def _forget(self, now_ns: int) -> None:
        while self._last_at and now_ns - next(iter(self._last_at.values())) >= DAY_NS:
            self._last_at.popitem(last=False)


def tier_of(messaging_limit: int) -> str:
    """The nearest of Meta's tiers, by ratio; 0 is no limit."""
    if not messaging_limit:
        return "TIER_UNLIMITED"
    return min(TIERS, key=lambda tier: abs(math.log(TIERS[tier] / messaging_limit)))
