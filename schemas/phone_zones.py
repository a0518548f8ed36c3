"""In which time zones a phone number may be. Pure.

As phonenumbers has it (libphonenumber's map of prefixes): a number with an area code is where that
is; a mobile number of a country that has none may be anywhere in its country.
"""

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from schemas.windows import zone_of

_KAZAKHSTAN: Final = "77"  # shares +7 with Russia, and none of its zones


def zones_of(number: str, named: str | None = None) -> tuple[ZoneInfo, ...]:
    """The zones in one of which the number is; `named` is what its list said. Empty: nobody knows.

    `number` is E.164 digits. Takes about 20 us. Raises ValueError when `named` is no zone.
    """
    if named is not None:
        return (zone_of(named),)
    if number.startswith(_KAZAKHSTAN):
        return _zones(TIMEZONE_DATA[_KAZAKHSTAN])
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return ()
    return _zones(tuple(time_zones_for_number(parsed)))


@lru_cache(maxsize=4096)
def _zones(names: tuple[str, ...]) -> tuple[ZoneInfo, ...]:
    return () if names == (UNKNOWN_TIMEZONE,) else tuple(zone_of(name) for name in names)
