"""What a request asks the suppression list for: pages that go on, and numbers that mean one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refusal
from gateway.listing import (
    START,
    Page,
    Place,
    Wanted,
    number_of,
    page_of,
    place_of,
    sources_of,
)
from gateway.numbers import Numbers
from schemas.suppressions import Scope, Source

NUMBERS = Numbers()
A = "491701234567"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_place_is_found_again_to_the_microsecond(at: datetime) -> None:
    place = Place(A, "meta", at)
    assert place_of(str(place)) == place


@pytest.mark.parametrize("text", ["", "x", f"1.{A}", f"1.{A}.nobody", f"9{'9' * 17}.{A}.meta"])
def test_a_place_that_was_never_given_out_is_none(text: str) -> None:
    assert place_of(text) is None


def test_a_page_has_a_size_and_a_kind() -> None:
    assert page_of({}, NUMBERS) == Page(Wanted(), 50, START, None)
    query = {"limit": "500", "source": "meta", "scope": "marketing", "number": f"+{A}"}
    wanted = Wanted(Source.META, Scope.MARKETING)
    assert page_of(query, NUMBERS) == Page(wanted, 500, START, A)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("limit", "0", "limit must be"), ("limit", "501", "limit must be"),
        ("limit", "²", "limit must be"), ("limit", "", "limit must be"),
        ("after", "1", "after must be"), ("source", "me", "source must be one of recipient, meta"),
        ("scope", "", "scope must be one of all, marketing"), ("number", "x", "'x' is no phone"),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(name: str, text: str, says: str) -> None:
    refusal = page_of({name: text}, NUMBERS)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.message.startswith(says)) == (400, True)


@pytest.mark.parametrize("region", [None, "DE", "US", "IN"])
def test_digits_as_the_list_has_them_are_that_number_in_every_country(region: str | None) -> None:
    numbers = Numbers(region)
    for number in (A, "911930123456", "16505551234"):
        assert number_of(number, numbers) == number_of(f"+{number}", numbers) == number


def test_a_number_may_be_written_as_at_home() -> None:
    assert number_of("0170 1234567", Numbers("DE")) == A
    refusal = number_of("0170 1234567", NUMBERS)
    assert isinstance(refusal, Refusal)
    assert "set DEFAULT_REGION" in refusal.message


def test_only_the_operators_own_word_is_lifted_unless_others_are_named() -> None:
    assert sources_of({}) == sources_of({"all": "false"}) == [Source.OPERATOR]
    assert sources_of({"source": "recipient"}) == [Source.RECIPIENT]
    assert sources_of({"all": "true"}) == list(Source)
    for query in ({"all": "yes"}, {"source": "all"}, {"all": "true", "source": "meta"}):
        assert isinstance(sources_of(query), Refusal)
