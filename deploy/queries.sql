-- Every statement of the doctor. They only read, all in one snapshot, so that a running campaign
-- gives no false finding.


-- name: allow_long_statements$
-- A server may be set to cut statements short; these walk over every message there is.
SELECT set_config('statement_timeout', :milliseconds::text, true);


-- name: ledger_size^
-- What was looked at. Where every count agrees, the totals are the number of rows.
SELECT count(*) AS jobs, coalesce(sum(total), 0)::bigint AS messages FROM jobs;


-- name: counts_that_differ
-- What jobs and loops say of their messages, beside what the rows say, where the two differ. The
-- messages are walked over once: each finds its loop by a binary search in the bounds of its job's
-- loops, and a job's rows are the sum of its loops' (those in no loop have NULL there). `rows`: the
-- job's total; `sum`: what its counters add up to; `left`: what a finished job or a completed loop
-- should have none of.
WITH cuts AS MATERIALIZED (
    SELECT job_id, array_agg(loop ORDER BY first_seq) AS loops,
           array_agg(first_seq ORDER BY first_seq) AS firsts,
           array_agg(last_seq ORDER BY first_seq) AS lasts
    FROM loops GROUP BY job_id
), by_loop AS MATERIALIZED (
    SELECT m.job_id,
           CASE WHEN m.seq <= c.lasts[width_bucket(m.seq, c.firsts)]
                THEN c.loops[width_bucket(m.seq, c.firsts)] END AS loop,
           count(*) AS n,
           count(*) FILTER (WHERE m.state = 'queued') AS queued,
           count(*) FILTER (WHERE m.state = 'sending') AS sending,
           count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'read')) AS sent,
           count(*) FILTER (WHERE m.state = 'failed') AS failed,
           count(*) FILTER (WHERE m.state = 'unknown') AS unknown,
           count(*) FILTER (WHERE m.state = 'skipped') AS skipped,
           count(*) FILTER (WHERE m.state = 'skipped' AND m.error_code IS NOT NULL) AS deferred,
           count(*) FILTER (WHERE m.state = 'canceled') AS canceled,
           count(*) FILTER (WHERE m.state IN ('delivered', 'read')) AS delivered,
           count(*) FILTER (WHERE m.state = 'read') AS read
    FROM messages m LEFT JOIN cuts c ON c.job_id = m.job_id
    GROUP BY 1, 2
), by_job AS (
    SELECT job_id, sum(n) AS n, sum(queued) AS queued, sum(sending) AS sending, sum(sent) AS sent,
           sum(failed) AS failed, sum(unknown) AS unknown, sum(skipped) AS skipped,
           sum(deferred) AS deferred, sum(canceled) AS canceled, sum(delivered) AS delivered, sum(read) AS read
    FROM by_loop GROUP BY job_id
), compared AS (
    SELECT j.id AS job_id, NULL::integer AS loop, j.state, c.kind, c.counter, c.told, c.counted
    FROM jobs j LEFT JOIN by_job r ON r.job_id = j.id
    CROSS JOIN LATERAL (VALUES
        ('rows', 'total', j.total, r.n),
        ('sum', 'total', j.total,
            j.queued + j.sending + j.sent + j.failed + j.unknown + j.skipped + j.canceled),
        ('counters', 'queued', j.queued, r.queued),
        ('counters', 'sending', j.sending, r.sending),
        ('counters', 'sent', j.sent, r.sent),
        ('counters', 'failed', j.failed, r.failed),
        ('counters', 'unknown', j.unknown, r.unknown),
        ('counters', 'skipped', j.skipped, r.skipped),
        ('counters', 'deferred', j.deferred, r.deferred),
        ('counters', 'canceled', j.canceled, r.canceled),
        ('counters', 'delivered', j.delivered, r.delivered),
        ('counters', 'read', j.read, r.read),
        ('left', 'queued', 0, CASE WHEN j.finished_at IS NOT NULL THEN r.queued END),
        ('left', 'sending', 0, CASE WHEN j.finished_at IS NOT NULL THEN r.sending END)
    ) c (kind, counter, told, counted)
    UNION ALL
    SELECT l.job_id, l.loop, l.state, c.kind, c.counter, c.told, c.counted
    FROM loops l LEFT JOIN by_loop r ON r.job_id = l.job_id AND r.loop = l.loop
    CROSS JOIN LATERAL (VALUES
        ('counters', 'sent', l.sent, r.sent),
        ('counters', 'failed', l.failed, r.failed),
        ('counters', 'unknown', l.unknown, r.unknown),
        ('counters', 'skipped', l.skipped, r.skipped),
        ('counters', 'canceled', l.canceled, r.canceled),
        ('left', 'queued', 0, CASE WHEN l.state IN ('completed', 'canceled') THEN r.queued END),
        ('left', 'sending', 0, CASE WHEN l.state IN ('completed', 'canceled') THEN r.sending END)
    ) c (kind, counter, told, counted)
)
SELECT job_id, loop, state, kind, counter, told, coalesce(counted, 0)::bigint AS counted
FROM compared WHERE told <> coalesce(counted, 0)
ORDER BY job_id, loop NULLS FIRST, kind, counter;


