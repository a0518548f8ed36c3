"""A fleet of real processes on a fresh PostgreSQL and nats-server: gateway, daemons, sandbox.

The fixtures are for the conftests of the tiers that use it.
"""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import structlog

from deploy import servers
from deploy.programs import Program, http_ok, python_module, running
from deploy.servers import Server
from plumbing.broker import Broker
from plumbing.migrations import migrate
from plumbing.postgres import Pool, open_pool
from plumbing.process import CannotStart
from schemas.subjects import RECEIPTS_SUBJECT
from tests.description import Described
from tests.support import free_port

PHONE = "100000000000001"


@dataclass
class Fleet:
    """The processes, started as a test asks for them; all of them stop when their blocks end."""

    folder: Path
    env: dict[str, str]
    pool: Pool
    http: aiohttp.ClientSession
    gateway_port: int
    sandbox_port: int
    _numbers: "count[int]"
    nats_url: str

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}/api"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def gateway(self, **env: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return self._run("gateway", self.gateway_port, "/readyz", env)

    def sandbox(self, **env: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return self._run("sandbox", self.sandbox_port, "/healthz", env)

    @contextlib.contextmanager
    def daemon(self, port: int = 0, **env: Any) -> Iterator[subprocess.Popen[bytes]]:
        port = port or free_port()
        with self._run("daemon", port, "/readyz", {"DAEMON_PORT": str(port), **env}) as child:
            yield child

    @contextlib.contextmanager
    def daemon_after_gateway(self) -> Iterator[subprocess.Popen[bytes]]:
        """Both; yields the gateway's process, for a test that kills it."""
        with self.gateway() as gateway, self.daemon():
            yield gateway

    async def submit(self, total: int, *, first: int = 1, **fields: Any) -> dict[str, Any]:
        """A campaign with a row for each recipient; returns the gateway's answer.

        `first`: of its recipients; people of two campaigns at once would have to wait in between.
        """
        rows = [
            {"phone": f"+49 1511 {seq:07d}", "name": f"Name {seq}", "order": f"A-{seq}"}
            for seq in range(first, first + total)
        ]
        body = {
            "templateName": "order_update",
            "phoneNumberId": PHONE,
            "recipientColumn": "phone",
            "data": rows,
            "variableMappings": {"1": "name", "2": "order"},
            **fields,
        }
        async with self.http.post(f"{self.api}/whatsapp/bulk-customize-send", json=body) as answer:
            made: dict[str, Any] = await answer.json()
            assert answer.status == 201, made
            return made

    async def submit_text(
        self, recipients: list[str], phone_number_id: str = PHONE, **headers: str
    ) -> dict[str, Any]:
        """A campaign to these recipients, all with the same words."""
        body = {
            "phone_number_id": phone_number_id,
            "template_name": "hello_world",
            "recipients_text": "\n".join(recipients),
        }
        url = f"{self.api}/whatsapp/bulk-quick-send"
        async with self.http.post(url, json=body, headers=headers) as answer:
            made: dict[str, Any] = await answer.json()
            assert answer.status == 201, made
            return made

    async def job(self, job_id: str) -> dict[str, Any]:
        async with self.http.get(f"{self.api}/bulk/job/{job_id}") as answer:
            job: dict[str, Any] = await answer.json()
            return job

    async def summary(self) -> dict[str, Any]:
        """What the sandbox's ledger comes to."""
        async with self.http.get(f"{self.sandbox_url}/sandbox/ledger/summary") as answer:
            summary: dict[str, Any] = await answer.json()
            return summary

    async def accepted(self) -> dict[str, dict[str, Any]]:
        """What the sandbox took, by recipient."""
        url = f"{self.sandbox_url}/sandbox/ledger?limit=10000"
        async with self.http.get(url) as answer:
            entries = (await answer.json())["entries"]
        return {entry["to"]: entry for entry in entries}

    async def arrivals(self, phone_number_id: str = "") -> list[int]:
        """When the sandbox accepted each message, in nanoseconds of this machine's clock."""
        wanted = f"&phone_number_id={phone_number_id}" if phone_number_id else ""
        url = f"{self.sandbox_url}/sandbox/ledger?limit=100000{wanted}"
        async with self.http.get(url) as answer:
            return [entry["monotonicNs"] for entry in (await answer.json())["entries"]]

    async def deliver_receipts(self, status: str = "") -> int:
        """What Meta says later of all that it accepted, put on the stream as the webhook would."""
        wanted = f"&status={status}" if status else ""
        url = f"{self.sandbox_url}/sandbox/receipts?limit=10000{wanted}"
        async with self.http.get(url) as answer:
            entries = (await answer.json())["entries"]
        broker = Broker(self.nats_url, "tests", structlog.get_logger())
        broker.start()
        await asyncio.wait_for(broker.ready(), 10)
        for entry in entries:
            await broker.publish(RECEIPTS_SUBJECT, msgspec.json.encode(entry["body"]))
        await broker.close()
        return len(entries)

    async def messages(self, job_id: str) -> dict[str, str]:
        """The state of each recipient's message in PostgreSQL."""
        rows = await self.pool.fetch(
            "SELECT recipient, state FROM messages WHERE job_id = $1::text::uuid", job_id
        )
        return {row["recipient"]: row["state"] for row in rows}

    def _run(
        self, name: str, port: int, path: str, env: dict[str, str]
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        program = Program(
            name=name,
            argv=python_module(name),
            address=f"127.0.0.1:{port}",
            is_ready=http_ok("127.0.0.1", port, path),
            env={**self.env, **env},
            log_file=self.folder / f"{name}-{next(self._numbers)}.log",
            stop_seconds=30,
        )
        return running(program)


class Restartable:
    """A server that a test may kill, stop and start again, on the same port and data."""

    def __init__(self, server: Server) -> None:
        self.url, self._program = server.url, server.program
        self._stack = contextlib.ExitStack()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; children of a killed PostgreSQL may take a moment to see that it is dead."""
        deadline = time.monotonic() + 20
        while True:
            try:
                self._child = self._stack.enter_context(running(self._program))
            except CannotStart:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def kill(self) -> None:
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[Restartable]:
    """The nats-server of the fleet."""
    server = Restartable(servers.nats(tmp_path))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nats_url(nats_server: Restartable) -> str:
    return nats_server.url


@pytest.fixture
async def own_postgres(fleet: Fleet, tmp_path: Path) -> AsyncIterator[Restartable]:
    """A PostgreSQL for this test alone; the fleet uses it instead of the shared one.

    It keeps what it confirms, as one in earnest does.
    """
    server = Restartable(servers.postgres(tmp_path))
    server.start()
    fleet.env["DATABASE_URL"] = server.url
    async with await open_pool(server.url, name="tests") as pool:
        await migrate(pool, structlog.get_logger())
        shared, fleet.pool = fleet.pool, pool
        yield server
        fleet.pool = shared
        await pool.expire_connections()
    server.stop()


@pytest.fixture
async def fleet(
    tmp_path: Path, database_url: str, nats_url: str, pool: Pool
) -> AsyncIterator[Fleet]:
    gateway_port, sandbox_port = free_port(), free_port()
    env = {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "PORT": str(gateway_port),
        "SANDBOX_PORT": str(sandbox_port),
        "SANDBOX_LATENCY_MS": "20",
        "SANDBOX_THROUGHPUT": "0",
        "META_ACCESS_TOKEN": "sandbox",
        "GRAPH_API_BASE_URL": f"http://127.0.0.1:{sandbox_port}",
        "BULK_REQUEST_TIMEOUT_MS": "2000",
        "BULK_LOOP_SIZE": "40",
        "BULK_LOOP_PAUSE_MS": "200",
        "BULK_MESSAGES_PER_SECOND": "50",
    }
    async with aiohttp.ClientSession(middlewares=(Described(gateway_port),)) as http:
        yield Fleet(tmp_path, env, pool, http, gateway_port, sandbox_port, count(1), nats_url)
