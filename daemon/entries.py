"""What the ledger writes for an attempt: a verdict as a row. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from daemon.verdicts import Again, Defer, Fail, InDoubt, Sent, Stop, Verdict
from schemas.messages import Message
from schemas.outcomes import Outcome


class Entry(msgspec.Struct, frozen=True):
    """What became of one attempt, as the ledger keeps it."""

    seq: int
    to: str
    attempt: int
    state: str  # sent | failed | skipped | unknown | queued
    retries: int
    message_id: str | None = None
    message_status: str | None = None
    code: int | None = None
    title: str | None = None
    details: str | None = None
    reason: str | None = None
    wait_seconds: float | None = None  # queued again: not before this


def entry_of(message: Message, outcome: Outcome, verdict: Verdict) -> Entry:
    """The row that the ledger writes for a verdict."""
    seq, to, attempt, retries = (
        message.seq, message.recipient, message.attempt, message.retries,
    )  # fmt: skip
    error = getattr(outcome, "error", None)
    refusal = {"code": error.code, "title": error.title, "details": error.details} if error else {}
    match verdict:
        case Sent(message_id=message_id, message_status=status):
            return Entry(
                seq, to, attempt, "sent", retries, message_id=message_id, message_status=status
            )
        case Fail():
            return Entry(seq, to, attempt, "failed", retries, **refusal)
        case Defer(after_seconds=wait):
            return Entry(seq, to, attempt, "skipped", retries, **refusal, wait_seconds=wait)
        case Stop():
            return Entry(seq, to, attempt, "queued", retries, **refusal)
        case InDoubt(reason=reason, details=details):
            return Entry(seq, to, attempt, "unknown", retries, reason=reason, details=details)
        case Again(after_seconds=wait, reason=why, counts=counts):
            return Entry(
                seq,
                to,
                attempt,
                "queued",
                retries + counts,
                **refusal,
                reason=why,
                wait_seconds=wait,
            )


def unsent(message: Message) -> Entry:
    """The row of a claimed message of which not one byte has left: it waits again."""
    return Entry(message.seq, message.recipient, message.attempt, "queued", message.retries)


def columns(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    """The entries as one array a column, as unnest takes them."""
    return {
        "seqs": [entry.seq for entry in entries],
        "attempts": [entry.attempt for entry in entries],
        "states": [entry.state for entry in entries],
        "message_ids": [entry.message_id for entry in entries],
        "message_statuses": [entry.message_status for entry in entries],
        "codes": [entry.code for entry in entries],
        "titles": [entry.title for entry in entries],
        "details": [entry.details for entry in entries],
        "reasons": [entry.reason for entry in entries],
        "wait_seconds": [entry.wait_seconds for entry in entries],
        "retries": [entry.retries for entry in entries],
    }
