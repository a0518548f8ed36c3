"""The local stack's plan: what is started for which settings, and refusals before anything is."""

import socket
from pathlib import Path

import pytest

from deploy import servers, stack
from deploy.ports import is_taken, reserve_port
from plumbing.process import CannotStart
from schemas.environment import SettingsError
from tests.support import free_port

SERVERS = {"DATABASE_URL": "postgresql://elsewhere/db", "NATS_URL": "nats://elsewhere:4222"}


def names(environ: dict[str, str], folder: Path) -> list[str]:
    return [program.name for program in stack.programs(stack.plan(environ), folder)]


def test_without_any_setting_the_sandbox_stands_in_for_meta(tmp_path: Path) -> None:
    assert names(SERVERS, tmp_path) == ["sandbox", "gateway", "daemon"]
    wanted = stack.plan({})
    assert wanted.own_postgres
    assert wanted.own_nats
    assert wanted.sandbox_url == wanted.daemon.graph_api_base_url
    assert wanted.gateway.default_phone_number_id == "100000000000001"


def secrets_of(environ: dict[str, str]) -> dict[str, str]:
    """What the processes are told of webhooks."""
    told = stack.plan(environ).environ
    return {
        name: told[name]
        for name in ("META_APP_SECRET", "SANDBOX_APP_SECRET", "SANDBOX_WEBHOOK_URL")
        if name in told
    }


def test_the_sandbox_posts_to_the_gateway_signed_with_a_secret_of_this_run() -> None:
    wanted, other = stack.plan({"PORT": "8123"}), stack.plan({})
    assert wanted.sandbox
    assert wanted.sandbox.webhook_url == "http://127.0.0.1:8123/webhooks/whatsapp"
    assert wanted.gateway.app_secrets == (wanted.sandbox.app_secret,)
    assert wanted.daemon.app_secrets == wanted.gateway.app_secrets
    assert len(wanted.sandbox.app_secret) == 32
    assert other.gateway.app_secrets != wanted.gateway.app_secrets
    assert wanted.gateway.verify_token
    assert wanted.gateway.waba_id == "102290129340398"


def test_secrets_that_are_given_are_used_the_first_of_several_to_sign() -> None:
    assert secrets_of({"META_APP_SECRET": "new,old", "SANDBOX_WEBHOOK_URL": "http://h/w"}) == {
        "META_APP_SECRET": "new,old", "SANDBOX_APP_SECRET": "new",
        "SANDBOX_WEBHOOK_URL": "http://h/w",
    }  # fmt: skip
    told = secrets_of({"SANDBOX_APP_SECRET": "own"})
    assert (told["META_APP_SECRET"], told["SANDBOX_APP_SECRET"]) == ("own", "own")
    wanted = stack.plan({"META_WABA_ID": "7", "META_VERIFY_TOKEN": "v"})
    assert (wanted.gateway.waba_id, wanted.gateway.verify_token) == ("7", "v")


def test_a_sandbox_that_posts_nowhere_leaves_the_secrets_alone() -> None:
    assert secrets_of({"SANDBOX_WEBHOOK_URL": "none"}) == {"SANDBOX_WEBHOOK_URL": "none"}
    wanted = stack.plan({"SANDBOX_WEBHOOK_URL": "none"})
    assert wanted.sandbox
    assert (wanted.sandbox.webhook_url, wanted.daemon.doubt_seconds) == ("", 0)


def test_without_a_sandbox_nothing_is_told_of_webhooks() -> None:
    assert secrets_of({"META_ACCESS_TOKEN": "EAAG"}) == {}


def test_a_bad_address_for_webhooks_is_listed() -> None:
    with pytest.raises(SettingsError, match="SANDBOX_WEBHOOK_URL must be a URL"):
        stack.plan({"SANDBOX_WEBHOOK_URL": "gateway:8080"})


@pytest.mark.parametrize("meta", [{"META_ACCESS_TOKEN": "EAAG"}, {
    "META_ACCESS_TOKEN": "EAAG", "GRAPH_API_BASE_URL": "http://127.0.0.1:1"}])  # fmt: skip
