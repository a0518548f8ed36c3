-- The id of the request that made a job: one id finds it in the logs of every process. Jobs of older
-- versions, and those that an older gateway makes meanwhile, have none.
ALTER TABLE jobs ADD COLUMN trace text;
