"""What every fault starts from: a fleet whose moves are watched, and a place for its figures."""

import os
import random
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.chaos import report
from tests.chaos.judge import Account, install_witness, judge
from tests.fleet import Fleet, fleet, nats_server, nats_url, own_postgres

__all__ = ["fleet", "nats_server", "nats_url", "own_postgres"]

QUICK_SEED = 1


def is_full() -> bool:
    """Whether `make chaos` runs; the quick part belongs to `make test`."""
    return os.environ.get("CHAOS") == "full"


# What takes long and has a shorter sibling in the quick part.
whole_only = pytest.mark.skipif(not is_full(), reason="`make chaos` runs it")


def _seed() -> int:
    """As CHAOS_SEED says; a new one for each run of the whole, and workers get it from there."""
    if not is_full():
        return QUICK_SEED
    return int(os.environ.setdefault("CHAOS_SEED", str(random.randrange(1, 2**31))))


SEED = _seed()


def pytest_report_header() -> str:
    return f"chaos: {'all of it' if is_full() else 'the quick part'}, CHAOS_SEED={SEED}"


def pytest_configure(config: pytest.Config) -> None:
    if is_full():
        os.environ.setdefault("CHAOS_ROWS", str(Path(mkdtemp()) / "rows"))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The whole has run and all of it passed: the document gets its table."""
    is_worker = hasattr(session.config, "workerinput")
    if is_full() and not is_worker and exitstatus == 0 and session.testscollected:
        report.publish(Path(os.environ["CHAOS_ROWS"]), seed=SEED)


@pytest.fixture
def full() -> bool:
    return is_full()


@pytest.fixture
def dice() -> random.Random:
    """The same for every test, so that each can be run again alone with its seed."""
    return random.Random(SEED)


def limit(fleet: Fleet) -> int:
    """The most that may arrive in a second: the pace counts where messages leave, so that one that
    was held up on its way can meet the next ones in a later second.
    """
    return int(fleet.env["BULK_MESSAGES_PER_SECOND"]) + 2


@dataclass
class Chaos:
    """A fleet under a fault, and what it came to."""

    fleet: Fleet
    order: str = ""
    fault: str = ""
    recovery_seconds: list[float] = field(default_factory=list)

    def about(self, order: str, fault: str) -> None:
        """Name the fault as the table has it."""
        self.order, self.fault = order, fault

    async def recovered(self, since_ns: int, phone_number_id: str = "") -> float | None:
        """Note how long after `since_ns` the next message was accepted, if one was."""
        before = len(self.recovery_seconds)
        await self.recoveries([since_ns], phone_number_id)
        return self.recovery_seconds[-1] if len(self.recovery_seconds) > before else None

    async def recoveries(self, since_ns: Iterable[int], phone_number_id: str = "") -> None:
        """As `recovered`, for many faults of one run."""
        arrivals = await self.fleet.arrivals(phone_number_id)
        for at_ns in since_ns:
            if later := arrivals[bisect_right(arrivals, at_ns) :]:
                self.recovery_seconds.append((later[0] - at_ns) / 1e9)

    async def silences(self, spans_ns: Iterable[tuple[int, int]]) -> None:
        """Note the longest time without a message that was accepted, in each span."""
        arrivals = await self.fleet.arrivals()
        for began_ns, ended_ns in spans_ns:
            within = [at for at in arrivals if began_ns <= at <= ended_ns]
            marks = [began_ns, *within]
            later = arrivals[bisect_right(arrivals, ended_ns) :]
            ends = [*within, later[0] if later else ended_ns]
            longest = max(end - mark for mark, end in zip(marks, ends, strict=True))
            self.recovery_seconds.append(longest / 1e9)

    async def account(self) -> Account:
        """The judge's word: fails when anybody got two, was lost, or a count is off."""
        account = await judge(self.fleet)
        report.write(
            report.Row(
                order=self.order,
                fault=self.fault,
                recipients=account.recipients,
                sent=account.sent,
                unknown=account.unknown,
                duplicates=account.duplicates,
                lost=account.lost,
                sum_kept=not account.differences,
                busiest_second=account.busiest_second,
                per_second=int(self.fleet.env["BULK_MESSAGES_PER_SECOND"]),
                recovery_seconds=self.recovery_seconds,
            )
        )
        assert account.is_clean, account
        assert account.busiest_second <= limit(self.fleet), account
        return account


@pytest.fixture
async def chaos(fleet: Fleet) -> AsyncIterator[Chaos]:
    await install_witness(fleet.pool)
    made = Chaos(fleet)
    yield made
    assert made.fault, "a fault has a name"
