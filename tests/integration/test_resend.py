"""A part of a job sent again is for those it is for, and for nobody who has got the message."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from schemas.subjects import JOBS_STREAM
from tests.campaigns import Job
from tests.families import child_of, left_out, over, resend, rewrite, taken
from tests.gateways import PHONE, QUICK, Running, numbers, quick, serving


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


@pytest.mark.parametrize(
    ("part", "seqs", "excluded"),
    [
        ({"states": ["failed"]}, [4, 9], {"cannot": 1}),
        ({"states": ["failed", "unknown"]}, [4, 6, 9], {"cannot": 1}),
        ({"codes": [131000]}, [4], {}),
        ({"states": ["unknown"], "codes": [131000, 131026]}, [4, 6], {"cannot": 1}),
        ({"states": ["skipped"]}, [8], {"held": 1}),
        ({"states": ["canceled"]}, [10], {}),
    ],
)
async def test_a_part_is_what_is_in_the_states_or_has_the_codes_and_can_be_reached(
    gateway: Running, pool: Pool, part: dict[str, Any], seqs: list[int], excluded: dict[str, int]
) -> None:
    parent = await over(gateway, pool)
    answer = await resend(gateway, parent, part)
    child = child_of(answer)
    assert await taken(pool, child, parent) == seqs
    assert left_out(answer) == excluded
    assert (answer.body["accepted"], answer.body["parentId"]) == (len(seqs), str(parent.id))


async def test_the_child_is_cut_and_says_the_same_as_its_parent_and_both_name_each_other(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool)
    await pool.execute(
        'UPDATE messages SET variables = \'{"1": "Ann"}\' WHERE job_id = $1 AND seq = 4',
        parent.id,
    )
    await pool.execute("UPDATE jobs SET loop_size = 2, is_checked = true")
    child = child_of(await resend(gateway, parent, {"states": ["failed", "unknown"]}))
    said = (await gateway.get(f"/api/bulk/job/{child.id}")).body
    assert [loop["size"] for loop in said["loops"]] == [2, 1]
    assert (said["parentId"], said["campaignName"], said["state"], said["queued"]) == (
        str(parent.id), "May", "queued", 3,
    )  # fmt: skip
    told = (await gateway.get(f"/api/bulk/job/{parent.id}")).body
    assert [one["jobId"] for one in told["children"]] == [str(child.id)]
    row = await pool.fetchrow("SELECT content, is_checked FROM jobs WHERE id = $1", child.id)
    first = await pool.fetchval(
        "SELECT variables FROM messages WHERE job_id = $1 AND seq = 1", child.id
    )
    assert row is not None
    assert b"order_update" in row["content"]
    assert row["is_checked"] is False  # nobody has looked at the template today
    assert first == b'{"1": "Ann"}'
    trail = (await gateway.get(f"/api/bulk/job/{parent.id}/audit")).body["entries"]
    assert (trail[-1]["what"], trail[-1]["who"]) == ("resend", "local")


async def test_the_child_keeps_to_the_hours_and_the_rate_of_its_parent(
    gateway: Running, pool: Pool
) -> None:
    """But not to its start, which is over."""
    parent = await over(gateway, pool)
    await pool.execute(
        "UPDATE jobs SET send_window = $1, messages_per_second = 3, loop_pause_ms = 60000,"
        " scheduled_at = now() - interval '1 day'",
        b'{"from": "09:00", "to": "20:00", "zone": "recipient"}',
    )
    await pool.execute("UPDATE messages SET zone = 'Asia/Kolkata' WHERE seq = 4")
    child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
    row = await pool.fetchrow(
        "SELECT send_window->>'from' AS opens, messages_per_second, loop_pause_ms, scheduled_at"
        " FROM jobs WHERE id = $1",
        child.id,
    )
    assert row is not None
    assert tuple(row) == ("09:00", 3, 60000, None)
    zone = "SELECT zone FROM messages WHERE job_id = $1 AND seq = 1"
    assert await pool.fetchval(zone, child.id) == "Asia/Kolkata"


async def test_the_lane_of_a_child_is_woken_and_its_name_may_be_another(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool)
    body = {"states": ["failed"], "campaign_name": "May, again"}
    child = child_of(await resend(gateway, parent, body))
    turn = await gateway.parts.broker.js.get_last_msg(JOBS_STREAM, f"bulk.jobs.{PHONE}")
    assert str(child.id).encode() in (turn.data or b"")
    said = (await gateway.get(f"/api/bulk/job/{child.id}")).body
    assert said["campaignName"] == "May, again"


async def test_two_parts_asked_for_at_once_have_nobody_in_common(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool, dict.fromkeys(range(1, 201), ("failed", 131000)))
    answers = await asyncio.gather(
        *(resend(gateway, parent, {"states": ["failed"]}) for _ in range(8))
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert {answer.body["error"] for answer in answers if answer.status == 409} == {
        "Nothing to resend"
    }
    doubles = await pool.fetch(
        "SELECT recipient FROM messages WHERE state = 'queued' GROUP BY 1 HAVING count(*) > 1"
    )
    assert (doubles, await pool.fetchval("SELECT count(*) FROM jobs")) == ([], 2)


async def test_parts_of_a_parent_and_of_its_child_asked_for_at_once_have_nobody_in_common(
    gateway: Running, pool: Pool
) -> None:
    everybody = dict.fromkeys(range(1, 101), ("failed", 131000))
    parent = await over(gateway, pool, everybody)
    child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
    await rewrite(pool, child, everybody)
    answers = await asyncio.gather(
        *(resend(gateway, job, {"states": ["failed"]}) for job in (parent, child) * 3)
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    assert await pool.fetchval("SELECT count(*) FROM messages WHERE state = 'queued'") == 100


@pytest.mark.parametrize(
    ("of_the_child", "excluded"),
    [("sent", {"got": 1}), ("queued", {"waits": 1}), ("unknown", {"in": 1})],
)
async def test_who_is_in_an_earlier_child_is_left_out_unless_it_failed_there_too(
    gateway: Running, pool: Pool, of_the_child: str, excluded: dict[str, int]
) -> None:
    parent = await over(gateway, pool, {1: ("failed", 131000), 2: ("failed", 131000)})
    child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
    await pool.execute(
        "UPDATE messages SET state = CASE seq WHEN 1 THEN $2 ELSE 'failed' END WHERE job_id = $1",
        child.id, of_the_child,
    )  # fmt: skip
    await pool.execute(
        "UPDATE jobs SET state = 'completed', finished_at = now() WHERE id = $1", child.id
    )
    again = await resend(gateway, parent, {"states": ["failed"]})
    assert await taken(pool, child_of(again), parent) == [2]
    assert left_out(again) == excluded


async def test_a_doubt_that_a_running_child_still_awaits_is_not_sent_again_whatever_is_asked_for(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool, {1: ("unknown", None), 2: ("failed", 131000)})
    child = child_of(await resend(gateway, parent, {"states": ["unknown"]}))
    await pool.execute("UPDATE messages SET state = 'unknown' WHERE job_id = $1", child.id)
    answer = await resend(gateway, parent, {"states": ["unknown", "failed"]})
    assert await taken(pool, child_of(answer), parent) == [2]
    assert left_out(answer) == {"waits": 1}


async def test_what_a_child_has_learned_of_a_recipient_counts_for_the_next_one(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool, {1: ("failed", 131000), 2: ("failed", 131000)})
    child = child_of(await resend(gateway, parent, {"states": ["failed"]}))
    await rewrite(pool, child, {1: ("failed", 131026), 2: ("skipped", 131049)})
    await pool.execute("UPDATE messages SET due_at = now() + interval '1 day' WHERE seq = 2")
    answer = await resend(gateway, parent, {"states": ["failed"]})
    assert answer.status == 409
    assert left_out(answer) == {"cannot": 1, "held": 1}
    assert answer.body["details"]["leftOut"][1].get("until") or (
        answer.body["details"]["leftOut"][0].get("until")
    )


async def test_who_has_opted_out_since_is_left_out_and_a_deferred_one_comes_when_its_day_is_over(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool, {1: ("failed", 131000), 2: ("skipped", 131049)})
    await gateway.post("/api/suppressions", {"number": numbers(1)[0]})
    await pool.execute("UPDATE messages SET due_at = now() WHERE seq = 2")
    answer = await resend(gateway, parent, {"states": ["failed"], "codes": [131049]})
    assert await taken(pool, child_of(answer), parent) == [2]
    assert left_out(answer) == {"opted": 1}


@pytest.mark.parametrize("state", ["queued", "running", "paused", "settling"])
async def test_of_a_job_that_is_not_over_no_part_is_sent_again(
    gateway: Running, pool: Pool, state: str
) -> None:
    job_id = await gateway.submit(3)
    await pool.execute("UPDATE jobs SET state = $1", state)
    answer = await gateway.post(f"/api/bulk/job/{job_id}/resend", {"states": ["failed"]})
    assert (answer.status, answer.body["error"]) == (409, "Job is not over")
    assert answer.body["details"] == {"state": state}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "Say which part"), (b"", "The body is empty"),
        (b'{"states": ["sent"]}', "What is sent is not sent again"),
        (b'{"states": ["lost"]}', "'lost' is no state"),
        (b'{"states": "failed"}', "states must be a list"),
        (b'{"codes": [1000000000]}', "codes may have"),
        (b'{"states": ["failed"], "campaign_name": "%s"}' % (b"x" * 513), "campaign_name may"),
    ],
)  # fmt: skip
async def test_a_part_that_cannot_be_read_makes_nothing(
    gateway: Running, pool: Pool, body: bytes, says: str
) -> None:
    parent = await over(gateway, pool)
    answer = await gateway.post(f"/api/bulk/job/{parent.id}/resend", data=body)
    assert answer.status == 400
    assert answer.body["message"].startswith(says)
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 1


async def test_the_same_key_makes_one_child_however_often_and_at_once_it_is_sent(
    gateway: Running, pool: Pool
) -> None:
    parent = await over(gateway, pool)
    part = {"states": ["failed"]}
    answers = await asyncio.gather(
        *(resend(gateway, parent, part, Idempotency_Key="again-1") for _ in range(5))
    )
    answers.append(await resend(gateway, parent, part, Idempotency_Key="again-1"))
    assert [answer.status for answer in answers] == [201] * 6
    assert len({answer.body["jobId"] for answer in answers}) == 1
    assert all(left_out(answer) == {"cannot": 1} for answer in answers)
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 5
    other = await resend(gateway, parent, {"states": ["unknown"]}, Idempotency_Key="again-1")
    assert other.status == 422


async def test_a_refused_resend_leaves_its_key_free_and_a_job_of_another_key_is_not_sent_again(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        made = await guarded.post(QUICK, quick(numbers(1)), X_API_Key="ann-key-1")
        job = Job(UUID(made.body["jobId"]), PHONE, 1)
        await rewrite(pool, job, {1: ("failed", 131026)})
        part = {"states": ["failed"]}
        assert (await resend(guarded, job, part, X_API_Key="bob-key-1")).status == 403
        ann = {"X_API_Key": "ann-key-1", "Idempotency_Key": "k"}
        assert (await resend(guarded, job, part, **ann)).status == 409
        await rewrite(pool, job, {1: ("failed", 131000)})
        assert (await resend(guarded, job, part, **ann)).status == 201
