"""Which jobs a request asks for, and what cannot be asked."""

import pytest

from gateway.errors import Refusal
from gateway.job_filter import JobFilter, JobPage, page_of
from schemas.states import JobState


def test_without_a_question_all_is_asked_for() -> None:
    assert page_of({}) == JobPage(JobFilter(), 50, 0)


def test_what_is_left_empty_asks_for_nothing() -> None:
    assert page_of({"state": "", "q": " ", "phoneNumberId": ""}) == JobPage(JobFilter(), 50, 0)


def test_all_that_is_asked_for_is_read() -> None:
    query = {
        "state": "running, Paused,running", "q": " May ", "phoneNumberId": "100", "tests": "false",
        "limit": "7", "offset": "14",
    }  # fmt: skip
    assert page_of(query) == JobPage(
        JobFilter(
            states=(JobState.RUNNING, JobState.PAUSED), words="May", phone_number_id="100",
            with_tests=False,
        ), 7, 14,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "says"),
    [({"state": "lost"}, "'lost' is no state of a job: take of queued, running,"),
     ({"q": "x" * 101}, "q must be one line of 100"), ({"q": "a\0b"}, "q must be one line"),
     ({"tests": "no"}, "tests must be true or false."), ({"phoneNumberId": "x"}, "phoneNumberId"),
     ({"limit": "51"}, "limit must be"), ({"limit": "\uff11"}, "limit must be"),
     ({"offset": "-1"}, "offset must be"), ({"offset": "1" * 10}, "offset must be")],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_said(query: dict[str, str], says: str) -> None:
    refusal = page_of(query)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
    assert refusal.message.startswith(says)
