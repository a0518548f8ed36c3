"""The warden of a turn: what a refusal means beyond its message is written down, and told."""

from typing import Final

from daemon.hold import MESSAGING_LIMIT
from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.progress import Progress, job_state
from daemon.rows import Holding, Slowed, Work
from daemon.stops import Stops, target_of
from daemon.store import Store
from daemon.verdicts import Stop
from plumbing.book_keeper import BookKeeper

ASK_AGAIN_SECONDS: Final = 60.0  # whether the messaging limit is still what it was


class Warden:
    """For one loop of one lane.

    Where PostgreSQL is away nothing is lost by it: the next turn is told the same by Meta.
    """

    def __init__(
        self, holding: Holding, work: Work, *, store: Store, stops: Stops, progress: Progress,
        observer: Observer, keeper: BookKeeper,
    ) -> None:  # fmt: skip
        self._keeper = keeper
        self._holding, self._work = holding, work
        self._store, self._stops = store, stops
        self._progress, self._observer = progress, observer
        self._slowed = holding.slowed  # as it was told last

    async def halt(self, stop: Stop) -> None:
        """Pause all that Meta's refusal concerns: it waits for a person, and nothing is lost."""
        number = self._holding.phone_number_id
        target = target_of(
            stop, self._work.job_id, number, self._work.content,
            self._keeper.book.accounts_of_number(number),
        )  # fmt: skip
        try:
            stopped = await self._stops.stop(target, stop.scope, stop.reason)
        except BROKEN as error:
            self._observer.log.warning("a stop waits for PostgreSQL", error=repr(error))
            return
        if stopped:
            self._observer.stopped(stop, len(stopped))
        for moved in stopped:
            self._observer.job_moved(moved)
            self._progress.tell(moved.job_id, moved.event_no, [job_state(moved)])

    async def note_hold(self, seconds: float, by: str, slowed: Slowed | None) -> None:
        """The number rests, whoever gets its turn; the limit is looked at again within a minute."""
        if slowed and slowed != self._slowed:
            self._slowed = slowed
            self._observer.slowed(self._holding.phone_number_id, slowed)
        if by == MESSAGING_LIMIT and self._holding.held_by != by:
            self._observer.limit_reached(self._holding.phone_number_id, seconds)
        try:
            is_limit = by == MESSAGING_LIMIT
            held_seconds = min(seconds, ASK_AGAIN_SECONDS) if is_limit else seconds
            await self._store.note_hold(self._holding, held_seconds, seconds, by, slowed)
        except BROKEN as error:
            self._observer.log.warning("a hold waits for PostgreSQL", error=repr(error))
