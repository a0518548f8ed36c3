"""Refusals of the catalogue, made of example values: their status, title and body. Pure."""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_type_hints

import msgspec

from gateway.errors import Refusal
from schemas.api import LeftOut, RejectedLine
from schemas.states import Wanted
from schemas.suppression_api import Suppression

_STOPPED: Final = Suppression(
    number="4915112345678", source="recipient", scope="all", reason='wrote "STOP"',
    at=datetime(2026, 11, 23, 20, 36, 31, tzinfo=UTC), message_id=None, job_id=None, seq=None,
    lifted_at=None,
)  # fmt: skip

# What an argument of the catalogue's functions is, by its name, or by `function.name`. One that is
# not named here is made by its type.
_ARGUMENTS: Final[Mapping[str, Any]] = {
    "names": ["template_name"],
    "rejected": [RejectedLine(1, "+49 12", "too short")],
    "rows_do_not_fill.rows": [{"row": 2, "reason": "column Name is empty"}],
    "rows_do_not_fill.template": "order_update (en_US)",
    "total": 1,
    "cap": 50_000,
    "count": 50_001,
    "state": "completed",
    "number": "4915112345678",
    "remaining": [_STOPPED],
    "method": "GET",
    "path": "/api/bulk/job",
    "allowed": ["POST"],
    "seconds": 60.0,
    "limit_bytes": 16 * 2**20,
    "trace": "b7ad6b7169203331",
    "job_id": "5b0f8c1e-6d0b-4a53-9a3e-2f1f0a6a7c11",
    "encoding": "gzip",
    "not_a_number.text": "+49 12",
    "not_a_number.reason": "too short",
    "bad_request.message": "limit must be a whole number from 1 to 50.",
    "template_not_ready.message": "welcome (en_US) is PENDING at Meta.",
    "template_mismatch.message": "welcome (en_US) asks for first_name, and variables lack it.",
    "places": ["first_name"],
    "token_refused.reason": "Error validating access token",
    "access_denied.message": "This job belongs to the holder of another key.",
    "not_signed.message": "None of META_APP_SECRET signed this body.",
    "webhook_not_stored.reason": "JetStream does not take it.",
    "illegal_change.wanted": Wanted.RUN,
    "cannot_be_planned.message": "This job has begun: it cannot be planned any more.",
    "phone_number_id": "100000000000001",
    "upload_id": "5b0f8c1e-6d0b-4a53-9a3e-2f1f0a6a7c11",
    "most": 100,
    "resendable": ["failed", "unknown", "skipped", "canceled"],
    "left_out": [LeftOut(reason="opted out", count=1)],
    "job_ids": ["5b0f8c1e-6d0b-4a53-9a3e-2f1f0a6a7c11"],
    "needed": "send",
    "held": ["read"],
    "number_refused.status": 401,
    "per_minute": 600,
    "over_quota.seconds": 1,
    "http_error.status": 400,
    "http_error.reason": "Bad Request",
}
_BY_TYPE: Final = {"str": "…", "int": 1, "float": 1.0, "bool": True}


def sample(make: Callable[..., Refusal]) -> Refusal:
    """A refusal as this function of the catalogue makes it."""
    hints = get_type_hints(make)
    given = {
        name: _argument(make.__name__, name, hints[name])
        for name, argument in inspect.signature(make).parameters.items()
        if argument.default is argument.empty
    }
    return make(**given)


def body_of(refusal: Refusal) -> Any:
    """The refusal's body as plain data."""
    return msgspec.to_builtins(refusal.body())


def _argument(function: str, name: str, hint: Any) -> Any:
    named = _ARGUMENTS.get(f"{function}.{name}", _ARGUMENTS.get(name))
    if named is not None:
        return named
    return _BY_TYPE.get(getattr(hint, "__name__", ""), [])
