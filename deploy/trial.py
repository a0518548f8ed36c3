"""`deploy/try-containers`: the containers, tried on a real engine while some of them are killed.

Exit code 0 when all went well or there is no engine, 1 when anything did not, 2 when the command is
wrong, 130 when it was stopped.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import aiohttp

from deploy import bases
from deploy.engine import EngineFailed, NoEngine, found_or_started
from deploy.fleet import Fleet, Killing
from deploy.ports import is_taken
from deploy.programs import CHECKOUT

USAGE: Final = """\
usage: deploy/try-containers [--keep]

Builds the image and runs docker-compose.yml with three daemons, two gateways and the sandbox; sends
a job to 500 recipients while daemons, a gateway and NATS are killed; compares the sandbox's ledger,
PostgreSQL and the gateway; takes everything down. Images that no registry gives are made of Debian
(root and debootstrap). Without a Docker engine, and where none can be started, it is skipped.

--keep leaves the base images that it made, which makes the next run faster."""
KILLINGS: Final = (
    Killing(60, "daemon", "the daemon that sends"),
    Killing(140, "gateway", "a gateway"),
    Killing(220, "daemon", "the daemon that sends"),
    Killing(300, "nats", "NATS"),
    Killing(400, "daemon", "the daemon that sends"),
)
_CRASHES: Final = sum(killing.service in ("daemon", "gateway") for killing in KILLINGS)
_FIRST_PORT: Final = 20_000
_PORTS: Final = 20


class Report:
    """Says what is done, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def say(self, sentence: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began:6.1f} s  {sentence}\n")
        sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Try it; returns the exit code."""
    asks_for_help = not {"-h", "--help"}.isdisjoint(arguments)
    if asks_for_help or arguments not in ([], ["--keep"]):
        (sys.stdout if asks_for_help else sys.stderr).write(f"{USAGE}\n")
        return 0 if asks_for_help else 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="loopcast-trial-") as folder:
            wrong = _try(Path(folder), Report(), keep=bool(arguments))
    except NoEngine as error:
        return _closed(f"SKIPPED: {error}", "0 passed, 0 failed, 1 skipped", 0)
    except (EngineFailed, aiohttp.ClientError) as error:
        return _closed(f"FAILED: {error}", "0 passed, 1 failed", 1)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    return _closed_with(wrong)


def _try(folder: Path, report: Report, *, keep: bool) -> list[str]:
    """Everything that did not add up. Raises NoEngine and EngineFailed."""
    with ExitStack() as stack:
        engine = stack.enter_context(found_or_started())
        version = engine.docker("version", "--format", "{{.Server.Version}}")
        report.say(f"Docker engine {version}, {' '.join(engine.compose_command)}")
        suffix = "kept" if keep else str(os.getpid())
        made = bases.prepare(engine, suffix, _cache())
        if not keep:
            stack.callback(bases.forget, engine, made)
        report.say(f"base images: {', '.join(sorted(made.variables.values()))}")
        env_file = _env_file(folder, made.variables)
        fleet = Fleet(engine, env_file, f"loopcast-trial-{os.getpid()}", report.say)
        stack.callback(fleet.take_down)
        fleet.build()
        watching = ["prometheus"] if "PROMETHEUS_IMAGE" in made.variables else []
        fleet.bring_up("gateway", "daemon", "sandbox", *watching, daemons=3, gateways=2)
        wrong = asyncio.run(fleet.campaign(KILLINGS)) + fleet.watched()
        return wrong + fleet.examine(_CRASHES) + fleet.stop()


def _env_file(folder: Path, images: dict[str, str]) -> Path:
    """The settings of deploy/sandbox.env, at ports and under names of our own."""
    port, name = _free_ports(), f"loopcast-trial-{os.getpid()}"
    ours = {
        "COMPOSE_PROJECT_NAME": name,
        "LOOPCAST_IMAGE": f"{name}:latest",
        "GATEWAY_PORTS": f"127.0.0.1:{port}-{port + 9}",
        "SANDBOX_PORTS": f"127.0.0.1:{port + 10}",
        "PROMETHEUS_PORTS": f"127.0.0.1:{port + 11}",
        "BULK_MESSAGES_PER_SECOND": "20",
        # Doubts that no receipt ends are to end within the trial.
        "BULK_UNKNOWN_AFTER_S": "30",
        **images,
    }
    lines = (CHECKOUT / "deploy" / "sandbox.env").read_text().splitlines()
    kept = [line for line in lines if line.partition("=")[0] not in ours]
    path = folder / "env"
    path.write_text("\n".join([*kept, *(f"{key}={value}" for key, value in ours.items()), ""]))
    return path


def _free_ports() -> int:
    """The first of so many ports in a row that nobody listens on; another place for each run."""
    first = _FIRST_PORT + os.getpid() % 400 * _PORTS
    while any(is_taken("127.0.0.1", first + number) for number in range(_PORTS)):
        first += _PORTS
    return first


def _cache() -> Path:
    """Where the Debian systems stay, so that the next run need not make them."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "loopcast"


def _closed_with(wrong: list[str]) -> int:
    if wrong:
        return _closed(f"FAILED: {'; '.join(wrong)}", "0 passed, 1 failed", 1)
    return _closed("Everything adds up: nobody twice, nobody lost.", "1 passed, 0 failed", 0)


def _closed(sentence: str, line: str, code: int) -> int:
    sys.stdout.write(f"{sentence}\n{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
