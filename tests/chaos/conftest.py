"""What every fault starts from: a fleet whose moves are watched, and a place for its figures."""

import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.chaos import report
from tests.chaos.judge import Account, install_witness, judge
from tests.fleet import Fleet, fleet, nats_server, nats_url, own_postgres

__all__ = ["fleet", "nats_server", "nats_url", "own_postgres"]

SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.randrange(1, 2**31)


def pytest_report_header() -> str:
    return f"chaos: CHAOS_SEED={SEED}, {'all of it' if is_full() else 'the quick part'}"


def is_full() -> bool:
    """Whether `make chaos` runs; the quick part belongs to `make test`."""
    return os.environ.get("CHAOS") == "full"


@pytest.fixture
def full() -> bool:
    return is_full()


@pytest.fixture
def dice() -> random.Random:
    """The same for every test, so that each can be run again alone with its seed."""
    return random.Random(SEED)


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
        later = [at for at in await self.fleet.arrivals(phone_number_id) if at > since_ns]
        if not later:
            return None
        self.recovery_seconds.append((later[0] - since_ns) / 1e9)
        return self.recovery_seconds[-1]

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
                recovery_seconds=self.recovery_seconds,
            )
        )
        assert account.is_clean, account
        return account


@pytest.fixture
async def chaos(fleet: Fleet) -> AsyncIterator[Chaos]:
    await install_witness(fleet.pool)
    made = Chaos(fleet)
    yield made
    assert made.fault, "a fault has a name"
