"""Every metric of every process: name, help, labels and the closed set of their values.

Here are those of one daemon and one gateway; `process_metrics` has what both have, `fleet_metrics`
what every daemon says alike.
"""

from typing import Final

from schemas.fleet_metrics import FLEET
from schemas.meta_errors import RULES, Action
from schemas.metric import LATENCY_SECONDS, Kind, Metric, each
from schemas.outcomes import UnknownReason
from schemas.process_metrics import PROCESS

LOOP_SECONDS = (0.5, 1, 2, 5, 10, 15, 20, 25, 30, 45, 60, 120, 300, 600)
PER_SECOND = (0.5, 1, 2, 4, 6, 8, 9, 10, 15, 20, 30, 40, 60, 80, 100, 200, 500, 1000)
LAG_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 6 * 3600, 24 * 3600)
UNLISTED: Final = "unlisted"  # a code that is in no document of Meta's


def label_of(words: str) -> str:
    """A value of a label, from what it is called elsewhere."""
    return words.replace(" ", "_")


# What an attempt can come to, and why, as far as that is a closed set.
REASONS: Final = {
    "accepted": ("accepted", "held_for_quality_assessment", "paused", "other"),
    "refused": (*(label_of(a) for a in Action if a is not Action.SLOW_DOWN), UNLISTED),
    "throttled": ("too_fast",),
    "unknown": tuple(label_of(reason) for reason in UnknownReason),
    "not_written": ("no_connection",),
    "held_back": ("too_late",),
}

