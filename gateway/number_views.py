"""Sending numbers as people are told of them: how each is kept, and how it stands now. Pure."""

from datetime import datetime, timedelta
from typing import Final

from gateway.rows import NumberRow
from schemas import number_api as api
from schemas.settings import Gateway
from schemas.slowing import grown, seconds_to

STORED: Final = "stored"
ENVIRONMENT: Final = "environment"

_AS_THEY_ARE: Final = (
    "phone_number_id", "name", "token_hint", "token_set_by", "token_set_at", "messages_per_second",
    "loop_pause_ms", "messaging_limit", "enabled", "unfinished_jobs", "made_by", "made_at",
    "changed_by", "changed_at",
)  # fmt: skip


def view(row: NumberRow, settings: Gateway, now: datetime) -> api.SendingNumber:
    """The number, without its secrets."""
    is_kept = row.provider is not None
    pace, slowed_until = _pace(row, settings.messages_per_second, now)
    held_until = _if_ahead(row.held_until, now)
    return api.SendingNumber(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        source=STORED if is_kept else ENVIRONMENT,
        provider=row.provider or settings.provider_name,
        waba_id=row.waba_id if is_kept else settings.waba_id,
        has_app_secret=row.has_app_secret if is_kept else bool(settings.app_secrets),
        limit=api.NumberLimit(
            people=_people(row), reached=row.reached,
            limited_until=_if_ahead(row.limited_until, now),
        ),
        pace_now=pace,
        slowed_until=slowed_until,
        held_until=held_until,
        held_by=row.held_by if held_until else None,
        is_paused=row.is_braked,
        queue=api.NumberQueue(jobs=row.jobs_waiting, messages=row.messages_waiting),
    )  # fmt: skip


def _people(row: NumberRow) -> int | None:
    """What was set for the number; else as a daemon knew it last."""
    if row.messaging_limit is not None:
        return row.messaging_limit or None
    return row.people_limit


def _pace(row: NumberRow, service: int, now: datetime) -> tuple[float | None, datetime | None]:
    """Messages a second, and until when they are fewer because Meta said too fast."""
    full = min((rate for rate in (row.messages_per_second, service) if rate), default=None)
    if row.slowed_to is None or row.slowed_from is None or row.slowed_at is None:
        return full, None
    target = full or row.slowed_from
    going = grown(row.slowed_to, row.slowed_from, (now - row.slowed_at).total_seconds())
    if going >= target:
        return full, None
    seconds = seconds_to(target, row.slowed_to, row.slowed_from)
    return round(going, 2), row.slowed_at + timedelta(seconds=seconds)


def _if_ahead(at: datetime | None, now: datetime) -> datetime | None:
    return at if at and at > now else None
