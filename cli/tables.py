"""Jobs and lists of opt-outs as lines: what is read by eye comes in columns. Pure."""

from collections.abc import Iterator, Sequence

from cli.words import at, clean, clock, count, label, limit, of_answer, told
from schemas.api import JobSummary, JobView
from schemas.suppression_api import Suppression

_HEAD = ("JOB", "CREATED", "STATE", "DONE", "TOTAL", "MISSED", "CAMPAIGN")


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns, two blanks between; the last one is as wide as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row[:-1], widths, strict=False)), row[-1]])
        for row in rows
    ]


def jobs_lines(jobs: Sequence[JobSummary]) -> list[str]:
    """A line a job, under a head."""
    rows = [
        (
            str(job.job_id), f"{job.created_at.astimezone():%m-%d %H:%M}", job.state,
            str(job.progress.completed), str(job.total_recipients),
            str(job.failed + job.unknown), label(job),
        )
        for job in jobs
    ]  # fmt: skip
    return columns([_HEAD, *rows])


def job_lines(job: JobView) -> Iterator[str]:
    """All that there is to say of one job, the most important first."""
    yield f"{label(job)}: {job.state}" + (f": {clean(job.reason)}" if job.reason else "")
    yield from columns(list(_facts(job)))
    if job.loops:
        head = ("", "loop", "state", "size", "done")
        rows = [
            ("", str(loop.loop), loop.state, str(loop.size), told(_counts(loop)))
            for loop in job.loops
            if loop.state != "queued"
        ]
        yield from columns([head, *rows])
    for error in job.errors:
        yield f"  {error.count} × {error.code} {clean(error.title)}"
        yield f"      {error.advice}" + _again(job, mayhap=error.may_be_sent_again)
    for doubt in job.in_doubt:
        yield f"  in doubt: {doubt.to}, {clean(doubt.reason)}"


def _facts(job: JobView) -> Iterator[tuple[str, str, str]]:
    yield "", "job", str(job.job_id)
    yield "", "template", clean(job.template or "free text")
    yield "", "from", job.phone_number_id
    yield "", "recipients", f"{told(_counts(job))}; {job.queued + job.sending} to go"
    yield "", "receipts", f"{job.delivered} delivered, {job.read} read"
    yield "", "loops", f"{job.current_loop} of {count(job.total_loops, 'loop')} begun"
    yield "", "created", at(job.created_at)
    for name, moment in (
        ("scheduled", of_answer(job, "scheduled_at")), ("started", job.started_at),
        ("finished", job.finished_at),
    ):  # fmt: skip
        if moment is not None:
            yield "", name, at(moment)
    if job.rate_per_second is not None:
        yield "", "rate", f"{job.rate_per_second:.1f}/s"
    if job.eta_seconds is not None:
        yield "", "time left", clock(job.eta_seconds)
    if held := limit(job.limited_by, job.limited_until):
        yield "", "waits", held
    if job.children:
        yield "", "sent again", ", ".join(str(child.job_id) for child in job.children)


def suppression_lines(listed: Sequence[Suppression]) -> list[str]:
    """A line each: who, of what, who asked, when, why."""
    head = ("NUMBER", "SCOPE", "SOURCE", "AT", "REASON")
    rows = [
        (
            one.number, one.scope, one.source, at(one.at),
            clean(one.reason) + (f" (lifted {at(one.lifted_at)})" if one.lifted_at else ""),
        )
        for one in listed
    ]  # fmt: skip
    return columns([head, *rows])


def _counts(holder: object) -> dict[str, int]:
    names = ("sent", "failed", "unknown", "skipped", "canceled")
    return {name: getattr(holder, name) for name in names}


def _again(job: JobView, *, mayhap: bool) -> str:
    is_over = job.state in {"completed", "failed", "canceled"}
    return f" `loopcast resend {job.job_id}` can help." if mayhap and is_over else ""
