"""The envelope of a refusal is Meta's, key by key, and the catalogue is what its page says."""

import msgspec
import pytest

from sandbox.errors import CATALOGUE, Refusal, envelope


def test_the_envelope_of_a_wrong_count() -> None:
    refusal = Refusal(132000, "body: …")
    assert msgspec.json.decode(envelope(refusal, "AOnodi98JaYHcSTvVvrOtJs")) == {
        "error": {
            "message": "(#132000) Number of parameters does not match the expected number of"
            " params",
            "type": "OAuthException",
            "code": 132000,
            "error_data": {"messaging_product": "whatsapp", "details": "body: …"},
            "fbtrace_id": "AOnodi98JaYHcSTvVvrOtJs",
        }
    }


def test_a_refusal_of_graph_itself_has_its_own_message_and_a_subcode() -> None:
    refusal = Refusal(100, message="Unsupported …", type="GraphMethodException", subcode=33)
    assert msgspec.json.decode(envelope(refusal, "A1")) == {
        "error": {
            "message": "Unsupported …",
            "type": "GraphMethodException",
            "code": 100,
            "error_subcode": 33,
            "fbtrace_id": "A1",
        }
    }


@pytest.mark.parametrize(
    ("code", "http_status", "title"),
    [
        (0, 401, "AuthException"),
        (4, 429, "API Too Many Calls"),
        (190, 401, "Access token has expired"),
        (368, 403, "Temporarily blocked for policies violations"),
        (80007, 429, "Rate limit issues"),
        (130429, 429, "Rate limit hit"),
        (130472, 400, "User's number is part of an experiment"),
        (131000, 500, "Something went wrong"),
        (131016, 503, "Service unavailable"),
        (131026, 400, "Message undeliverable"),
        (131047, 400, "Re-engagement message"),
        (131048, 429, "Spam rate limit hit"),
        (131056, 429, "(Business Account, Consumer Account) pair rate limit hit"),
        (132001, 404, "Template name does not exist in the translation"),
        (132012, 400, "Parameter format does not match format in the created template"),
        (133010, 400, "Phone number not registered"),
    ],
)
def test_a_code_has_the_status_and_the_title_of_metas_table(
    code: int, http_status: int, title: str
) -> None:
    known = CATALOGUE[code]
    assert (known.http_status, known.title) == (http_status, title)


def test_every_code_says_something() -> None:
    assert all(
        400 <= known.http_status < 600 and known.title and known.details
        for known in CATALOGUE.values()
    )
