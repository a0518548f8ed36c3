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
       leave_ages,
       greatest(0, coalesce(extract(epoch FROM held_until - clock_timestamp()), 0))
           ::double precision AS held_seconds,
       held_by, slowed_to, slowed_from,
       extract(epoch FROM clock_timestamp() - slowed_at)::double precision AS slowed_seconds_ago
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
-- The lane's job that waited longest for a turn; jobs of one number take turns loop by loop. A paused
-- one that a person wants to run again goes on, and so does one whose brake has been released. One
-- whose every loop waits for its recipients lets others go first, a test goes before all, and none
-- begins before its time. One whose time came while nothing ran, and long ago, waits until it is held
-- (`hold_late`). `is_proven`: Meta has accepted a message of it, so its template is right;
-- `needs_probe`: nobody knows yet, or a person says so after Meta had stopped it.
WITH next AS (
    SELECT id, state, stopped_by FROM jobs j
    WHERE phone_number_id = :phone_number_id AND wanted = 'run'
      AND (state IN ('queued', 'running')
           OR state = 'paused' AND (wanted_no > followed_no OR stopped_by = 'brake'))
      AND NOT EXISTS (SELECT FROM brakes WHERE scope IN ('all', :phone_number_id))
      AND coalesce(greatest(scheduled_at, rests_until) <= clock_timestamp(), true)
      AND NOT (state = 'queued' AND scheduled_at IS NOT NULL
               AND greatest(scheduled_at, rests_until)
                   < clock_timestamp() - :schedule_grace_seconds * interval '1 second'
               AND greatest(scheduled_at, rests_until) > (SELECT beat_at FROM pulse))
      AND NOT EXISTS (
            SELECT FROM loops l WHERE l.job_id = j.id AND l.state <> 'completed'
            HAVING min(coalesce(l.due_at, '-infinity')) > clock_timestamp())
    ORDER BY is_test DESC, last_turn_at NULLS FIRST, created_at, id
    LIMIT 1
    FOR UPDATE
)
UPDATE jobs j SET
    state = 'running', last_turn_at = clock_timestamp(),
    started_at = coalesce(j.started_at, clock_timestamp()), followed_no = j.wanted_no,
    rests_until = NULL,
    resumed_at = CASE WHEN next.state = 'paused' THEN clock_timestamp() ELSE j.resumed_at END,
    reason = CASE WHEN next.state = 'paused' THEN NULL ELSE j.reason END, stopped_by = NULL,
    event_no = j.event_no + (next.state = 'paused')::integer
FROM next
WHERE j.id = next.id AND j.state = next.state
RETURNING j.id, j.trace, j.content, j.loop_size, j.total, j.event_no, j.is_checked, j.send_window,
          j.messages_per_second, j.loop_pause_ms, clock_timestamp() AS now_at,
          next.state = 'paused' AS is_resumed, j.sent > 0 AS is_proven,
          next.state = 'paused'
              AND coalesce(next.stopped_by, '') NOT IN ('person', 'brake', 'late')
              OR NOT j.is_checked AND j.sent = 0 AND j.unknown = 0 AS needs_probe,
          j.queued > 0 OR j.sending > 0 AS is_unfinished;


