"""A webhook's signature is over its bytes, by any of the secrets, and nothing near it passes."""

import pytest

from gateway.signatures import is_readable, is_same, is_signed, signature

# One line, with its escapes as they are: Meta escapes all above U+007F in what it sends and signs.
BODY = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
    rb'"value":{"messages":[{"text":{"body":"caf\u00e9 \ud83d\ude00/ok"}}]}}]}]}'
)
SIGNED = "sha256=4dd62447b0f90ca478ae58ac9f9f96f4f59142fed042abb1fefd22318f2adf90"
SECRET = "test-app-secret"


def test_a_known_body_has_its_known_signature() -> None:
    assert signature(SECRET, BODY) == SIGNED
    assert is_signed(BODY, SIGNED, [SECRET])


def test_while_a_secret_is_being_changed_both_sign() -> None:
    for secrets in (["new", SECRET], [SECRET, "new"]):
        assert is_signed(BODY, SIGNED, secrets)
    assert not is_signed(BODY, SIGNED, ["new", "newer"])
    assert not is_signed(BODY, SIGNED, [])


def test_the_same_json_in_other_bytes_is_not_signed() -> None:
    written_out = BODY.decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
    assert not is_signed(written_out.encode(), SIGNED, [SECRET])
    assert not is_signed(BODY + b"\n", SIGNED, [SECRET])


@pytest.mark.parametrize(
    "header",
    ["", "sha256=", SIGNED[:-1], SIGNED + "0", SIGNED.upper(), SIGNED[7:], "sha1=" + SIGNED[7:],
     SIGNED + "\n", " " + SIGNED, SIGNED[:-1] + "g", SIGNED[:-1] + "\u0660",
     "sha256=" + "\udc80" * 64],
)  # fmt: skip
def test_what_is_no_signature_is_not_readable(header: str) -> None:
    assert not is_readable(header)
    assert not is_signed(BODY, header, [SECRET])


def test_the_verify_token_is_the_same_or_not() -> None:
    assert is_same("täuschung", "täuschung")
    assert not is_same("token", "token2")
    assert not is_same("\udc80", "token")
