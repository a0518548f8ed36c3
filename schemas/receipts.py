"""Receipts: what Meta says later of a message that it accepted, and how that is read and folded.

A webhook carries many (business-messaging/whatsapp: webhooks, messages, status). Their order is
not promised, `delivered` may never come, repeats are normal. Pure.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from schemas.messages import MessageTag
from schemas.notices import read_error
from schemas.outcomes import ApiError
from schemas.readings import UNREADABLE, kept, time_of

_LARGEST_INTEGER: Final = 2**31 - 1  # of the columns that keep a seq and an attempt


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


class _Status(msgspec.Struct):
    """What is needed is checked; what may be missing may also be of another kind."""

    id: str
    status: str
    timestamp: int
    recipient_id: Any = None
    biz_opaque_callback_data: Any = None
    errors: Any = None


_decode: Final = msgspec.json.Decoder(_Status, strict=False).decode  # times come as text, too


def read_receipt(raw: msgspec.Raw) -> Receipt | None:
    """One item of `statuses`; None: it says nothing that is of use here."""
    try:
        status = _decode(raw)
        at = time_of(status.timestamp)
    except (*UNREADABLE, OverflowError, ValueError, OSError):
        return None
    if status.status not in list(Status) or not (message_id := kept(status.id)):
        return None
    return Receipt(
        message_id=message_id,
        status=Status(status.status),
        at=at,
        recipient=kept(_text(status.recipient_id)),
        tag=_tag(_text(status.biz_opaque_callback_data)),
        error=_error(status.errors) if status.status == Status.FAILED else None,
    )


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


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _tag(text: str) -> MessageTag | None:
    tag = MessageTag.decode(text)
    if tag is None or max(tag.seq, tag.attempt) > _LARGEST_INTEGER:
        return None
    return tag


def _error(errors: object) -> ApiError:
    match errors:
        case [dict() as error, *_]:
            return read_error(error)
        case _:
            return ApiError(0, "Failed without a reason")
