-- Who wants no messages: the gateway's part of the list. A row is active while lifted_at is NULL.

-- name: suppress^
-- Many at once, as often as you like. A stop that is not newer than the lift of its row changes
-- nothing: it is a repeat. A newer one makes the row active again. Of an active row the newest stop
-- holds, with two exceptions. What the recipient said only widens: of the widest, the newest. What
-- the operator says again as it was said changes nothing, and keeps the day of the first time; a
-- reason that is not given keeps the one there is. A time that is not given is now, and none is
-- later. Rows are written in the order of the key, so that two lists at once never wait for each
-- other in a circle; plain repeats are left out before, because even a row that is not updated would
-- be locked, which is a write. LATERAL and LIMIT keep the look-ups on the key, however large the
-- list: a hash of all of it took longer than the writing.
WITH asked AS (
    SELECT number, source, scope, reason, least(at, now()) AS at, place
    FROM unnest(:numbers::text[], :sources::text[], :scopes::text[], :reasons::text[],
                :ats::timestamptz[])
         WITH ORDINALITY AS a(number, source, scope, reason, at, place)
), given AS (
    SELECT DISTINCT ON (a.number, a.source) a.number, a.source, a.scope, a.at,
           coalesce(a.reason, CASE WHEN s.lifted_at IS NULL THEN s.reason END, :reason) AS reason,
           s.number IS NOT NULL AND s.lifted_at IS NULL AS was_active,
           coalesce(s.lifted_at IS NULL AND s.scope = a.scope
                    AND (s.at >= a.at
                         OR s.source = 'operator' AND coalesce(a.reason, s.reason) = s.reason),
                    false) AS is_repeat
    FROM asked a
    LEFT JOIN LATERAL (SELECT * FROM suppressions
                       WHERE number = a.number AND source = a.source LIMIT 1) s ON true
    WHERE s.lifted_at IS NULL OR a.at > s.lifted_at
    ORDER BY a.number, a.source, a.source = 'recipient' AND a.scope = 'all' DESC,
             a.at DESC, a.place DESC
), written AS (
    INSERT INTO suppressions AS s (number, source, scope, reason, at)
    SELECT number, source, scope, reason, at FROM given WHERE NOT is_repeat ORDER BY number, source
    ON CONFLICT (number, source) DO UPDATE SET
        scope = excluded.scope, reason = excluded.reason, at = excluded.at,
        message_id = NULL, job_id = NULL, seq = NULL, lifted_at = NULL
    WHERE CASE
        WHEN s.lifted_at IS NOT NULL THEN excluded.at > s.lifted_at
        WHEN s.source = 'recipient' AND s.scope <> excluded.scope THEN excluded.scope = 'all'
        ELSE excluded.at > s.at
    END
    RETURNING number, source
)
SELECT count(*) FILTER (WHERE NOT g.was_active) AS added,
       count(*) FILTER (WHERE g.was_active) AS changed
FROM written w JOIN given g ON g.number = w.number AND g.source = w.source;

-- name: lift
-- Rows stay, so that a stop that is told again later is known to be over.
UPDATE suppressions SET lifted_at = greatest(now(), at)
WHERE number = :number AND source = ANY (:sources::text[]) AND lifted_at IS NULL
RETURNING source;

-- name: suppressions_of
-- All that is known of one number, lifted or not.
SELECT number, source, scope, reason, at, message_id, job_id, seq, lifted_at
FROM suppressions
WHERE number = :number
ORDER BY at DESC, source;

-- name: newest_suppressions
-- One page of the active ones after a place in the order. The two halves are what each can be read
-- off the index: the rest of the moment at which the last page ended (an import is one moment),
-- and what is older.
SELECT * FROM (
    (SELECT number, source, scope, reason, at, message_id, job_id, seq, lifted_at
     FROM suppressions
     WHERE lifted_at IS NULL AND at = :at AND (number, source) > (:number, :source)
       AND (:of_source::text IS NULL OR source = :of_source)
       AND (:of_scope::text IS NULL OR scope = :of_scope)
     ORDER BY number, source
     LIMIT :limit)
    UNION ALL
    (SELECT number, source, scope, reason, at, message_id, job_id, seq, lifted_at
     FROM suppressions
     WHERE lifted_at IS NULL AND at < coalesce(:at, 'infinity')
       AND (:of_source::text IS NULL OR source = :of_source)
       AND (:of_scope::text IS NULL OR scope = :of_scope)
     ORDER BY at DESC, number, source
     LIMIT :limit)
) AS page
ORDER BY at DESC, number, source
LIMIT :limit;

-- name: count_suppressions$
SELECT count(*)
FROM suppressions
WHERE lifted_at IS NULL
  AND (:of_source::text IS NULL OR source = :of_source)
  AND (:of_scope::text IS NULL OR scope = :of_scope);

-- name: suppressions_in_order
-- The active ones by number, a page at a time: for reading all of them without a transaction that
-- lasts as long as the slowest reader.
SELECT number, source, scope, reason, at, message_id, job_id, seq, lifted_at
FROM suppressions
WHERE lifted_at IS NULL AND (number, source) > (:number, :source)
  AND (:of_source::text IS NULL OR source = :of_source)
  AND (:of_scope::text IS NULL OR scope = :of_scope)
ORDER BY number, source
LIMIT :limit;

-- name: suppressed_count$
-- How many of these numbers get nothing of this kind.
SELECT count(DISTINCT number)
FROM suppressions
WHERE number = ANY (:numbers::text[]) AND lifted_at IS NULL AND (scope = 'all' OR :is_marketing);
