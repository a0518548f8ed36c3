"""News of a template or an account stop what cannot be sent any more, and nothing else."""

from datetime import UTC, datetime

import msgspec
import pytest

from daemon.meanings import Back, Halt, Warn, meaning_of_account, meaning_of_template
from daemon.verdicts import Scope
from schemas.notices import AccountNews, Restriction, TemplateNews

TEMPLATE = TemplateNews(
    waba_id="1", event="PAUSED", template_id="2", name="sale", language="en_US", reason="",
    title="", details="", disabled_from=None, at=None,
)  # fmt: skip
ACCOUNT = AccountNews(
    waba_id="1", event="ACCOUNT_VIOLATION", restrictions=[], ban_state="", violation="SCAM", at=None
)


@pytest.mark.parametrize(
    "event",
    ["PAUSED", "DISABLED", "REJECTED", "ARCHIVED", "DELETED", "PENDING_DELETION", "LOCKED"],
)
def test_a_template_that_cannot_be_sent_stops_its_jobs(event: str) -> None:
    meaning = meaning_of_template(msgspec.structs.replace(TEMPLATE, event=event))
    assert isinstance(meaning, Halt)
    assert meaning.scope is Scope.TEMPLATE
    ends = {"DISABLED", "DELETED", "PENDING_DELETION"}  # no resuming helps
    assert meaning.reason.endswith("; then resume the job.") == (event not in ends)


@pytest.mark.parametrize("event", ["APPROVED", "REINSTATED", "UNARCHIVED"])
def test_a_template_that_can_be_sent_again_says_so(event: str) -> None:
    assert isinstance(meaning_of_template(msgspec.structs.replace(TEMPLATE, event=event)), Back)


def test_an_unpaused_template_is_back_whatever_the_event_is_called() -> None:
    assert isinstance(meaning_of_template(msgspec.structs.replace(TEMPLATE, title="UNPAUSE")), Back)


@pytest.mark.parametrize("event", ["FLAGGED", "IN_APPEAL", "PENDING", "SOMETHING_NEW"])
def test_other_events_of_a_template_are_worth_a_line(event: str) -> None:
    assert isinstance(meaning_of_template(msgspec.structs.replace(TEMPLATE, event=event)), Warn)


def test_metas_reason_is_passed_on() -> None:
    meaning = meaning_of_template(msgspec.structs.replace(TEMPLATE, title="FIRST_PAUSE"))
    assert isinstance(meaning, Halt)
    assert "is paused at Meta: first pause. Wait" in meaning.reason


def test_an_account_that_may_not_write_first_stops_everything_with_the_day_of_its_end() -> None:
    until = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    restricted = [
        Restriction("RESTRICTED_ADD_PHONE_NUMBER_ACTION", None),
        Restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until),
    ]
    meaning = meaning_of_account(
        msgspec.structs.replace(ACCOUNT, event="ACCOUNT_RESTRICTION", restrictions=restricted)
    )
    assert isinstance(meaning, Halt)
    assert meaning.scope is Scope.ACCOUNT
    assert "until 2026-12-01 09:30 UTC" in meaning.reason


@pytest.mark.parametrize("state", ["DISABLE", "SCHEDULE_FOR_DISABLE"])
def test_a_banned_account_stops_everything(state: str) -> None:
    news = msgspec.structs.replace(ACCOUNT, event="DISABLED_UPDATE", ban_state=state)
    assert isinstance(meaning_of_account(news), Halt)


@pytest.mark.parametrize("event", ["ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"])
def test_an_account_that_is_gone_stops_everything(event: str) -> None:
    assert isinstance(meaning_of_account(msgspec.structs.replace(ACCOUNT, event=event)), Halt)


def test_a_violation_is_a_warning_and_a_reinstatement_is_none() -> None:
    assert meaning_of_account(ACCOUNT) == Warn("the account: ACCOUNT_VIOLATION SCAM")
    back = msgspec.structs.replace(ACCOUNT, event="DISABLED_UPDATE", ban_state="REINSTATE")
    assert isinstance(meaning_of_account(back), Warn)
    number = [Restriction("RESTRICTED_ADD_PHONE_NUMBER_ACTION", None)]
    news = msgspec.structs.replace(ACCOUNT, event="ACCOUNT_RESTRICTION", restrictions=number)
    assert isinstance(meaning_of_account(news), Warn)
