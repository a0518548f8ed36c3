"""What HTTP clients send and read: field names, types and shapes of the contract."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from schemas.planning import PlanFields, Planned

Scalar = str | int | float | bool | None

# Requests. Every field may be absent here, so that one answer can name all that are missing.


class QuickSend(Planned, frozen=True, kw_only=True):
    """The same values for everybody; recipients as text."""

    REQUIRED: ClassVar = ("phone_number_id", "template_name", "recipients_text")

    phone_number_id: str | None = None
    template_name: str | None = None
    recipients_text: str | None = None
    language: str | None = None
    variables: dict[str, Scalar] | None = None
    campaign_name: str | None = None


class CustomizeSend(Planned, frozen=True, kw_only=True, rename="camel"):
    """Rows with a recipient column; `variable_mappings` says which column fills which value.

    The rows are `data`, or those of a file that was uploaded before.
    """

    REQUIRED: ClassVar = ("templateName", "phoneNumberId", "recipientColumn", "data")

    template_name: str | None = None
    phone_number_id: str | None = None
    recipient_column: str | None = None
    data: list[msgspec.Raw] | None = None
    upload_id: str | None = None
    has_header: bool | None = None  # of the upload; else as it was guessed
    language: str | None = None
    variable_mappings: dict[str, str] | None = None
    zone_column: str | None = None  # for a window by the recipient's clock
    campaign_name: str | None = msgspec.field(default=None, name="campaign_name")


class TemplateContent(msgspec.Struct, frozen=True):
    name: str
    language_code: str = "en_US"
    components: list[dict[str, Any]] | None = None


class TextContent(msgspec.Struct, frozen=True):
    body: str
    preview_url: bool = False


class TemplateMessage(msgspec.Struct, frozen=True, tag_field="kind", tag="template"):
    template: TemplateContent


class TextMessage(msgspec.Struct, frozen=True, tag_field="kind", tag="text"):
    text: TextContent


class DirectSend(Planned, frozen=True, kw_only=True):
    """The direct form: what Meta is to be sent, as it is."""

    REQUIRED: ClassVar = ("recipients", "message")

    recipients: list[Scalar] | None = None
    message: TemplateMessage | TextMessage | None = None
    phone_number_id: str | None = None
    campaign_id: str | None = msgspec.field(default=None, name="campaignId")


class NewSession(msgspec.Struct, frozen=True):
    """A key, to be exchanged for a cookie that a browser's EventSource can send."""

    key: str | None = None


# Answers.


class ErrorBody(msgspec.Struct, frozen=True, omit_defaults=True):
    error: str
    message: str
    details: Any = None
    path: str | None = None


class RejectedLine(msgspec.Struct, frozen=True):
    """A recipient that was not taken: its line (or row) from 1, its start, and why."""

    line: int
    value: str
    reason: str


