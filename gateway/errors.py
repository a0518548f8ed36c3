"""Every refusal: its status, its title, and a sentence that says what to do."""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.api import ErrorBody
from schemas.suppression_api import Suppression


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A no to a client, as a value."""

    status: int
    error: str
    message: str
    details: Any = None
    path: str | None = None
    headers: dict[str, str] = {}

    def body(self) -> ErrorBody:
        return ErrorBody(self.error, self.message, self.details, self.path)


def bad_request(message: str, details: Any = None) -> Refusal:
    return Refusal(status=400, error="Bad Request", message=message, details=details)


def missing_fields(names: Sequence[str]) -> Refusal:
    return Refusal(
        status=400,
        error="Missing required fields",
        message=f"These fields are required: {', '.join(names)}.",
        details={"missing": list(names)},
    )


def no_recipients() -> Refusal:
    return Refusal(
        status=400,
        error="No recipients provided",
        message="The list of recipients is empty: give at least one phone number.",
    )


def no_valid_recipients(rejected: Sequence[Any], total: int) -> Refusal:
    return Refusal(
        status=400,
        error="No valid recipients found",
        message=f"None of the {total} recipients can be sent to; the first reasons are in details.",
        details={"rejected": list(rejected), "rejectedTotal": total},
    )


def no_numbers() -> Refusal:
    return Refusal(
        status=400,
        error="No numbers provided",
        message="The list is empty: give at least one phone number.",
    )


def no_valid_numbers(rejected: Sequence[Any], total: int) -> Refusal:
    return Refusal(
        status=400,
        error="No valid numbers found",
        message=f"None of the {total} entries could be read; the first reasons are in details.",
        details={"rejected": list(rejected), "rejectedTotal": total},
    )


def not_a_number(text: str, reason: str) -> Refusal:
    return bad_request(f"{text[:64]!r} is no phone number: {reason}.")


def over_hard_cap(cap: int, count: int) -> Refusal:
    return Refusal(
        status=400,
        error="Job Creation Failed",
        message=f"Recipients exceed hard cap of {cap}",
        details={"cap": cap, "count": count},
    )


def template_not_ready(message: str, details: Any = None) -> Refusal:
    return Refusal(status=400, error="Template not ready", message=message, details=details)


def template_mismatch(message: str) -> Refusal:
    return Refusal(status=400, error="Template parameters do not match", message=message)


def rows_do_not_fill(template: str, rows: Sequence[Any], total: int) -> Refusal:
    counted = "1 row does" if total == 1 else f"{total} rows do"
    return Refusal(
        status=400,
        error="Rows do not fill the template",
        message=f"{counted} not fill {template}; the first are in details. Nothing was made.",
        details={"rows": list(rows), "rowsTotal": total},
    )


def token_refused(reason: str) -> Refusal:
    return Refusal(
        status=502,
        error="Access token refused",
        message=f"META_ACCESS_TOKEN is not taken: {reason.rstrip('.')}. Every message would"
        " fail; give gateway and daemon a new one. Nothing was made.",
    )


def key_reused() -> Refusal:
    return Refusal(
        status=422,
        error="Idempotency key reused",
        message="This Idempotency-Key came with another submission before: use a new key.",
    )


def authentication_required() -> Refusal:
    return Refusal(
        status=401,
        error="Authentication required",
        message="Send a key as `Authorization: Bearer <key>` or `X-API-Key: <key>`: one of"
        " API_KEYS, or one that was made here and is neither revoked nor expired.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def access_denied(message: str) -> Refusal:
    return Refusal(status=403, error="Access denied", message=message)


def scope_missing(needed: str, held: Sequence[str]) -> Refusal:
    """As RFC 6750, 3.1 has it."""
    return Refusal(
        status=403,
        error="Scope missing",
        message=f"This key has not the scope {needed}: use one that has it, or have one made.",
        details={"needed": needed, "held": list(held)},
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'},
    )


def key_not_found() -> Refusal:
    """What was given is not told again: it may be the key itself."""
    return Refusal(
        status=404,
        error="Key not found",
        message="There is no key with this id: GET /api/keys lists them.",
    )


def number_not_found(phone_number_id: str) -> Refusal:
    return Refusal(
        status=404,
        error="Number not found",
        message="No such sending number is kept: GET /api/numbers lists them.",
        details={"phoneNumberId": phone_number_id[:64]},
    )


def number_of_environment(phone_number_id: str) -> Refusal:
    return Refusal(
        status=409,
        error="Number of the environment",
        message="This number is set by META_PHONE_NUMBER_ID and META_ACCESS_TOKEN: change it there,"
        " or keep it here with PUT /api/numbers/{phoneNumberId}, which then holds.",
        details={"phoneNumberId": phone_number_id},
    )


def number_has_jobs(phone_number_id: str, job_ids: Sequence[str]) -> Refusal:
    return Refusal(
        status=409,
        error="Number has jobs",
        message="Jobs of this number have not ended: cancel them, or wait. With enabled: false it"
        " takes no new ones.",
        details={"phoneNumberId": phone_number_id, "jobs": list(job_ids)},
    )


def number_disabled(phone_number_id: str) -> Refusal:
    return Refusal(
        status=409,
        error="Number disabled",
        message="This sending number takes no new jobs: enable it, or send from another.",
        details={"phoneNumberId": phone_number_id},
    )


def number_refused(phone_number_id: str, status: int) -> Refusal:
    return Refusal(
        status=400,
        error="Token refused",
        message=f"Meta does not let this token ask about the number (HTTP {status}), so nothing was"
        " kept: check both. `check: false` keeps them unasked.",
        details={"phoneNumberId": phone_number_id},
    )


def no_secret_key() -> Refusal:
    return Refusal(
        status=409,
        error="No SECRET_KEY",
        message="Tokens are sealed before they are kept: set SECRET_KEY to what `openssl rand -hex"
        " 32` says, the same for all gateways and daemons, and start them anew.",
    )


def over_quota(per_minute: int, seconds: int) -> Refusal:
    return Refusal(
        status=429,
        error="Too many submissions",
        message=f"This key may submit {per_minute} times a minute. Nothing was made: send the same"
        f" again in {seconds} s, or put more recipients into one submission.",
        details={"perMinute": per_minute, "retryAfterSeconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


def not_signed(message: str) -> Refusal:
    return Refusal(
        status=401,
        error="Signature required",
        message=message,
        headers={"WWW-Authenticate": "X-Hub-Signature-256"},
    )


def job_not_found(job_id: str) -> Refusal:
    return Refusal(
        status=404, error="Job not found", message=f"There is no job {job_id[:64]} here."
    )


_VERBS = {"run": "resumed", "pause": "paused", "cancel": "canceled"}
_NEEDED = {"run": "a paused job", "pause": "a job that is queued or running",
           "cancel": "a job with something left to send"}  # fmt: skip


def illegal_change(state: str, wanted: str) -> Refusal:
    return Refusal(
        status=409,
        error="Illegal change",
        message=f"This job is {state}: only {_NEEDED[wanted]} can be {_VERBS[wanted]}.",
        details={"state": state},
    )


def cannot_be_planned(state: str, message: str) -> Refusal:
    return Refusal(status=409, error="Illegal change", message=message, details={"state": state})


def brake_is_on(phone_number_id: str) -> Refusal:
    return Refusal(
        status=409,
        error="Illegal change",
        message=f"Number {phone_number_id}, or everything, is paused: GET /api/pause says which."
        " Resume that, and its jobs go on.",
    )


def upload_not_found(upload_id: str) -> Refusal:
    return Refusal(
        status=404,
        error="Upload not found",
        message=f"There is no upload {upload_id[:64]} here: it was deleted, or a day is over."
        " Bring the file again.",
    )


def too_many_uploads(most: int) -> Refusal:
    return Refusal(
        status=409,
        error="Too many uploads",
        message=f"{most} uploads of this key are kept already: delete those that are done with.",
    )


def workbook_too_much() -> Refusal:
    return bad_request(
        "The workbook cannot be read: it is damaged, or takes too much memory or time (something"
        " may stand in a cell far away from the list). Save the list as CSV."
    )


def suppression_not_found(number: str) -> Refusal:
    return Refusal(
        status=404,
        error="Suppression not found",
        message=f"{number} is not on the list, and never was.",
    )


def still_suppressed(number: str, remaining: Sequence[Suppression]) -> Refusal:
    """Nothing that was named was in force, but something else is."""
    who = "; ".join(f"{row.source}: {row.reason}" for row in remaining)
    return Refusal(
        status=409,
        error="Still suppressed",
        message=f"Nothing was lifted. For {number} this is in force: {who}. To lift it all the"
        f" same, add ?source={remaining[0].source}, or ?all=true.",
        details={"remaining": list(remaining)},
    )


def route_not_found(method: str, path: str) -> Refusal:
    return Refusal(
        status=404,
        error="ROUTE_NOT_FOUND",
        message=f"There is nothing at {method} {path}.",
        path=path,
    )


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> Refusal:
    names = ", ".join(sorted(allowed))
    return Refusal(
        status=405,
        error="Method Not Allowed",
        message=f"{path} does not take {method}; it takes {names}.",
        path=path,
        headers={"Allow": names},
    )


def body_too_slow(seconds: float) -> Refusal:
    return Refusal(
        status=408,
        error="Request Timeout",
        message=f"The body did not arrive within {seconds:.0f} seconds; send it again.",
        headers={"Connection": "close"},
    )


def body_too_large(limit_bytes: int, advice: str = "split the list into several jobs") -> Refusal:
    is_large = limit_bytes >= 2**20
    most = f"{limit_bytes // 2**20} MiB" if is_large else f"{limit_bytes // 2**10} KiB"
    return Refusal(
        status=413,
        error="Payload too large",
        message=f"The body may have {most}: {advice}.",
    )


def form_not_served() -> Refusal:
    return Refusal(
        status=415,
        error="Unsupported Media Type",
        message="Send the file itself as the body, not a form (curl: --data-binary @list.csv).",
    )


def webhook_too_large(limit_bytes: int) -> Refusal:
    return Refusal(
        status=413,
        error="Payload too large",
        message=f"A webhook may have {limit_bytes // 2**20} MiB, as Meta's do.",
        headers={"Connection": "close"},
    )


def body_is_encoded(encoding: str) -> Refusal:
    return Refusal(
        status=415,
        error="Unsupported Media Type",
        message=f"A webhook comes as it was signed, without Content-Encoding: {encoding[:40]}.",
        headers={"Connection": "close"},
    )


def too_many_submissions() -> Refusal:
    return Refusal(
        status=429,
        error="Too many bulk requests",
        message="Too many submissions are being taken at the same time: try again in a second.",
        headers={"Retry-After": "1"},
    )


def recipient_not_found(number: str) -> Refusal:
    return Refusal(
        status=404,
        error="Recipient not found",
        message=f"None of your jobs had a message for {number}, and it never was on the"
        " suppression list.",
    )


def not_resendable(state: str, resendable: Sequence[str]) -> Refusal:
    return bad_request(
        f"What is {state} is not sent again: it has left, or still will."
        f" states may have {', '.join(resendable)}."
    )


def not_over(state: str) -> Refusal:
    return Refusal(
        status=409,
        error="Job is not over",
        message=f"This job is {state}: a part of it can be sent again once it is completed, failed"
        " or canceled, because until then its messages may still leave.",
        details={"state": state},
    )


def nothing_to_resend(left_out: Sequence[Any]) -> Refusal:
    counted = sum(row.count for row in left_out)
    return Refusal(
        status=409,
        error="Nothing to resend",
        message="No message of this job is in that part."
        if not counted
        else f"All {counted} of that part are left out; details say why. Nothing was made.",
        details={"leftOut": list(left_out)},
    )


def too_many_transfers() -> Refusal:
    return Refusal(
        status=429,
        error="Too many imports and exports",
        message="Several lists are being imported or exported: try again in a few seconds.",
        headers={"Retry-After": "5"},
    )


def broken_off(refusal: Refusal, lines: int) -> Refusal:
    """What ended an import in its middle, and that what came before it is on the list."""
    if not lines:
        return refusal
    return msgspec.structs.replace(
        refusal,
        message=f"{refusal.message} {lines} lines are on the list; to send them again is safe.",
        details={"lines": lines},
    )


def too_many_streams() -> Refusal:
    return Refusal(
        status=503,
        error="Service Unavailable",
        message="This gateway has as many open event streams as it takes: try again in a moment.",
        headers={"Retry-After": "2"},
    )


def expectation_failed() -> Refusal:
    return Refusal(
        status=417,
        error="Expectation Failed",
        message="Of Expect headers only `Expect: 100-continue` is served.",
    )


def http_error(status: int, reason: str) -> Refusal:
    """What aiohttp itself refuses before any route is asked."""
    return Refusal(status=status, error=reason, message=f"{reason}.")


def internal_error(trace: str) -> Refusal:
    return Refusal(
        status=500,
        error="Internal Server Error",
        message="This is a fault of Loopcast, and it is in its log. Nothing was half made.",
        details={"requestId": trace},
    )


def ledger_unavailable() -> Refusal:
    return Refusal(
        status=503,
        error="Service Unavailable",
        message="PostgreSQL does not answer. Try again; with an Idempotency-Key a submission"
        " is never made twice.",
        headers={"Retry-After": "2"},
    )


def webhook_not_stored(reason: str) -> Refusal:
    return Refusal(
        status=503,
        error="Service Unavailable",
        message=f"{reason} The webhook is not stored: bring it again.",
        headers={"Retry-After": "2"},
    )
