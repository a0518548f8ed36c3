"""What the dashboard shows: the work and its loops. What surrounds them is in `health_rows`."""

from typing import Final

from deploy.grafana.panels import (
    OUTCOMES,
    STATES,
    Look,
    Panel,
    Query,
    Row,
    fleet,
    per_second,
    quantiles,
    series,
    total,
)

_FIRING: Final = 'ALERTS{alertname=~"Loopcast.+", alertstate="firing"}'

OVERVIEW: Final = Row("Overview", (
    Panel(
        title="Alerts", look=Look.NUMBER, width=3, bad_from=1, unit="none",
        queries=(Query(f"count({_FIRING}) or vector(0)", "firing"),),
        says="Alerts that fire just now; each has a paragraph in docs/runbooks.md.",
    ),
    Panel(
        title="Daemons", look=Look.NUMBER, width=3, bad_below=1, unit="none",
        queries=(Query(fleet("loopcast_daemons"), "alive"),), alert="LoopcastDaemonAbsent",
        says="Daemons that live, by the lock that each keeps in PostgreSQL.",
    ),
    Panel(
        title="Campaigns running", look=Look.NUMBER, width=3, unit="none",
        queries=(Query(fleet("loopcast_jobs", only='state="running"'), "running"),),
        says="Jobs whose loops are sent, or wait for their next turn.",
    ),
    Panel(
        title="Messages to go", look=Look.NUMBER, width=3,
        queries=(Query(fleet("loopcast_job_messages", only='state="queued"'), "queued"),),
        says="Of all unfinished jobs, those that are paused included.",
    ),
    Panel(
        title="Stopped", look=Look.NUMBER, width=3, bad_from=1, unit="none",
        queries=(Query(f"sum({fleet('loopcast_jobs_stopped', 'scope')})", "paused"),),
        alert="LoopcastNumberStopped", says="Paused jobs: they wait for a person.",
    ),
    Panel(
        title="Failed, 15 min", look=Look.NUMBER, width=3, unit="percentunit", bad_from=0.1,
        queries=(Query("loopcast:failed:share15m", "failed"),), alert="LoopcastFailureShareHigh",
        says="Refused for good, of all that was sent or failed; nothing where nothing was sent.",
    ),
    Panel(
        title="In doubt", look=Look.NUMBER, width=3,
        queries=(Query(fleet("loopcast_job_messages", only='state="unknown"'), "unknown"),),
        alert="LoopcastUnknownRising",
        says="Messages of unfinished jobs that may have left: their receipts are awaited.",
    ),
    Panel(
        title="Budget left", look=Look.NUMBER, width=3,
        queries=(Query("loopcast:messaging_budget:people", "people"),),
        alert="LoopcastMessagingLimitNear",
        says="People who may still be written to under the messaging limit of 24 hours; nothing"
        " where no limit is known.",
    ),
    Panel(
        title="Attempts a second, by what they came to", look=Look.STACK, width=12, unit="reqps",
        queries=(Query(per_second("loopcast_messages_total", "outcome"), "{{outcome}}"),),
        colors=OUTCOMES,
        says="Requests to Meta. Refused is Meta's no to one message, throttled its \"too fast\";"
        " unknown left and had no readable answer; not written never left.",
    ),
    Panel(
        title="Messages of unfinished campaigns", look=Look.STACK, width=12,
        queries=(Query(fleet("loopcast_job_messages", "state"), "{{state}}"),), colors=STATES,
        says="Where they are, as the jobs' own counters have it: the states add up to the"
        " recipients, always.",
    ),
    Panel(
        title="Campaigns, by state",
        queries=(Query(fleet("loopcast_jobs", "state"), "{{state}}"),),
        says="Unfinished jobs; settling ones only wait for receipts of messages in doubt.",
    ),
    Panel(
        title="Stops in force", alert="LoopcastAccountStopped",
        queries=(Query(fleet("loopcast_jobs_stopped", "scope"), "{{scope}}"),),
        says="Paused jobs, by what was stopped: the job, its template, its number, the account.",
    ),
    Panel(
        title="Submitted, recipients a second", unit="short",
        queries=(Query(per_second("loopcast_recipients_accepted_total"), "accepted"),
                 Query(per_second("loopcast_recipients_turned_away_total", "why"), "{{why}}"),
                 Query(per_second("loopcast_jobs_submitted_total"), "jobs")),
        says="What the gateways wrote to PostgreSQL, and what of the lists was no recipient.",
    ),
))  # fmt: skip

