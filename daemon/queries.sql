-- Every statement of the daemon. Each UPDATE names the state that it moves from; each write of a
-- holder is fenced by its lane's epoch, so that one that lost its turn can write nothing.


-- name: lane_before^
-- The lane as its last holder left it, locked until its epoch is raised. The wait is for what a
-- holder that may still live has claimed; none for a dead one, whose session lock is gone. Ages
-- and waits are differences of one clock, the server's.
SELECT holder IS NOT NULL AND NOT is_released AS was_held,
       CASE WHEN holder IS NULL
                 OR NOT EXISTS (SELECT FROM live_daemons d WHERE d.holder = lanes.holder) THEN 0
            ELSE least(:claim_seconds, coalesce(
                greatest(0, extract(epoch FROM claim_until - clock_timestamp())), 0))
       END::double precision AS wait_seconds,
       extract(epoch FROM clock_timestamp() - claimed_at)::double precision AS claimed_seconds_ago,
       extract(epoch FROM clock_timestamp() - released_at)::double precision
           AS released_seconds_ago,
       leave_ages
FROM lanes WHERE phone_number_id = :phone_number_id
FOR UPDATE;


-- name: raise_epoch$
-- From here on the predecessor can write nothing.
INSERT INTO lanes (phone_number_id, epoch, holder, is_released, reply_subject, taken_at)
VALUES (:phone_number_id, 1, :holder, false, :reply_subject, clock_timestamp())
ON CONFLICT (phone_number_id) DO UPDATE
SET epoch = lanes.epoch + 1, holder = excluded.holder, is_released = false,
    reply_subject = excluded.reply_subject, taken_at = excluded.taken_at
RETURNING epoch;


-- name: lock_lane$
-- The first statement of every transaction on a lane's rows: they queue up here, so that none can
-- deadlock with another, and what follows reads what the one before has written.
SELECT epoch FROM lanes WHERE phone_number_id = :phone_number_id FOR NO KEY UPDATE;


-- name: settle$
-- What an earlier holder of the lane left in sending: it may have left, nobody knows. Those
-- messages are in a running loop, because a turn runs one loop. From here on each waits for its
-- receipt, or for the answer: a holder that was only stopped, or is stopping, may still get it.
-- That the holder died is no progress, so `idle_turns` stays.
WITH doubtful AS (
    UPDATE messages m SET state = 'unknown', reason = 'crashed', unknown_at = clock_timestamp()
    FROM jobs j JOIN loops l ON l.job_id = j.id
    WHERE j.phone_number_id = :phone_number_id AND j.sending > 0
      AND l.state = 'running'
      AND m.job_id = j.id AND m.seq BETWEEN l.first_seq AND l.last_seq
      AND m.state = 'sending' AND m.claim_epoch < :epoch
    RETURNING m.job_id, l.loop
), by_loop AS (
    SELECT job_id, loop, count(*) AS n FROM doubtful GROUP BY job_id, loop
), loops_told AS (
    UPDATE loops l SET unknown = l.unknown + b.n
    FROM by_loop b WHERE l.job_id = b.job_id AND l.loop = b.loop
), jobs_told AS (
    UPDATE jobs j SET
        sending = j.sending - b.n, unknown = j.unknown + b.n,
        doubt_until = greatest(
            j.doubt_until, clock_timestamp()
                + greatest(:doubt_seconds::float8, :answer_seconds::float8) * interval '1 second')
    FROM (SELECT job_id, sum(n) AS n FROM by_loop GROUP BY job_id) b
    WHERE j.id = b.job_id
)
SELECT count(*) FROM doubtful;


-- name: start_job^
-- The lane's job that waited longest for a turn; jobs of one number take turns loop by loop.
UPDATE jobs SET
    state = 'running', last_turn_at = clock_timestamp(),
    started_at = coalesce(started_at, clock_timestamp())
WHERE id = (
        SELECT id FROM jobs
        WHERE phone_number_id = :phone_number_id AND state IN ('queued', 'running')
          AND wanted = 'run'
        ORDER BY last_turn_at NULLS FIRST, created_at, id
        LIMIT 1)
  AND state IN ('queued', 'running')
