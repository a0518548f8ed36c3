"""What a dry run answers: the plan of a job that was not made."""

from datetime import datetime
from typing import Any

import msgspec

from schemas.api import Preflight, RejectedLine


class Example(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one recipient would get: the text where the template's is known, else its values."""

    to: str
    text: str | None = None
    components: Any = None


class Durations(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the time goes, in seconds; they add up to the duration."""

    scheduled_seconds: float  # until scheduledAt
    sending_seconds: float
    pauses_seconds: float
    queue_seconds: float  # other jobs of the number, in between
    window_seconds: float
    limit_seconds: float  # until there is room under the messaging limit


class Refused(msgspec.Struct, frozen=True):
    """What the submission would be told."""

    status: int
    error: str
    message: str
    details: Any = None


class RefusedPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    dry_run: bool = True
    success: bool = False
    message: str
    refused: Refused


class DryRun(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The plan of a submission that would be taken."""

    dry_run: bool = True
    success: bool = True
    message: str
    refused: None = None
    accepted: int
    duplicates: int
    rejected: list[RejectedLine]
    rejected_total: int
    suppressed: int
    preflight: Preflight | None
    ignored_fields: list[str]
    loop_size: int
    total_loops: int
    loop_pause_ms: int
    messages_per_second: int | None  # null: no limit
    messaging_limit: int | None  # null: none is known
    scheduled_at: datetime | None
    starts_at: datetime | None  # the first message; null: not within sixty days
    expected_end_at: datetime | None
    duration_seconds: float | None  # from now to the expected end
    durations: Durations
    notes: list[str]  # what the plan does not know
    examples: list[Example]
