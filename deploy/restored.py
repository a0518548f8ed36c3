"""`python -m deploy.restored`: after a backup was restored, so that nobody gets a message twice.

A restored ledger does not know what was sent since the backup; it would be sent again. So all jobs
are paused, and what the event stream still tells of messages that were sent is put on the stream
of receipts, as if Meta said it: daemons merge it, by the same rules, before anybody resumes a job.

Exit code 0 when that is done, 1 when it could not be, 78 when settings are wrong, 2 when the
command is. It may be run again.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec

from daemon.stops import Stops, Target
from daemon.verdicts import Scope
from deploy.terminal import Terminal
from gateway.replay import Stored, bounds, stored_to
from plumbing.batches import publish_all
from plumbing.broker import Broker, Unavailable
from plumbing.logs import Log, set_up
from plumbing.migrations import schema_is_current
from plumbing.postgres import Pool, load_queries, open_pool
from plumbing.process import EXIT_CONFIG, CannotStart
from schemas.environment import SettingsError
from schemas.events import ENVELOPE_VERSION, Envelope
from schemas.loading import load
from schemas.messages import MessageTag
from schemas.settings import Common
from schemas.subjects import RECEIPTS_SUBJECT, job_of
from schemas.webhooks import OBJECT
from schemas.wire import RECEIPT_VERSION

USAGE: Final = """\
usage: python -m deploy.restored

After a backup of PostgreSQL was restored, with all daemons stopped: pauses every job, and has the
daemons learn from BULK_EVENTS who was sent a message since. Resume the jobs afterwards."""
REASON: Final = (
    "The ledger was restored from a backup: resume when the receipts of what was sent since are in"
)
NEXT: Final = (
    "Start the gateways and the daemons: they merge these receipts, and Meta's own as they come."
    " Resume the jobs when no more come, an hour after the last message at the least."
)
READY_SECONDS: Final = 15.0
MOST_STATUSES: Final = 500  # of one body
QUERIES: Final = load_queries(Path(__file__).with_name("restored.sql"))


class _Told(msgspec.Struct, rename="camel"):
    """What a frame says of a message that Meta accepted."""

    type: str
    seq: int = 0
    to: str = ""
    message_id: str = ""
    status: str = "sent"  # of a `message_status`


class Came(msgspec.Struct, frozen=True):
    """What `restore` came to."""

    paused: int
    statuses: int
    strangers: dict[UUID, int]  # jobs that the ledger does not know, and messages sent of each


_decode: Final = msgspec.json.Decoder(_Told).decode


def main(arguments: list[str]) -> int:
    """Do it, and say what came of it; returns the exit code."""
    if not {"-h", "--help"}.isdisjoint(arguments):
        return _said([USAGE], 0)
    if arguments:
        return _said([USAGE], 2)
    try:
        settings = load(Common, os.environ)
        log = set_up("restored", settings.log_level)
        return _said(sentences(asyncio.run(restored(settings, log))), 0)
    except SettingsError as error:
        return _said([str(error)], EXIT_CONFIG)
    except CannotStart as error:
        return _said([f"restored: {error}"], 1)


async def restored(settings: Common, log: Log) -> Came:
    """Pause all jobs, then have receipts made of what was told. Raises CannotStart."""
    server = urlsplit(settings.database_url).netloc.rpartition("@")[2]
    async with AsyncExitStack() as stack:
        broker = Broker(settings.nats_url, "restored", log, replicas=settings.nats_replicas)
        stack.push_async_callback(broker.close)
        broker.start()
        try:
            pool = await stack.enter_async_context(
                await open_pool(settings.database_url, name="restored", size=2)
            )
            paused = await _paused(pool)
            await asyncio.wait_for(broker.ready(), READY_SECONDS)
            statuses, strangers = await _tell_again(pool, broker)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if isinstance(error, TimeoutError) and not broker.is_connected:
                raise CannotStart("NATS does not answer; start it, or set NATS_URL") from error
            raise CannotStart(f"PostgreSQL at {server} does not answer: {error}") from error
        except Unavailable as error:
            raise CannotStart(f"{error}; all jobs are paused, run this again") from error
    return Came(paused, statuses, strangers)


def sentences(came: Came) -> list[str]:
    """What was done and what is to be done, for people."""
    said = [
        f"{came.paused} job{'s were' if came.paused != 1 else ' was'} paused.",
        f"{came.statuses} receipts of what was sent were put on the stream.",
        NEXT,
    ]
    for job_id, sent in came.strangers.items():
        said.append(
            f"Job {job_id} was made after the backup: the ledger does not know it, and {sent}"
            " messages of it were sent. Do not submit it again as it was."
        )
    return said


async def _paused(pool: Pool) -> int:
    """How many jobs were. Raises CannotStart while a daemon could go on with one of them."""
    if not await schema_is_current(pool):
        raise CannotStart("the schema is older than this release: run python -m deploy.migrate")
    if alive := await QUERIES.daemons_alive(pool):
        raise CannotStart(f"stop all daemons first: {alive} of them work on this database")
    return len(await Stops(pool).stop(Target(), Scope.ACCOUNT, REASON))


async def _tell_again(pool: Pool, broker: Broker) -> tuple[int, dict[UUID, int]]:
    """What was told of messages that were sent, as receipts. Raises Unavailable."""
    published, last_seq = 0, (await bounds(broker)).last
    strangers: Counter[UUID] = Counter()
    async for batch in stored_to(broker, "bulk.events.*", 1, last_seq):
        known = await _known(pool, batch)
        statuses = []
        for stored in batch:
            made = list(_statuses(stored))
            if (job_id := UUID(job_of(stored.subject))) in known:
                statuses += made
            elif sent := sum(status["status"] == "sent" for status in made):
                strangers[job_id] += sent
        published += len(statuses)
        if bodies := list(_bodies(statuses)):
            await publish_all(broker, RECEIPTS_SUBJECT, bodies, RECEIPT_VERSION)
    return published, dict(strangers)


async def _known(pool: Pool, batch: Sequence[Stored]) -> set[UUID]:
    ids = {UUID(job_of(stored.subject)) for stored in batch}
    return {row["id"] async for row in QUERIES.known_jobs(pool, ids=list(ids))}


def _statuses(stored: Stored) -> Iterator[dict[str, Any]]:
    """Meta's words for what the frames of a stream message say; failures are none that matter."""
    try:
        envelope = Envelope.DECODER.decode(stored.payload)
    except msgspec.DecodeError:
        return
    if envelope.v != ENVELOPE_VERSION:
        return
    for raw in envelope.frames:
        told = _decode(raw)
        if told.type in ("message_sent", "message_status") and told.status != "failed":
            yield _status(UUID(job_of(stored.subject)), told, stored.at)


def _status(job_id: UUID, told: _Told, at: datetime) -> dict[str, Any]:
    return {
        "id": told.message_id,
        "status": told.status,
        "timestamp": str(int(at.timestamp())),
        "recipient_id": told.to,
        "biz_opaque_callback_data": MessageTag(job_id, told.seq, 1).encode(),
    }


def _bodies(statuses: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    for start in range(0, len(statuses), MOST_STATUSES):
        value = {"statuses": statuses[start : start + MOST_STATUSES]}
        changes = [{"field": "messages", "value": value}]
        yield msgspec.json.encode({"object": OBJECT, "entry": [{"id": "0", "changes": changes}]})


def _said(lines: Sequence[str], code: int) -> int:
    terminal = Terminal(sys.stderr if code else sys.stdout)
    for line in lines:
        terminal.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
