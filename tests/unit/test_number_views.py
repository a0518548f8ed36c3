"""A sending number as it is told: how it is kept, how fast it may go, and what holds it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.number_views import view
from gateway.rows import NumberRow
from schemas.number_api import NumberLimit, NumberQueue, SendingNumber
from schemas.settings import Gateway

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BARE: dict[str, Any] = {
    **dict.fromkeys(NumberRow.__struct_fields__), "phone_number_id": "200", "enabled": True,
    "has_app_secret": False, "unfinished_jobs": 0, "jobs_waiting": 0, "messages_waiting": 0,
    "reached": 0, "is_braked": False,
}  # fmt: skip


def told(service: int = 10, /, **row: Any) -> SendingNumber:
    settings = Gateway(messages_per_second=service, waba_id="1")
    return view(NumberRow(**{**BARE, **row}), settings, NOW)


def seconds_ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_a_number_that_nobody_keeps_is_the_environments() -> None:
    said = told()
    assert (said.source, said.provider, said.waba_id) == ("environment", "meta", "1")
    kept = told(provider="360dialog", waba_id="2", has_app_secret=True)
    assert (kept.source, kept.provider, kept.waba_id) == ("stored", "360dialog", "2")
    assert (said.has_app_secret, kept.has_app_secret) == (False, True)


@pytest.mark.parametrize(
    ("service", "own", "pace"), [(10, None, 10), (10, 3, 3), (0, 3, 3), (0, None, None), (5, 9, 5)]
)
def test_it_goes_at_its_own_pace_and_never_faster_than_the_service(
    service: int, own: int | None, pace: float | None
) -> None:
    said = told(service, messages_per_second=own)
    assert (said.pace_now, said.slowed_until) == (pace, None)


def test_slowed_it_goes_slower_until_it_has_grown_back() -> None:
    slowed: dict[str, Any] = {"slowed_to": 5.0, "slowed_from": 10.0}
    said = told(**slowed, slowed_at=seconds_ago(25))
    assert (said.pace_now, said.slowed_until) == (7, NOW + timedelta(seconds=25))
    over = told(**slowed, slowed_at=seconds_ago(50))
    assert (over.pace_now, over.slowed_until) == (10, None)
    free = told(0, **slowed, slowed_at=seconds_ago(0))
    assert (free.pace_now, free.slowed_until) == (5, NOW + timedelta(seconds=50))


def test_what_holds_it_is_told_while_it_does() -> None:
    later = NOW + timedelta(seconds=30)
    said = told(held_until=later, held_by="throttled", is_braked=True)
    assert (said.held_until, said.held_by, said.is_paused) == (later, "throttled", True)
    over = told(held_until=seconds_ago(1), held_by="throttled", limited_until=seconds_ago(1))
    assert (over.held_until, over.held_by, over.limit.limited_until) == (None, None, None)


@pytest.mark.parametrize(
    ("own", "known", "people"), [(None, 2000, 2000), (250, 2000, 250), (0, 2000, None),
                                 (None, None, None)],
)  # fmt: skip
def test_the_limit_is_what_was_set_or_what_a_daemon_knew(
    own: int | None, known: int | None, people: int | None
) -> None:
    later = NOW + timedelta(hours=1)
    said = told(messaging_limit=own, people_limit=known, reached=150, limited_until=later)
    assert said.limit == NumberLimit(people=people, reached=150, limited_until=later)


def test_what_waits_is_counted() -> None:
    said = told(jobs_waiting=2, messages_waiting=70, unfinished_jobs=3)
    assert (said.queue, said.unfinished_jobs) == (NumberQueue(jobs=2, messages=70), 3)
