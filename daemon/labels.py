"""What an attempt came to, as the labels of its metrics: a closed set, whatever Meta says. Pure."""

from typing import assert_never

from schemas.meta_errors import NO_SUCH_OBJECT, RULES, Action, rule_of
from schemas.metrics import REASONS, UNLISTED, label_of
from schemas.outcomes import (
    Accepted,
    ApiError,
    HeldBack,
    NotWritten,
    Outcome,
    Refused,
    Throttled,
    Unknown,
)


def labels_of(outcome: Outcome) -> tuple[str, str]:
    """The outcome and its reason; each pair is one of `metrics.REASONS`."""
    match outcome:
        case Accepted(message_status=status):
            return "accepted", status if status in REASONS["accepted"] else "other"
        case Refused(error=error):
            return "refused", _action_label(error)
        case Throttled():
            return "throttled", "too_fast"
        case Unknown(reason=reason):
            return "unknown", label_of(reason)
        case NotWritten():
            return "not_written", "no_connection"
        case HeldBack():
            return "held_back", "too_late"
        case _:
            assert_never(outcome)


def code_label(code: int) -> str:
    """The codes that Meta lists as one range have one label; those that it does not list, too."""
    rule = rule_of(code)
    if rule is None:
        return UNLISTED
    return str(code) if code in RULES else "200"


def _action_label(error: ApiError) -> str:
    """What the code leads to; one subcode has a meaning of its own."""
    if error.code == 100 and error.subcode == NO_SUCH_OBJECT:
        return label_of(Action.STOP_NUMBER)
    rule = rule_of(error.code)
    label = label_of(rule.action) if rule else UNLISTED
    return label if label in REASONS["refused"] else UNLISTED
