"""Meta's rules: what a refusal stops, what waits, and who is left out; and how it goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from daemon import lane
from schemas.jobs import Template, Text
from tests.campaigns import Job, counters, finished, make_job, message, recipient, states, told
from tests.daemons import Stack
from tests.integration.test_receipts import comes_to
from tests.peer import Answer, Arrival, accepted, error
from tests.support import until

SALE = Template(name="sale")
Script = Callable[[Arrival], Awaitable[Answer]]


def refusing(code: int, *numbers: int, after: int = 0) -> Script:
    """Refuses the requests with these numbers, or all; accepts the others."""

    async def script(arrival: Arrival) -> Answer:
        is_refused = not numbers or arrival.number in numbers
        headers = {"Retry-After": str(after)} if after else {}
        return error(code, 400, **headers) if is_refused else accepted(arrival)

    return script


async def row(stack: Stack, job: Job) -> dict[str, Any]:
    found = await stack.pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job.id)
    assert found is not None
    return dict(found)


async def in_state(stack: Stack, job: Job, state: str) -> dict[str, Any]:
    async def is_there() -> bool:
        return bool((await row(stack, job))["state"] == state)

    for _ in range(500):
        if await is_there():
            return await row(stack, job)
        await asyncio.sleep(0.02)
    raise AssertionError(await row(stack, job))


async def resume(stack: Stack, job: Job) -> None:
    """As the gateway writes it."""
    await stack.pool.execute("UPDATE jobs SET wanted_no = wanted_no + 1 WHERE id = $1", job.id)
    await stack.wake(job)


async def test_a_dead_token_stops_every_job_at_the_first_no_and_loses_nothing(
    stack: Stack,
) -> None:
    stack.peer.script = refusing(190)
    jobs = [
        await make_job(stack.pool, 50, phone_number_id=phone, first=first)
        for phone, first in (("111", 1), ("222", 51))
    ]
    async with stack.daemon():
        await stack.wake(jobs[0])
        stopped = [await in_state(stack, job, "paused") for job in jobs]
        assert len(stack.peer.arrivals) == 1
        assert {job["stopped_by"] for job in stopped} == {"account"}
        assert stopped[1]["reason"] == (
            "The access token has expired or is invalid (190). Put a valid META_ACCESS_TOKEN in"
            " place and restart the daemons; then resume the job."
        )
        assert await counters(stack.pool, jobs[0]) == {"queued": 50}
        stack.peer.script = refusing(190, 1)
        for job in jobs:
            await resume(stack, job)
            assert await finished(stack.pool, job) == "completed"
    assert stack.peer.times_to() == {recipient(1): 2} | {recipient(n): 1 for n in range(2, 101)}
    changes = [f for _, f in await told(stack.broker, jobs[0]) if f["type"] == "job_state"]
    assert [(f["state"], f["reason"]) for f in changes] == [
        ("paused", stopped[0]["reason"]), ("running", "resumed"),
    ]  # fmt: skip


async def test_at_most_what_was_in_flight_is_spent_when_a_number_is_stopped(stack: Stack) -> None:
    stack.peer.script = refusing(131048, *range(3, 500))
    job = await make_job(stack.pool, 500)
    other = await make_job(stack.pool, 5, phone_number_id="222", first=501)
    async with stack.daemon(concurrency=8):
        await stack.wake(job)
        stopped = await in_state(stack, job, "paused")
        arrivals = len(stack.peer.arrivals)
        assert arrivals <= 2 + 8
        stack.peer.script = refusing(1, 0)
        await stack.wake(other)
        assert await finished(stack.pool, other) == "completed"
    assert stopped["stopped_by"] == "number"
    assert "blocked or called spam (131048)" in stopped["reason"]
    assert await counters(stack.pool, job) == {"sent": 2, "queued": 498}


async def test_a_template_that_is_paused_stops_its_jobs_on_every_number_and_no_others(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        is_sale = arrival.body["template"]["name"] == "sale"
        return error(132015) if is_sale else accepted(arrival)

    stack.peer.script = script
    sales = [
        await make_job(stack.pool, 9, phone_number_id=phone, first=first, content=SALE)
        for phone, first in (("111", 1), ("222", 11))
    ]
    update = await make_job(stack.pool, 9, phone_number_id="111", first=21)
    async with stack.daemon():
        await stack.wake(sales[0])
        for job in sales:
            assert (await in_state(stack, job, "paused"))["stopped_by"] == "template"
        assert await finished(stack.pool, update) == "completed"
    assert len([a for a in stack.peer.arrivals if a.body["template"]["name"] == "sale"]) == 1


async def test_the_second_message_leaves_only_when_the_first_was_not_refused(stack: Stack) -> None:
    answered = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        await answered.wait()
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 20)
    async with stack.daemon():
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 1, "the probe has left")
        await asyncio.sleep(0.2)
        assert len(stack.peer.arrivals) == 1
        answered.set()
        assert await finished(stack.pool, job) == "completed"


async def test_a_job_that_was_checked_needs_no_probe(stack: Stack) -> None:
    answered = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        await answered.wait()
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 20)
    await stack.pool.execute("UPDATE jobs SET is_checked = true")
    async with stack.daemon():
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 20, "all have left")
        answered.set()
        assert await finished(stack.pool, job) == "completed"


async def test_wrong_parameters_of_the_first_message_stop_the_job_and_then_fail_it_alone(
    stack: Stack,
) -> None:
    stack.peer.script = refusing(132000, 1, 2)
    job = await make_job(stack.pool, 5)
    async with stack.daemon():
        await stack.wake(job)
        stopped = await in_state(stack, job, "paused")
        assert stopped["stopped_by"] == "job"
        assert await counters(stack.pool, job) == {"queued": 5}
        await resume(stack, job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 4, "failed": 1}
    assert (await message(stack.pool, job, 1))["error_code"] == 132000


async def test_while_all_rows_are_wrong_each_resume_costs_one_message_and_no_more(
    stack: Stack,
) -> None:
    stack.peer.script = refusing(132000)
    job = await make_job(stack.pool, 20)
    async with stack.daemon(concurrency=8):
        await stack.wake(job)
        await in_state(stack, job, "paused")
        for failed in (1, 2):
            await resume(stack, job)
            await comes_to(stack.pool, job, {"failed": failed, "queued": 20 - failed})
            await in_state(stack, job, "paused")
    assert len(stack.peer.arrivals) == 5


async def test_what_a_person_resumes_too_early_is_stopped_by_one_message(stack: Stack) -> None:
    """A number that is called spam must not be tried with all that may be in flight."""
    stack.peer.script = refusing(131048, *range(3, 500))
    job = await make_job(stack.pool, 40)
    async with stack.daemon(concurrency=8):
        await stack.wake(job)
        await in_state(stack, job, "paused")
        arrivals = len(stack.peer.arrivals)
        await resume(stack, job)
        await until(lambda: len(stack.peer.arrivals) > arrivals, "it was tried")
        await in_state(stack, job, "paused")
        assert len(stack.peer.arrivals) == arrivals + 1
        stack.peer.script = refusing(131048, 1)
        await resume(stack, job)
        assert await finished(stack.pool, job) == "completed"


async def test_resume_pressed_twice_or_with_answers_still_awaited_sends_nobody_twice(
    stack: Stack,
) -> None:
    slow = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 2:
            await slow.wait()
        return error(131042) if arrival.number == 3 else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 30)
    async with stack.daemon(concurrency=2, request_timeout_ms=5000, ack_wait_seconds=8):
        await stack.wake(job)
        await in_state(stack, job, "paused")
        await resume(stack, job)
        await resume(stack, job)
        await asyncio.sleep(0.2)
        slow.set()
        assert await finished(stack.pool, job) == "completed"
    assert stack.peer.times_to()[recipient(3)] == 2
    assert sorted(stack.peer.times_to().values()) == [1] * 29 + [2]
    assert await counters(stack.pool, job) == {"sent": 30}


async def test_a_job_that_is_stopped_with_its_last_message_ends_when_it_is_resumed(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        return web.json_response(
            {"messages": [{"id": f"wamid.{arrival.number}", "message_status": "paused"}]}
        )

    stack.peer.script = script
    job = await make_job(stack.pool, 1)
    async with stack.daemon():
        await stack.wake(job)
        stopped = await in_state(stack, job, "paused")
        assert stopped["stopped_by"] == "template"
        assert await counters(stack.pool, job) == {"sent": 1}
        await resume(stack, job)
        assert await finished(stack.pool, job) == "completed"


async def test_a_throttled_number_goes_at_half_its_pace_in_the_loops_that_follow(
    stack: Stack,
) -> None:
    stack.peer.script = refusing(130429, 5)
    job = await make_job(stack.pool, 40, loop_size=10)
    async with stack.daemon(messages_per_second=40, concurrency=1):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    lane = await stack.pool.fetchrow("SELECT slowed_to, slowed_from FROM lanes")
    assert lane is not None
    assert tuple(lane) == (20, 40)
    later = stack.peer.arrivals[15:]
    assert len(later) / (later[-1].at - later[0].at) < 25
    assert await counters(stack.pool, job) == {"sent": 40}


async def test_a_long_retry_after_outlives_the_turn_and_tells_until_when(stack: Stack) -> None:
    stack.peer.script = refusing(80007, 3, after=7)
    job = await make_job(stack.pool, 6)
    async with stack.daemon(concurrency=1):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 3, "throttled")
        await asyncio.sleep(0.5)
        waiting = await row(stack, job)
        assert waiting["limited_by"] == "throttled"
        left = waiting["limited_until"] - datetime.now(UTC)
        assert timedelta(seconds=4) < left < timedelta(seconds=7)
    async with stack.daemon(concurrency=1):
        assert await finished(stack.pool, job) == "completed"
    before, after = stack.peer.arrivals[2:4]
    assert after.at - before.at >= 7
    assert (await row(stack, job))["limited_until"] is None


async def test_of_two_waits_that_meta_asks_for_at_once_the_longer_one_outlives_the_daemon(
    stack: Stack,
) -> None:
    both = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 1:
            return accepted(arrival)
        if arrival.number == 2:
            await both.wait()
            return error(130429)
        both.set()
        await asyncio.sleep(0.2)
        return error(130429, 429, **{"Retry-After": "60"})

    stack.peer.script = script
    job = await make_job(stack.pool, 6)
    async with stack.daemon(concurrency=2, retry_base_ms=1000):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 3, "both are on their way")
        await asyncio.sleep(1)
    lane = await stack.pool.fetchrow(
        "SELECT held_until - now() AS held, slowed_to, slowed_from FROM lanes"
    )
    assert lane is not None
    assert timedelta(seconds=50) < lane["held"] < timedelta(seconds=60)
    assert lane["slowed_to"] == lane["slowed_from"] / 2
    assert len(stack.peer.arrivals) == 3


async def test_what_meta_holds_back_is_deferred_and_no_failure(stack: Stack) -> None:
    stack.peer.script = refusing(131049, 2)
    job = await make_job(stack.pool, 3)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 2, "skipped": 1}
    assert (await row(stack, job))["deferred"] == 1
    held = await message(stack.pool, job, 2)
    assert (held["state"], held["error_code"]) == ("skipped", 131049)
    due_at = held["due_at"]
    assert isinstance(due_at, datetime)
    assert timedelta(hours=23, minutes=59) < due_at - datetime.now(UTC) <= timedelta(hours=24)
    (frame,) = [f for _, f in await told(stack.broker, job) if f["type"] == "message_skipped"]
    assert (frame["error"], frame["skipped"]) == (
        {"code": 131049, "title": "said no", "details": ""}, 1,
    )  # fmt: skip


async def suppress(stack: Stack, number: str, scope: str, lifted: str = "NULL") -> None:
    await stack.pool.execute(
        "INSERT INTO suppressions (number, source, scope, reason, at, lifted_at)"
        f" VALUES ($1, 'recipient', $2, 'wrote \"STOP\"', now() - interval '1 hour', {lifted})",
        number, scope,
    )  # fmt: skip


async def test_who_opted_out_after_the_submission_is_skipped_with_the_reason(stack: Stack) -> None:
    job = await make_job(stack.pool, 5)
    await suppress(stack, recipient(2), "all")
    await suppress(stack, recipient(3), "marketing")
    await suppress(stack, recipient(4), "all", lifted="now()")
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert [a.to for a in stack.peer.arrivals] == [recipient(n) for n in (1, 4, 5)]
    assert await counters(stack.pool, job) == {"sent": 3, "skipped": 2}
    assert await stack.pool.fetchval("SELECT skipped FROM loops") == 2
    skipped = await message(stack.pool, job, 2)
    assert (skipped["state"], skipped["reason"]) == ("skipped", 'wrote "STOP"')
    frames = [f for _, f in await told(stack.broker, job) if f["type"] == "message_skipped"]
    assert [(f["seq"], f["reason"], f["skipped"]) for f in frames] == [
        (2, 'wrote "STOP"', 1), (3, 'wrote "STOP"', 2),
    ]  # fmt: skip


async def test_who_wants_no_marketing_still_gets_what_is_known_to_be_none(stack: Stack) -> None:
    job = await make_job(stack.pool, 3)
    await stack.pool.execute("UPDATE jobs SET category = 'UTILITY'")
    await suppress(stack, recipient(1), "marketing")
    await suppress(stack, recipient(2), "all")
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 2, "skipped": 1}


async def test_a_list_on_which_everybody_opted_out_is_completed_without_a_request(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 40, loop_size=10)
    for seq in range(1, 41):
        await suppress(stack, recipient(seq), "all")
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert stack.peer.arrivals == []
    assert await counters(stack.pool, job) == {"skipped": 40}


async def test_who_is_refused_for_having_stopped_marketing_is_suppressed(stack: Stack) -> None:
    stack.peer.script = refusing(131050, 1)
    job = await make_job(stack.pool, 2)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
        assert await counters(stack.pool, job) == {"sent": 1, "failed": 1}
        rows = await stack.pool.fetch("SELECT number, source, scope, job_id, seq FROM suppressions")
        assert [tuple(r) for r in rows] == [(recipient(1), "meta", "marketing", job.id, 1)]
        again = await make_job(stack.pool, 1)
        await stack.wake(again)
        assert await finished(stack.pool, again) == "completed"
    assert await counters(stack.pool, again) == {"skipped": 1}


async def test_nobody_gets_messages_of_two_jobs_within_six_seconds(stack: Stack) -> None:
    """The others of the second job go at once, in loops behind the one that waits."""
    first = await make_job(stack.pool, 1)
    people = [recipient(1), *(recipient(100 + n) for n in range(5))]
    second = await make_job(stack.pool, 6, phone_number_id="222", recipients=people, loop_size=2)
    async with stack.daemon():
        await stack.wake(first)
        await finished(stack.pool, first)
        await stack.wake(second)
        await comes_to(stack.pool, second, {"sent": 5, "queued": 1}, seconds=5)
        assert await finished(stack.pool, second) == "completed"
    to_one = [a.at for a in stack.peer.arrivals if a.to == recipient(1)]
    assert len(to_one) == 2
    assert to_one[1] - to_one[0] >= 6


async def test_at_the_messaging_limit_a_job_waits_and_tells_when_room_comes(stack: Stack) -> None:
    stack.peer.script = refusing(131026, 2)
    job = await make_job(stack.pool, 6)
    async with stack.daemon(messaging_limit=3, concurrency=1):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 4, "three were reached, one was refused")
        await asyncio.sleep(0.5)
        assert await counters(stack.pool, job) == {"sent": 3, "failed": 1, "queued": 2}
        waiting = await row(stack, job)
        assert (waiting["state"], waiting["limited_by"]) == ("running", "messaging limit")
        left = waiting["limited_until"] - datetime.now(UTC)
        assert timedelta(hours=23, minutes=55) < left <= timedelta(hours=24, minutes=1)
    assert await stack.pool.fetchval("SELECT sum(people) FROM reach") == 3


async def test_who_was_reached_within_the_day_takes_no_second_place(stack: Stack) -> None:
    await stack.pool.execute(
        "INSERT INTO contacts SELECT '4915100' || to_char(n, 'FM000000'), gen_random_uuid(), 1,"
        " now() - interval '1 hour', date_trunc('minute', now() - interval '1 hour'), true"
        " FROM generate_series(1, 2) n"
    )
    await stack.pool.execute(
        "INSERT INTO reach VALUES (date_trunc('minute', now() - interval '1 hour'), 2),"
        " (date_trunc('minute', now() - interval '25 hours'), 50)"
    )
    job = await make_job(stack.pool, 3)
    async with stack.daemon(messaging_limit=3):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    people = await stack.pool.fetch("SELECT people FROM reach ORDER BY minute")
    assert [r["people"] for r in people] == [0, 3]


async def test_a_count_of_people_that_somebody_has_changed_costs_no_outcome(stack: Stack) -> None:
    await stack.pool.execute(
        "INSERT INTO contacts SELECT '4915100' || to_char(n, 'FM000000'), gen_random_uuid(), 1,"
        " now() - interval '1 hour', date_trunc('minute', now() - interval '1 hour'), true"
        " FROM generate_series(1, 2) n"
    )
    await stack.pool.execute(
        "INSERT INTO reach VALUES (date_trunc('minute', now() - interval '1 hour'), 1)"
    )
    job = await make_job(stack.pool, 3)
    async with stack.daemon(messaging_limit=10):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 3}


async def test_who_was_reached_before_there_was_a_limit_counts(stack: Stack) -> None:
    before = await make_job(stack.pool, 4)
    after = await make_job(stack.pool, 4, first=11)
    async with stack.daemon():
        await stack.wake(before)
        await finished(stack.pool, before)
    async with stack.daemon(messaging_limit=6):
        await until(lambda: len(stack.peer.arrivals) == 6, "two more places")
        await asyncio.sleep(0.5)
        assert await counters(stack.pool, after) == {"sent": 2, "queued": 2}


async def test_a_single_message_without_room_says_what_it_waits_for(stack: Stack) -> None:
    first = await make_job(stack.pool, 1)
    second = await make_job(stack.pool, 1, first=2)
    async with stack.daemon(messaging_limit=1):
        await stack.wake(first)
        await finished(stack.pool, first)
        await stack.wake(second)
        await asyncio.sleep(1)
        waiting = await row(stack, second)
        assert (waiting["limited_by"], waiting["queued"]) == ("messaging limit", 1)


async def test_free_text_takes_no_place_of_the_messaging_limit(stack: Stack) -> None:
    job = await make_job(stack.pool, 3, content=Text("We open at nine."))
    async with stack.daemon(messaging_limit=1):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"


async def test_one_recipient_who_is_always_throttled_does_not_keep_the_others_waiting(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        return error(429, 429) if arrival.to == recipient(1) else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 4)
    async with stack.daemon():
        await stack.wake(job)
        await until(lambda: len(stack.peer.times_to()) == 4, "all others were sent", seconds=20)


async def test_lanes_that_share_the_messaging_limit_do_not_overstep_it(stack: Stack) -> None:
    jobs = [
        await make_job(stack.pool, 20, phone_number_id=str(100 + n), first=1 + 20 * n)
        for n in range(5)
    ]
    async with stack.daemon(messaging_limit=37):
        await stack.wake(*jobs)
        await until(lambda: len(stack.peer.arrivals) == 37, "the limit is reached")
        await asyncio.sleep(0.5)
        assert len(stack.peer.arrivals) == 37


async def test_one_recipient_who_waits_holds_up_neither_the_job_nor_the_number(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        is_early = arrival.to == recipient(1) and stack.peer.times_to()[arrival.to] <= 2
        return error(131056) if is_early else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 6, loop_size=2)
    async with stack.daemon():
        await stack.wake(job)
        await until(lambda: len(stack.peer.times_to()) == 6, "all were written to", seconds=4)
        assert await finished(stack.pool, job) == "completed"
    times = [a.at for a in stack.peer.arrivals if a.to == recipient(1)]
    assert [round(later - at) for at, later in pairwise(times)] == [1, 4]
    frames = [f for _, f in await told(stack.broker, job) if f["type"] == "loop_completed"]
    assert [f["loopIndex"] for f in frames] == [2, 3, 1]


async def test_a_job_that_comes_in_while_another_waits_for_its_recipient_starts_soon(
    stack: Stack,
) -> None:
    async def script(arrival: Arrival) -> Answer:
        is_early = arrival.to == recipient(1)
        return error(131016, 503, **{"Retry-After": "60"}) if is_early else accepted(arrival)

    stack.peer.script = script
    waiting = await make_job(stack.pool, 1)
    async with stack.daemon():
        await stack.wake(waiting)
        await until(lambda: len(stack.peer.arrivals) == 1, "it was refused for now")
        await asyncio.sleep(1)
        other = await make_job(stack.pool, 1, first=2)
        await stack.wake(other)
        assert await finished(stack.pool, other, seconds=15) == "completed"
    assert await states(stack.pool, waiting) == {"queued": 1}


async def test_a_turn_that_ends_because_its_job_is_stopped_is_no_sign_of_one_that_gets_nowhere(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 3)

    async def script(_: Arrival) -> Answer:
        await stack.pool.execute("UPDATE jobs SET state = 'paused', followed_no = wanted_no")
        return error(131016, 503)

    stack.peer.script = script
    async with stack.daemon(retry_base_ms=500):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 1, "the first has left")
        await comes_to(stack.pool, job, {"queued": 3})
        await asyncio.sleep(0.5)
    assert await stack.pool.fetchval("SELECT idle_turns FROM loops") == 0


async def test_a_turn_whose_hold_is_over_before_its_answers_are_in_does_not_count(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15 such turns in a row would stop a job that Meta only holds back."""
    monkeypatch.setattr(lane, "LONGEST_REST_SECONDS", 0.1)

    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 1:
            return error(130429, 429, **{"Retry-After": "1"})
        await asyncio.sleep(1.5)
        return error(131016, 503, **{"Retry-After": "30"})

    stack.peer.script = script
    job = await make_job(stack.pool, 2)
    await stack.pool.execute("UPDATE jobs SET is_checked = true")
    async with stack.daemon(concurrency=2, request_timeout_ms=3000, ack_wait_seconds=8):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 3, "the next turn has begun")
        assert await stack.pool.fetchval("SELECT idle_turns FROM loops") == 1
