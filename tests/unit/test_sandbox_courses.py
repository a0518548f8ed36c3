"""The course of a message keeps to its shares, its order and its times."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from sandbox.courses import Course, Status, Told, Voice, come_seconds, drawn, failing, told
from sandbox.rules import Inbound, Receipts

SENT, DELIVERED, READ, FAILED = Status
MANY = 10_000


def receipts(**changes: Any) -> Receipts:
    """All are read, after 1, 2 and 3 seconds."""
    usual: dict[str, Any] = {
        "sent_ms": 1000, "delivered_ms": 1000, "read_ms": 1000, "spread": 0, "read": 1
    }  # fmt: skip
    return Receipts(**(usual | changes))


def drawn_many(of: Receipts, inbound: Inbound | None = None) -> list[Course]:
    dice = Random(7)
    return [drawn(of, inbound or Inbound(), dice) for _ in range(MANY)]


def statuses(course: Course, of: Receipts | None = None, seed: int = 7) -> list[Told]:
    return told(course, of or receipts(), Random(seed))


def shares(counts: Counter[Any]) -> dict[Any, float]:
    return {each: count / MANY for each, count in counts.items()}


def test_messages_come_as_far_as_their_shares_say() -> None:
    reached = Counter(
        course.reaches
        for course in drawn_many(receipts(delivered=0.8, read=0.5, failed={131026: 0.1}))
    )
    assert shares(reached) == pytest.approx({
        (FAILED,): 0.1, (SENT,): 0.18, (SENT, DELIVERED): 0.36, (SENT, DELIVERED, READ): 0.36
    }, abs=0.02)  # fmt: skip


def test_by_default_nothing_fails_and_everything_is_delivered_in_order() -> None:
    courses = drawn_many(Receipts())
    assert {course.reaches for course in courses} == {(SENT, DELIVERED), (SENT, DELIVERED, READ)}
    plain = Course(), Course(reaches=(SENT, DELIVERED))
    assert set(courses) == set(plain)


def test_some_are_read_with_no_delivered_before() -> None:
    reached = Counter(course.reaches for course in drawn_many(receipts(read_alone=0.3)))
    assert shares(reached)[SENT, READ] == pytest.approx(0.3, abs=0.02)


def test_what_fails_says_with_which_code_and_nobody_answers() -> None:
    failed = drawn_many(receipts(failed={131026: 0.5, 131049: 0.5}), Inbound(text=1))
    assert {course.code for course in failed} == {131026, 131049}
    assert {course.echoes for course in failed} == {()}


def test_people_answer_by_their_shares() -> None:
    inbound = Inbound(text=0.2, button=0.1, preference=0.3, words=("STOP", "stop it"))
    echoes = Counter(
        echo.voice for course in drawn_many(receipts(), inbound) for echo in course.echoes
    )
    assert shares(echoes) == pytest.approx(
        {Voice.TEXT: 0.2, Voice.BUTTON: 0.1, Voice.STOP: 0.3}, abs=0.02
    )
    words = {echo.text for course in drawn_many(receipts(), inbound) for echo in course.echoes}
    assert words == {"STOP", "stop it"}


def test_who_gets_nothing_answers_nothing() -> None:
    courses = drawn_many(receipts(delivered=0), Inbound(text=1))
    assert {course.echoes for course in courses} == {()}


def test_each_status_comes_after_the_one_before() -> None:
    assert statuses(Course()) == [Told(SENT, 1, 1), Told(DELIVERED, 2, 2), Told(READ, 3, 3)]
    assert come_seconds(Course(), receipts()) == 3


@pytest.mark.parametrize("seed", range(20))
def test_times_that_spread_keep_their_order(seed: int) -> None:
    whens = [each.posted_after for each in statuses(Course(), receipts(spread=2), seed)]
    assert whens == sorted(whens)
    assert len(set(whens)) == 3


def test_a_failure_comes_when_sent_would_have() -> None:
    assert statuses(failing(131026)) == [Told(FAILED, 1, 1)]


def test_no_delay_is_none() -> None:
    at_once = receipts(sent_ms=0, delivered_ms=0, read_ms=0)
    assert [each.posted_after for each in statuses(Course(), at_once)] == [0, 0, 0]


def test_backwards_is_the_last_first_at_its_time_and_each_says_when_it_was() -> None:
    assert statuses(Course(backwards=True)) == [
        Told(READ, 3, 3), Told(DELIVERED, 3, 2), Told(SENT, 3, 1)
    ]  # fmt: skip


def test_twice_is_each_one_again_half_a_second_later() -> None:
    sent, again, *_ = statuses(Course(twice=True))
    assert (sent, again) == (Told(SENT, 1, 1), Told(SENT, 1.5, 1))
    assert len(statuses(Course(twice=True))) == 6


def test_lost_is_nothing_and_at_once_is_at_once() -> None:
    assert statuses(Course(lost=True)) == []
    assert [each.posted_after for each in statuses(Course(at_once=True))] == [0, 0.1, 0.2]


def test_shares_of_statuses_are_lost_and_doubled() -> None:
    lossy = receipts(lost=0.25)
    left = sum(len(statuses(Course(), lossy, seed)) for seed in range(MANY)) / (3 * MANY)
    assert 0.73 < left < 0.77
    doubled = receipts(duplicated=0.25)
    all_told = sum(len(statuses(Course(), doubled, seed)) for seed in range(MANY)) / (3 * MANY)
    assert 1.23 < all_told < 1.27


def test_the_same_dice_draw_the_same() -> None:
    of = Receipts(delivered=0.5, failed={131026: 0.3}, reordered=0.5, milliseconds=0.5)
    assert drawn_many(of, Inbound(text=0.5)) == drawn_many(of, Inbound(text=0.5))
