-- A part of a job sent again: a child, made in one transaction, that overlaps nothing of its family.


-- name: lock_family$
-- Two parts of a family are chosen one after the other: the second sees what the first has taken. No
-- row is locked, so receipts are merged meanwhile; the claim asks again for what they have changed.
SELECT pg_advisory_xact_lock(:lock::integer, hashtext(:family_id::text));


-- name: kin
-- All jobs of a family.
SELECT id, finished_at IS NOT NULL AS is_finished
FROM jobs WHERE id = :family_id OR family_id = :family_id;


-- name: insert_child^
-- The same content, number, loop size, send window and rate. Its total is not known yet, and is as much as it can be
-- until `complete_child`. Nobody holds it against its template here, so its first message does. No
-- row: another request with this key was first.
INSERT INTO jobs (id, owner, phone_number_id, campaign_name, campaign_id, content, category,
                  is_checked, submission, idempotency_key, request_hash, loop_size, total, queued,
                  parent_id, family_id, repeats_doubts, trace, send_window, messages_per_second,
                  loop_pause_ms)
SELECT :id, owner, phone_number_id, coalesce(:campaign_name, campaign_name), campaign_id, content,
       category, false, '{}', :idempotency_key, :request_hash, loop_size, total, total,
       id, :family_id, :repeats_doubts, :trace, send_window, messages_per_second, loop_pause_ms
FROM jobs
WHERE id = :parent_id AND finished_at IS NOT NULL
ON CONFLICT (owner, idempotency_key) DO NOTHING
RETURNING created_at, loop_size;


-- name: copy_part
-- Of a stretch of the parent: what is asked for, and nobody who has got the message, may still get
-- it, wants none, or cannot be reached. Every job of the family is asked, not the parent alone: what
-- a child has brought since counts as much. What is left out is counted by why; '' was taken.
WITH asked AS (
    SELECT seq, recipient, variables, zone FROM messages
    WHERE job_id = :parent_id AND seq BETWEEN :first_seq AND :last_seq
      AND (state = ANY (:states::text[])
           OR state IN ('failed', 'skipped') AND error_code = ANY (:codes::integer[]))
), told AS (
    SELECT a.seq, a.recipient, a.variables, a.zone, k.*,
           EXISTS (SELECT FROM suppressions s
                   WHERE s.number = a.recipient AND s.lifted_at IS NULL
                     AND (s.scope = 'all' OR :is_marketing)) AS is_opted_out
    FROM asked a CROSS JOIN LATERAL (
        SELECT bool_or(k.state IN ('sent', 'delivered', 'read')) AS has_it,
               bool_or(k.state IN ('queued', 'sending')
                       OR k.state = 'unknown' AND k.job_id = ANY (:open::uuid[])) AS may_get_it,
               bool_or(k.state = 'unknown') AS is_in_doubt,
               bool_or(k.state IN ('failed', 'skipped')
                       AND k.error_code = ANY (:never_again::integer[])) AS is_final,
               max(coalesce(k.due_at, k.failed_at + :defer_seconds * interval '1 second')) FILTER (
                   WHERE k.state = 'skipped' AND k.error_code = :deferring_code) AS until
        FROM messages k WHERE k.recipient = a.recipient AND k.job_id = ANY (:kin::uuid[])
    ) k
), judged AS (
    SELECT seq, recipient, variables, zone, until,
           CASE WHEN has_it THEN :has_it
                WHEN may_get_it THEN :may_get_it
                WHEN is_in_doubt AND NOT :repeats_doubts THEN :in_doubt
                WHEN is_opted_out THEN :opted_out
                WHEN is_final THEN :final
                WHEN until > now() THEN :too_soon
                ELSE ''
           END AS left_out
    FROM told
), made AS (
    INSERT INTO messages (job_id, seq, recipient, variables, zone)
    SELECT :id, :made + row_number() OVER (ORDER BY seq), recipient, variables, zone
    FROM judged WHERE left_out = '' ORDER BY seq
)
SELECT left_out AS reason, count(*)::integer AS count,
       max(until) FILTER (WHERE left_out = :too_soon) AS until
FROM judged GROUP BY left_out;


-- name: complete_child!
-- The loops, as those of a submission are cut.
WITH child AS (
    UPDATE jobs SET total = :total, queued = :total, submission = :submission WHERE id = :id
    RETURNING id, loop_size, total
)
INSERT INTO loops (job_id, loop, first_seq, last_seq)
SELECT id, n, (n - 1) * loop_size + 1, least(n * loop_size, total)
FROM child, generate_series(1, (total + loop_size - 1) / loop_size) AS n;


-- name: note_resend!
-- Who wanted it, in the parent's trail.
INSERT INTO audit (job_id, kind, what, who, why)
VALUES (:parent_id, 'asked', 'resend', :who, 'job ' || :id::uuid);
