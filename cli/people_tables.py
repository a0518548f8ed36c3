"""People as lines: opt-outs, and one person's whole story. Pure."""

from collections.abc import Iterator, Sequence

from cli.columns import columns
from cli.job_tables import moment_of, why
from cli.words import at, clean
from schemas.suppression_api import Suppression
from schemas.truth_api import History


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


def story_lines(story: History) -> Iterator[str]:
    """What a person was sent and what became of it, newest first; what they want no more."""
    gets = f"gets nothing of: {story.suppressed}" if story.suppressed else "has not opted out"
    yield f"{story.number} {gets}"
    if story.messages:
        head = ("AT", "STATE", "JOB", "CAMPAIGN", "WHY")
        rows = [
            (
                at(moment_of(one) or one.created_at), one.state, str(one.job_id),
                clean(one.campaign_name or one.template or "free text"), why(one),
            )
            for one in story.messages
        ]  # fmt: skip
        yield from columns([head, *rows])
    if story.suppressions:
        yield from suppression_lines(story.suppressions)
