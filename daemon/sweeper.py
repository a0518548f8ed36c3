"""The sweeper: hands on the turns of the dead, wakes lanes that nobody woke, renews lost turns.

Every daemon has one; one of the fleet works at a time. It is what makes everything else safe to
lose: a wake that failed, a turn that vanished, a daemon that was killed.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import nats.errors

from daemon.ledger import BROKEN
from daemon.observe import Observer
from daemon.rows import order_of
from daemon.store import QUERIES
from daemon.strangers import Strangers
from daemon.turns import Turns
from plumbing.broker import Broker, Unavailable
from plumbing.failpoints import hang
from plumbing.postgres import Pool
from schemas.failpoints import FailPoint
from schemas.jobs import JobOrder
from schemas.settings import Daemon
from schemas.vitals import Part

EVERY_SECONDS: Final = 1.0
SWEEP_LOCK: Final = 0x73776570  # "swep"
WAKE_GRACE_SECONDS: Final = 1.0  # beyond a pause, a lane with work that nobody holds needs waking
OVERDUE_SECONDS: Final = 1.5  # a turn that is due is delivered and taken within milliseconds
LONGEST_GRACE_SECONDS: Final = 3.0  # a lane in a longer pause is woken in vain, which is harmless
NAK_SECONDS: Final = 2.0  # longer than an election takes, as a rule


class Sweeper:
    """Runs until it is canceled."""

    def __init__(
        self, settings: Daemon, *, pool: Pool, broker: Broker, turns: Turns, observer: Observer,
        strangers: Strangers,
    ) -> None:  # fmt: skip
        self._strangers = strangers
        self._pool, self._broker, self._turns, self._observer = pool, broker, turns, observer
        pause = settings.pause_ms / 1000
        self._grace_seconds = min(LONGEST_GRACE_SECONDS, pause + WAKE_GRACE_SECONDS)
        self._lease_seconds = 2.0 * settings.ack_wait_seconds
        self._pulse = observer.vitals.part(Part.SWEEPER)

    async def run(self) -> None:
        while True:
            self._pulse.beat()
            await hang(FailPoint.SWEEP_HANGS)
            try:
                await self.sweep()
            except (*BROKEN, Unavailable, nats.errors.Error) as error:
                self._observer.log.warning("a sweep failed; the next one tries", error=repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> None:
        """One round; does nothing when another daemon of the fleet is at it."""
        self._observer.jobs(await self._jobs_by_state())
        if not self._broker.is_connected:
            return
        for row in await self._find():
            self._pulse.beat()
            await self._wake(row)

    async def _wake(self, row: Any) -> None:
        try:
            order = order_of(row)
        except msgspec.DecodeError:  # one job that cannot be read holds no other up
            self._observer.log.exception(
                "a job is damaged", job_id=str(row["id"]), trace=row["trace"],
                phone_number_id=row["phone_number_id"],
            )  # fmt: skip
            return
        if not await self._broker.wake(order, retry=False) and row["is_overdue"]:
            await self._renew(order)

    async def _renew(self, order: JobOrder) -> None:
        """The lane has its turn and is overdue: if we would have got that turn, nobody has it.

        It was delivered to a daemon that died before it took the lane. Not so one that no daemon
        of this release keeps: it waits for another.
        """
        phone_number_id = order.phone_number_id
        if self._turns.room_seconds() < OVERDUE_SECONDS or self._turns.holds(phone_number_id):
            return
        turn = await self._broker.turn(phone_number_id)
        if turn and self._strangers.is_turn(turn.headers, turn.data or b""):
            return
        if await QUERIES.begin_renewal(
            self._pool, phone_number_id=phone_number_id, overdue_seconds=OVERDUE_SECONDS
        ):
            self._observer.turn_renewed(phone_number_id)
            await self._broker.renew(order)

    async def _jobs_by_state(self) -> dict[str, dict[str, int]]:
        rows = QUERIES.jobs_by_state(self._pool)
        return {row["state"]: {k: int(row[k]) for k in _FIGURES} async for row in rows}

    async def _find(self) -> list[Any]:
        """Lanes to wake; hands on the turns of the dead."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await QUERIES.try_sweep(connection, lock=SWEEP_LOCK):
                return []
            dead = [row async for row in QUERIES.lock_dead_lanes(connection)]
            await self._hand_on(dead)
            numbers = [lane["phone_number_id"] for lane in dead]
            await QUERIES.free_dead_lanes(connection, phone_number_ids=numbers)
            wake = QUERIES.lanes_to_wake(
                connection, grace_seconds=self._grace_seconds, lease_seconds=self._lease_seconds,
                overdue_seconds=OVERDUE_SECONDS,
            )  # fmt: skip
            return [row async for row in wake]

    async def _hand_on(self, dead: Sequence[Any]) -> None:
        """Nak the turns that dead daemons held: the next one goes on at once.

        By requests, so that they are known to have arrived before the lanes are free: on a cluster
        that elects a leader just now they would be lost. The next sweep finds the lanes as they
        were. Where nobody answers for a consumer, there is none that could hold a turn.
        """
        for lane in dead:
            self._observer.log.warning(
                "a turn lost its holder; it is handed on", phone_number_id=lane["phone_number_id"]
            )
        naks = (self._nak(lane["reply_subject"]) for lane in dead)
        for said in await asyncio.gather(*naks, return_exceptions=True):
            if said is not None:
                raise said

    async def _nak(self, reply_subject: str) -> None:
        with contextlib.suppress(nats.errors.NoRespondersError):
            await self._broker.client.request(reply_subject, b"-NAK", timeout=NAK_SECONDS)


_FIGURES: Final = (
    "jobs", "recipients", "queued", "sending", "sent", "failed", "unknown", "skipped", "canceled",
)  # fmt: skip
