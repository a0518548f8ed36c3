-- Files of recipients, kept until they are submitted: by any gateway, and more than once.

-- `answer` is what the client was told; NULL: the file is still on its way, and nobody sees it.
-- `heading`: the cells of the first row, whether it names the columns or not.
CREATE TABLE uploads (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    answer     jsonb,
    heading    jsonb,
    has_header boolean,
    region     text,           -- country of numbers written without one; NULL: as the gateway has it
    rows       integer NOT NULL DEFAULT 0 CHECK (rows >= 0),  -- the first one included
    expires_at timestamptz NOT NULL
);
CREATE INDEX uploads_expiry ON uploads (expires_at);
CREATE INDEX uploads_owner ON uploads (owner);

-- Their rows, some hundred together and compressed: gateway.upload_rows has the form.
CREATE TABLE upload_chunks (
    upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    no        integer NOT NULL CHECK (no >= 0),
    rejected  integer NOT NULL CHECK (rejected >= 0),  -- of its rows: chunks without are passed over
    rows      bytea NOT NULL,
    PRIMARY KEY (upload_id, no)
);
-- It is compressed already: PostgreSQL need not try.
ALTER TABLE upload_chunks ALTER COLUMN rows SET STORAGE EXTERNAL;
