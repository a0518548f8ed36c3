"""The answer to a submission, in figures and in words: the same each time it is asked for."""

from typing import Final

import msgspec

from gateway import store
from schemas import api
from schemas.jobs import total_loops
from schemas.states import JobState

BULK_THRESHOLD: Final = 50  # front ends speak of a bulk send above it

_submission = msgspec.json.Decoder(api.Submission)


def said_of(made: store.Submitted) -> api.Submitted:
    """The answer to a submission: the same words each time it is asked for."""
    kept, loops = _submission.decode(made.submission), total_loops(made.total, made.loop_size)
    return api.Submitted(
        bulk=made.total > BULK_THRESHOLD,
        job_id=made.id,
        state=JobState.QUEUED,
        total_recipients=made.total,
        batch_size=made.loop_size,
        total_batches=loops,
        loop_size=made.loop_size,
        total_loops=loops,
        created_at=made.created_at,
        message=_sentence(made.total, loops, kept),
        accepted=kept.accepted,
        duplicates=kept.duplicates,
        rejected=kept.rejected,
        rejected_total=kept.rejected_total,
        ignored_fields=kept.ignored_fields or msgspec.UNSET,
        preflight=kept.preflight or msgspec.UNSET,
        parent_id=kept.parent_id or msgspec.UNSET,
        left_out=kept.left_out if kept.parent_id else msgspec.UNSET,
        suppressed=kept.suppressed,
        scheduled_at=kept.scheduled_at or msgspec.UNSET,
    )


def _sentence(total: int, loops: int, kept: api.Submission) -> str:
    """The answer in words; the time of a start as it was submitted."""
    sentence = f"{_count(total, 'recipient')} in {_count(loops, 'loop')}"
    if kept.duplicates:
        sentence += f"; {kept.duplicates} came more than once and are sent to once"
    if kept.rejected_total:
        sentence += f"; {kept.rejected_total} rejected"
    if kept.suppressed:
        sentence += f"; {kept.suppressed} opted out and will be skipped"
    if kept.left_out:
        sentence += f"; {sum(row.count for row in kept.left_out)} are left out"
    if kept.scheduled_at:
        sentence += f"; to start at {kept.scheduled_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{sentence}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
