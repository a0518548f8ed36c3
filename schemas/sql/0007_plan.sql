-- Plans: when a job may start, at which hours its recipients are written to, and how fast.

ALTER TABLE jobs
    ADD COLUMN scheduled_at        timestamptz,  -- nothing of it leaves before; NULL: at once
    ADD COLUMN send_window         jsonb,        -- schemas.windows.Window; NULL: at any hour
    -- Nothing of it is due before: its window is closed, it pauses longer than its number, or each
    -- of its loops waits. What was queued anew meanwhile ends that.
    ADD COLUMN rests_until         timestamptz,
    -- Slower than the service, never faster; NULL: as the service.
    ADD COLUMN messages_per_second integer CHECK (messages_per_second > 0),
    ADD COLUMN loop_pause_ms       integer CHECK (loop_pause_ms >= 0),
    ADD COLUMN is_test             boolean NOT NULL DEFAULT false;

-- `late`: it was to start while nothing ran, and a person says whether it still should.
-- widens jobs_stopped_by_check: late
ALTER TABLE jobs DROP CONSTRAINT jobs_stopped_by_check,
    ADD CONSTRAINT jobs_stopped_by_check CHECK (stopped_by IN (
        'stalled', 'job', 'template', 'number', 'account', 'person', 'brake', 'late')) NOT VALID;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_stopped_by_check;

-- The next moment at which a job may go on. Both columns change a handful of times in its life.
CREATE INDEX jobs_due ON jobs (greatest(scheduled_at, rests_until))
    WHERE finished_at IS NULL AND greatest(scheduled_at, rests_until) IS NOT NULL;

-- The recipient's time zone where the list said it; NULL: it goes by the number.
ALTER TABLE messages ADD COLUMN zone text;

-- What was asked for, where a word is not enough: the time of a start, the rate.
ALTER TABLE audit ADD COLUMN value text;

-- How many people the number's portfolio may write to in a day, as a daemon knew it last.
ALTER TABLE lanes ADD COLUMN people_limit integer;

-- When a daemon was last able to start jobs: what came due after it and long ago is late.
CREATE TABLE pulse (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    beat_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO pulse (beat_at) VALUES ('-infinity');
