"""A window is open while the clock on the wall shows a time within it, in any zone and season."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from schemas.phone_zones import zones_of
from schemas.windows import DAYS, Window, closes_at, is_open, minutes_of, opens_at, zone_of

BERLIN, HAVANA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Havana")
# Clocks that are changed by an hour, by half of one, at midnight, never, and by a day's end.
ZONES = [
    ZoneInfo(name)
    for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana",
                 "Asia/Kolkata", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Chatham", "UTC")
]  # fmt: skip
clock = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
days = st.sets(st.sampled_from(DAYS), min_size=1).map(tuple)
moments = st.integers(
    int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2028, 1, 1, tzinfo=UTC).timestamp()),
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens, closes = draw(clock), draw(st.one_of(clock, st.just("24:00")))
    assume(opens != closes)
    return Window(opens, closes, "recipient", draw(days))


def local(zone: ZoneInfo, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type,misc]


def between(start: datetime, end: datetime) -> list[datetime]:
    """A few hundred moments from `start` on, the last second before `end` among them."""
    step = max(timedelta(seconds=1), (end - start) / 300)
    count = int((end - start) / step)
    inside = [start + step * n for n in range(count) if start + step * n < end]
    return [*inside, max(start, end - timedelta(seconds=1))]


@given(window=windows(), zone=st.sampled_from(ZONES), at=moments)
def test_it_opens_at_the_first_moment_that_is_within_it(
    window: Window, zone: ZoneInfo, at: datetime
) -> None:
    opens = opens_at(window, [zone], at)
    if opens is None:  # a window of a time that a single day of the week skipped
        assert len(window.days) == 1
        return
    assert is_open(window, zone, opens)
    if opens > at:
        assert not any(is_open(window, zone, moment) for moment in between(at, opens))


@given(window=windows(), zone=st.sampled_from(ZONES), at=moments)
def test_it_stays_open_until_it_closes(window: Window, zone: ZoneInfo, at: datetime) -> None:
    opens = opens_at(window, [zone], at)
    assume(opens is not None)
    assert opens is not None
    closes = closes_at(window, [zone], opens)
    assert closes > opens
    assert all(is_open(window, zone, moment) for moment in between(opens, closes))
    if closes < opens + timedelta(days=9):
        assert not is_open(window, zone, closes)


@given(window=windows(), zones=st.lists(st.sampled_from(ZONES), min_size=2, max_size=5), at=moments)
def test_of_several_zones_it_is_open_when_it_is_in_all_of_them(
    window: Window, zones: list[ZoneInfo], at: datetime
) -> None:
    opens = opens_at(window, zones, at)
    end = opens or at + timedelta(days=8)
    if opens:
        assert all(is_open(window, zone, opens) for zone in zones)
    for moment in between(at, end) if end > at else []:
        assert not all(is_open(window, zone, moment) for zone in zones)


def test_a_day_from_nine_to_eight_in_the_evening() -> None:
    window = Window("09:00", "20:00", "Europe/Berlin")
    assert not is_open(window, BERLIN, local(BERLIN, 2026, 11, 25, 8, 59))
    assert is_open(window, BERLIN, local(BERLIN, 2026, 11, 25, 9, 0))
    assert not is_open(window, BERLIN, local(BERLIN, 2026, 11, 25, 20, 0))
    evening = local(BERLIN, 2026, 11, 25, 20, 0)
    assert opens_at(window, [BERLIN], evening) == local(BERLIN, 2026, 11, 26, 9, 0)


def test_over_midnight_the_day_is_the_one_on_which_it_opens() -> None:
    window = Window("22:00", "06:00", "Europe/Berlin", ("mon",))
    assert is_open(window, BERLIN, local(BERLIN, 2026, 11, 24, 5, 59))  # Tuesday morning
    assert not is_open(window, BERLIN, local(BERLIN, 2026, 11, 23, 5, 59))  # Monday morning
    assert not is_open(window, BERLIN, local(BERLIN, 2026, 11, 24, 22, 0))
    tuesday = local(BERLIN, 2026, 11, 24, 6, 0)
    assert opens_at(window, [BERLIN], tuesday) == local(BERLIN, 2026, 11, 30, 22, 0)


def test_a_time_that_the_clock_skips_opens_when_it_has_skipped_it() -> None:
    window = Window("02:30", "04:00", "Europe/Berlin")
    night = local(BERLIN, 2026, 3, 29, 0, 0)
    assert opens_at(window, [BERLIN], night) == local(BERLIN, 2026, 3, 29, 3, 0)


def test_a_time_that_the_clock_shows_twice_is_twice_within_it() -> None:
    window = Window("02:15", "02:45", "Europe/Berlin")
    first = local(BERLIN, 2026, 10, 25, 2, 15)
    assert opens_at(window, [BERLIN], local(BERLIN, 2026, 10, 25, 0, 0)) == first
    assert closes_at(window, [BERLIN], first) == local(BERLIN, 2026, 10, 25, 2, 45)
    again = opens_at(window, [BERLIN], local(BERLIN, 2026, 10, 25, 2, 50))
    assert again == local(BERLIN, 2026, 10, 25, 2, 15, fold=1)


def test_a_clock_that_is_put_back_at_midnight_ends_no_day_twice() -> None:
    window = Window("23:00", "24:00", "America/Havana", ("sat",))
    saturday = local(HAVANA, 2026, 10, 31, 23, 0)
    assert opens_at(window, [HAVANA], local(HAVANA, 2026, 10, 31, 12, 0)) == saturday
    assert closes_at(window, [HAVANA], saturday) == local(HAVANA, 2026, 11, 1, 0, 0)


def test_zones_with_no_common_moment_never_open() -> None:
    window = Window("09:00", "18:00", "recipient")
    zones = [ZoneInfo("Pacific/Honolulu"), ZoneInfo("Asia/Kolkata"), BERLIN]
    assert opens_at(window, zones, local(BERLIN, 2026, 11, 25, 9, 0)) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("00:00", 0), ("09:30", 570), ("24:00", 1440), ("24:01", None), ("9:00", None),
     ("09:60", None), ("0900", None), ("", None), ("\u0660\u0669:\u0660\u0660", None)],
)  # fmt: skip
def test_a_time_of_day_is_four_digits_and_a_colon(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("name", ["", "Berlin", "../etc/passwd", "/etc/passwd", "Europe", "a\0b"])
def test_what_is_no_zone_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone such as"):
        zone_of(name)


@pytest.mark.parametrize(
    ("number", "zones"),
    [("4915112345678", ["Europe/Berlin"]), ("919876543210", ["Asia/Calcutta"]),
     ("16505551234", ["America/Los_Angeles"]), ("12125551234", ["America/New_York"]),
     ("77011234567", ["Asia/Almaty", "Asia/Aqtobe"]), ("883510012345", []), ("999", [])],
)  # fmt: skip
def test_a_number_says_where_it_is_or_that_nobody_knows(number: str, zones: list[str]) -> None:
    assert [zone.key for zone in zones_of(number)] == zones


def test_a_mobile_number_of_a_wide_country_may_be_anywhere_in_it() -> None:
    keys = {zone.key for zone in zones_of("79161234567")}
    assert {"Europe/Moscow", "Asia/Kamchatka"} <= keys


def test_what_the_list_says_of_the_zone_wins() -> None:
    assert [zone.key for zone in zones_of("4915112345678", "Asia/Tokyo")] == ["Asia/Tokyo"]


def test_every_zone_that_numbers_may_be_in_is_there() -> None:
    names = {name for found in TIMEZONE_DATA.values() for name in found} - {"Etc/Unknown"}
    assert {zone_of(name).key for name in names} == names
