"""The daemon sends every message of a job once, in loops, and says what became of each."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from nats.aio.msg import Msg

from daemon import loops, runner
from daemon.lane import End, LoopRun
from daemon.rows import Holding, Written
from daemon.store import Store
from daemon.supervisor import ensure_consumer
from daemon.turns import Turns
from plumbing.broker import Broker
from plumbing.puller import Puller
from schemas.subjects import JOBS_STREAM, SENDERS
from tests import campaigns
from tests.campaigns import counters, finished, make_job, message, states, told
from tests.daemons import Stack
from tests.peer import Answer, Arrival, Peer, accepted, error, hang, hang_up
from tests.support import until

Script = Callable[[Arrival], Awaitable[Answer]]


def first_time(times: int, answer: Callable[[], web.Response]) -> Script:
    """The first `times` requests get `answer`, all others are accepted."""

    async def script(arrival: Arrival) -> Answer:
        return answer() if arrival.number <= times else accepted(arrival)

    return script


async def test_every_message_of_a_job_is_sent_once_in_loops_and_in_order(stack: Stack) -> None:
    job = await make_job(stack.pool, 25, loop_size=10)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert [arrival.to for arrival in stack.peer.arrivals] == [
        campaigns.recipient(seq) for seq in range(1, 26)
    ]
    assert await states(stack.pool, job) == {"sent": 25}
    assert await counters(stack.pool, job) == {"sent": 25}
    loops = await stack.pool.fetch("SELECT state, sent FROM loops ORDER BY loop")
    assert [tuple(row) for row in loops] == [("completed", 10), ("completed", 10), ("completed", 5)]


async def test_each_row_keeps_the_id_that_meta_gave_it(stack: Stack) -> None:
    job = await make_job(stack.pool, 3)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
    row = await message(stack.pool, job, 2)
    assert (row["message_id"], row["message_status"]) == ("wamid.2", "accepted")
    assert (row["attempt"], row["state"]) == (1, "sent")
    assert row["sent_at"] is not None


async def test_readers_are_told_of_every_loop_and_message_in_order_and_without_gaps(
    stack: Stack,
) -> None:
    job = await make_job(stack.pool, 5, loop_size=3)
    async with stack.daemon(pause_ms=10):
        await stack.wake(job)
        await finished(stack.pool, job)
    frames = await told(stack.broker, job)
    assert [number for number, _ in frames] == list(range(1, 11))
    assert [frame["type"] for _, frame in frames] == [
        "loop_started", "message_sent", "message_sent", "message_sent", "loop_completed",
        "loop_started", "message_sent", "message_sent", "loop_completed", "job_completed",
    ]  # fmt: skip
    counted = [frame["sent"] for _, frame in frames if frame["type"] == "message_sent"]
    assert counted == [1, 2, 3, 4, 5]
    pauses = [frame["pauseMs"] for _, frame in frames if frame["type"] == "loop_completed"]
    assert pauses == [10, 0]


async def test_a_refusal_fails_its_message_and_the_loop_goes_on(stack: Stack) -> None:
    async def script(arrival: Arrival) -> Answer:
        return error(131026) if arrival.number == 2 else accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 4)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 3, "failed": 1}
    row = await message(stack.pool, job, 2)
    assert (row["state"], row["error_code"], row["error_title"]) == ("failed", 131026, "said no")
    frames = [frame for _, frame in await told(stack.broker, job)]
    (failed,) = [frame for frame in frames if frame["type"] == "message_failed"]
    assert failed["error"] == {"code": 131026, "title": "said no", "details": ""}
    (loop,) = [frame for frame in frames if frame["type"] == "loop_completed"]
    assert loop["errors"] == [{"code": 131026, "title": "said no", "count": 1, "details": ""}]


async def test_a_job_of_which_nothing_was_sent_is_failed(stack: Stack) -> None:
    stack.peer.script = first_time(9, lambda: error(131026))
    job = await make_job(stack.pool, 2)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "failed"
    reason = await stack.pool.fetchval("SELECT reason FROM jobs")
    assert reason == "Nothing was sent: 131026 said no"


async def test_a_temporary_refusal_is_tried_again_and_then_sent(stack: Stack) -> None:
    stack.peer.script = first_time(2, lambda: error(131000, 500))
    job = await make_job(stack.pool, 1)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    row = await message(stack.pool, job, 1)
    assert (row["state"], row["attempt"], row["retries"]) == ("sent", 3, 2)
    assert row["error_code"] is None


async def test_a_temporary_refusal_that_stays_fails_after_the_last_retry(stack: Stack) -> None:
    stack.peer.script = first_time(99, lambda: error(131016, 503))
    job = await make_job(stack.pool, 1)
    async with stack.daemon(max_retries=2):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "failed"
    assert len(stack.peer.arrivals) == 3
    assert (await message(stack.pool, job, 1))["error_code"] == 131016


async def test_a_throttled_message_is_sent_later_and_loses_no_attempt(stack: Stack) -> None:
    stack.peer.script = first_time(5, lambda: error(130429, 400))
    job = await make_job(stack.pool, 3)
    async with stack.daemon(max_retries=0, concurrency=1):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 3}
    assert (await message(stack.pool, job, 1))["retries"] == 0


async def test_retry_after_holds_the_whole_number(stack: Stack) -> None:
    stack.peer.script = first_time(1, lambda: error(130429, 429, **{"Retry-After": "1"}))
    job = await make_job(stack.pool, 3)
    async with stack.daemon(concurrency=1):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    first, second = stack.peer.arrivals[:2]
    assert second.at - first.at >= 1.0
    assert [a.to for a in stack.peer.arrivals[1:]] == [campaigns.recipient(s) for s in (1, 2, 3)]


@pytest.mark.parametrize(
    ("script", "reason"), [(hang, "timeout"), (hang_up, "connection lost")], ids=["hang", "hang_up"]
)
async def test_an_answer_that_never_came_is_unknown_and_not_sent_again(
    stack: Stack, script: Script, reason: str
) -> None:
    async def second_is_lost(arrival: Arrival) -> Answer:
        return await (
            script(arrival) if arrival.number == 2 else asyncio.sleep(0, accepted(arrival))
        )

    stack.peer.script = second_is_lost
    job = await make_job(stack.pool, 3)
    async with stack.daemon(request_timeout_ms=300):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 2, "unknown": 1}
    row = await message(stack.pool, job, 2)
    assert (row["state"], row["reason"]) == ("unknown", reason)
    assert set(stack.peer.times_to().values()) == {1}


async def test_what_could_not_be_written_waits_until_meta_can_be_reached(stack: Stack) -> None:
    job = await make_job(stack.pool, 3)
    later = Peer()
    async with stack.daemon(graph_api_base_url=later.url), AsyncExitStack() as open_later:
        await stack.wake(job)
        async with asyncio.timeout(20):
            while await stack.pool.fetchval("SELECT limited_by FROM jobs") != "unreachable":
                await asyncio.sleep(0.05)
        assert "sent" not in await states(stack.pool, job)
        await open_later.enter_async_context(later)
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 3}
    assert set(later.times_to().values()) == {1}


async def test_a_redelivered_turn_sends_only_what_was_never_claimed(stack: Stack) -> None:
    job = await make_job(stack.pool, 6)
    await stack.pool.execute(
        "INSERT INTO lanes (phone_number_id, epoch, holder, reply_subject, claimed_at)"
        " VALUES ($1, 7, 12345, 'nobody', now() - interval '9 seconds')", job.phone_number_id,
    )  # fmt: skip
    await stack.pool.execute("UPDATE loops SET state = 'running', started_at = now()")
    await stack.pool.execute(
        "UPDATE messages SET state = 'sending', claim_epoch = 7, attempt = 1 WHERE seq IN (2, 3)"
    )
    await stack.pool.execute("UPDATE jobs SET state = 'running', queued = 4, sending = 2")
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert sorted(stack.peer.times_to()) == [campaigns.recipient(seq) for seq in (1, 4, 5, 6)]
    assert await counters(stack.pool, job) == {"sent": 4, "unknown": 2}
    assert (await message(stack.pool, job, 2))["reason"] == "crashed"


async def test_jobs_of_one_number_take_turns_loop_by_loop(stack: Stack) -> None:
    long = await make_job(stack.pool, 8, loop_size=2)
    short = await make_job(stack.pool, 4, loop_size=2, first=9)
    async with stack.daemon():
        await stack.wake(long)
        await finished(stack.pool, long)
        assert await finished(stack.pool, short) == "completed"
    jobs = {long.id.hex: "long", short.id.hex: "short"}
    loops = [jobs[arrival.tag.split(":")[1]] for arrival in stack.peer.arrivals[::2]]
    assert loops == ["long", "short", "long", "short", "long", "long"]


async def test_numbers_are_served_side_by_side(stack: Stack) -> None:
    waiting: set[str] = set()
    both = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        waiting.add(arrival.phone_number_id)
        if len(waiting) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)
        return accepted(arrival)

    stack.peer.script = script
    jobs = [
        await make_job(stack.pool, 2, phone_number_id=phone, first=first)
        for phone, first in (("111", 1), ("222", 3))
    ]
    async with stack.daemon(request_timeout_ms=1500):
        await stack.wake(*jobs)
        for job in jobs:
            assert await finished(stack.pool, job) == "completed"
    assert all([await counters(stack.pool, job) == {"sent": 2} for job in jobs])


async def test_messages_leave_in_order_however_long_the_answers_take(stack: Stack) -> None:
    async def script(arrival: Arrival) -> Answer:
        await asyncio.sleep(0.05 if arrival.number % 3 else 0)
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 60)
    async with stack.daemon():
        await stack.wake(job)
        await finished(stack.pool, job)
    assert [a.to for a in stack.peer.arrivals] == [campaigns.recipient(s) for s in range(1, 61)]


@dataclass
class Gauge:
    """How many requests await their answer at once, at most."""

    now: int = 0
    most: int = 0
    answers: list[float] = field(default_factory=list)

    async def script(self, arrival: Arrival) -> Answer:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        return accepted(arrival)


async def test_concurrency_one_sends_strictly_one_after_another(stack: Stack) -> None:
    gauge = Gauge()
    stack.peer.script = gauge.script
    job = await make_job(stack.pool, 10)
    async with stack.daemon(concurrency=1):
        await stack.wake(job)
        await finished(stack.pool, job)
    assert gauge.most == 1


async def test_a_rate_that_one_after_another_cannot_reach_is_said(stack: Stack) -> None:
    gauge = Gauge()
    stack.peer.script = gauge.script
    job = await make_job(stack.pool, 60)
    async with stack.daemon(concurrency=1, messages_per_second=500):
        await stack.wake(job)
        while (row := await stack.pool.fetchrow("SELECT * FROM jobs")) and row["sent"] < 40:
            assert row["limited_by"] in (None, "rate", "latency")
            await asyncio.sleep(0.01)
        assert row is not None
        assert row["limited_by"] == "latency"
        await finished(stack.pool, job)


async def test_the_rate_holds_across_loops_and_jobs_of_a_number(stack: Stack) -> None:
    jobs = [await make_job(stack.pool, 30, loop_size=5, first=first) for first in (1, 31)]
    async with stack.daemon(messages_per_second=30):
        await stack.wake(jobs[0])
        for job in jobs:
            await finished(stack.pool, job)
    # An arrival can be a little later than its leaving: one more is the noise of the machine.
    assert stack.peer.busiest_second() <= 31


async def test_two_daemons_share_a_number_and_send_each_message_once(stack: Stack) -> None:
    gauge = Gauge()
    stack.peer.script = gauge.script
    job = await make_job(stack.pool, 60, loop_size=5)
    async with stack.daemon(concurrency=1), stack.daemon(concurrency=1):
        await stack.wake(job)
        assert await finished(stack.pool, job) == "completed"
    assert set(stack.peer.times_to().values()) == {1}
    assert len(stack.peer.arrivals) == 60
    assert gauge.most == 1


async def test_a_stopped_daemon_records_what_is_in_flight_and_another_goes_on(stack: Stack) -> None:
    release = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 4:
            await release.wait()
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 10)
    async with stack.daemon(concurrency=1) as stop:
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 4, "the fourth request")
        stop.set()
        await asyncio.sleep(0.1)
        release.set()
    assert await counters(stack.pool, job) == {"sent": 4, "queued": 6}
    async with stack.daemon():
        assert await finished(stack.pool, job, seconds=5) == "completed"
    assert set(stack.peer.times_to().values()) == {1}


async def test_a_job_that_nobody_woke_is_found(stack: Stack) -> None:
    job = await make_job(stack.pool, 2)
    async with stack.daemon():
        assert await finished(stack.pool, job, seconds=10) == "completed"


async def test_a_completion_that_was_not_told_is_told_later(stack: Stack) -> None:
    job = await make_job(stack.pool, 1)
    await stack.pool.execute(
        "UPDATE jobs SET state = 'completed', queued = 0, sent = 1, event_no = 4,"
        " started_at = now(), finished_at = now() - interval '1 minute'"
    )
    async with stack.daemon():
        for _ in range(100):
            if await stack.pool.fetchval("SELECT completion_told FROM jobs"):
                break
            await asyncio.sleep(0.05)
    assert [(no, frame["type"]) for no, frame in await told(stack.broker, job)] == [
        (4, "job_completed")
    ]


async def test_outcomes_outlive_a_broken_connection_to_postgres(stack: Stack) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 3:
            arrived.set()
            await go_on.wait()
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 6)
    async with stack.daemon(concurrency=1):
        await stack.wake(job)
        await arrived.wait()
        await stack.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'loopcast-daemon'"
        )
        go_on.set()
        assert await finished(stack.pool, job) == "completed"
    assert await counters(stack.pool, job) == {"sent": 6}
    assert set(stack.peer.times_to().values()) == {1}


async def test_an_answer_that_postgres_could_not_keep_stops_nothing(stack: Stack) -> None:
    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 2:
            return web.Response(status=502, body=b"<html>\x00 Bad Gateway")
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 3)
    async with stack.daemon():
        await stack.wake(job)
        assert await finished(stack.pool, job, seconds=5) == "completed"
    assert await counters(stack.pool, job) == {"sent": 2, "unknown": 1}


async def test_jobs_that_come_as_the_last_one_ends_start_at_once(stack: Stack) -> None:
    async with stack.daemon():
        for first in range(1, 26):
            job = await make_job(stack.pool, 1, first=first)
            await stack.wake(job)
            assert await finished(stack.pool, job, seconds=5) == "completed"


async def test_a_holder_that_is_fenced_in_mid_loop_leaves_the_turn_alone(stack: Stack) -> None:
    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 3:
            await stack.pool.execute("UPDATE lanes SET epoch = epoch + 1")
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 6)
    async with stack.daemon(concurrency=1, ack_wait_seconds=4):
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) >= 3, "the third request")
        await asyncio.sleep(1)
        assert len(stack.peer.arrivals) <= 4
        assert await finished(stack.pool, job, seconds=10) == "completed"
    assert set(stack.peer.times_to().values()) == {1}
    assert sum((await counters(stack.pool, job)).values()) == 6


async def test_a_ledger_that_breaks_costs_the_turn_and_not_the_lane(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, broken = Store.write, asyncio.Event()

    async def breaks_once(self: Store, *args: Any, **claim: Any) -> Written | None:
        if len(stack.peer.arrivals) >= 2 and not broken.is_set():
            broken.set()
            raise ZeroDivisionError
        return await write(self, *args, **claim)

    monkeypatch.setattr(Store, "write", breaks_once)
    job = await make_job(stack.pool, 6)
    async with stack.daemon(concurrency=1):
        await stack.wake(job)
        assert await finished(stack.pool, job, seconds=15) == "completed"
    assert broken.is_set()
    assert set(stack.peer.times_to().values()) == {1}
    assert sum((await counters(stack.pool, job)).values()) == 6


async def test_a_turn_that_comes_back_before_its_lane_is_let_go_is_not_lost(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = Store.let_go

    async def slowly(store: Store, holding: Holding, due_in_seconds: float) -> None:
        await asyncio.sleep(0.3)
        await let_go(store, holding, due_in_seconds)

    monkeypatch.setattr(Store, "let_go", slowly)
    job = await make_job(stack.pool, 30, loop_size=10)
    async with stack.daemon(pause_ms=50, ack_wait_seconds=60):
        await stack.wake(job)
        assert await finished(stack.pool, job, seconds=10) == "completed"


async def test_a_turn_is_given_back_as_soon_as_a_broker_that_went_is_there_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would come again only when the ack wait is over."""
    said, refused = Turns._said, 3

    async def after_a_while(turns: Turns, message: Msg, word: bytes) -> bool:
        nonlocal refused
        refused -= 1
        return await said(turns, message, word) if refused < 0 else False

    monkeypatch.setattr(Turns, "_said", after_a_while)
    job = await make_job(stack.pool, 20, loop_size=10)
    async with stack.daemon(pause_ms=10, ack_wait_seconds=60):
        await stack.wake(job)
        assert await finished(stack.pool, job, seconds=10) == "completed"
    assert refused < 0


