"""What an attempt came to. A no from outside is a value, matched exhaustively."""

from enum import StrEnum

import msgspec


class UnknownReason(StrEnum):
    """Why nobody knows whether Meta took a message."""

    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection lost"
    UNREADABLE_ANSWER = "unreadable answer"
    CRASHED = "crashed"


class Accepted(msgspec.Struct, frozen=True):
    """Meta took it. Acceptance only: delivery comes by receipt."""

    message_id: str
    # accepted | held_for_quality_assessment | paused; absent means accepted
    message_status: str = "accepted"


class ApiError(msgspec.Struct, frozen=True):
    """Meta's error envelope, as far as it is kept (support/error-codes)."""

    code: int
    title: str
    details: str = ""
    subcode: int = 0  # deprecated at Meta; of use for 33 alone: there is no such object


class Refused(msgspec.Struct, frozen=True):
    """Meta answered no."""

    error: ApiError
    http_status: int
    retry_after_seconds: float | None = None


class Throttled(msgspec.Struct, frozen=True):
    """Too fast: 4, 80007, 130429 or any HTTP 429 whose code names no single recipient."""

    error: ApiError
    retry_after_seconds: float | None = None


class Unknown(msgspec.Struct, frozen=True):
    """The request was written and no readable answer came: it may have been accepted."""

    reason: UnknownReason
    details: str = ""


class NotWritten(msgspec.Struct, frozen=True):
    """Not one byte of the request left: it is safe to send it later."""

    reason: str


class HeldBack(msgspec.Struct, frozen=True):
    """We did not let it leave: its claim had grown old, or the turn was over."""


Outcome = Accepted | Refused | Throttled | Unknown | NotWritten | HeldBack
