"""What is to be posted: planned, under way, waiting to be tried again, and what became of it.

Knows no clock and no socket: who calls says what time it is, in nanoseconds that never jump.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from sandbox.parcels import Update, body_of, fields_of, note_posted
from sandbox.rules import Rules, Webhooks

MOST_PLANNED: Final = 500_000  # updates; about 0.3 kB each
MOST_WAITING_BYTES: Final = 64 * 2**20  # of bodies that were refused and wait
_MOST_LOGGED: Final = 10_000
_MOST_LOGGED_BYTES: Final = 16 * 2**20
_ANSWERS_SHOWN: Final = 20
TAKEN: Final = "200"  # webhooks/overview: anything else is tried again
_MS_NS: Final = 1_000_000


class Parcel(msgspec.Struct):
    """One body, posted until it is taken."""

    number: int
    body: bytes
    updates: int
    fields: tuple[str, ...]
    made_ns: int
    attempts: int = 0
    answers: list[str] = []  # the last ones: HTTP statuses, or why there is none
    state: str = "waiting"  # then "taken" or "dropped"

    def shown(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "state": self.state,
            "attempts": self.attempts,
            "answers": self.answers,
            "updates": self.updates,
            "fields": self.fields,
            "body": msgspec.Raw(self.body),
        }


class Outbox:
    """Everything bounded: what finds no room is dropped and counted."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._last_plan = self._last_number = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything; answers to what is under way are then of no account."""
        self._planned: list[tuple[int, int, Update]] = []
        self._again: list[tuple[int, int, Parcel]] = []
        self._again_bytes = 0
        self._under_way: dict[int, Parcel] = {}
        self._log: deque[Parcel] = deque()
        self._logged_bytes = 0
        self._taken = self._taken_updates = self._retries = self._dropped_updates = 0

    def plan(self, due_ns: int, update: Update) -> None:
        """Have the update posted when its time has come."""
        if len(self._planned) >= MOST_PLANNED:
            self._dropped_updates += 1
            return
        self._last_plan += 1
        heapq.heappush(self._planned, (due_ns, self._last_plan, update))

    def next(self, now_ns: int, rules: Rules) -> Parcel | None:
        """The parcel to post now: of what is due, that which is due longest."""
        again_ns = self._again[0][0] if self._again else None
        fresh_ns = self._planned[0][0] if self._planned else None
        if again_ns is not None and (fresh_ns is None or again_ns <= fresh_ns):
            if again_ns > now_ns:
                return None
            _, _, parcel = heapq.heappop(self._again)
            self._again_bytes -= len(parcel.body)
        elif fresh_ns is not None and fresh_ns <= now_ns:
            parcel = self._packed(now_ns, rules)
        else:
            return None
        self._under_way[parcel.number] = parcel
        return parcel

    def answered(self, parcel: Parcel, answer: str, now_ns: int, webhooks: Webhooks) -> None:
        """Note what a post came to; what was not taken is posted again, later each time."""
        if self._under_way.pop(parcel.number, None) is None:
            return  # cleared meanwhile
        parcel.attempts += 1
        parcel.answers = [*parcel.answers, answer][-_ANSWERS_SHOWN:]
        is_kept = now_ns - parcel.made_ns < webhooks.keep_ms * _MS_NS
        if answer == TAKEN:
            parcel.state = "taken"
            self._taken += 1
            self._taken_updates += parcel.updates
        elif is_kept and self._again_bytes + len(parcel.body) <= MOST_WAITING_BYTES:
            wait_ns = int(_wait_ms(parcel.attempts, webhooks) * _MS_NS)
            heapq.heappush(self._again, (now_ns + wait_ns, parcel.number, parcel))
            self._again_bytes += len(parcel.body)
            self._retries += 1
        else:
            parcel.state = "dropped"
            self._dropped_updates += parcel.updates

    def figures(self) -> dict[str, int]:
        """Counts of bodies, and where it says so of the updates in them."""
        return {
            "plannedUpdates": len(self._planned),
            "underWay": len(self._under_way),
            "waiting": len(self._again),
            "retries": self._retries,
            "taken": self._taken,
            "takenUpdates": self._taken_updates,
            "droppedUpdates": self._dropped_updates,
        }

    @property
    def last_answer(self) -> str | None:
        """Why the body that waits for the next try was not taken; None: nothing waits."""
        return self._again[0][2].answers[-1] if self._again else None

    def page(self, *, after: int, limit: int, field: str | None = None) -> dict[str, Any]:
        """What was posted, oldest first; `next` is what to ask after, or None at the end."""
        found = self._logged(after, field)
        parcels = list(islice(found, limit))
        more = next(found, None) is not None
        return {
            "entries": [parcel.shown() for parcel in parcels],
            "next": parcels[-1].number if more else None,
        }

    def _logged(self, after: int, field: str | None) -> Iterator[Parcel]:
        return (
            parcel for parcel in self._log
            if parcel.number > after and (field is None or field in parcel.fields)
        )  # fmt: skip

    def _packed(self, now_ns: int, rules: Rules) -> Parcel:
        updates: list[Update] = []
        most = rules.webhooks.statuses_per_body
        while self._planned and self._planned[0][0] <= now_ns and len(updates) < most:
            updates.append(heapq.heappop(self._planned)[2])
        note_posted(updates)
        body = body_of(updates, self._run, rules.receipts, rules.webhooks)
        self._last_number += 1
        parcel = Parcel(self._last_number, body, len(updates), fields_of(updates), now_ns)
        self._note(parcel)
        return parcel

    def _note(self, parcel: Parcel) -> None:
        self._log.append(parcel)
        self._logged_bytes += len(parcel.body)
        while len(self._log) > _MOST_LOGGED or self._logged_bytes > _MOST_LOGGED_BYTES:
            self._logged_bytes -= len(self._log.popleft().body)


def _wait_ms(attempts: int, webhooks: Webhooks) -> float:
    """Twice as long each time, up to the most."""
    return min(webhooks.retry_ms * 2.0 ** min(attempts - 1, 40), webhooks.retry_most_ms)
