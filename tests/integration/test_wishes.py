"""What people want of jobs, followed by daemons on real servers."""

import asyncio
from typing import Any

import pytest

from plumbing.postgres import Pool
from schemas.subjects import control_subject
from tests.campaigns import PHONE, Job, counters, finished, make_job, recipient, states, told
from tests.daemons import Stack
from tests.peer import Answer, Arrival, accepted, error

WANT = (
    "UPDATE jobs SET wanted = $2, wanted_no = wanted_no + 1, wanted_by = 'ann', wanted_why = $3"
    " WHERE id = $1"
)


async def want(stack: Stack, job: Job, wanted: str, why: str | None = None) -> None:
    """As the gateway writes it down, and says so."""
    await stack.pool.execute(WANT, job.id, wanted, why)
    await stack.broker.say(control_subject(job.id))


async def brake(stack: Stack, scope: str) -> None:
    await stack.pool.execute("INSERT INTO brakes (scope, pulled_by) VALUES ($1, 'ann')", scope)
    await stack.broker.say(control_subject(scope))


async def row(pool: Pool, job: Job) -> dict[str, Any]:
    found = await pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job.id)
    assert found is not None
    return dict(found)


async def until(pool: Pool, job: Job, column: str, least: object) -> dict[str, Any]:
    """The job once a column is so, or a count has got so far."""
    async with asyncio.timeout(15):
        while True:
            now = await row(pool, job)
            value = now[column]
            if value == least or (isinstance(least, int) and value >= least):
                return now
            await asyncio.sleep(0.01)


async def nothing_on_its_way(pool: Pool, job: Job) -> None:
    async with asyncio.timeout(15):
        while (await row(pool, job))["sending"]:
            await asyncio.sleep(0.01)


