"""What stores give: rows as they are read. Pure."""

from datetime import datetime
from uuid import UUID

import msgspec


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `messages`, as far as it is told; `variables` are JSON, the recipient's own."""

    seq: int
    recipient: str
    variables: bytes | None
    state: str
    attempt: int
    message_id: str | None
    error_code: int | None
    error_title: str | None
    error_details: str | None
    reason: str | None
    due_at: datetime | None
    claimed_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    unknown_at: datetime | None


class ToldRow(MessageRow, frozen=True, kw_only=True):
    """The same with its job, whose `content` is JSON."""

    job_id: UUID
    job_state: str
    campaign_name: str | None
    phone_number_id: str
    content: bytes
    loop_size: int
    created_at: datetime


class FiguresRow(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of jobs, added up; `day`: which of the bounds it is behind, from 1."""

    day: int | None
    phone_number_id: str | None
    jobs: int
    messages: int
    queued: int
    sending: int
    sent: int
    delivered: int
    read: int
    failed: int
    unknown: int
    skipped: int
    deferred: int
    canceled: int


class NumberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sending number: as it is kept (not at all: `provider` is None), and as its lane is."""

    phone_number_id: str
    name: str | None
    provider: str | None
    waba_id: str | None
    token_hint: str | None
    token_set_by: str | None
    token_set_at: datetime | None
    has_app_secret: bool
    messages_per_second: int | None
    loop_pause_ms: int | None
    messaging_limit: int | None
    enabled: bool
    made_by: str | None
    made_at: datetime | None
    changed_by: str | None
    changed_at: datetime | None
    unfinished_jobs: int
    jobs_waiting: int
    messages_waiting: int
    limited_until: datetime | None
    people_limit: int | None
    reached: int
    held_until: datetime | None
    held_by: str | None
    slowed_to: float | None
    slowed_from: float | None
    slowed_at: datetime | None
    is_braked: bool
