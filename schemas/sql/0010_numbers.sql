-- Sending numbers beside that of the environment: each with its account, its token and its pace.

-- `token` and `app_secret` are sealed (plumbing.sealing) for their number and no other; `token_hint`
-- is the last four characters. What is NULL of the pace is as the service.
CREATE TABLE numbers (
    phone_number_id     text PRIMARY KEY CHECK (phone_number_id ~ '^[0-9]{1,32}$'),
    name                text,
    provider            text NOT NULL CHECK (provider IN ('meta', '360dialog')),
    waba_id             text CHECK (waba_id ~ '^[0-9]{1,32}$'),
    token               bytea NOT NULL,
    token_hint          text NOT NULL,
    token_set_by        text NOT NULL,
    token_set_at        timestamptz NOT NULL DEFAULT now(),
    app_secret          bytea,
    messages_per_second integer CHECK (messages_per_second > 0),
    loop_pause_ms       integer CHECK (loop_pause_ms >= 0),
    messaging_limit     integer CHECK (messaging_limit >= 0),  -- people a day; 0: none; NULL: ask
    is_enabled          boolean NOT NULL DEFAULT true,         -- false: takes no new jobs
    made_by             text NOT NULL,
    made_at             timestamptz NOT NULL DEFAULT now(),
    changed_by          text NOT NULL,
    changed_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX numbers_of_account ON numbers (waba_id);

-- Whose account a number sends from: what stops one says nothing of others. '' is the environment's;
-- a number whose business account is not known is an account of its own.
CREATE FUNCTION account_of(text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT coalesce(waba_id, phone_number_id) FROM numbers
                     WHERE phone_number_id = $1), '')
$$;
