-- What the whole fleet looks like, for Prometheus. Each statement reads what is unfinished or small,
-- by an index, and changes nothing.


-- name: lanes_now^
-- Sending numbers that have work, as one row of figures. A lane waits when its turn is due and nobody
-- holds it; it rests until its turn is due, its hold is over, and a loop of it is due of a job whose
-- time has come. It stands still
-- when nothing holds it back and nothing of it is claimed. How fast one that was slowed may go by now
-- is `daemon.tempo`'s rule.
WITH work AS (
    SELECT j.phone_number_id, min(j.created_at) AS since, max(j.resumed_at) AS resumed_at,
           min(greatest(j.scheduled_at, j.rests_until,
                        coalesce((SELECT min(coalesce(l.due_at, '-infinity')) FROM loops l
                                  WHERE l.job_id = j.id AND l.state <> 'completed'), '-infinity')))
               AS due_at
    FROM jobs j
    WHERE j.state IN ('queued', 'running') AND j.wanted = 'run'
    GROUP BY j.phone_number_id
), lane AS (
    SELECT w.phone_number_id, l.held_by,
           l.holder IS NOT NULL AND NOT l.is_released AS is_held,
           coalesce(l.held_until > now(), false) AS is_held_back,
           greatest(w.since, w.resumed_at, w.due_at, l.held_until, l.turn_due_at, l.released_at)
               AS due_at,
           greatest(w.since, w.resumed_at, w.due_at, l.held_until, l.turn_due_at, l.claimed_at)
               AS moved_at,
           coalesce(l.slowed_to
               + floor(extract(epoch FROM now() - l.slowed_at) / :step_seconds::float8)
                 * :step_share::float8 * l.slowed_from
               < CASE WHEN :full_per_second::float8 > 0 THEN :full_per_second::float8
                      ELSE l.slowed_from END, false) AS is_slowed
    FROM work w LEFT JOIN lanes l USING (phone_number_id)
)
SELECT count(*) FILTER (WHERE is_held) AS held,
       count(*) FILTER (WHERE NOT is_held AND due_at <= now()) AS waiting,
       count(*) FILTER (WHERE NOT is_held AND due_at > now()) AS resting,
       count(*) FILTER (WHERE is_slowed) AS slowed,
       count(*) FILTER (WHERE is_held_back AND held_by = 'throttled') AS throttled,
       count(*) FILTER (WHERE is_held_back AND held_by = 'messaging limit') AS messaging_limit,
       greatest(0, coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE NOT is_held)), 0))
           ::float8 AS longest_wait,
       greatest(0, coalesce(extract(epoch FROM now() - min(moved_at)), 0))::float8 AS standstill
FROM lane;


-- name: jobs_stopped
-- Paused jobs, by what stopped them.
SELECT coalesce(stopped_by, 'person') AS scope, count(*) AS jobs
FROM jobs WHERE state = 'paused' AND finished_at IS NULL GROUP BY 1;


-- name: fleet_now^
-- What is one figure each.
SELECT (SELECT count(DISTINCT holder) FROM live_daemons) AS daemons,
       (SELECT max(version) FROM schema_migrations) AS schema_version,
       (SELECT coalesce(sum(people), 0) FROM reach
        WHERE minute > now() - interval '1 day 1 minute') AS reached,
       (SELECT greatest(0, coalesce(extract(epoch FROM now() - min(doubt_until)), 0))::float8
        FROM jobs WHERE state = 'settling' AND finished_at IS NULL) AS settling_overdue;


-- name: next_to_recount$
-- The unfinished or recent job after this one; NULL: there is none.
SELECT id FROM (
    SELECT id FROM jobs WHERE finished_at IS NULL
    UNION ALL
    SELECT id FROM jobs WHERE created_at > now() - interval '1 day') j
WHERE id > :after
ORDER BY id LIMIT 1;


-- name: recount_job$
-- By how many messages a job's counters differ from its rows, both as of one moment: the sum over all
-- states. NULL: the job is gone.
WITH counted AS (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE state = 'queued') AS queued,
           count(*) FILTER (WHERE state = 'sending') AS sending,
           count(*) FILTER (WHERE state IN ('sent', 'delivered', 'read')) AS sent,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'unknown') AS unknown,
           count(*) FILTER (WHERE state = 'skipped') AS skipped,
           count(*) FILTER (WHERE state = 'canceled') AS canceled,
           count(*) FILTER (WHERE state IN ('delivered', 'read')) AS delivered,
           count(*) FILTER (WHERE state = 'read') AS read
    FROM messages WHERE job_id = :job_id
)
SELECT (abs(j.total - c.total) + abs(j.queued - c.queued) + abs(j.sending - c.sending)
        + abs(j.sent - c.sent) + abs(j.failed - c.failed) + abs(j.unknown - c.unknown)
        + abs(j.skipped - c.skipped) + abs(j.canceled - c.canceled)
        + abs(j.delivered - c.delivered) + abs(j.read - c.read))::bigint
FROM jobs j, counted c WHERE j.id = :job_id;
