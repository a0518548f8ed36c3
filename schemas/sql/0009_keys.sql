-- Keys: made and revoked by people, each with what it may; and how often each may submit.

-- A key itself is nowhere: `digest` is its SHA-256, `hint` its last four characters. Jobs belong to
-- its name, so a key that takes the place of another has the same name.
CREATE TABLE api_keys (
    id                     uuid PRIMARY KEY,
    name                   text NOT NULL,
    digest                 bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    hint                   text NOT NULL,
    scopes                 text[] NOT NULL CHECK (
        cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'send', 'control', 'admin']),
    submissions_per_minute integer CHECK (submissions_per_minute >= 0),  -- NULL: as the service
    made_by                text NOT NULL,
    made_at                timestamptz NOT NULL DEFAULT now(),
    expires_at             timestamptz,
    last_used_at           timestamptz,
    revoked_by             text,
    revoked_at             timestamptz,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
) WITH (fillfactor = 80);

-- Sessions of browsers that such a key has begun; they end with it.
CREATE TABLE api_sessions (
    digest     bytea PRIMARY KEY CHECK (length(digest) = 32),
    key_id     uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX api_sessions_of_key ON api_sessions (key_id);

-- Until when a key has used up what it may submit: gateway.quota has the rule.
CREATE TABLE submission_quota (
    holder     text PRIMARY KEY,
    used_until timestamptz NOT NULL
) WITH (fillfactor = 50);