async def test_a_loop_whose_every_turn_gets_nowhere_does_not_spin_and_stops_its_job(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, waited = 0, []

    async def get_nowhere(run: LoopRun) -> End:
        nonlocal begun
        begun += 1
        return End.GIVEN_BACK

    def rest(idle_turns: int) -> float:
        waited.append(loops.idle_wait_seconds(idle_turns))
        return 0.01

    monkeypatch.setattr(LoopRun, "run", get_nowhere)
    monkeypatch.setattr(runner, "idle_wait_seconds", rest)
    job = await make_job(stack.pool, 3)
    async with stack.daemon():
        await stack.wake(job)
        while await stack.pool.fetchval("SELECT state FROM jobs") != "paused":
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    assert begun == loops.MOST_IDLE_TURNS
    assert waited == [loops.idle_wait_seconds(turns) for turns in range(1, begun + 1)]
    assert await counters(stack.pool, job) == {"queued": 3}


async def test_a_daemon_that_stops_hands_its_turn_over_before_slow_answers_are_in(
    stack: Stack,
) -> None:
    slow = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        if 2 <= arrival.number <= 4:
            await slow.wait()
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 30)
    patient = {"request_timeout_ms": 20_000, "ack_wait_seconds": 30, "messages_per_second": 20}
    async with stack.daemon(**patient) as stop:
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) >= 6, "it sends")
        stop.set()
        left = len(stack.peer.arrivals)
        async with stack.daemon(**patient):
            await until(
                lambda: len(stack.peer.arrivals) > left + 3, "another one goes on", seconds=5
            )
            slow.set()
            assert await finished(stack.pool, job) == "completed"
            await until(lambda: len(stack.peer.arrivals) == 30, "all have left")
            await asyncio.sleep(0.5)
    assert set(stack.peer.times_to().values()) == {1}
    assert await counters(stack.pool, job) == {"sent": 30}


