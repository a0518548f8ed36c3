"""Which messages are asked for, and which part of a job is to be sent again."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.errors import Refusal
from gateway.numbers import Numbers
from gateway.selection import Page, Part, Place, Selection, page_of, part_of, place_of
from schemas import truth_api as api
from schemas.states import MessageState

NUMBERS, GERMAN = Numbers(), Numbers("DE")
FAILED, UNKNOWN = MessageState.FAILED, MessageState.UNKNOWN


def part(**asked: object) -> Part | Refusal:
    return part_of(api.Resend(**asked), 512)  # type: ignore[arg-type]


def test_without_a_question_all_is_asked_for() -> None:
    assert page_of({}, NUMBERS) == Page(Selection(None, None), 0, 100)


def test_states_and_codes_are_listed_with_commas_and_each_counts_once() -> None:
    page = page_of({"state": "failed, Unknown,failed", "code": "131026, -1", "after": "7"}, NUMBERS)
    assert page == Page(Selection((FAILED, UNKNOWN), (131026, -1)), 7, 100)


@pytest.mark.parametrize(
    ("text", "patterns"),
    [("345", ("%345%",)), (" 34-5 ", ("%345%",)), ("+49 170", ("49170%",)),
     ("0049170", ("%0049170%", "49170%")), ("0170 12", ("%017012%",)),
     ("+49 (0)170 1234567", ("4901701234567%", "491701234567")),
     ("491701234567", ("%491701234567%", "491701234567"))],
)  # fmt: skip
def test_a_number_is_looked_for_whole_or_in_part(text: str, patterns: tuple[str, ...]) -> None:
    page = page_of({"q": text}, NUMBERS)
    assert page == Page(Selection(numbers=patterns), 0, 100)


def test_a_number_written_as_at_home_is_looked_for_as_it_is_kept() -> None:
    for text, patterns in {
        "0170 1": ("%01701%", "491701%"),
        "01701234567": ("%01701234567%", "491701234567%", "491701234567"),
        "0044": ("%0044%", "44%"),
    }.items():
        page = page_of({"q": text}, GERMAN)
        assert page == Page(Selection(numbers=patterns), 0, 100)


@pytest.mark.parametrize("text", ["Ann", "+", "%", "1' OR '1", "1" * 41])
def test_what_is_no_part_of_a_number_is_refused(text: str) -> None:
    refusal = page_of({"q": text}, NUMBERS)
    assert isinstance(refusal, Refusal)
    assert refusal.message.startswith("q m")


@pytest.mark.parametrize(
    "query", [{"state": "failed,"}, {"code": ""}, {"code": "\uff11"}, {"after": "9" * 10},
              {"limit": "\uff110"}],
)  # fmt: skip
def test_what_is_no_state_code_or_place_is_refused(query: dict[str, str]) -> None:
    refusal = page_of(query, NUMBERS)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400


def test_a_place_in_a_story_is_read_as_it_was_written() -> None:
    place = Place(datetime(2026, 3, 1, 12, 0, 0, 123456, UTC), UUID(int=7))
    assert place_of({"after": str(place)}) == place
    assert place_of({}) is None


@pytest.mark.parametrize("after", ["1", "x.y", f"{10**17}{'0'}.{UUID(int=1).hex}", "1.12"])
def test_a_place_that_was_never_given_out_is_refused(after: str) -> None:
    assert isinstance(place_of({"after": after}), Refusal)


def test_a_part_is_states_or_codes_or_both_and_a_doubt_is_repeated_only_by_name() -> None:
    both = part(states=["failed", "unknown"], codes=[131049], campaign_name=" May ")
    assert both == Part((FAILED, UNKNOWN), (131049,), "May")
    assert isinstance(both, Part)
    assert both.repeats_doubts
    only = part(codes=[131000], campaign_name=" ")
    assert only == Part((), (131000,), None)
    assert isinstance(only, Part)
    assert not only.repeats_doubts


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered", "read"])
def test_what_has_left_or_still_will_is_no_part(state: str) -> None:
    refusal = part(states=["failed", state])
    assert isinstance(refusal, Refusal)
    assert refusal.message.startswith(f"What is {state} is not sent again")
