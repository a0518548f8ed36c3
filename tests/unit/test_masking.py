"""No line shows a person's number or a secret, wherever it comes from."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest
import structlog

from plumbing.logs import about, set_up
from plumbing.masking import HIDDEN, Masking, secrets_of
from schemas.environment import ApiKey, Secret
from schemas.settings import Gateway

PERSON = "4915112345678"
TOKEN = "EAAJi-a-long-token"


def masked_line(**fields: object) -> dict[str, object]:
    return dict(Masking([TOKEN, "short"])(None, "info", dict(fields)))


@pytest.mark.parametrize(
    "text", ["to {}", "+{}", "({}, 'Ann')", "DETAIL:  Key (recipient)=({}) exists.", '"{}"', "{}"]
)
def test_a_number_within_a_text_keeps_its_last_four_digits(text: str) -> None:
    shown = str(masked_line(error=text.format(PERSON))["error"])
    assert PERSON not in shown
    assert "*********5678" in shown


@pytest.mark.parametrize("mark", ["lc_", "ls_"])
def test_keys_and_sessions_that_were_made_here_are_hidden_wherever_they_stand(mark: str) -> None:
    token = mark + "aZ-_" * 10 + "xyz"
    assert masked_line(error=f"GET /api/keys/{token}?x") == {"error": "GET /api/keys/(secret)?x"}


def test_a_number_deep_within_a_value_is_masked_too() -> None:
    assert masked_line(details={"rows": [(1, PERSON)]}) == {
        "details": {"rows": [[1, "*********5678"]]}
    }


@pytest.mark.parametrize(
    "text",
    ["2026-11-25T09:14:03.118201Z", "0d7c1234-1234-4123-8123-123456789012", "131049",
     "1.2345678901", "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA",
     "127.0.0.1:65535"],
)  # fmt: skip
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert masked_line(reason=text) == {"reason": text}


def test_ids_that_are_digits_stay_and_figures_too() -> None:
    fields: dict[str, object] = {
        "phone_number_id": "106540352242922", "trace": "1-2", "bytes": 12345678, "whole": True,
    }  # fmt: skip
    assert masked_line(**fields) == fields


def test_a_secret_is_hidden_in_every_field_and_a_short_word_is_none() -> None:
    assert masked_line(trace=TOKEN, url=f"?t={TOKEN}&n=short") == {
        "trace": HIDDEN, "url": f"?t={HIDDEN}&n=short",
    }  # fmt: skip


def test_the_secrets_of_settings_are_keys_tokens_and_passwords() -> None:
    settings = Gateway(
        database_url="postgresql://me:pass-word@db/x", access_token=Secret("token"),
        app_secrets=(Secret("one"), Secret("two")), api_keys=(ApiKey("shop", "the-key"),),
        verify_token=Secret("verify"),
    )  # fmt: skip
    found = set(filter(None, secrets_of(settings)))
    assert found == {"pass-word", "token", "one", "two", "the-key", "verify"}


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:], sys.excepthook = before, hook
    root.setLevel(level)


@pytest.mark.usefixtures("logging_as_before")
def test_everything_that_a_process_says_is_one_line_of_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = set_up("daemon", "info", [TOKEN])
    with about(trace="t-1", job_id="j", loop=3):
        log.info("loop started", reason=None)
        with about(loop=None):
            log.warning("job moved", reason=f"{PERSON} said\nno")
    logging.getLogger("some.library").warning("it has %s", TOKEN)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    try:
        int(f"row of {PERSON}")
    except ValueError as error:
        log.exception("a request failed")
        sys.excepthook(type(error), error, error.__traceback__)
    text = capsys.readouterr().err
    said = [json.loads(line) for line in text.splitlines()]
    assert [(line["event"], line["level"]) for line in said if "logger" not in line] == [
        ("loop started", "info"), ("job moved", "warning"), ("a request failed", "error"),
        ("the process broke", "critical"),
    ]  # fmt: skip
    assert all({"at", "level", "event", "process"} <= line.keys() for line in said)
    assert list(said[0]) == ["at", "level", "event", "process", "trace", "job_id", "loop"]
    assert said[1].keys() == {"at", "level", "event", "process", "trace", "job_id", "reason"}
    assert PERSON not in text
    assert TOKEN not in text
    assert {line.get("logger") for line in said} >= {"some.library", "py.warnings"}
