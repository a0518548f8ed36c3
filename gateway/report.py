"""A job's summary as one page for people: to be read, printed and filed. Pure.

It holds all that it needs: no script, nothing to fetch, and its style sheet is known by its digest,
which is all that the page is allowed.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from gateway.days import Zone
from schemas import api
from schemas.truth_api import Summary

STYLE: Final = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
STYLE_DIGEST: Final = f"sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}"
MOST_LOOPS: Final = 500  # ten pages of paper; the JSON has all

_NOTHING: Final = "\u2013"
_OUTCOMES: Final = {
    "read": "Read",
    "delivered": "Delivered, and not known to be read",
    "sent": "Accepted by WhatsApp, and not known to be delivered",
    "failed": "Failed",
    "unknown": "In doubt: may have left",
    "skipped": "Skipped: opted out, or held back for now",
    "canceled": "Canceled before it left",
    "waiting": "Not sent yet",
}
# As in the style sheet, which some programs that print do not look into for drawings.
_FILL: Final = dict(re.findall(r"--(\w+): (#\w+);", STYLE))


def page(summary: Summary, zone: Zone) -> str:
    """A whole document; times are told in `zone`."""
    job, when = summary.job, _Clock(zone)
    title = job.campaign_name or job.campaign_id or "Campaign without a name"
    parts = (
        _header(job, title),
        "<main>",
        _headlines(summary),
        _outcomes(job),
        _facts(summary, when),
        _errors(job.errors),
        _family(job, when),
        _trail(summary.audit, when),
        _loops(job, when),
        "</main>",
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: summary</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, parts))
        + f"\n<footer>Job {job.job_id}, as of {when(summary.as_of)} ({escape(zone.name)})."
        " Written by Loopcast.</footer>\n</body>\n</html>\n"
    )


class _Clock:
    """Moments as a zone's people say them."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def __call__(self, at: datetime | None) -> str:
        return f"{at.astimezone(self._zone.rules):%Y-%m-%d %H:%M:%S}" if at else _NOTHING


def _header(job: api.JobView, title: str) -> str:
    reason = f": {escape(job.reason)}" if job.reason else ""
    return (
        f'<header><p class="kind">Campaign summary</p><h1>{escape(title)}</h1>'
        f'<p><span class="state state-{job.state}">{job.state.capitalize()}</span>{reason}</p>'
        "</header>"
    )


def _headlines(summary: Summary) -> str:
    job, rates = summary.job, summary.rates
    shown = (
        (_count(job.total_recipients), "recipients"),
        (_count(job.sent), "accepted"),
        (_share(rates.delivered_rate), "of those delivered"),
        (_share(rates.read_rate), "of those read"),
    )
    items = "".join(f"<li><b>{figure}</b>{what}</li>" for figure, what in shown)
    return f'<ul class="heads">{items}</ul>'


def _outcomes(job: api.JobView) -> str:
    """Every recipient once: the rows add up to the total."""
    counts = {
        "read": job.read,
        "delivered": job.delivered - job.read,
        "sent": job.sent - job.delivered,
        "failed": job.failed,
        "unknown": job.unknown,
        "skipped": job.skipped,
        "canceled": job.canceled,
        "waiting": job.queued + job.sending,
    }
    rows = [
        (f'<span class="key {name}"></span>{_OUTCOMES[name]}', _count(n),
         _share(n / job.total_recipients))
        for name, n in counts.items() if n
    ]  # fmt: skip
    table = _table(("What became of it", "#Recipients", "#Share"), rows)
    return f"<section><h2>Outcome</h2>{_bar(counts, job.total_recipients)}{table}</section>"


def _bar(counts: dict[str, int], total: int) -> str:
    said = ", ".join(f"{name} {_count(n)}" for name, n in counts.items() if n)
    drawn, at = "", 0.0
    for name, n in counts.items():
        width = 1000 * n / total
        if n:
            drawn += f'<rect x="{at:.2f}" width="{width:.2f}" height="24" fill="{_FILL[name]}"/>'
        at += width
    return (
        '<svg class="bar" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img"'
        f' aria-label="{said}">{drawn}</svg>'
    )