class Preflight(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a submission was held against its template at Meta: `checked` or `skipped`."""

    state: str
    reason: str | None = None  # of a check that was skipped


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many of those that were asked for are not sent to again, and why."""

    reason: str
    count: int
    until: datetime | None = None  # where only time is missing: when the last of them has waited


class Submission(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a submitted list; kept with the job, so that it can be said again."""

    accepted: int
    duplicates: int
    rejected: list[RejectedLine]
    rejected_total: int
    ignored_fields: list[str] = []
    preflight: Preflight | None = None
    suppressed: int = 0  # who had opted out by then
    parent_id: UUID | None = None  # the job of which this one sends a part again
    left_out: list[LeftOut] = []
    scheduled_at: datetime | None = None


class Submitted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to all three submit forms."""

    success: bool = True
    bulk: bool
    job_id: UUID
    state: str
    total_recipients: int
    batch_size: int  # the old name of loop_size, as total_batches of total_loops
    total_batches: int
    loop_size: int
    total_loops: int
    created_at: datetime
    message: str
    accepted: int
    duplicates: int
    rejected: list[RejectedLine]
    rejected_total: int
    suppressed: int  # of the accepted: opted out, and to be skipped
    ignored_fields: list[str] | msgspec.UnsetType = msgspec.UNSET  # left out when there are none
    preflight: Preflight | msgspec.UnsetType = msgspec.UNSET  # left out where none is made
    parent_id: UUID | msgspec.UnsetType = msgspec.UNSET  # of what is sent again alone, both
    left_out: list[LeftOut] | msgspec.UnsetType = msgspec.UNSET
    scheduled_at: datetime | msgspec.UnsetType = msgspec.UNSET  # as it was submitted


class JobProgress(msgspec.Struct, frozen=True, rename="camel"):
    percentage: float
    completed: int
    remaining: int


class LoopView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    loop: int
    state: str
    size: int
    sent: int
    failed: int
    unknown: int
    skipped: int
    canceled: int
    started_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None  # until now, while it runs
    rate_per_second: float | None


class JobSummary(PlanFields, frozen=True, kw_only=True, rename="camel"):
    """A job as lists show it."""

    job_id: UUID
    state: str
    reason: str | None
    campaign_name: str | None
    campaign_id: str | None
    phone_number_id: str
    template: str | None
    total_recipients: int
    sent: int
    failed: int
    queued: int
    sending: int
    delivered: int
    read: int
    unknown: int
    skipped: int
    canceled: int
    progress: JobProgress
    batch_size: int
    total_batches: int
    loop_size: int
    total_loops: int
    current_loop: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rate_per_second: float | None
    eta_seconds: float | None
    limited_by: str | None
    limited_until: datetime | None  # when that is expected to be over
    deferred: int  # of the skipped: held back by Meta (131049), and may be sent another day
    # Of a paused job: person, brake, late, stalled, job, template, number, account.
    stopped_by: str | None
    wanted: str  # run, pause or cancel: what people want of it, whatever it is by now
    resuming: bool  # paused, and about to go on
    request_id: str | None  # of the request that made the job: `trace` in the logs
    doubt_until: datetime | None  # while settling: when the last doubt has had its time
    parent_id: UUID | None  # the job of which this one sends a part again


class ErrorGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All messages with one code: what it means, what was done about it, what a person can do."""

    code: int
    title: str
    count: int
    details: str  # of one of them
    meaning: str
    advice: str
    action: str  # schemas.meta_errors.Action, or `none` for a code that Meta does not list
    may_be_sent_again: bool


class Child(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job that sends a part of this one again."""

    job_id: UUID
    state: str
    total_recipients: int
    created_at: datetime


class JobView(JobSummary, frozen=True, kw_only=True, rename="camel"):
    """A job with its loops and its errors."""

    errors: list[ErrorGroup]
    children: list[Child]  # the first 100
    in_doubt: list["InDoubt"]  # the first 20 messages whose outcome nobody knows
    loops: list[LoopView]


class InDoubt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message that may have left: who was to get it, and why nobody knows."""

    to: str
    reason: str  # timeout, connection lost, unreadable answer, crashed
    details: str
    at: datetime | None  # when it was claimed


class Change(msgspec.Struct, frozen=True):
    """The body of a pause, a resume or a cancel; it may be left out."""

    reason: str | None = None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for (run, pause, cancel, schedule, withdraw, rate), or a state that the
    job has moved to.
    """

    at: datetime
    kind: str  # asked, moved
    what: str
    value: str | None  # the time of a start, or the rate
    who: str | None  # the name of a key; null: Loopcast itself
    why: str | None


class Audit(msgspec.Struct, frozen=True, rename="camel"):
    job_id: UUID
    entries: list[AuditEntry]


class Brake(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """While it is on nothing leaves, of a number or at all."""

    phone_number_id: str | None  # null: of everything
    by: str
    at: datetime
    reason: str | None
    jobs: int  # that it holds


class Brakes(msgspec.Struct, frozen=True, rename="camel"):
    everything_is_paused: bool
    brakes: list[Brake]


class Pagination(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    limit: int
    offset: int
    total: int
    has_more: bool


class JobList(msgspec.Struct, frozen=True):
    jobs: list[JobSummary]
    pagination: Pagination


class Connection(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type",
                 tag="connection"):  # fmt: skip
    """The first frame of every event stream: the job as it is now."""

    status: str = "connected"
    job_id: UUID
    at: datetime
    job: JobView


class ProgressFrame(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type",
                    tag="progress"):  # fmt: skip
    """Instead of a frame a message, for readers that asked for `detail=loops`."""

    job_id: UUID
    sent: int
    failed: int
    at: datetime
