"""Every code comes with its meaning, an advice, and whether another try can help."""

import pytest

from gateway.explained import explained
from schemas.api import ErrorGroup
from schemas.events import ErrorCount
from schemas.meta_errors import NEVER_AGAIN, RULES, Action, may_be_sent_again


def group(code: int) -> ErrorGroup:
    return explained(ErrorCount(code, "title", 3, "details"))


def test_a_group_keeps_what_meta_said_and_adds_what_it_means() -> None:
    assert group(131049) == ErrorGroup(
        code=131049, title="title", count=3, details="details", action="defer",
        meaning="Held back by Meta: this person gets much marketing just now",
        advice="Send again after 24 hours at the earliest; sooner makes it longer",
        may_be_sent_again=True,
    )  # fmt: skip


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_code_of_the_table_says_what_it_means_and_what_to_do(code: int) -> None:
    said = group(code)
    assert said.meaning
    assert said.advice
    assert not said.advice.endswith(".")
    assert said.action == RULES[code].action


def test_a_code_that_meta_does_not_list_and_one_of_ours_may_be_tried_again() -> None:
    assert (group(999999).action, group(999999).may_be_sent_again) == ("none", True)
    assert group(-1).meaning.startswith("Its turn was lost")
    assert may_be_sent_again(None)


def test_what_is_wrong_with_a_recipient_or_a_value_is_never_tried_again() -> None:
    assert {131026, 131050, 131047, 132000, 130497} <= NEVER_AGAIN
    assert not {131000, 131049, 131056, 130429, 131030, 190, 132015} & NEVER_AGAIN
    assert {RULES[code].action for code in NEVER_AGAIN} == {Action.FAIL, Action.PARAMETERS}
