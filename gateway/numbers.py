"""Phone numbers as people write them, read into E.164 digits. Pure: same text, same answer.

A number is taken when its country calling code exists and its length is possible there; whether
it is in use only Meta can say. `phonenumbers` knows the countries; what most lists hold (numbers
in international form) is decided by a table made from its metadata, 50 times faster.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

import msgspec
import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata
from phonenumbers import ValidationResult as Possible

SHORTEST, LONGEST = 7, 15  # digits of an international number, its calling code included

_PLAIN: Final = re.compile(r"\+?[0-9]+")
_USUAL: Final = str.maketrans("", "", " -()/\u00a0")  # dropped in one step; a dot may be decimal
_SPREADSHEET: Final = re.compile(r"\+?([0-9])(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,3})")
_WHOLE_FLOAT: Final = re.compile(r"(\+?[0-9]{5,})\.0+")
_DECIMAL: Final = re.compile(r"\+?[0-9]{7,}\.[0-9]{1,2}")
_NEGATIVE: Final = re.compile(r"\s*[-\u2212][0-9]")
_LABELS: Final = ("whatsapp:", "tel:", "p:")
_SEPARATORS: Final = frozenset("()[]./\\-\u00b7\u2212")  # and every space and dash of Unicode
_IGNORED_CATEGORIES: Final = frozenset(("Zs", "Cc", "Cf", "Pd"))  # a line break is none of them


class Invalid(msgspec.Struct, frozen=True):
    """Why a text is no phone number, as a person is told."""

    reason: str


NO_DIGITS: Final = Invalid("has no digits")
NO_COUNTRY: Final = Invalid("no country code: write it with + or set DEFAULT_REGION")


class Numbers:
    """Reads phone numbers; `region` is the country of those written without one.

    Raises ValueError when no such country has phone numbers.
    """

    def __init__(self, region: str | None = None) -> None:
        self._home = _Home(region) if region else None
        _lengths_by_calling_code()  # made now, so that the first list does not wait for it

    def read(self, text: str) -> str | Invalid:
        """The digits of a number, calling code first and no plus: what Meta's `to` takes."""
        bare = _bare(text)
        if isinstance(bare, Invalid):
            return bare
        if self._home and self._home.begins_with_00(bare):
            return self._home.read(bare)
        written = _with_country(bare, self._home.abroad if self._home else "00")
        if isinstance(written, Invalid):
            return written
        if written.startswith("+"):
            return _international(written[1:])
        if self._home:
            return self._home.read(written)
        return NO_COUNTRY if written.startswith("0") else _international(written)

    def patterns(self, text: str) -> list[str] | Invalid:
        """Which numbers a text may stand for, whole or in part: digits, `%` for any others."""
        bare = _bare(text)
        if isinstance(bare, Invalid):
            return bare
        digits, whole = bare.lstrip("+"), self.read(text)
        if not digits:
            return NO_DIGITS
        found = [f"{digits}%" if bare.startswith("+") else f"%{digits}%"]
        found += [f"{digits[2:]}%"] if digits.startswith("00") else []
        found += [f"{begun}%"] if self._home and (begun := self._home.beginning(bare)) else []
        return found if isinstance(whole, Invalid) else [*found, whole]


