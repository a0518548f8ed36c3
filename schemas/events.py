"""Progress: the frames that readers of `/api/bulk/realtime/{jobId}` see, and how they travel.

A frame is made and encoded once, by the daemon, in the words of the HTTP contract; the gateway
passes it on as it is. On the stream several frames travel in one `Envelope`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

ENVELOPE_VERSION = 1


class ErrorFields(msgspec.Struct, frozen=True, rename="camel"):
    code: int
    title: str
    details: str = ""


class ErrorCount(msgspec.Struct, frozen=True, rename="camel"):
    code: int
    title: str
    count: int
    details: str = ""  # of one of them


class _Frame(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    job_id: UUID


class LoopStarted(_Frame, frozen=True, kw_only=True, rename="camel", tag="loop_started"):
    loop_index: int  # from 1
    batch_index: int  # loop_index - 1, for old clients
    total_loops: int
    loop_size: int


class MessageSent(_Frame, frozen=True, kw_only=True, rename="camel", tag="message_sent"):
    loop_index: int
    batch_index: int
    seq: int
    to: str
    message_id: str
    sent: int  # of the job, as of this message
    failed: int


class MessageFailed(_Frame, frozen=True, kw_only=True, rename="camel", tag="message_failed"):
    loop_index: int
    batch_index: int
    seq: int
    to: str
    error: ErrorFields
    sent: int
    failed: int


class MessageSkipped(_Frame, frozen=True, kw_only=True, rename="camel", tag="message_skipped"):
    loop_index: int
    batch_index: int
    seq: int
    to: str
    reason: str  # opted out, and how; or held back by Meta
    error: ErrorFields | None = None
    sent: int
    failed: int
    skipped: int


class LoopCompleted(_Frame, frozen=True, kw_only=True, rename="camel", tag="loop_completed"):
    loop_index: int
    batch_index: int
    total_loops: int
    loop_size: int
    sent: int  # of this loop, as failed, unknown and skipped
    failed: int
    unknown: int
    skipped: int
    duration_ms: int
    rate_per_second: float
    pause_ms: int  # until the next loop of this job; 0 after the last
    errors: list[ErrorCount]


class MessageStatus(_Frame, frozen=True, kw_only=True, rename="camel", tag="message_status"):
    seq: int
    to: str
    message_id: str
    status: str  # sent | delivered | read | failed
    state: str | None = None  # of the message since; None: told by an older release
    at: datetime
    error: ErrorFields | None = None
    sent: int  # of the job, after the batch of receipts that this one came with; so are the rest
    failed: int
    unknown: int
    skipped: int
    delivered: int
    read: int


class JobStateChanged(_Frame, frozen=True, kw_only=True, rename="camel", tag="job_state"):
    state: str
    reason: str | None = None


class JobCompleted(_Frame, frozen=True, kw_only=True, rename="camel", tag="job_completed"):
    state: str
    sent: int
    failed: int
    unknown: int
    skipped: int = 0
    error: str | None = None


Frame = (
    LoopStarted
    | MessageSent
    | MessageFailed
    | MessageSkipped
    | LoopCompleted
    | MessageStatus
    | JobStateChanged
    | JobCompleted
)


class Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """One message of BULK_EVENTS: frames of one job, numbered from `first_no` without gaps.

    The number of a frame is the job's `event_no` after the transaction that made the fact, so
    that a reader who got a snapshot knows which frames it contains already.
    """

    first_no: int
    frames: Sequence[msgspec.Raw]
    v: int = ENVELOPE_VERSION

    DECODER: ClassVar["msgspec.json.Decoder[Envelope]"]


Envelope.DECODER = msgspec.json.Decoder(Envelope)


class FrameType(msgspec.Struct, frozen=True):
    """Just the type of a frame: all that the gateway looks at."""

    type: str


def encode_envelope(first_no: int, frames: Sequence[Frame]) -> bytes:
    """The stream message that carries `frames`, the first of which is number `first_no`."""
    raw = [msgspec.Raw(msgspec.json.encode(frame)) for frame in frames]
    return msgspec.json.encode(Envelope(first_no=first_no, frames=raw))