LOOPS: Final = Row("Loops", (
    Panel(
        title="Pace of a number: set and reached", unit="mps", alert="LoopcastPaceNotReached",
        queries=(
            Query(f"max({series('loopcast_pace_limit_messages_per_second')})", "set"),
            Query("loopcast:pace_reached:per_second15m", "reached, mean of 15 min"),
            *quantiles("loopcast_loop_messages_per_second", 0.1)),
        says="Of completed loops, whatever the number of lanes: what held them up is in it. Set"
        " to 0 means without a limit.",
    ),
    Panel(
        title="Duration of a loop", unit="s",
        queries=quantiles("loopcast_loop_seconds", 0.5, 0.95),
        says="From the first claim to the last outcome of completed loops.",
    ),
    Panel(
        title="Loops a second, by how they ended", look=Look.STACK, unit="cps",
        queries=(Query(per_second("loopcast_loops_total", "end"), "{{end}}"),),
        says="Completed, or given back for a reason: a hold, a stop, a wait, a daemon that stops.",
    ),
    Panel(
        title="Sending numbers with work", look=Look.STACK,
        queries=(Query(fleet("loopcast_lanes", "state"), "{{state}}"),),
        says="Held by a daemon, waiting for one, or resting (the pause between loops, or a hold).",
    ),
    Panel(
        title="Oldest waits", unit="s", alert="LoopcastQueueNotDrained", bad_from=600,
        queries=(
            Query(fleet("loopcast_oldest_lane_wait_seconds"), "turn due, no daemon"),
            Query(fleet("loopcast_longest_standstill_seconds"), "nothing claimed"),
            Query(fleet("loopcast_settling_overdue_seconds"), "settling overdue")),
        says="Of the number that waits longest, the number that stands still longest, and the job"
        " that should be over.",
    ),
    Panel(
        title="Places", alert="LoopcastLanesFull",
        queries=(Query(total("loopcast_lanes_held"), "numbers held"),
                 Query(total("loopcast_lanes_limit"), "of at most"),
                 Query(total("loopcast_loops_running"), "loops running")),
        says="Numbers that the daemons hold, against what they can; the loops that run.",
    ),
    Panel(
        title="Requests in flight",
        queries=(
            Query(total("loopcast_in_flight"), "in flight"),
            Query(f"{total('loopcast_loops_running')}"
                  f" * max({series('loopcast_in_flight_limit')})", "limit of the running loops")),
        says="Requests that await Meta's answer, against what the running loops may have.",
    ),
    Panel(
        title="Held back and slowed", alert="LoopcastThrottledLong",
        queries=(Query(fleet("loopcast_lanes_held_back", "by"), "held: {{by}}"),
                 Query(fleet("loopcast_lanes_slowed"), "slowed"),
                 Query(f"60 * {per_second('loopcast_slowed_total')}", "halved a minute")),
        says="Numbers with work of which nothing may leave, and those that go slower than set.",
    ),
    Panel(
        title="Waiting for the pace", unit="s",
        queries=(Query(per_second("loopcast_pace_wait_seconds_total"), "seconds a second"),),
        says="Time that messages waited for their number's pace: near the number of running loops"
        " when the pace is all that limits.",
    ),
    Panel(
        title="Written down a second, by state", look=Look.STACK, unit="mps",
        queries=(Query(per_second("loopcast_recorded_total", "state"), "{{state}}"),),
        colors=STATES,
        says="Where attempts and rules left messages; queued ones are to be sent again.",
    ),
    Panel(
        title="Sent again a second, by what came before", unit="mps",
        queries=(Query(per_second("loopcast_retries_total", "outcome"), "{{outcome}}"),),
        says="Attempts after which the message waits to be sent again.",
    ),
    Panel(
        title="Turns that changed hands, a minute", alert="LoopcastTurnsLost",
        queries=(Query(f"60 * {per_second('loopcast_takeovers_total')}", "taken over"),
                 Query(f"60 * {per_second('loopcast_turns_renewed_total')}", "made anew"),
                 Query(f"60 * {per_second('loopcast_redeliveries_total')}", "delivered again")),
        says="Daemons that died or hang lose their turns; a redelivery to the holder is harmless.",
    ),
))  # fmt: skip
