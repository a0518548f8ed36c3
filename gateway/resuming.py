"""Where a reader that comes back goes on, as its `Last-Event-ID` says."""

from gateway import jobs, positions, replay
from gateway.positions import At, End, Position, Snapshot
from gateway.store import JobRow
from gateway.views import COMPLETED
from plumbing.broker import Broker, Unavailable


async def resumable(
    broker: Broker, job: JobRow, event_id: str | None, epoch: str
) -> Position | None:
    """Where to go on, or None to begin anew.

    That is without an id, with one that is not ours or of another job, and when what comes after
    it is no longer on the stream, or the stream is another by now.
    """
    if not event_id or not (mark := positions.parse(event_id)):
        return None
    given = mark.position
    if isinstance(given, End):
        return given if jobs.is_finished(job) else None
    if isinstance(given, Snapshot) and given.event_no > job.event_no:
        return None
    try:
        held = await replay.bounds(broker)
    except Unavailable:
        return None
    if not mark.epoch == epoch == held.epoch:
        return None
    needed = given.seq + (not isinstance(given, At) or given.index == positions.WHOLE)
    return given if held.first <= needed <= held.last + 1 else None


async def has_seen_end(broker: Broker, job: JobRow, given: Position) -> bool:
    """Whether the reader was told the job's end: nothing is left to tell."""
    if not jobs.is_finished(job) or isinstance(given, Snapshot):
        return False
    if isinstance(given, End):
        return True
    try:
        news = await replay.message_at(broker, job.id, given.seq)
    except Unavailable:
        return False
    return news is not None and any(
        told.type == COMPLETED and told.index <= given.index for told in news.frames
    )
