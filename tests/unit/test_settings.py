"""Settings: their defaults, their old names, and one message that lists all that is wrong."""

import pytest

from schemas import lease
from schemas.environment import ApiKey, SettingsError, fields_of, servers_of
from schemas.failpoints import FailPoint
from schemas.loading import load
from schemas.sandbox_settings import Sandbox
from schemas.settings import Daemon, Gateway

TOKEN = {"META_ACCESS_TOKEN": "a-token"}


def problems(kind: type[Gateway | Daemon | Sandbox], environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(kind, environ)
    return raised.value.problems


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    gateway, daemon = load(Gateway, {}), load(Daemon, TOKEN)
    assert (gateway.host, gateway.port, gateway.hard_cap) == ("127.0.0.1", 8080, 50_000)
    assert (daemon.daemon_port, daemon.graph_api_version) == (9101, "v25.0")
    assert (daemon.loop_size, daemon.pause_ms, daemon.messages_per_second) == (200, 2000, 10)
    assert (daemon.max_retries, daemon.retry_base_ms, daemon.concurrency) == (3, 500, None)


@pytest.mark.parametrize(
    ("environ", "loop_size", "pause_ms"),
    [
        ({"BULK_BATCH_SIZE": "50", "BULK_PAUSE_MS": "7"}, 50, 7),
        ({"BULK_BATCH_SIZE": "50", "BULK_LOOP_SIZE": "60"}, 60, 2000),
        ({"BULK_PAUSE_MS": "7", "BULK_LOOP_PAUSE_MS": "0"}, 200, 0),
        ({"BULK_LOOP_SIZE": "", "BULK_BATCH_SIZE": " 50 "}, 50, 2000),
    ],
)
def test_old_names_hold_when_the_new_one_is_not_set(
    environ: dict[str, str], loop_size: int, pause_ms: int
) -> None:
    loaded = load(Gateway, environ)
    assert (loaded.loop_size, loaded.pause_ms) == (loop_size, pause_ms)


def test_every_bad_setting_is_listed_in_one_message() -> None:
    environ = {
        "PORT": "eighty", "BULK_LOOP_SIZE": "0", "BULK_MESSAGES_PER_SECOND": "1001",
        "LOG_LEVEL": "loud", "DEFAULT_REGION": "Germany", "META_PHONE_NUMBER_ID": "+49",
        "BULK_HARD_CAP": "1e3",
    }  # fmt: skip
    said = problems(Gateway, environ)
    assert sorted(problem.split()[0] for problem in said) == sorted(environ)
    assert "PORT must be a whole number from 1 to 65535; it is 'eighty'" in said
    assert "LOG_LEVEL must be one of debug, info, warning, error; it is 'loud'" in said


def test_a_bad_value_under_an_old_name_is_told_by_that_name() -> None:
    (problem,) = problems(Gateway, {"BULK_BATCH_SIZE": "many"})
    assert problem.startswith("BULK_BATCH_SIZE ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("BULK_LOOP_SIZE", "1"), ("BULK_LOOP_SIZE", "50000"), ("BULK_MESSAGES_PER_SECOND", "0"),
     ("BULK_LOOP_PAUSE_MS", "3600000"), ("PORT", "65535")],
)  # fmt: skip
def test_the_ends_of_a_range_are_in_it(setting: str, value: str) -> None:
    load(Gateway, {setting: value})


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "x"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    (problem,) = problems(Sandbox, {"SANDBOX_LATENCY_SPREAD": value})
    assert problem.startswith("SANDBOX_LATENCY_SPREAD must be a number from 0 to 2")


def test_secrets_are_never_shown() -> None:
    daemon = load(Daemon, {"META_ACCESS_TOKEN": "EAAGhushhush"})
    gateway = load(Gateway, {"API_KEYS": "shop:hushhush", "META_APP_SECRET": "hushhush"})
    assert "hushhush" not in f"{daemon!r} {gateway!r}"
    (problem,) = problems(Gateway, {"API_KEYS": "hushhush"})
    assert "hushhush" not in problem
    assert problem.startswith("API_KEYS is name:key,name:key")


def test_keys_have_names_and_a_name_may_have_two() -> None:
    keys = load(Gateway, {"API_KEYS": "shop:01234567, shop:76543210,desk:abcdefgh"}).api_keys
    assert keys == (
        ApiKey("shop", "01234567"), ApiKey("shop", "76543210"), ApiKey("desk", "abcdefgh"),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["shop", "shop:short", ":01234567", "a:01234567,b:01234567"])
def test_keys_that_cannot_be_are_refused(text: str) -> None:
    assert len(problems(Gateway, {"API_KEYS": text})) == 1


def test_a_daemon_without_a_token_says_what_to_do() -> None:
    (problem,) = problems(Daemon, {})
    assert problem.startswith("META_ACCESS_TOKEN is not set; give Meta's token, or point")


def test_templates_are_looked_up_where_account_and_token_are_known() -> None:
    assert not load(Gateway, {}).looks_templates_up
    assert not load(Gateway, TOKEN).looks_templates_up
    assert load(Gateway, TOKEN | {"META_WABA_ID": "7"}).looks_templates_up
    dialog = TOKEN | {"WHATSAPP_PROVIDER": "360dialog", "META_PHONE_NUMBER_ID": "1"}
    assert load(Gateway, dialog).looks_templates_up
    (problem,) = problems(Gateway, {"META_WABA_ID": "7"})
    assert problem.startswith("META_WABA_ID is set, so templates are looked up, and")


