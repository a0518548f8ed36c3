"""Each number sends with its own, and what stops an account stops no other."""

from typing import Any

import pytest

from schemas.environment import Secret
from schemas.number_book import NumberBook, NumberEntry
from schemas.provider import META, Provider

OWN, SHOP, CRM, LONE = "100", "200", "201", "300"


def provider(token: str) -> Provider:
    return Provider(name=META, base_url="http://x", version="v25.0", token=Secret(token))


def entry(number: str, waba_id: str | None, **more: Any) -> NumberEntry:
    fields: dict[str, Any] = {
        "app_secret": None, "messages_per_second": None, "loop_pause_ms": None,
        "messaging_limit": None, "is_enabled": True, **more,
    }  # fmt: skip
    return NumberEntry(
        phone_number_id=number, provider=provider(f"token {number}"), waba_id=waba_id, **fields
    )


def book(own_waba_id: str | None = "1") -> NumberBook:
    return NumberBook(provider("own"), own_waba_id, [Secret("own secret")], [
        entry(SHOP, "2", messages_per_second=3, loop_pause_ms=9000, messaging_limit=0,
              app_secret=Secret("shop secret")),
        entry(CRM, "2", messages_per_second=80, app_secret=Secret("shop secret")),
        entry(LONE, None),
    ])  # fmt: skip


ALONE = NumberBook(provider("own"), "1", [])


def test_a_number_that_is_not_kept_is_the_environments() -> None:
    tokens = [str(book().provider(number).token) for number in (OWN, SHOP, LONE)]
    assert tokens == ["own", "token 200", "token 300"]


@pytest.mark.parametrize(("number", "rate"), [(OWN, 10), (SHOP, 3), (CRM, 10), (LONE, 10)])
def test_a_number_is_slower_than_the_service_never_faster(number: str, rate: int) -> None:
    assert book().per_second(number, 10) == rate


def test_without_a_limit_of_the_service_the_numbers_own_holds() -> None:
    assert [book().per_second(number, 0) for number in (OWN, CRM)] == [0, 80]


def test_a_number_pauses_no_shorter_than_the_service() -> None:
    assert [book().pause_ms(number, 2000) for number in (OWN, SHOP)] == [2000, 9000]
    assert book().pause_ms(SHOP, 10_000) == 10_000


def test_a_messaging_limit_of_its_own_comes_before_that_of_the_service() -> None:
    assert [book().messaging_limit(n, 250) for n in (OWN, SHOP, CRM)] == [250, 0, 250]


def test_any_secret_that_is_known_may_have_signed_and_each_once() -> None:
    assert book().app_secrets == ("own secret", "shop secret")


@pytest.mark.parametrize(
    ("number", "accounts"), [(OWN, [""]), (SHOP, ["2"]), (CRM, ["2"]), (LONE, [LONE])]
)
def test_what_a_number_is_refused_concerns_its_account(number: str, accounts: list[str]) -> None:
    assert book().accounts_of_number(number) == accounts
    assert ALONE.accounts_of_number(number) is None


@pytest.mark.parametrize(
    ("own", "waba_id", "accounts"),
    [("1", "1", [""]), ("1", "2", ["2"]), ("1", "9", []), ("2", "2", ["2", ""]),
     (None, "2", ["2"]), (None, "9", [""]), ("1", "", [""])],
)  # fmt: skip
def test_news_of_a_business_account_concern_its_numbers(
    own: str | None, waba_id: str, accounts: list[str]
) -> None:
    assert book(own).accounts_of_waba(waba_id) == accounts


def test_with_one_account_its_news_concern_everything_and_others_nothing() -> None:
    assert [ALONE.accounts_of_waba(waba_id) for waba_id in ("1", "9")] == [None, []]
    assert NumberBook(provider("own"), None, []).accounts_of_waba("9") is None


def test_templates_are_looked_up_where_the_account_is_known() -> None:
    assert [book().looks_templates_up(number) for number in (OWN, SHOP, LONE)] == [
        True, True, False,
    ]  # fmt: skip
    sender = book().sender_of("2")
    assert sender is not None
    assert (sender[0].token, sender[1]) == ("token 200", "2")
    own = book().sender_of("")
    assert own is not None
    assert (own[0].token, own[1]) == ("own", "1")
    assert book().sender_of("9") is None
