"""Receipts: what Meta says later of a message that it accepted, and how that is read.

A webhook body carries many (business-messaging/whatsapp: webhooks, messages, status). Their order
is not promised, `delivered` may never come, repeats are normal. Pure.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from schemas.messages import MessageTag
from schemas.outcomes import ApiError

MOST_TEXT: Final = 2000
MILLISECONDS_FROM: Final = 10**11  # a time that large is no count of seconds: it would be year 5138
_LARGEST_INTEGER: Final = 2**31 - 1  # of the columns that keep a seq, an attempt and a code


class Status(StrEnum):
    """What a receipt says; any other word of Meta's (played, deleted) is passed over."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Receipt(msgspec.Struct, frozen=True):
    """One status of one message."""

    message_id: str
    status: Status
    at: datetime
    recipient: str  # digits; empty when the receipt names none
    tag: MessageTag | None
    error: ApiError | None = None


class Webhook(msgspec.Struct, frozen=True):
    """What a body had: receipts in order, and how many statuses were of no use."""

    receipts: list[Receipt]
    passed_over: int


class Standing(msgspec.Struct, frozen=True):
    """All that a batch of receipts says of one message: each status with its earliest time."""

    message_id: str
    attempt: int | None  # of the tag
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: ApiError | None = None

    def with_receipt(self, receipt: Receipt) -> "Standing":
        """This, and what the receipt adds."""
        name = f"{receipt.status}_at"
        known: datetime | None = getattr(self, name)
        at = min(known, receipt.at) if known else receipt.at
        return msgspec.structs.replace(self, **{name: at}, error=receipt.error or self.error)


Place = tuple[UUID, int]  # a message: its job and its seq


class _Error(msgspec.Struct):
    code: int = 0
    title: str = ""
    message: str = ""
    error_data: Any = None


class _Status(msgspec.Struct):
    id: str
    status: str
    timestamp: int
    recipient_id: str = ""
    biz_opaque_callback_data: str | None = None
    errors: list[_Error] | None = None


class _Value(msgspec.Struct):
    statuses: list[msgspec.Raw] | None = None


class _Change(msgspec.Struct):
    value: _Value | None = None


class _Entry(msgspec.Struct):
    changes: list[_Change] = []


class _Body(msgspec.Struct):
    entry: list[_Entry] = []


_body: Final = msgspec.json.Decoder(_Body)
_status: Final = msgspec.json.Decoder(_Status, strict=False)  # times come as text and as numbers


def read_webhook(body: bytes) -> Webhook:
    """The receipts of a webhook body. Raises msgspec.DecodeError when it is none."""
    raws = [
        raw
        for entry in _body.decode(body).entry
        for change in entry.changes
        if change.value
        for raw in change.value.statuses or ()
    ]
    receipts = [receipt for raw in raws if (receipt := _receipt(raw))]
    return Webhook(receipts, len(raws) - len(receipts))


def fold(placed: Iterable[tuple[Place, Receipt]]) -> list[dict[Place, Standing]]:
    """What the receipts come to, as batches to merge in turn, each with a message at most once.

    One batch does, but for a message that was sent twice and has receipts of two ids.
    """
    folded: dict[tuple[Place, str], Standing] = {}
    for place, receipt in placed:
        key = (place, receipt.message_id)
        attempt = receipt.tag.attempt if receipt.tag else None
        standing = folded.get(key) or Standing(receipt.message_id, attempt)
        folded[key] = standing.with_receipt(receipt)
    batches: list[dict[Place, Standing]] = []
    for (place, _), standing in folded.items():
        free = next((batch for batch in batches if place not in batch), None)
        if free is None:
            batches.append(free := {})
        free[place] = standing
    return batches


def _receipt(raw: msgspec.Raw) -> Receipt | None:
    try:
        status = _status.decode(raw)
        at = _time(status.timestamp)
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, ValueError, OSError):
        return None
    if status.status not in list(Status) or not (message_id := _kept(status.id)):
        return None
    return Receipt(
        message_id=message_id,
        status=Status(status.status),
        at=at,
        recipient=_kept(status.recipient_id),
        tag=_tag(status.biz_opaque_callback_data or ""),
        error=_error(status.errors) if status.status == Status.FAILED else None,
    )


def _time(timestamp: int) -> datetime:
    """Seconds, as documented, or milliseconds, as seen."""
    seconds = timestamp / 1000 if timestamp >= MILLISECONDS_FROM else timestamp
    return datetime.fromtimestamp(seconds, UTC)


def _tag(text: str) -> MessageTag | None:
    tag = MessageTag.decode(text)
    if tag is None or max(tag.seq, tag.attempt) > _LARGEST_INTEGER:
        return None
    return tag


def _error(errors: list[_Error] | None) -> ApiError:
    if not errors:
        return ApiError(0, "Failed without a reason")
    error = errors[0]
    code = error.code if abs(error.code) <= _LARGEST_INTEGER else 0
    match error.error_data:
        case {"details": str(details)}:
            pass
        case _:
            details = error.message
    return ApiError(code, _kept(error.title or error.message), _kept(details))


def _kept(text: str) -> str:
    """A text of Meta's as PostgreSQL can keep it: without NUL characters, and of a bounded size."""
    return text.replace("\x00", "")[:MOST_TEXT]
