"""The files that containers are made and run with: what they promise, and that they agree."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from daemon.supervisor import DRAIN_SECONDS
from deploy import alive
from deploy.bases import named_images
from deploy.settings_page import fleet_table
from gateway.__main__ import CLOSE_SECONDS, CUT_SECONDS, SHUTDOWN_SECONDS
from schemas.environment import fields_of
from schemas.loading import load
from schemas.sandbox_settings import Sandbox
from schemas.settings import Common, Daemon, Gateway
from schemas.version import VERSION

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
COOLIFY = ROOT / "deploy" / "coolify.yml"
GUIDE = (ROOT / "deploy" / "coolify.md").read_text()
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
READ_BY: dict[str, type[msgspec.Struct]] = {
    "gateway": Gateway,
    "daemon": Daemon,
    "sandbox": Sandbox,
}
OURS = ("gateway", "daemon", "sandbox")
FOR_TESTS_ALONE = {"FAILPOINTS"}
# PostgreSQL's own, and Coolify's own.
NOT_SETTINGS = {"PGPASSWORD", "SERVICE_URL_GATEWAY_8080"}
NOT_IN_A_CONTAINER = {"SANDBOX_SCRIPT"}  # names a file, and a container has none of yours


@cache
def services(path: Path) -> dict[str, dict[str, Any]]:
    """The services of a compose file, their anchors followed."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["services"]
    return found


def names_of(settings: type[msgspec.Struct]) -> set[str]:
    """The variables of a process, by their old names too."""
    hints = fields_of(settings).values()
    return {name for hint in hints for name in (hint.env.name, hint.env.legacy) if name}


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def test_the_guide_to_coolify_has_every_setting_by_all_its_names() -> None:
    assert fleet_table() in GUIDE, "run `make docs`"


@pytest.mark.parametrize("service", OURS)
def test_a_container_can_be_given_every_setting_of_its_process(service: str) -> None:
    given = services(COMPOSE)[service]["environment"].keys()
    missing = names_of(READ_BY[service]) - FOR_TESTS_ALONE - NOT_IN_A_CONTAINER - given
    assert missing == set()


@pytest.mark.parametrize("path", [COMPOSE, COOLIFY], ids=lambda path: path.name)
@pytest.mark.parametrize("service", OURS)
def test_what_a_container_is_given_is_a_setting(path: Path, service: str) -> None:
    given = services(path).get(service, {}).get("environment", {}).keys()
    assert given - names_of(READ_BY[service]) - NOT_SETTINGS == set()


def test_the_old_names_of_the_mission_are_passed_on() -> None:
    given = services(COMPOSE)["daemon"]["environment"]
    assert given["BULK_BATCH_SIZE"] == "${BULK_BATCH_SIZE:-}"
    assert given["BULK_PAUSE_MS"] == "${BULK_PAUSE_MS:-}"


def test_compose_waits_longer_than_a_process_needs_to_stop() -> None:
    assert seconds(services(COMPOSE)["daemon"]["stop_grace_period"]) > DRAIN_SECONDS + 5
    stops_within = 2 * SHUTDOWN_SECONDS + CUT_SECONDS + 2 * CLOSE_SECONDS
    assert seconds(services(COMPOSE)["gateway"]["stop_grace_period"]) > stops_within


@pytest.mark.parametrize("path", [COMPOSE, COOLIFY], ids=lambda path: path.name)
def test_every_container_is_hardened_logs_little_and_comes_back(path: Path) -> None:
    for service in services(path).values():
        assert service["restart"] == "unless-stopped"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("path", [COMPOSE, COOLIFY], ids=lambda path: path.name)
def test_gateway_and_daemon_start_when_their_servers_are_healthy(path: Path) -> None:
    for name in ("gateway", "daemon"):
        needed = services(path)[name]["depends_on"]
        assert needed.keys() == {"postgres", "nats"}
        assert {need["condition"] for need in needed.values()} == {"service_healthy"}
        assert all("healthcheck" in services(path)[server] for server in needed)


@pytest.mark.parametrize("path", [COMPOSE, COOLIFY], ids=lambda path: path.name)
def test_gateways_and_daemons_can_be_several(path: Path) -> None:
    assert not any("container_name" in service for service in services(path).values())
    assert not any("hostname" in service for service in services(path).values())
    assert "ports" not in services(path)["daemon"]
    for published in services(path)["gateway"].get("ports", []):
        assert re.search(r"127\.0\.0\.1:(\d+)-(\d+)}:8080$", published)


def test_what_is_published_is_reached_from_this_machine_alone() -> None:
    published = [
        port for service in services(COMPOSE).values() for port in service.get("ports", [])
    ]
    assert len(published) > 1
    assert all(":-127.0.0.1:" in port for port in published)


