-- Control: people pause, resume and cancel jobs, numbers and everything; and who did it is kept.

-- The wish that stands (`wanted`): whose it is, and why.
ALTER TABLE jobs
    ADD COLUMN wanted_by  text,
    ADD COLUMN wanted_why text;

-- A person may stop a job as well; `brake`: its number's, or the one of everything.
-- widens jobs_stopped_by_check: person, brake
ALTER TABLE jobs DROP CONSTRAINT jobs_stopped_by_check,
    ADD CONSTRAINT jobs_stopped_by_check CHECK (stopped_by IN (
        'stalled', 'job', 'template', 'number', 'account', 'person', 'brake')) NOT VALID;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_stopped_by_check;

-- While there is a row nothing leaves: of one number, or of all ('all'). The gateway pulls and
-- releases it; the claim asks for it, so that jobs which come in later stand still, too.
CREATE TABLE brakes (
    scope     text PRIMARY KEY CHECK (scope ~ '^(all|[0-9]{1,32})$'),
    pulled_by text NOT NULL,
    pulled_at timestamptz NOT NULL DEFAULT now(),
    why       text
);

-- A loop of which nothing more is sent, because its job was canceled.
-- widens loops_state_check: canceled
ALTER TABLE loops
    ADD COLUMN canceled integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT loops_state_check,
    ADD CONSTRAINT loops_state_check
        CHECK (state IN ('queued', 'running', 'completed', 'canceled')) NOT VALID;
ALTER TABLE loops VALIDATE CONSTRAINT loops_state_check;

-- What has work to do: with those that only a brake had stopped, once it is released.
DROP INDEX jobs_runnable;
CREATE INDEX jobs_runnable ON jobs (phone_number_id)
    WHERE state IN ('queued', 'running')
       OR state = 'paused' AND (wanted_no > followed_no OR stopped_by = 'brake');

-- Wishes that wait to be followed.
CREATE INDEX jobs_unwanted ON jobs (id) WHERE wanted <> 'run' AND finished_at IS NULL;

-- The trail of a job: what people asked for, and every move of its state, whoever made it.
CREATE TABLE audit (
    no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind   text NOT NULL CHECK (kind IN ('asked', 'moved')),
    what   text NOT NULL,  -- asked: run, pause, cancel; moved: the state that it has now
    who    text,           -- the name of a key; NULL: Loopcast itself
    why    text
);
CREATE INDEX audit_of_job ON audit (job_id, no);

-- A trigger, so that no statement can forget it; a job moves a handful of times in its life.
CREATE FUNCTION note_job_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (job_id, kind, what, who, why)
    VALUES (NEW.id, 'moved', NEW.state,
            CASE WHEN TG_OP = 'INSERT' THEN NEW.owner
                 WHEN NEW.state = 'canceled' OR NEW.stopped_by = 'person'
                      OR NEW.state = 'running' AND OLD.followed_no < NEW.followed_no
                      THEN NEW.wanted_by
            END, NEW.reason);
    RETURN NULL;
END $$;
CREATE TRIGGER job_made AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION note_job_move();
CREATE TRIGGER job_moved AFTER UPDATE OF state ON jobs FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_job_move();
