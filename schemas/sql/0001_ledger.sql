-- The ledger: every job, every loop, every message, and who holds which lane.

CREATE TABLE jobs (
    id              uuid PRIMARY KEY,
    owner           text NOT NULL,
    phone_number_id text NOT NULL CHECK (phone_number_id ~ '^[0-9]{1,32}$'),
    campaign_name   text,
    campaign_id     text,
    content         jsonb NOT NULL,  -- what everybody gets: schemas.jobs.Content
    submission      jsonb NOT NULL,  -- what the answer said of duplicates and rejected lines
    idempotency_key text,
    request_hash    bytea,           -- of the body that came with the key
    loop_size       integer NOT NULL CHECK (loop_size > 0),  -- fixed at submission: a loop stays itself
    total           integer NOT NULL CHECK (total > 0),

    -- One writer a column: the gateway writes what people want, the daemon what is.
    wanted          text NOT NULL DEFAULT 'run' CHECK (wanted IN ('run', 'pause', 'cancel')),
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN (
                        'queued', 'running', 'paused', 'settling', 'completed', 'failed', 'canceled')),
    reason          text,
    limited_by      text,            -- what holds the rate back just now

    -- Where the messages are. `sent` counts what Meta accepted, whatever came later, so
    -- `delivered` and `read` are part of it and stand outside the sum.
    queued          integer NOT NULL CHECK (queued >= 0),
    sending         integer NOT NULL DEFAULT 0 CHECK (sending >= 0),
    sent            integer NOT NULL DEFAULT 0 CHECK (sent >= 0),
    failed          integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
    unknown         integer NOT NULL DEFAULT 0 CHECK (unknown >= 0),
    skipped         integer NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    canceled        integer NOT NULL DEFAULT 0 CHECK (canceled >= 0),
    delivered       integer NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    read            integer NOT NULL DEFAULT 0 CHECK (read >= 0),
    CONSTRAINT jobs_conservation
        CHECK (total = queued + sending + sent + failed + unknown + skipped + canceled),

    event_no        bigint NOT NULL DEFAULT 0,       -- frames made so far; a snapshot carries it
    completion_told boolean NOT NULL DEFAULT false,  -- job_completed is on the event stream
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    last_turn_at    timestamptz,                     -- jobs of a lane take turns by it
    UNIQUE (owner, idempotency_key),
    CHECK ((state IN ('completed', 'failed', 'canceled')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 50);

CREATE INDEX jobs_runnable ON jobs (phone_number_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_untold ON jobs (finished_at) WHERE finished_at IS NOT NULL AND NOT completion_told;
CREATE INDEX jobs_newest ON jobs (created_at DESC, id);

CREATE TABLE loops (
    job_id      uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    loop        integer NOT NULL CHECK (loop >= 1),
    first_seq   integer NOT NULL,
    last_seq    integer NOT NULL CHECK (last_seq >= first_seq),
    state       text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'completed')),
    sent        integer NOT NULL DEFAULT 0,
    failed      integer NOT NULL DEFAULT 0,
    unknown     integer NOT NULL DEFAULT 0,
    started_at  timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (job_id, loop)
) WITH (fillfactor = 50);

-- No index may name `state`: a claim and a record then touch the table alone (HOT updates), and
-- half of each page is kept free for them.
CREATE TABLE messages (
    job_id         uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    seq            integer NOT NULL CHECK (seq >= 1),
    recipient      text NOT NULL CHECK (recipient ~ '^[0-9]{7,15}$'),
    variables      jsonb,              -- of this recipient; NULL: the job's are enough
    state          text NOT NULL DEFAULT 'queued' CHECK (state IN (
                       'queued', 'sending', 'sent', 'delivered', 'read',
                       'failed', 'unknown', 'skipped', 'canceled')),
    attempt        integer NOT NULL DEFAULT 0,   -- claims so far: the number of a request
    retries        smallint NOT NULL DEFAULT 0,  -- refusals that counted; throttling does not
    due_at         timestamptz,        -- queued again: not before this
    claim_epoch    bigint,             -- of the turn that claimed it last
    claimed_at     timestamptz,
    message_id     text,               -- Meta's
    message_status text,               -- accepted, or held_for_quality_assessment
    error_code     integer,
    error_title    text,
    error_details  text,
    reason         text,               -- why unknown
    sent_at        timestamptz,
    delivered_at   timestamptz,
    read_at        timestamptz,
    failed_at      timestamptz,
    PRIMARY KEY (job_id, seq),
    UNIQUE (recipient, job_id)         -- in this order it also finds all that one recipient got
) WITH (fillfactor = 50);

CREATE TABLE lanes (
    phone_number_id text PRIMARY KEY,
    epoch           bigint NOT NULL DEFAULT 0,  -- the fencing number, raised by each holder
    holder          integer,                    -- key of the daemon's advisory lock; NULL: free
    reply_subject   text,                       -- of the turn's delivery: whoever finds the holder dead naks it
    taken_at        timestamptz,
    claim_until     timestamptz,                -- what is claimed can be on its way until then
    claimed_at      timestamptz,                -- the last claim: a cold pace starts from it
    released_at     timestamptz,
    leave_ages      double precision[] NOT NULL DEFAULT '{}'  -- seconds before released_at at which the last messages left
) WITH (fillfactor = 50);

-- Who lives: every daemon keeps a session's advisory lock (class 0x6C6F6F70, "loop"; object: its
-- number), which falls the moment its process dies.
CREATE VIEW live_daemons AS
SELECT objid::bigint::integer AS holder
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND classid = 1819242352::oid AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

CREATE INDEX jobs_unfinished ON jobs (state) WHERE finished_at IS NULL;