-- name: start_loop^
-- The first loop of the job that is not completed and does not wait; one that was begun before goes
-- on. Until an outcome of it is recorded, this turn counts as idle.
WITH next AS (
    SELECT loop, state FROM loops
    WHERE job_id = :job_id AND state IN ('queued', 'running')
      AND (due_at IS NULL OR due_at <= clock_timestamp())
    ORDER BY loop LIMIT 1
    FOR UPDATE
), started AS (
    UPDATE loops l SET
        state = 'running', started_at = coalesce(l.started_at, clock_timestamp()), due_at = NULL,
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


-- name: rest_job!
-- Nothing of the job is due before, so that neither its lane nor the sweeper need look at it.
UPDATE jobs SET rests_until = :until, limited_by = :limited_by, limited_until = :until
WHERE id = :job_id AND state = 'running';


-- name: postpone_loop!
-- Nothing of it is due for a while; that is no turn that got nowhere. With the last loop that has
-- something to send now the job rests, unless that is not worth it; what holds its number stays the
-- reason of a retry.
WITH postponed AS (
    UPDATE loops SET
        due_at = clock_timestamp() + :seconds::float8 * interval '1 second',
        idle_turns = greatest(0, idle_turns - 1)
    WHERE job_id = :job_id AND loop = :loop AND state = 'running'
    RETURNING due_at
), others AS (
    SELECT min(coalesce(due_at, '-infinity')) AS due_at FROM loops
    WHERE job_id = :job_id AND loop <> :loop AND state IN ('queued', 'running')
)
UPDATE jobs SET
    rests_until = least(p.due_at, o.due_at),
    limited_by = CASE WHEN :limited_by = 'retry' AND limited_by IN ('throttled', 'unreachable')
                      THEN limited_by ELSE :limited_by END,
    limited_until = least(p.due_at, o.due_at)
FROM postponed p, others o
WHERE id = :job_id AND state = 'running'
  AND least(p.due_at, o.due_at) > clock_timestamp() + :worth_seconds * interval '1 second';


-- name: due_seconds$
-- In how many seconds something of the lane is due, where all that it has to run waits; NULL: it has
-- nothing.
SELECT extract(epoch FROM min(greatest(j.scheduled_at, j.rests_until, l.due_at))
                          - clock_timestamp())::double precision
FROM jobs j CROSS JOIN LATERAL (
    SELECT min(coalesce(due_at, '-infinity')) AS due_at FROM loops
    WHERE job_id = j.id AND state IN ('queued', 'running')) l
WHERE j.phone_number_id = :phone_number_id AND j.wanted = 'run'
  AND (j.state IN ('queued', 'running')
       OR j.state = 'paused' AND (j.wanted_no > j.followed_no OR j.stopped_by = 'brake'))
  AND NOT EXISTS (SELECT FROM brakes WHERE scope IN ('all', :phone_number_id));


-- name: forgive_turn!
-- A turn that was given back because its daemon stops is no sign of a loop that gets nowhere.
UPDATE loops SET idle_turns = greatest(0, idle_turns - 1)
WHERE job_id = :job_id AND loop = :loop AND state = 'running';


-- name: stop_job^
-- A loop that keeps getting nowhere is not begun again: its job waits for a person, and nothing of
-- it is lost. Resumed, it has all its turns again.
WITH stopped AS (
    UPDATE jobs SET
        state = 'paused', reason = :reason, stopped_by = 'stalled', followed_no = wanted_no,
        limited_by = NULL, limited_until = NULL, event_no = event_no + 1
    WHERE id = :job_id AND state = 'running'
    RETURNING id, phone_number_id, trace, state, reason, event_no
), forgiven AS (
    UPDATE loops l SET idle_turns = 0 FROM stopped WHERE l.job_id = stopped.id AND l.loop = :loop
)
SELECT id AS job_id, phone_number_id, trace, state, reason, event_no FROM stopped;


-- name: note_hold!
-- What holds the number back is kept, whoever gets its turn next, and told to all that wait for it:
-- until when nobody need look again, and when it is expected to be over. What was asked for before
-- is not cut short.
WITH held AS (
    UPDATE lanes SET
        held_until = greatest(
            held_until, clock_timestamp() + :held_seconds::float8 * interval '1 second'),
        held_by = :held_by,
        slowed_to = coalesce(:slowed_to::float8, slowed_to),
        slowed_from = coalesce(:slowed_from::float8, slowed_from),
        slowed_at = CASE WHEN :slowed_to::float8 IS NULL THEN slowed_at ELSE clock_timestamp() END
    WHERE phone_number_id = :phone_number_id AND epoch = :epoch
    RETURNING epoch
)
UPDATE jobs j SET
    limited_by = :held_by,
    limited_until = clock_timestamp() + :limited_seconds::float8 * interval '1 second'
FROM held
WHERE j.phone_number_id = :phone_number_id AND j.state IN ('queued', 'running')
  AND coalesce(greatest(j.scheduled_at, j.rests_until) <= clock_timestamp(), true);


-- name: messages_to_send
-- What is left of a loop. The wait of a message that was refused is told in seconds from now.
SELECT seq, recipient, variables, attempt, retries, error_code AS refused_with, zone,
       greatest(0, extract(epoch FROM due_at - clock_timestamp()))::double precision
           AS due_in_seconds
FROM messages
WHERE job_id = :job_id AND seq BETWEEN :first_seq AND :last_seq AND state = 'queued'
ORDER BY seq;


-- name: lock_reach!
-- Places of the messaging limit are given out one write at a time, over all lanes: what is read of
-- them after this is true until the transaction ends.
SELECT pg_advisory_xact_lock(:lock);


-- name: recount_reach!
-- While no limit was known nobody added up who was reached. Refused ones are among them: rather a few
-- too many than one too few.
WITH counted AS (
    SELECT counted_in AS minute, count(*) AS people FROM contacts
    WHERE counted_in > now() - interval '1 day 1 minute' GROUP BY counted_in
), emptied AS (
    DELETE FROM reach WHERE minute NOT IN (SELECT minute FROM counted)
)
INSERT INTO reach (minute, people) SELECT minute, people FROM counted
ON CONFLICT (minute) DO UPDATE SET people = excluded.people;


-- name: give_places_back!
-- Who was refused has not been reached: the place goes back, unless the person had it before.
WITH refused AS (
    SELECT c.recipient, c.counted_in FROM contacts c
    JOIN unnest(:recipients::text[], :seqs::integer[]) AS r(recipient, seq)
      ON r.recipient = c.recipient AND r.seq = c.seq
    WHERE c.job_id = :job_id AND c.is_new AND c.counted_in IS NOT NULL
    FOR UPDATE OF c
), uncounted AS (
    UPDATE contacts c SET counted_in = NULL FROM refused r WHERE c.recipient = r.recipient
)
UPDATE reach SET people = greatest(0, people - r.n)
FROM (SELECT counted_in, count(*) AS n FROM refused GROUP BY counted_in) r
WHERE minute = r.counted_in;


-- name: write^
-- The one statement of the ledger: the outcomes that have gathered, the claims that are asked for,
-- and the counters of the lane, the loop and the job, all or nothing. Without the epoch nothing
-- happens and no row comes back. `seq = ANY` beside the join keeps the planner on the primary key
-- while its statistics know nothing of a job that has just come in; it would read all of it.
-- A claim is where the rules are asked: who opted out is skipped; who got a message of ours a moment
-- ago, and who has no place in the messaging limit, waits. Where the job sends a part of another one
-- again, its family is asked, too: who has got the message since, or still may, is skipped.
WITH fence AS (
    UPDATE lanes SET
        claimed_at = CASE WHEN cardinality(:claim_seqs::integer[]) > 0
                          THEN clock_timestamp() ELSE claimed_at END,
        claim_until = CASE WHEN cardinality(:claim_seqs::integer[]) > 0
                           THEN clock_timestamp() + :claim_seconds * interval '1 second'
                           ELSE claim_until END
    WHERE phone_number_id = :phone_number_id AND epoch = :epoch
    RETURNING epoch
), job AS (
    SELECT state = 'running' AND wanted = 'run'
               AND NOT EXISTS (SELECT FROM brakes WHERE scope IN ('all', :phone_number_id))
               AS may_send,
           coalesce(category, 'MARKETING') = 'MARKETING' AS is_marketing, repeats_doubts,
           CASE WHEN family_id IS NOT NULL THEN array_append(
               ARRAY(SELECT k.id FROM jobs k
                     WHERE k.family_id = jobs.family_id AND k.id <> jobs.id), family_id)
           END AS kin
    FROM jobs WHERE id = :job_id
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
    RETURNING m.seq, m.state, m.recipient, m.error_code
), opted_out AS (
    INSERT INTO suppressions AS s (number, source, scope, reason, at, message_id, job_id, seq)
    SELECT recipient, 'meta', 'marketing', 'Meta refused: 131050',
           clock_timestamp(), NULL, :job_id, seq
    FROM recorded WHERE state = 'failed' AND error_code = :stopped_code ORDER BY recipient
    ON CONFLICT (number, source) DO UPDATE SET
        scope = excluded.scope, reason = excluded.reason, at = excluded.at,
        message_id = excluded.message_id, job_id = excluded.job_id, seq = excluded.seq,
        lifted_at = NULL
    WHERE s.lifted_at < excluded.at
), asked AS (
    SELECT m.seq, m.recipient, c.counted_in,
           coalesce(
               (SELECT s.reason FROM suppressions s
                WHERE s.number = m.recipient AND s.lifted_at IS NULL
                  AND (s.scope = 'all' OR job.is_marketing)
                ORDER BY s.at LIMIT 1),
               CASE WHEN job.kin IS NOT NULL THEN (
                   SELECT CASE k.state WHEN 'unknown' THEN 'in doubt' ELSE k.state END
                          || ' by job ' || k.job_id
                   FROM messages k
                   WHERE k.recipient = m.recipient AND k.job_id = ANY (job.kin)
                     AND (k.state IN ('queued', 'sending', 'sent', 'delivered', 'read')
                          OR k.state = 'unknown' AND NOT job.repeats_doubts)
                   LIMIT 1) END) AS unwanted,
           CASE WHEN c.seq = m.seq AND c.job_id = :job_id THEN 0
                ELSE greatest(0, coalesce(extract(epoch FROM
                    c.claimed_at + :pair_seconds * interval '1 second' - clock_timestamp()), 0))
           END AS pair_wait,
           coalesce(c.counted_in > now() - interval '1 day 1 minute', false) AS is_counted
    FROM fence, job, messages m LEFT JOIN contacts c ON c.recipient = m.recipient
    WHERE m.job_id = :job_id AND m.seq = ANY (:claim_seqs::integer[]) AND m.state = 'queued'
      AND job.may_send
), free AS (
    SELECT *, sum((NOT is_counted)::integer) OVER (ORDER BY seq) AS nth_new
    FROM asked WHERE unwanted IS NULL AND pair_wait <= 0
), room AS (
    SELECT :people_limit::integer - coalesce(sum(people), 0) AS places,
           extract(epoch FROM min(minute) FILTER (WHERE people > 0)
                              + interval '1 day 1 minute' - now()) AS seconds
    FROM reach WHERE :people_limit::integer IS NOT NULL AND minute > now() - interval '1 day 1 minute'
), contacted AS (
    INSERT INTO contacts AS c (recipient, job_id, seq, claimed_at, counted_in, is_new)
    SELECT f.recipient, :job_id, f.seq, clock_timestamp(),
           date_trunc('minute', now()), true
    FROM free f, room
    WHERE :people_limit::integer IS NULL OR f.is_counted OR f.nth_new <= room.places
    ORDER BY f.recipient
    ON CONFLICT (recipient) DO UPDATE SET
        job_id = excluded.job_id, seq = excluded.seq, claimed_at = excluded.claimed_at,
        is_new = CASE WHEN c.job_id = excluded.job_id AND c.seq = excluded.seq THEN c.is_new
                      ELSE coalesce(c.counted_in <= now() - interval '1 day 1 minute', true) END,
        counted_in = excluded.counted_in
    WHERE c.job_id = excluded.job_id AND c.seq = excluded.seq
       OR c.claimed_at <= clock_timestamp() - :pair_seconds * interval '1 second'
    RETURNING seq
), places_left AS (
    UPDATE reach r SET people = greatest(0, r.people - o.n)
    FROM (SELECT f.counted_in, count(*) AS n FROM free f JOIN contacted USING (seq)
          WHERE f.is_counted AND f.counted_in <> date_trunc('minute', now()) GROUP BY 1) o
    WHERE :people_limit::integer IS NOT NULL AND r.minute = o.counted_in
), places_taken AS (
    INSERT INTO reach AS r (minute, people)
    SELECT date_trunc('minute', now()), count(*) FROM free f JOIN contacted USING (seq)
    WHERE :people_limit::integer IS NOT NULL
      AND f.counted_in IS DISTINCT FROM date_trunc('minute', now())
    HAVING count(*) > 0
    ON CONFLICT (minute) DO UPDATE SET people = r.people + excluded.people
), claimed AS (
    UPDATE messages m SET
        state = 'sending', attempt = m.attempt + 1, claim_epoch = fence.epoch,
        claimed_at = clock_timestamp(), due_at = NULL
    FROM fence, contacted t
    WHERE m.job_id = :job_id AND m.seq = ANY (:claim_seqs::integer[]) AND m.seq = t.seq
      AND m.state = 'queued'
    RETURNING m.seq
), skipped AS (
    UPDATE messages m SET
        state = 'skipped', reason = a.unwanted, due_at = NULL,
        error_code = NULL, error_title = NULL, error_details = NULL
    FROM asked a
    WHERE m.job_id = :job_id AND m.seq = ANY (:claim_seqs::integer[]) AND m.seq = a.seq
      AND a.unwanted IS NOT NULL AND m.state = 'queued'
    RETURNING m.seq, m.reason
), tally AS (
    SELECT count(*) AS n,
           count(*) FILTER (WHERE state = 'sent') AS sent,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'unknown') AS unknown,
           count(*) FILTER (WHERE state = 'queued') AS requeued,
           count(*) FILTER (WHERE state = 'skipped') AS deferred,
           coalesce(array_agg(seq), '{}') AS seqs
    FROM recorded
), taken AS (
    SELECT count(*) AS n, coalesce(array_agg(seq), '{}') AS seqs FROM claimed
), left_out AS (
    SELECT count(*) AS n, coalesce(array_agg(seq ORDER BY seq), '{}') AS seqs,
           coalesce(array_agg(reason ORDER BY seq), '{}') AS reasons
    FROM skipped
), waiting AS (
    SELECT coalesce(array_agg(a.seq), '{}') AS seqs,
           coalesce(array_agg(CASE WHEN a.pair_wait > 0 THEN a.pair_wait
                                   ELSE :pair_seconds END::double precision), '{}') AS seconds,
           bool_or(:people_limit::integer IS NOT NULL AND a.pair_wait <= 0 AND NOT a.is_counted
                   AND f.nth_new > room.places) AS has_no_room
    FROM room, asked a LEFT JOIN free f USING (seq)
    WHERE a.unwanted IS NULL AND NOT EXISTS (SELECT FROM contacted t WHERE t.seq = a.seq)
), loop_told AS (
    UPDATE loops l SET
        sent = l.sent + t.sent, failed = l.failed + t.failed, unknown = l.unknown + t.unknown,
        skipped = l.skipped + t.deferred + s.n, idle_turns = 0
    FROM tally t, left_out s
    WHERE l.job_id = :job_id AND l.loop = :loop AND (t.n > t.requeued OR s.n > 0)
)
UPDATE jobs j SET
    queued = j.queued - k.n - s.n + t.requeued,
    sending = j.sending + k.n - t.n,
    sent = j.sent + t.sent,
    failed = j.failed + t.failed,
    unknown = j.unknown + t.unknown,
    skipped = j.skipped + s.n + t.deferred,
    deferred = j.deferred + t.deferred,
    doubt_until = CASE WHEN t.unknown > 0
        THEN greatest(j.doubt_until, clock_timestamp() + :doubt_seconds * interval '1 second')
        ELSE j.doubt_until END,
    event_no = j.event_no + t.sent + t.failed + t.deferred + s.n,
    limited_by = CASE j.state WHEN 'running' THEN :limited_by END,
    limited_until = CASE j.state WHEN 'running'
        THEN clock_timestamp() + :limited_seconds::float8 * interval '1 second' END
