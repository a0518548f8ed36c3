"""Migrations from 0004 on may be applied beside the traffic, and the rules that say so can fail."""

import pytest

from plumbing.migrations import Migration, known
from tests.online_ddl import objections, statements_of

FIRST = 4  # the three before it are as old as the first release


def test_every_migration_only_adds_or_says_since_when_nobody_uses_what_it_takes() -> None:
    found = {m.name: objections(m.version, m.sql) for m in known() if m.version >= FIRST}
    assert {name: why for name, why in found.items() if why} == {}


def test_migrations_are_numbered_without_a_gap_and_each_number_once() -> None:
    assert [m.version for m in known()] == list(range(1, len(known()) + 1))


@pytest.mark.parametrize("sql", [
    "CREATE TABLE news (id uuid PRIMARY KEY); CREATE INDEX news_id ON news (id);",
    "ALTER TABLE messages ADD COLUMN trace text, ADD COLUMN n integer NOT NULL DEFAULT 0;",
    "ALTER TABLE jobs ADD COLUMN kind text CHECK (kind IN ('a', 'b'));",
    "ALTER TABLE messages ADD CONSTRAINT short CHECK (length(trace) < 9) NOT VALID;",
    "ALTER TABLE messages VALIDATE CONSTRAINT short;",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_trace ON messages (trace);",
    "-- It's; not a statement\nCREATE OR REPLACE VIEW v AS SELECT 'a;b' AS c;",
    "-- contracts since 0008: jobs.reason\nALTER TABLE jobs DROP COLUMN reason;",
    "-- widens c: b\nALTER TABLE jobs DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 0) NOT VALID;",
    "DROP INDEX jobs_runnable; CREATE INDEX jobs_runnable ON jobs (state);",
    "CREATE TRIGGER t AFTER UPDATE OF state ON jobs FOR EACH ROW EXECUTE FUNCTION f();",
])  # fmt: skip
def test_what_only_adds_is_let_through(sql: str) -> None:
    assert objections(9, sql) == []


@pytest.mark.parametrize(("sql", "why"), [
    ("DROP TABLE reach;", "does not only add"),
    ("ALTER TABLE jobs DROP COLUMN reason;", "does not only add"),
    ("ALTER TABLE jobs RENAME COLUMN reason TO why;", "does not only add"),
    ("ALTER TABLE jobs ALTER COLUMN total TYPE bigint;", "does not only add"),
    ("ALTER TABLE jobs ALTER COLUMN reason SET NOT NULL;", "does not only add"),
    ("ALTER TABLE jobs ADD CONSTRAINT c CHECK (total > 0);", "does not only add"),
    ("UPDATE messages SET state = 'queued';", "does not only add"),
    ("DELETE FROM contacts;", "does not only add"),
    ("DROP INDEX jobs_runnable;", "does not only add"),
    ("DROP INDEX i; CREATE INDEX i ON messages (state);", "every write of a large table"),
    ("ALTER TABLE jobs DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", "only add"),
    ("-- widens c: b\nALTER TABLE jobs DROP CONSTRAINT c;", "does not only add"),
    ("CREATE TRIGGER t BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION f();", "only add"),
    ("INSERT INTO jobs SELECT 1;", "fills a table that is in use"),
    ("ALTER TABLE jobs ADD COLUMN a text, ADD COLUMN b text NOT NULL;", "do not fill it"),
    ("ALTER TABLE jobs ADD COLUMN a uuid DEFAULT gen_random_uuid();", "the whole table anew"),
    ("ALTER TABLE jobs ADD COLUMN a text UNIQUE;", "an exclusive lock for long"),
    ("ALTER TABLE messages ADD COLUMN a text CHECK (a > '');", "all of a large table"),
    ("CREATE INDEX i ON messages (state);", "every write of a large table"),
    ("CREATE INDEX CONCURRENTLY i ON messages (state);", "cannot be applied twice"),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON messages (state); SELECT 1;", "of its own"),
    ("-- contracts since 0009: jobs.reason\nALTER TABLE jobs DROP COLUMN reason;", "not before it"),
])  # fmt: skip
def test_what_would_break_the_release_before_or_hold_it_up_is_refused(sql: str, why: str) -> None:
    assert any(why in objection for objection in objections(9, sql))


def test_a_statement_is_read_without_its_comments_and_strings() -> None:
    sql = "-- a; b\nSELECT 'c;''d' ; DO $x$ e; $x$;"
    assert statements_of(sql) == ["SELECT ''", "DO ''"]


def test_a_migration_that_takes_away_says_which_version_it_needs() -> None:
    sql = "-- contracts since 0005: jobs.reason\n-- contracts since 0007: jobs.total\nSELECT 1"
    assert Migration(9, "0009_less", sql).needs == 7
    assert Migration(9, "0009_more", "ALTER TABLE jobs ADD COLUMN a text").needs == 0
