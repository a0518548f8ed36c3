-- Sending numbers, as people keep them.

-- name: numbers
SELECT n.phone_number_id, n.name, n.provider, n.waba_id, n.token_hint, n.token_set_by,
       n.token_set_at, n.app_secret IS NOT NULL AS has_app_secret, n.messages_per_second,
       n.loop_pause_ms, n.messaging_limit, n.is_enabled AS enabled, n.made_by, n.made_at,
       n.changed_by, n.changed_at,
       (SELECT count(*) FROM jobs j WHERE j.phone_number_id = n.phone_number_id
           AND j.finished_at IS NULL)::integer AS unfinished_jobs
FROM numbers n
WHERE :phone_number_id::text IS NULL OR n.phone_number_id = :phone_number_id
ORDER BY n.made_at, n.phone_number_id LIMIT 1000;


-- name: unfinished_jobs$
SELECT count(*)::integer FROM jobs WHERE phone_number_id = :phone_number_id AND finished_at IS NULL;


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
