"""Where messages go: the same for everything that asks, and the address that was set wins."""

import pytest

from schemas.loading import load
from schemas.settings import Daemon

TOKEN = {"META_ACCESS_TOKEN": "hush-hush"}
DIALOG = TOKEN | {"WHATSAPP_PROVIDER": "360dialog"}
LOCAL = {"GRAPH_API_BASE_URL": "http://127.0.0.1:8090/"}


@pytest.mark.parametrize(
    ("environ", "messages", "templates"),
    [
        (TOKEN, "https://graph.facebook.com/v25.0/7/messages",
         "https://graph.facebook.com/v25.0/9/message_templates"),
        (DIALOG, "https://waba-v2.360dialog.io/messages",
         "https://waba-v2.360dialog.io/v1/configs/templates"),
        (TOKEN | LOCAL | {"GRAPH_API_VERSION": "v26.0"}, "http://127.0.0.1:8090/v26.0/7/messages",
         "http://127.0.0.1:8090/v26.0/9/message_templates"),
        (DIALOG | LOCAL, "http://127.0.0.1:8090/messages",
         "http://127.0.0.1:8090/v1/configs/templates"),
    ],
)  # fmt: skip
def test_addresses_are_the_providers_or_those_that_were_set(
    environ: dict[str, str], messages: str, templates: str
) -> None:
    provider = load(Daemon, environ).provider
    assert (provider.messages_url("7"), provider.templates_url("9")) == (messages, templates)


def test_each_provider_has_its_own_header_and_neither_shows_the_key() -> None:
    meta, dialog = load(Daemon, TOKEN).provider, load(Daemon, DIALOG).provider
    assert meta.headers() == {"Authorization": "Bearer hush-hush"}
    assert dialog.headers() == {"D360-API-KEY": "hush-hush"}
    assert "hush-hush" not in f"{meta!r} {dialog!r}"


def test_what_is_sandboxed_is_told_by_the_address_in_use() -> None:
    assert load(Daemon, TOKEN | LOCAL).is_sandboxed
    assert load(Daemon, DIALOG | LOCAL).is_sandboxed
    assert not load(Daemon, TOKEN).is_sandboxed
    assert not load(Daemon, DIALOG).is_sandboxed
