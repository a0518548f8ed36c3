-- The gateway's part of the ledger: it makes jobs and reads them, and moves nothing.

-- name: insert_job$
-- The key decides between two submissions that come at once: the later one waits here for the
-- first, then gets no row and answers with the winner's job.
INSERT INTO jobs (id, owner, phone_number_id, campaign_name, campaign_id, content, category,
                  is_checked, submission, idempotency_key, request_hash, loop_size, total, queued,
                  scheduled_at, send_window, rests_until, messages_per_second, loop_pause_ms, is_test,
                  trace)
VALUES (:id, :owner, :phone_number_id, :campaign_name, :campaign_id, :content, :category,
        :is_checked, :submission, :idempotency_key, :request_hash, :loop_size, :total, :total,
        :scheduled_at, :send_window, :rests_until, :messages_per_second, :loop_pause_ms, :is_test,
        :trace)
ON CONFLICT (owner, idempotency_key) DO NOTHING
RETURNING created_at;

-- name: insert_loops!
-- All loops at once; the bounds are those of schemas.jobs.loop_bounds.
INSERT INTO loops (job_id, loop, first_seq, last_seq)
SELECT :job_id, n, (n - 1) * :loop_size::int + 1, least(n * :loop_size::int, :total::int)
  FROM generate_series(1, :loops::int) AS n;

-- name: submission^
-- What a submission with this key was answered, and what it was.
SELECT id, loop_size, total, created_at, submission, request_hash
  FROM jobs
 WHERE owner = :owner AND idempotency_key = :idempotency_key;

-- name: job^
-- A job whoever owns it, so that a stranger's job can be told from none. Column by column: a query
-- that is prepared for all of them fails within its transaction when a migration adds one.
SELECT id, owner, phone_number_id, campaign_name, campaign_id, content, category, state, reason,
       limited_by, loop_size, total, queued, sending, sent, failed, unknown, skipped, canceled,
       delivered, read, event_no, completion_told, doubt_until, deferred, limited_until, stopped_by,
       trace, wanted, wanted_no, followed_no, parent_id, family_id, scheduled_at, send_window,
       rests_until, messages_per_second, loop_pause_ms, is_test, created_at, started_at, finished_at,
       (SELECT coalesce(max(loop), 0) FROM loops
         WHERE job_id = jobs.id AND loops.state <> 'queued') AS current_loop,
       EXISTS (SELECT FROM brakes WHERE scope IN ('all', phone_number_id)) AS is_braked
  FROM jobs
 WHERE id = :id;

-- name: newest_jobs
-- A page of an owner's jobs by their ids, read of the index alone; the id makes the order total.
SELECT id FROM jobs
 WHERE owner = :owner
   AND (:states::text[] IS NULL OR state = ANY (:states))
   AND (:phone_number_id::text IS NULL OR phone_number_id = :phone_number_id)
   AND (:with_tests::boolean OR NOT is_test)
 ORDER BY created_at DESC, id
 LIMIT :limit OFFSET :offset;

-- name: count_jobs$
-- How many there are, likewise.
SELECT count(*) FROM jobs
 WHERE owner = :owner
   AND (:states::text[] IS NULL OR state = ANY (:states))
   AND (:phone_number_id::text IS NULL OR phone_number_id = :phone_number_id)
   AND (:with_tests::boolean OR NOT is_test);

-- name: newest_jobs_with
-- The same of jobs that are called so, each of which has to be looked at: 0.2 s of 100,000.
SELECT id FROM jobs
 WHERE owner = :owner
   AND (:states::text[] IS NULL OR state = ANY (:states))
   AND (:phone_number_id::text IS NULL OR phone_number_id = :phone_number_id)
   AND (:with_tests::boolean OR NOT is_test)
   AND (campaign_name ILIKE :part OR campaign_id ILIKE :part OR content->>'name' ILIKE :part
        OR id::text LIKE :beginning)
 ORDER BY created_at DESC, id
 LIMIT :limit OFFSET :offset;

-- name: count_jobs_with$
SELECT count(*) FROM jobs
 WHERE owner = :owner
   AND (:states::text[] IS NULL OR state = ANY (:states))
   AND (:phone_number_id::text IS NULL OR phone_number_id = :phone_number_id)
   AND (:with_tests::boolean OR NOT is_test)
   AND (campaign_name ILIKE :part OR campaign_id ILIKE :part OR content->>'name' ILIKE :part
        OR id::text LIKE :beginning);

-- name: jobs_of
-- Some jobs, newest first.
SELECT id, owner, phone_number_id, campaign_name, campaign_id, content, category, state, reason,
       limited_by, loop_size, total, queued, sending, sent, failed, unknown, skipped, canceled,
       delivered, read, event_no, completion_told, doubt_until, deferred, limited_until, stopped_by,
       trace, wanted, wanted_no, followed_no, parent_id, family_id, scheduled_at, send_window,
       rests_until, messages_per_second, loop_pause_ms, is_test, created_at, started_at, finished_at,
       (SELECT coalesce(max(loop), 0) FROM loops
         WHERE job_id = jobs.id AND loops.state <> 'queued') AS current_loop,
       EXISTS (SELECT FROM brakes WHERE scope IN ('all', phone_number_id)) AS is_braked
  FROM jobs
 WHERE id = ANY (:ids::uuid[])
 ORDER BY created_at DESC, id;

-- name: loops
SELECT loop, state, last_seq - first_seq + 1 AS size, sent, failed, unknown, skipped, canceled,
       started_at, finished_at
  FROM loops
 WHERE job_id = :job_id
 ORDER BY loop;

-- name: children
-- Jobs that send a part of this one again, the first of them.
SELECT id AS job_id, state, total AS total_recipients, created_at
  FROM jobs
 WHERE family_id = :family_id AND parent_id = :job_id
 ORDER BY created_at, id
 LIMIT 100;

-- name: in_doubt
-- Messages whose outcome nobody knows, the first few.
SELECT recipient AS "to", coalesce(reason, '') AS reason, coalesce(error_details, '') AS details,
       claimed_at AS at
  FROM messages
 WHERE job_id = :job_id AND state = 'unknown'
 ORDER BY seq
 LIMIT 20;

-- name: errors
-- Why messages failed or were deferred, most frequent first; a message without a code failed before
-- Meta saw it.
SELECT coalesce(error_code, 0) AS code, coalesce(max(error_title), '') AS title, count(*) AS count,
       coalesce(max(error_details), '') AS details
  FROM messages
 WHERE job_id = :job_id
   AND (state = 'failed' OR state = 'skipped' AND error_code IS NOT NULL)
 GROUP BY coalesce(error_code, 0)
 ORDER BY count(*) DESC, code;