def test_with_metas_settings_messages_go_there_and_no_sandbox_is_started(
    meta: dict[str, str], tmp_path: Path
) -> None:
    assert names(SERVERS | meta, tmp_path) == ["gateway", "daemon"]


def test_a_graph_url_without_a_token_is_refused() -> None:
    with pytest.raises(SettingsError, match="META_ACCESS_TOKEN is not set"):
        stack.plan({"GRAPH_API_BASE_URL": "http://127.0.0.1:1"})


def test_servers_that_are_given_are_used_and_none_is_started(tmp_path: Path) -> None:
    gateway = stack.programs(stack.plan(SERVERS), tmp_path)[1]
    assert {name: gateway.env[name] for name in SERVERS} == SERVERS
    assert list(tmp_path.iterdir()) == []


def test_a_given_phone_number_id_is_kept() -> None:
    wanted = stack.plan({"META_PHONE_NUMBER_ID": "4711"})
    assert wanted.gateway.default_phone_number_id == "4711"


def test_only_a_killed_daemon_leaves_something_in_doubt(tmp_path: Path) -> None:
    programs = stack.programs(stack.plan(SERVERS), tmp_path)
    meanings = {program.name: program.when_killed for program in programs}
    in_doubt = "its messages in flight become `unknown`"
    assert meanings == {"sandbox": "", "gateway": "", "daemon": in_doubt}


def test_an_empty_setting_counts_as_unset() -> None:
    assert stack.plan({"DATABASE_URL": "", "META_ACCESS_TOKEN": " "}).own_postgres


def test_bad_settings_of_all_processes_are_listed_at_once_each_once() -> None:
    with pytest.raises(SettingsError) as raised:
        stack.plan({"PORT": "x", "DAEMON_PORT": "0", "SANDBOX_PORT": "y", "BULK_LOOP_SIZE": "-1"})
    listed = [problem.split()[0] for problem in raised.value.problems]
    assert sorted(listed) == ["BULK_LOOP_SIZE", "DAEMON_PORT", "PORT", "SANDBOX_PORT"]


@pytest.mark.parametrize("setting", ["PORT", "DAEMON_PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_one_sentence_with_the_port_and_the_setting(setting: str) -> None:
    ports = {name: str(free_port()) for name in ("PORT", "DAEMON_PORT", "SANDBOX_PORT")}
    taken = socket.create_server(("127.0.0.1", int(ports[setting])))
    with taken, pytest.raises(CannotStart) as raised:
        stack.check_ports(stack.plan(ports))
    sentence = str(raised.value)
    assert sentence == (
        f"port {ports[setting]} on 127.0.0.1 is taken by another program; stop that one,"
        f" or set {setting} to a free port"
    )


def test_free_ports_pass() -> None:
    ports = {name: str(free_port()) for name in ("PORT", "DAEMON_PORT", "SANDBOX_PORT")}
    stack.check_ports(stack.plan(ports))


def test_one_port_for_two_programs_is_refused() -> None:
    port = str(free_port())
    with pytest.raises(CannotStart, match="PORT and DAEMON_PORT are both"):
        stack.check_ports(stack.plan({"PORT": port, "DAEMON_PORT": port}))


def test_the_sandbox_moves_when_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as other:
        taken = other.getsockname()[1]
        assert reserve_port(taken) != taken
    assert reserve_port(port := free_port()) != 0
    assert not is_taken("127.0.0.1", port)


def test_a_reserved_port_is_given_to_one_only_and_can_be_listened_on() -> None:
    ports = [reserve_port() for _ in range(50)]
    assert len(set(ports)) == 50
    with socket.create_server(("127.0.0.1", ports[0])):
        assert is_taken("127.0.0.1", ports[0])


def test_addresses_of_any_interface_are_reached_by_loopback() -> None:
    keys = {"API_KEYS": "shop:0123456789"}
    assert stack.plan({"HOST": "0.0.0.0", **keys}).gateway_url == "http://127.0.0.1:8080"
    assert stack.plan({"HOST": "::", **keys}).gateway_url == "http://[::1]:8080"


def test_root_without_setpriv_gets_a_sentence_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match="an ordinary user, or set DATABASE_URL") as raised:
        servers.postgres(tmp_path / "data")
    assert "\n" not in str(raised.value)
