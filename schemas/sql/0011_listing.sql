-- A page of an owner's jobs, and how many there are, of some state, number or kind: read of the index
-- alone. All that it names but the state is fixed, and that changes a handful of times.
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_of_owner ON jobs (owner, created_at DESC, id)
    INCLUDE (state, phone_number_id, is_test);
