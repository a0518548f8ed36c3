-- What the trial of the containers asks of its own PostgreSQL, which has one job.


-- name: holder_addresses
-- Where the daemons run that hold a lane now: a holder is the key of its session's advisory lock.
SELECT host(a.client_addr) AS address
FROM lanes l
JOIN pg_locks k ON k.locktype = 'advisory' AND k.granted AND k.classid = 1819242352::oid
     AND k.objid::bigint::integer = l.holder AND k.objsubid = 2
JOIN pg_stat_activity a ON a.pid = k.pid;


-- name: everybody
-- Each recipient, and what became of their message.
SELECT recipient, state FROM messages ORDER BY recipient;
