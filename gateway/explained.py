"""Codes of refusals in the words of the one table: what they mean and what can be done. Pure."""

from typing import Final

from schemas.api import ErrorGroup
from schemas.events import ErrorCount
from schemas.meta_errors import Action, may_be_sent_again, rule_of

TURN_LOST: Final = -1  # ours: the daemon writes it down in `record_late`
NOT_LISTED: Final = "none"

_LOST: Final = "Its turn was lost before it left, and its job was over by then"
_RESEND: Final = "Send it again"
_UNLISTED: Final = "Meta does not list this code: its title and details have to tell"
_ADVICE: Final = {
    Action.SLOW_DOWN: f"It was tried again and went no better. {_RESEND}",
    Action.PAIR: f"Other messages to this recipient were too close. {_RESEND}",
    Action.RETRY: f"It was tried again and went no better. {_RESEND}",
}


def explained(error: ErrorCount) -> ErrorGroup:
    """What a person needs to know of messages that came to the same."""
    rule = rule_of(error.code)
    return ErrorGroup(
        code=error.code,
        title=error.title,
        count=error.count,
        details=error.details,
        meaning=meaning_of(error.code),
        advice=advice_of(error.code),
        action=rule.action if rule else NOT_LISTED,
        may_be_sent_again=may_be_sent_again(error.code),
    )


def meaning_of(code: int) -> str:
    """What a code says, in a sentence without its full stop."""
    if code == TURN_LOST:
        return _LOST
    rule = rule_of(code)
    return rule.meaning if rule else _UNLISTED


def advice_of(code: int) -> str:
    """What a person can do, in a sentence without its full stop."""
    rule = rule_of(code)
    if rule is None:
        return _RESEND
    return (rule.advice or _ADVICE.get(rule.action, _RESEND)).rstrip(".")
