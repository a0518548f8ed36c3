"""What news of Meta's mean: what has to stop, what is over, what an operator should know. Pure.

Events: business-messaging/whatsapp, webhooks, message_template_status_update and account_update.
"""

from datetime import datetime
from typing import Final

import msgspec

from daemon.verdicts import Scope, with_resume
from schemas.notices import AccountNews, TemplateNews


class Halt(msgspec.Struct, frozen=True):
    """Nothing of this scope can be sent: its jobs wait for a person."""

    scope: Scope
    reason: str


class Back(msgspec.Struct, frozen=True):
    """A template can be sent again."""

    reason: str


class Warn(msgspec.Struct, frozen=True):
    """Worth a line in the log, and no more."""

    text: str


Meaning = Halt | Back | Warn

_OTHER: Final = "Submit the list anew with another template; this job can be left as it is."
# Each word of Meta's for a template that cannot be sent, and what a person can do.
_GONE: Final = {
    "PAUSED": "Wait until Meta takes it up again, and improve it: a third pause disables it",
    "DISABLED": _OTHER,
    "REJECTED": "Change it and have it approved",
    "ARCHIVED": "Take it out of the archive in WhatsApp Manager",
    "DELETED": _OTHER,
    "PENDING_DELETION": _OTHER,
    "LOCKED": "See it in WhatsApp Manager",
    "LIMIT_EXCEEDED": "See it in WhatsApp Manager",
}
_SENDABLE: Final = frozenset({"APPROVED", "REINSTATED", "UNARCHIVED"})
_UNPAUSED: Final = "UNPAUSE"
_MAY_NOT_START: Final = "RESTRICTED_BIZ_INITIATED_MESSAGING"
_ACCOUNT_GONE: Final = frozenset({"ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"})
_BANNED: Final = frozenset({"DISABLE", "SCHEDULE_FOR_DISABLE"})
_ACCOUNT_ADVICE: Final = "See the account's health in WhatsApp Manager; then resume the job."


def meaning_of_template(news: TemplateNews) -> Meaning:
    """An event of a template. One that is flagged can still be sent."""
    which = f"The template {news.name} ({news.language})"
    if news.event in _SENDABLE or news.title == _UNPAUSED:
        return Back(f"{which} can be sent again: resume the job to go on")
    if advice := _GONE.get(news.event):
        why = news.details or news.reason or news.title.replace("_", " ").lower()
        because = f": {why.rstrip('.')}" if why else ""
        word = news.event.replace("_", " ").lower()
        return Halt(
            Scope.TEMPLATE,
            f"{which} is {word} at Meta{because}. {with_resume(advice)}",
        )
    return Warn(f"{which}: {news.event.replace('_', ' ').lower()}")


def meaning_of_account(news: AccountNews) -> Meaning:
    """An event of an account. A warning is no restriction."""
    for restriction in news.restrictions:
        if restriction.kind == _MAY_NOT_START:
            until = f" until {_day(restriction.until)}" if restriction.until else ""
            said = f"Meta forbids the account to write to people first{until}"
            return Halt(Scope.ACCOUNT, f"{said}. {_ACCOUNT_ADVICE}")
    if news.ban_state in _BANNED:
        word = "disabled" if news.ban_state == "DISABLE" else "about to be disabled"
        return Halt(Scope.ACCOUNT, f"The account is {word} at Meta. {_ACCOUNT_ADVICE}")
    if news.event in _ACCOUNT_GONE:
        word = news.event.removeprefix("ACCOUNT_").lower()
        return Halt(Scope.ACCOUNT, f"The account was {word} at Meta. {_ACCOUNT_ADVICE}")
    details = [news.violation, news.ban_state, *(r.kind for r in news.restrictions)]
    return Warn(" ".join(filter(None, ("the account:", news.event, *details))))


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
