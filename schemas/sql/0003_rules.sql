-- Meta's rules: who must not be written to, why a job stands still, how fast a number may go, and
-- how many people it may reach in a day.

-- Who wants no messages. One row for each who said so: the recipient, Meta for the recipient, or
-- the operator. Lifted rows stay: a webhook that is repeated later must not bring a stop back.
CREATE TABLE suppressions (
    number     text NOT NULL CHECK (number ~ '^[0-9]{7,15}$'),
    source     text NOT NULL CHECK (source IN ('recipient', 'meta', 'operator')),
    scope      text NOT NULL CHECK (scope IN ('all', 'marketing')),
    reason     text NOT NULL,
    at         timestamptz NOT NULL,  -- when it was asked for
    message_id text,                  -- Meta's, of the message that said so
    job_id     uuid,                  -- of the campaign's message that it answers, where known
    seq        integer,
    lifted_at  timestamptz CHECK (lifted_at >= at),
    PRIMARY KEY (number, source)
);
CREATE INDEX suppressions_newest ON suppressions (at DESC, number, source) WHERE lifted_at IS NULL;

-- The newest that Meta's webhooks said of a template or an account: they repeat, and come late.
CREATE TABLE notices (
    subject text PRIMARY KEY,
    event   text NOT NULL,
    at      timestamptz NOT NULL
);

-- `category` is the template's, as Meta has it; NULL: nobody has looked it up, so it counts as
-- marketing. `is_checked`: its template and every row of it were held against Meta's template.
ALTER TABLE jobs
    ADD COLUMN category      text CHECK (category IN ('MARKETING', 'UTILITY', 'AUTHENTICATION')),
    ADD COLUMN is_checked    boolean NOT NULL DEFAULT false,
    -- Of the skipped: Meta held them back for now (131049), and may deliver them another day.
    ADD COLUMN deferred      integer NOT NULL DEFAULT 0,
    ADD COLUMN limited_until timestamptz,   -- where what holds the rate back is known to end
    -- What stopped a paused job: it decides what may set it going again.
    ADD COLUMN stopped_by    text CHECK (stopped_by IN (
                                 'stalled', 'job', 'template', 'number', 'account')),
    -- Wishes of people are numbered by the gateway; the daemon writes down which one it has
    -- followed. A newer wish to run sets a paused job going.
    ADD COLUMN resumed_at    timestamptz,
    ADD COLUMN wanted_no     integer NOT NULL DEFAULT 0,
    ADD COLUMN followed_no   integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT jobs_deferred CHECK (deferred BETWEEN 0 AND skipped);

DROP INDEX jobs_runnable;
CREATE INDEX jobs_runnable ON jobs (phone_number_id)
    WHERE state IN ('queued', 'running') OR state = 'paused' AND wanted_no > followed_no;

ALTER TABLE loops
    ADD COLUMN skipped integer NOT NULL DEFAULT 0,
    -- What is left of the loop waits until then, each message for its own recipient: the loops
    -- behind it go on meanwhile.
    ADD COLUMN due_at  timestamptz;

-- What holds a number back outlives the turn in which it was learned.
ALTER TABLE lanes
    ADD COLUMN held_until  timestamptz,       -- nothing leaves before
    ADD COLUMN held_by     text,              -- throttled, unreachable, messaging limit
    ADD COLUMN slowed_to   double precision,  -- messages a second, as of slowed_at; it grows back
    ADD COLUMN slowed_from double precision,  -- to this
    ADD COLUMN slowed_at   timestamptz;

-- The last message that each person was claimed for: nobody gets two within six seconds, and each
-- takes one place of the messaging limit for a day. No index but the key: claims are HOT updates.
CREATE TABLE contacts (
    recipient  text PRIMARY KEY,
    job_id     uuid NOT NULL,
    seq        integer NOT NULL,
    claimed_at timestamptz NOT NULL,
    counted_in timestamptz,           -- the minute of `reach` that counts this person; NULL: none
    is_new     boolean NOT NULL       -- not counted before this claim: a refusal gives the place back
) WITH (fillfactor = 50);

-- How many people were written to, by the minute in which that was last; a day of them adds up to
-- what is used of the messaging limit.
CREATE TABLE reach (
    minute timestamptz PRIMARY KEY,
    people integer NOT NULL CHECK (people >= 0)
);
