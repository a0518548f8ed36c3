"""What HTTP clients read of what became of a job: its messages, its summary, parts sent again."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from schemas.api import AuditEntry, JobView
from schemas.suppression_api import Suppression


class MessageError(msgspec.Struct, frozen=True, kw_only=True):
    """Meta's code, title and details, and what the code means."""

    code: int
    title: str
    details: str
    meaning: str


class MessageView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One recipient of a job, and what became of the message."""

    seq: int
    loop: int
    to: str
    state: str
    attempts: int
    message_id: str | None  # Meta's
    error: MessageError | None
    reason: str | None  # why it was skipped, or is in doubt
    due_at: datetime | None  # not to be tried before
    claimed_at: datetime | None  # when it was last about to leave
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    unknown_at: datetime | None
    variables: dict[str, str]  # the template's values, as this recipient gets them


class MessagePage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a page stands: `after` is what the next one is asked for with."""

    limit: int
    has_more: bool
    after: int | None


class MessageList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    job_id: UUID
    messages: list[MessageView]
    pagination: MessagePage


class HistoryEntry(MessageView, frozen=True, kw_only=True, rename="camel"):
    """A message of a recipient, with the job that it is of."""

    job_id: UUID
    job_state: str
    campaign_name: str | None
    phone_number_id: str
    template: str | None
    created_at: datetime  # of the job


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    limit: int
    has_more: bool
    after: str | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient's whole story."""

    number: str
    suppressed: str | None  # what it gets nothing of: all, marketing, or nothing
    suppressions: list[Suppression]
    messages: list[HistoryEntry]
    pagination: HistoryPage


class Resend(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a job is to be sent again: what is in these states, or has these codes."""

    REQUIRED: ClassVar = ("states", "codes")

    states: list[str] | None = None
    codes: list[int] | None = None
    campaign_name: str | None = None


class Rates(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Shares from 0 to 1; null where there is nothing to share."""

    delivered_rate: float | None  # of what Meta accepted
    read_rate: float | None  # of what was delivered
    failed_rate: float | None  # of what Meta accepted or refused


class Figures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Jobs and where their messages are; what is not here adds up to `messages`."""

    jobs: int
    messages: int
    queued: int
    sending: int
    sent: int
    delivered: int  # part of sent
    read: int  # part of delivered
    failed: int
    unknown: int
    skipped: int
    deferred: int  # part of skipped
    canceled: int
    delivered_rate: float | None
    read_rate: float | None
    failed_rate: float | None


class DayFigures(Figures, frozen=True, kw_only=True, rename="camel"):
    """Figures of one day, one number, or both."""

    day: date | msgspec.UnsetType = msgspec.UNSET
    phone_number_id: str | msgspec.UnsetType = msgspec.UNSET


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Both days are included."""

    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")
    zone: str
    by: list[str]
    totals: Figures
    rows: list[DayFigures]


class Summary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that is to be said of a job, as of one moment."""

    as_of: datetime
    job: JobView
    duration_seconds: float | None  # from the first turn to the end, or until now
    rates: Rates
    audit: list[AuditEntry]