RETURNING id, content, loop_size, total;


-- name: start_loop^
-- The first loop of the job that is not completed; one that was begun before goes on. Until an
-- outcome of it is recorded, this turn counts as idle.
WITH next AS (
    SELECT loop, state FROM loops
    WHERE job_id = :job_id AND state IN ('queued', 'running')
    ORDER BY loop LIMIT 1
    FOR UPDATE
), started AS (
    UPDATE loops l SET
        state = 'running', started_at = coalesce(l.started_at, clock_timestamp()),
        idle_turns = l.idle_turns + 1
    FROM next
    WHERE l.job_id = :job_id AND l.loop = next.loop AND l.state IN ('queued', 'running')
    RETURNING l.loop, l.first_seq, l.last_seq, l.idle_turns, next.state = 'queued' AS is_new
)
UPDATE jobs j SET event_no = j.event_no + started.is_new::integer
FROM started
WHERE j.id = :job_id
RETURNING started.loop, started.first_seq, started.last_seq, started.idle_turns, started.is_new,
          j.event_no;


-- name: forgive_turn!
-- A turn that was given back because its daemon stops is no sign of a loop that gets nowhere.
UPDATE loops SET idle_turns = greatest(0, idle_turns - 1)
WHERE job_id = :job_id AND loop = :loop AND state = 'running';


-- name: stop_job^
-- A loop that keeps getting nowhere is not begun again: its job waits for a person, and nothing of
-- it is lost. Resumed, it has all its turns again.
WITH stopped AS (
    UPDATE jobs SET state = 'paused', reason = :reason, limited_by = NULL, event_no = event_no + 1
    WHERE id = :job_id AND state = 'running'
    RETURNING id, state, reason, event_no
), forgiven AS (
    UPDATE loops l SET idle_turns = 0 FROM stopped WHERE l.job_id = stopped.id AND l.loop = :loop
)
SELECT id AS job_id, state, reason, event_no FROM stopped;


-- name: messages_to_send
-- What is left of a loop. The wait of a message that was refused is told in seconds from now.
SELECT seq, recipient, variables, attempt, retries,
       greatest(0, extract(epoch FROM due_at - clock_timestamp()))::double precision
           AS due_in_seconds
FROM messages
WHERE job_id = :job_id AND seq BETWEEN :first_seq AND :last_seq AND state = 'queued'
ORDER BY seq;


