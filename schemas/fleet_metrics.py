"""The metrics of the whole fleet: read from PostgreSQL and JetStream, the same in every daemon.

Each daemon has them, so that they do not vanish with one: take the maximum, never the sum.
"""

from typing import Final

from schemas.metric import Kind, Metric, each
from schemas.subjects import MERGERS, SENDERS, STREAMS

_STREAMS: Final = each(*(stream.name for stream in STREAMS))
_CONSUMERS: Final = each(SENDERS.name, MERGERS.name)

JOBS: Final = Metric(
    name="loopcast_jobs", kind=Kind.GAUGE, labels=("state",), is_fleetwide=True,
    values=each("queued", "running", "paused", "settling"),
    help="Unfinished jobs by state.",
)  # fmt: skip
JOB_RECIPIENTS: Final = Metric(
    name="loopcast_job_recipients", kind=Kind.GAUGE, is_fleetwide=True,
    help="Recipients of unfinished jobs; the messages by state add up to it, always.",
)  # fmt: skip
JOB_MESSAGES: Final = Metric(
    name="loopcast_job_messages", kind=Kind.GAUGE, labels=("state",), is_fleetwide=True,
    values=each("queued", "sending", "sent", "failed", "unknown", "skipped", "canceled"),
    help="Messages of unfinished jobs by state, as the jobs' own counters have them.",
)  # fmt: skip
JOBS_STOPPED: Final = Metric(
    name="loopcast_jobs_stopped", kind=Kind.GAUGE, labels=("scope",), is_fleetwide=True,
    values=each("stalled", "job", "template", "number", "account", "person", "brake", "late"),
    help="Paused jobs, by what was stopped: the job itself, its template, its number or the whole"
    " account by Meta; stalled: it got nowhere; person: somebody paused it; brake: its number or"
    " everything is paused; late: it was to start while nothing ran.",
)  # fmt: skip
LANES: Final = Metric(
    name="loopcast_lanes", kind=Kind.GAUGE, labels=("state",), is_fleetwide=True,
    values=each("held", "waiting", "resting"),
    help="Sending numbers that have work: held by a daemon, waiting for one, or resting (the pause"
    " between two loops, a hold, or until its jobs may go on).",
)  # fmt: skip
LANES_HELD_BACK: Final = Metric(
    name="loopcast_lanes_held_back", kind=Kind.GAUGE, labels=("by",), is_fleetwide=True,
    values=each("throttled", "messaging_limit"),
    help="Sending numbers with work of which nothing may leave just now, by what holds them.",
)  # fmt: skip
LANES_SLOWED: Final = Metric(
    name="loopcast_lanes_slowed", kind=Kind.GAUGE, is_fleetwide=True,
    help="Sending numbers with work that go slower than they could, because Meta said too fast.",
)  # fmt: skip
LANE_WAIT_SECONDS: Final = Metric(
    name="loopcast_oldest_lane_wait_seconds", kind=Kind.GAUGE, is_fleetwide=True,
    help="How long the number that waits longest has had work, its turn due, and no daemon.",
)  # fmt: skip
STANDSTILL_SECONDS: Final = Metric(
    name="loopcast_longest_standstill_seconds", kind=Kind.GAUGE, is_fleetwide=True,
    help="How long ago the last message was claimed, of the number with work, nothing that holds it"
    " back, and the longest standstill.",
)  # fmt: skip
SETTLING_OVERDUE_SECONDS: Final = Metric(
    name="loopcast_settling_overdue_seconds", kind=Kind.GAUGE, is_fleetwide=True,
    help="How long ago the last doubt of a job that still settles has had its time; the longest.",
)  # fmt: skip
REACHED_PEOPLE: Final = Metric(
    name="loopcast_messaging_reached_people", kind=Kind.GAUGE, is_fleetwide=True,
    help="People written to in the last 24 hours, as the messaging limit counts them; counted only"
    " where there is a limit.",
)  # fmt: skip
DAEMONS: Final = Metric(
    name="loopcast_daemons", kind=Kind.GAUGE, is_fleetwide=True,
    help="Daemons that live, by the lock that each keeps in PostgreSQL.",
)  # fmt: skip
SCHEMA_VERSION: Final = Metric(
    name="loopcast_schema_version", kind=Kind.GAUGE, is_fleetwide=True,
    help="Number of the last migration that was applied.",
)  # fmt: skip
STREAM_BYTES: Final = Metric(
    name="loopcast_stream_bytes", kind=Kind.GAUGE, labels=("stream",), is_fleetwide=True,
    values=_STREAMS, help="What a stream of JetStream holds.",
)  # fmt: skip
STREAM_LIMIT_BYTES: Final = Metric(
    name="loopcast_stream_limit_bytes", kind=Kind.GAUGE, labels=("stream",), is_fleetwide=True,
    values=_STREAMS,
    help="What it may hold. BULK_JOBS and BULK_RECEIPTS refuse what is too much, BULK_EVENTS drops"
    " its oldest.",
)  # fmt: skip
STREAM_MESSAGES: Final = Metric(
    name="loopcast_stream_messages", kind=Kind.GAUGE, labels=("stream",), is_fleetwide=True,
    values=_STREAMS,
    help="Messages in a stream; of BULK_JOBS: numbers that have their turn.",
)  # fmt: skip
CONSUMER_PENDING: Final = Metric(
    name="loopcast_consumer_pending_messages", kind=Kind.GAUGE, labels=("consumer",),
    values=_CONSUMERS, is_fleetwide=True,
    help="Messages that no daemon has got yet: turns (senders), webhook bodies (mergers).",
)  # fmt: skip
CONSUMER_UNACKED: Final = Metric(
    name="loopcast_consumer_unacked_messages", kind=Kind.GAUGE, labels=("consumer",),
    values=_CONSUMERS, is_fleetwide=True,
    help="Messages that a daemon has and has not answered for, those put off included.",
)  # fmt: skip
CONSUMER_REDELIVERED: Final = Metric(
    name="loopcast_consumer_redelivered_messages", kind=Kind.GAUGE, labels=("consumer",),
    values=_CONSUMERS, is_fleetwide=True,
    help="Of those, the ones that were delivered more than once; a turn is, once a pause.",
)  # fmt: skip
RECEIPTS_WAIT_SECONDS: Final = Metric(
    name="loopcast_oldest_receipt_wait_seconds", kind=Kind.GAUGE, is_fleetwide=True,
    help="Age of the oldest webhook body that is stored and not merged.",
)  # fmt: skip

FLEET: Final = (
    JOBS, JOB_RECIPIENTS, JOB_MESSAGES, JOBS_STOPPED, LANES, LANES_HELD_BACK, LANES_SLOWED,
    LANE_WAIT_SECONDS, STANDSTILL_SECONDS, SETTLING_OVERDUE_SECONDS, REACHED_PEOPLE, DAEMONS,
    SCHEMA_VERSION, STREAM_BYTES, STREAM_LIMIT_BYTES, STREAM_MESSAGES, CONSUMER_PENDING,
    CONSUMER_UNACKED, CONSUMER_REDELIVERED, RECEIPTS_WAIT_SECONDS,
)  # fmt: skip
