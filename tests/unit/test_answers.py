"""Meta's answers are read as they come: codes before HTTP statuses, and nothing is guessed."""

from datetime import UTC, datetime

import pytest

from daemon.answers import read_answer, retry_after
from schemas.outcomes import Accepted, ApiError, Refused, Throttled, Unknown

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
CAPTURED = (
    b'{"error":{"message":"(#132000) Number of parameters does not match the expected number of'
    b' params","type":"OAuthException","code":132000,"error_data":{"messaging_product":"whatsapp",'
    b'"details":"body: number of localizable_params (1) does not match the expected number of'
    b' params (3)"},"fbtrace_id":"AOnodi98JaYHcSTvVvrOtJs"}}'
)


def test_an_accepted_message_has_its_id() -> None:
    body = (
        b'{"messaging_product":"whatsapp","contacts":[{"input":"+16505551234",'
        b'"wa_id":"16505551234"}],"messages":[{"id":"wamid.1","message_status":'
        b'"held_for_quality_assessment"}]}'
    )
    assert read_answer(200, {}, body) == Accepted("wamid.1", "held_for_quality_assessment")


def test_a_missing_message_status_means_accepted() -> None:
    assert read_answer(200, {}, b'{"messages":[{"id":"wamid.1"}]}') == Accepted("wamid.1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"not json",
        b"\xff\xfe",
        b'{"messages":[]}',
        b'{"messages":[null],"contacts":[null]}',
        b'{"messages":[{"id":""}]}',
        b'{"messages":[{"id":"wamid.1"},{"id":"wamid.2"}]}',
    ],
)
def test_a_yes_without_exactly_one_id_is_unknown(body: bytes) -> None:
    assert isinstance(read_answer(200, {}, body), Unknown)


def test_a_refusal_keeps_code_title_and_details() -> None:
    assert read_answer(400, {}, CAPTURED) == Refused(
        ApiError(
            132000,
            "Number of parameters does not match the expected number of params",
            "body: number of localizable_params (1) does not match the expected number of"
            " params (3)",
        ),
        400,
    )


def test_error_data_may_be_a_string_or_missing_and_the_code_a_string() -> None:
    text = b'{"error":{"code":"131026","message":"Undeliverable","error_data":"why"}}'
    assert read_answer(400, {}, text) == Refused(ApiError(131026, "Undeliverable", "why"), 400)
    bare = b'{"error":{"code":131026,"message":"Undeliverable"}}'
    assert read_answer(400, {}, bare) == Refused(ApiError(131026, "Undeliverable"), 400)


@pytest.mark.parametrize("code", [4, 80007, 80008, 130429])
@pytest.mark.parametrize("http", [400, 429])
def test_throttling_is_told_by_its_code_whatever_the_http_status(code: int, http: int) -> None:
    body = b'{"error":{"code":%d,"message":"slow down"}}' % code
    assert isinstance(read_answer(http, {}, body), Throttled)


def test_any_429_is_throttling_even_when_it_cannot_be_read() -> None:
    assert read_answer(429, {"Retry-After": "12"}, b"<html>") == Throttled(
        ApiError(429, "Too many requests"), 12.0
    )
    unlisted = b'{"error":{"code":987654,"message":"?"}}'
    assert isinstance(read_answer(429, {}, unlisted), Throttled)


@pytest.mark.parametrize("code", [131048, 190, 132015])
def test_a_429_whose_code_says_more_than_too_fast_keeps_its_meaning(code: int) -> None:
    assert isinstance(read_answer(429, {}, b'{"error":{"code":%d,"message":"?"}}' % code), Refused)


def test_without_retry_after_the_usage_header_tells_the_wait_in_minutes() -> None:
    usage = '{"1022":[{"type":"whatsapp","estimated_time_to_regain_access":3},{"type":"other"}]}'
    body = b'{"error":{"code":80007,"message":"slow down"}}'
    throttled = read_answer(400, {"X-Business-Use-Case-Usage": usage}, body)
    assert throttled == Throttled(ApiError(80007, "slow down"), 180.0)
    both = {"X-Business-Use-Case-Usage": usage, "Retry-After": "5"}
    assert read_answer(429, both, body) == Throttled(ApiError(80007, "slow down"), 5.0)
    broken = read_answer(429, {"X-Business-Use-Case-Usage": "[}"}, body)
    assert broken == Throttled(ApiError(80007, "slow down"))


def test_a_key_that_360dialog_refuses_is_a_dead_token() -> None:
    body = b'{"meta":{"http_code":401,"developer_message":"Invalid api key"}}'
    dead = Refused(ApiError(190, "Invalid key", "Invalid api key"), 401)
    assert read_answer(401, {}, body) == dead
    assert isinstance(read_answer(500, {}, body), Unknown)


def test_the_subcode_of_a_missing_object_is_kept() -> None:
    body = b'{"error":{"code":100,"message":"Unsupported post request","error_subcode":33}}'
    assert read_answer(400, {}, body) == Refused(
        ApiError(100, "Unsupported post request", subcode=33), 400
    )


def test_the_pair_limit_is_the_recipients_and_not_the_numbers_even_as_429() -> None:
    body = b'{"error":{"code":131056,"message":"pair rate"}}'
    assert isinstance(read_answer(429, {}, body), Refused)


def test_a_no_that_cannot_be_read_is_unknown() -> None:
    assert isinstance(read_answer(502, {}, b"<html>Bad Gateway</html>"), Unknown)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("60", 60.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>\x00Bad Gateway"),
        (
            400,
            b'{"error":{"code":131026,"message":"a\\u0000b","error_data":{"details":"c\\u0000"}}}',
        ),
        (200, b'{"messages":[{"id":"wamid.\\u00001"}]}'),
        (400, b'{"error":{"code":131026,"message":"' + b"x" * 50_000 + b'"}}'),
    ],
)
def test_whatever_is_kept_fits_into_postgres(status: int, body: bytes) -> None:
    kept = str(read_answer(status, {}, body))
    assert "\x00" not in kept
    assert "\\x00" not in kept
    assert len(kept) < 5000


def test_a_code_that_no_column_could_hold_is_unreadable() -> None:
    body = b'{"error":{"code":99999999999,"message":"?"}}'
    assert isinstance(read_answer(400, {}, body), Unknown)


@pytest.mark.parametrize("value", ["9" * 20, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_retry_after_beyond_all_measure_is_a_day(value: str) -> None:
    assert retry_after(value, NOW) == 24 * 3600
