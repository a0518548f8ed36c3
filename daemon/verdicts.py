"""What an outcome means: the one table from Meta's error codes to what is done. Pure.

Codes and their classes: business-messaging/whatsapp, support/error-codes. Waits for one recipient
(131056): 1, 4, 16, 64 s, as Meta's page on the pair rate limit asks.
"""

from collections.abc import Callable
from typing import Final, assert_never

import msgspec

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


class Sent(msgspec.Struct, frozen=True):
    """Meta took it."""

    message_id: str
    message_status: str


class Fail(msgspec.Struct, frozen=True):
    """This message will not be sent; the loop goes on."""

    error: ApiError


class Again(msgspec.Struct, frozen=True):
    """It was not accepted and is sent again after a wait."""

    after_seconds: float
    reason: str
    counts: bool  # against BULK_MAX_RETRIES
    holds_lane: bool  # nothing else of this number leaves meanwhile


class InDoubt(msgspec.Struct, frozen=True):
    """It may have been accepted: never sent again blindly."""

    reason: UnknownReason
    details: str


Verdict = Sent | Fail | Again | InDoubt

# Too fast for the number, the account or the app: the recipient has no part in it.
THROTTLING: Final = frozenset({4, 80007, 80008, 130429, 131048})
# Temporary at Meta's, or a medium that Meta could not fetch just now.
RETRYABLE: Final = frozenset({1, 2, 131000, 131014, 131016, 131053, 131057, 133004})
PAIR_RATE: Final = 131056
PAIR_WAITS_SECONDS: Final = (1.0, 4.0, 16.0, 64.0)
# Meta's maintenance of a number (a throughput upgrade) takes up to a minute.
AT_LEAST_SECONDS: Final = {131057: 60.0}
LONGEST_HOLD_SECONDS: Final = 60.0


class RetryPolicy(msgspec.Struct, frozen=True):
    """How patient to be. `dice` gives numbers from 0 to 1, for the jitter."""

    max_retries: int
    base_seconds: float
    dice: Callable[[], float]

    def backoff(self, tries: int) -> float:
        """The base, doubled for each try before, give or take a half."""
        return self.base_seconds * float(2**tries) * (0.5 + self.dice())


def judge(outcome: Outcome, retries: int, holds: int, policy: RetryPolicy) -> Verdict:
    """`retries`: of this message so far; `holds`: of this lane in a row."""
    match outcome:
        case Accepted(message_id=message_id, message_status=status):
            return Sent(message_id, status)
        case Refused():
            return _refused(outcome, retries, policy)
        case Throttled(error=error, retry_after_seconds=asked):
            return _hold(f"throttled: {error.code}", asked, holds, policy)
        case NotWritten(reason=reason):
            return _hold(reason, None, holds, policy)
        case HeldBack():
            return Again(0.0, "held back", counts=False, holds_lane=False)
        case Unknown(reason=why, details=details):
            return InDoubt(why, details)
        case _:
            assert_never(outcome)


def _refused(outcome: Refused, retries: int, policy: RetryPolicy) -> Verdict:
    code, asked = outcome.error.code, outcome.retry_after_seconds or 0.0
    if code == PAIR_RATE and retries < len(PAIR_WAITS_SECONDS):
        return _retry(outcome, max(asked, PAIR_WAITS_SECONDS[retries]))
    if _is_retryable(outcome) and retries < policy.max_retries:
        least = AT_LEAST_SECONDS.get(code, 0.0)
        return _retry(outcome, max(asked, least, policy.backoff(retries)))
    return Fail(outcome.error)


def _retry(outcome: Refused, after_seconds: float) -> Again:
    return Again(after_seconds, f"refused: {outcome.error.code}", counts=True, holds_lane=False)


def _is_retryable(outcome: Refused) -> bool:
    return outcome.error.code in RETRYABLE or outcome.http_status >= 500


def _hold(reason: str, asked: float | None, holds: int, policy: RetryPolicy) -> Again:
    patience = min(LONGEST_HOLD_SECONDS, policy.backoff(min(holds, 10)))
    return Again(max(asked or 0.0, patience), reason, counts=False, holds_lane=True)