async def test_with_one_slot_a_turn_waits_for_its_answer(stack: Stack) -> None:
    slow = asyncio.Event()

    async def script(arrival: Arrival) -> Answer:
        if arrival.number == 3:
            await slow.wait()
        return accepted(arrival)

    stack.peer.script = script
    job = await make_job(stack.pool, 10)
    patient = {"request_timeout_ms": 20_000, "ack_wait_seconds": 30, "concurrency": 1}
    async with stack.daemon(**patient) as stop:
        await stack.wake(job)
        await until(lambda: len(stack.peer.arrivals) == 3, "it sends")
        stop.set()
        async with stack.daemon(**patient):
            await asyncio.sleep(1.5)
            assert len(stack.peer.arrivals) == 3
            slow.set()
            await finished(stack.pool, job)
    assert await counters(stack.pool, job) == {"sent": 10}


async def test_turns_that_are_just_being_taken_are_not_made_anew(stack: Stack) -> None:
    """A fleet that comes back to work that waited: all of it is overdue, none of it is lost."""
    jobs = [
        await make_job(
            stack.pool, 20, loop_size=20, phone_number_id=str(1000 + n), first=1 + 20 * n
        )
        for n in range(60)
    ]
    await stack.wake(*jobs)
    await stack.pool.execute("UPDATE jobs SET created_at = now() - interval '1 hour'")
    before = await last_turn(stack.broker)
    async with stack.daemon(messages_per_second=10, ack_wait_seconds=15):
        for job in jobs:
            assert await finished(stack.pool, job) == "completed"
    assert await last_turn(stack.broker) == before
    assert set(stack.peer.times_to().values()) == {1}


