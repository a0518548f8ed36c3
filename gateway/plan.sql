-- What a plan has to know of a number: what is before a job, and whom the messaging limit lets it reach.


-- name: jobs_ahead
-- Jobs of the number that take turns with a new one from now on.
SELECT queued + sending AS left, loop_size, messages_per_second FROM jobs
WHERE phone_number_id = :phone_number_id AND wanted = 'run' AND state IN ('queued', 'running')
  AND coalesce(greatest(scheduled_at, rests_until) <= :start, true)
  AND queued + sending > 0
ORDER BY created_at LIMIT 1000;


-- name: people_limit$
-- As a daemon knew it last; NULL: none, or none that is known.
SELECT people_limit FROM lanes WHERE phone_number_id = :phone_number_id;


-- name: places_taken
-- The messaging limit's places that are taken, and when each minute's become free.
SELECT minute + interval '1 day 1 minute' AS free_at, people FROM reach
WHERE minute > now() - interval '1 day 1 minute' AND people > 0
ORDER BY minute;


-- name: counted_already$
-- Who has a place of the messaging limit as it is takes no other; 50,000 take a fraction of a second.
SELECT count(*)::integer FROM unnest(:numbers::text[]) AS n(number)
JOIN contacts c ON c.recipient = n.number
WHERE c.counted_in > now() - interval '1 day 1 minute';
