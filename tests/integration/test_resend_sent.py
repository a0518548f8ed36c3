"""What is sent again reaches nobody twice, whatever is learned of the first time meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.messages import MessageTag
from schemas.subjects import RECEIPTS_SUBJECT
from tests.campaigns import Job, counters, finished, states
from tests.daemons import Stack
from tests.families import child_of, over, resend, rewrite
from tests.gateways import Running, serving
from tests.peer import Answer, Arrival, accepted, error

REFUSED = ("failed", 131000)


@pytest.fixture
async def gateway(stack: Stack, nats_url: str, log: Log) -> AsyncIterator[Running]:
    url = stack.settings.database_url
    async with serving(url, nats_url, log, loop_size=20) as running:
        yield running


async def delivered(broker: Broker, pool: Pool, job: Job, seqs: range) -> None:
    """Receipts say so of the first time, and have been merged."""
    rows = await pool.fetch(
        "SELECT seq, recipient FROM messages WHERE job_id = $1 AND seq = ANY ($2::integer[])",
        job.id, list(seqs),
    )  # fmt: skip
    said = [
        {"id": f"wamid.first.{row['seq']}", "status": "delivered", "timestamp": "1750030073",
         "recipient_id": row["recipient"],
         "biz_opaque_callback_data": MessageTag(job.id, row["seq"], 1).encode()}
        for row in rows
    ]  # fmt: skip
    body = {"entry": [{"changes": [{"value": {"statuses": said}}]}]}
    await broker.publish(RECEIPTS_SUBJECT, json.dumps(body).encode())
    async with asyncio.timeout(15):
        while await pool.fetchval(
            "SELECT count(*) FROM messages WHERE job_id = $1 AND seq = ANY ($2::integer[])"
            " AND state <> 'delivered'", job.id, list(seqs),
        ):  # fmt: skip
            await asyncio.sleep(0.01)


async def still_queued(pool: Pool, job: Job) -> set[str]:
    rows = await pool.fetch(
        "SELECT recipient FROM messages WHERE job_id = $1 AND state = 'queued'", job.id
    )
    return {row["recipient"] for row in rows}


async def recipients(pool: Pool, job: Job, seqs: range) -> set[str]:
    rows = await pool.fetch(
        "SELECT recipient FROM messages WHERE job_id = $1 AND seq = ANY ($2::integer[])",
        job.id, list(seqs),
    )  # fmt: skip
    return {row["recipient"] for row in rows}


async def doctor_finds_nothing(pool: Pool) -> None:
    """Counters are what the rows say."""
    wrong = await pool.fetch(
        "SELECT j.id FROM jobs j JOIN messages m ON m.job_id = j.id GROUP BY j.id"
        " HAVING count(*) FILTER (WHERE m.state = 'skipped') <> j.skipped"
        "     OR count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'read')) <> j.sent"
    )
    assert wrong == []


async def test_a_part_is_sent_to_those_who_are_in_it_and_once(
    stack: Stack, gateway: Running
) -> None:
    parent = await over(gateway, stack.pool)
    async with stack.daemon():
        child = child_of(await resend(gateway, parent, {"states": ["failed", "unknown"]}))
        assert await finished(stack.pool, child) == "completed"
    assert await states(stack.pool, child) == {"sent": 3}
    assert set(stack.peer.times_to().values()) == {1}
    assert len(stack.peer.arrivals) == 3


async def test_who_turns_out_to_have_it_after_all_is_skipped_and_the_reason_names_the_job(
    stack: Stack, gateway: Running
) -> None:
    parent = await over(gateway, stack.pool, dict.fromkeys(range(1, 6), REFUSED))
    await gateway.post("/api/pause")
    child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
    async with stack.daemon():
        await delivered(stack.broker, stack.pool, parent, range(2, 4))
        await gateway.post("/api/resume")
        assert await finished(stack.pool, child) == "completed"
    assert await states(stack.pool, child) == {"sent": 3, "skipped": 2}
    assert await counters(stack.pool, child) == {"sent": 3, "skipped": 2}
    got_it = await recipients(stack.pool, parent, range(2, 4))
    assert not got_it & set(stack.peer.times_to())
    reason = await stack.pool.fetchval(
        "SELECT min(reason) FROM messages WHERE job_id = $1 AND state = 'skipped'", child.id
    )
    assert reason == f"delivered by job {parent.id}"


async def test_receipts_that_come_while_the_child_is_sent_stop_what_has_not_been_claimed(
    stack: Stack, gateway: Running
) -> None:
    parent = await over(gateway, stack.pool, dict.fromkeys(range(1, 61), REFUSED))
    late = range(31, 61)
    async with stack.daemon(messages_per_second=20):
        child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
        async with asyncio.timeout(15):
            while len(stack.peer.arrivals) < 5:
                await asyncio.sleep(0.01)
        await delivered(stack.broker, stack.pool, parent, late)
        spared = await still_queued(stack.pool, child) & await recipients(stack.pool, parent, late)
        assert await finished(stack.pool, child) == "completed"
    assert spared
    assert not spared & set(stack.peer.times_to())
    assert (await states(stack.pool, child))["skipped"] >= len(spared)
    await doctor_finds_nothing(stack.pool)


async def test_a_message_that_goes_back_to_the_queue_is_asked_for_again(
    stack: Stack, gateway: Running
) -> None:
    """Refused once, and before its next try a receipt says that the first time had arrived."""
    parent = await over(gateway, stack.pool, {1: REFUSED})
    refused = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        refused.set()
        return error(131000, 500)

    stack.peer.script = script
    async with stack.daemon(retry_base_ms=1500):
        child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
        await asyncio.wait_for(refused.wait(), 15)
        await delivered(stack.broker, stack.pool, parent, range(1, 2))
        await finished(stack.pool, child)
    assert await states(stack.pool, child) == {"skipped": 1}
    assert len(stack.peer.arrivals) == 1


async def test_who_is_in_doubt_gets_it_again_only_when_unknown_was_asked_for(
    stack: Stack, gateway: Running
) -> None:
    parent = await over(gateway, stack.pool, {1: ("unknown", None), 2: REFUSED})
    async with stack.daemon():
        careful = child_of(await resend(gateway, parent, {"states": ["failed"]}))
        await finished(stack.pool, careful)
        assert careful.total == 1
        bold = child_of(await resend(gateway, parent, {"states": ["unknown"]}))
        await finished(stack.pool, bold)
    assert await states(stack.pool, bold) == {"sent": 1}
    assert set(stack.peer.times_to().values()) == {1}


async def test_a_doubt_of_the_first_time_that_nobody_asked_to_repeat_is_seen_at_the_claim(
    stack: Stack, gateway: Running
) -> None:
    parent = await over(gateway, stack.pool, {1: REFUSED})
    child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
    await rewrite(stack.pool, parent, {1: ("unknown", None)})
    async with stack.daemon():
        await stack.wake(child)
        await finished(stack.pool, child)
    assert await states(stack.pool, child) == {"skipped": 1}
    assert stack.peer.arrivals == []
    reason = await stack.pool.fetchval("SELECT reason FROM messages WHERE job_id = $1", child.id)
    assert reason == f"in doubt by job {parent.id}"


async def test_parts_pressed_at_once_and_again_reach_each_recipient_once(
    stack: Stack, gateway: Running
) -> None:
    """Meta refuses every third: some need several children until they are reached."""
    parent = await over(gateway, stack.pool, dict.fromkeys(range(1, 41), REFUSED))
    reached: list[str] = []

    async def script(arrival: Arrival) -> Answer:
        if arrival.number % 3 == 0:
            return error(131000, 500)
        reached.append(arrival.to)
        return accepted(arrival)

    stack.peer.script = script
    async with stack.daemon(max_retries=0), stack.daemon(max_retries=0):
        family = [parent]
        for _ in range(3):
            answers = await asyncio.gather(
                *(resend(gateway, job, {"states": ["failed"]}) for job in family * 2)
            )
            children = [child_of(answer) for answer in answers if answer.status == 201]
            for child in children:
                await finished(stack.pool, child)
            family += children
            await stack.pool.execute("UPDATE contacts SET claimed_at = now() - interval '1 hour'")
    assert len(family) > 3
    assert len(reached) == len(set(reached)) > 36
    await doctor_finds_nothing(stack.pool)
