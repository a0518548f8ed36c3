"""Receipts on the stream reach the ledger and its readers, whatever happens on the way."""

import asyncio
import json
import time
from typing import Any

import pytest

from daemon import receipts
from plumbing.broker import Broker
from plumbing.postgres import Pool
from schemas.messages import MessageTag
from schemas.subjects import RECEIPTS_STREAM, RECEIPTS_SUBJECT
from tests.campaigns import Job, counters, finished, make_job, message, recipient, states, told
from tests.daemons import Stack
from tests.peer import Answer, Arrival, accepted, hang, hang_up

SETTLES: dict[str, Any] = {"unknown_after_seconds": 60}


def webhook(job: Job, *statuses: tuple[int, str], tagged: bool = True, attempt: int = 1) -> bytes:
    """A body with a status for each seq; its id is the one that the peer gave, or would have."""
    said = []
    for seq, status in statuses:
        one = {"id": f"wamid.{seq}", "status": status, "timestamp": "1750030073",
               "recipient_id": recipient(seq)}  # fmt: skip
        if tagged:
            one["biz_opaque_callback_data"] = MessageTag(job.id, seq, attempt).encode()
        said.append(one)
    return json.dumps({"entry": [{"changes": [{"value": {"statuses": said}}]}]}).encode()


async def arrives(broker: Broker, body: bytes) -> None:
    await broker.publish(RECEIPTS_SUBJECT, body)


async def comes_to(pool: Pool, job: Job, wanted: dict[str, int], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while (now := await states(pool, job)) != wanted:
        assert time.monotonic() < deadline, now
        await asyncio.sleep(0.02)


async def cut_every_connection(pool: Pool) -> None:
    """Of the daemons to this test's database."""
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'loopcast-daemon%'"
    )


async def all_dealt_with(broker: Broker, *, seconds: float = 10) -> None:
    """Nothing is left on the stream."""
    deadline = time.monotonic() + seconds
    while (await broker.js.stream_info(RECEIPTS_STREAM)).state.messages:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def silent_to(script: Any, *seqs: int) -> Any:
    async def answer(arrival: Arrival) -> Answer:
        silent = arrival.to in {recipient(seq) for seq in seqs}
        given: Answer = await script(arrival) if silent else accepted(arrival)
        return given

    return answer


async def test_a_lost_answer_is_settled_by_its_receipt_and_the_job_is_completed(
    stack: Stack,
) -> None:
    stack.peer.script = silent_to(hang_up, 2)
    job = await make_job(stack.pool, 3)
    async with stack.daemon(**SETTLES):
        await stack.wake(job)
        await comes_to(stack.pool, job, {"sent": 2, "unknown": 1})
        await asyncio.sleep(1.5)
        assert await stack.pool.fetchval("SELECT state FROM jobs") == "settling"
        await arrives(stack.broker, webhook(job, (2, "delivered")))
        assert await finished(stack.pool, job) == "completed"
        await all_dealt_with(stack.broker)
        await asyncio.sleep(0.2)
    assert await counters(stack.pool, job) == {"sent": 3}
    frames = await told(stack.broker, job)
    assert [number for number, _ in frames] == list(range(1, len(frames) + 1))
    kinds = [frame["type"] for _, frame in frames]
    assert kinds[-3:] == ["job_state", "message_status", "job_completed"]
    _, said = frames[-2]
    assert (said["status"], said["sent"], said["unknown"]) == ("delivered", 3, 0)
    assert said["messageId"] == "wamid.2"


async def test_a_receipt_that_comes_before_the_answer_is_stored_waits_for_it(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        await arrives(stack.broker, webhook(job, (1, "delivered")))
        await asyncio.sleep(0.5)
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 1)
    async with stack.daemon(**SETTLES):
        await stack.wake(job)
        await comes_to(stack.pool, job, {"delivered": 1})
    row = await message(stack.pool, job, 1)
    assert (row["message_id"], row["message_status"]) == ("wamid.1", "accepted")