async def last_turn(broker: Broker) -> int:
    """The sequence of the newest turn."""
    return int((await broker.js.stream_info(JOBS_STREAM)).state.last_seq)


async def test_a_turn_that_was_delivered_to_nobody_who_lives_is_made_anew(stack: Stack) -> None:
    job = await make_job(stack.pool, 3)
    await ensure_consumer(stack.broker, SENDERS, 60)
    delivered: list[Msg] = []
    dead = Puller(
        stack.broker.client, SENDERS.stream, SENDERS.name, delivered.append, credit=1, log=stack.log
    )
    await dead.start()
    await stack.wake(job)
    await until(lambda: bool(delivered), "it is delivered")
    await dead.stop()
    async with stack.daemon(ack_wait_seconds=60):
        assert await finished(stack.pool, job, seconds=10) == "completed"


async def test_a_turn_that_comes_back_while_it_is_being_given_back_is_not_lost(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JetStream may deliver it again before we have read that it took it."""
    said = Turns._said

    async def heard_late(turns: Turns, message: Msg, word: bytes) -> bool:
        heard = await said(turns, message, word)
        await asyncio.sleep(0.2)
        return heard

    monkeypatch.setattr(Turns, "_said", heard_late)
    job = await make_job(stack.pool, 30, loop_size=10)
    async with stack.daemon(pause_ms=20, ack_wait_seconds=60):
        await stack.wake(job)
        assert await finished(stack.pool, job, seconds=10) == "completed"
    assert await last_turn(stack.broker) == 1  # nor made anew
