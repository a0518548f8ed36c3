"""Whether a fuzzed ledger is whole: no job half made, no answer without its job."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from deploy.reconcile import differences
from plumbing.postgres import Pool, open_pool

# Each job with what its rows come to.
_JOBS: Final = """
SELECT j.id, j.total,
       (SELECT count(*) FROM messages m WHERE m.job_id = j.id) AS messages,
       (SELECT count(DISTINCT recipient) FROM messages m WHERE m.job_id = j.id) AS people,
       (SELECT coalesce(sum(last_seq - first_seq + 1), 0)
          FROM loops l WHERE l.job_id = j.id) AS in_loops
  FROM jobs j
"""


async def judged(database_url: str, told: Mapping[UUID, int]) -> list[str]:
    """As `judge`, of the database at this address."""
    async with await open_pool(database_url, name="fuzz") as pool:
        return await judge(pool, told)


async def judge(pool: Pool, told: Mapping[UUID, int]) -> list[str]:
    """What is wrong, in sentences; `told` are the jobs of accepted answers, and their totals."""
    rows = await pool.fetch(_JOBS)
    sums = [str(one) for one in await differences(pool)]
    return [*_faults(rows, told), *sums]


def _faults(rows: list[Any], told: Mapping[UUID, int]) -> list[str]:
    """Jobs against their rows, and against what was answered."""
    made = {row["id"]: row["total"] for row in rows}
    return [
        *(f"job {job} was answered for, and there is none" for job in told.keys() - made.keys()),
        *(f"job {job} was made, and never answered for" for job in made.keys() - told.keys()),
        *(
            f"job {job} was answered for with {told[job]} recipients, and has {made[job]}"
            for job in told.keys() & made.keys()
            if told[job] != made[job]
        ),
        *(
            f"job {row['id']} has {row['total']} recipients, {row['messages']} messages to"
            f" {row['people']} people, and {row['in_loops']} of them in loops"
            for row in rows
            if not row["total"] == row["messages"] == row["people"] == row["in_loops"]
        ),
    ]