FROM tally t, taken k, left_out s, waiting w, room, fence, job
WHERE j.id = :job_id
RETURNING j.sent, j.failed, j.skipped, j.event_no, j.messages_per_second AS per_second,
          CASE WHEN j.state = 'running' AND (job.may_send OR j.wanted <> 'run')
               THEN j.wanted ELSE 'pause' END AS wanted,
          t.seqs AS recorded_seqs, t.sent AS newly_sent, t.failed AS newly_failed,
          t.deferred + s.n AS newly_skipped,
          k.seqs AS claimed_seqs, s.seqs AS skipped_seqs, s.reasons AS skipped_reasons,
          w.seqs AS waiting_seqs, w.seconds AS waiting_seconds,
          CASE WHEN w.has_no_room
               THEN greatest(1, coalesce(room.seconds, 60)) END::double precision AS room_seconds;


-- name: record_late^
-- An outcome whose turn is lost is still a fact. Its message is in sending, or in unknown where
-- the successor settled it, or queued where it was about to be sent again; the claim's epoch and
-- attempt show that it is the same request. What
-- was not accepted goes back to the queue, and its loop goes on even when it was completed without
-- it, and so does a job that was settling. Only when the job is finished it is failed, and said so;
-- or canceled, with its job.
WITH found AS (
    SELECT m.seq, m.state AS was, l.loop,
           CASE WHEN :state <> 'queued' OR j.finished_at IS NULL THEN :state
                WHEN j.state = 'canceled' THEN 'canceled' ELSE 'failed' END AS becomes,
           :state = 'queued' AND j.finished_at IS NOT NULL AND j.state <> 'canceled' AS is_over
    FROM messages m
    JOIN jobs j ON j.id = m.job_id
    JOIN loops l ON l.job_id = m.job_id AND m.seq BETWEEN l.first_seq AND l.last_seq
    WHERE m.job_id = :job_id AND m.seq = :seq
      AND (m.state IN ('sending', 'unknown') OR m.state = 'queued' AND :state = 'sent')
      AND m.claim_epoch = :epoch AND m.attempt = :attempt
), recorded AS (
    UPDATE messages m SET
        state = f.becomes,
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
    RETURNING m.seq, m.state, f.was, f.loop, m.recipient, m.error_code
), opted_out AS (
    INSERT INTO suppressions AS s (number, source, scope, reason, at, message_id, job_id, seq)
    SELECT recipient, 'meta', 'marketing', 'Meta refused: 131050',
           clock_timestamp(), NULL, :job_id, seq
    FROM recorded WHERE state = 'failed' AND error_code = :stopped_code
    ON CONFLICT (number, source) DO UPDATE SET
        scope = excluded.scope, reason = excluded.reason, at = excluded.at,
        message_id = excluded.message_id, job_id = excluded.job_id, seq = excluded.seq,
        lifted_at = NULL
    WHERE s.lifted_at < excluded.at
), loop_told AS (
    UPDATE loops l SET
        sent = l.sent + (r.state = 'sent')::integer,
        failed = l.failed + (r.state = 'failed')::integer,
        unknown = l.unknown + (r.state = 'unknown')::integer - (r.was = 'unknown')::integer,
        skipped = l.skipped + (r.state = 'skipped')::integer,
        canceled = l.canceled + (r.state = 'canceled')::integer,
        state = CASE WHEN r.state = 'queued' AND l.state = 'completed'
                     THEN 'running' ELSE l.state END,
        finished_at = CASE WHEN r.state = 'queued' THEN NULL ELSE l.finished_at END,
        idle_turns = CASE WHEN r.state = 'queued' THEN l.idle_turns ELSE 0 END
    FROM recorded r
    WHERE l.job_id = :job_id AND l.loop = r.loop
)
UPDATE jobs j SET
    state = CASE WHEN r.state = 'queued' AND j.state = 'settling' THEN 'running' ELSE j.state END,
    rests_until = CASE WHEN r.state = 'queued' THEN NULL ELSE j.rests_until END,
    doubt_until = CASE WHEN r.state = 'unknown' AND r.was <> 'unknown'
        THEN greatest(j.doubt_until, clock_timestamp() + :doubt_seconds * interval '1 second')
        ELSE j.doubt_until END,
    sending = j.sending - (r.was = 'sending')::integer,
    queued = j.queued + (r.state = 'queued')::integer - (r.was = 'queued')::integer,
    sent = j.sent + (r.state = 'sent')::integer,
    failed = j.failed + (r.state = 'failed')::integer,
    unknown = j.unknown + (r.state = 'unknown')::integer - (r.was = 'unknown')::integer,
    skipped = j.skipped + (r.state = 'skipped')::integer,
    deferred = j.deferred + (r.state = 'skipped')::integer,
    canceled = j.canceled + (r.state = 'canceled')::integer,
    event_no = j.event_no + (r.state IN ('sent', 'failed', 'skipped'))::integer