-- name: write^
-- The one statement of the ledger: the outcomes that have gathered, the claims that are asked for,
-- and the counters of the lane, the loop and the job, all or nothing. Without the epoch nothing
-- happens and no row comes back. `seq = ANY` beside the join keeps the planner on the primary key
-- while its statistics know nothing of a job that has just come in; it would read all of it.
WITH fence AS (
    UPDATE lanes SET
        claimed_at = CASE WHEN cardinality(:claim_seqs::integer[]) > 0
                          THEN clock_timestamp() ELSE claimed_at END,
        claim_until = CASE WHEN cardinality(:claim_seqs::integer[]) > 0
                           THEN clock_timestamp() + :claim_seconds * interval '1 second'
                           ELSE claim_until END
    WHERE phone_number_id = :phone_number_id AND epoch = :epoch
    RETURNING epoch
), outcomes AS (
    SELECT * FROM unnest(
        :seqs::integer[], :attempts::integer[], :states::text[], :message_ids::text[],
        :message_statuses::text[], :codes::integer[], :titles::text[], :details::text[],
        :reasons::text[], :wait_seconds::double precision[], :retries::integer[]
    ) AS o(seq, attempt, state, message_id, message_status, code, title, details,
           reason, wait_seconds, retries)
), recorded AS (
    UPDATE messages m SET
        state = o.state, message_id = o.message_id, message_status = o.message_status,
        error_code = o.code, error_title = o.title, error_details = o.details, reason = o.reason,
        retries = o.retries,
        unknown_at = CASE o.state WHEN 'unknown' THEN clock_timestamp() END,
        due_at = clock_timestamp() + o.wait_seconds * interval '1 second',
        sent_at = CASE o.state WHEN 'sent' THEN clock_timestamp() END,
        failed_at = CASE o.state WHEN 'failed' THEN clock_timestamp() END
    FROM outcomes o, fence
    WHERE m.job_id = :job_id AND m.seq = ANY (:seqs::integer[]) AND m.seq = o.seq
      AND m.state = 'sending' AND m.claim_epoch = fence.epoch AND m.attempt = o.attempt
    RETURNING m.seq, m.state
), claimed AS (
    UPDATE messages m SET
        state = 'sending', attempt = m.attempt + 1, claim_epoch = fence.epoch,
        claimed_at = clock_timestamp(), due_at = NULL
    FROM fence
    WHERE m.job_id = :job_id AND m.seq = ANY (:claim_seqs::integer[]) AND m.state = 'queued'
    RETURNING m.seq
), tally AS (
    SELECT count(*) AS n,
           count(*) FILTER (WHERE state = 'sent') AS sent,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'unknown') AS unknown,
           count(*) FILTER (WHERE state = 'queued') AS requeued,
           coalesce(array_agg(seq), '{}') AS seqs
    FROM recorded
), taken AS (
    SELECT count(*) AS n, coalesce(array_agg(seq), '{}') AS seqs FROM claimed
), loop_told AS (
    UPDATE loops l SET
        sent = l.sent + t.sent, failed = l.failed + t.failed, unknown = l.unknown + t.unknown,
        idle_turns = 0
    FROM tally t
    WHERE l.job_id = :job_id AND l.loop = :loop AND t.n > t.requeued
)
UPDATE jobs j SET
    queued = j.queued - k.n + t.requeued,
    sending = j.sending + k.n - t.n,
    sent = j.sent + t.sent,
    failed = j.failed + t.failed,
    unknown = j.unknown + t.unknown,
    doubt_until = CASE WHEN t.unknown > 0
        THEN greatest(j.doubt_until, clock_timestamp() + :doubt_seconds * interval '1 second')
        ELSE j.doubt_until END,
    event_no = j.event_no + t.sent + t.failed,
    limited_by = :limited_by
FROM tally t, taken k, fence
WHERE j.id = :job_id
RETURNING j.sent, j.failed, j.event_no, j.wanted,
          t.seqs AS recorded_seqs, t.sent AS newly_sent, t.failed AS newly_failed,
          k.seqs AS claimed_seqs;


