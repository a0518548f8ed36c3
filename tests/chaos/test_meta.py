"""Fault 6: Meta accepts and loses its answer, or answers what nobody can read."""

import asyncio
import time

import pytest

from tests.chaos.campaigns import finished, reaches
from tests.chaos.conftest import Chaos, whole_only

pytestmark = pytest.mark.timeout(120)

# The sandbox's fates: the last digits of a number, what happens, whether it was accepted, and why
# the message is in doubt.
FATES = [
    ("9000001", "accepted, the answer never comes", True, "timeout"),
    ("9000013", "accepted, the answer comes after the timeout", True, "timeout"),
    ("9000011", "accepted, the answer drips in byte by byte", True, "timeout"),
    ("9000002", "accepted, then the connection is reset", True, "connection lost"),
    ("9000003", "the connection is reset, not accepted", False, "connection lost"),
    ("9000012", "accepted, 500 with a page of HTML", True, "unreadable answer"),
    ("9000004", "502 with a page of HTML, not accepted", False, "unreadable answer"),
    ("9000005", "accepted, 200 with null in place of the message", True, "unreadable answer"),
    ("9000009", "accepted, 200 with an empty body", True, "unreadable answer"),
]


QUICK = {"9000001", "9000002", "9000012", "9000004"}


@pytest.mark.parametrize(
    ("digits", "what", "accepted", "reason"),
    [pytest.param(*fate, marks=() if fate[0] in QUICK else whole_only) for fate in FATES],
)
async def test_a_lost_answer_is_in_doubt_is_not_repeated_and_is_settled_by_its_receipt(
    chaos: Chaos, digits: str, what: str, accepted: bool, reason: str
) -> None:
    chaos.about(f"6.{FATES.index((digits, what, accepted, reason))}", f"Meta: {what}")
    fleet = chaos.fleet
    fleet.env |= {"BULK_REQUEST_TIMEOUT_MS": "1000", "BULK_UNKNOWN_AFTER_S": "3"}
    odd = [f"+49151{prefix:01}{digits}" for prefix in range(3)]
    plain = [f"+4915110000{seq:03}" for seq in range(17)]
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        job_id = (await fleet.submit_text(plain[:8] + odd + plain[8:]))["jobId"]
        await reaches(fleet, job_id, 17)
        reasons = await _in_doubt(chaos, job_id, 3)
        await fleet.deliver_receipts()
        (job,) = await finished(fleet, job_id)
        account = await chaos.account()
    assert reasons == {reason}
    assert (account.sent, account.unknown) == ((20, 0) if accepted else (17, 3))
    assert (job["sent"], job["unknown"]) == (account.sent, account.unknown)


async def _in_doubt(chaos: Chaos, job_id: str, count: int) -> set[str]:
    """Why the messages are unknown, once there are so many."""
    deadline = time.monotonic() + 20
    while (job := await chaos.fleet.job(job_id))["unknown"] < count:
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.02)
    return {doubt["reason"] for doubt in job["inDoubt"]}
