"""Each of Meta's refusals has one meaning: for its message, its job, its number, or everything."""

import pytest

from daemon.verdicts import (
    Again,
    Case,
    Defer,
    Fail,
    InDoubt,
    RetryPolicy,
    Scope,
    Sent,
    Stop,
    Verdict,
    judge,
    stop_of,
)
from schemas.meta_errors import RULES, Action, rule_of
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

# Every code of support/error-codes, and what it leads to.
TABLE: dict[Action, list[int]] = {
    Action.STOP_ACCOUNT: [0, 3, 10, 104, 190, 200, 299, 368, 131005, 131031, 131042, 131064],
    Action.STOP_NUMBER: [
        33, 131037, 131045, 131048, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016,
    ],
    Action.STOP_TEMPLATE: [
        131055, 131063, 132001, 132007, 132015, 132016, 132068, 132069, 134011, 134100, 134101,
        134102, 139200,
    ],
    Action.PARAMETERS: [
        100, 131008, 131009, 131051, 132000, 132005, 132008, 132012, 132018, 135000,
    ],
    Action.SLOW_DOWN: [4, 80007, 80008, 130429],
    Action.PAIR: [131056],
    Action.RETRY: [1, 2, 131000, 131014, 131016, 131053, 131057, 133004, 2494100],
    Action.DEFER: [131049],
    Action.FAIL: [
        130403, 130472, 130497, 131021, 131026, 131030, 131047, 131050, 131052, 131062, 137000,
        200005, 200006, 200007, 2388012, 2388019, 2388039, 2388040, 2388047, 2388072, 2388073,
        2388091, 2388093, 2388103, 2388293, 2388299, 2593107, 2593108,
    ],
}  # fmt: skip
SCOPES = {
    Action.STOP_ACCOUNT: Scope.ACCOUNT,
    Action.STOP_NUMBER: Scope.NUMBER,
    Action.STOP_TEMPLATE: Scope.TEMPLATE,
}


def codes(*actions: Action) -> list[int]:
    return [code for action in actions for code in TABLE[action]]


def refused(code: int, http: int = 400, after: float | None = None) -> Refused:
    return Refused(ApiError(code, "title", "details"), http, after)


def verdict(code: int, *, http: int = 400, **case: object) -> Verdict:
    return judge(refused(code, http), Case(**{"retries": 0, **case}), POLICY)  # type: ignore[arg-type]


def test_the_table_has_every_code_once_and_no_other() -> None:
    listed = [code for codes in TABLE.values() for code in codes]
    assert len(listed) == len(set(listed))
    assert set(RULES) == set(listed) - {299}  # the range from 200 to 299 is one rule


@pytest.mark.parametrize(("action", "code"), [(a, code) for a in TABLE for code in TABLE[a]])
def test_each_code_has_its_action_its_meaning_and_an_advice_where_one_is_needed(
    action: Action, code: int
) -> None:
    rule = rule_of(code)
    assert rule is not None
    assert (rule.code, rule.action) == (code, action)
    assert rule.meaning
    assert rule.advice or action in (Action.SLOW_DOWN, Action.PAIR, Action.RETRY)


@pytest.mark.parametrize("code", codes(Action.FAIL))
def test_a_refusal_of_the_recipient_fails_the_message_with_its_code(code: int) -> None:
    assert verdict(code) == Fail(ApiError(code, "title", "details"))


@pytest.mark.parametrize("code", codes(*SCOPES))
def test_a_refusal_of_more_than_the_message_stops_all_that_it_concerns(code: int) -> None:
    stop = verdict(code, is_proven=True, retries=9)
    rule = rule_of(code)
    assert rule is not None
    assert isinstance(stop, Stop)
    assert stop.scope is SCOPES[rule.action]
    resume = "" if rule.advice.endswith(".") else "; then resume the job."
    assert stop.reason == f"{rule.meaning} ({code}): details. {rule.advice}{resume}"


@pytest.mark.parametrize("code", codes(Action.PARAMETERS))
def test_wrong_parameters_stop_the_job_while_nothing_of_it_was_accepted(code: int) -> None:
    stop = verdict(code)
    assert isinstance(stop, Stop)
    assert stop.scope is Scope.JOB
    assert isinstance(verdict(code, is_proven=True), Fail)


def test_a_message_that_has_stopped_its_job_once_fails_the_next_time() -> None:
    assert isinstance(verdict(132000, refused_with=132000), Fail)
    assert isinstance(verdict(132000, refused_with=131026), Stop)


