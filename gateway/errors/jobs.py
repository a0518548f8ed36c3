"""Refusals about jobs: there is none, or it is not where that can be done."""

from collections.abc import Sequence
from typing import Any

from gateway.errors.refusal import Refusal, bad_request


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


def too_many_streams() -> Refusal:
    return Refusal(
        status=503,
        error="Service Unavailable",
        message="This gateway has as many open event streams as it takes: try again in a moment.",
        headers={"Retry-After": "2"},
    )