-- name: record_late^
-- An outcome whose turn is lost is still a fact. Its message is in sending, or in unknown where
-- the successor settled it, or queued where it was about to be sent again; the claim's epoch and
-- attempt show that it is the same request. What
-- was not accepted goes back to the queue, and its loop goes on even when it was completed without
-- it, and so does a job that was settling. Only when the job is finished it is failed, and said so.
WITH found AS (
    SELECT m.seq, m.state AS was, l.loop,
           :state = 'queued' AND j.finished_at IS NOT NULL AS is_over
    FROM messages m
    JOIN jobs j ON j.id = m.job_id
    JOIN loops l ON l.job_id = m.job_id AND m.seq BETWEEN l.first_seq AND l.last_seq
    WHERE m.job_id = :job_id AND m.seq = :seq
      AND (m.state IN ('sending', 'unknown') OR m.state = 'queued' AND :state = 'sent')
      AND m.claim_epoch = :epoch AND m.attempt = :attempt
), recorded AS (
    UPDATE messages m SET
        state = CASE WHEN f.is_over THEN 'failed' ELSE :state END,
        message_id = :message_id, message_status = :message_status,
        error_code = CASE WHEN f.is_over THEN coalesce(:code, -1) ELSE :code END,
        error_title = CASE WHEN f.is_over
            THEN coalesce(:title, 'Not sent: its turn was lost') ELSE :title END,
        error_details = :details, reason = :reason, retries = :retries,
        unknown_at = CASE WHEN :state = 'unknown' THEN coalesce(m.unknown_at, clock_timestamp()) END,
        due_at = clock_timestamp() + :wait_seconds::double precision * interval '1 second',
        sent_at = CASE :state WHEN 'sent' THEN clock_timestamp() END,
        failed_at = CASE WHEN f.is_over OR :state = 'failed' THEN clock_timestamp() END
    FROM found f
    WHERE m.job_id = :job_id AND m.seq = f.seq AND m.state = f.was
    RETURNING m.seq, m.state, f.was, f.loop
), loop_told AS (
    UPDATE loops l SET
        sent = l.sent + (r.state = 'sent')::integer,
        failed = l.failed + (r.state = 'failed')::integer,
        unknown = l.unknown + (r.state = 'unknown')::integer - (r.was = 'unknown')::integer,
        state = CASE WHEN r.state = 'queued' AND l.state = 'completed'
                     THEN 'running' ELSE l.state END,
        finished_at = CASE WHEN r.state = 'queued' THEN NULL ELSE l.finished_at END,
        idle_turns = CASE WHEN r.state = 'queued' THEN l.idle_turns ELSE 0 END
    FROM recorded r
    WHERE l.job_id = :job_id AND l.loop = r.loop
)
UPDATE jobs j SET
    state = CASE WHEN r.state = 'queued' AND j.state = 'settling' THEN 'running' ELSE j.state END,
    doubt_until = CASE WHEN r.state = 'unknown' AND r.was <> 'unknown'
        THEN greatest(j.doubt_until, clock_timestamp() + :doubt_seconds * interval '1 second')
        ELSE j.doubt_until END,
    sending = j.sending - (r.was = 'sending')::integer,
    queued = j.queued + (r.state = 'queued')::integer - (r.was = 'queued')::integer,
    sent = j.sent + (r.state = 'sent')::integer,
    failed = j.failed + (r.state = 'failed')::integer,
    unknown = j.unknown + (r.state = 'unknown')::integer - (r.was = 'unknown')::integer,
    event_no = j.event_no + (r.state IN ('sent', 'failed'))::integer
FROM recorded r
WHERE j.id = :job_id
RETURNING j.sent, j.failed, j.event_no, j.wanted,
          ARRAY[r.seq] AS recorded_seqs, '{}'::integer[] AS claimed_seqs,
          (r.state = 'sent')::integer AS newly_sent,
          (r.state = 'failed')::integer AS newly_failed;


-- name: complete_loop^
-- Only when nothing of it is left to send: the guard against a list half sent and called finished.
UPDATE loops l SET state = 'completed', finished_at = clock_timestamp()
WHERE l.job_id = :job_id AND l.loop = :loop AND l.state = 'running'
  AND NOT EXISTS (
        SELECT FROM messages m
        WHERE m.job_id = l.job_id AND m.seq BETWEEN l.first_seq AND l.last_seq
          AND m.state IN ('queued', 'sending'))
RETURNING l.sent, l.failed, l.unknown,
          extract(epoch FROM l.finished_at - l.started_at)::double precision AS seconds;


-- name: loop_errors
-- Why messages of a loop failed, by code, the most frequent first.
SELECT m.error_code AS code, min(m.error_title) AS title, count(*)::integer AS count,
       coalesce(max(m.error_details), '') AS details
FROM messages m
WHERE m.job_id = :job_id AND m.seq BETWEEN :first_seq AND :last_seq AND m.state = 'failed'
GROUP BY m.error_code
ORDER BY count(*) DESC, m.error_code;


-- name: tell_loop_completed$
-- Number the frame, and say what holds the job back until its next loop.
UPDATE jobs SET event_no = event_no + 1, limited_by = 'pause'
WHERE id = :job_id
RETURNING event_no;


-- name: begin_settling^
-- Every loop is completed and nothing waits or is under way, but messages are in doubt: the job is
-- not over before each had the time for its receipt. Where what stays in doubt is sent again, the
-- sweeper decides that first.
UPDATE jobs j SET
    state = 'settling', limited_by = NULL, event_no = j.event_no + 1,
    reason = 'Messages are in doubt; their receipts, or late answers, are awaited'
