"""Days of a zone are as long as its clock makes them, and periods have an end."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.days import Period, Zone, period_of, zone_of
from gateway.errors import Refusal

NOW = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)


def period(**query: str) -> Period:
    named = {name.rstrip("_"): value for name, value in query.items()}
    read = period_of(named, NOW)
    assert isinstance(read, Period), read
    return read


def test_the_last_thirty_days_are_meant_when_nothing_is_said() -> None:
    read = period()
    assert (read.first, read.last, read.by) == (date(2026, 3, 1), date(2026, 3, 30), ("day",))
    assert (len(read.days), len(read.bounds)) == (30, 31)


def test_today_is_that_of_the_zone() -> None:
    assert period(zone="Europe/Berlin").last == date(2026, 3, 31)


def test_a_day_on_which_the_clock_is_put_forward_has_23_hours() -> None:
    read = period(from_="2026-03-28", to="2026-03-30", zone="Europe/Berlin")
    lengths = [after - before for before, after in zip(read.bounds, read.bounds[1:], strict=False)]
    assert lengths == [timedelta(hours=24), timedelta(hours=23), timedelta(hours=24)]
    assert read.bounds[0] == datetime(2026, 3, 27, 23, tzinfo=UTC)


def test_both_days_are_included_and_a_year_is_the_most() -> None:
    assert period(from_="2026-03-01", to="2026-03-01").days == [date(2026, 3, 1)]
    assert len(period(from_="2024-01-01", to="2024-12-31").days) == 366
    assert isinstance(period_of({"from": "2024-01-01", "to": "2025-01-01"}, NOW), Refusal)


def test_the_order_of_by_is_always_day_then_number() -> None:
    assert period(by="number,day").by == ("day", "number")
    assert isinstance(period_of({"by": ""}, NOW), Refusal)


@pytest.mark.parametrize("name", ["", "Mars", "Europe", "../../etc/passwd", "Europe/Berlin\0", "/"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    assert isinstance(zone_of({"zone": name}), Refusal)


def test_utc_needs_no_database_of_zones() -> None:
    assert zone_of({}) == Zone("UTC", UTC)
