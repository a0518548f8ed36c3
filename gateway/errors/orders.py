"""Refusals of submissions: what is asked for cannot be, or not as it is."""

from collections.abc import Sequence
from typing import Any

from gateway.errors.refusal import Refusal, bad_request


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


def over_hard_cap(cap: int, count: int) -> Refusal:
    return Refusal(
        status=400,
        error="Job Creation Failed",
        message=f"Recipients exceed hard cap of {cap}",
        details={"cap": cap, "count": count},
    )


def template_not_ready(message: str, details: Any = None) -> Refusal:
    return Refusal(status=400, error="Template not ready", message=message, details=details)


def template_mismatch(message: str, places: Sequence[str]) -> Refusal:
    return Refusal(
        status=400,
        error="Template parameters do not match",
        message=message,
        details={"places": list(places)},
    )


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


def over_quota(per_minute: int, seconds: int) -> Refusal:
    return Refusal(
        status=429,
        error="Too many submissions",
        message=f"This key may submit {per_minute} times a minute. Nothing was made: send the same"
        f" again in {seconds} s, or put more recipients into one submission.",
        details={"perMinute": per_minute, "retryAfterSeconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


def too_many_submissions() -> Refusal:
    return Refusal(
        status=429,
        error="Too many bulk requests",
        message="Too many submissions are being taken at the same time: try again in a second.",
        headers={"Retry-After": "1"},
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
