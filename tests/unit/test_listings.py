"""Lists of templates: what is asked, what is read off a page, and what a no means."""

from typing import Any

import msgspec
import pytest

from gateway.listings import Page, TokenRefused, Unavailable, first_page, read_page
from schemas.environment import Secret
from schemas.provider import Provider

META = Provider(name="meta", base_url="https://x", version="v25.0", token=Secret("t"))
DIALOG = Provider(name="360dialog", base_url="https://x", version="v25.0", token=Secret("t"))
OURS = {"name": "offer", "language": "de", "status": "APPROVED", "id": "1", "components": [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
    {"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": [["Ann"]]}},
    {"type": "FOOTER", "text": "Bye"},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": "https://e.com/{{1}}"}]},
]}  # fmt: skip
OTHER = {"name": "offer_2", "language": "de", "status": 7}  # Meta's filter may be a prefix


def page(provider: Provider, shown: Any, status: int = 200, **wanted: str) -> Any:
    asked = {**first_page(provider, "offer"), **wanted}
    body = shown if isinstance(shown, bytes) else msgspec.json.encode(shown)
    return read_page(provider, "offer", asked, status, body)


def test_meta_is_asked_for_one_name_and_360dialog_for_all() -> None:
    assert first_page(META, "offer") == {
        "name": "offer", "limit": "100",
        "fields": "name,language,status,category,parameter_format,components,rejected_reason",
    }  # fmt: skip
    assert first_page(DIALOG, "offer") == {"limit": "500", "offset": "0"}


def test_all_templates_of_an_account_are_asked_for_in_long_pages() -> None:
    asked = first_page(META, None)
    assert (asked["limit"], "name" in asked) == ("300", False)
    assert first_page(DIALOG, None) == first_page(DIALOG, "offer")


def test_a_template_that_cannot_be_read_hides_none_of_the_others() -> None:
    listed = msgspec.json.encode({"data": [OTHER, OURS, {"language": "de"}]})
    read = read_page(META, None, first_page(META, None), 200, listed)
    assert isinstance(read, Page)
    assert [found.name for found in read.templates] == ["offer"]
    assert read.unread == 2


@pytest.mark.parametrize(
    ("provider", "shown"),
    [(META, {"data": [OTHER, OURS]}),
     (DIALOG, {"waba_templates": [OTHER, OURS], "count": 2, "total": 2, "limit": 500})],
)  # fmt: skip
def test_only_templates_of_this_very_name_are_read(provider: Provider, shown: object) -> None:
    read = page(provider, shown)
    assert isinstance(read, Page)
    assert [(found.name, found.language) for found in read.templates] == [("offer", "de")]
    assert read.next is None


def test_metas_pages_go_on_by_their_cursor_until_there_is_no_next() -> None:
    cursors = {"before": "a", "after": "b"}
    address = "https://elsewhere.example/?access_token=hush&after=c"
    more = page(META, {"data": [], "paging": {"cursors": cursors, "next": address}})
    assert more.next == {**first_page(META, "offer"), "after": "b"}
    bare = page(META, {"data": [], "paging": {"next": address}})
    assert bare.next == {**first_page(META, "offer"), "after": "c"}
    last = page(META, {"data": [], "paging": {"cursors": cursors}})
    assert last.next is None
    lost = page(META, {"data": [], "paging": {"next": "https://elsewhere.example/"}})
    assert isinstance(lost, Unavailable)


def test_pages_of_360dialog_go_on_by_their_count() -> None:
    two = [OTHER, OURS]
    assert page(DIALOG, {"waba_templates": two, "total": 3}).next["offset"] == "2"
    assert page(DIALOG, {"waba_templates": two, "total": 3}, offset="1").next is None
    assert page(DIALOG, {"waba_templates": [], "total": 3}).next is None
    assert page(DIALOG, {"waba_templates": two}).next is None
    assert page(DIALOG, {"waba_templates": [OTHER] * 500}).next["offset"] == "500"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": [5]}', b'{"data": null}'])
def test_what_cannot_be_read_says_nothing_about_a_template(body: bytes) -> None:
    read = page(META, body)
    assert isinstance(read, Unavailable)
    assert "cannot be read" in read.reason


@pytest.mark.parametrize(
    ("provider", "status", "shown"),
    [
        (META, 401, {"error": {"code": 190, "message": "Session has expired."}}),
        (META, 400, {"error": {"code": 190, "error_subcode": 463, "message": "x"}}),
        (META, 401, {"error": {"code": 0, "message": "x"}}),
        (DIALOG, 401, {"meta": {"success": False, "developer_message": "Invalid api key"}}),
        (DIALOG, 401, b"unauthorized"),
        (DIALOG, 400, {"error": {"code": 190, "message": "x"}}),
    ],
)
def test_a_key_that_is_not_taken_is_told_from_other_noes(
    provider: Provider, status: int, shown: object
) -> None:
    assert isinstance(page(provider, shown, status), TokenRefused)


@pytest.mark.parametrize(
    ("provider", "status", "shown", "reason"),
    [
        (META, 403, {"error": {"code": 200, "message": "Permission"}}, "200 Permission"),
        (META, 400, {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get"}},
         "100 Unsupported get"),
        (META, 429, {"error": {"code": 80008, "message": "Too many"}}, "80008 Too many"),
        (META, 500, {"error": {"code": 1, "message": "Unknown"}}, "1 Unknown"),
        (META, 502, b"<html>Bad Gateway", "HTTP 502"),
        (META, 401, b"<html>a proxy's", "HTTP 401"),
        (META, 302, b"", "HTTP 302"),
        (DIALOG, 429, {"meta": {"developer_message": "slow down"}}, "HTTP 429 slow down"),
    ],
)  # fmt: skip
def test_other_noes_say_nothing_about_a_template(
    provider: Provider, status: int, shown: object, reason: str
) -> None:
    assert page(provider, shown, status) == Unavailable(reason)