WHERE j.id = :job_id AND j.state = 'running' AND j.queued = 0 AND j.sending = 0
  AND j.unknown > 0
  AND (:resends OR :doubt_seconds::float8 > 0 OR j.doubt_until > clock_timestamp())
  AND NOT EXISTS (SELECT FROM loops WHERE job_id = j.id AND state <> 'completed')
RETURNING j.id AS job_id, j.state, j.reason, j.event_no;


-- name: finish_job^
-- When every loop is completed and nothing waits or is under way. A settling job is over when no
-- doubt is left, or the last one has had its time; what arrived within it has been read when the
-- oldest receipt that waits is younger (`lag_seconds` ago everything had been). `failed` means that
-- nothing was sent and something failed.
UPDATE jobs j SET
    state = CASE WHEN j.sent = 0 AND j.unknown = 0 AND j.failed > 0
                 THEN 'failed' ELSE 'completed' END,
    reason = CASE WHEN j.sent = 0 AND j.unknown = 0 AND j.failed > 0 THEN (
        SELECT 'Nothing was sent: ' || m.error_code || ' ' || m.error_title
        FROM messages m WHERE m.job_id = j.id AND m.state = 'failed'
        GROUP BY m.error_code, m.error_title ORDER BY count(*) DESC LIMIT 1) END,
    finished_at = clock_timestamp(), limited_by = NULL, event_no = j.event_no + 1
WHERE j.id = :job_id AND j.state = :state AND j.queued = 0 AND j.sending = 0
  AND (j.state = 'running' OR j.unknown = 0
       OR coalesce(j.doubt_until, '-infinity')
          <= clock_timestamp() - :lag_seconds * interval '1 second')
  AND NOT EXISTS (SELECT FROM loops WHERE job_id = j.id AND state <> 'completed')
RETURNING j.id AS job_id, j.state, j.sent, j.failed, j.unknown, j.event_no, j.reason;


-- name: go_on^
-- A settling job with something to send: a late answer said no. Where this version writes that, the
-- job goes on at once; one of an older version does not know of settling.
UPDATE jobs SET state = 'running', event_no = event_no + 1, reason = NULL
WHERE id = :job_id AND state = 'settling' AND queued > 0
RETURNING id AS job_id, state, event_no, 'a message of it is to be sent again' AS reason;


-- name: resend_doubtful^
-- The operator's choice against the default: what stayed in doubt for its time is sent again, and
-- may come twice. Each resend counts as a retry, so that a message which is never answered ends.
WITH doubtful AS (
    UPDATE messages m SET
        state = 'queued', retries = m.retries + 1, due_at = NULL, unknown_at = NULL
    FROM loops l JOIN jobs j ON j.id = l.job_id AND j.state IN ('running', 'settling')
    WHERE l.job_id = :job_id AND l.unknown > 0
      AND m.job_id = l.job_id AND m.seq BETWEEN l.first_seq AND l.last_seq
      AND m.state = 'unknown' AND m.retries < :max_retries
      AND coalesce(m.unknown_at, m.claimed_at)
          <= clock_timestamp() - :doubt_seconds * interval '1 second'
                               - :lag_seconds * interval '1 second'
    RETURNING l.loop
), loops_told AS (
    UPDATE loops l SET
        unknown = l.unknown - b.n, state = 'running', finished_at = NULL,
        started_at = coalesce(l.started_at, clock_timestamp())
    FROM (SELECT loop, count(*) AS n FROM doubtful GROUP BY loop) b
    WHERE l.job_id = :job_id AND l.loop = b.loop AND l.state IN ('running', 'completed')
), tally AS (
    SELECT count(*) AS n FROM doubtful
)
UPDATE jobs j SET
    unknown = j.unknown - t.n, queued = j.queued + t.n, event_no = j.event_no + 1,
    state = CASE j.state WHEN 'settling' THEN 'running' ELSE j.state END,
    reason = NULL
FROM tally t
WHERE j.id = :job_id AND j.state IN ('running', 'settling') AND t.n > 0
RETURNING j.id AS job_id, j.state, j.event_no,
          t.n || CASE t.n WHEN 1 THEN ' message' ELSE ' messages' END
          || ' stayed in doubt and will be sent again' AS reason;


