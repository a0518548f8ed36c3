"""A part hangs when it has work and shows no sign of life; who rests, or tries again, does not."""

import pytest

from plumbing.vitals import Vitals, health
from schemas.vitals import DEADLINE_SECONDS, LEAN_ON_POSTGRES, Hung, Part, Sign, hung


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vitals(clock: Clock) -> Vitals:
    return Vitals(clock)


def test_a_part_hangs_only_beyond_its_deadline() -> None:
    sign = Sign("sweeper", at=10.0, deadline_seconds=60.0)
    assert hung([sign], now=70.0) == []
    assert hung([sign], now=70.5) == [Hung("sweeper", 60.5)]


def test_each_part_has_its_own_deadline_and_the_longest_silence_comes_first() -> None:
    signs = [Sign("a", 50.0, 30.0), Sign("b", 10.0, 60.0), Sign("c", 50.0, 60.0)]
    assert hung(signs, now=90.0) == [Hung("b", 80.0), Hung("a", 40.0)]


def test_every_part_has_a_deadline_that_its_longest_step_keeps() -> None:
    statement = 10 + 15 + 5  # to connect, to run, to be canceled
    assert set(DEADLINE_SECONDS) == set(Part)
    assert all(DEADLINE_SECONDS[part] > statement for part in LEAN_ON_POSTGRES)


def test_a_part_without_work_rests_for_ever(vitals: Vitals, clock: Clock) -> None:
    pulse = vitals.part(Part.MERGER)
    clock.now += 1e6
    assert vitals.hung() == []
    pulse.beat()
    pulse.rest()
    clock.now += 1e6
    assert vitals.hung() == []


def test_work_that_nobody_takes_is_a_hang_however_much_more_comes(
    vitals: Vitals, clock: Clock
) -> None:
    pulse = vitals.part(Part.MERGER)
    for _ in range(7):
        pulse.owe()
        clock.now += 10
    assert vitals.hung() == [Hung("merger of receipts", 70.0)]


def test_whoever_tries_again_does_not_hang(vitals: Vitals, clock: Clock) -> None:
    pulse = vitals.part(Part.PROGRESS)
    pulse.owe()
    for _ in range(100):
        clock.now += DEADLINE_SECONDS[Part.PROGRESS] - 1
        pulse.beat()
    assert vitals.hung() == []


def test_one_of_many_is_named_and_forgotten_when_it_ends(vitals: Vitals, clock: Clock) -> None:
    with (
        vitals.watching(Part.LANE, "111", answer_seconds=12.0),
        vitals.watching(Part.LANE, "222", answer_seconds=12.0) as other,
    ):
        clock.now += 72
        other.beat()
        assert vitals.hung() == []
        clock.now += 1
        assert vitals.hung() == [Hung("lane 111", 73.0)]
    assert vitals.hung() == []


def test_while_postgres_is_away_nobody_hangs_who_may_have_to_queue_for_it(
    vitals: Vitals, clock: Clock
) -> None:
    for part in (*sorted(LEAN_ON_POSTGRES), Part.PRESENCE):
        vitals.part(part).beat()
    idle = vitals.part(Part.MERGER)
    clock.now += 1000
    vitals.postgres_is_away()
    assert vitals.hung() == [Hung("session with PostgreSQL", 1000.0)]
    assert idle.at is None


def test_a_process_that_was_stopped_blames_no_part(vitals: Vitals, clock: Clock) -> None:
    vitals.part(Part.PRESENCE).beat()
    clock.now += 1000
    vitals.process_stood_still()
    assert vitals.hung() == []


def test_health_names_what_hangs_and_for_how_long() -> None:
    assert health([]) == (200, {"status": "ok"})
    status, body = health([Hung("lane 111", 73.04), Hung("sweeper", 61.0)])
    assert status == 503
    assert body == {"status": "hung", "hung": {"lane 111": 73.0, "sweeper": 61.0}}
