"""Which jobs a request asks for: states, words, a number, and a page of them. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway import errors
from gateway.errors import Refusal
from schemas.environment import parse_meta_id
from schemas.states import JobState

MOST_LISTED: Final = 50
LONGEST_WORDS: Final = 100


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs that all of this fits; None: whatever it is."""

    states: tuple[JobState, ...] | None = None
    words: str | None = None  # part of a label or a template, or the beginning of an id
    phone_number_id: str | None = None
    with_tests: bool = True


class JobPage(msgspec.Struct, frozen=True):
    """A page of those jobs, newest first."""

    wanted: JobFilter
    limit: int
    offset: int


def page_of(query: Mapping[str, str]) -> JobPage | Refusal:
    """`?state&q&phoneNumberId&tests&limit&offset`."""
    limit, offset = query.get("limit", str(MOST_LISTED)), query.get("offset", "0")
    if not (_is_number(limit) and 1 <= int(limit) <= MOST_LISTED):
        return errors.bad_request(f"limit must be a whole number from 1 to {MOST_LISTED}.")
    if not _is_number(offset):
        return errors.bad_request("offset must be a whole number, 0 or more.")
    wanted = filter_of(query)
    return wanted if isinstance(wanted, Refusal) else JobPage(wanted, int(limit), int(offset))


def filter_of(query: Mapping[str, str]) -> JobFilter | Refusal:
    """`?state&q&phoneNumberId&tests`; what is left empty asks for nothing."""
    states = [name.strip().lower() for name in query.get("state", "").split(",")]
    if wrong := [name for name in states if name not in (*JobState, "")]:
        known = ", ".join(JobState)
        return errors.bad_request(f"{wrong[0][:64]!r} is no state of a job: take of {known}.")
    words, number = query.get("q", "").strip(), query.get("phoneNumberId")
    if len(words) > LONGEST_WORDS or not words.isprintable():
        return errors.bad_request(f"q must be one line of {LONGEST_WORDS} characters at most.")
    if (tests := query.get("tests", "true")) not in ("true", "false"):
        return errors.bad_request("tests must be true or false.")
    try:
        number = parse_meta_id(number) if number else None
    except ValueError as error:
        return errors.bad_request(f"phoneNumberId {error}.")
    return JobFilter(
        states=tuple(dict.fromkeys(JobState(name) for name in states if name)) or None,
        words=words or None, phone_number_id=number, with_tests=tests == "true",
    )  # fmt: skip


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9
