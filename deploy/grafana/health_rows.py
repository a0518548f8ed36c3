"""What the dashboard shows around the work: latency, errors, receipts, the processes."""

from typing import Final

from deploy.grafana.panels import (
    STATES,
    STATUSES,
    WINDOW,
    Look,
    Panel,
    Query,
    Row,
    fleet,
    per_second,
    quantile,
    quantiles,
    series,
    total,
)

_ROUTES: Final = 'route!~"/healthz|/readyz|/metrics"'
_PROCESS: Final = "{{job}} {{instance}}"

LATENCY: Final = Row("Latency and errors", (
    Panel(
        title="Meta's answers", unit="s",
        queries=quantiles("loopcast_send_seconds", 0.5, 0.95, 0.99),
        says="From the first byte of a request to its answer.",
    ),
    Panel(
        title="The ledger's writes", unit="s",
        queries=quantiles("loopcast_ledger_write_seconds", 0.5, 0.95, 0.99),
        says="Time in which PostgreSQL took a batch of claims and outcomes: a commit on its disk.",
    ),
    Panel(
        title="The gateway's answers, p95 by route", unit="s", alert="LoopcastGatewaySlow",
        queries=(Query(
            quantile(0.95, "loopcast_http_request_seconds", "route", _ROUTES), "{{route}}"),),
        says="Event streams are left out: they last as long as somebody watches.",
    ),
    Panel(
        title="Refusals a second, by what they lead to", look=Look.STACK, unit="mps",
        alert="LoopcastFailureShareHigh",
        queries=(Query(
            per_second("loopcast_messages_total", "reason", 'outcome="refused"'), "{{reason}}"),),
        says="As docs/meta-errors.md lists the codes.",
    ),
    Panel(
        title="Meta's codes a second, the ten most frequent", unit="mps",
        queries=(Query(
            f"topk(10, {per_second('loopcast_errors_total', 'code')} > 0)", "{{code}}"),),
        says="Refusals and throttling, by code; 200 stands for 200 to 299.",
    ),
    Panel(
        title="Doubts a minute, by reason", alert="LoopcastUnknownRising",
        queries=(Query(
            "60 * " + per_second("loopcast_messages_total", "reason", 'outcome="unknown"'),
            "{{reason}}"),),
        says="Requests that left and had no readable answer, and those in flight when their daemon"
        " died.",
    ),
    Panel(
        title="The gateway's answers a second", look=Look.STACK, unit="reqps",
        alert="LoopcastGatewayErrors",
        queries=(Query(
            per_second("loopcast_http_requests_total", "status", _ROUTES), "{{status}}"),),
        colors=STATUSES, width=6, says="By status class; probes and scrapes left out.",
    ),
    Panel(
        title="Shares of what goes wrong", unit="percentunit", width=6,
        queries=(Query("loopcast:failed:share15m", "messages failed, 15 min"),
                 Query("loopcast:unknown:share15m", "attempts in doubt, 15 min"),
                 Query("loopcast:gateway_errors:share5m", "answers 5xx, 5 min")),
        says="Nothing where nothing was sent, or nobody asked.",
    ),
    Panel(
        title="Skipped and opted out, a minute", width=6,
        queries=(Query(f"60 * {per_second('loopcast_skipped_total', 'why')}", "skipped: {{why}}"),
                 Query(f"60 * {per_second('loopcast_opt_outs_total')}", "opt-outs that came in")),
        says="Hits of the suppression list when a message was about to be sent; held back by Meta"
        " for a day; people who asked for no more.",
    ),
    Panel(
        title="Stops a minute", width=6,
        queries=(Query(f"60 * {per_second('loopcast_stops_total', 'scope')}", "{{scope}}"),),
        says="Refusals and news of Meta's that stopped more than one message.",
    ),
))  # fmt: skip

