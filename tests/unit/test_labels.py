"""What Meta says becomes labels of a closed set, whatever it says."""

import msgspec
import pytest

from daemon.answers import read_answer
from daemon.labels import code_label, labels_of
from schemas.meta_errors import NO_SUCH_OBJECT, RULES
from schemas.metrics import ERRORS, MESSAGES
from schemas.outcomes import (
    Accepted,
    ApiError,
    HeldBack,
    NotWritten,
    Outcome,
    Refused,
    Throttled,
    Unknown,
    UnknownReason,
)


def refused(code: int, subcode: int = 0) -> Refused:
    return Refused(ApiError(code, "no", subcode=subcode), 400)


@pytest.mark.parametrize(
    ("outcome", "labels"),
    [
        (Accepted("wamid.1"), ("accepted", "accepted")),
        (Accepted("wamid.1", "paused"), ("accepted", "paused")),
        (Accepted("wamid.1", "a word of tomorrow"), ("accepted", "other")),
        (refused(131026), ("refused", "fail")),
        (refused(131049), ("refused", "defer")),
        (refused(190), ("refused", "stop_account")),
        (refused(100), ("refused", "parameters")),
        (refused(100, NO_SUCH_OBJECT), ("refused", "stop_number")),
        (refused(99), ("refused", "unlisted")),
        (Throttled(ApiError(130429, "slow")), ("throttled", "too_fast")),
        (Unknown(UnknownReason.CONNECTION_LOST), ("unknown", "connection_lost")),
        (NotWritten("refused"), ("not_written", "no_connection")),
        (HeldBack(), ("held_back", "too_late")),
    ],
)
def test_an_outcome_has_a_reason(outcome: Outcome, labels: tuple[str, str]) -> None:
    assert labels_of(outcome) == labels


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_no_code_and_no_status_makes_a_label_that_the_catalogue_lacks(status: int) -> None:
    for code in (*RULES, 204, 299, 12345, -1):
        body = msgspec.json.encode({"error": {"code": code, "message": "no"}})
        assert labels_of(read_answer(status, {}, body)) in MESSAGES.values
        assert (code_label(code),) in ERRORS.values


def test_codes_that_meta_lists_as_one_range_share_a_label() -> None:
    assert {code_label(code) for code in range(200, 300)} == {"200"}
    assert code_label(200005) == "200005"
