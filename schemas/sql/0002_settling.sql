-- Doubts that end, loops that get nowhere, and turns that are given back in two steps.

-- A message in doubt waits for its receipt from here on.
ALTER TABLE messages ADD COLUMN unknown_at timestamptz;

-- The last of a job's doubts is over then: until then it is settling and not completed.
ALTER TABLE jobs ADD COLUMN doubt_until timestamptz;

-- Turns of a loop in a row that recorded no outcome: what keeps getting nowhere is stopped.
ALTER TABLE loops ADD COLUMN idle_turns integer NOT NULL DEFAULT 0;

-- The holder is through with the lane but has not yet given the turn back to JetStream; until it
-- has, `holder` and `reply_subject` stay, so that its death in between is found.
ALTER TABLE lanes ADD COLUMN is_released boolean NOT NULL DEFAULT true;

-- When the lane's turn, given back, is due to come again: one that nobody gets by then was delivered
-- to a daemon that died before it could say so.
ALTER TABLE lanes ADD COLUMN turn_due_at timestamptz;
