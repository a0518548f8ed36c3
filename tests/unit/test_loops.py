"""A job is cut into loops without a gap, and a loop's plan hands out each message in its time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.loops import MOST_IDLE_TURNS, LoopPlan, idle_wait_seconds, why_stopped
from schemas.jobs import loop_bounds, loop_of, total_loops
from schemas.messages import Message


@pytest.mark.parametrize(
    ("total", "sizes"),
    [
        (0, []),
        (1, [1]),
        (199, [199]),
        (200, [200]),
        (201, [200, 1]),
        (500, [200, 200, 100]),
        (50_000, [200] * 250),
    ],
)
def test_a_job_is_cut_into_loops_of_200_and_a_rest(total: int, sizes: list[int]) -> None:
    bounds = [loop_bounds(loop, 200, total) for loop in range(1, total_loops(total, 200) + 1)]
    assert [last - first + 1 for first, last in bounds] == sizes


@given(st.integers(min_value=1, max_value=50_000), st.integers(min_value=1, max_value=50_000))
def test_loops_cover_every_message_once_and_in_order(total: int, size: int) -> None:
    loops = total_loops(total, size)
    bounds = [loop_bounds(loop, size, total) for loop in range(1, loops + 1)]
    assert bounds[0][0] == 1
    assert bounds[-1][1] == total
    assert all(after[0] == before[1] + 1 for before, after in pairwise(bounds))


@given(
    st.integers(min_value=1, max_value=50_000),
    st.integers(min_value=1, max_value=50_000),
    st.data(),
)
def test_a_message_lies_within_the_bounds_of_its_loop(
    total: int, size: int, data: st.DataObject
) -> None:
    seq = data.draw(st.integers(min_value=1, max_value=total))
    first, last = loop_bounds(loop_of(seq, size), size, total)
    assert first <= seq <= last


def plan(*seqs: int) -> LoopPlan:
    return LoopPlan(Message(seq, f"49151{seq:07d}") for seq in seqs)


def seqs(messages: list[Message]) -> list[int]:
    return [message.seq for message in messages]


def test_messages_come_in_the_order_of_their_seq() -> None:
    assert seqs(plan(3, 1, 2).take(now=0.0, most=10)) == [1, 2, 3]


def test_a_message_to_be_tried_again_comes_when_it_is_due_and_before_the_rest() -> None:
    run = plan(1, 2, 3)
    (first,) = run.take(now=0.0, most=1)
    run.again(first, due_at=5.0)
    assert seqs(run.take(now=1.0, most=1)) == [2]
    assert seqs(run.take(now=5.0, most=2)) == [1, 3]


def test_the_next_time_is_that_of_the_earliest_retry_when_nothing_else_is_left() -> None:
    run = plan(1, 2)
    first, second = run.take(now=0.0, most=2)
    assert run.next_at(now=0.0) is None
    run.again(first, due_at=9.0)
    run.again(second, due_at=4.0)
    assert run.next_at(now=0.0) == 4.0


def test_a_loop_is_done_when_every_message_is_settled_and_not_before() -> None:
    run = plan(1, 2)
    first, _ = run.take(now=0.0, most=2)
    run.settle()
    assert not run.is_done
    run.again(first, due_at=1.0)
    assert not run.is_done
    run.take(now=1.0, most=1)
    run.settle()
    assert run.is_done


def test_a_loop_without_messages_is_done_from_the_start() -> None:
    assert plan().is_done


@given(st.lists(st.tuples(st.booleans(), st.floats(min_value=0, max_value=10)), max_size=200))
def test_whatever_is_tried_again_nothing_is_lost_and_nothing_doubled(
    fates: list[tuple[bool, float]],
) -> None:
    run, now, settled = plan(*range(1, 21)), 0.0, []
    for again, wait in [*fates, *[(False, 0.0)] * 400]:
        if run.is_done:
            break
        now = max(now, run.next_at(now) or now)
        (message,) = run.take(now, most=1)
        if again:
            run.again(message, now + wait)
        else:
            run.settle()
            settled.append(message.seq)
    assert sorted(settled) == list(range(1, 21))


def test_a_loop_that_gets_nowhere_rests_longer_each_time_and_five_minutes_in_all() -> None:
    waits = [idle_wait_seconds(turns) for turns in range(1, MOST_IDLE_TURNS + 1)]
    assert waits[:6] == [1, 2, 4, 8, 16, 30]
    assert 5 * 60 <= sum(waits) <= 6 * 60


def test_the_reason_of_a_stopped_job_says_which_loop_and_that_nothing_is_lost() -> None:
    reason = why_stopped(3, 15)
    assert reason.startswith("Loop 3 was begun 15 times in a row")
    assert "Nothing is lost" in reason


def test_a_plan_rests_when_all_that_is_left_waits_and_nothing_is_on_its_way() -> None:
    plan = LoopPlan([Message(1, "49151"), Message(2, "49152")])
    assert plan.rest_seconds(100) == 0
    first, second = plan.take(100, 2)
    plan.again(first, 108)
    assert plan.rest_seconds(100) == 0
    plan.again(second, 106)
    assert plan.rest_seconds(100) == 6
    assert plan.rest_seconds(107) == 0
