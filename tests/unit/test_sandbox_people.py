"""Who wrote has an open window for 24 hours; who stopped marketing stays so until they resume."""

import pytest

from sandbox.limits import DAY_NS
from sandbox.people import People


def test_a_window_is_open_for_24_hours_with_the_number_that_was_written_to() -> None:
    people = People()
    people.write("1", "49", 10)
    assert [people.has_window("1", "49", at) for at in (9, 10, DAY_NS + 9, DAY_NS + 10)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not people.has_window("2", "49", 10)
    assert not people.has_window("1", "50", 10)


def test_the_last_choice_until_now_counts() -> None:
    people = People()
    assert not people.has_stopped("49", 0)
    people.prefer("49", stopped=False, at_ns=20)
    people.prefer("49", stopped=True, at_ns=10)
    assert [people.has_stopped("49", at) for at in (9, 10, 19, 20)] == [False, True, True, False]
    assert not people.has_stopped("50", 10)


def test_the_oldest_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.people._REMEMBERED", 2)
    people = People()
    for person in ("1", "2", "1", "3"):
        people.prefer(person, stopped=True, at_ns=0)
    assert [people.has_stopped(person, 0) for person in "123"] == [True, False, True]
