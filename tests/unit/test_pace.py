"""The pace holds its rate in every window, keeps its schedule, and survives a handover."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.pace import CATCH_UP_SECONDS, GUARD_SECONDS, Pace, cold

rates = st.integers(min_value=1, max_value=200)
# Mostly on time, sometimes a little late, seldom stalled: as on a real machine.
delay = st.one_of(st.just(0.0), st.floats(min_value=0, max_value=0.1), st.floats(0, 3))
delays = st.lists(delay, min_size=1, max_size=300)


def leave_all(pace: Pace, delays: list[float], now: float = 1000.0) -> list[float]:
    """Messages that each leave `delay` seconds later than the pace would let them."""
    left = []
    for delay in delays:
        now = max(now, pace.next_at()) + delay
        pace.leave(now)
        left.append(now)
    return left


def busiest_window(left: list[float], seconds: float = 1.0) -> int:
    return max(sum(1 for at in left if start <= at < start + seconds) for start in left)


@given(rate=rates, delays=delays)
def test_no_window_of_a_second_holds_more_than_the_rate(rate: int, delays: list[float]) -> None:
    assert busiest_window(leave_all(Pace(rate), delays)) <= rate


@given(rate=rates, before=delays, after=delays, gap=st.floats(min_value=0, max_value=2))
def test_the_rate_holds_across_a_handover(
    rate: int, before: list[float], after: list[float], gap: float
) -> None:
    first = Pace(rate)
    left = leave_all(first, before)
    handed_over_at = left[-1] + gap
    second = Pace(rate, [handed_over_at - age for age in first.ages(handed_over_at)])
    assert busiest_window(left + leave_all(second, after, now=handed_over_at)) <= rate


@given(rate=rates, after=delays)
def test_after_a_crash_the_pace_starts_as_if_a_full_second_had_just_left(
    rate: int, after: list[float]
) -> None:
    left = [1000.0 - index / rate for index in range(rate)]
    pace = Pace(rate, cold(rate, 1000.0))
    assert busiest_window(left + leave_all(pace, after, now=1000.0)) <= rate


def test_ten_a_second_take_twenty_seconds_for_a_loop_of_200() -> None:
    left = leave_all(Pace(10), [0.0] * 200)
    assert left[-1] - left[0] == pytest.approx(19.9 * (1 + GUARD_SECONDS), abs=0.01)


def test_a_message_that_leaves_a_little_late_does_not_move_the_schedule() -> None:
    left = leave_all(Pace(10), [0.0, 0.05, 0.0, 0.0])
    assert left[2] - left[0] == pytest.approx(2 * 0.101)


def test_a_long_stall_is_not_made_up_for_in_a_burst() -> None:
    left = leave_all(Pace(10), [0.0] * 20 + [5.0] + [0.0] * 10)
    steps = [later - earlier for earlier, later in pairwise(left[20:])]
    assert sum(1 for step in steps if step < 0.1) <= 1 + int(CATCH_UP_SECONDS / 0.1)


def test_messages_are_spread_evenly_over_the_second() -> None:
    left = leave_all(Pace(50), [0.0] * 100)
    steps = [later - earlier for earlier, later in pairwise(left)]
    assert min(steps) == pytest.approx(max(steps))


def test_a_rate_of_zero_limits_nothing() -> None:
    pace = Pace(0)
    assert leave_all(pace, [0.0] * 5, now=7.0) == [7.0] * 5


def test_what_left_without_a_limit_counts_for_the_limited_job_that_comes_next() -> None:
    free = Pace(0)
    leave_all(free, [0.0] * 5, now=1000.0)
    limited = Pace(5, [1000.1 - age for age in free.ages(1000.1)])
    assert limited.next_at() == pytest.approx(1000.0 + 1 + GUARD_SECONDS)


@given(
    full=st.integers(min_value=1, max_value=60),
    loops=st.lists(
        st.tuples(st.integers(1, 60), st.integers(1, 90), st.floats(0, 1.5)), min_size=2, max_size=8
    ),
)
def test_jobs_of_different_rates_take_turns_and_each_second_keeps_to_the_rate_at_its_end(
    full: int, loops: list[tuple[int, int, float]]
) -> None:
    """Each loop is a job's own: its rate, its messages, and the pause after it."""
    now, ages, left = 1000.0, list[float](), list[float]()
    for rate, count, pause in loops:
        mine = min(rate, full)
        pace = Pace(full, [now - age for age in ages])
        pace.retune(mine)
        for _ in range(count):
            now = max(now, pace.next_at())
            pace.leave(now)
            left.append(now)
            assert len(left) <= mine or now - left[-1 - mine] >= 1.0
        ages, now = pace.ages(now), now + pause
        ages = [age + pause for age in ages]
    assert busiest_window(left) <= full
