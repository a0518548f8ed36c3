"""The local stack: which programs it is made of, what each is told, and where it can be reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final, TypeVar

import msgspec

from deploy import servers
from deploy.ports import is_taken, reserve_port
from deploy.programs import Program, http_ok, python_module
from plumbing.process import CannotStart
from sandbox.receipts import WABA_ID
from schemas.environment import SettingsError
from schemas.loading import load
from schemas.sandbox_settings import Sandbox
from schemas.settings import Daemon, Gateway

SANDBOX_PORT: Final = 8090
SANDBOX_NUMBER: Final = "100000000000001"
WEBHOOK_PATH: Final = "/webhooks/whatsapp"
S = TypeVar("S", bound=msgspec.Struct)
_WHEN_KILLED: Final = {"daemon": "its messages in flight become `unknown`"}
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to reach, not to bind


@dataclass(frozen=True)
class Plan:
    """Settings of all processes, checked before anything is started."""

    environ: Mapping[str, str]  # what every process is given
    gateway: Gateway
    daemon: Daemon
    sandbox: Sandbox | None  # None: messages go where the environment says
    own_postgres: bool
    own_nats: bool

    @property
    def gateway_url(self) -> str:
        return f"http://{_authority(self.gateway.host, self.gateway.port)}"

    @property
    def sandbox_url(self) -> str | None:
        return _sandbox_url(self.sandbox) if self.sandbox else None


@dataclass(frozen=True)
class Port:
    """A port that a program is to listen on, and the setting that changes it."""

    host: str
    number: int
    setting: str


def plan(environ: Mapping[str, str]) -> Plan:
    """What to start for these settings. Raises SettingsError, which lists every bad one."""
    with_sandbox = not (_is_set(environ, "META_ACCESS_TOKEN", "GRAPH_API_BASE_URL"))
    given, sandbox = dict(environ), None
    problems: list[str] = []
    if with_sandbox:
        given |= _sandbox_port(environ)
        sandbox = _loaded(Sandbox, given, problems) or Sandbox()
        given |= _meta_in_the_sandbox(sandbox, given)
        given |= _webhooks(_loaded(Gateway, given, problems) or Gateway(), sandbox, given)
        sandbox = _loaded(Sandbox, given, problems)
    gateway, daemon = _loaded(Gateway, given, problems), _loaded(Daemon, given, problems)
    if gateway is None or daemon is None or problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    own_postgres, own_nats = not _is_set(environ, "DATABASE_URL"), not _is_set(environ, "NATS_URL")
    return Plan(given, gateway, daemon, sandbox, own_postgres, own_nats)


def check_ports(wanted: Plan) -> None:
    """Raises CannotStart when a port is taken, naming it and the setting to change."""
    gateway, daemon, sandbox = wanted.gateway, wanted.daemon, wanted.sandbox
    ports = [
        Port(gateway.host, gateway.port, "PORT"),
        Port(daemon.host, daemon.daemon_port, "DAEMON_PORT"),
    ]
    if sandbox:
        ports.append(Port(sandbox.host, sandbox.port, "SANDBOX_PORT"))
    _check_different(ports)
    for port in ports:
        if is_taken(port.host, port.number):
            raise CannotStart(
                f"port {port.number} on {port.host} is taken by another program; stop that one, or"
                f" set {port.setting} to a free port"
            )


def programs(wanted: Plan, data: Path, logs: Path | None = None) -> list[Program]:
    """The programs of the stack, in the order in which they start.

    Servers keep their data in `data` and log there; the others log to `logs`, None: to us. Makes
    the database when there is none, which takes 2 s. Raises CannotStart.
    """
    environ = dict(wanted.environ)
    made = []
    if wanted.own_postgres:
        postgres = servers.postgres(data)
        environ["DATABASE_URL"] = postgres.url
        made.append(postgres.program)
    if wanted.own_nats:
        nats = servers.nats(data)
        environ["NATS_URL"] = nats.url
        made.append(nats.program)
    return made + _processes(wanted, environ, logs)


def _processes(wanted: Plan, environ: Mapping[str, str], logs: Path | None) -> list[Program]:
    gateway, daemon, sandbox = wanted.gateway, wanted.daemon, wanted.sandbox
    made = [
        _process("gateway", gateway.host, gateway.port, "/readyz", environ, logs),
        _process("daemon", daemon.host, daemon.daemon_port, "/readyz", environ, logs),
    ]
    if sandbox:
        first = _process("sandbox", sandbox.host, sandbox.port, "/healthz", environ, logs)
        made.insert(0, first)
    return made


def _process(
    name: str,
    host: str,
    port: int,
    path: str,
    environ: Mapping[str, str],
    logs: Path | None,
) -> Program:
    return Program(
        name=name,
        argv=python_module(name),
        address=f"http://{_authority(host, port)}",
        is_ready=http_ok(_reachable(host), port, path),
        env=environ,
        log_file=logs and logs / f"{name}.log",
        when_killed=_WHEN_KILLED.get(name, ""),
    )


def _sandbox_port(environ: Mapping[str, str]) -> dict[str, str]:
    if _is_set(environ, "SANDBOX_PORT"):
        return {}
    return {"SANDBOX_PORT": str(reserve_port(SANDBOX_PORT))}


def _meta_in_the_sandbox(sandbox: Sandbox, given: Mapping[str, str]) -> dict[str, str]:
    """What every process is told of Meta, where nobody said otherwise."""
    usual = {"META_PHONE_NUMBER_ID": SANDBOX_NUMBER, "META_WABA_ID": WABA_ID}
    told = {name: value for name, value in usual.items() if not _is_set(given, name)}
    return told | {"META_ACCESS_TOKEN": "sandbox", "GRAPH_API_BASE_URL": _sandbox_url(sandbox)}


def _webhooks(gateway: Gateway, sandbox: Sandbox, given: Mapping[str, str]) -> dict[str, str]:
    """What lets the sandbox post to the gateway, signed; nothing when it is to post nowhere."""
    if _is_set(given, "SANDBOX_WEBHOOK_URL") and not sandbox.webhook_url:
        return {}
    secrets_given = gateway.app_secrets or (given.get("SANDBOX_APP_SECRET") or token_hex(16),)
    usual = {
        "META_APP_SECRET": secrets_given[0],
        "SANDBOX_APP_SECRET": secrets_given[0],
        "META_VERIFY_TOKEN": token_hex(16),
        "SANDBOX_WEBHOOK_URL": f"http://{_authority(gateway.host, gateway.port)}{WEBHOOK_PATH}",
    }
    return {name: value for name, value in usual.items() if not _is_set(given, name)}


def _sandbox_url(sandbox: Sandbox) -> str:
    return f"http://{_authority(sandbox.host, sandbox.port)}"


def _check_different(ports: list[Port]) -> None:
    settings: dict[int, str] = {}
    for port in ports:
        other = settings.setdefault(port.number, port.setting)
        if other != port.setting:
            raise CannotStart(f"{other} and {port.setting} are both {port.number}; change one")


def _loaded(kind: type[S], environ: Mapping[str, str], problems: list[str]) -> S | None:
    try:
        return load(kind, environ)
    except SettingsError as error:
        problems += error.problems
        return None


def _is_set(environ: Mapping[str, str], *names: str) -> bool:
    return any(environ.get(name, "").strip() for name in names)


def _reachable(host: str) -> str:
    return _WILDCARDS.get(host, host)


def _authority(host: str, port: int) -> str:
    reachable = _reachable(host)
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"