def test_a_key_of_360dialog_sends_from_one_number_alone() -> None:
    dialog = {"WHATSAPP_PROVIDER": "360dialog"}
    (problem,) = problems(Gateway, dialog)
    assert "set META_PHONE_NUMBER_ID" in problem
    number = {"META_PHONE_NUMBER_ID": "106540352242922"}
    assert load(Gateway, dialog | number).only_number == "106540352242922"
    assert load(Gateway, number).only_number is None


@pytest.mark.parametrize(("timeout_ms", "fits"), [(7999, True), (8000, False), (9000, False)])
def test_a_request_must_end_before_another_daemon_may_hold_the_turn(
    timeout_ms: int, fits: bool
) -> None:
    environ = TOKEN | {"BULK_ACK_WAIT_S": "10", "BULK_REQUEST_TIMEOUT_MS": str(timeout_ms)}
    if fits:
        assert load(Daemon, environ).request_timeout_ms == timeout_ms
    else:
        (problem,) = problems(Daemon, environ)
        assert "must be below 0.8 times BULK_ACK_WAIT_S" in problem


def test_the_default_lease_outlasts_the_default_request() -> None:
    daemon = load(Daemon, TOKEN)
    assert daemon.request_timeout_ms / 1000 < lease.LEASE_SHARE * daemon.ack_wait_seconds


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 0),  # no receipts can come
        ({"META_APP_SECRET": "hush"}, 900),
        ({"META_APP_SECRET": "hush", "BULK_UNKNOWN_AFTER_S": "60"}, 60),
        ({"BULK_UNKNOWN_AFTER_S": "60"}, 60),
        ({"BULK_UNKNOWN_POLICY": "resend"}, 900),  # never at once, unless somebody says so
        ({"BULK_UNKNOWN_POLICY": "resend", "BULK_UNKNOWN_AFTER_S": "12"}, 12),
    ],
)
def test_a_doubt_waits_where_a_receipt_can_come(environ: dict[str, str], seconds: int) -> None:
    assert load(Daemon, TOKEN | environ).doubt_seconds == seconds


def test_what_is_in_doubt_is_not_sent_again_while_its_answer_may_still_come() -> None:
    environ = TOKEN | {"BULK_UNKNOWN_POLICY": "resend", "BULK_UNKNOWN_AFTER_S": "11"}
    (problem,) = problems(Daemon, environ)
    assert problem.startswith("BULK_UNKNOWN_AFTER_S must be at least 12 with")
    assert load(Daemon, environ | {"BULK_REQUEST_TIMEOUT_MS": "9000"}).doubt_seconds == 11


def test_fail_points_have_a_name_and_a_passage() -> None:
    loaded = load(Gateway, {"FAILPOINTS": "claimed:3, recorded"}).fail_points
    assert loaded == {FailPoint.CLAIMED: 3, FailPoint.RECORDED: 1}
    for text in ("nowhere", "claimed:soon", "claimed:-1", "claimed:0"):
        (problem,) = problems(Daemon, TOKEN | {"FAILPOINTS": text})
        assert problem.startswith(
            "FAILPOINTS is point:passage, as claimed:3, with points of job_committed,"
        )


@pytest.mark.parametrize(
    "url", ["postgresql://db:port/x", "postgresql://db:99999/x", "postgresql://a:1,b:no/x", "db"]
)
def test_an_address_that_leads_nowhere_is_refused(url: str) -> None:
    (problem,) = problems(Gateway, {"DATABASE_URL": url})
    assert problem.startswith("DATABASE_URL must be a URL such as postgresql://host:port")


@pytest.mark.parametrize(("text", "servers"), [
    ("nats://a:4222", ["nats://a:4222"]),
    ("nats://a:1,nats://b:2", ["nats://a:1", "nats://b:2"]),
    ("nats://a, nats://b", ["nats://a", "nats://b"]),
    ("tls://me:se,cret@a:1,b:2", ["tls://me:se,cret@a:1", "tls://me:se,cret@b:2"]),
    ("nats://x@a,nats://y@b,c", ["nats://x@a", "nats://y@b", "nats://y@c"]),
])  # fmt: skip
def test_a_cluster_is_named_by_all_its_servers(text: str, servers: list[str]) -> None:
    assert load(Gateway, {"NATS_URL": text}).nats_url == text
    assert servers_of(text) == servers


@pytest.mark.parametrize("text", [
    "a:4222", "nats://a,http://b", "nats://a:x", "nats://a,", "nats://a,ws://b",
])  # fmt: skip
def test_a_server_of_a_cluster_that_is_none_is_refused(text: str) -> None:
    (problem,) = problems(Gateway, {"NATS_URL": text})
    assert problem.startswith("NATS_URL m")


def test_every_setting_says_what_it_means_and_one_name_means_one_thing() -> None:
    meanings: dict[str, str] = {}
    for kind in (Gateway, Daemon):
        for hint in fields_of(kind).values():
            assert len(hint.env.meaning) > 5
            assert meanings.setdefault(hint.env.name, hint.env.meaning) == hint.env.meaning