RECEIPTS: Final = Row("Receipts", (
    Panel(
        title="Receipts merged a second", look=Look.STACK, unit="cps",
        alert="LoopcastReceiptsAbsent",
        queries=(Query(per_second("loopcast_receipts_total", "status"), "{{status}}"),),
        colors=STATES,
        says="Early ones come again, because their message was still being sent; unmatched are of"
        " no message of ours; passed over mean nothing here.",
    ),
    Panel(
        title="Lag of receipts, p90 by status", unit="s", alert="LoopcastReceiptsLagging",
        bad_from=300,
        queries=(Query(quantile(0.9, "loopcast_receipt_lag_seconds", "status"), "{{status}}"),
                 Query("loopcast:receipt_lag:p90_15m", "sent and delivered, 15 min")),
        says="From Meta's own time of a status until it moved its message.",
    ),
    Panel(
        title="Oldest receipt that waits", unit="s", alert="LoopcastReceiptsWaiting", bad_from=60,
        queries=(Query(fleet("loopcast_oldest_receipt_wait_seconds"), "age"),),
        says="Of the webhook bodies that are stored and not merged.",
    ),
    Panel(
        title="Webhooks a second, by result", look=Look.STACK, unit="reqps",
        alert="LoopcastWebhooksTurnedAway",
        queries=(Query(per_second("loopcast_webhooks_total", "result"), "{{result}}"),
                 Query(per_second("loopcast_webhook_items_dropped_total"), "items dropped")),
        says="Stored, or why not; full and unavailable make Meta come again.",
    ),
    Panel(
        title="Webhooks that wait, and a sync", unit="short",
        queries=(
            Query(total("loopcast_webhooks_waiting"), "waiting"),
            Query(total("loopcast_webhooks_waiting_limit"), "of at most"),
            *quantiles("loopcast_webhook_batch_messages", 0.5, 0.95)),
        says="Bodies that wait to be stored, and how many share one sync of the disk.",
    ),
    Panel(
        title="Merging a batch", unit="s",
        queries=quantiles("loopcast_receipts_merge_seconds", 0.5, 0.95),
        says="Time to place, merge and tell up to 500 receipts.",
    ),
    Panel(
        title="Doubts that receipts ended, a minute",
        queries=(Query(
            f"60 * {per_second('loopcast_doubts_ended_total', 'status')}", "{{status}}"),),
        says="Unknown messages, by what their receipt said.",
    ),
    Panel(
        title="Waiting at the consumers", alert="LoopcastReceiptsWaiting",
        queries=(
            Query(fleet("loopcast_consumer_pending_messages", "consumer"), "{{consumer}}: to get"),
            Query(fleet("loopcast_consumer_unacked_messages", "consumer"), "{{consumer}}: got"),
            Query(fleet("loopcast_consumer_redelivered_messages", "consumer"),
                  "{{consumer}}: got again")),
        says="Turns (senders) and webhook bodies (mergers) in JetStream; a turn in its pause counts"
        " as got.",
    ),
    Panel(
        title="How full the streams are", unit="percentunit", alert="LoopcastStreamNearLimit",
        bad_from=0.8,
        queries=(Query(
            f"{fleet('loopcast_stream_bytes', 'stream')}"
            f" / {fleet('loopcast_stream_limit_bytes', 'stream')}", "{{stream}}"),),
        says="BULK_JOBS and BULK_RECEIPTS refuse what is too much; BULK_EVENTS drops its oldest.",
    ),
    Panel(
        title="Messages in the streams",
        queries=(Query(fleet("loopcast_stream_messages", "stream"), "{{stream}}"),),
        says="Of BULK_JOBS: sending numbers that have their turn.",
    ),
    Panel(
        title="Event streams",
        queries=(Query(total("loopcast_stream_readers"), "readers"),
                 Query(total("loopcast_stream_readers_limit"), "of at most"),
                 Query(f"60 * {per_second('loopcast_stream_drops_total')}", "too slow, a minute")),
        says="Open server-sent event streams; a reader that is too slow is cut off and comes back.",
    ),
    Panel(
        title="Frames lost, a minute", alert="LoopcastEventsLost",
        queries=(Query(f"60 * {per_second('loopcast_events_lost_total')}", "lost"),),
        says="News that JetStream did not take in time; the ledger has their facts.",
    ),
    Panel(
        title="Of a newer release, a minute",
        queries=(
            Query(f"60 * {per_second('loopcast_put_back_total', by='what')}", "{{what}} put back"),
            Query(f"60 * {per_second('loopcast_events_unreadable_total')}", "events not read"),
        ),
        says="Messages of a version that the process does not know, in the middle of an upgrade:"
        " put back for one that does. Without an upgrade, somebody runs an old release.",
    ),
))  # fmt: skip

