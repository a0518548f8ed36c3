"""What HTTP clients send and read of the suppression list."""

from datetime import datetime
from uuid import UUID

import msgspec

from schemas.api import RejectedLine, Scalar


class NewSuppressions(msgspec.Struct, frozen=True, kw_only=True):
    """A number, or several, that are to get nothing more."""

    number: Scalar = None
    numbers: list[Scalar] | None = None
    scope: str | None = None
    reason: str | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who asked for it, what is stopped and why; active while it is not lifted."""

    number: str
    source: str
    scope: str
    reason: str
    at: datetime
    message_id: str | None  # Meta's, of the message that asked for it
    job_id: UUID | None  # with seq: the campaign's message that it answered
    seq: int | None
    lifted_at: datetime | None


class ListedPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a page stands: `after` is what the next one is asked for with."""

    limit: int
    total: int
    has_more: bool
    after: str | None


class SuppressionList(msgspec.Struct, frozen=True):
    suppressions: list[Suppression]
    pagination: ListedPage


class NumberView(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one number; `suppressed` is what it gets nothing of, if anything."""

    number: str
    suppressed: str | None
    suppressions: list[Suppression]


class Lifted(msgspec.Struct, frozen=True, kw_only=True):
    """What a removal lifted, and what it left in force."""

    success: bool = True
    number: str
    lifted: list[str]
    suppressed: str | None
    remaining: list[Suppression]
    message: str


class ListChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of what was added or imported; the four counts make `total`."""

    success: bool = True
    total: int
    added: int
    changed: int
    unchanged: int
    rejected: list[RejectedLine]
    rejected_total: int
    message: str
