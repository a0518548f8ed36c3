"""Each of Meta's refusals has one meaning, and only what is retryable is tried again."""

import pytest

from daemon.verdicts import Again, Fail, InDoubt, RetryPolicy, Sent, judge
from schemas.outcomes import (
    Accepted,
    ApiError,
    HeldBack,
    NotWritten,
    Refused,
    Throttled,
    Unknown,
    UnknownReason,
)

POLICY = RetryPolicy(max_retries=3, base_seconds=0.5, dice=lambda: 0.5)  # jitter: times one
FINAL = [
    0, 3, 10, 33, 100, 104, 190, 200, 368, 130403, 130472, 130497, 131005, 131008, 131009, 131021,
    131026, 131030, 131031, 131037, 131042, 131045, 131047, 131049, 131050, 131051, 131063, 132000,
    132001, 132005, 132007, 132012, 132015, 132016, 133010, 135000,
]  # fmt: skip


def refused(code: int, http: int = 400, after: float | None = None) -> Refused:
    return Refused(ApiError(code, "title", "details"), http, after)


@pytest.mark.parametrize("code", FINAL)
def test_a_refusal_of_the_message_fails_it_with_its_code(code: int) -> None:
    verdict = judge(refused(code), retries=0, holds=0, policy=POLICY)
    assert verdict == Fail(ApiError(code, "title", "details"))


@pytest.mark.parametrize("code", [1, 2, 131000, 131014, 131016, 131053, 133004])
def test_a_temporary_refusal_is_tried_again_after_a_doubling_wait(code: int) -> None:
    waits = []
    for retries in range(3):
        verdict = judge(refused(code), retries, holds=0, policy=POLICY)
        assert isinstance(verdict, Again)
        assert verdict.counts
        assert not verdict.holds_lane
        waits.append(verdict.after_seconds)
    assert waits == [0.5, 1.0, 2.0]
    assert isinstance(judge(refused(code), 3, holds=0, policy=POLICY), Fail)


def test_a_server_error_with_an_error_body_is_tried_again() -> None:
    assert isinstance(judge(refused(999_999, http=500), 0, holds=0, policy=POLICY), Again)


def test_an_unlisted_code_fails_its_message() -> None:
    assert isinstance(judge(refused(999_999), 0, holds=0, policy=POLICY), Fail)


def test_maintenance_of_the_number_is_given_a_minute() -> None:
    verdict = judge(refused(131057), 0, holds=0, policy=POLICY)
    assert isinstance(verdict, Again)
    assert verdict.after_seconds == 60.0


def test_too_many_to_one_recipient_waits_1_4_16_64_seconds_for_that_one_alone() -> None:
    verdicts = [judge(refused(131056), n, holds=0, policy=POLICY) for n in range(4)]
    assert [v.after_seconds for v in verdicts if isinstance(v, Again)] == [1.0, 4.0, 16.0, 64.0]
    assert not any(v.holds_lane for v in verdicts if isinstance(v, Again))
    assert isinstance(judge(refused(131056), 4, holds=0, policy=POLICY), Fail)


def test_retry_after_is_honoured_when_it_is_longer() -> None:
    verdict = judge(refused(131016, after=7.0), 0, holds=0, policy=POLICY)
    assert isinstance(verdict, Again)
    assert verdict.after_seconds == 7.0


def test_throttling_holds_the_lane_and_never_counts_against_a_message() -> None:
    throttled = Throttled(ApiError(130429, "Rate limit hit"), retry_after_seconds=3.0)
    verdict = judge(throttled, retries=3, holds=0, policy=POLICY)
    assert verdict == Again(3.0, "throttled: 130429", counts=False, holds_lane=True)


def test_throttling_in_a_row_waits_longer_but_a_minute_at_most() -> None:
    throttled = Throttled(ApiError(4, "Too many calls"))
    waits = [judge(throttled, 0, holds=holds, policy=POLICY) for holds in (0, 1, 2, 50)]
    assert [v.after_seconds for v in waits if isinstance(v, Again)] == [0.5, 1.0, 2.0, 60.0]


def test_what_was_never_written_is_sent_later_and_loses_no_attempt() -> None:
    verdict = judge(NotWritten("connection refused"), retries=3, holds=0, policy=POLICY)
    assert verdict == Again(0.5, "connection refused", counts=False, holds_lane=True)


def test_an_answer_that_never_came_is_in_doubt_and_never_retried() -> None:
    outcome = Unknown(UnknownReason.TIMEOUT, "no answer in time")
    assert judge(outcome, 0, holds=0, policy=POLICY) == InDoubt(
        UnknownReason.TIMEOUT, "no answer in time"
    )


def test_an_accepted_message_is_sent() -> None:
    assert judge(Accepted("wamid.1"), 0, holds=0, policy=POLICY) == Sent("wamid.1", "accepted")


def test_what_we_held_back_ourselves_holds_nothing_else_up() -> None:
    assert judge(HeldBack(), retries=0, holds=5, policy=POLICY) == Again(
        0.0, "held back", counts=False, holds_lane=False
    )
