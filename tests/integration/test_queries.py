"""Every named query prepares on the real schema."""

import re
from pathlib import Path
from typing import Any

import pytest

from plumbing.postgres import Pool, load_queries

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("*/*.sql"))


def named() -> list[Any]:
    """The queries of all files, each once (aiosql adds a cursor form of those with rows)."""
    return [
        pytest.param(getattr(queries, name), id=f"{path.parent.name}.{name}")
        for path in FILES
        for queries in [load_queries(path)]
        for name in queries.available_queries
        if not name.endswith("_cursor")
    ]


def test_all_who_use_postgres_have_their_queries() -> None:
    assert [str(path.relative_to(ROOT)) for path in FILES] == [
        "daemon/census.sql", "daemon/queries.sql", "daemon/rules.sql", "daemon/starts.sql",
        "daemon/wishes.sql", "deploy/queries.sql", "deploy/restored.sql", "deploy/trial.sql",
        "gateway/control.sql", "gateway/kept_numbers.sql", "gateway/keys.sql", "gateway/plan.sql",
        "gateway/queries.sql", "gateway/resend.sql", "gateway/suppressions.sql",
        "gateway/truth.sql", "gateway/uploads.sql", "plumbing/numbers.sql",
    ]  # fmt: skip


def in_the_runbooks() -> list[str]:
    """The statements that people are given."""
    text = (ROOT / "docs" / "runbooks.md").read_text()
    return re.findall(r"```sql\n(.+?);\n```", text, re.DOTALL)


@pytest.mark.parametrize("statement", in_the_runbooks())
async def test_a_statement_of_the_runbooks_runs_on_the_real_schema(
    pool: Pool, statement: str
) -> None:
    await pool.fetch(statement)


@pytest.mark.parametrize("query", named())
async def test_a_query_prepares_on_the_real_schema(pool: Pool, query: Any) -> None:
    async with pool.acquire() as connection:
        await connection.prepare(query.sql)
