"""What a front end is told of the service: how it is set, and nothing that is secret."""

from typing import Any

import msgspec
import pytest

from gateway.holders import Holder
from gateway.service import view
from schemas.environment import Secret
from schemas.number_book import NumberBook, NumberEntry
from schemas.scopes import Scope
from schemas.service_api import Service
from schemas.settings import Gateway

SANDBOX = "http://127.0.0.1:8085"


def told(*entries: NumberEntry, **settings: Any) -> Service:
    ours = Gateway(**settings)
    book = NumberBook(ours.provider, ours.waba_id, ours.app_secrets, entries)
    return view(ours, book, Holder(name="local"), asks_for_keys=False)


def entry(**more: Any) -> NumberEntry:
    fields: dict[str, Any] = {
        "waba_id": None, "app_secret": None, "messages_per_second": None, "loop_pause_ms": None,
        "messaging_limit": None, "is_enabled": True,
    }  # fmt: skip
    provider = Gateway(access_token=Secret("of the shop")).provider
    return NumberEntry(phone_number_id="200", provider=provider, **{**fields, **more})


def test_a_service_that_nobody_has_set_tells_its_defaults() -> None:
    said = told()
    assert (said.name, said.holder.name, said.holder.asks_for_keys) == ("Loopcast", "local", False)
    assert said.holder.scopes == list(Scope)
    assert (said.bulk_from, said.hard_cap, said.max_retries) == (50, 50_000, 3)
    assert (said.messages_per_second, said.loop_size, said.loop_pause_ms) == (10, 200, 2000)
    assert (said.phone_number_id, said.default_region, said.sandbox_url) == (None, None, None)
    assert (said.templates_known, said.tracks_receipts) == (False, False)


def test_no_limit_is_said_as_none() -> None:
    assert told(messages_per_second=0).messages_per_second is None


@pytest.mark.parametrize(
    ("settings", "is_known"),
    [({"access_token": Secret("t"), "waba_id": "1"}, True), ({"access_token": Secret("t")}, False),
     ({"waba_id": "1"}, False),
     ({"access_token": Secret("t"), "provider_name": "360dialog"}, True)],
)  # fmt: skip
def test_templates_are_known_where_the_account_can_be_asked(
    settings: dict[str, Any], is_known: bool
) -> None:
    assert told(**settings).templates_known is is_known


def test_templates_and_receipts_of_a_kept_number_count_too() -> None:
    said = told(entry(waba_id="2", app_secret=Secret("of its app")))
    assert (said.templates_known, said.tracks_receipts) == (True, True)
    assert told(entry()).templates_known is False


def test_the_sandbox_is_told_where_it_stands_in_for_meta_and_its_receipts_come() -> None:
    said = told(graph_api_base_url=f"{SANDBOX}/")
    assert (said.sandbox_url, said.tracks_receipts) == (SANDBOX, True)
    assert told(graph_api_base_url="https://graph.example.com").sandbox_url is None


def test_nothing_secret_is_told() -> None:
    secret = Secret("hush-hush")
    said = told(
        entry(app_secret=secret), access_token=secret, app_secrets=(secret,), secret_keys=(secret,),
        verify_token=secret, metrics_key=secret,
        graph_api_base_url="http://user:hush-hush@127.0.0.1:8085",
    )  # fmt: skip
    assert b"hush" not in msgspec.json.encode(said)
    assert said.sandbox_url == SANDBOX
