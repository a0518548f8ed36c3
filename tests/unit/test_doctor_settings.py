"""The doctor on settings: what is right by itself and risky, each with what to do."""

import pytest

from deploy.checks.result import Level
from deploy.checks.settings import about
from tests.doctors import patient, said

REMOTE = {"HOST": "0.0.0.0", "API_KEYS": "shop:a-long-enough-key-of-24"}


def lines(**environ: str) -> list[tuple[Level, str]]:
    return [(result.level, result.said) for result in about(patient(**environ))]


def test_an_installation_with_everything_set_gives_no_line() -> None:
    assert lines(**REMOTE) == []


@pytest.mark.parametrize(
    ("environ", "level", "words"),
    [
        ({"BULK_LOOPSIZE": "100"}, Level.WARNING, "BULK_LOOPSIZE is set, and nothing reads it"),
        ({"BULK_BATCH_SIZE": "5", "BULK_LOOP_SIZE": "6"}, Level.WARNING, "BULK_LOOP_SIZE holds"),
        ({"GRAPH_API_VERSION": "25"}, Level.WRONG, "no version of Meta's"),
        ({"META_ACCESS_TOKEN": "Bearer EAAx"}, Level.WRONG, "begins with the word Bearer"),
        ({"META_APP_SECRET": ""}, Level.WARNING, "META_APP_SECRET is not set"),
        ({"META_APP_SECRET": "123456"}, Level.WARNING, "has 6 characters and does not look like"),
        ({"META_VERIFY_TOKEN": ""}, Level.WARNING, "META_VERIFY_TOKEN is not set"),
        ({"META_WABA_ID": ""}, Level.NOTE, "META_WABA_ID is not set"),
        ({"API_KEYS": "shop:12345678"}, Level.WARNING, "shop in API_KEYS: a key of fewer than 20"),
        ({"PORT": "9101"}, Level.WARNING, "PORT and DAEMON_PORT are both 9101"),
        ({"NATS_REPLICAS": "2"}, Level.WARNING, "an even number of copies"),
        ({"FAILPOINTS": "claimed:3"}, Level.WRONG, "FAILPOINTS is set (claimed)"),
        ({"BULK_UNKNOWN_POLICY": "resend"}, Level.NOTE, "may come twice"),
        ({"BULK_MESSAGES_PER_SECOND": "0"}, Level.WARNING, "BULK_MESSAGES_PER_SECOND is 0"),
        ({"MESSAGING_LIMIT": "0"}, Level.WARNING, "MESSAGING_LIMIT is 0"),
        ({"GRAPH_API_BASE_URL": "http://127.0.0.1:1"}, Level.NOTE, "a stand-in for Meta"),
        ({"GRAPH_API_BASE_URL": "http://sandbox:8090"}, Level.WARNING, "goes there unencrypted"),
        ({"GRAPH_API_BASE_URL": "https://proxy.example"}, Level.NOTE, "instead of to Meta itself"),
        ({"GRAPH_API_BASE_URL": "http://[::1]:1", **REMOTE}, Level.WARNING, "reaches no phone"),
    ],
)  # fmt: skip
def test_what_is_risky_is_one_line(environ: dict[str, str], level: Level, words: str) -> None:
    ((is_level, sentence),) = lines(**environ)
    assert is_level is level
    assert words in sentence


def test_resending_without_receipts_is_what_is_said_of_it() -> None:
    found = list(about(patient(BULK_UNKNOWN_POLICY="resend", META_APP_SECRET="")))
    assert [result.level for result in found] == [Level.WARNING, Level.WARNING]
    assert found[1].said.startswith("BULK_UNKNOWN_POLICY is resend while no receipts come")
    assert found[1].do == "Set META_APP_SECRET, or BULK_UNKNOWN_POLICY=hold."


def test_waiting_for_receipts_that_do_not_come_is_said() -> None:
    found = said(list(about(patient(BULK_UNKNOWN_AFTER_S="60", META_APP_SECRET=""))))
    assert found[1].startswith(
        "BULK_UNKNOWN_AFTER_S has jobs wait 60 s for receipts, and none come"
    )


def test_a_name_that_is_nearly_right_is_corrected() -> None:
    (result,) = about(patient(BULK_MESSAGE_PER_SECOND="5"))
    assert result.do == "Did you mean BULK_MESSAGES_PER_SECOND?"
    (result,) = about(patient(NATS_REPLICA="3"))
    assert result.do == "Did you mean NATS_REPLICAS?"


def test_names_that_orchestrators_set_are_no_slips() -> None:
    assert lines(NATS_SERVICE_PORT="4222", NATS_STORE_DIR="/data", BULK_SLIP=" ", HOME="/") == []


def test_no_secret_is_ever_said() -> None:
    secret = "hush-hush-hush"
    environ = {
        "META_ACCESS_TOKEN": f"Bearer {secret}", "META_APP_SECRET": secret,
        "API_KEYS": f"shop:{secret}", "META_VERIFY_TOKEN": secret, "BULK_TOKEN": secret,
    }  # fmt: skip
    found = list(about(patient(**environ)))
    assert len(found) == 4
    assert secret not in "".join(result.said + result.do for result in found)
