"""What an outcome means for its message, its job, its number and everything. Pure.

The table from codes to actions is `schemas.meta_errors`; here it meets what is known beside them.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, assert_never

import msgspec

from schemas.meta_errors import (
    AT_LEAST_SECONDS,
    DEFER_SECONDS,
    NO_SUCH_OBJECT,
    PAIR_WAITS_SECONDS,
    Action,
    Rule,
    rule_of,
)
from schemas.outcomes import (
    Accepted,
    ApiError,
    HeldBack,
    NotWritten,
    Outcome,
    Refused,
    Throttled,
    Unknown,
    UnknownReason,
)


class Scope(StrEnum):
    """What a stop stops."""

    JOB = "job"
    TEMPLATE = "template"
    NUMBER = "number"
    ACCOUNT = "account"


class Sent(msgspec.Struct, frozen=True):
    """Meta took it. `stop`: and said in the same breath that it sends no more of this."""

    message_id: str
    message_status: str
    stop: "Stop | None" = None


class Fail(msgspec.Struct, frozen=True):
    """This message will not be sent; the loop goes on."""

    error: ApiError


class Defer(msgspec.Struct, frozen=True):
    """Meta holds it back to protect its recipient: it may be sent another day, by a person."""

    error: ApiError
    after_seconds: float


class Again(msgspec.Struct, frozen=True):
    """It was not accepted and is sent again after a wait."""

    after_seconds: float
    reason: str
    counts: bool  # against BULK_MAX_RETRIES
    holds_lane: bool  # nothing else of this number leaves meanwhile
    slows_lane: bool = False  # and then it goes at half its pace


class Stop(msgspec.Struct, frozen=True):
    """Nothing of this scope is sent until a person resumes it; the message waits with the rest."""

    scope: Scope
    error: ApiError
    reason: str


class InDoubt(msgspec.Struct, frozen=True):
    """It may have been accepted: never sent again blindly."""

    reason: UnknownReason
    details: str


Verdict = Sent | Fail | Defer | Again | Stop | InDoubt

LONGEST_HOLD_SECONDS: Final = 60.0
PAUSED: Final = 132015  # what a `paused` in a yes says of the template
_STOPS: Final = {
    Action.STOP_TEMPLATE: Scope.TEMPLATE,
    Action.STOP_NUMBER: Scope.NUMBER,
    Action.STOP_ACCOUNT: Scope.ACCOUNT,
}


class RetryPolicy(msgspec.Struct, frozen=True):
    """How patient to be. `dice` gives numbers from 0 to 1, for the jitter."""

    max_retries: int
    base_seconds: float
    dice: Callable[[], float]

    def backoff(self, tries: int) -> float:
        """The base, doubled for each try before, give or take a half."""
        return self.base_seconds * float(2**tries) * (0.5 + self.dice())


class Case(msgspec.Struct, frozen=True):
    """What is known beside the outcome."""

    retries: int  # of this message so far
    holds: int = 0  # of this lane in a row
    is_proven: bool = False  # Meta has accepted a message of the job
    refused_with: int | None = None  # Meta's code, when this message was tried the last time


def judge(outcome: Outcome, case: Case, policy: RetryPolicy) -> Verdict:
    """What is to be done."""
    match outcome:
        case Accepted(message_id=message_id, message_status=status):
            stop = _stop_of_code(PAUSED) if status == "paused" else None
            return Sent(message_id, status, stop)
        case Refused():
            return _refused(outcome, case, policy)
        case Throttled(error=error, retry_after_seconds=asked):
            again = _hold(f"throttled: {error.code}", asked, case.holds, policy)
            return msgspec.structs.replace(again, slows_lane=True)
        case NotWritten(reason=reason):
            return _hold(reason, None, case.holds, policy)
        case HeldBack():
            return Again(0.0, "held back", counts=False, holds_lane=False)
        case Unknown(reason=why, details=details):
            return InDoubt(why, details)
        case _:
            assert_never(outcome)


def stop_of(error: ApiError) -> Stop | None:
    """What a refusal stops beyond its message; None: nothing."""
    if error.code == 100 and error.subcode == NO_SUCH_OBJECT:
        advice = "Check the phone number id, and whether the token may use it"
        return Stop(Scope.NUMBER, error, _reason(error, advice))
    rule = rule_of(error.code)
    if rule is None or rule.action not in _STOPS:
        return None
    return Stop(_STOPS[rule.action], error, _reason(error, rule.advice))


def keeps_probing(verdict: Verdict) -> bool:
    """Whether nobody knows, after this, that Meta takes what the job sends."""
    match verdict:
        case Stop() | Again():
            return True
        case Fail(error=error):
            rule = rule_of(error.code)
            return rule is not None and rule.action is Action.PARAMETERS
        case _:
            return False


def _refused(outcome: Refused, case: Case, policy: RetryPolicy) -> Verdict:
    error, rule = outcome.error, rule_of(outcome.error.code)
    if stop := stop_of(error):
        return stop
    match rule.action if rule else Action.FAIL:
        case Action.DEFER:
            return Defer(error, DEFER_SECONDS)
        case Action.PAIR if case.retries < len(PAIR_WAITS_SECONDS):
            return _retry(outcome, PAIR_WAITS_SECONDS[case.retries])
        case Action.PARAMETERS if not case.is_proven and case.refused_with != error.code:
            assert rule is not None
            return Stop(Scope.JOB, error, _reason(error, rule.advice))
        case _:
            pass
    if _is_retryable(outcome, rule) and case.retries < policy.max_retries:
        least = AT_LEAST_SECONDS.get(error.code, 0.0)
        return _retry(outcome, max(least, policy.backoff(case.retries)))
    return Fail(error)


def _is_retryable(outcome: Refused, rule: Rule | None) -> bool:
    """5xx with an error body: Meta says that it did not take the message, whatever the code."""
    return rule.action is Action.RETRY if rule else outcome.http_status >= 500


def _retry(outcome: Refused, after_seconds: float) -> Again:
    wait = max(outcome.retry_after_seconds or 0.0, after_seconds)
    return Again(wait, f"refused: {outcome.error.code}", counts=True, holds_lane=False)


def _hold(reason: str, asked: float | None, holds: int, policy: RetryPolicy) -> Again:
    patience = min(LONGEST_HOLD_SECONDS, policy.backoff(min(holds, 10)))
    return Again(max(asked or 0.0, patience), reason, counts=False, holds_lane=True)


def _stop_of_code(code: int) -> Stop:
    rule = rule_of(code)
    assert rule is not None
    stop = stop_of(ApiError(code, rule.meaning))
    assert stop is not None
    return stop


def _reason(error: ApiError, advice: str) -> str:
    """What a person reads of a job that was stopped."""
    rule = rule_of(error.code)
    said = f"{rule.meaning} ({error.code})" if rule else f"{error.title} ({error.code})"
    details = f": {error.details.rstrip('.')}" if error.details else ""
    return f"{said}{details}. {with_resume(advice)}"


def with_resume(advice: str) -> str:
    """An advice that is a whole sentence is for what no resuming can help."""
    return advice if advice.endswith(".") else f"{advice}; then resume the job."
