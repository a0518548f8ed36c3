"""Messages wait for their recipients' windows by the database's time, whatever a daemon's clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.claims import ClaimsAhead, Demand
from daemon.ledger import Claims
from daemon.loops import LoopPlan
from daemon.openings import GUARD_SECONDS, Openings, closed_until
from daemon.pace import Pace
from schemas.messages import Message
from schemas.windows import Window, is_open, zone_of

NOW_AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # 13:00 in Berlin, 17:30 in Kolkata
DAY = Window("09:00", "17:00", "recipient")
GERMAN, INDIAN = Message(1, "4915112345678"), Message(2, "919876543210")


def test_without_a_window_nobody_waits() -> None:
    openings = Openings(None, NOW_AT, now=50)
    assert openings.wait_seconds(GERMAN, 60) == 0
    assert openings.closes_at(GERMAN, 60) == float("inf")
    assert not openings.are_closed(60)


def test_each_waits_for_their_own_clock() -> None:
    openings = Openings(DAY, NOW_AT, now=50)
    assert openings.wait_seconds(GERMAN, 50) == 0
    assert not openings.are_closed(50)
    assert openings.wait_seconds(INDIAN, 50) == 15.5 * 3600  # nine in the morning
    assert openings.are_closed(50)
    assert openings.wait_seconds(INDIAN, 50 + 15.5 * 3600) == 0
    assert not openings.are_closed(50 + 15.5 * 3600)


def test_what_may_leave_now_may_not_when_the_window_has_closed() -> None:
    openings = Openings(DAY, NOW_AT, now=50)
    assert openings.closes_at(GERMAN, 50) == 50 + 4 * 3600 - GUARD_SECONDS
    assert openings.wait_seconds(GERMAN, 50 + 4 * 3600 - 0.05) == pytest.approx(0.05)
    assert openings.wait_seconds(GERMAN, 50 + 4 * 3600 - 1) == 0
    assert openings.wait_seconds(GERMAN, 50 + 4 * 3600) == 16 * 3600


def test_what_the_list_says_of_the_zone_wins_and_an_unknown_name_is_left_to_the_number() -> None:
    openings = Openings(DAY, NOW_AT, now=0)
    assert openings.wait_seconds(Message(1, "4915112345678", zone="Asia/Kolkata"), 0) > 0
    assert openings.wait_seconds(Message(2, "4915112345679", zone="Middle/Earth"), 0) == 0


def test_a_fixed_window_is_the_same_for_everybody() -> None:
    openings = Openings(Window("09:00", "17:00", "Asia/Kolkata"), NOW_AT, now=0)
    openings.look_up([GERMAN, INDIAN])
    assert openings.is_fixed
    assert openings.wait_seconds(GERMAN, 0) == openings.wait_seconds(INDIAN, 0) == 15.5 * 3600
    assert openings.time_at(60) == NOW_AT + timedelta(minutes=1)


def test_a_job_rests_while_the_window_of_all_is_closed() -> None:
    at_nine = NOW_AT + timedelta(hours=15, minutes=30)
    kolkata = Window("09:00", "17:00", "Asia/Kolkata")
    assert closed_until(kolkata, NOW_AT) == at_nine
    assert closed_until(kolkata, at_nine) is None
    assert closed_until(DAY, NOW_AT) is None
    assert closed_until(None, NOW_AT) is None


@given(seconds=st.floats(0, 8 * 24 * 3600), now=st.floats(-1e6, 1e6))
def test_who_need_not_wait_is_awake_by_the_clock_on_the_wall(seconds: float, now: float) -> None:
    openings = Openings(DAY, NOW_AT, now=now)
    at = NOW_AT + timedelta(seconds=seconds)
    waits = openings.wait_seconds(INDIAN, now + seconds)
    if (
        min(at.second, 60 - at.second) > 1
    ):  # floats of a clock are not exact to the turn of a minute
        assert (waits == 0) is is_open(DAY, zone_of("Asia/Kolkata"), at)


class TakesAll:
    """A ledger that lets everything be claimed."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def claim(self, messages: list[Message]) -> Claims:
        self.asked += [message.seq for message in messages]
        return Claims(messages)


async def test_whose_window_closes_on_the_way_is_not_claimed_and_a_claim_ends_with_the_window() -> (
    None
):
    clock = [50 + 4 * 3600 - 1.0]  # a second before Berlin's evening
    ledger, plan = TakesAll(), LoopPlan([GERMAN, Message(3, "4915112345679")])
    claims = ClaimsAhead(
        ledger, plan, Pace(0), Openings(DAY, NOW_AT, now=50),  # type: ignore[arg-type]
        clock=lambda: clock[0], changed=asyncio.Event(),
    )  # fmt: skip
    claims.begin(clock[0], Demand(0, 1, 1.0, is_probing=False))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    (claimed,) = claims.ready
    assert claimed.until == pytest.approx(
        50 + 4 * 3600 - GUARD_SECONDS
    )  # and not the claim's two seconds
    clock[0] += 1
    claims.begin(clock[0], Demand(0, 3, 1.0, is_probing=False))
    assert not claims.is_asking
    assert ledger.asked == [1]
    assert plan.next_at(clock[0]) == pytest.approx(clock[0] + 16 * 3600)
