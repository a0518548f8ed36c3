"""A dry run: the plan of a submission, for which nothing is stored and nothing is sent."""

import asyncio
from datetime import datetime
from typing import Final

from gateway import errors
from gateway.errors import Refusal
from gateway.examples import MOST_EXAMPLES, example
from gateway.parts import Parts
from gateway.plan_store import Situation, situation
from gateway.planner import FASTEST_PER_SECOND, HORIZON, Forecast, Load, forecast
from gateway.reading import Reading
from schemas.jobs import Template, total_loops
from schemas.plan_api import DryRun, Durations, Refused, RefusedPlan

_WORDS: Final = {"true": True, "1": True, "yes": True, "": True, "false": False, "0": False,
                 "no": False}  # fmt: skip


def is_wanted(text: str | None) -> bool | Refusal:
    """Whether `?dryRun` says so; a word that is neither sends nothing."""
    if text is None:
        return False
    wanted = _WORDS.get(text.strip().lower())
    return errors.bad_request("dryRun must be true or false.") if wanted is None else wanted


def refusal(refused: Refusal) -> RefusedPlan:
    """The submission would be refused, and why."""
    return RefusedPlan(
        message=f"This would be refused: {refused.message}",
        refused=Refused(refused.status, refused.error, refused.message, refused.details),
    )


async def plan(submitted: Reading, suppressed: int, parts: Parts) -> DryRun:
    """What would become of the submission, if it were made now. Raises LedgerUnavailable."""
    order, recipients = submitted.order, submitted.recipients
    found = await situation(
        parts.store, order.phone_number_id, order.plan.scheduled_at or submitted.now,
        [accepted.recipient for accepted in recipients.accepted],
        is_counted=isinstance(order.content, Template),
    )  # fmt: skip
    load = _load(submitted, suppressed, found, parts)
    told = await asyncio.to_thread(forecast, load)
    total = len(recipients.accepted)
    return DryRun(
        message=_sentence(told, total - suppressed, submitted.now),
        accepted=total,
        duplicates=recipients.duplicates,
        rejected=recipients.rejected,
        rejected_total=recipients.rejected_total,
        suppressed=suppressed,
        preflight=submitted.passed.said,
        ignored_fields=submitted.ignored,
        loop_size=order.plan.loop_size,
        total_loops=total_loops(total, order.plan.loop_size),
        loop_pause_ms=round(load.pause_seconds * 1000),
        messages_per_second=load.per_second or None,
        messaging_limit=found.people_limit,
        scheduled_at=order.plan.scheduled_at,
        starts_at=told.starts_at,
        expected_end_at=told.ends_at,
        duration_seconds=_duration(told, submitted.now),
        durations=_durations(told),
        notes=_notes(load, found),
        examples=[
            example(order.content, submitted.passed.found, accepted)
            for accepted in recipients.accepted[:MOST_EXAMPLES]
        ],
    )


def _load(submitted: Reading, suppressed: int, found: Situation, parts: Parts) -> Load:
    wanted, settings = submitted.order.plan, parts.settings
    number_pause = settings.pause_ms / 1000
    rates = [rate for rate in (wanted.messages_per_second, settings.messages_per_second) if rate]
    groups = dict(submitted.hours.groups)
    for zones, count in groups.items():  # who opted out is skipped, wherever that may be
        skipped = min(suppressed, count)
        groups[zones], suppressed = count - skipped, suppressed - skipped
    return Load(
        groups=groups,
        now=submitted.now,
        starts_at=max(submitted.now, wanted.scheduled_at or submitted.now),
        loop_size=wanted.loop_size,
        pause_seconds=max(number_pause, (wanted.loop_pause_ms or 0) / 1000),
        number_pause_seconds=number_pause,
        per_second=min(rates, default=0),
        number_per_second=settings.messages_per_second,
        window=wanted.window,
        ahead=found.ahead,
        places=found.places,
        frees=found.frees,
    )


def _duration(told: Forecast, now: datetime) -> float | None:
    return round((told.ends_at - now).total_seconds(), 1) if told.ends_at else None


def _durations(told: Forecast) -> Durations:
    return Durations(
        scheduled_seconds=round(told.scheduled_seconds, 1),
        sending_seconds=round(told.sending_seconds, 1),
        pauses_seconds=round(told.pauses_seconds, 1),
        queue_seconds=round(told.queue_seconds, 1),
        window_seconds=round(told.window_seconds, 1),
        limit_seconds=round(told.limit_seconds, 1),
    )


def _notes(load: Load, found: Situation) -> list[str]:
    """What the plan rests on, where that is not known."""
    notes = []
    if not load.per_second:
        notes.append(
            f"Nothing limits the rate: {FASTEST_PER_SECOND} a second are counted with, which is"
            " all that Meta takes of a number."
        )
    if found.places is None:
        notes.append("No messaging limit is known for this list, so none is counted with.")
    if load.ahead:
        waiting = sum(job.left for job in load.ahead)
        notes.append(
            f"{len(load.ahead)} other jobs of the number, with {waiting} messages, take turns with"
            " this one."
        )
    return notes


def _sentence(told: Forecast, to_send: int, now: datetime) -> str:
    if not to_send:
        return "Nothing would be sent: all have opted out."
    messages = "1 message" if to_send == 1 else f"{to_send} messages"
    if told.ends_at is None:
        return f"{messages} would take more than {HORIZON.days} days."
    return (
        f"{messages} would be sent, and the last one would leave at"
        f" {told.ends_at:%Y-%m-%d %H:%M:%S} UTC, {_words((told.ends_at - now).total_seconds())}"
        " from now. Nothing was made."
    )


def _words(seconds: float) -> str:
    """`1 h 05 min`, `3 min 20 s`, `12 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