def test_a_number_that_does_not_exist_stops_itself_and_not_the_job_alone() -> None:
    stop = stop_of(ApiError(100, "Unsupported post request", subcode=33))
    assert stop is not None
    assert stop.scope is Scope.NUMBER


@pytest.mark.parametrize("code", [c for c in codes(Action.RETRY) if c not in (131057, 2494100)])
def test_a_temporary_refusal_is_tried_again_after_a_doubling_wait(code: int) -> None:
    waits = []
    for retries in range(3):
        again = verdict(code, retries=retries)
        assert isinstance(again, Again)
        assert again.counts
        assert not again.holds_lane
        waits.append(again.after_seconds)
    assert waits == [0.5, 1.0, 2.0]
    assert isinstance(verdict(code, retries=3), Fail)


@pytest.mark.parametrize("code", [131057, 2494100])
def test_maintenance_of_the_number_is_given_a_minute(code: int) -> None:
    again = verdict(code)
    assert isinstance(again, Again)
    assert again.after_seconds == 60.0


def test_a_server_error_with_an_unlisted_code_is_tried_again() -> None:
    assert isinstance(verdict(999_999, http=500), Again)


def test_a_listed_code_means_the_same_whatever_the_http_status() -> None:
    assert isinstance(verdict(131045, http=500), Stop)
    assert isinstance(verdict(131026, http=500), Fail)


def test_an_unlisted_code_fails_its_message() -> None:
    assert isinstance(verdict(999_999), Fail)


def test_what_meta_holds_back_is_deferred_for_a_day_and_no_failure() -> None:
    assert verdict(131049) == Defer(ApiError(131049, "title", "details"), 24 * 3600.0)


def test_too_many_to_one_recipient_waits_1_4_16_64_seconds_for_that_one_alone() -> None:
    verdicts = [verdict(131056, retries=n) for n in range(4)]
    assert [v.after_seconds for v in verdicts if isinstance(v, Again)] == [1.0, 4.0, 16.0, 64.0]
    assert not any(v.holds_lane for v in verdicts if isinstance(v, Again))
    assert isinstance(verdict(131056, retries=4), Fail)


def test_retry_after_is_honoured_when_it_is_longer() -> None:
    again = judge(refused(131016, after=7.0), Case(retries=0), POLICY)
    assert isinstance(again, Again)
    assert again.after_seconds == 7.0


def test_throttling_holds_and_slows_the_lane_and_never_counts_against_a_message() -> None:
    throttled = Throttled(ApiError(130429, "Rate limit hit"), retry_after_seconds=3.0)
    again = judge(throttled, Case(retries=3), POLICY)
    assert again == Again(3.0, "throttled: 130429", counts=False, holds_lane=True, slows_lane=True)


def test_throttling_in_a_row_waits_longer_but_a_minute_at_most() -> None:
    throttled = Throttled(ApiError(4, "Too many calls"))
    waits = [judge(throttled, Case(0, holds), POLICY) for holds in (0, 1, 2, 50)]
    assert [v.after_seconds for v in waits if isinstance(v, Again)] == [0.5, 1.0, 2.0, 60.0]


def test_what_was_never_written_is_sent_later_and_loses_no_attempt() -> None:
    again = judge(NotWritten("connection refused"), Case(retries=3), POLICY)
    assert again == Again(0.5, "connection refused", counts=False, holds_lane=True)


def test_an_answer_that_never_came_is_in_doubt_and_never_retried() -> None:
    outcome = Unknown(UnknownReason.TIMEOUT, "no answer in time")
    assert judge(outcome, Case(0), POLICY) == InDoubt(UnknownReason.TIMEOUT, "no answer in time")


def test_an_accepted_message_is_sent() -> None:
    assert judge(Accepted("wamid.1"), Case(0), POLICY) == Sent("wamid.1", "accepted")


def test_a_yes_that_says_paused_is_sent_and_stops_the_template() -> None:
    sent = judge(Accepted("wamid.1", "paused"), Case(0), POLICY)
    assert isinstance(sent, Sent)
    assert sent.stop is not None
    assert (sent.stop.scope, sent.stop.error.code) == (Scope.TEMPLATE, 132015)


def test_what_we_held_back_ourselves_holds_nothing_else_up() -> None:
    assert judge(HeldBack(), Case(0, holds=5), POLICY) == Again(
        0.0, "held back", counts=False, holds_lane=False
    )
