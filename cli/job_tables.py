"""Jobs as lines: all of them, one, its messages, its trail. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from cli.columns import columns
from cli.words import at, clean, clock, count, label, limit, of_answer, told
from schemas.api import Audit, AuditEntry, JobSummary, JobView, LoopView
from schemas.truth_api import MessageView

_HEAD: Final = ("JOB", "CREATED", "STATE", "DONE", "CAMPAIGN")
_LOOPS: Final = 10  # that are shown: those before fill screens, and --json has them


def jobs_lines(jobs: Sequence[JobSummary]) -> list[str]:
    """A line a job, under a head."""
    rows = [
        (
            str(job.job_id), f"{job.created_at.astimezone():%m-%d %H:%M}", job.state,
            f"{job.progress.completed}/{job.total_recipients}" + _missed(job), label(job),
        )
        for job in jobs
    ]  # fmt: skip
    return columns([_HEAD, *rows])


def _missed(job: JobSummary) -> str:
    missed = job.failed + job.unknown
    return f", {missed} missed" if missed else ""


def job_lines(job: JobView) -> Iterator[str]:
    """All that there is to say of one job, the most important first."""
    yield f"{label(job)}: {job.state}" + (f": {clean(job.reason)}" if job.reason else "")
    yield from columns(list(_facts(job)))
    yield from _loop_lines([loop for loop in job.loops if loop.state != "queued"])
    for error in job.errors:
        yield f"  {error.count} × {error.code} {clean(error.title)}"
        yield f"      {error.advice}" + _again(job, mayhap=error.may_be_sent_again)
    if job.failed + job.unknown:
        yield f"  who: loopcast job {job.job_id} --messages --state failed,unknown"
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


def message_lines(messages: Sequence[MessageView]) -> list[str]:
    """A line each: who, what became of it and when, why."""
    head = ("SEQ", "NUMBER", "STATE", "AT", "WHY")
    rows = [
        (str(one.seq), one.to, one.state, at(moment) if (moment := moment_of(one)) else "-",
         why(one))
        for one in messages
    ]  # fmt: skip
    return columns([head, *rows])


def moment_of(message: MessageView) -> datetime | None:
    """When it came to where it is; of one that waits, when it is due."""
    moments: dict[str, datetime | None] = {
        "queued": message.due_at, "sending": message.claimed_at, "sent": message.sent_at,
        "delivered": message.delivered_at, "read": message.read_at, "failed": message.failed_at,
        "unknown": message.unknown_at,
    }  # fmt: skip
    return moments.get(message.state)


def why(message: MessageView) -> str:
    """Meta's no, or why it was skipped, waits or is in doubt; mostly nothing."""
    if error := message.error:
        return clean(f"{error.code} {error.title}")
    return clean(message.reason or "")


def trail_lines(audit: Audit) -> list[str]:
    """A line for what somebody asked for, and for each move."""
    head = ("AT", "WHO", "WHAT", "WHY")
    rows = [
        (at(one.at), clean(one.who or "Loopcast"), _what(one), clean(one.why or ""))
        for one in audit.entries
    ]  # fmt: skip
    return columns([head, *rows])


def _what(entry: AuditEntry) -> str:
    """What somebody wanted, or which state it has now."""
    if entry.kind == "moved":
        return f"is {entry.what}"
    return f"asked for {entry.what}" + (f" {entry.value}" if entry.value else "")


def _loop_lines(begun: Sequence[LoopView]) -> Iterator[str]:
    if not begun:
        return
    shown = begun[-_LOOPS:]
    rows = [("", str(loop.loop), loop.state, str(loop.size), told(_counts(loop))) for loop in shown]
    yield from columns([("", "loop", "state", "size", "done"), *rows])
    if before := len(begun) - len(shown):
        yield f"  … and {count(before, 'loop')} before"


def _counts(holder: object) -> dict[str, int]:
    names = ("sent", "failed", "unknown", "skipped", "canceled")
    return {name: getattr(holder, name) for name in names}


def _again(job: JobView, *, mayhap: bool) -> str:
    is_over = job.state in {"completed", "failed", "canceled"}
    return f" `loopcast resend {job.job_id}` can help." if mayhap and is_over else ""