# daemon
MESSAGES = Metric(
    name="loopcast_messages_total", kind=Kind.COUNTER, labels=("outcome", "reason"),
    values=tuple((outcome, reason) for outcome, why in REASONS.items() for reason in why),
    help="Attempts by what they came to and why. Refused: by what that code leads to"
    " (docs/meta-errors.md); crashed: in flight when their daemon died, counted by its successor.",
)  # fmt: skip
RECORDED = Metric(
    name="loopcast_recorded_total", kind=Kind.COUNTER, labels=("state",),
    values=each("sent", "failed", "skipped", "unknown", "queued"),
    help="Messages written down, by where an attempt or a rule left them; queued: to go again.",
)  # fmt: skip
RETRIES = Metric(
    name="loopcast_retries_total", kind=Kind.COUNTER, labels=("outcome",),
    values=each("refused", "throttled", "not_written", "held_back"),
    help="Attempts after which the message is sent again, by what the attempt came to.",
)  # fmt: skip
ERRORS = Metric(
    name="loopcast_errors_total", kind=Kind.COUNTER, labels=("code",),
    values=each(*(str(code) for code in RULES), UNLISTED),
    help="Refused and throttled attempts by Meta's error code; 200: 200 to 299; unlisted: in no"
    " document of Meta's.",
)  # fmt: skip
STOPS = Metric(
    name="loopcast_stops_total", kind=Kind.COUNTER, labels=("scope",),
    values=each("stalled", "job", "template", "number", "account"),
    help="What stopped more than one message, a refusal or news of Meta's, by what it stopped;"
    " stalled: a job that got nowhere.",
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
LEDGER_SECONDS = Metric(
    name="loopcast_ledger_write_seconds", kind=Kind.HISTOGRAM, buckets=LATENCY_SECONDS,
    help="Time in which PostgreSQL took a batch of claims and outcomes.",
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
LOOP_PER_SECOND = Metric(
    name="loopcast_loop_messages_per_second", kind=Kind.HISTOGRAM, buckets=PER_SECOND,
    help="Pace that completed loops reached, whatever held them up; its sum over its count is the"
    " mean.",
)  # fmt: skip
PACE_LIMIT = Metric(
    name="loopcast_pace_limit_messages_per_second", kind=Kind.GAUGE,
    help="BULK_MESSAGES_PER_SECOND: the most that one number sends in any second; 0: no limit.",
)  # fmt: skip
LOOPS_RUNNING = Metric(
    name="loopcast_loops_running", kind=Kind.GAUGE, help="Loops under way, one a number."
)
IN_FLIGHT = Metric(
    name="loopcast_in_flight", kind=Kind.GAUGE, help="Requests that await Meta's answer."
)
IN_FLIGHT_LIMIT = Metric(
    name="loopcast_in_flight_limit", kind=Kind.GAUGE,
    help="How many of one number may, at once.",
)  # fmt: skip
PACE_WAIT_SECONDS = Metric(
    name="loopcast_pace_wait_seconds_total", kind=Kind.COUNTER,
    help="Time that messages waited for their number's pace.",
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
RECEIPT_LAG_SECONDS = Metric(
    name="loopcast_receipt_lag_seconds", kind=Kind.HISTOGRAM, labels=("status",),
    values=each("sent", "delivered", "read", "failed"), buckets=LAG_SECONDS,
    help="From Meta's time of a status, in whole seconds, until it moved its message; repeats move"
    " none.",
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
LANES_LIMIT = Metric(
    name="loopcast_lanes_limit", kind=Kind.GAUGE, help="How many a daemon holds at most."
)
EVENTS_LOST = Metric(
    name="loopcast_events_lost_total", kind=Kind.COUNTER,
    help="Progress frames that JetStream did not take in time; the ledger has their facts.",
)  # fmt: skip
MESSAGING_LIMIT = Metric(
    name="loopcast_messaging_limit_people", kind=Kind.GAUGE,
    help="How many people may be written to in 24 hours, as this daemon learned last; 0: no limit,"
    " or none that is known.",
)  # fmt: skip
CENSUS_SECONDS = Metric(
    name="loopcast_census_seconds", kind=Kind.HISTOGRAM, labels=("of",), buckets=LATENCY_SECONDS,
    values=each("fleet", "streams", "recount"),
    help="Time to read the figures of the whole fleet, by what they are of.",
)  # fmt: skip
RECOUNTS = Metric(
    name="loopcast_recounts_total", kind=Kind.COUNTER,
    help="Jobs whose counters were held against their rows; one every 30 s, in turn.",
)  # fmt: skip
CONSERVATION_DIFFERENCE = Metric(
    name="loopcast_conservation_difference_messages", kind=Kind.GAUGE,
    help="By how many messages the counters of unfinished and recent jobs differ from their rows,"
    " as of each job's last recount by this daemon; anything but 0 is a bug or damage.",
)  # fmt: skip

# gateway
REQUESTS = Metric(
    name="loopcast_http_requests_total", kind=Kind.COUNTER, labels=("route", "status"),
    help="Answers by route pattern and status class; none: of no route.",
)  # fmt: skip
REQUEST_SECONDS = Metric(
    name="loopcast_http_request_seconds", kind=Kind.HISTOGRAM, labels=("route",),
    buckets=LATENCY_SECONDS, help="Time to answer, event streams left out.",
)  # fmt: skip
HTTP_IN_FLIGHT = Metric(
    name="loopcast_http_requests_in_flight", kind=Kind.GAUGE,
    help="Requests that await their answer, event streams left out.",
)  # fmt: skip
SUBMISSIONS = Metric(
    name="loopcast_submissions_in_flight", kind=Kind.GAUGE,
    help="Submissions that arrive, wait or are written.",
)  # fmt: skip
SUBMISSIONS_LIMIT = Metric(
    name="loopcast_submissions_limit", kind=Kind.GAUGE,
    help="How many may at once; one more is answered with 429.",
)  # fmt: skip
JOBS_SUBMITTED = Metric(name="loopcast_jobs_submitted_total", kind=Kind.COUNTER, help="Jobs made.")
ACCEPTED = Metric(
    name="loopcast_recipients_accepted_total", kind=Kind.COUNTER,
    help="Recipients written to PostgreSQL.",
)  # fmt: skip
TURNED_AWAY = Metric(
    name="loopcast_recipients_turned_away_total", kind=Kind.COUNTER, labels=("why",),
    values=each("duplicate", "rejected"),
    help="Recipients of jobs that were made who are no part of them: named twice, or no number.",
)  # fmt: skip
STREAM_READERS = Metric(name="loopcast_stream_readers", kind=Kind.GAUGE, help="Open event streams.")
STREAM_DROPS = Metric(
    name="loopcast_stream_drops_total", kind=Kind.COUNTER,
    help="Event streams closed because their reader was too slow.",
)  # fmt: skip
STREAM_READERS_LIMIT = Metric(
    name="loopcast_stream_readers_limit", kind=Kind.GAUGE, help="How many a gateway keeps open."
)
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
WEBHOOKS_WAITING = Metric(
    name="loopcast_webhooks_waiting", kind=Kind.GAUGE, help="Webhooks that wait to be stored."
)
WEBHOOKS_WAITING_LIMIT = Metric(
    name="loopcast_webhooks_waiting_limit", kind=Kind.GAUGE,
    help="How many may; one more is told to come again.",
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
    MESSAGES, RECORDED, RETRIES, ERRORS, STOPS, SLOWED, SKIPPED, OPT_OUTS, SEND_SECONDS,
    LEDGER_SECONDS, LOOPS, LOOP_SECONDS_METRIC, LOOP_PER_SECOND, PACE_LIMIT, LOOPS_RUNNING,
    IN_FLIGHT, IN_FLIGHT_LIMIT, PACE_WAIT_SECONDS, RECEIPTS, DOUBTS_ENDED, MERGE_SECONDS,
    RECEIPT_LAG_SECONDS, REDELIVERIES, TAKEOVERS, TURNS_RENEWED, LANES_HELD, LANES_LIMIT,
    EVENTS_LOST, PUT_BACK, MESSAGING_LIMIT, CENSUS_SECONDS, RECOUNTS,
    CONSERVATION_DIFFERENCE, *FLEET, *PROCESS,
)  # fmt: skip
GATEWAY = (
    REQUESTS, REQUEST_SECONDS, HTTP_IN_FLIGHT, SUBMISSIONS, SUBMISSIONS_LIMIT, JOBS_SUBMITTED,
    ACCEPTED, TURNED_AWAY, STREAM_READERS, STREAM_READERS_LIMIT, STREAM_DROPS, WEBHOOKS,
    WEBHOOKS_WAITING, WEBHOOKS_WAITING_LIMIT, WEBHOOK_BATCHES, WEBHOOK_ITEMS_DROPPED,
    EVENTS_UNREADABLE, *PROCESS,
)  # fmt: skip