class _Home:
    """Numbers written as within one country."""

    def __init__(self, region: str) -> None:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None or metadata.general_desc is None:
            raise ValueError(f"{region} is no country that has phone numbers")
        self._region = region
        self._code = str(metadata.country_code)
        self.abroad = _longer_00(metadata.preferred_international_prefix)
        self._prefix = metadata.national_prefix or ""  # what is dialled first, as 0 in 0170
        self._national = re.compile(metadata.general_desc.national_number_pattern or "")
        self._has_00 = not re.match(metadata.international_prefix or "00", "00")
        mobile = metadata.mobile.possible_length if metadata.mobile else ()
        self._shortest = min(mobile, default=0)  # of numbers that are not known to be in use

    def read(self, digits: str) -> str | Invalid:
        """National form first, then international digits without their plus.

        Where national numbers carry a prefix, digits that lack it and begin with the country's
        own code are international: 49170… in Germany is a mobile phone, not one in the area 491.
        Unless they can only be national: 911930… in India is a mobile phone of the range 911.
        """
        if self._prefix and digits.startswith(self._prefix):
            if self._is_national(national := digits[len(self._prefix) :]):
                return self._code + national
        elif self._prefix and self._is_ours(digits):
            return self._likelier(digits)
        if self._is_national(digits):
            return self._whole(digits)
        return digits if self._is_ours(digits) else self._uncertain(digits)

    def beginning(self, digits: str) -> str | None:
        """The beginning of a number written as at home, as it is written from abroad."""
        if not self._prefix or digits.startswith("00") or not digits.startswith(self._prefix):
            return None
        return self._code + digits[len(self._prefix) :]

    def begins_with_00(self, digits: str) -> bool:
        """Whether the zeros belong to the number, as in Tajikistan, where 810 is dialled abroad."""
        return self._has_00 and digits.startswith("00") and self._is_national(digits)

    def _likelier(self, digits: str) -> str:
        """Of two readings that both fit, the international one, unless only the other is in use."""
        if self._is_national(digits) and _is_in_use(self._code + digits) and not _is_in_use(digits):
            return self._code + digits
        return digits

    def _is_national(self, digits: str) -> bool:
        fits = SHORTEST <= len(self._code) + len(digits) <= LONGEST
        return fits and self._national.fullmatch(digits) is not None

    def _is_ours(self, digits: str) -> bool:
        return digits.startswith(self._code) and self._is_national(digits[len(self._code) :])

    def _uncertain(self, digits: str) -> str | Invalid:
        """What the patterns do not settle: carrier codes, foreign numbers, numbers not in use."""
        national = _by_library(digits, self._region, must_be_valid=True)
        if isinstance(national, str):
            return national
        foreign = _international(digits)
        if isinstance(foreign, str):
            return foreign
        return _by_library(digits, self._region)

    def _whole(self, digits: str) -> str | Invalid:
        """A national number, unless it is only the part of one that is dialled within its area."""
        if len(digits) < self._shortest and not _is_in_use(self._code + digits):
            return Invalid(f"too short for +{self._code}, or it lacks its area code")
        return self._code + digits


def _longer_00(preferred: str | None) -> str:
    """What a country dials to call abroad when it is 00 and more (0011 in Australia), or 00."""
    return preferred if preferred and preferred.startswith("00") else "00"


def _bare(text: str) -> str | Invalid:
    """The digits of a text, after a `+` if it has one."""
    if _NEGATIVE.match(text):
        return Invalid("begins with a minus")
    if not _PLAIN.fullmatch(plain := text.translate(_USUAL)):
        cleaned = _without_separators(text)
        if isinstance(cleaned, Invalid):
            return cleaned
        plain = cleaned
    return plain


def _with_country(text: str, abroad: str) -> str | Invalid:
    """A leading `00`, or what is dialled here to call abroad, is a plus."""
    digits = text.lstrip("+")
    if not digits:
        return NO_DIGITS
    if digits.startswith((abroad, "00")):
        digits = digits.removeprefix(abroad).lstrip("0")
        return "+" + digits if digits else NO_DIGITS
    return text


def _without_separators(text: str) -> str | Invalid:
    """Digits and a leading `+` alone; or what is in there that no number has."""
    text = text.strip(" \t\r\n\v\f\u00a0\ufeff\u200b'\"")
    for label in _LABELS:
        if text[: len(label)].lower() == label:
            text = text[len(label) :].lstrip()
    if rounded := _SPREADSHEET.fullmatch(text):
        return _unrounded(*rounded.groups(""))
    if whole := _WHOLE_FLOAT.fullmatch(text):
        return whole[1]
    if _DECIMAL.fullmatch(text):
        return Invalid("has decimals: format the column as text")
    return _joined(text)


