"""A plan says how long a job takes: pace, pauses, window, messaging limit, and those before it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.planner import Ahead, Forecast, Load, forecast
from schemas.windows import Window

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BERLIN, KOLKATA = (ZoneInfo("Europe/Berlin"),), (ZoneInfo("Asia/Kolkata"),)
DAY = Window("09:00", "17:00", "recipient")  # Berlin until 16:00 UTC, Kolkata from 03:30 UTC


def told(count: int = 0, **more: object) -> Forecast:
    fields = {
        "groups": {(): count}, "now": NOON, "starts_at": NOON, "loop_size": 200,
        "pause_seconds": 2.0, "number_pause_seconds": 2.0, "per_second": 10,
        "number_per_second": 10,
    }  # fmt: skip
    return forecast(Load(**{**fields, **more}))  # type: ignore[arg-type]


def took(plan: Forecast) -> float:
    assert plan.ends_at
    return (plan.ends_at - NOON).total_seconds()


def test_a_thousand_at_ten_a_second_take_their_time_and_four_pauses() -> None:
    plan = told(1000)
    assert plan.sending_seconds == pytest.approx(101)
    assert plan.pauses_seconds == pytest.approx(8, abs=0.1)
    assert took(plan) == pytest.approx(109, abs=0.1)
    assert plan.starts_at == NOON


def test_nothing_to_send_takes_no_time() -> None:
    plan = told(0)
    assert (plan.starts_at, took(plan)) == (None, 0)


def test_a_longer_pause_of_its_own_is_kept() -> None:
    assert told(1000, pause_seconds=60.0).pauses_seconds == pytest.approx(240, abs=0.1)


def test_it_waits_for_its_start() -> None:
    plan = told(100, starts_at=NOON + timedelta(hours=1))
    assert plan.scheduled_seconds == 3600
    assert took(plan) == pytest.approx(3600 + 10.1)


def test_what_a_closed_window_leaves_goes_on_the_next_morning() -> None:
    plan = told(groups={BERLIN: 200_000}, window=DAY)
    assert plan.window_seconds == pytest.approx(16 * 3600, abs=5)
    assert took(plan) > 20 * 3600


def test_who_sleeps_waits_and_who_is_awake_does_not() -> None:
    plan = told(groups={BERLIN: 100, KOLKATA: 100}, window=DAY)
    assert plan.starts_at == NOON
    assert plan.ends_at
    assert plan.ends_at - datetime(2026, 11, 26, 3, 30, tzinfo=UTC) < timedelta(seconds=20)


def test_the_messaging_limit_makes_the_rest_wait_for_room() -> None:
    free_at = NOON + timedelta(hours=3)
    plan = told(100, places=60, frees=[(free_at, 100)])
    assert plan.ends_at
    assert plan.limit_seconds == pytest.approx(3 * 3600 - 6, abs=1)
    assert plan.ends_at - free_at < timedelta(seconds=10)


def test_its_own_messages_make_room_again_a_day_later() -> None:
    plan = told(500, places=250)
    assert plan.limit_seconds == pytest.approx(24 * 3600, rel=0.01)


def test_jobs_of_the_number_take_turns_loop_by_loop() -> None:
    other = Ahead(left=400, loop_size=200, messages_per_second=None)
    alone, among = told(1000), told(1000, ahead=[other])
    assert among.sending_seconds == alone.sending_seconds
    assert among.queue_seconds == pytest.approx(2 * (20.2 + 2), abs=0.1)


def test_what_takes_longer_than_sixty_days_has_no_end() -> None:
    assert told(1_000_000, places=0).ends_at is None
    assert told(100, per_second=1, pause_seconds=3600.0, loop_size=1).ends_at is not None
    assert told(10_000, per_second=1, pause_seconds=3600.0, loop_size=1).ends_at is None


counts = st.dictionaries(st.sampled_from([BERLIN, KOLKATA, BERLIN + KOLKATA]), st.integers(0, 3000))


@given(
    groups=counts, loop_size=st.integers(20, 500), rate=st.integers(1, 100),
    hour=st.integers(0, 47), places=st.one_of(st.none(), st.integers(0, 5000)),
    ahead=st.lists(st.builds(Ahead, st.integers(1, 2000), st.integers(20, 500), st.none()),
                   max_size=3),
)  # fmt: skip
def test_the_parts_of_a_plan_add_up_to_its_duration(
    groups: dict[tuple[ZoneInfo, ...], int], loop_size: int, rate: int, hour: int,
    places: int | None, ahead: list[Ahead],
) -> None:  # fmt: skip
    plan = told(
        groups=groups, window=DAY, loop_size=loop_size, per_second=rate, places=places,
        starts_at=NOON + timedelta(hours=hour), ahead=ahead,
    )  # fmt: skip
    if plan.ends_at is None:
        assert places is not None
        return
    parts = (plan.scheduled_seconds, plan.sending_seconds, plan.pauses_seconds,
             plan.queue_seconds, plan.window_seconds, plan.limit_seconds)  # fmt: skip
    assert sum(parts) == pytest.approx(took(plan), abs=0.01)
    assert plan.sending_seconds == pytest.approx(sum(groups.values()) * 1.01 / rate)
