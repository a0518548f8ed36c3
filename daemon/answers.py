"""Reading Meta's answer to a send: status, headers and body in, an outcome out. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

import msgspec

from daemon.verdicts import PAIR_RATE, THROTTLING
from schemas.outcomes import (
    Accepted,
    ApiError,
    Outcome,
    Refused,
    Throttled,
    Unknown,
    UnknownReason,
)

MOST_TEXT: Final = 2000
LONGEST_RETRY_AFTER_SECONDS: Final = 24 * 3600.0


class _MessageRef(msgspec.Struct):
    id: str
    message_status: str = "accepted"  # absent for free-form messages


class _Success(msgspec.Struct):
    messages: list[_MessageRef]


_Code = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]  # an integer column keeps it


class _ErrorBody(msgspec.Struct):
    code: _Code
    message: str = ""
    error_data: Any = None  # absent, an object with `details`, or a plain string


class _Failure(msgspec.Struct):
    error: _ErrorBody


_SUCCESS = msgspec.json.Decoder(_Success)
_FAILURE = msgspec.json.Decoder(_Failure, strict=False)


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None
) -> Outcome:
    """What the answer says. A 2xx without exactly one id, and a no that cannot be read: unknown.

    Codes decide, never the HTTP status alone (support/error-codes); only a 429 is always
    throttling, because Meta sends it with codes that it does not document.
    """
    wait = retry_after(headers.get("Retry-After"), now or datetime.now(UTC))
    if 200 <= status < 300:
        return _read_success(body)
    try:
        error = _api_error(_FAILURE.decode(body).error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if status == 429:
            return Throttled(ApiError(429, "Too many requests"), wait)
        return Unknown(UnknownReason.UNREADABLE_ANSWER, f"HTTP {status}: {_excerpt(body)}")
    if error.code in THROTTLING or (status == 429 and error.code != PAIR_RATE):
        return Throttled(error, wait)
    return Refused(error, status, wait)


def _read_success(body: bytes) -> Outcome:
    try:
        messages = _SUCCESS.decode(body).messages
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        messages = []
    match messages:
        case [_MessageRef(id=message_id, message_status=status)] if _kept(message_id):
            return Accepted(_kept(message_id), _kept(status))
        case _:
            return Unknown(UnknownReason.UNREADABLE_ANSWER, f"HTTP 200: {_excerpt(body)}")


def _api_error(error: _ErrorBody) -> ApiError:
    title = _kept(error.message.removeprefix(f"(#{error.code}) "))
    match error.error_data:
        case {"details": str(details)}:
            return ApiError(error.code, title, _kept(details))
        case str(details):
            return ApiError(error.code, title, _kept(details))
        case _:
            return ApiError(error.code, title)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` as seconds or as a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    try:
        seconds = float(value) if value.strip().isdecimal() else _seconds_until(value, now)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def _seconds_until(date: str, now: datetime) -> float:
    at = parsedate_to_datetime(date)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()


def _excerpt(body: bytes) -> str:
    return _kept(body[:200].decode("utf-8", "replace"))


def _kept(text: str) -> str:
    """A text of Meta's as PostgreSQL can keep it: without NUL characters, and of a bounded size."""
    return text.replace("\x00", "")[:MOST_TEXT]