FROM recorded r
WHERE j.id = :job_id
RETURNING j.sent, j.failed, j.skipped, j.event_no, j.messages_per_second AS per_second,
          CASE WHEN j.state = 'running' THEN j.wanted ELSE 'pause' END AS wanted,
          ARRAY[r.seq] AS recorded_seqs, '{}'::integer[] AS claimed_seqs,
          (r.state = 'sent')::integer AS newly_sent,
          (r.state = 'failed')::integer AS newly_failed,
          (r.state = 'skipped')::integer AS newly_skipped,
          '{}'::integer[] AS skipped_seqs, '{}'::text[] AS skipped_reasons,
          '{}'::integer[] AS waiting_seqs, '{}'::float8[] AS waiting_seconds,
          NULL::float8 AS room_seconds;


-- name: complete_loop^
-- Only when nothing of it is left to send: the guard against a list half sent and called finished.
UPDATE loops l SET state = 'completed', finished_at = clock_timestamp()
WHERE l.job_id = :job_id AND l.loop = :loop AND l.state = 'running'
  AND NOT EXISTS (
        SELECT FROM messages m
        WHERE m.job_id = l.job_id AND m.seq BETWEEN l.first_seq AND l.last_seq
          AND m.state IN ('queued', 'sending'))
RETURNING l.sent, l.failed, l.unknown, l.skipped,
          extract(epoch FROM l.finished_at - l.started_at)::double precision AS seconds;


