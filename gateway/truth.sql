-- What became of messages: read, a page at a time, so that no job is too long and no reader too slow.


-- name: messages
-- Messages in a stretch of a job. No index names a message's state, so that a rare one is looked for
-- through the rows, stretch by stretch: each is read by the key alone and costs the same, even while
-- the planner's statistics know nothing of a job that has just come in.
SELECT seq, recipient, variables, state, attempt, message_id, error_code, error_title, error_details,
       reason, due_at, claimed_at, sent_at, delivered_at, read_at, failed_at, unknown_at
FROM messages
WHERE job_id = :job_id AND seq > :after AND seq <= :last
  AND (:states::text[] IS NULL OR state = ANY (:states))
  AND (:codes::integer[] IS NULL OR error_code = ANY (:codes))
  AND (:numbers::text[] IS NULL OR recipient LIKE ANY (:numbers))
ORDER BY seq
LIMIT :limit;


-- name: first_values$
-- The first recipient's own values. All of a job have values for the same places, or none has any:
-- a row that lacks one is none of a job, and a part sent again copies its parent's.
SELECT variables FROM messages WHERE job_id = :job_id AND seq = 1;


-- name: messages_to
-- What an owner's jobs had for one person, newest first; the job's id makes the order total.
SELECT m.seq, m.recipient, m.variables, m.state, m.attempt, m.message_id,
       m.error_code, m.error_title, m.error_details, m.reason, m.due_at, m.claimed_at, m.sent_at,
       m.delivered_at, m.read_at, m.failed_at, m.unknown_at,
       j.id AS job_id, j.state AS job_state, j.campaign_name, j.phone_number_id, j.content,
       j.loop_size, j.created_at
FROM messages m JOIN jobs j ON j.id = m.job_id
WHERE m.recipient = :number AND j.owner = :owner
  AND (:at::timestamptz IS NULL OR (j.created_at, j.id) < (:at, :id::uuid))
ORDER BY j.created_at DESC, j.id DESC
LIMIT :limit;


-- name: figures
-- Jobs of an owner, test sends left apart, by the day on which they began and by their number. `bounds` are the beginnings
-- of the days, so that days of any zone, and those of 23 or 25 hours, are what they are.
SELECT CASE WHEN :by_day::boolean
            THEN width_bucket(coalesce(started_at, created_at), :bounds::timestamptz[])
       END AS day,
       CASE WHEN :by_number::boolean THEN phone_number_id END AS phone_number_id,
       count(*) AS jobs, sum(total)::bigint AS messages, sum(queued)::bigint AS queued,
       sum(sending)::bigint AS sending, sum(sent)::bigint AS sent,
       sum(delivered)::bigint AS delivered, sum(read)::bigint AS read,
       sum(failed)::bigint AS failed, sum(unknown)::bigint AS unknown,
       sum(skipped)::bigint AS skipped, sum(deferred)::bigint AS deferred,
       sum(canceled)::bigint AS canceled
FROM jobs
WHERE owner = :owner AND NOT is_test
  AND coalesce(started_at, created_at) >= :begin::timestamptz
  AND coalesce(started_at, created_at) < :end::timestamptz
GROUP BY 1, 2
ORDER BY 1, 2;
