"""What holds a number back: Meta says too fast, cannot be reached, answers slowly, or its limit.

Pure.
"""

from typing import Final

from daemon.verdicts import Again, Sent, Verdict
from schemas.outcomes import Outcome, Throttled

HABIT: Final = 0.1  # weight of the newest message in an average
MESSAGING_LIMIT: Final = "messaging limit"


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

    def note(self, outcome: Outcome, verdict: Verdict, now: float) -> bool:
        """Take an outcome in; True when a new hold begins.

        What was in flight together is one sign, not many.
        """
        if isinstance(verdict, Sent):
            self.in_a_row = 0
        if not (isinstance(verdict, Again) and verdict.holds_lane):
            return False
        is_new = now >= self.until
        if is_new:
            self.in_a_row += 1
            self.by = "throttled" if isinstance(outcome, Throttled) else "unreachable"
        self.until = max(self.until, now + verdict.after_seconds)
        return is_new

    def rest(self, until: float, by: str) -> bool:
        """Nothing leaves before; True when that is news."""
        is_new = until > self.until
        if is_new:
            self.until, self.by = until, by
        return is_new

    def seconds(self, now: float) -> float:
        """How long it lasts from now on."""
        return max(0.0, self.until - now)
