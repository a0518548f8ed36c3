"""What is said before and after a submission: the file, the plan, the job. Pure."""

from collections.abc import Iterator, Sequence

import msgspec

from cli.told import as_typed
from cli.words import at, clean, clock, count
from schemas.api import RejectedLine, Submitted
from schemas.plan_api import DryRun
from schemas.upload_api import Upload

LISTED = 5  # rejected lines that are shown; the API gives 20


def upload_lines(upload: Upload) -> Iterator[str]:
    """What is in a file, and what deserves a look."""
    found = f"{count(upload.rows, 'row')}, {upload.valid} can be sent to"
    yield f"{clean(upload.filename or 'The file')}: {found}{_less(upload.duplicates)}"
    if upload.country_problem:
        yield f"  {clean(as_typed(upload.country_problem.message))}"
    yield from (f"  {clean(warning)}" for warning in upload.warnings)


def plan_lines(plan: DryRun) -> Iterator[str]:
    """A dry run: how it would go."""
    yield plan.message
    yield from rejected_lines(plan.rejected, plan.rejected_total)
    loops = f"{count(plan.total_loops, 'loop')} of up to {plan.loop_size}"
    rate = f"{plan.messages_per_second}/s" if plan.messages_per_second else "no limit of the rate"
    yield f"  {loops}, pauses of {plan.loop_pause_ms / 1000:g} s, {rate}"
    if plan.starts_at:
        yield f"  first message  {at(plan.starts_at)}"
    if plan.expected_end_at and plan.duration_seconds is not None:
        took = clock(plan.duration_seconds)
        yield f"  last message   {at(plan.expected_end_at)}, {took} from now"
    if plan.suppressed:
        yield f"  {plan.suppressed} have opted out, and would be skipped"
    if plan.preflight and plan.preflight.state != "checked":
        yield f"  The template was not looked at: {clean(plan.preflight.reason or '')}"
    yield from _ignored(plan.ignored_fields)
    yield from (f"  {clean(note)}" for note in plan.notes)
    for example in plan.examples:
        words = example.text or msgspec.json.encode(example.components).decode()
        yield f"  to {example.to}: {clean(words)}"
    yield "  Nothing was stored and nothing sent."


def submitted_lines(made: Submitted) -> Iterator[str]:
    """The answer to a submission."""
    yield made.message
    yield from rejected_lines(made.rejected, made.rejected_total)
    if made.left_out is not msgspec.UNSET:
        yield from (f"  left out: {one.count} × {one.reason}" for one in made.left_out)
    if made.preflight is not msgspec.UNSET and made.preflight.state != "checked":
        yield f"  The template was not looked at: {clean(made.preflight.reason or '')}"
    if made.ignored_fields is not msgspec.UNSET:
        yield from _ignored(made.ignored_fields)


def rejected_lines(rejected: Sequence[RejectedLine], total: int) -> Iterator[str]:
    """Whom nothing can be sent to: the first of them, and how many there are."""
    for one in rejected[:LISTED]:
        yield f"  rejected, line {one.line}: {clean(one.value)}: {one.reason}"
    if total > LISTED:
        yield f"  … {total} rejected in all"


def _less(duplicates: int) -> str:
    return f", {count(duplicates, 'duplicate')}" if duplicates else ""


def _ignored(fields: Sequence[str]) -> Iterator[str]:
    if fields:
        yield f"  The gateway does not know {', '.join(fields)}: it is older than this command."
