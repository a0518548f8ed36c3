"""Who sends, who may, and what stands still, as lines. Pure."""

from collections.abc import Iterator, Sequence

from cli.columns import columns
from cli.words import at, clean, count
from schemas.api import Brakes
from schemas.key_api import KeyView
from schemas.number_api import SendingNumber, SendingNumberKept


def brake_lines(brakes: Brakes) -> Iterator[str]:
    """What stands still: since when, by whom, why, and how many jobs it holds."""
    if not brakes.brakes:
        yield "Nothing is paused as a whole."
    for one in brakes.brakes:
        what = f"number {one.phone_number_id}" if one.phone_number_id else "everything"
        reason = f": {clean(one.reason)}" if one.reason else ""
        held = f", holds {count(one.jobs, 'job')}"
        yield f"{what} stands still since {at(one.at)}, by {clean(one.by)}{held}{reason}"


def number_lines(numbers: Sequence[SendingNumber]) -> list[str]:
    """A line a number. What it has of its own pace is told, else it goes as the service."""
    head = ("NUMBER", "SOURCE", "AT", "TOKEN", "JOBS", "TAKES", "NAME AND PACE")
    rows = [
        (
            one.phone_number_id, one.source, one.provider,
            f"…{one.token_hint}" if one.token_hint else "-", str(one.unfinished_jobs),
            "jobs" if one.enabled else "no jobs", ", ".join(_of_its_own(one)),
        )
        for one in numbers
    ]  # fmt: skip
    return columns([head, *rows])


def kept_lines(number: SendingNumberKept) -> Iterator[str]:
    """The number as it is now, and whether Meta took its token."""
    yield from number_lines([number])
    if number.note:
        yield f"  {clean(number.note)}"


def key_lines(keys: Sequence[KeyView]) -> list[str]:
    """A line a key."""
    head = ("ID", "NAME", "KEY", "MAY", "STATE", "LAST USED")
    rows = [
        (
            str(one.id or one.source), clean(one.name), f"…{one.hint}" if one.hint else "-",
            ",".join(one.scopes), key_state(one), at(one.last_used_at) if one.last_used_at else "-",
        )
        for one in keys
    ]  # fmt: skip
    return columns([head, *rows])


def key_state(key: KeyView) -> str:
    """Until when it opens something, or since when it does not."""
    if key.revoked_at:
        return f"revoked {at(key.revoked_at)} by {clean(key.revoked_by or '')}"
    if not key.expires_at:
        return "for ever" if key.is_live else "dead"
    return f"{'until' if key.is_live else 'expired'} {at(key.expires_at)}"


def _of_its_own(number: SendingNumber) -> Iterator[str]:
    if number.name:
        yield clean(number.name)
    if number.messages_per_second is not None:
        yield f"{number.messages_per_second}/s"
    if number.loop_pause_ms is not None:
        yield f"pauses of {number.loop_pause_ms / 1000:g} s"
    if number.messaging_limit is not None:
        people = f"{number.messaging_limit} people a day"
        yield people if number.messaging_limit else "no limit of people"
