-- Sending numbers, as people keep them.

-- name: numbers
-- All that are sent from: those that are kept, that of the environment, and whatever has a lane or
-- jobs, which goes out with the environment's token; each with its lane and what waits in it.
WITH named AS (
    SELECT phone_number_id FROM numbers
    UNION SELECT phone_number_id FROM lanes
    UNION SELECT phone_number_id FROM jobs WHERE finished_at IS NULL
    UNION SELECT :own::text WHERE :own::text IS NOT NULL
), work AS (
    SELECT phone_number_id, count(*)::integer AS unfinished_jobs,
           count(*) FILTER (WHERE queued > 0)::integer AS jobs_waiting,
           sum(queued)::integer AS messages_waiting,
           max(limited_until) FILTER (WHERE limited_by = 'messaging limit') AS limited_until
    FROM jobs WHERE finished_at IS NULL GROUP BY phone_number_id
), reached AS (
    SELECT coalesce(sum(people), 0)::integer AS people FROM reach
    WHERE minute > now() - interval '1 day 1 minute'
)
SELECT a.phone_number_id, n.name, n.provider, n.waba_id, n.token_hint, n.token_set_by,
       n.token_set_at, n.app_secret IS NOT NULL AS has_app_secret, n.messages_per_second,
       n.loop_pause_ms, n.messaging_limit, coalesce(n.is_enabled, true) AS enabled, n.made_by,
       n.made_at, n.changed_by, n.changed_at, coalesce(w.unfinished_jobs, 0) AS unfinished_jobs,
       coalesce(w.jobs_waiting, 0) AS jobs_waiting,
       coalesce(w.messages_waiting, 0) AS messages_waiting, w.limited_until, l.people_limit,
       (SELECT people FROM reached) AS reached, l.held_until, l.held_by, l.slowed_to, l.slowed_from,
       l.slowed_at,
       EXISTS (SELECT FROM brakes WHERE scope IN ('all', a.phone_number_id)) AS is_braked
FROM named a
LEFT JOIN numbers n USING (phone_number_id)
LEFT JOIN lanes l USING (phone_number_id)
LEFT JOIN work w USING (phone_number_id)
WHERE :phone_number_id::text IS NULL OR a.phone_number_id = :phone_number_id
ORDER BY (n.phone_number_id IS NULL AND a.phone_number_id IS NOT DISTINCT FROM :own) DESC,
         n.made_at, a.phone_number_id
LIMIT 1000;


-- name: keep_number$
-- Make it, or change what is given of it: secrets that are not stay as they are. NULL: it is new, and
-- has no token.
INSERT INTO numbers AS n (phone_number_id, name, provider, waba_id, token, token_hint, token_set_by,
                          app_secret, messages_per_second, loop_pause_ms, messaging_limit,
                          is_enabled, made_by, changed_by)
SELECT :phone_number_id, :name, :provider, :waba_id, coalesce(:token::bytea, k.token),
       coalesce(:token_hint, k.token_hint), coalesce(k.token_set_by, :who),
       coalesce(:app_secret::bytea, k.app_secret), :messages_per_second, :loop_pause_ms,
       :messaging_limit, :is_enabled, :who, :who
FROM (SELECT) one LEFT JOIN numbers k ON k.phone_number_id = :phone_number_id
WHERE :token::bytea IS NOT NULL OR k.token IS NOT NULL
ON CONFLICT (phone_number_id) DO UPDATE SET
    name = excluded.name, provider = excluded.provider, waba_id = excluded.waba_id,
    token = excluded.token, token_hint = excluded.token_hint, app_secret = excluded.app_secret,
    token_set_by = CASE WHEN :token::bytea IS NULL THEN n.token_set_by ELSE :who END,
    token_set_at = CASE WHEN :token::bytea IS NULL THEN n.token_set_at ELSE now() END,
    messages_per_second = excluded.messages_per_second, loop_pause_ms = excluded.loop_pause_ms,
    messaging_limit = excluded.messaging_limit, is_enabled = excluded.is_enabled,
    changed_by = :who, changed_at = now()
RETURNING phone_number_id;


-- name: drop_number$
-- Not while jobs of it have not ended: they would go on with another token.
DELETE FROM numbers n
WHERE phone_number_id = :phone_number_id
  AND NOT EXISTS (SELECT FROM jobs j WHERE j.phone_number_id = n.phone_number_id
                  AND j.finished_at IS NULL)
RETURNING phone_number_id;


-- name: jobs_of_number
-- The first of those that keep a number.
SELECT id FROM jobs WHERE phone_number_id = :phone_number_id AND finished_at IS NULL
ORDER BY created_at LIMIT 5;
