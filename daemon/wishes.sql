-- What people want of jobs, followed: each statement after `lock_lane`, in its transaction.


-- name: wishes
-- Jobs that somebody wants paused or canceled, and that are not yet; and those which a brake stops.
SELECT j.id AS job_id, j.phone_number_id, j.wanted FROM jobs j
WHERE j.wanted <> 'run' AND j.finished_at IS NULL
  AND (j.wanted = 'cancel' OR j.wanted_no > j.followed_no)
UNION ALL
SELECT j.id, j.phone_number_id, 'brake' FROM jobs j
WHERE j.state IN ('queued', 'running')
  AND EXISTS (SELECT FROM brakes b WHERE b.scope IN ('all', j.phone_number_id))
LIMIT 500;


-- name: make_lane!
-- A job that had no turn yet may have no lane, and then there is nothing to lock.
INSERT INTO lanes (phone_number_id) VALUES (:phone_number_id) ON CONFLICT DO NOTHING;


-- name: pause_job^
-- A person wants it. One that Meta's answers had stopped before stays as it is, with their reason;
-- the wish is followed all the same, so that nothing but a person sets it going again.
UPDATE jobs SET
    stopped_by = CASE WHEN state = 'paused' AND stopped_by <> 'brake'
                      THEN stopped_by ELSE 'person' END,
    reason = CASE WHEN state = 'paused' AND stopped_by <> 'brake' THEN reason
                  ELSE 'Paused' || coalesce(' by ' || nullif(wanted_by, 'local'), '')
                       || coalesce(': ' || wanted_why, '') END,
    state = 'paused', followed_no = wanted_no, limited_by = NULL, limited_until = NULL,
    event_no = event_no + 1
WHERE id = :job_id AND state IN ('queued', 'running', 'paused')
  AND wanted = 'pause' AND wanted_no > followed_no
RETURNING id AS job_id, state, reason, event_no, phone_number_id, trace;


-- name: brake_job^
-- Its number's brake is on, or the one of everything.
UPDATE jobs j SET
    state = 'paused', stopped_by = 'brake', limited_by = NULL, limited_until = NULL,
    reason = CASE b.scope WHEN 'all' THEN 'Everything was paused'
                          ELSE 'Number ' || b.scope || ' was paused' END
             || coalesce(' by ' || nullif(b.pulled_by, 'local'), '') || coalesce(': ' || b.why, ''),
    event_no = j.event_no + 1
FROM (SELECT * FROM brakes WHERE scope IN ('all', :phone_number_id)
      ORDER BY scope = 'all' DESC LIMIT 1) b
WHERE j.id = :job_id AND j.state IN ('queued', 'running') AND j.wanted <> 'cancel'
RETURNING j.id AS job_id, j.state, j.reason, j.event_no, j.phone_number_id, j.trace;


-- name: cancel_queued$
-- All that is still to be sent of a canceled job, whatever its size; what is on its way is not
-- among it. Returns how many.
WITH canceled AS (
    UPDATE messages m SET
        state = 'canceled', due_at = NULL,
        error_code = NULL, error_title = NULL, error_details = NULL
    FROM jobs j
    WHERE j.id = :job_id AND j.wanted = 'cancel' AND j.finished_at IS NULL
      AND m.job_id = j.id AND m.state = 'queued'
    RETURNING (m.seq - 1) / j.loop_size + 1 AS loop
), by_loop AS (
    SELECT loop, count(*) AS n FROM canceled GROUP BY loop
), loops_told AS (
    UPDATE loops l SET canceled = l.canceled + b.n FROM by_loop b
    WHERE l.job_id = :job_id AND l.loop = b.loop
), tally AS (
    SELECT count(*)::integer AS n FROM canceled
)
UPDATE jobs j SET queued = j.queued - t.n, canceled = j.canceled + t.n
FROM tally t
WHERE j.id = :job_id AND t.n > 0
RETURNING t.n;


-- name: finish_canceled^
-- When nothing of it is on its way any more. A job of which all had been sent before is completed,
-- and not by this. Two frames: that it moved, and that it is over.
WITH over AS (
    UPDATE loops SET state = 'canceled', finished_at = clock_timestamp(), due_at = NULL
    FROM jobs j
    WHERE j.id = :job_id AND j.wanted = 'cancel' AND j.finished_at IS NULL
      AND j.queued = 0 AND j.sending = 0
      AND loops.job_id = j.id AND loops.state <> 'completed'
)
UPDATE jobs SET
    state = 'canceled', followed_no = wanted_no, stopped_by = NULL,
    reason = 'Canceled' || coalesce(' by ' || nullif(wanted_by, 'local'), '')
             || coalesce(': ' || wanted_why, ''),
    finished_at = clock_timestamp(), limited_by = NULL, limited_until = NULL,
    event_no = event_no + 2
WHERE id = :job_id AND state IN ('queued', 'running', 'paused') AND wanted = 'cancel'
  AND queued = 0 AND sending = 0
RETURNING id AS job_id, state, sent, failed, unknown, skipped, event_no, reason, phone_number_id,
    trace;
