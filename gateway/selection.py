"""Which messages of a job a request asks for: states, codes, a page. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from gateway import errors
from gateway.errors import Refusal
from gateway.numbers import Invalid, Numbers
from schemas import truth_api as api
from schemas.states import MessageState

LISTED: Final = 100
MOST_LISTED: Final = 1000
TOLD: Final = 50  # messages of one recipient, on a page
MOST_TOLD: Final = 500
MOST_CODES: Final = 100
LONGEST_NUMBER: Final = 40  # characters of one that is looked for, as people write it
# What a message can be in that may be sent again. All others have got it, or still may.
RESENDABLE: Final = (
    MessageState.FAILED, MessageState.UNKNOWN, MessageState.SKIPPED, MessageState.CANCELED,
)  # fmt: skip

_CODE: Final = re.compile(r"-?[0-9]{1,9}")
_SEQ: Final = re.compile(r"[0-9]{1,9}")
_PLACE: Final = re.compile(r"([0-9]{1,18})\.([0-9a-f]{32})")
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)

T = TypeVar("T")


class Selection(msgspec.Struct, frozen=True):
    """Messages in one of these states, with one of these codes, to such a number; None: any."""

    states: tuple[MessageState, ...] | None = None
    codes: tuple[int, ...] | None = None
    numbers: tuple[str, ...] | None = None  # of digits, with `%` where any may stand


class Page(msgspec.Struct, frozen=True):
    """The next `limit` messages of a selection behind a seq."""

    selection: Selection
    after: int
    limit: int


class Place(msgspec.Struct, frozen=True):
    """A job in the story of a recipient, newest first: pages go on behind it."""

    created_at: datetime
    job_id: UUID

    def __str__(self) -> str:
        return f"{(self.created_at - _BEGIN) // _STEP}.{self.job_id.hex}"


class Part(msgspec.Struct, frozen=True):
    """What is to be sent again: messages in one of these states, or with one of these codes."""

    states: tuple[MessageState, ...]
    codes: tuple[int, ...]
    campaign_name: str | None

    @property
    def repeats_doubts(self) -> bool:
        """Whether those are asked for, by name, who may have got the message."""
        return MessageState.UNKNOWN in self.states


def selection_of(query: Mapping[str, str], numbers: Numbers) -> Selection | Refusal:
    """`?state&code&q`, several of the first two with commas in between."""
    states, codes = query.get("state"), query.get("code")
    named = None if states is None else _states(states.split(","))
    if isinstance(named, Refusal):
        return named
    listed = None if codes is None else _codes(codes.split(","))
    if isinstance(listed, Refusal):
        return listed
    asked = _numbers(query.get("q", "").strip(), numbers)
    return asked if isinstance(asked, Refusal) else Selection(named, listed, asked)


def page_of(query: Mapping[str, str], numbers: Numbers) -> Page | Refusal:
    """`?state&code&q&after&limit`; `after` is the seq of the last message of the page before."""
    selection, after = selection_of(query, numbers), query.get("after") or "0"
    if isinstance(selection, Refusal):
        return selection
    if not _SEQ.fullmatch(after):
        return errors.bad_request("after must be a seq: what the page before gave as `after`.")
    limit = limit_of(query, LISTED, MOST_LISTED)
    return limit if isinstance(limit, Refusal) else Page(selection, int(after), limit)


def limit_of(query: Mapping[str, str], usual: int, most: int) -> int | Refusal:
    """`?limit`."""
    limit = query.get("limit", str(usual))
    if not (re.fullmatch("[0-9]{1,4}", limit) and 1 <= int(limit) <= most):
        return errors.bad_request(f"limit must be a whole number from 1 to {most}.")
    return int(limit)


def place_of(query: Mapping[str, str]) -> Place | Refusal | None:
    """`?after` in the story of a recipient; None: from the newest on."""
    if not (text := query.get("after")):
        return None
    if match := _PLACE.fullmatch(text):
        try:
            return Place(_BEGIN + int(match[1]) * _STEP, UUID(hex=match[2]))
        except OverflowError:
            pass
    return errors.bad_request("after must be what the page before gave as `after`.")


def part_of(asked: api.Resend, longest_name: int) -> Part | Refusal:
    """What is to be sent again, or what is wrong with it as it is asked for."""
    if not (asked.states or asked.codes):
        return errors.bad_request(
            "Say which part: states (as failed, unknown, skipped, canceled), codes, or both."
        )
    states = _states(asked.states or [])
    if isinstance(states, Refusal):
        return states
    if others := [state for state in states if state not in RESENDABLE]:
        return errors.not_resendable(others[0], RESENDABLE)
    if len(asked.codes or ()) > MOST_CODES or any(abs(c) >= 10**9 for c in asked.codes or ()):
        return errors.bad_request(
            f"codes may have {MOST_CODES} entries, each a code as the job's errors list them."
        )
    name = (asked.campaign_name or "").strip() or None
    if name and (len(name) > longest_name or "\0" in name):
        return errors.bad_request(f"campaign_name may have {longest_name} characters.")
    return Part(states, tuple(asked.codes or ()), name)


def _states(named: list[str]) -> tuple[MessageState, ...] | Refusal:
    given = [name.strip().lower() for name in named]
    if wrong := [name for name in given if name not in list(MessageState)]:
        known = ", ".join(MessageState)
        return errors.bad_request(f"{wrong[0][:64]!r} is no state: take of {known}.")
    return tuple(dict.fromkeys(MessageState(name) for name in given))


def _numbers(text: str, numbers: Numbers) -> tuple[str, ...] | Refusal | None:
    if not text:
        return None
    if len(text) > LONGEST_NUMBER:
        return errors.bad_request(f"q may have {LONGEST_NUMBER} characters.")
    found = numbers.patterns(text)
    if isinstance(found, Invalid):
        return errors.bad_request(f"q must be a number, or a part of one: {found.reason}.")
    return tuple(found)


def _codes(given: list[str]) -> tuple[int, ...] | Refusal:
    texts = [text.strip() for text in given]
    if wrong := [text for text in texts if not _CODE.fullmatch(text)]:
        return errors.bad_request(
            f"{wrong[0][:64]!r} is no code: codes are whole numbers, as 131026."
        )
    if len(texts) > MOST_CODES:
        return errors.bad_request(f"code may have {MOST_CODES} entries.")
    return tuple(dict.fromkeys(map(int, texts)))
