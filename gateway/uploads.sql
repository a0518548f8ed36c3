-- Files of recipients: brought, read again, submitted, and gone after a day.

-- name: begin_upload$
-- Nobody sees it before `finish_upload`. NULL: its owner keeps as many as may be.
INSERT INTO uploads (id, owner, region, expires_at)
SELECT :id, :owner, :region, :expires_at
 WHERE (SELECT count(*) FROM uploads WHERE owner = :owner) < :most
RETURNING id;

-- name: add_chunk!
INSERT INTO upload_chunks (upload_id, no, rejected, rows)
VALUES (:upload_id, :no, :rejected, :rows);

-- name: finish_upload$
-- NULL: it was swept, because it took too long.
UPDATE uploads SET
    answer = :answer, heading = :heading, has_header = :has_header, rows = :rows,
    expires_at = :expires_at
 WHERE id = :id
RETURNING id;

-- name: upload^
-- Whoever owns it, so that a stranger's can be told from none.
SELECT id, owner, answer, heading, has_header, region, rows
  FROM uploads
 WHERE id = :id AND answer IS NOT NULL AND expires_at > now();

-- name: chunk_from^
-- The next chunk of an upload; `least`: with so many rejected rows in it, 0 or 1.
SELECT no, rows
  FROM upload_chunks
 WHERE upload_id = :upload_id AND no >= :no AND rejected >= :least
 ORDER BY no
 LIMIT 1;

-- name: delete_upload!
DELETE FROM uploads WHERE id = :id;

-- name: sweep_uploads$
-- A few at a time, so that no statement takes long; another gateway's sweep takes others.
WITH gone AS (
    DELETE FROM uploads
     WHERE id IN (SELECT id FROM uploads
                   WHERE expires_at <= now()
                   ORDER BY expires_at
                   LIMIT :most
                   FOR UPDATE SKIP LOCKED)
    RETURNING id
)
SELECT count(*) FROM gone;
