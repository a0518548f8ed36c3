"""Reading Meta's answer to a send: status, headers and body in, an outcome out. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

import msgspec

from schemas.meta_errors import Action, rule_of
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
    error_subcode: _Code = 0


class _Failure(msgspec.Struct):
    error: _ErrorBody


class _Meta(msgspec.Struct):
    developer_message: str


class _Dialog(msgspec.Struct):
    """A no of 360dialog's own, before Meta was asked."""

    meta: _Meta


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0  # minutes


_SUCCESS = msgspec.json.Decoder(_Success)
_FAILURE = msgspec.json.Decoder(_Failure, strict=False)
_DIALOG = msgspec.json.Decoder(_Dialog)
_USAGE = msgspec.json.Decoder(dict[str, list[_Usage]], strict=False)
_KEEPS_ITS_MEANING = frozenset(
    {Action.PAIR, Action.STOP_TEMPLATE, Action.STOP_NUMBER, Action.STOP_ACCOUNT, Action.DEFER}
)


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None
) -> Outcome:
    """What the answer says. A 2xx without exactly one id, and a no that cannot be read: unknown.

    Codes decide, never the HTTP status alone (support/error-codes); but a 429 is throttling
    whatever its code, unless that one says more: Meta sends it with codes that are in no document.
    """
    wait = retry_after(headers.get("Retry-After"), now or datetime.now(UTC))
    if 200 <= status < 300:
        return _read_success(body)
    try:
        error = _api_error(_FAILURE.decode(body).error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if status == 429:
            return Throttled(ApiError(429, "Too many requests"), wait or _regained(headers))
        if status in (401, 403) and (refused := _refused_by_dialog(body)):
            return Refused(refused, status)
        return Unknown(UnknownReason.UNREADABLE_ANSWER, f"HTTP {status}: {_excerpt(body)}")
    if _is_throttling(status, error.code):
        return Throttled(error, wait or _regained(headers))
    return Refused(error, status, wait)


def _is_throttling(status: int, code: int) -> bool:
    rule = rule_of(code)
    action = rule.action if rule else Action.FAIL
    return action is Action.SLOW_DOWN or (status == 429 and action not in _KEEPS_ITS_MEANING)


def _refused_by_dialog(body: bytes) -> ApiError | None:
    """A key that 360dialog does not take, in Meta's words for it."""
    try:
        said = _DIALOG.decode(body).meta.developer_message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ApiError(190, "Invalid key", _kept(said))


def _regained(headers: Mapping[str, str]) -> float | None:
    """Seconds until access is regained, as the usage header has it, in minutes; None: no word."""
    try:
        usage = _USAGE.decode(headers.get("X-Business-Use-Case-Usage", ""))
    except (msgspec.DecodeError, RecursionError):
        return None
    minutes = [entry.estimated_time_to_regain_access for kinds in usage.values() for entry in kinds]
    seconds = 60.0 * max(minutes, default=0.0)
    return min(seconds, LONGEST_RETRY_AFTER_SECONDS) if seconds > 0 else None


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
        case {"details": str(details)} | str(details):
            return ApiError(error.code, title, _kept(details), error.error_subcode)
        case _:
            return ApiError(error.code, title, subcode=error.error_subcode)


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