-- name: loop_errors
-- Why messages of a loop failed or were deferred, by code, the most frequent first.
SELECT m.error_code AS code, min(m.error_title) AS title, count(*)::integer AS count,
       coalesce(max(m.error_details), '') AS details
FROM messages m
WHERE m.job_id = :job_id AND m.seq BETWEEN :first_seq AND :last_seq
  AND (m.state = 'failed' OR m.state = 'skipped' AND m.error_code IS NOT NULL)
GROUP BY m.error_code
ORDER BY count(*) DESC, m.error_code;


-- name: tell_loop_completed$
-- Number the frame, and say what holds the job back until its next loop.
UPDATE jobs SET
    event_no = event_no + 1, limited_by = CASE state WHEN 'running' THEN 'pause' END,
    limited_until = NULL
WHERE id = :job_id
RETURNING event_no;


-- name: begin_settling^
-- Every loop is completed and nothing waits or is under way, but messages are in doubt: the job is
-- not over before each had the time for its receipt. Where what stays in doubt is sent again, the
-- sweeper decides that first.
UPDATE jobs j SET
    state = 'settling', limited_by = NULL, limited_until = NULL, event_no = j.event_no + 1,
    reason = 'Messages are in doubt; their receipts, or late answers, are awaited'
WHERE j.id = :job_id AND j.state = 'running' AND j.queued = 0 AND j.sending = 0
  AND j.unknown > 0
  AND (:resends OR :doubt_seconds::float8 > 0 OR j.doubt_until > clock_timestamp())
  AND NOT EXISTS (SELECT FROM loops WHERE job_id = j.id AND state <> 'completed')
