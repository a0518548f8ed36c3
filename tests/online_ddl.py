"""Whether a migration may be applied beside the traffic, under the release before it. Pure.

The rules are those of docs/upgrades.md: what adds, and holds no lock for longer than a moment.
"""

import re
from typing import Final

# A scan of these, or an index on them, takes as long as the campaigns are large.
LARGE: Final = frozenset({"messages", "contacts", "suppressions"})
# Each row gets a value of its own, so the whole table is written anew under an exclusive lock.
_VOLATILE: Final = re.compile(r"DEFAULT [^,]*\b(gen_random_uuid|random|clock_timestamp|nextval)\b")
_STRINGS: Final = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_COMMENTS: Final = re.compile(r"--[^\n]*")
_CONTRACTS: Final = re.compile(r"^-- contracts since (\d{4}): \S", re.MULTILINE)
# What a check allows is in strings, which are not read here: whoever widens one says so.
_WIDENS: Final = re.compile(r"^-- widens (\w+): \S", re.MULTILINE)
_NAME: Final = r"(?:IF NOT EXISTS )?(\w+)"

_ADDING: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"CREATE TABLE {_NAME} ?\(",
        r"CREATE (OR REPLACE )?VIEW ",
        r"CREATE (OR REPLACE )?FUNCTION ",
        r"CREATE TYPE ",
        r"CREATE SEQUENCE ",
        r"CREATE TRIGGER \w+ AFTER ",
        r"COMMENT ON ",
    )
)
_ACTIONS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"ADD CONSTRAINT \w+ (CHECK|FOREIGN KEY) .*NOT VALID$",
        r"VALIDATE CONSTRAINT \w+$",
        r"ALTER COLUMN \w+ (SET|DROP) DEFAULT",
        r"ALTER COLUMN \w+ DROP NOT NULL$",
        r"ALTER COLUMN \w+ SET STATISTICS",
        r"SET \(",
    )
)


def objections(version: int, sql: str) -> list[str]:
    """What of a migration must not be applied beside the traffic; empty: all of it may be."""
    statements = statements_of(sql)
    if since := [int(found) for found in _CONTRACTS.findall(sql)]:
        return [] if max(since) < version else ["contracts since a version that is not before it"]
    made = {
        found[1]
        for statement in statements
        if (found := re.match(rf"CREATE TABLE {_NAME}", statement))
    }
    against = [
        why
        for statement in _without_replaced(statements, set(_WIDENS.findall(sql)))
        for why in _of_statement(statement, made)
    ]
    if len(statements) > 1 and any("INDEX CONCURRENTLY" in statement for statement in statements):
        against.append("an index that is built concurrently has a migration of its own")
    return against


def statements_of(sql: str) -> list[str]:
    """The statements of a file, on one line each, without comments and what strings say."""
    bare = _STRINGS.sub("''", _COMMENTS.sub("", sql))
    return [" ".join(part.split()) for part in bare.split(";") if part.strip()]


def _without_replaced(statements: list[str], widened: set[str]) -> list[str]:
    """All but the taking away of what the same migration puts back: an index, a wider check."""
    left = []
    for statement in statements:
        index = re.match(r"DROP INDEX (\w+)$", statement)
        if index and any(re.match(rf"CREATE INDEX {index[1]} ON ", s) for s in statements):
            continue
        for name in re.findall(r"DROP CONSTRAINT (\w+), ADD CONSTRAINT \1 CHECK", statement):
            if name in widened:
                statement = statement.replace(f" DROP CONSTRAINT {name},", "")  # noqa: PLW2901
        left.append(statement)
    return left


def _of_statement(statement: str, made: set[str]) -> list[str]:
    if any(pattern.match(statement) for pattern in _ADDING):
        return []
    if found := re.match(
        r"CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?\w+ ON (\w+)", statement
    ):
        return _of_index(statement, found[2], made, is_beside=bool(found[1]))
    if found := re.match(r"ALTER TABLE (\w+) (.*)", statement):
        table, actions = found[1], _parted(found[2])
        if table in made:
            return []
        return [why for action in actions for why in _of_action(table, action)]
    if found := re.match(r"INSERT INTO (\w+)", statement):
        return [] if found[1] in made else [f"fills a table that is in use: {statement}"]
    return [f"does not only add: {statement}"]


def _of_index(statement: str, table: str, made: set[str], *, is_beside: bool) -> list[str]:
    if is_beside:
        return [] if "IF NOT EXISTS" in statement else [f"cannot be applied twice: {statement}"]
    is_long = table in LARGE and table not in made
    return [f"holds up every write of a large table: {statement}"] if is_long else []


def _of_action(table: str, action: str) -> list[str]:
    if any(pattern.match(action) for pattern in _ACTIONS):
        return []
    if not action.startswith("ADD COLUMN "):
        return [f"does not only add: {table}: {action}"]
    found = []
    if "NOT NULL" in action and "DEFAULT" not in action:
        found.append(f"older releases do not fill it: {table}: {action}")
    if _VOLATILE.search(action):
        found.append(f"writes the whole table anew: {table}: {action}")
    if re.search(r"\b(UNIQUE|PRIMARY KEY|GENERATED)\b", action):
        found.append(f"takes an exclusive lock for long: {table}: {action}")
    if table in LARGE and re.search(r"\b(CHECK|REFERENCES)\b", action):
        found.append(f"reads all of a large table under an exclusive lock: {table}: {action}")
    return found


def _parted(actions: str) -> list[str]:
    """The actions of an ALTER TABLE: parted by the commas that are in no brackets."""
    parts, depth = [""], 0
    for char in actions:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
