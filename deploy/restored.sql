-- What has to be known of a database that was restored, before anything of it is sent.


-- name: daemons_alive$
SELECT count(*) FROM live_daemons;


-- name: known_jobs
-- Which of these the ledger has: those that were made after the backup, it has not.
SELECT id FROM jobs WHERE id = ANY (:ids::uuid[]);
