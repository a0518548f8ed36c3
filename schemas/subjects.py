"""Every stream, consumer and subject of JetStream, in one place.

Facts behind the choices, each measured: a work queue that keeps one message a subject and
discards the new one is a mutex a sending number; a consumer that redelivers without end and waits
15 s is its lease; limits and direct get make the event stream replayable from any sequence.
"""

from typing import Final
from uuid import UUID

import msgspec

JOBS_STREAM: Final = "BULK_JOBS"
SENDERS_CONSUMER: Final = "senders"
EVENTS_STREAM: Final = "BULK_EVENTS"
RECEIPTS_STREAM: Final = "BULK_RECEIPTS"
RECEIPTS_SUBJECT: Final = "bulk.receipts"  # webhook bodies of Meta's, as they came

# JetStream's error when a stream does not store a message. The words tell a lane that has its turn
# already, which is fine, from a stream that is full.
NOT_STORED: Final = 10077
TURN_EXISTS: Final = "maximum messages per subject exceeded"


def turn_subject(phone_number_id: str) -> str:
    """Where the one turn of a lane lives."""
    return f"bulk.jobs.{phone_number_id}"


def lane_of(subject: str) -> str:
    """The phone number id that a turn's subject names."""
    return subject.rsplit(".", 1)[1]


def events_subject(job_id: UUID | str) -> str:
    """Where a job's progress is told."""
    return f"bulk.events.{job_id}"


def job_of(subject: str) -> str:
    """The job id that an event's subject names."""
    return subject.rsplit(".", 1)[1]


CONTROL_SUBJECTS: Final = "bulk.control.*"  # not stored: "look at the row now"


def control_subject(about: UUID | str) -> str:
    """Where daemons are told that somebody wants something of a job, a number, or everything."""
    return f"bulk.control.{about}"


class StreamDef(msgspec.Struct, frozen=True, kw_only=True):
    """A stream as it is asked for; durations in seconds."""

    name: str
    subjects: list[str]
    retention: str
    max_consumers: int  # 2.15 replaces -1 by its own default of 1000
    discard: str = "old"
    max_msgs_per_subject: int = -1
    discard_new_per_subject: bool = False
    max_age_seconds: float = 0
    max_bytes: int = -1
    allow_direct: bool = True
    allow_atomic: bool = False


STREAMS: Final = (
    StreamDef(
        name=JOBS_STREAM,
        subjects=["bulk.jobs.*"],
        retention="workqueue",
        discard="new",
        max_msgs_per_subject=1,
        discard_new_per_subject=True,
        max_bytes=64 * 1024**2,  # 200,000 lanes; reserved, so that no other stream takes the room
        max_consumers=16,
    ),
    StreamDef(
        name=EVENTS_STREAM,
        subjects=["bulk.events.*"],
        retention="limits",
        max_age_seconds=24 * 3600,
        max_bytes=2 * 1024**3,
        max_consumers=1000,
    ),
    StreamDef(
        name=RECEIPTS_STREAM,
        subjects=[RECEIPTS_SUBJECT],
        retention="workqueue",
        discard="new",  # full: Meta is told to come again
        max_bytes=1024**3,
        max_consumers=16,
        allow_atomic=True,
    ),
)
LEAST_BYTES: Final = 16 * 1024**2  # of a stream, where the disk has no room for what it should get


class ConsumerDef(msgspec.Struct, frozen=True, kw_only=True):
    """The durable pull consumer that all daemons share."""

    stream: str
    name: str
    filter_subject: str
    max_ack_pending: int
    max_waiting: int = 2048


SENDERS: Final = ConsumerDef(
    stream=JOBS_STREAM,
    name=SENDERS_CONSUMER,
    filter_subject="bulk.jobs.*",
    max_ack_pending=100_000,  # turns out at once: far above any number of lanes
)
MERGERS: Final = ConsumerDef(
    stream=RECEIPTS_STREAM,
    name="mergers",
    filter_subject=RECEIPTS_SUBJECT,
    max_ack_pending=10_000,
)
MERGE_ACK_WAIT_SECONDS: Final = 30  # a merge takes milliseconds, or as long as PostgreSQL is away