class Gate:
    """Meta answers when it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self, arrival: Arrival) -> Answer:
        await self.opened.wait()
        return accepted(arrival)


PATIENT: dict[str, object] = {"request_timeout_ms": 5000, "ack_wait_seconds": 10}


async def checked(stack: Stack, total: int, **more: Any) -> Job:
    """A job whose template was looked up, so that its first message need not go alone."""
    job = await make_job(stack.pool, total, **more)
    await stack.pool.execute("UPDATE jobs SET is_checked = true")
    return job


def once_each(stack: Stack, total: int) -> bool:
    return stack.peer.times_to() == {recipient(seq): 1 for seq in range(1, total + 1)}


async def test_a_paused_job_holds_before_its_next_message_and_goes_on_exactly_there(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 40, loop_size=15)
    async with stack.daemon(messages_per_second=50):
        await stack.wake(job)
        await until(stack.pool, job, "sent", 5)
        await want(stack, job, "pause", "lunch")
        paused = await until(stack.pool, job, "state", "paused")
        assert (paused["stopped_by"], paused["reason"]) == ("person", "Paused by ann: lunch")
        await nothing_on_its_way(stack.pool, job)
        held = len(stack.peer.arrivals)
        await asyncio.sleep(1.2)
        assert len(stack.peer.arrivals) == held < 40
        await want(stack, job, "run")
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert once_each(stack, 40)
    assert [arrival.to for arrival in stack.peer.arrivals] == [recipient(n) for n in range(1, 41)]
    moved = [f["state"] for _, f in await told(stack.broker, job) if f["type"] == "job_state"]
    assert moved == ["paused", "running"]


async def test_a_pause_outlives_the_daemon_and_needs_none(stack: Stack) -> None:
    job = await make_job(stack.pool, 3)
    await want(stack, job, "pause")
    async with stack.daemon():
        await stack.wake(job)
        await until(stack.pool, job, "state", "paused")
    async with stack.daemon():
        await stack.wake(job)
        await asyncio.sleep(1.0)
    assert stack.peer.arrivals == []
    assert await counters(stack.pool, job) == {"queued": 3}


async def test_resumed_with_work_in_flight_nobody_is_written_to_twice(stack: Stack) -> None:
    gate = stack.peer.script = Gate()
    job = await checked(stack, 30)
    async with stack.daemon(messages_per_second=100, **PATIENT):
        await stack.wake(job)
        await until(stack.pool, job, "sending", 8)
        await want(stack, job, "pause")
        await until(stack.pool, job, "state", "paused")
        await asyncio.gather(want(stack, job, "run"), want(stack, job, "run"), stack.wake(job))
        gate.opened.set()
        assert await finished(stack.pool, job) == "completed"
    assert once_each(stack, 30)
    assert await counters(stack.pool, job) == {"sent": 30}


async def test_canceled_at_once_whatever_its_size_while_what_is_on_its_way_is_counted(
    stack: Stack,
) -> None:
    gate = stack.peer.script = Gate()
    job = await checked(stack, 3000, loop_size=200)
    async with stack.daemon(messages_per_second=50, **PATIENT):
        await stack.wake(job)
        await until(stack.pool, job, "sending", 3)
        await want(stack, job, "cancel", "wrong list")
        now = await until(stack.pool, job, "canceled", 1)
        on_their_way = now["sending"]
        assert (now["state"], now["canceled"]) == ("running", 3000 - on_their_way)
        gate.opened.set()
        assert await finished(stack.pool, job) == "canceled"
    assert await counters(stack.pool, job) == {
        "sent": on_their_way, "canceled": 3000 - on_their_way,
    }  # fmt: skip
    assert await states(stack.pool, job) == await counters(stack.pool, job)
    assert len(stack.peer.arrivals) == on_their_way
    loops = await stack.pool.fetch("SELECT state, canceled FROM loops ORDER BY loop")
    assert {loop["state"] for loop in loops} == {"canceled"}
    assert sum(loop["canceled"] for loop in loops) == 3000 - on_their_way
    frames = [frame for _, frame in await told(stack.broker, job)]
    assert frames[-2] | {"jobId": ""} == {
        "type": "job_state", "jobId": "", "state": "canceled",
        "reason": "Canceled by ann: wrong list",
    }  # fmt: skip
    assert (frames[-1]["type"], frames[-1]["state"]) == ("job_completed", "canceled")


async def test_frames_of_a_canceled_job_are_numbered_without_gaps(stack: Stack) -> None:
    job = await make_job(stack.pool, 50)
    async with stack.daemon(messages_per_second=50):
        await stack.wake(job)
        await until(stack.pool, job, "sent", 2)
        await want(stack, job, "cancel")
        await finished(stack.pool, job)
        await until(stack.pool, job, "completion_told", True)
    numbers = [number for number, _ in await told(stack.broker, job)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers[-1] == (await row(stack.pool, job))["event_no"]


async def test_what_was_to_be_tried_again_is_canceled_with_its_job(stack: Stack) -> None:
    async def throttled(_: Arrival) -> Answer:
        return error(131000, 500)

    stack.peer.script = throttled
    job = await make_job(stack.pool, 2)
    async with stack.daemon(retry_base_ms=60_000):
        await stack.wake(job)
        await until(stack.pool, job, "event_no", 1)
        await asyncio.sleep(0.3)
        await want(stack, job, "cancel")
        assert await finished(stack.pool, job) == "canceled"
    assert await states(stack.pool, job) == {"canceled": 2}


async def test_a_job_of_which_all_is_sent_is_completed_though_somebody_wants_it_canceled(
    stack: Stack,
) -> None:
    gate = stack.peer.script = Gate()
    job = await checked(stack, 2)
    async with stack.daemon(**PATIENT):
        await stack.wake(job)
        await until(stack.pool, job, "sending", 2)
        await want(stack, job, "cancel")
        await asyncio.sleep(0.3)
        gate.opened.set()
        assert await finished(stack.pool, job) in ("completed", "canceled")
    assert await counters(stack.pool, job) == {"sent": 2}


async def test_what_a_dead_daemon_left_of_a_canceled_job_becomes_unknown_and_the_job_ends(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 3)
    await stack.pool.execute(
        "INSERT INTO lanes (phone_number_id, epoch, holder, is_released, taken_at, claimed_at)"
        " VALUES ($1, 1, 424242, false, now() - interval '1 minute', now() - interval '1 minute')",
        PHONE,
    )
    await stack.pool.execute("UPDATE loops SET state = 'running'")
    await stack.pool.execute("UPDATE jobs SET state = 'running', sending = 1, queued = 2")
    await stack.pool.execute(
        "UPDATE messages SET state = 'sending', claim_epoch = 1, attempt = 1,"
        " claimed_at = now() - interval '1 minute' WHERE seq = 1"
    )
    await stack.pool.execute("UPDATE lanes SET holder = NULL, is_released = true")
    await want(stack, job, "cancel")
    async with stack.daemon():
        assert await finished(stack.pool, job) == "canceled"
    assert await counters(stack.pool, job) == {"unknown": 1, "canceled": 2}
    assert stack.peer.arrivals == []


async def test_the_red_button_holds_every_job_and_those_that_come_later(stack: Stack) -> None:
    one = await make_job(stack.pool, 60)
    other = await make_job(stack.pool, 60, phone_number_id="222", first=100)
    async with stack.daemon(messages_per_second=50):
        await stack.wake(one, other)
        await until(stack.pool, one, "sent", 3)
        await brake(stack, "all")
        for job in (one, other):
            paused = await until(stack.pool, job, "state", "paused")
            assert (paused["stopped_by"], paused["reason"]) == (
                "brake", "Everything was paused by ann",
            )  # fmt: skip
        late = await make_job(stack.pool, 2, phone_number_id="333", first=200)
        await stack.wake(late)
        await until(stack.pool, late, "state", "paused")
        for job in (one, other):
            await nothing_on_its_way(stack.pool, job)
        held = len(stack.peer.arrivals)
        await asyncio.sleep(1.2)
        assert len(stack.peer.arrivals) == held
        await stack.pool.execute("DELETE FROM brakes")
        for job in (one, other, late):
            assert await finished(stack.pool, job) == "completed"
    assert max(stack.peer.times_to().values()) == 1
    assert len(stack.peer.arrivals) == 122


async def test_a_numbers_brake_stops_that_number_alone(stack: Stack) -> None:
    one = await make_job(stack.pool, 2)
    other = await make_job(stack.pool, 2, phone_number_id="222", first=100)
    await brake(stack, PHONE)
    async with stack.daemon():
        await stack.wake(one, other)
        assert await finished(stack.pool, other) == "completed"
        paused = await until(stack.pool, one, "state", "paused")
    assert paused["reason"] == f"Number {PHONE} was paused by ann"
    assert {arrival.phone_number_id for arrival in stack.peer.arrivals} == {"222"}


async def test_a_brake_that_is_released_leaves_a_job_paused_that_a_person_had_paused(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 2)
    await brake(stack, "all")
    async with stack.daemon():
        await until(stack.pool, job, "stopped_by", "brake")
        await want(stack, job, "pause")
        await until(stack.pool, job, "stopped_by", "person")
        await stack.pool.execute("DELETE FROM brakes")
        await asyncio.sleep(2.5)
        assert (await row(stack.pool, job))["state"] == "paused"
    assert stack.peer.arrivals == []


@pytest.mark.parametrize("stopped_by", ["template", "account"])
async def test_a_job_that_meta_stopped_keeps_that_reason_when_a_person_pauses_it(
    stack: Stack, stopped_by: str
) -> None:
    job = await make_job(stack.pool, 2)
    await stack.pool.execute(
        "UPDATE jobs SET state = 'paused', stopped_by = $1, reason = 'Meta says no'", stopped_by
    )
    await want(stack, job, "pause")
    async with stack.daemon():
        async with asyncio.timeout(10):
            while (now := await row(stack.pool, job))["followed_no"] != now["wanted_no"]:
                await asyncio.sleep(0.02)
    assert (now["stopped_by"], now["reason"]) == (stopped_by, "Meta says no")


async def test_the_trail_of_a_job_has_every_move_and_who_made_it(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    await want(stack, job, "pause", "not yet")
    async with stack.daemon():
        await until(stack.pool, job, "state", "paused")
        await want(stack, job, "run")
        await stack.wake(job)
        await finished(stack.pool, job)
    trail = await stack.pool.fetch("SELECT what, who, why FROM audit ORDER BY no")
    assert [tuple(line) for line in trail] == [
        ("queued", "local", None),
        ("paused", "ann", "Paused by ann: not yet"),
        ("running", "ann", None),
        ("completed", None, None),
    ]
