"""Every metric of every process: name, help, labels and the closed set of their values."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric; a unit in each name, no label for a job, a recipient or a path."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()  # label values whose series exist from the start
    buckets: tuple[float, ...] = ()


LATENCY_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
LOOP_SECONDS = (0.5, 1, 2, 5, 10, 15, 20, 25, 30, 45, 60, 120, 300, 600)

# daemon
MESSAGES = Metric(
    name="loopcast_messages_total", kind=Kind.COUNTER, labels=("outcome",),
    values=tuple(
        (outcome,)
        for outcome in
        ("accepted", "refused", "throttled", "unknown", "not_written", "held_back")
    ),
    help="Attempts by what they came to.",
)  # fmt: skip
ERRORS = Metric(
    name="loopcast_errors_total", kind=Kind.COUNTER, labels=("code",),
    help="Refused and throttled attempts by Meta's error code; unlisted: in no document of Meta's.",
)  # fmt: skip
STOPS = Metric(
    name="loopcast_stops_total", kind=Kind.COUNTER, labels=("scope",),
    values=(("job",), ("template",), ("number",), ("account",)),
    help="Refusals and news of Meta's that stopped more than one message, by what they stopped.",
)  # fmt: skip
SLOWED = Metric(
    name="loopcast_slowed_total", kind=Kind.COUNTER,
    help="Times that a number's pace was halved because Meta said too fast.",
)  # fmt: skip
OPT_OUTS = Metric(
    name="loopcast_opt_outs_total", kind=Kind.COUNTER,
    help="Stops that recipients asked for, in a message, by a button, or in WhatsApp; repeats too.",
)  # fmt: skip
SKIPPED = Metric(
    name="loopcast_skipped_total", kind=Kind.COUNTER, labels=("why",),
    values=(("opted_out",), ("deferred",)),
    help="Messages not sent because their recipient opted out, or held back by Meta for a day.",
)  # fmt: skip
SEND_SECONDS = Metric(
    name="loopcast_send_seconds", kind=Kind.HISTOGRAM, buckets=LATENCY_SECONDS,
    help="From the first byte of a request to its answer.",
)  # fmt: skip
LOOPS = Metric(
    name="loopcast_loops_total", kind=Kind.COUNTER, labels=("end",),
    values=(
        ("completed",), ("given_back",), ("handed_over",), ("held",), ("waiting",), ("stopped",),
        ("lease_lost",),
    ),
    help="Loops run, by how they ended: completed, given back unfinished, handed over while answers"
    " were awaited, held because the number rests, waiting for their recipients, stopped by Meta,"
    " or lost to a successor.",
)  # fmt: skip
LOOP_SECONDS_METRIC = Metric(
    name="loopcast_loop_seconds", kind=Kind.HISTOGRAM, buckets=LOOP_SECONDS,
    help="Duration of completed loops.",
)  # fmt: skip
IN_FLIGHT = Metric(
    name="loopcast_in_flight", kind=Kind.GAUGE, help="Requests that await Meta's answer."
)
PACE_WAIT_SECONDS = Metric(
    name="loopcast_pace_wait_seconds_total", kind=Kind.COUNTER,
    help="Time that messages waited for their number's pace.",
)  # fmt: skip
JOBS = Metric(
    name="loopcast_jobs", kind=Kind.GAUGE, labels=("state",),
    values=tuple((s,) for s in ("queued", "running", "paused", "settling")),
    help="Unfinished jobs in PostgreSQL by state.",
)  # fmt: skip
JOB_RECIPIENTS = Metric(
    name="loopcast_job_recipients", kind=Kind.GAUGE,
    help="Recipients of unfinished jobs; the messages by state add up to it, always.",
)  # fmt: skip
JOB_MESSAGES = Metric(
    name="loopcast_job_messages", kind=Kind.GAUGE, labels=("state",),
    values=tuple(
        (s,) for s in ("queued", "sending", "sent", "failed", "unknown", "skipped", "canceled")
    ),
    help="Messages of unfinished jobs by state, as the jobs' own counters have them.",
)  # fmt: skip
RECEIPTS = Metric(
    name="loopcast_receipts_total", kind=Kind.COUNTER, labels=("status",),
    values=tuple(
        (s,)
        for s in
        ("sent", "delivered", "read", "failed", "early", "unmatched", "passed_over", "unreadable")
    ),
    help="Receipts merged, by what they say; early: its message was still being sent, so it comes"
    " again; unmatched: of no message of ours; passed_over: of a status that means nothing here;"
    " unreadable: whole webhook bodies.",
)  # fmt: skip
DOUBTS_ENDED = Metric(
    name="loopcast_doubts_ended_total", kind=Kind.COUNTER, labels=("status",),
    values=(("sent",), ("delivered",), ("read",), ("failed",)),
    help="Unknown messages that a receipt settled, by what it said.",
)  # fmt: skip
MERGE_SECONDS = Metric(
    name="loopcast_receipts_merge_seconds", kind=Kind.HISTOGRAM, buckets=LATENCY_SECONDS,
    help="Time to merge a batch of receipts.",
)  # fmt: skip
REDELIVERIES = Metric(
    name="loopcast_redeliveries_total", kind=Kind.COUNTER,
    help="Turns delivered again while this daemon held them already.",
)  # fmt: skip
TAKEOVERS = Metric(
    name="loopcast_takeovers_total", kind=Kind.COUNTER,
    help="Turns taken from a holder that had not given them back.",
)  # fmt: skip
TURNS_RENEWED = Metric(
    name="loopcast_turns_renewed_total", kind=Kind.COUNTER,
    help="Turns made anew, because the daemon that got them died before it took their lane.",
)  # fmt: skip
PUT_BACK = Metric(
    name="loopcast_put_back_total", kind=Kind.COUNTER, labels=("what",),
    values=(("turn",), ("receipt",)),
    help="Messages of a version that this release does not know, put back for one that does.",
)  # fmt: skip
LANES_HELD = Metric(
    name="loopcast_lanes_held", kind=Kind.GAUGE, help="Turns that this daemon holds."
)
EVENTS_LOST = Metric(
    name="loopcast_events_lost_total", kind=Kind.COUNTER,
    help="Progress frames that JetStream did not take in time; the ledger has their facts.",
)  # fmt: skip

# gateway
REQUESTS = Metric(
    name="loopcast_http_requests_total", kind=Kind.COUNTER, labels=("route", "status"),
    help="Answers by route pattern and status class.",
)  # fmt: skip
REQUEST_SECONDS = Metric(
    name="loopcast_http_request_seconds", kind=Kind.HISTOGRAM, labels=("route",),
    buckets=LATENCY_SECONDS, help="Time to answer, event streams left out.",
)  # fmt: skip
ACCEPTED = Metric(
    name="loopcast_recipients_accepted_total", kind=Kind.COUNTER,
    help="Recipients written to PostgreSQL.",
)  # fmt: skip
STREAM_READERS = Metric(name="loopcast_stream_readers", kind=Kind.GAUGE, help="Open event streams.")
STREAM_DROPS = Metric(
    name="loopcast_stream_drops_total", kind=Kind.COUNTER,
    help="Event streams closed because their reader was too slow.",
)  # fmt: skip
WEBHOOKS = Metric(
    name="loopcast_webhooks_total", kind=Kind.COUNTER, labels=("result",),
    values=tuple(
        (result,)
        for result in
        ("stored", "passed_over", "unreadable", "refused", "incomplete", "too_large", "full",
         "unavailable")
    ),
    help="Webhooks of Meta's by what became of them; passed_over: about something else than"
    " WhatsApp; unreadable: signed, and no webhook; refused: not signed by META_APP_SECRET;"
    " incomplete: it did not arrive whole in time; full, unavailable: told to come again, because"
    " too many waited, or JetStream did not take it.",
)  # fmt: skip
WEBHOOK_BATCHES = Metric(
    name="loopcast_webhook_batch_messages", kind=Kind.HISTOGRAM,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
    help="Webhooks that were stored with one sync of the disk.",
)  # fmt: skip
WEBHOOK_ITEMS_DROPPED = Metric(
    name="loopcast_webhook_items_dropped_total", kind=Kind.COUNTER,
    help="Statuses, messages or news too large for one message of the stream: dropped, alone.",
)  # fmt: skip
EVENTS_UNREADABLE = Metric(
    name="loopcast_events_unreadable_total", kind=Kind.COUNTER,
    help="Progress of a version that this release does not know; readers get a snapshot instead.",
)  # fmt: skip

DAEMON = (
    MESSAGES, ERRORS, STOPS, SLOWED, SKIPPED, OPT_OUTS, SEND_SECONDS, LOOPS, LOOP_SECONDS_METRIC,
    IN_FLIGHT, PACE_WAIT_SECONDS, JOBS, JOB_RECIPIENTS, JOB_MESSAGES, RECEIPTS, DOUBTS_ENDED,
    MERGE_SECONDS, REDELIVERIES, TAKEOVERS, TURNS_RENEWED, LANES_HELD, EVENTS_LOST, PUT_BACK,
)  # fmt: skip
GATEWAY = (
    REQUESTS, REQUEST_SECONDS, ACCEPTED, STREAM_READERS, STREAM_DROPS, WEBHOOKS, WEBHOOK_BATCHES,
    WEBHOOK_ITEMS_DROPPED, EVENTS_UNREADABLE,
)  # fmt: skip
