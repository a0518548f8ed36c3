"""Jobs that are over, parts of them sent again, and who is in which: for tests of both."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from plumbing.postgres import Pool
from schemas.subjects import JOBS_STREAM
from tests.campaigns import Job
from tests.gateways import PHONE, QUICK, Answer, Running, numbers, quick

# What became of the messages of a job, by seq: a state, and a code.
Story = Mapping[int, tuple[str, int | None]]
STORY: Story = {
    1: ("sent", None), 2: ("delivered", None), 3: ("read", None), 4: ("failed", 131000),
    5: ("failed", 131026), 6: ("unknown", None), 7: ("skipped", 131049), 8: ("skipped", None),
    9: ("failed", None), 10: ("canceled", None),
}  # fmt: skip


async def over(
    gateway: Running,
    pool: Pool,
    story: Story | None = None,
    first: int = 0,
) -> Job:
    """A job that is over, each of its messages as the story has it."""
    story = story or STORY
    answer = await gateway.post(QUICK, quick(numbers(len(story), first), campaign_name="May"))
    job = Job(UUID(answer.body["jobId"]), PHONE, len(story))
    await rewrite(pool, job, story)
    await pool.execute(
        "UPDATE messages SET due_at = now() + interval '1 hour'"
        " WHERE job_id = $1 AND error_code = 131049", job.id,
    )  # fmt: skip
    await pool.execute("UPDATE loops SET state = 'completed' WHERE job_id = $1", job.id)
    await gateway.parts.broker.js.purge_stream(JOBS_STREAM)
    return job


async def rewrite(pool: Pool, job: Job, story: Story) -> None:
    """The messages as the story has them; the job is over, and its counters are right."""
    await pool.executemany(
        "UPDATE messages SET state = $3, error_code = $4, error_title = 'No' WHERE job_id = $1"
        " AND seq = $2",
        [(job.id, seq, state, code) for seq, (state, code) in story.items()],
    )
    await pool.execute(
        "UPDATE jobs SET state = 'completed', finished_at = coalesce(finished_at, now()),"
        " queued = 0, sent = c.sent, failed = c.failed, unknown = c.unknown, skipped = c.skipped,"
        " canceled = c.canceled FROM (SELECT"
        "   count(*) FILTER (WHERE state IN ('sent', 'delivered', 'read')) AS sent,"
        "   count(*) FILTER (WHERE state = 'failed') AS failed,"
        "   count(*) FILTER (WHERE state = 'unknown') AS unknown,"
        "   count(*) FILTER (WHERE state = 'skipped') AS skipped,"
        "   count(*) FILTER (WHERE state = 'canceled') AS canceled"
        "   FROM messages WHERE job_id = $1) c WHERE id = $1",
        job.id,
    )


async def resend(gateway: Running, job: Job, body: dict[str, Any], **headers: str) -> Answer:
    return await gateway.ask("POST", f"/api/bulk/job/{job.id}/resend", headers, json=body)


def child_of(answer: Answer) -> Job:
    assert answer.status == 201, answer.body
    return Job(UUID(answer.body["jobId"]), PHONE, answer.body["totalRecipients"])


async def taken(pool: Pool, child: Job, parent: Job) -> list[int]:
    """The places in the parent of those who are in the child."""
    rows = await pool.fetch(
        "SELECT p.seq FROM messages c JOIN messages p USING (recipient)"
        " WHERE c.job_id = $1 AND p.job_id = $2 ORDER BY c.seq",
        child.id, parent.id,
    )  # fmt: skip
    return [row["seq"] for row in rows]


def left_out(answer: Answer) -> dict[str, int]:
    said = answer.body if answer.status == 201 else answer.body["details"]
    rows = said["leftOut"]
    return {row["reason"].split()[0]: row["count"] for row in rows}
