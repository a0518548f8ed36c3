"""Jobs put straight into PostgreSQL, and what became of them: for tests of the sending side."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from uuid import UUID, uuid4

import msgspec

from daemon.rows import Holding, Work
from daemon.store import Store
from plumbing.broker import Broker
from plumbing.postgres import Pool
from schemas.events import Envelope
from schemas.jobs import Content, JobOrder, Template, total_loops
from schemas.subjects import EVENTS_STREAM, events_subject

PHONE = "100000000000001"
ORDER_UPDATE = Template(name="order_update", variables={"1": "Ann", "2": "A-1"})


def recipient(seq: int) -> str:
    return f"4915100{seq:06d}"


@dataclass(frozen=True)
class Job:
    """A job as a test made it."""

    id: UUID
    phone_number_id: str
    total: int

    @property
    def order(self) -> JobOrder:
        return JobOrder(self.id, self.phone_number_id, "order_update", self.total)


async def make_job(
    pool: Pool,
    total: int,
    *,
    loop_size: int = 200,
    phone_number_id: str = PHONE,
    content: Content = ORDER_UPDATE,
    recipients: list[str] | None = None,
    first: int = 1,
) -> Job:
    """A queued job of `total` messages, as the gateway would have written it.

    `first`: of its recipients; nobody gets messages of two jobs within seconds.
    """
    job = Job(uuid4(), phone_number_id, total)
    numbers = recipients or [recipient(first + n) for n in range(total)]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO jobs (id, owner, phone_number_id, content, submission, loop_size, total,"
            " queued) VALUES ($1, 'local', $2, $3, $4, $5, $6, $6)",
            job.id, phone_number_id, msgspec.json.encode(content), b"{}", loop_size, total,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO loops (job_id, loop, first_seq, last_seq)"
            " SELECT $1, n, (n - 1) * $2::int + 1, least(n * $2::int, $3::int)"
            " FROM generate_series(1, $4::int) n",
            job.id, loop_size, total, total_loops(total, loop_size),
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO messages (job_id, seq, recipient) VALUES ($1, $2, $3)",
            [(job.id, seq, number) for seq, number in enumerate(numbers, start=1)],
        )
    return job


async def begun(store: Store, holding: Holding) -> Work | None:
    """The next loop of a lane that is held, ready to be run."""
    loop = await store.begin_loop(holding)
    return await store.work(loop) if loop else None


async def finished(pool: Pool, job: Job, *, seconds: float = 30) -> str:
    """The job's state once it is finished; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while True:
        row = await pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job.id)
        assert row is not None
        if row["finished_at"] is not None:
            return str(row["state"])
        assert time.monotonic() < deadline, f"not finished in {seconds} s: {dict(row)}"
        await asyncio.sleep(0.02)


async def states(pool: Pool, job: Job) -> dict[str, int]:
    """How many messages are in each state, counted from the rows."""
    rows = await pool.fetch("SELECT state FROM messages WHERE job_id = $1", job.id)
    return dict(Counter(row["state"] for row in rows))


async def message(pool: Pool, job: Job, seq: int) -> dict[str, object]:
    row = await pool.fetchrow("SELECT * FROM messages WHERE job_id = $1 AND seq = $2", job.id, seq)
    assert row is not None
    return dict(row)


async def counters(pool: Pool, job: Job) -> dict[str, int]:
    """The job's own counts, those that are not zero."""
    names = ("queued", "sending", "sent", "failed", "unknown", "skipped", "canceled")
    row = await pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job.id)
    assert row is not None
    return {name: row[name] for name in names if row[name]}


async def told(broker: Broker, job: Job) -> list[tuple[int, dict[str, object]]]:
    """Every frame of the job on the event stream, with its number, in order."""
    info = await broker.js.stream_info(EVENTS_STREAM)
    frames = []
    for seq in range(info.state.first_seq, info.state.last_seq + 1):
        stored = await broker.js.get_msg(EVENTS_STREAM, seq)
        if stored.subject != events_subject(job.id):
            continue
        envelope = Envelope.DECODER.decode(stored.data or b"")
        for offset, raw in enumerate(envelope.frames):
            frames.append((envelope.first_no + offset, msgspec.json.decode(raw)))
    return frames
