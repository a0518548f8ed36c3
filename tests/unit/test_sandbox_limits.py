"""The limits admit what Meta admits, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ledger import busiest_second
from sandbox.limits import DAY_NS, SECOND_NS, Pairs, Reach, Throughput, tier_of

TIMES = st.lists(st.integers(0, 4 * SECOND_NS), max_size=80).map(sorted)


@given(times=TIMES, per_second=st.integers(1, 10))
def test_no_second_admits_more_than_the_throughput(times: list[int], per_second: int) -> None:
    throughput = Throughput()
    admitted = [("1", at) for at in times if throughput.admits("1", at, per_second)]
    assert busiest_second(admitted) == min(per_second, busiest_second(("1", at) for at in times))


def test_numbers_do_not_share_their_throughput() -> None:
    throughput = Throughput()
    assert throughput.admits("1", 0, 1)
    assert not throughput.admits("1", SECOND_NS - 1, 1)
    assert throughput.admits("2", SECOND_NS - 1, 1)
    assert throughput.admits("1", SECOND_NS, 1)


def test_a_pair_has_a_burst_and_then_one_in_6_seconds() -> None:
    pairs = Pairs()
    assert [pairs.admits("1", "49", 0, 3) for _ in range(4)] == [True, True, True, False]
    assert not pairs.admits("1", "49", 6 * SECOND_NS - 1, 3)
    assert pairs.admits("1", "49", 6 * SECOND_NS, 3)
    assert not pairs.admits("1", "49", 6 * SECOND_NS, 3)
    assert pairs.admits("1", "50", 6 * SECOND_NS, 3)
    assert pairs.admits("2", "49", 6 * SECOND_NS, 3)


def test_pairs_forgotten_to_save_room_are_those_that_may_send_a_full_burst() -> None:
    pairs = Pairs()
    for number in range(6_000):
        assert pairs.admits("1", f"old{number}", 0, 1)
    for number in range(6_000):
        assert pairs.admits("1", f"new{number}", 7 * SECOND_NS, 1)
    assert len(pairs._full_at) < 10_000
    assert not pairs.admits("1", "new0", 7 * SECOND_NS, 1)
    assert pairs.admits("1", "old0", 7 * SECOND_NS, 1)


PEOPLE = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 20)), max_size=60).map(
    lambda sends: sorted(sends, key=lambda send: send[1])
)


@given(sends=PEOPLE, most=st.integers(1, 4))
def test_in_no_24_hours_are_more_people_reached_than_the_limit(
    sends: list[tuple[str, int]], most: int
) -> None:
    reach, hour = Reach(), DAY_NS // 10
    reached = [(who, at) for who, at in sends if reach.admits(who, at * hour, most)]
    for _, start in reached:
        assert len({who for who, at in reached if start <= at < start + 10}) <= most


def test_a_person_counts_once_and_their_place_is_free_24_hours_after_the_last_message() -> None:
    reach = Reach()
    assert [reach.admits("a", at, 1) for at in (0, 5, DAY_NS)] == [True, True, True]
    assert not reach.admits("b", 2 * DAY_NS - 1, 1)
    assert reach.people(2 * DAY_NS - 1) == 1
    assert reach.admits("b", 2 * DAY_NS, 1)


@pytest.mark.parametrize(
    ("limit", "tier"),
    [(0, "TIER_UNLIMITED"), (250, "TIER_250"), (2_000, "TIER_2K"), (10_000, "TIER_10K"),
     (100_000, "TIER_100K"), (3, "TIER_250"), (1_000, "TIER_2K"), (5_000_000, "TIER_100K")],
)  # fmt: skip
def test_a_limit_is_told_as_the_nearest_tier(limit: int, tier: str) -> None:
    assert tier_of(limit) == tier