async def test_a_receipt_without_our_tag_is_placed_by_metas_id(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    async with stack.daemon(**SETTLES):
        await stack.wake(job)
        await finished(stack.pool, job)
        await arrives(stack.broker, webhook(job, (2, "read"), (9, "read"), tagged=False))
        await comes_to(stack.pool, job, {"sent": 1, "read": 1})
        await all_dealt_with(stack.broker)


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b'{"entry": []}',
        b"{}",
        b'{"entry":[{"changes":[{"value":{"statuses":[7]}}]}]}',
    ],
)
async def test_a_body_of_no_use_is_not_kept_and_holds_no_other_up(
    stack: Stack,
    body: bytes,
) -> None:
    job = await make_job(stack.pool, 1)
    async with stack.daemon(**SETTLES):
        await stack.wake(job)
        await finished(stack.pool, job)
        await arrives(stack.broker, body)
        await arrives(stack.broker, webhook(job, (1, "delivered")))
        await comes_to(stack.pool, job, {"delivered": 1})
        await all_dealt_with(stack.broker)


async def test_receipts_wait_for_a_database_that_is_away_and_are_not_lost(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 40)
    async with stack.daemon(**SETTLES):
        await stack.wake(job)
        await finished(stack.pool, job)
        for seq in range(1, 41):
            await arrives(stack.broker, webhook(job, (seq, "delivered")))
            if seq % 10 == 0:
                await cut_every_connection(stack.pool)
        await comes_to(stack.pool, job, {"delivered": 40}, seconds=20)
        await all_dealt_with(stack.broker)
    assert await stack.pool.fetchval("SELECT delivered FROM jobs") == 40


async def test_what_stays_in_doubt_is_sent_again_only_where_that_is_wanted(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        return await hang(arrival) if arrival.number == 1 else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 1)
    async with stack.daemon(unknown_after_seconds=1, unknown_policy="resend"):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 1}
    tags = [MessageTag.decode(arrival.tag) for arrival in stack.peer.arrivals]
    assert [tag.attempt for tag in tags if tag] == [1, 2]
    reasons = [frame.get("reason") for _, frame in await told(stack.broker, job)]
    assert "1 message stayed in doubt and will be sent again" in reasons


async def test_two_daemons_merge_side_by_side(stack: Stack) -> None:
    job = await make_job(stack.pool, 200)
    async with stack.daemon(**SETTLES), stack.daemon(**SETTLES):
        await stack.wake(job)
        await finished(stack.pool, job)
        for status in ("delivered", "read", "delivered"):
            bodies = [webhook(job, (seq, status)) for seq in range(1, 201)]
            await asyncio.gather(*(arrives(stack.broker, body) for body in bodies))
        await comes_to(stack.pool, job, {"read": 200}, seconds=20)
        await all_dealt_with(stack.broker)
    row = await stack.pool.fetchrow("SELECT sent, delivered, read FROM jobs")
    assert row is not None
    assert tuple(row) == (200, 200, 200)


async def test_a_loop_that_keeps_getting_nowhere_stops_its_job_with_a_reason(
    stack: Stack,
) -> None:
    job, other = await make_job(stack.pool, 2), await make_job(stack.pool, 2)
    await stack.pool.execute("UPDATE loops SET idle_turns = 15 WHERE job_id = $1", job.id)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, other) == "completed"
    row = await stack.pool.fetchrow("SELECT state, reason FROM jobs WHERE id = $1", job.id)
    assert row is not None
    assert row["state"] == "paused"
    assert row["reason"].startswith("Loop 1 was begun 15 times in a row and no message of it came")
    assert await states(stack.pool, job) == {"queued": 2}
    ((_, frame),) = [(n, f) for n, f in await told(stack.broker, job) if f["type"] == "job_state"]
    assert (frame["state"], frame["reason"]) == ("paused", row["reason"])


async def test_a_receipt_that_the_ledger_refuses_holds_no_other_up_and_is_dropped_in_the_end(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "LATER_SECONDS", 0.1)
    damaged = await make_job(stack.pool, 1)
    job = await make_job(stack.pool, 1, phone_number_id="200")
    async with stack.daemon(**SETTLES):
        await stack.wake(job)
        await finished(stack.pool, job)
        # A row that no counter knows of: merging its receipt would break the sum.
        await stack.pool.execute(
            "UPDATE jobs SET queued = 0, unknown = 1, state = 'paused' WHERE id = $1", damaged.id
        )
        bodies = [webhook(damaged, (1, "delivered")), webhook(job, (1, "delivered"))]
        await asyncio.gather(*(arrives(stack.broker, body) for body in bodies))
        await comes_to(stack.pool, job, {"delivered": 1})
        await all_dealt_with(stack.broker)
    assert await states(stack.pool, damaged) == {"queued": 1}