-- name: misfitting_loops
-- Where the loops of a job do not follow one another from its first message to its last: each is to
-- begin where those before it end. The end of the list is compared as a loop of its own (NULL).
WITH pieces AS (
    SELECT job_id, loop, first_seq, last_seq FROM loops
    UNION ALL
    SELECT id, NULL, total + 1, NULL FROM jobs
), fitted AS (
    SELECT job_id, loop, first_seq,
           1 + coalesce(max(last_seq) OVER (
               PARTITION BY job_id ORDER BY loop IS NULL, first_seq, loop
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS expected
    FROM pieces
)
SELECT job_id, loop, first_seq, expected FROM fitted
WHERE first_seq <> expected
ORDER BY job_id, loop IS NULL, first_seq, loop;


-- name: repeated_message_ids
-- Meta names each message once; no index holds that, because every record would have to keep it up.
-- Materialized: a parallel plan would group them all in each of its workers.
WITH repeated AS MATERIALIZED (
    SELECT message_id FROM messages WHERE message_id IS NOT NULL
    GROUP BY message_id HAVING count(*) > 1
)
SELECT m.message_id, m.job_id, m.seq
FROM repeated r JOIN messages m ON m.message_id = r.message_id
ORDER BY m.message_id, m.job_id, m.seq;


-- name: has_conservation$
-- Whether PostgreSQL itself still refuses a job whose counters do not sum to its total.
SELECT EXISTS (
    SELECT FROM pg_constraint
    WHERE conrelid = 'jobs'::regclass AND conname = 'jobs_conservation' AND contype = 'c');


-- name: settings_that_lose_claims
-- What is committed outlives a crash only while these are on; `source` says where it was turned off.
SELECT name, source FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
ORDER BY name;


-- name: server^
-- What the server is and allows, in one look. `reserved_connections` is there from 16 on.
SELECT current_setting('server_version_num')::integer AS version_number,
       split_part(current_setting('server_version'), ' ', 1) AS version,
       pg_is_in_recovery() AS is_standby,
       current_setting('default_transaction_read_only') = 'on' AS is_read_only,
       pg_encoding_to_char(d.encoding) AS encoding,
       least(
           current_setting('max_connections')::integer
               - current_setting('superuser_reserved_connections')::integer
               - coalesce(current_setting('reserved_connections', true)::integer, 0),
           CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit END,
           CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit END) AS connections,
       current_user::text AS role,
       current_database()::text AS database,
       has_schema_privilege(current_schema(), 'CREATE') AS may_create,
       to_regclass('schema_migrations') IS NOT NULL AS has_schema
FROM pg_database d, pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user;


-- name: applied_migrations
SELECT version, name FROM schema_migrations ORDER BY version;


-- name: tables_out_of_reach
-- Tables of ours that this role cannot read and write, or could not migrate.
SELECT c.relname::text AS name, pg_has_role(c.relowner, 'USAGE') AS is_owner
FROM pg_class c
WHERE c.relkind = 'r'
  AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('schema_migrations'))
  AND c.relname IN ('jobs', 'loops', 'messages', 'lanes', 'contacts', 'reach', 'suppressions',
                    'notices', 'schema_migrations')
  AND NOT (pg_has_role(c.relowner, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
           AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
           AND has_table_privilege(c.oid, 'DELETE'))
ORDER BY 1;


-- name: daemons$
-- Those that live: each holds an advisory lock.
SELECT count(*) FROM live_daemons;


-- name: gateway_sessions$
-- An idle gateway may have none.
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'loopcast-gateway' AND datname = current_database();


-- name: server_time$
SELECT clock_timestamp();
