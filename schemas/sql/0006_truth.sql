-- Truth: a part of a job sent again by a child of it, that nobody gets who has got the first.

-- `family_id`: the first job, of which all others of the family are children or their children; NULL
-- for that one itself. `repeats_doubts`: whoever is in doubt was asked for, and may get it twice.
ALTER TABLE jobs
    ADD COLUMN parent_id      uuid REFERENCES jobs ON DELETE SET NULL,
    ADD COLUMN family_id      uuid,
    ADD COLUMN repeats_doubts boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT jobs_family CHECK (parent_id IS NULL OR family_id IS NOT NULL)
        NOT VALID;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_family;

CREATE INDEX jobs_of_family ON jobs (family_id) WHERE family_id IS NOT NULL;

-- A job counts on the day on which it began; one that has not, on the day on which it came.
CREATE INDEX jobs_by_day ON jobs (owner, (coalesce(started_at, created_at)));