def _facts(summary: Summary, when: _Clock) -> str:
    job = summary.job
    who = next((entry.who for entry in summary.audit if entry.kind == "moved"), None)
    rate = f"{job.rate_per_second:,} a second" if job.rate_per_second else _NOTHING
    facts = (
        ("What", f"Template {job.template}" if job.template else "Free text"),
        ("From the number", job.phone_number_id),
        ("Label", job.campaign_id),
        ("Submitted by", who),
        ("Submitted", when(job.created_at)),
        ("Started", when(job.started_at)),
        ("Finished", when(job.finished_at)),
        ("Took", _duration(summary.duration_seconds)),
        ("Rate", rate),
        ("Cut into", f"{_count(job.total_loops)} loops of {_count(job.loop_size)}"),
        ("Held back by WhatsApp for a day", _count(job.deferred) if job.deferred else None),
    )
    listed = "".join(
        f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts if value is not None
    )
    return f"<section><h2>Who, what, when</h2><dl>{listed}</dl></section>"


def _errors(errors: Sequence[api.ErrorGroup]) -> str:
    if not errors:
        return ""
    rows = [
        (str(error.code), _count(error.count), escape(error.meaning), escape(error.advice),
         "yes" if error.may_be_sent_again else "no")
        for error in errors
    ]  # fmt: skip
    columns = ("#Code", "#Recipients", "Meaning", "What to do", "Send again?")
    return f"<section><h2>Errors</h2>{_table(columns, rows)}</section>"


def _family(job: api.JobView, when: _Clock) -> str:
    """What this job sends again, and what sends a part of it again."""
    if not (job.parent_id or job.children):
        return ""
    parent = f"<p>This job sends a part of job {job.parent_id} again.</p>" if job.parent_id else ""
    rows = [
        (str(child.job_id), child.state, _count(child.total_recipients), when(child.created_at))
        for child in job.children
    ]
    columns = ("A part was sent again by job", "State", "#Recipients", "Submitted")
    listed = _table(columns, rows) if rows else ""
    return f"<section><h2>Sent again</h2>{parent}{listed}</section>"


def _loops(job: api.JobView, when: _Clock) -> str:
    rows = [
        (str(loop.loop), loop.state, *map(_count, (
            loop.size, loop.sent, loop.failed, loop.unknown, loop.skipped, loop.canceled)),
         when(loop.started_at), _duration(loop.duration_seconds),
         f"{loop.rate_per_second:,}" if loop.rate_per_second else _NOTHING)
        for loop in job.loops[:MOST_LOOPS]
    ]  # fmt: skip
    columns = ("#Loop", "State", "#Size", "#Sent", "#Failed", "#In doubt", "#Skipped", "#Canceled",
               "Started", "#Took", "#A second")  # fmt: skip
    rest = job.total_loops - MOST_LOOPS
    more = f'<p class="note">{_count(rest)} more are in the JSON summary.</p>' if rest > 0 else ""
    return f"<section><h2>Loops</h2>{_table(columns, rows, 'loops')}{more}</section>"


def _trail(entries: Iterable[api.AuditEntry], when: _Clock) -> str:
    rows = [
        (when(entry.at), escape(entry.who or "Loopcast"),
         escape(f"{'asked for' if entry.kind == 'asked' else 'became'} {entry.what}"),
         escape(entry.why or ""))
        for entry in entries
    ]  # fmt: skip
    columns = ("When", "Who", "What", "Why")
    table = _table(columns, rows, "trail") if rows else "<p>None is kept.</p>"
    return f"<section><h2>Audit trail</h2>{table}</section>"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Cells are HTML already. A column whose name begins with # has figures."""
    classes = [' class="n"' if name.startswith("#") else "" for name in columns]
    head = "".join(
        f'<th scope="col"{figures}>{name.removeprefix("#")}</th>'
        for name, figures in zip(columns, classes, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{cell}</td>" for cell, c in zip(row, classes, strict=True))
        + "</tr>\n"
        for row in rows
    )  # fmt: skip
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _count(number: int) -> str:
    return f"{number:,}"


def _share(share: float | None) -> str:
    """One decimal; what is more than nothing and less than all never looks like either."""
    if share is None:
        return _NOTHING
    if 0 < share < 1:
        share = min(0.999, max(0.001, share))
    return f"{100 * share:.1f} %"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return _NOTHING
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"
