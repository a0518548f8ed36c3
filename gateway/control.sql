-- What people want: wishes for jobs, brakes on numbers, and who asked for what. Each wish has a number
-- of its own, which the daemon follows once; one that stands already is not made again.


-- name: want_run$
-- A paused job is to go on, or one that is about to be paused is not to be after all. One that only a
-- brake has stopped goes on when that is released.
WITH asked AS (
    UPDATE jobs SET
        wanted = 'run', wanted_no = wanted_no + 1, wanted_by = :who, wanted_why = :why
    WHERE id = :id AND finished_at IS NULL
      AND (wanted = 'pause'
           OR wanted = 'run' AND state = 'paused' AND wanted_no = followed_no
              AND stopped_by IS DISTINCT FROM 'brake')
    RETURNING id
)
INSERT INTO audit (job_id, kind, what, who, why) SELECT id, 'asked', 'run', :who, :why FROM asked
RETURNING no;


-- name: want_pause$
-- Also of a job that something else has stopped: then only a person sets it going again.
WITH asked AS (
    UPDATE jobs SET
        wanted = 'pause', wanted_no = wanted_no + 1, wanted_by = :who, wanted_why = :why
    WHERE id = :id AND state IN ('queued', 'running', 'paused') AND wanted = 'run'
    RETURNING id
)
INSERT INTO audit (job_id, kind, what, who, why) SELECT id, 'asked', 'pause', :who, :why FROM asked
RETURNING no;


-- name: want_cancel$
-- From here on nothing of it is claimed any more.
WITH asked AS (
    UPDATE jobs SET
        wanted = 'cancel', wanted_no = wanted_no + 1, wanted_by = :who, wanted_why = :why
    WHERE id = :id AND state IN ('queued', 'running', 'paused') AND wanted <> 'cancel'
    RETURNING id
)
INSERT INTO audit (job_id, kind, what, who, why) SELECT id, 'asked', 'cancel', :who, :why FROM asked
RETURNING no;


-- name: want_schedule$
-- It is to start at another time, also when it was held until now: nothing of it has been begun.
WITH asked AS (
    UPDATE jobs SET
        scheduled_at = :scheduled_at, rests_until = :rests_until,
        wanted = 'run', wanted_no = wanted_no + 1, wanted_by = :who, wanted_why = :why
    WHERE id = :id AND started_at IS NULL AND state IN ('queued', 'paused') AND wanted <> 'cancel'
    RETURNING id
)
INSERT INTO audit (job_id, kind, what, value, who, why)
SELECT id, 'asked', 'schedule', :value, :who, :why FROM asked
RETURNING no;


-- name: withdraw_schedule$
-- It has no time to start at any more, and waits for a person.
WITH asked AS (
    UPDATE jobs SET
        scheduled_at = NULL, rests_until = NULL,
        wanted = 'pause', wanted_no = wanted_no + 1, wanted_by = :who,
        wanted_why = coalesce(:why, 'its start was withdrawn')
    WHERE id = :id AND started_at IS NULL AND state IN ('queued', 'paused') AND wanted <> 'cancel'
      AND scheduled_at IS NOT NULL
    RETURNING id
)
INSERT INTO audit (job_id, kind, what, who, why)
SELECT id, 'asked', 'withdraw', :who, :why FROM asked
RETURNING no;


-- name: limit_rate$
-- The daemon reads it with its next claim.
WITH asked AS (
    UPDATE jobs SET messages_per_second = :messages_per_second
    WHERE id = :id AND state IN ('queued', 'running', 'paused')
      AND messages_per_second IS DISTINCT FROM :messages_per_second
    RETURNING id
)
INSERT INTO audit (job_id, kind, what, value, who, why)
SELECT id, 'asked', 'rate', coalesce(:messages_per_second::integer::text, 'as the service'),
       :who, :why
FROM asked
RETURNING no;


-- name: audit_of
-- The trail of a job, oldest first; a job moves a handful of times in its life.
SELECT at, kind, what, value, who, why FROM audit WHERE job_id = :id ORDER BY no LIMIT 1000;


-- name: pull_brake!
-- It stands once; who pulls it again changes nothing.
INSERT INTO brakes (scope, pulled_by, why) VALUES (:scope, :who, :why) ON CONFLICT DO NOTHING;


-- name: release_brake!
DELETE FROM brakes WHERE scope = :scope;


-- name: brakes
-- Those that are on, with how many unfinished jobs each of them holds.
SELECT b.scope, b.pulled_by, b.pulled_at, b.why,
       (SELECT count(*) FROM jobs j
        WHERE j.finished_at IS NULL AND j.state <> 'settling'
          AND b.scope IN ('all', j.phone_number_id)) AS jobs
FROM brakes b
ORDER BY b.scope = 'all' DESC, b.pulled_at, b.scope;