-- name: next_order^
-- A job that the lane has to run, if it has any.
SELECT id, phone_number_id, content, total FROM jobs
WHERE phone_number_id = :phone_number_id AND state IN ('queued', 'running') AND wanted = 'run'
ORDER BY last_turn_at NULLS FIRST, created_at, id
LIMIT 1;


-- name: release!
-- The holder is through, and nothing that it claimed is on its way: what the next holder's pace has
-- to know. It is still named, until its turn is given back: see `let_go`.
UPDATE lanes SET
    is_released = true, claim_until = NULL,
    released_at = clock_timestamp(), leave_ages = :leave_ages
WHERE phone_number_id = :phone_number_id AND epoch = :epoch;


-- name: release_unused!
-- The holder is through and has sent nothing: what the lane's pace knows stays true.
UPDATE lanes SET is_released = true, claim_until = NULL
WHERE phone_number_id = :phone_number_id AND epoch = :epoch;


-- name: let_go!
-- The turn is given back: nobody holds the lane. A holder that dies before this is found dead, and
-- its turn is handed on at once.
UPDATE lanes SET
    holder = NULL, reply_subject = NULL,
    turn_due_at = clock_timestamp() + :due_in_seconds * interval '1 second'
WHERE phone_number_id = :phone_number_id AND epoch = :epoch AND is_released;


-- name: completion_told!
UPDATE jobs SET completion_told = true
WHERE id = :job_id AND finished_at IS NOT NULL AND NOT completion_told;


-- name: try_sweep$
-- One daemon of the fleet sweeps at a time; the lock falls with the transaction.
SELECT pg_try_advisory_xact_lock(:lock);


-- name: lock_dead_lanes
-- Lanes whose holder's session lock is gone: its process is dead. Locked until they are free, so
-- that who gets the turn next, once it is nakked, waits for that.
SELECT phone_number_id, reply_subject FROM lanes
WHERE holder IS NOT NULL
  AND NOT EXISTS (SELECT FROM live_daemons d WHERE d.holder = lanes.holder)
FOR UPDATE SKIP LOCKED;


-- name: free_dead_lanes!
-- Their turns are handed on.
UPDATE lanes SET
    holder = NULL, reply_subject = NULL, is_released = true, turn_due_at = clock_timestamp()
WHERE phone_number_id = ANY (:phone_number_ids::text[]);


-- name: lanes_to_wake
-- The outbox in one query. Runnable work and nobody who holds its lane, for longer than a pause
-- takes, or a holder that has claimed nothing for longer than its lease can last: the turn was
-- never published, or was lost with its stream. Waking one that has its turn is harmless. One that
-- has it and is overdue all the same: its turn went to a daemon that died before it took the lane.
SELECT DISTINCT ON (j.phone_number_id) j.id, j.phone_number_id, j.content, j.total,
       (l.holder IS NULL OR l.is_released)
           AND greatest(j.created_at, l.turn_due_at)
               < now() - :overdue_seconds * interval '1 second' AS is_overdue
FROM jobs j LEFT JOIN lanes l USING (phone_number_id)
WHERE j.state IN ('queued', 'running') AND j.wanted = 'run'
  AND CASE WHEN l.holder IS NULL OR l.is_released
           THEN greatest(j.created_at, l.released_at)
                < now() - :grace_seconds * interval '1 second'
           ELSE greatest(l.taken_at, l.claimed_at)
                < now() - :lease_seconds * interval '1 second'
      END
ORDER BY j.phone_number_id, j.created_at;


-- name: begin_renewal$
-- Only while still nobody holds the lane and its turn is still overdue; and not again before long.
INSERT INTO lanes (phone_number_id, turn_due_at)
VALUES (:phone_number_id, clock_timestamp())
ON CONFLICT (phone_number_id) DO UPDATE SET turn_due_at = excluded.turn_due_at
WHERE (lanes.holder IS NULL OR lanes.is_released)
  AND coalesce(lanes.turn_due_at, '-infinity')
      < clock_timestamp() - :overdue_seconds * interval '1 second'
