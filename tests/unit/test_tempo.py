"""A throttled number goes at half its pace at once, and grows back step by step."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.pace import Pace
from daemon.rows import Slowed
from daemon.tempo import Tempo


def test_a_number_that_was_never_throttled_goes_at_its_full_rate() -> None:
    assert Tempo(10, None, now=0).per_second(5) == 10


def test_throttled_it_goes_at_half_and_gets_a_tenth_back_every_ten_seconds() -> None:
    tempo = Tempo(10, None, now=0)
    assert tempo.slow_down(100, going_per_second=9.9) == Slowed(5, 10)
    assert [tempo.per_second(100 + s) for s in (0, 9, 10, 20, 49)] == [5, 5, 6, 7, 9]
    assert tempo.per_second(150) == 10
    assert not tempo.is_slowed


def test_throttled_again_it_halves_again_and_grows_back_to_where_it_came_from() -> None:
    tempo = Tempo(80, None, now=0)
    tempo.slow_down(0, 80)
    assert tempo.slow_down(1, 40) == Slowed(20, 80)
    assert tempo.per_second(11) == 28
    assert tempo.per_second(81) == 80


def test_it_never_stands_still() -> None:
    tempo = Tempo(10, None, now=0)
    slowed = [tempo.slow_down(second, 1).to_per_second for second in range(6)]
    assert slowed == [5, 2.5, 1.25, 0.625, 0.5, 0.5]
    assert Tempo(0.25, None, now=0).slow_down(0, 1).to_per_second == 0.25


def test_without_a_limit_it_is_slowed_from_the_rate_at_which_it_was_going_and_freed_there() -> None:
    tempo = Tempo(0, None, now=0)
    assert tempo.slow_down(0, going_per_second=300) == Slowed(150, 300)
    assert tempo.per_second(10) == 180
    assert tempo.per_second(50) == 0


def test_the_next_holder_of_the_lane_goes_on_where_the_last_one_was() -> None:
    tempo = Tempo(10, Slowed(5, 10, seconds_ago=25), now=1000)
    assert tempo.per_second(1000) == 7
    assert tempo.per_second(1005) == 8


def test_a_rate_that_was_lowered_meanwhile_is_the_end_of_growth() -> None:
    assert Tempo(6, Slowed(5, 10, seconds_ago=30), now=0).per_second(0) == pytest.approx(6)


def test_a_job_goes_no_faster_than_its_own_limit_and_no_faster_than_its_number() -> None:
    assert Tempo(10, None, now=0, limit=5).per_second(0) == 5
    assert Tempo(0, None, now=0, limit=5).per_second(0) == 5
    assert Tempo(3, None, now=0, limit=5).per_second(0) == 3


def test_what_the_number_has_learned_outlives_a_limit_of_the_job_that_is_raised() -> None:
    tempo = Tempo(80, Slowed(20, 80), now=0, limit=5)
    assert tempo.per_second(0) == 5
    tempo.limit = 60
    assert tempo.per_second(10) == 28


Happening = Literal["nothing", "throttled", "handed over"]
happenings = st.sampled_from(("nothing", "nothing", "nothing", "throttled", "handed over"))
# Between two messages: none, a moment, or as long as it takes to grow back.
gaps = st.one_of(st.just(0.0), st.floats(0, 0.2), st.floats(0, 15))


@given(
    rate=st.one_of(st.integers(1, 200), st.floats(0.5, 200)),
    steps=st.lists(st.tuples(gaps, happenings), min_size=1, max_size=200),
)
def test_no_second_holds_more_than_the_rate_while_that_is_halved_grows_and_changes_hands(
    rate: float, steps: list[tuple[float, Happening]]
) -> None:
    now, pace, tempo = 1000.0, Pace(rate), Tempo(rate, None, 1000.0)
    slowed, slowed_at = None, now
    left: list[float] = []
    for gap, happening in steps:
        now += gap
        if happening == "throttled":
            slowed, slowed_at = tempo.slow_down(now, pace.going_per_second(now)), now
        elif happening == "handed over":
            pace = Pace(rate, [now - age for age in pace.ages(now)])
            known = slowed and Slowed(
                slowed.to_per_second, slowed.from_per_second, seconds_ago=now - slowed_at
            )
            tempo = Tempo(rate, known, now)
        pace.retune(tempo.per_second(now))
        now = max(now, pace.next_at())
        pace.leave(now)
        left.append(now)
        assert sum(1 for at in left if now - 1 < at) <= max(1, pace.per_second)
