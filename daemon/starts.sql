-- Jobs whose time comes: started then, or held where nothing ran at that time.


-- name: lock_pulse!
-- Daemons judge one after another: what was late for the first is nothing new to the next.
SELECT FROM pulse FOR UPDATE;


-- name: hold_late
-- Its time came while nothing ran, and is longer ago than is forgiven: a person says whether it still
-- should start. Nobody else can have started it: `start_job` leaves it alone until this is judged.
UPDATE jobs SET
    state = 'paused', stopped_by = 'late', followed_no = wanted_no, event_no = event_no + 1,
    reason = 'It was to start at '
             || to_char(greatest(scheduled_at, rests_until) AT TIME ZONE 'UTC',
                        'YYYY-MM-DD HH24:MI')
             || ' UTC, when nothing ran. Resume it to send it now, or give it another time'
WHERE state = 'queued' AND wanted = 'run' AND scheduled_at IS NOT NULL
  AND greatest(scheduled_at, rests_until)
      < clock_timestamp() - :schedule_grace_seconds * interval '1 second'
  AND greatest(scheduled_at, rests_until) > (SELECT beat_at FROM pulse)
RETURNING id AS job_id, phone_number_id, trace, state, reason, event_no;


-- name: beat!
-- From here on what comes due is on time, or waits for its turn.
UPDATE pulse SET beat_at = clock_timestamp();


-- name: jobs_come_due
-- Jobs of which something has come due within the last seconds, one a lane.
SELECT DISTINCT ON (phone_number_id) id, phone_number_id, trace, content, total
FROM jobs
WHERE finished_at IS NULL AND wanted = 'run'
  AND (state IN ('queued', 'running') OR state = 'paused' AND wanted_no > followed_no)
  AND (started_at IS NULL OR rests_until IS NOT NULL)
  AND greatest(scheduled_at, rests_until) BETWEEN now() - interval '3 seconds' AND now()
ORDER BY phone_number_id, created_at;


-- name: next_due_seconds$
-- Until the next one comes due; NULL: none is planned.
SELECT extract(epoch FROM min(greatest(scheduled_at, rests_until)) - clock_timestamp())
           ::double precision
FROM jobs
WHERE finished_at IS NULL AND greatest(scheduled_at, rests_until) > now();