RETURNING phone_number_id;


-- name: untold_jobs
-- Finished, and the news of it was lost with the process that should have told it.
SELECT id AS job_id, state, sent, failed, unknown, event_no, reason FROM jobs
WHERE finished_at < now() - interval '3 seconds' AND NOT completion_told
ORDER BY finished_at LIMIT 100;


-- name: places_by_id
-- Messages whose receipt names no tag of ours: by Meta's id, found by way of the recipient.
SELECT m.job_id, m.seq, m.message_id
FROM unnest(:recipients::text[], :message_ids::text[]) AS r(recipient, message_id)
JOIN messages m ON m.recipient = r.recipient AND m.message_id = r.message_id;


-- name: lock_lanes
-- As `lock_lane`, for all lanes that a batch of receipts touches, always in the same order.
SELECT phone_number_id FROM lanes
WHERE phone_number_id IN (SELECT phone_number_id FROM jobs WHERE id = ANY (:job_ids::uuid[]))
ORDER BY phone_number_id
FOR NO KEY UPDATE;


-- name: merge
-- What receipts say, of many messages at once. Only upwards: sent, delivered, read; failed is final
-- unless the message is known to have been delivered. A receipt of another id than the one that is
-- known belongs to an earlier attempt, and says only that. What is in sending waits: the caller
-- gets it back as it is and asks again. Merging the same batch twice changes nothing.
WITH receipts AS (
    SELECT * FROM unnest(
        :job_ids::uuid[], :seqs::integer[], :attempts::integer[], :message_ids::text[],
        :sent_ats::timestamptz[], :delivered_ats::timestamptz[], :read_ats::timestamptz[],
        :failed_ats::timestamptz[], :codes::integer[], :titles::text[], :details::text[]
    ) AS r(job_id, seq, attempt, message_id, sent_at, delivered_at, read_at, failed_at,
           code, title, details)
), found AS (
    SELECT r.*, m.state AS was, (r.seq - 1) / j.loop_size + 1 AS loop,
           coalesce(m.message_id = r.message_id, true) AS is_of_this_id,
           CASE
               WHEN m.message_id <> r.message_id THEN m.state
               WHEN m.state NOT IN ('queued', 'unknown', 'sent', 'delivered') THEN m.state
               WHEN r.read_at IS NOT NULL THEN 'read'
               WHEN r.delivered_at IS NOT NULL OR m.state = 'delivered' THEN 'delivered'
               WHEN r.failed_at IS NOT NULL AND m.state IN ('unknown', 'sent')
                    AND (m.message_id = r.message_id OR r.attempt = m.attempt) THEN 'failed'
               WHEN r.failed_at IS NOT NULL THEN m.state
               WHEN r.sent_at IS NOT NULL THEN 'sent'
               ELSE m.state
           END AS becomes
    FROM receipts r
    JOIN messages m ON m.job_id = r.job_id AND m.seq = r.seq
        AND m.job_id = ANY (:job_ids::uuid[]) AND m.seq = ANY (:seqs::integer[])
    JOIN jobs j ON j.id = r.job_id
), merged AS (
    UPDATE messages m SET
        state = f.becomes,
        message_id = coalesce(m.message_id, f.message_id),
        sent_at = CASE WHEN f.becomes = 'failed' THEN m.sent_at
                       ELSE coalesce(m.sent_at, f.sent_at, f.delivered_at, f.read_at) END,
        delivered_at = coalesce(m.delivered_at, f.delivered_at),
        read_at = coalesce(m.read_at, f.read_at),
        failed_at = CASE WHEN f.becomes = 'failed' THEN f.failed_at ELSE m.failed_at END,
        error_code = CASE WHEN f.becomes = 'failed' THEN f.code
                          WHEN f.was IN ('unknown', 'queued') THEN NULL ELSE m.error_code END,
        error_title = CASE WHEN f.becomes = 'failed' THEN f.title
                           WHEN f.was IN ('unknown', 'queued') THEN NULL ELSE m.error_title END,
        error_details = CASE WHEN f.becomes = 'failed' THEN f.details
                             WHEN f.was IN ('unknown', 'queued') THEN NULL ELSE m.error_details END,
        reason = NULL, unknown_at = NULL, due_at = NULL
    FROM found f
    WHERE m.job_id = f.job_id AND m.seq = f.seq AND m.state = f.was
      AND m.job_id = ANY (:job_ids::uuid[]) AND m.seq = ANY (:seqs::integer[])
      AND f.is_of_this_id AND f.was NOT IN ('sending', 'skipped', 'canceled')
      AND (f.becomes <> f.was
           OR f.was IN ('delivered', 'read')
              AND (m.delivered_at IS NULL AND f.delivered_at IS NOT NULL
                   OR m.read_at IS NULL AND f.read_at IS NOT NULL))
    RETURNING m.job_id, m.seq, f.loop, f.was, m.state, m.recipient
), moved AS (
    SELECT *, state IN ('sent', 'delivered', 'read') AS is_taken,
           was IN ('sent', 'delivered', 'read') AS was_taken
    FROM merged WHERE state <> was
), by_loop AS (
    SELECT job_id, loop, count(*) AS n,
           count(*) FILTER (WHERE is_taken AND NOT was_taken)
               - count(*) FILTER (WHERE was_taken AND NOT is_taken) AS sent,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE was = 'unknown') AS unknown,
           count(*) FILTER (WHERE was = 'queued') AS queued,
           count(*) FILTER (WHERE state IN ('delivered', 'read') AND was <> 'delivered')
               AS delivered,
           count(*) FILTER (WHERE state = 'read') AS read
    FROM moved GROUP BY job_id, loop
), loops_told AS (
    UPDATE loops l SET
        sent = l.sent + b.sent, failed = l.failed + b.failed, unknown = l.unknown - b.unknown
    FROM by_loop b WHERE l.job_id = b.job_id AND l.loop = b.loop
), jobs_told AS (
    UPDATE jobs j SET
        sent = j.sent + b.sent, failed = j.failed + b.failed, unknown = j.unknown - b.unknown,
        queued = j.queued - b.queued, delivered = j.delivered + b.delivered,
        read = j.read + b.read, event_no = j.event_no + b.n
    FROM (SELECT job_id, sum(n) AS n, sum(sent) AS sent, sum(failed) AS failed,
                 sum(unknown) AS unknown, sum(queued) AS queued, sum(delivered) AS delivered,
                 sum(read) AS read
          FROM by_loop GROUP BY job_id) b
    WHERE j.id = b.job_id
    RETURNING j.id, j.event_no, j.sent, j.failed, j.unknown, j.delivered, j.read
)
SELECT f.job_id, f.seq, f.was, v.state AS becomes, v.recipient,
       j.event_no, j.sent, j.failed, j.unknown, j.delivered, j.read