def _unrounded(first: str, decimals: str, exponent: str) -> str | Invalid:
    """The digits of `4.915112345678E+12` where all of them are there; fewer have been rounded."""
    places = int(exponent)
    if len(decimals) < places or decimals[places:].strip("0"):
        return Invalid("a spreadsheet has rounded it: format the column as text")
    return first + decimals[:places]


def _joined(text: str) -> str | Invalid:
    """The digits of a text without what separates them."""
    bare = ""
    for character in text:
        role = _role(character)
        if role is None:
            return Invalid(f"{character!r} is no part of a phone number")
        if role == "+" and bare:
            return Invalid("a + in the middle: put numbers on lines of their own")
        bare += role
    return bare


@cache
def _role(character: str) -> str | None:
    """The ASCII digit or plus that a character stands for; empty: a separator; None: neither."""
    if character in "+\uff0b\ufe62":
        return "+"
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if character in _SEPARATORS or unicodedata.category(character) in _IGNORED_CATEGORIES:
        return ""
    return None


def _international(digits: str) -> str | Invalid:
    code, lengths = _calling_code(digits)
    if not code:
        return Invalid(f"no country has the calling code +{digits[:3]}")
    if len(digits) < SHORTEST:
        return Invalid(f"too short for +{code}")
    if len(digits) > LONGEST + len("00"):  # a trunk prefix may be in there: +49 (0)170 …
        return Invalid(f"too long for +{code}")
    if digits.startswith("521") and len(digits) == 13:  # Mexico's mobile mark, retired in 2019
        digits = "52" + digits[3:]
    national = digits[len(code) :]
    if len(national) in lengths and not national.startswith("0") and len(digits) <= LONGEST:
        return digits
    return _by_library(f"+{digits}", None)


def calling_code(number: str) -> str:
    """The calling code of a number that was read."""
    return _calling_code(number)[0]


def _calling_code(digits: str) -> tuple[str, frozenset[int]]:
    """The calling code that digits begin with (none begins another), and its possible lengths."""
    table = _lengths_by_calling_code()
    for size in (1, 2, 3):
        if lengths := table.get(digits[:size]):
            return digits[:size], lengths
    return "", frozenset()


@cache
def _lengths_by_calling_code() -> Mapping[str, frozenset[int]]:
    """How many digits may follow each calling code, by its main country, as the library has it."""
    table = {}
    for code, (main, *_) in COUNTRY_CODE_TO_REGION_CODE.items():
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, main)
        assert metadata
        assert metadata.general_desc
        table[str(code)] = frozenset(metadata.general_desc.possible_length)
    return table


def _is_in_use(digits: str) -> bool:
    """Whether the library knows numbers like this one, and not only their length."""
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))


def _by_library(text: str, region: str | None, *, must_be_valid: bool = False) -> str | Invalid:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        return Invalid(_PARSE_REASONS.get(error.error_type, "is not a phone number"))
    if must_be_valid and not phonenumbers.is_valid_number(number):
        return Invalid("is not a number of this country")
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == Possible.TOO_LONG or len(digits) > LONGEST:
        return Invalid(f"too long for +{number.country_code}")
    is_local = possible == Possible.IS_POSSIBLE_LOCAL_ONLY  # it lacks its area code
    if possible == Possible.TOO_SHORT or is_local or len(digits) < SHORTEST:
        return Invalid(f"too short for +{number.country_code}")
    if possible != Possible.IS_POSSIBLE:
        return Invalid(f"no number of +{number.country_code} has this length")
    return digits


_PARSE_REASONS: Final = {
    NumberParseException.INVALID_COUNTRY_CODE: "no country has this calling code",
    NumberParseException.NOT_A_NUMBER: "is not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    NumberParseException.TOO_SHORT_NSN: "too short",
    NumberParseException.TOO_LONG: "too long",
}
