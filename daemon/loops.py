"""The plan of a loop: which message is next, when the loop is done, when it gets nowhere. Pure."""

import heapq
from collections import deque
from collections.abc import Iterable
from typing import Final

from schemas.messages import Message

# With the waits below these turns take five minutes: long enough for whatever heals by itself.
MOST_IDLE_TURNS: Final = 15
LONGEST_IDLE_SECONDS: Final = 30.0


class LoopPlan:
    """The messages of one loop in the order in which they are to leave.

    Those never tried leave in the order of their seq; those to be tried again join in when they
    are due, before the rest. Times are seconds of the caller's clock.
    """

    def __init__(self, messages: Iterable[Message]) -> None:
        self._fresh = deque(sorted(messages, key=lambda message: message.seq))
        self._later: list[tuple[float, int, Message]] = []
        self._in_flight = 0

    @property
    def is_done(self) -> bool:
        return not (self._fresh or self._later or self._in_flight)

    def next_at(self, now: float) -> float | None:
        """When the next message is due; None while all that is left is in flight."""
        if self._later and self._later[0][0] <= now:
            return self._later[0][0]
        if self._fresh:
            return now
        return self._later[0][0] if self._later else None

    def rest_seconds(self, now: float) -> float:
        """How long all that is left waits; 0: something is due, or on its way."""
        if self._fresh or self._in_flight or not self._later:
            return 0.0
        return max(0.0, self._later[0][0] - now)

    def take(self, now: float, most: int) -> list[Message]:
        """Up to `most` messages that are due; they are in flight from here on."""
        taken: list[Message] = []
        while len(taken) < most:
            if self._later and self._later[0][0] <= now:
                taken.append(heapq.heappop(self._later)[2])
            elif self._fresh:
                taken.append(self._fresh.popleft())
            else:
                break
        self._in_flight += len(taken)
        return taken

    def settle(self) -> None:
        """A message in flight has its outcome, or is not ours to send any more."""
        self._in_flight -= 1

    def again(self, message: Message, due_at: float) -> None:
        """A message in flight is to be tried again."""
        self._in_flight -= 1
        self.postpone(message, due_at)

    def postpone(self, message: Message, due_at: float) -> None:
        """A message that waits for a later time."""
        heapq.heappush(self._later, (due_at, message.seq, message))


def idle_wait_seconds(idle_turns: int) -> float:
    """How long a loop rests that has got nowhere for so many turns: 1, 2, 4 s and so on."""
    return min(LONGEST_IDLE_SECONDS, float(2 ** max(0, idle_turns - 1)))


def why_stopped(loop: int | None, idle_turns: int) -> str:
    """The reason that a person reads of a job that keeps getting nowhere; None: it has no loop."""
    if loop is None:
        return "It has messages to send and no loop that has them: `make doctor` says what is wrong"
    return (
        f"Loop {loop} was begun {idle_turns} times in a row and no message of it came to an end;"
        " the daemons' logs of this job say why. Nothing is lost: what waits is still queued"
    )