FROM found f
LEFT JOIN moved v ON v.job_id = f.job_id AND v.seq = f.seq
LEFT JOIN jobs_told j ON j.id = f.job_id
ORDER BY f.job_id, f.seq;


-- name: jobs_in_doubt
-- Jobs that only wait for doubts to end and may be over, and those whose doubts may be sent again.
SELECT id AS job_id, phone_number_id FROM jobs
WHERE finished_at IS NULL
  AND CASE WHEN :resends THEN state = 'settling' OR state = 'running' AND unknown > 0
           ELSE state = 'settling' AND (unknown = 0 OR queued > 0 OR doubt_until IS NULL
                                        OR doubt_until <= clock_timestamp())
      END
ORDER BY doubt_until NULLS FIRST LIMIT 1000;


-- name: jobs_by_state
-- Unfinished jobs, and where their messages are: they add up to the recipients, always.
SELECT state, count(*)::integer AS jobs, sum(total)::bigint AS recipients,
       sum(queued)::bigint AS queued, sum(sending)::bigint AS sending, sum(sent)::bigint AS sent,
       sum(failed)::bigint AS failed, sum(unknown)::bigint AS unknown,
       sum(skipped)::bigint AS skipped, sum(canceled)::bigint AS canceled
FROM jobs WHERE finished_at IS NULL GROUP BY state;
