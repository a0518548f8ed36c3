"""How fast a watched job goes, and how long it takes yet: of what was seen, pauses apart. Pure.

The rate is that of the sending: the clock that it goes by stands still in pauses.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

_OVER_SECONDS: Final = 5.0
_LEAST_SECONDS: Final = 1.0  # of less nothing can be said


@dataclass
class Measure:
    """Times are monotonic seconds, `done` the messages of the job that have an outcome."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)  # by the clock of the sending
    _rate: float = 0.0  # the last that could be told
    _rested: float = 0.0  # seconds of all pauses so far
    _resting_since: float | None = None
    _pause_until: float = 0.0
    _pause_seconds: float | None = None  # between two loops; None: none was seen
    _expected: float | None = None  # seconds, as the gateway said them
    _expected_for: int = 0  # for so many messages

    def begin_anew(self, done: int, now: float) -> None:
        """What was before says nothing of what comes: a snapshot, a change of state."""
        self._resting_since, self._pause_until = None, 0.0
        self._seen.clear()
        self.note(done, now)

    def note(self, done: int, now: float) -> None:
        """So far it is now."""
        self._seen.append((self._clock(now), done))
        self.rate(now)

    def loop_begins(self, done: int, now: float) -> None:
        """A pause, if there was one, is over; so is waiting for a start, or for other jobs."""
        if self._resting_since is not None:
            self._rested += now - self._resting_since
        self._resting_since, self._pause_until = None, 0.0
        idle = self._clock(now) - self._seen[-1][0] if self._seen else 0.0
        if idle >= _LEAST_SECONDS:
            self._rested += idle
        self.note(done, now)

    def loop_ends(self, done: int, pause_ms: int, now: float) -> None:
        """A pause begins, if there is one."""
        self.note(done, now)
        self._pause_seconds = max(self._pause_seconds or 0.0, pause_ms / 1e3)
        if pause_ms:
            self._resting_since, self._pause_until = now, now + pause_ms / 1e3

    def expect(self, seconds: float | None, messages: int) -> None:
        """What the gateway foretells, which knows the pace that is set."""
        self._expected, self._expected_for = seconds, messages

    def rate(self, now: float) -> float:
        """Outcomes a second over the last five seconds of sending; 0 while nobody can say."""
        clock, seen = self._clock(now), self._seen
        while len(seen) > 1 and seen[1][0] <= clock - _OVER_SECONDS:
            seen.popleft()
        if seen and clock - seen[0][0] >= _LEAST_SECONDS:
            self._rate = (seen[-1][1] - seen[0][1]) / (clock - seen[0][0])
        return self._rate

    def pause_left(self, now: float) -> float:
        """Seconds until the next loop may start; 0 outside of a pause."""
        return max(0.0, self._pause_until - now)

    def seconds_left(self, messages: int, pauses: int, now: float) -> float | None:
        """At the rate of late, once it and the length of a pause are known; before, as foretold."""
        rate = self.rate(now)
        if rate > 0 and (self._pause_seconds is not None or not pauses):
            rest = self.pause_left(now)
            between = pauses * (self._pause_seconds or 0.0)
            return messages / rate + between + rest
        if self._expected is None or not self._expected_for:
            return messages / rate if rate > 0 else None
        return self._expected * messages / self._expected_for

    def _clock(self, now: float) -> float:
        until = now if self._resting_since is None else self._resting_since
        return until - self._rested
