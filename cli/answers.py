"""What came of a request: a yes, a no, or nothing, as values. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.api import ErrorBody


class Answered(msgspec.Struct, frozen=True):
    """A yes, and its body."""

    status: int
    body: bytes


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A no of the gateway, or of a proxy before it (then `error` is the status alone)."""

    status: int
    error: str
    message: str
    details: Any = None
    retry_after_seconds: float | None = None
    request_id: str | None = None


class Unreachable(msgspec.Struct, frozen=True):
    """No answer: the gateway may, or may not, have been asked."""

    url: str
    why: str


No = Refused | Unreachable


def refusal(status: int, text: bytes, headers: Mapping[str, str]) -> Refused:
    """What was refused; what is no body of ours was said by something before the gateway."""
    wait = headers.get("Retry-After", "")
    seconds = float(wait) if wait.isdecimal() else None
    request_id = headers.get("X-Request-Id")
    try:
        body = msgspec.json.decode(text, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        error, message, details = f"HTTP {status}", _foreign(status, headers), None
    else:
        error, message, details = body.error, body.message, body.details
    return Refused(
        status=status, error=error, message=message, details=details,
        retry_after_seconds=seconds, request_id=request_id,
    )  # fmt: skip


def _foreign(status: int, headers: Mapping[str, str]) -> str:
    if 300 <= status < 400:
        there = headers.get("Location", "somewhere else")
        return f"It sends on to {there}. Set LOOPCAST_URL to where the gateway is."
    return "This is no answer of Loopcast's. Is LOOPCAST_URL right?"
