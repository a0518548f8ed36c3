-- What Meta's rules move: jobs that are stopped or may go on, and who wants no more messages.


-- name: lanes_to_stop
-- The lanes of what `stop_jobs` is going to stop, locked in the order in which all lock them.
SELECT phone_number_id FROM lanes
WHERE phone_number_id IN (
    SELECT phone_number_id FROM jobs
    WHERE state IN ('queued', 'running')
      AND (:job_id::uuid IS NULL OR id = :job_id)
      AND (:phone_number_id::text IS NULL OR phone_number_id = :phone_number_id)
      AND (:template::text IS NULL OR content ->> 'name' = :template)
      AND (:accounts::text[] IS NULL OR account_of(phone_number_id) = ANY (:accounts)))
ORDER BY phone_number_id
FOR NO KEY UPDATE;


-- name: stop_jobs
-- Meta says no to more than one message: what it says no to waits for a person, and nothing of it is
-- lost. Each condition holds where it is given: one job, one template, one number, one account, or
-- everything.
UPDATE jobs SET
    state = 'paused', reason = :reason, stopped_by = :stopped_by, followed_no = wanted_no,
    limited_by = NULL, limited_until = NULL, event_no = event_no + 1
WHERE (state IN ('queued', 'running')
       OR :retells AND state = 'paused' AND stopped_by = 'template'
          AND reason IS DISTINCT FROM :reason)
  AND (:job_id::uuid IS NULL OR id = :job_id)
  AND (:phone_number_id::text IS NULL OR phone_number_id = :phone_number_id)
  AND (:template::text IS NULL OR content ->> 'name' = :template
       AND replace(lower(coalesce(content ->> 'language_code', 'en_US')), '-', '_') = :language)
  AND (:accounts::text[] IS NULL OR account_of(phone_number_id) = ANY (:accounts))
  AND (:since::timestamptz IS NULL OR resumed_at IS NULL OR resumed_at < :since)
RETURNING id AS job_id, phone_number_id, trace, state, reason, event_no;


-- name: lanes_of_template
-- As `lanes_to_stop`, for what a template's pause had stopped.
SELECT phone_number_id FROM lanes
WHERE phone_number_id IN (
    SELECT phone_number_id FROM jobs
    WHERE state = 'paused' AND stopped_by = 'template' AND finished_at IS NULL
      AND content ->> 'name' = :template
      AND (:accounts::text[] IS NULL OR account_of(phone_number_id) = ANY (:accounts)))
ORDER BY phone_number_id
FOR NO KEY UPDATE;


-- name: template_is_back
-- Jobs that a template's pause had stopped are told that it is over. They go on where that is wanted
-- (AUTO_RESUME), or else when a person says so.
UPDATE jobs SET
    state = CASE WHEN :resumes THEN 'running' ELSE 'paused' END,
    reason = CASE WHEN :resumes THEN NULL ELSE :reason END,
    stopped_by = CASE WHEN :resumes THEN NULL ELSE stopped_by END,
    resumed_at = CASE WHEN :resumes THEN clock_timestamp() ELSE resumed_at END,
    event_no = event_no + 1
WHERE state = 'paused' AND stopped_by = 'template' AND wanted = 'run' AND finished_at IS NULL
  AND content ->> 'name' = :template
  AND replace(lower(coalesce(content ->> 'language_code', 'en_US')), '-', '_') = :language
  AND (:resumes OR reason IS DISTINCT FROM :reason)
  AND (:accounts::text[] IS NULL OR account_of(phone_number_id) = ANY (:accounts))
RETURNING id AS job_id, phone_number_id, trace, state, :reason::text AS reason, event_no;


-- name: job_to_stop^
SELECT phone_number_id, content FROM jobs WHERE id = :job_id;


-- name: is_news$
-- Meta repeats its news for days and promises no order: what is older than the newest that was seen
-- of the same subject says nothing any more. Times are whole seconds: another event of the same one
-- counts. Until the transaction ends, other news of the subject wait, so that what is newer is also
-- dealt with later.
INSERT INTO notices AS n (subject, event, at)
VALUES (:subject, :event, coalesce(:at::timestamptz, now()))
ON CONFLICT (subject) DO UPDATE SET event = excluded.event, at = excluded.at
WHERE n.at < excluded.at OR n.at = excluded.at AND n.event <> excluded.event
RETURNING true;


-- name: suppress!
-- Who wrote STOP, pressed its button, or stopped marketing in WhatsApp; with the campaign's message
-- that it answers, where that is known. A stop that is not newer than its row's lift is a repeat.
-- What the recipient said only widens; and the newest stands.
WITH asked AS (
    SELECT DISTINCT ON (a.number, a.source) a.number, a.source, a.scope, a.reason,
           least(a.at, now()) AS at, a.message_id, a.context_id
    FROM unnest(:numbers::text[], :sources::text[], :scopes::text[], :reasons::text[],
                :ats::timestamptz[], :message_ids::text[], :context_ids::text[])
         AS a(number, source, scope, reason, at, message_id, context_id)
    LEFT JOIN LATERAL (
        SELECT lifted_at FROM suppressions
        WHERE number = a.number AND source = a.source LIMIT 1) s ON true
    WHERE a.number ~ '^[0-9]{7,15}$' AND (s.lifted_at IS NULL OR a.at > s.lifted_at)
    ORDER BY a.number, a.source, a.scope = 'all' DESC, a.at DESC
)
INSERT INTO suppressions AS s (number, source, scope, reason, at, message_id, job_id, seq)
SELECT a.number, a.source, a.scope, a.reason, a.at, a.message_id, m.job_id, m.seq
FROM asked a
LEFT JOIN messages m ON m.recipient = a.number AND m.message_id = a.context_id
ORDER BY a.number, a.source
ON CONFLICT (number, source) DO UPDATE SET
    scope = excluded.scope, reason = excluded.reason, at = excluded.at,
    message_id = excluded.message_id, job_id = excluded.job_id, seq = excluded.seq,
    lifted_at = NULL
WHERE CASE WHEN s.lifted_at IS NOT NULL THEN excluded.at > s.lifted_at
           WHEN s.scope <> excluded.scope THEN excluded.scope = 'all'
           ELSE excluded.at > s.at END;


-- name: resume_marketing!
-- Lifts what Meta stopped for the recipient, and no other stop. A resume that comes before its stop
-- leaves a row that is lifted already, so that the latecomer changes nothing.
WITH asked AS (
    SELECT DISTINCT ON (number) number, least(at, now()) AS at, reason
    FROM unnest(:numbers::text[], :ats::timestamptz[], :reasons::text[]) AS a(number, at, reason)
    WHERE number ~ '^[0-9]{7,15}$'
    ORDER BY number, at DESC
)
INSERT INTO suppressions AS s (number, source, scope, reason, at, lifted_at)
SELECT number, 'meta', 'marketing', reason, at, at FROM asked ORDER BY number
ON CONFLICT (number, source) DO UPDATE SET lifted_at = excluded.at
WHERE excluded.at > coalesce(s.lifted_at, s.at);
