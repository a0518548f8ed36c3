"""A real stack to be fuzzed: PostgreSQL, NATS, the sandbox, a gateway with keys, a daemon."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy import servers
from deploy.ports import reserve_port
from deploy.programs import Program, http_ok, python_module, running
from deploy.stack import SANDBOX_NUMBER
from sandbox.receipts import WABA_ID

KEY: Final = "fuzz-a-long-secret"


@dataclass(frozen=True)
class Stack:
    """Where it can be reached."""

    gateway_url: str
    database_url: str


@contextmanager
def fuzzed(folder: Path) -> Iterator[Stack]:
    """The stack, for as long as the block lasts; its logs are in the folder."""
    postgres, nats = servers.postgres(folder, durable=False), servers.nats(folder)
    gateway, daemon, sandbox = reserve_port(), reserve_port(), reserve_port()
    env = {
        "DATABASE_URL": postgres.url,
        "NATS_URL": nats.url,
        "PORT": str(gateway),
        "DAEMON_PORT": str(daemon),
        "SANDBOX_PORT": str(sandbox),
        "API_KEYS": f"fuzz:{KEY}",
        "API_SUBMISSIONS_PER_MINUTE": "0",
        "SECRET_KEY": "fuzz" * 8,
        "META_ACCESS_TOKEN": "sandbox",
        "META_PHONE_NUMBER_ID": SANDBOX_NUMBER,
        "META_WABA_ID": WABA_ID,
        "META_VERIFY_TOKEN": "t0ken",  # as the description's example has it
        "GRAPH_API_BASE_URL": f"http://127.0.0.1:{sandbox}",
        "BULK_MESSAGES_PER_SECOND": "0",
        "BULK_LOOP_PAUSE_MS": "0",
        "SANDBOX_LATENCY_MS": "0",
        "SANDBOX_THROUGHPUT": "0",
        "SANDBOX_WEBHOOK_URL": "none",
    }
    programs = (
        postgres.program,
        nats.program,
        _process("sandbox", sandbox, "/healthz", env, folder),
        _process("gateway", gateway, "/readyz", env, folder),
        _process("daemon", daemon, "/readyz", env, folder),
    )
    with ExitStack() as started:
        for program in programs:
            started.enter_context(running(program))
        yield Stack(f"http://127.0.0.1:{gateway}", postgres.url)


def _process(name: str, port: int, path: str, env: dict[str, str], folder: Path) -> Program:
    return Program(
        name=name,
        argv=python_module(name),
        address=f"127.0.0.1:{port}",
        is_ready=http_ok("127.0.0.1", port, path),
        env=env,
        log_file=folder / f"{name}.log",
    )
