"""The page of a summary says all that happened, for everybody, and lets nothing in."""

import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from gateway.days import Zone
from gateway.explained import explained
from gateway.report import MOST_LOOPS, page
from gateway.tallies import rates
from schemas import api
from schemas.events import ErrorCount
from schemas.truth_api import Summary

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = "<img src=x onerror=alert(1)>\"'"
VOID = {"meta", "rect"}


def loop(number: int) -> api.LoopView:
    return api.LoopView(
        loop=number, state="completed", size=2, sent=2, failed=0, unknown=0, skipped=0, canceled=0,
        started_at=AT, finished_at=AT, duration_seconds=0.0, rate_per_second=None,
    )  # fmt: skip


def summary(**changes: Any) -> Summary:
    fields: dict[str, Any] = {
        "job_id": UUID(int=1), "state": "completed", "reason": None, "campaign_name": "May",
        "campaign_id": None, "phone_number_id": "42", "template": "sale", "total_recipients": 10,
        "sent": 6, "failed": 1, "queued": 0, "sending": 0, "delivered": 4, "read": 1, "unknown": 1,
        "skipped": 1, "canceled": 1, "progress": api.JobProgress(100.0, 10, 0), "batch_size": 2,
        "total_batches": 5, "loop_size": 2, "total_loops": 5, "current_loop": 5, "created_at": AT,
        "started_at": AT, "finished_at": AT + timedelta(hours=2), "rate_per_second": 1.5,
        "eta_seconds": None, "limited_by": None, "limited_until": None, "deferred": 0,
        "stopped_by": None, "wanted": "run", "resuming": False, "doubt_until": None,
        "request_id": None, "parent_id": None, "children": [], "in_doubt": [], "loops": [loop(1)],
        "errors": [explained(ErrorCount(131026, "t", 1, EVIL))],
    }  # fmt: skip
    return Summary(
        as_of=AT, job=api.JobView(**{**fields, **changes}), duration_seconds=7260.0,
        rates=rates(sent=6, delivered=4, read=1, failed=1),
        audit=[api.AuditEntry(at=AT, kind="asked", what="pause", value=None, who=EVIL, why=EVIL)],
    )  # fmt: skip


class Outline(HTMLParser):
    """Whether tags match, and what is there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


UTC_ZONE = Zone("UTC", UTC)


def test_every_tag_is_closed_and_none_runs_or_fetches_anything() -> None:
    changes = {"campaign_name": EVIL, "template": EVIL, "reason": EVIL}
    outline = Outline(page(summary(**changes), UTC_ZONE))
    assert outline.open == []
    assert not outline.tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not {name for name in outline.attributes if name.startswith("on")}
    assert not outline.attributes & {"style", "src", "href", "srcset", "xlink:href"}


def test_the_headings_tell_the_story_in_order() -> None:
    outline = Outline(page(summary(), UTC_ZONE))
    assert outline.headings == [
        "May", "Outcome", "Who, what, when", "Errors", "Audit trail", "Loops",
    ]  # fmt: skip


def test_every_recipient_is_in_one_row_of_the_outcome() -> None:
    html = page(summary(), UTC_ZONE)
    outcome = html[html.index("<h2>Outcome") : html.index("<h2>Who")]
    counts = re.findall(r'<td class="n">([0-9,]+)</td>', outcome)
    assert [int(count) for count in counts] == [1, 3, 2, 1, 1, 1, 1]
    assert sum(map(int, counts)) == 10
    assert 'aria-label="read 1, delivered 3, sent 2, failed 1' in outcome


def test_times_are_those_of_the_zone() -> None:
    html = page(summary(), Zone("Asia/Kolkata", timezone(timedelta(hours=5.5))))
    assert "2026-03-01 17:30:00 (Asia/Kolkata)" in html
    assert "2026-03-01 12:00" not in html
    assert "<dt>Took</dt><dd>2 h 01 min</dd>" in html


def test_what_has_not_happened_is_not_shown_as_if_it_had() -> None:
    nothing = dict.fromkeys(("sent", "failed", "delivered", "read", "unknown", "skipped",
                             "canceled"), 0)  # fmt: skip
    html = page(summary(**nothing, queued=10, started_at=None, errors=[]), UTC_ZONE)
    assert "Not sent yet" in html
    assert "<h2>Errors" not in html
    assert "<dt>Started</dt><dd>\u2013</dd>" in html


def test_a_share_that_is_not_all_never_looks_like_all() -> None:
    html = page(summary(total_recipients=100_000, failed=99_999), UTC_ZONE)
    assert "99.9 %" in html
    assert "0.1 %" in html


def test_very_many_loops_are_left_to_the_json() -> None:
    loops = [loop(n) for n in range(1, MOST_LOOPS + 11)]
    html = page(summary(loops=loops, total_loops=len(loops)), UTC_ZONE)
    assert "10 more are in the JSON summary." in html


def test_parent_and_children_are_named() -> None:
    child = api.Child(job_id=UUID(int=3), state="running", total_recipients=7, created_at=AT)
    html = page(summary(parent_id=UUID(int=2), children=[child]), UTC_ZONE)
    assert f"sends a part of job {UUID(int=2)} again" in html
    assert str(UUID(int=3)) in html