def test_a_variable_that_must_be_set_says_so() -> None:
    required = dict(re.findall(r"\$\{(\w+):\?([^}]+)\}", COMPOSE.read_text()))
    assert required.keys() == {"API_KEYS", "META_ACCESS_TOKEN", "POSTGRES_PASSWORD"}
    assert all(f"set {name} in .env" in sentence for name, sentence in required.items())


def test_postgres_keeps_what_it_confirms() -> None:
    for path in (COMPOSE, COOLIFY):
        text = path.read_text()
        assert re.search(r"(fsync|synchronous_commit|full_page_writes)\s*=", text) is None
        place = services(path)["postgres"]["environment"]["PGDATA"]
        assert place.startswith("/var/lib/postgresql/")
        assert services(path)["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_coolify_is_given_what_compose_is_but_for_secrets_and_ports() -> None:
    ours, theirs = services(COMPOSE), services(COOLIFY)
    assert theirs.keys() == {"gateway", "daemon", "postgres", "nats"}
    for name, service in theirs.items():
        apart = {"environment", "ports"}
        assert {k: v for k, v in service.items() if k not in apart} == {
            k: v for k, v in ours[name].items() if k not in apart
        }
        differing = {
            variable
            for variable, value in service["environment"].items()
            if ours[name]["environment"].get(variable) != value
        }
        assert differing <= {
            "PGPASSWORD", "POSTGRES_PASSWORD", "META_ACCESS_TOKEN", "API_KEYS",
            "META_VERIFY_TOKEN", "METRICS_KEY", "SECRET_KEY", "SERVICE_URL_GATEWAY_8080",
        }  # fmt: skip


def test_coolify_is_told_nothing_that_it_would_take_for_a_secret() -> None:
    """Coolify's parser makes the words after `:?` the value of the variable."""
    assert re.search(r":\?[^}]", COOLIFY.read_text()) is None


def test_the_settings_for_the_sandbox_are_right_for_every_process() -> None:
    lines = (ROOT / "deploy" / "sandbox.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    assert load(Gateway, {**given, "HOST": "0.0.0.0"}).looks_templates_up
    assert load(Daemon, given).provider.base_url == "http://sandbox:8090"


def test_the_example_names_what_must_be_set_and_only_what_exists() -> None:
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    read = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    assert named - read - {"COMPOSE_PROFILES"} == set()
    assert names_of(Common) | names_of(Gateway) | names_of(Daemon) <= named | FOR_TESTS_ALONE | {
        "HOST", "PORT", "DAEMON_PORT",
    }  # fmt: skip
    assert set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE)) >= {
        "API_KEYS", "META_ACCESS_TOKEN", "POSTGRES_PASSWORD",
    }  # fmt: skip


def test_an_image_runs_as_nobody_special_and_stops_when_told() -> None:
    final = DOCKERFILE.split("FROM ${PYTHON_IMAGE}\n")[1]
    assert "USER 10001:10001" in final
    assert "STOPSIGNAL SIGTERM" in final
    assert 'CMD ["python", "-m", "deploy.alive"]' in final
    assert "--require-hashes" in DOCKERFILE
    # What changes most often comes last: a change of code makes these layers anew, and no other.
    assert final.index("COPY --from=dependencies") < final.index("COPY --from=code")
    assert "RUN" not in final[final.index("COPY --from=code") :]


def test_an_image_has_the_command_line_and_all_that_it_imports() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"!cli", "!schemas"} <= set(ignored)
    imports = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
    named = {name for file in (ROOT / "cli").glob("*.py") for name in
             imports.findall(file.read_text())} - sys.stdlib_module_names  # fmt: skip
    drawn = {"rich"}  # of `picture` alone, which is not looked for where there is no rich
    assert named == {"cli", "schemas", "aiohttp", "msgspec"} | drawn


def test_image_and_program_have_one_version_and_all_files_name_the_same_python() -> None:
    assert f"ARG VERSION={VERSION}\n" in DOCKERFILE
    python = named_images(COMPOSE.read_text())["PYTHON_IMAGE"]
    assert f"ARG PYTHON_IMAGE={python}\n" in DOCKERFILE
    assert f"BUILD_IMAGE: ${{BUILD_IMAGE:-{python}}}" in COMPOSE.read_text()


def test_no_file_names_the_host_of_a_registry() -> None:
    for path in (COMPOSE, COOLIFY):
        images = re.findall(r"_IMAGE:-([^}]+)\}", path.read_text())
        assert images
        assert not any("." in image.split("/")[0] for image in images if "/" in image)


def test_the_health_check_looks_where_the_processes_listen() -> None:
    hints = [hint for settings in READ_BY.values() for hint in fields_of(settings).values()]
    defaults = {hint.env.name: hint.default for hint in hints}
    assert {name: defaults[name] for name in alive.PORTS} == alive.PORTS