HEALTH: Final = Row("Health", (
    Panel(
        title="Scraped", look=Look.STATES, alert="LoopcastTargetDown",
        queries=(Query('up{job=~"$job", instance=~"$instance"}', _PROCESS),),
        says="Whether Prometheus had an answer.",
    ),
    Panel(
        title="PostgreSQL and NATS answer", look=Look.STATES, alert="LoopcastPostgresDown",
        queries=(Query(series("loopcast_dependency_up"), "{{dependency}}: {{instance}}"),),
        says="As each process finds when it asks, every few seconds.",
    ),
    Panel(
        title="Versions", look=Look.NUMBER, unit="none", alert="LoopcastVersionsMixed",
        queries=(Query(f"count by (version) ({series('loopcast_build_info')})", "{{version}}"),
                 Query(fleet("loopcast_schema_version"), "last migration")),
        says="Processes by version, and the last migration that was applied.",
    ),
    Panel(
        title="Processor time", unit="percentunit", alert="LoopcastEventLoopLagging",
        queries=(Query(f"rate({series('process_cpu_seconds_total')}[{WINDOW}])", _PROCESS),),
        says="One core is 100 %; a process uses little more than one.",
    ),
    Panel(
        title="Memory", unit="bytes",
        queries=(Query(series("process_resident_memory_bytes"), _PROCESS),),
        says="Resident.",
    ),
    Panel(
        title="Event loop's lag, p99", unit="s", alert="LoopcastEventLoopLagging", bad_from=0.5,
        queries=(Query(
            quantile(0.99, "loopcast_event_loop_lag_seconds", "job, instance"), _PROCESS),),
        says="How late timers fire: the process has one thread for everything.",
    ),
    Panel(
        title="Connections to PostgreSQL", unit="percentunit", alert="LoopcastPoolExhausted",
        bad_from=0.9,
        queries=(Query(
            f"{series('loopcast_database_connections_in_use')}"
            f" / {series('loopcast_database_connections_limit')}", _PROCESS),),
        says="At work, of what the process's pool opens at most.",
    ),
    Panel(
        title="The gateway's requests in flight", alert="LoopcastGatewaySlow",
        queries=(Query(total("loopcast_http_requests_in_flight"), "requests"),
                 Query(total("loopcast_submissions_in_flight"), "submissions"),
                 Query(total("loopcast_submissions_limit"), "submissions, of at most")),
        says="Event streams left out; one more submission is answered with 429.",
    ),
    Panel(
        title="Open files", unit="percentunit",
        queries=(Query(
            f"{series('process_open_fds')} / {series('process_max_fds')}", _PROCESS),),
        says="Files and sockets, of what the process may have.",
    ),
    Panel(
        title="The census, p95", unit="s", width=6,
        queries=(Query(quantile(0.95, "loopcast_census_seconds", "of"), "{{of}}"),),
        says="Time in which a daemon reads the figures of the whole fleet, and recounts a job.",
    ),
    Panel(
        title="Conservation", alert="LoopcastConservationBroken", bad_from=1, width=6,
        queries=(
            Query(f"max({series('loopcast_conservation_difference_messages')})", "difference"),
            Query(f"sum({fleet('loopcast_job_messages', 'state')})"
                  f" - {fleet('loopcast_job_recipients')}", "states less recipients"),
            Query(f"60 * {per_second('loopcast_recounts_total')}", "jobs recounted a minute")),
        says="By how many messages counters differ from rows: 0, always.",
    ),
    Panel(
        title="Since the last start", unit="s", alert="LoopcastRestarting", width=6,
        queries=(Query(f"time() - {series('process_start_time_seconds')}", _PROCESS),),
        says="A line that keeps falling to 0 is a process that keeps dying.",
    ),
    Panel(
        title="Messaging limit, people in 24 hours", width=6,
        alert="LoopcastMessagingLimitNear",
        queries=(Query(f"max({series('loopcast_messaging_limit_people')})", "limit"),
                 Query(fleet("loopcast_messaging_reached_people"), "reached")),
        says="As Meta or MESSAGING_LIMIT says; 0: none, or none that is known.",
    ),
))  # fmt: skip
