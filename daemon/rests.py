"""What waits, and how long: loops for recipients, jobs that rest, lanes with nothing due."""

import time
from collections.abc import Callable
from typing import Final

from daemon.lane import LONGEST_REST_SECONDS
from daemon.openings import Openings
from daemon.rows import Holding, Work
from daemon.store import Store

LEAST_SECONDS: Final = 0.1


class Rests:
    """Of one daemon; `pause_of` says how many milliseconds a number pauses.

    Raises LaneLost where a lane is not held any more.
    """

    def __init__(self, store: Store, pause_of: Callable[[str], int]) -> None:
        self._store, self._pause_of = store, pause_of
        self._noted_limits: dict[str, int | None] = {}  # a few bytes for each of our numbers

    async def postpone(
        self, holding: Holding, work: Work, seconds: float, openings: Openings
    ) -> None:
        """What is left of the loop waits; where a window has closed for all, the whole job does."""
        now = time.monotonic()
        is_closed = openings.are_closed(now)
        limited_by = "window" if is_closed else "retry"
        await self._store.postpone_loop(holding, work, seconds, limited_by)
        if is_closed and openings.is_fixed:
            await self._store.rest_job(
                holding, work.job_id, openings.time_at(now + seconds), limited_by
            )

    async def pause(self, holding: Holding, work: Work) -> None:
        """After a loop. A pause longer than the number's is the job's alone: others go on."""
        if (pause_ms := self.pause_ms(work)) > self._pause_of(work.phone_number_id):
            openings = Openings(None, work.now_at, work.read_at)
            until = openings.time_at(time.monotonic() + pause_ms / 1000)
            await self._store.rest_job(holding, work.job_id, until, "pause")

    def pause_ms(self, work: Work) -> int:
        """Between two loops of the job; no shorter than the number's pause."""
        return max(self._pause_of(work.phone_number_id), work.pause_ms or 0)

    async def due_seconds(self, phone_number_id: str) -> float | None:
        """Until something of a lane with nothing to run now is due; None: its turn may go.

        A turn does not rest for long: a job that comes in meanwhile can get none but this one. What
        is due later brings a turn of its own (`starts`).
        """
        seconds = await self._store.due_seconds(phone_number_id)
        if seconds is None or seconds > LONGEST_REST_SECONDS:
            return None
        return max(LEAST_SECONDS, seconds)

    async def note_people_limit(self, phone_number_id: str, limit: int | None) -> None:
        """What the gateway plans with; written down when it is news."""
        if self._noted_limits.get(phone_number_id, -1) != limit:
            await self._store.note_people_limit(phone_number_id, limit)
            self._noted_limits[phone_number_id] = limit