RETURNING j.id AS job_id, j.phone_number_id, j.trace, j.state, j.reason, j.event_no;


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
    finished_at = clock_timestamp(), limited_by = NULL, limited_until = NULL,
    event_no = j.event_no + 1
WHERE j.id = :job_id AND j.state = :state AND j.queued = 0 AND j.sending = 0
  AND (j.state = 'running' OR j.unknown = 0
       OR coalesce(j.doubt_until, '-infinity')
          <= clock_timestamp() - :lag_seconds * interval '1 second')
  AND NOT EXISTS (SELECT FROM loops WHERE job_id = j.id AND state <> 'completed')
RETURNING j.id AS job_id, j.phone_number_id, j.trace, j.state, j.sent, j.failed, j.unknown, j.skipped,
          j.event_no, j.reason;


-- name: go_on^
-- A settling job with something to send: a late answer said no. Where this version writes that, the
-- job goes on at once; one of an older version does not know of settling.
UPDATE jobs SET state = 'running', event_no = event_no + 1, reason = NULL
WHERE id = :job_id AND state = 'settling' AND queued > 0
RETURNING id AS job_id, phone_number_id, trace, state, event_no,
          'a message of it is to be sent again' AS reason;


-- name: resend_doubtful^
-- The operator's choice against the default: what stayed in doubt for its time is sent again, and
-- may come twice. Each resend counts as a retry, so that a message which is never answered ends.
WITH doubtful AS (
    UPDATE messages m SET
        state = 'queued', retries = m.retries + 1, due_at = NULL, unknown_at = NULL
    FROM loops l
    JOIN jobs j ON j.id = l.job_id AND j.state IN ('running', 'settling') AND j.wanted = 'run'
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
    reason = NULL, rests_until = NULL
FROM tally t
WHERE j.id = :job_id AND j.state IN ('running', 'settling') AND t.n > 0
RETURNING j.id AS job_id, j.phone_number_id, j.trace, j.state, j.event_no,
          t.n || CASE t.n WHEN 1 THEN ' message' ELSE ' messages' END
          || ' stayed in doubt and will be sent again' AS reason;


-- name: next_order^
-- A job that the lane has to run, if it has any.
SELECT id, phone_number_id, trace, content, total FROM jobs
WHERE phone_number_id = :phone_number_id AND wanted = 'run'
  AND (state IN ('queued', 'running')
       OR state = 'paused' AND (wanted_no > followed_no OR stopped_by = 'brake'))
  AND NOT EXISTS (SELECT FROM brakes WHERE scope IN ('all', :phone_number_id))
  AND coalesce(greatest(scheduled_at, rests_until) <= clock_timestamp(), true)
ORDER BY is_test DESC, last_turn_at NULLS FIRST, created_at, id
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
-- The outbox in one query. Runnable work, or messages of a stopped job that a dead holder left in
-- sending, and nobody who holds its lane, though its turn was due
-- (thousands that rest for their messaging limit are not all woken every second), or a holder that
-- has claimed nothing for longer than its lease can last: the turn was never published, or was lost
-- with its stream. Waking one that has its turn is harmless. One that
-- has it and is overdue all the same: its turn went to a daemon that died before it took the lane.
SELECT DISTINCT ON (j.phone_number_id) j.id, j.phone_number_id, j.trace, j.content, j.total,
       (l.holder IS NULL OR l.is_released)
           AND greatest(j.created_at, j.scheduled_at, j.rests_until, l.turn_due_at)
               < now() - :overdue_seconds * interval '1 second' AS is_overdue
FROM jobs j LEFT JOIN lanes l USING (phone_number_id)
WHERE (j.wanted = 'run'
       AND (j.state IN ('queued', 'running')
            OR j.state = 'paused' AND (j.wanted_no > j.followed_no OR j.stopped_by = 'brake'))
       AND NOT EXISTS (SELECT FROM brakes WHERE scope IN ('all', j.phone_number_id))
       AND coalesce(greatest(j.scheduled_at, j.rests_until) <= now(), true)
       OR j.sending > 0 AND j.finished_at IS NULL)
  AND CASE WHEN l.holder IS NULL OR l.is_released
           THEN greatest(j.created_at, j.scheduled_at, j.rests_until, l.released_at, l.turn_due_at)
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
SELECT id AS job_id, phone_number_id, trace, state, sent, failed, unknown, skipped, event_no, reason
FROM jobs
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
-- unless the message is known to have been delivered, whichever comes first. Failed with 131049 it is
-- skipped: Meta held it back, and may deliver it another day. A receipt of another id than the one that is
-- known belongs to an earlier attempt, and says only that. What is in sending waits: the caller
-- gets it back as it is and asks again. Merging the same batch twice changes nothing. What was found
-- is told as it was, and what has moved once more as it is: a join of the two would be one of each with
-- each, because nothing is known of their sizes beforehand.
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
           m.state = 'skipped' AND m.error_code IS NOT NULL AS was_deferred,
           CASE
               WHEN m.message_id <> r.message_id THEN m.state
               WHEN m.state IN ('sending', 'read', 'canceled') THEN m.state
               WHEN r.read_at IS NOT NULL THEN 'read'
               WHEN r.delivered_at IS NOT NULL OR m.state = 'delivered' THEN 'delivered'
               WHEN m.state IN ('failed', 'skipped') THEN m.state
               WHEN r.failed_at IS NOT NULL AND m.state IN ('unknown', 'sent')
                    AND (m.message_id = r.message_id OR r.attempt = m.attempt)
                    THEN CASE WHEN r.code = :deferring_code THEN 'skipped' ELSE 'failed' END
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
        sent_at = CASE WHEN f.becomes IN ('failed', 'skipped') THEN m.sent_at
                       ELSE coalesce(m.sent_at, f.sent_at, f.delivered_at, f.read_at) END,
        delivered_at = coalesce(m.delivered_at, f.delivered_at),
        read_at = coalesce(m.read_at, f.read_at),
        failed_at = CASE WHEN f.becomes IN ('failed', 'skipped') THEN f.failed_at END,
        error_code = CASE WHEN f.becomes IN ('failed', 'skipped') THEN f.code END,
        error_title = CASE WHEN f.becomes IN ('failed', 'skipped') THEN f.title END,
        error_details = CASE WHEN f.becomes IN ('failed', 'skipped') THEN f.details END,
        reason = NULL, unknown_at = NULL,
        due_at = CASE WHEN f.becomes = 'skipped' THEN f.failed_at + interval '24 hours' END
    FROM found f
    WHERE m.job_id = f.job_id AND m.seq = f.seq AND m.state = f.was
      AND m.job_id = ANY (:job_ids::uuid[]) AND m.seq = ANY (:seqs::integer[])
      AND f.is_of_this_id AND f.was NOT IN ('sending', 'canceled')
      AND (f.becomes <> f.was
           OR f.was IN ('delivered', 'read')
              AND (m.delivered_at IS NULL AND f.delivered_at IS NOT NULL
                   OR m.read_at IS NULL AND f.read_at IS NOT NULL))
    RETURNING m.job_id, m.seq, f.loop, f.was, f.was_deferred, m.state, m.recipient, m.error_code,
              m.message_id, m.failed_at
), opted_out AS (
    INSERT INTO suppressions AS s (number, source, scope, reason, at, message_id, job_id, seq)
    SELECT DISTINCT ON (recipient) recipient, 'meta', 'marketing', 'Meta refused: 131050',
           failed_at, message_id, job_id, seq
    FROM merged WHERE state = 'failed' AND error_code = :stopped_code
    ORDER BY recipient, failed_at DESC
    ON CONFLICT (number, source) DO UPDATE SET
        scope = excluded.scope, reason = excluded.reason, at = excluded.at,
        message_id = excluded.message_id, job_id = excluded.job_id, seq = excluded.seq,
        lifted_at = NULL
    WHERE s.lifted_at < excluded.at
), moved AS (
    SELECT *, state IN ('sent', 'delivered', 'read') AS is_taken,
           was IN ('sent', 'delivered', 'read') AS was_taken
    FROM merged WHERE state <> was
), by_loop AS (
    SELECT job_id, loop, count(*) AS n,
           count(*) FILTER (WHERE is_taken AND NOT was_taken)
               - count(*) FILTER (WHERE was_taken AND NOT is_taken) AS sent,
           count(*) FILTER (WHERE state = 'failed') - count(*) FILTER (WHERE was = 'failed')
               AS failed,
           count(*) FILTER (WHERE state = 'skipped') - count(*) FILTER (WHERE was = 'skipped')
               AS skipped,
           count(*) FILTER (WHERE state = 'skipped') - count(*) FILTER (WHERE was_deferred)
               AS deferred,
           count(*) FILTER (WHERE was = 'unknown') AS unknown,
           count(*) FILTER (WHERE was = 'queued') AS queued,
           count(*) FILTER (WHERE state IN ('delivered', 'read') AND was <> 'delivered')
               AS delivered,
           count(*) FILTER (WHERE state = 'read') AS read
    FROM moved GROUP BY job_id, loop
), loops_told AS (
    UPDATE loops l SET
        sent = l.sent + b.sent, failed = l.failed + b.failed, unknown = l.unknown - b.unknown,
        skipped = l.skipped + b.skipped
    FROM by_loop b WHERE l.job_id = b.job_id AND l.loop = b.loop
), jobs_told AS (
    UPDATE jobs j SET
        sent = j.sent + b.sent, failed = j.failed + b.failed, unknown = j.unknown - b.unknown,
        skipped = j.skipped + b.skipped, deferred = j.deferred + b.deferred,
        queued = j.queued - b.queued, delivered = j.delivered + b.delivered,
        read = j.read + b.read, event_no = j.event_no + b.n
    FROM (SELECT job_id, sum(n) AS n, sum(sent) AS sent, sum(failed) AS failed,
                 sum(skipped) AS skipped, sum(deferred) AS deferred, sum(unknown) AS unknown, sum(queued) AS queued, sum(delivered) AS delivered,
                 sum(read) AS read
          FROM by_loop GROUP BY job_id) b
    WHERE j.id = b.job_id
    RETURNING j.id, j.phone_number_id, j.trace, j.event_no, j.sent, j.failed, j.skipped, j.unknown,
              j.delivered, j.read
)
SELECT m.job_id, m.seq, m.was, m.state AS becomes, m.recipient,
       j.phone_number_id, j.trace, j.event_no, j.sent, j.failed, j.skipped, j.unknown, j.delivered,
       j.read
FROM moved m JOIN jobs_told j ON j.id = m.job_id
UNION ALL
SELECT job_id, seq, was, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM found
ORDER BY job_id, seq;


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


-- name: note_people_limit!
-- What a plan can be made with: how many people Meta lets the number write to in a day.
UPDATE lanes SET people_limit = :people_limit
WHERE phone_number_id = :phone_number_id AND people_limit IS DISTINCT FROM :people_limit;
