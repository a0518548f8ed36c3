"""Who got what, by three witnesses: everything that does not add up is named."""

import dataclasses

import pytest

from deploy.account import Account, Told

EVERYBODY = frozenset(("491", "492", "493"))
CLEAN = Account(
    accepted={"491": 1, "492": 1},
    rows={"491": "read", "492": "sent", "493": "unknown"},
    told=Told(state="completed", total_recipients=3, sent=2, failed=0, unknown=1),
)


def test_one_message_each_and_a_doubt_that_is_told_add_up() -> None:
    assert CLEAN.what_is_wrong(EVERYBODY) == []
    assert CLEAN.in_doubt == ["493"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"accepted": {"491": 2, "492": 1}}, "1 got it twice or more: 491"),
        ({"accepted": {"491": 1, "492": 1, "7": 1}}, "1 got it and are strangers: 7"),
        ({"accepted": {"491": 1}}, "1 have sent rows and got nothing: 492"),
        ({"rows": {"491": "read", "492": "sent"}}, "1 have no row: 493"),
        (
            {"rows": {"491": "read", "492": "sent", "493": "queued"}},
            "1 are neither sent to nor in doubt: 493",
        ),
        (
            {"rows": {"491": "failed", "492": "sent", "493": "unknown"}},
            "1 got it and have rows that say otherwise: 491",
        ),
    ],
)
def test_what_does_not_add_up_is_named(change: dict[str, object], sentence: str) -> None:
    account = dataclasses.replace(CLEAN, **change)  # type: ignore[arg-type]
    assert sentence in account.what_is_wrong(EVERYBODY)


def test_a_gateway_that_counts_otherwise_is_named() -> None:
    told = Told(state="running", total_recipients=3, sent=3, failed=0, unknown=0)
    wrong = dataclasses.replace(CLEAN, told=told).what_is_wrong(EVERYBODY)
    assert len(wrong) == 2
    assert wrong[1] == "the job is running"


def test_of_many_only_a_few_are_named() -> None:
    many = {f"49{number}": 2 for number in range(10, 20)}
    wrong = dataclasses.replace(CLEAN, accepted=many).what_is_wrong(EVERYBODY)
    assert wrong[0] == "10 got it twice or more: 4910, 4911, 4912, 4913, 4914…"
