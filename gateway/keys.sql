-- Keys that people make, and the sessions that they have begun.

-- name: insert_key!
INSERT INTO api_keys (id, name, digest, hint, scopes, submissions_per_minute, made_by, expires_at)
VALUES (:id, :name, :digest, :hint, :scopes, :submissions_per_minute, :made_by, :expires_at);


-- name: key_of^
-- Who holds this key, if it is none that was revoked or has expired. That it is used is noted once a
-- minute, not each time: else every request would be a write.
WITH found AS (
    SELECT id, name, scopes, submissions_per_minute FROM api_keys
    WHERE digest = :digest AND revoked_at IS NULL
      AND coalesce(expires_at > clock_timestamp(), true)
), noted AS (
    UPDATE api_keys k SET last_used_at = now() FROM found f
    WHERE k.id = f.id AND coalesce(k.last_used_at < now() - interval '1 minute', true)
)
SELECT * FROM found;


-- name: key_of_session^
-- Who holds the key that has begun this session; no row: it is over, or its key is.
WITH found AS (
    SELECT k.id, k.name, k.scopes, k.submissions_per_minute
    FROM api_sessions s JOIN api_keys k ON k.id = s.key_id
    WHERE s.digest = :digest AND s.expires_at > clock_timestamp() AND k.revoked_at IS NULL
      AND coalesce(k.expires_at > clock_timestamp(), true)
), noted AS (
    UPDATE api_keys k SET last_used_at = now() FROM found f
    WHERE k.id = f.id AND coalesce(k.last_used_at < now() - interval '1 minute', true)
)
SELECT * FROM found;


-- name: keys
-- All of them, the newest first.
SELECT id, name, hint, scopes, submissions_per_minute, made_by, made_at, expires_at, last_used_at,
       revoked_by, revoked_at,
       revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true) AS is_live
FROM api_keys ORDER BY made_at DESC, id LIMIT 1000;


-- name: one_key^
SELECT id, name, hint, scopes, submissions_per_minute, made_by, made_at, expires_at, last_used_at,
       revoked_by, revoked_at,
       revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true) AS is_live
FROM api_keys WHERE id = :id;


-- name: revoke_key$
-- Whoever was first has done it; NULL: somebody had, or there is none.
UPDATE api_keys SET revoked_at = clock_timestamp(), revoked_by = :who
WHERE id = :id AND revoked_at IS NULL
RETURNING id;


-- name: begin_session!
-- Those of the key that are over go with it: nobody else looks for them.
WITH over AS (
    DELETE FROM api_sessions WHERE key_id = :key_id AND expires_at < now()
)
INSERT INTO api_sessions (digest, key_id, expires_at)
VALUES (:digest, :key_id, now() + :seconds * interval '1 second');


-- name: end_session!
DELETE FROM api_sessions WHERE digest = :digest;


-- name: take_turn$
-- One submission more of this holder, if it fits: `step_seconds` each, and at most a minute of them
-- ahead. One statement, so that gateways side by side count together. NULL: it does not fit.
INSERT INTO submission_quota AS q (holder, used_until)
VALUES (:holder, clock_timestamp() + :step_seconds * interval '1 second')
ON CONFLICT (holder) DO UPDATE
    SET used_until = greatest(q.used_until, clock_timestamp()) + :step_seconds * interval '1 second'
    WHERE greatest(q.used_until, clock_timestamp()) + :step_seconds * interval '1 second'
          <= clock_timestamp() + interval '1 minute'
RETURNING holder;


-- name: turn_in_seconds$
-- Until when the next one fits.
SELECT greatest(0, extract(epoch FROM used_until - clock_timestamp()) + :step_seconds - 60)
           ::double precision
FROM submission_quota WHERE holder = :holder;
