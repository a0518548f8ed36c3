"""What holds a number back: Meta says too fast, cannot be reached, answers slowly, or its limit.

Pure.
"""

from enum import Enum
from typing import Final

from daemon.verdicts import Again, Sent, Verdict
from schemas.outcomes import Outcome, Throttled

HABIT: Final = 0.1  # weight of the newest message in an average
MESSAGING_LIMIT: Final = "messaging limit"
LONGER_SECONDS: Final = 1.0  # that a hold lasts longer by less is a throw of the dice


class Sign(Enum):
    """What an outcome says of the number."""

    NOTHING = "nothing new"
    HELD = "a hold begins"
    LONGER = "the hold lasts longer than was said"


class Limit:
    """Whether messages wait for the pace, as they should, or for the answers before them."""

    def __init__(self) -> None:
        self._behind = 0.0  # share of the last messages that waited for a slot, not for the pace

    def note(
        self, late_seconds: float, step_seconds: float, *, is_slowed: bool = False
    ) -> str | None:
        """What limits the rate, as of a message that leaves so late; None: nothing does.

        One that the pace would have let go half a step ago waited for something else.
        """
        late = 1.0 if step_seconds and late_seconds > step_seconds / 2 else 0.0
        if late_seconds != float("inf"):
            self._behind += HABIT * (late - self._behind)
        limit = "latency" if self._behind > 0.5 else "throttled" if is_slowed else "rate"
        return limit if step_seconds else None


class Hold:
    """Until when nothing of the lane leaves, and why; times are the caller's clock's."""

    def __init__(self) -> None:
        self.until = float("-inf")
        self.by = "throttled"
        self.in_a_row = 0  # throttled, or not one byte could be written
        self._said_until = float("-inf")

    def note(self, outcome: Outcome, verdict: Verdict, now: float) -> Sign:
        """Take an outcome in. What was in flight together is one sign, not many.

        But Meta's "too fast" is news of a number that only could not be reached until then.
        """
        if isinstance(verdict, Sent):
            self.in_a_row = 0
        if not (isinstance(verdict, Again) and verdict.holds_lane):
            return Sign.NOTHING
        by = "throttled" if isinstance(outcome, Throttled) else "unreachable"
        is_new = now >= self.until or (by, self.by) == ("throttled", "unreachable")
        self.until = max(self.until, now + verdict.after_seconds)
        if is_new:
            self.in_a_row += 1
            self.by = by
        elif by != "throttled" or self.until < self._said_until + LONGER_SECONDS:
            return Sign.NOTHING
        self._said_until = self.until
        return Sign.HELD if is_new else Sign.LONGER

    def rest(self, until: float, by: str) -> bool:
        """Nothing leaves before; True when that is news."""
        is_new = until > self.until
        if is_new:
            self.until, self._said_until, self.by = until, until, by
        return is_new

    def seconds(self, now: float) -> float:
        """How long it lasts from now on."""
        return max(0.0, self.until - now)
