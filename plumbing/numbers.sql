-- The sending numbers that are kept, for all who send, look up or check signatures.

-- name: numbers_kept
SELECT phone_number_id, provider, waba_id, token, app_secret, messages_per_second, loop_pause_ms,
       messaging_limit, is_enabled
FROM numbers ORDER BY phone_number_id LIMIT 1000;
