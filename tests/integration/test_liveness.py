"""A part that stands still is found and named, while all others go on; an outage is no hang.

The clock of the vital signs runs faster here: at eight times, a deadline of 60 s is over in 8 s.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from daemon.supervisor import serve
from deploy import servers
from gateway import intake
from plumbing import failpoints
from plumbing.life import Life
from plumbing.logs import Log
from plumbing.migrations import migrate
from plumbing.postgres import Pool, open_pool
from plumbing.vitals import Vitals
from schemas.failpoints import FailPoint
from schemas.settings import Daemon
from tests import campaigns
from tests.daemons import Stack
from tests.fleet import Restartable
from tests.gateways import serving
from tests.support import free_port, until


@dataclass
class OwnServers:
    """PostgreSQL and JetStream of one test, which may take them down."""

    postgres: Restartable
    nats: Restartable
    pool: Pool


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[OwnServers]:
    database = Restartable(servers.postgres(tmp_path, durable=False))
    nats = Restartable(servers.nats(tmp_path))
    database.start()
    nats.start()
    pool = await open_pool(database.url, name="tests")
    await migrate(pool, structlog.get_logger())
    yield OwnServers(database, nats, pool)
    pool.terminate()
    nats.stop()
    database.stop()


@asynccontextmanager
async def daemon(stack: Stack, *, faster: float = 8, **changes: object) -> AsyncIterator[str]:
    """A daemon whose deadlines are over soon; yields the address of its health."""
    fields = {name: getattr(stack.settings, name) for name in stack.settings.__struct_fields__}
    settings = Daemon(**{**fields, "daemon_port": free_port(), **changes})
    life = Life(vitals=Vitals(lambda: time.monotonic() * faster))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(settings, stack.log, stop, life))
    try:
        yield f"http://127.0.0.1:{settings.daemon_port}"
    finally:
        stop.set()
        await asyncio.wait_for(task, 40)


async def health(url: str, path: str = "/healthz") -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}{path}") as answer:
        return answer.status, await answer.json()


async def until_ready(url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                if (await health(url, "/readyz"))[0] == 200:
                    return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def hung(url: str) -> dict[str, float]:
    """What hangs, once anything does."""
    async with asyncio.timeout(20):
        while True:
            status, body = await health(url)
            if status == 503:
                found: dict[str, float] = body["hung"]
                return found
            assert body == {"status": "ok"}
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("point", "name"),
    [
        (FailPoint.SWEEP_HANGS, "sweeper"),
        (FailPoint.LANE_HANGS, f"lane {campaigns.PHONE}"),
        (FailPoint.REQUEST_HANGS, "request to Meta"),
    ],
)
async def test_a_part_that_stands_still_is_named_while_the_event_loop_goes_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, point: FailPoint, name: str
) -> None:
    monkeypatch.setitem(failpoints._armed, point, 1)
    async with daemon(stack) as url:
        await until_ready(url)
        job = await campaigns.make_job(stack.pool, 3)
        await stack.wake(job)
        found = await hung(url)
        assert (await health(url, "/readyz"))[0] == 200
    assert name in found
    assert found[name] > 30


async def test_a_campaign_in_full_swing_and_an_idle_daemon_are_well(stack: Stack) -> None:
    async with daemon(stack) as url:
        await until_ready(url)
        job = await campaigns.make_job(stack.pool, 100, loop_size=10)
        await stack.wake(job)
        await stays_well(url, 9)  # 72 s of the vital signs' clock
    assert await campaigns.finished(stack.pool, job) == "completed"


async def test_while_postgres_and_nats_are_down_in_mid_job_nothing_is_taken_for_hung(
    stack: Stack, own: OwnServers
) -> None:
    urls: dict[str, Any] = {"database_url": own.postgres.url, "nats_url": own.nats.url}
    async with daemon(stack, messages_per_second=50, **urls) as url:
        await until_ready(url)
        job = await campaigns.make_job(own.pool, 150)  # the sweeper wakes its lane
        await until(lambda: len(stack.peer.arrivals) > 20, "it sends")
        own.postgres.kill()
        own.nats.kill()
        await stays_well(url, 9)  # 72 s of the vital signs' clock
        own.postgres.start()
        own.nats.start()
        assert await campaigns.finished(own.pool, job) == "completed"
        assert (await health(url))[0] == 200


async def test_those_who_queue_for_a_postgres_that_stands_still_are_not_taken_for_hung(
    stack: Stack, own: OwnServers
) -> None:
    """Thirty lanes wait for twenty connections, whose statements take until their time is over."""
    urls: dict[str, Any] = {"database_url": own.postgres.url, "nats_url": own.nats.url}
    async with daemon(stack, faster=2.5, messages_per_second=20, **urls) as url:
        await until_ready(url)
        for number in range(30):
            phone, first = str(200000000000000 + number), 1 + 400 * number
            await campaigns.make_job(own.pool, 400, phone_number_id=phone, first=first)
        await until(lambda: len({a.phone_number_id for a in stack.peer.arrivals}) == 30, "all send")
        with frozen(own.postgres):
            await stays_well(url, 26)  # 65 s of the vital signs' clock
        await stays_well(url, 1)


async def test_a_gateway_names_what_hangs_and_serves_on(
    database_url: str, nats_url: str, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    life = Life(vitals=Vitals(lambda: time.monotonic() * 8))
    async with serving(database_url, nats_url, log, life=life) as gateway:
        assert (await gateway.get("/healthz")).status == 200
        monkeypatch.setattr(intake, "publish_all", never)
        assert await gateway.parts.intake.store([b"{}"]) is intake.Fate.UNAVAILABLE
        assert list(await hung(gateway.url)) == ["intake of webhooks"]
        assert (await gateway.get("/readyz")).status == 200


async def test_a_process_tells_its_supervisor_of_its_life_from_start_to_stop(
    database_url: str, nats_url: str, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        environ = {
            **os.environ, "DATABASE_URL": database_url, "NATS_URL": nats_url,
            "PORT": str(free_port()), "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "1000000",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", env=environ, stderr=asyncio.subprocess.DEVNULL
        )
        said: list[str] = []
        while "READY=1" not in said or "WATCHDOG=1" not in said:
            said += await told(manager)
        process.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in said:
            said += await told(manager)
        assert await process.wait() == 0
    assert said.index("STATUS=listening; waiting for PostgreSQL") < said.index("READY=1")
    assert "STATUS=0 open event streams" in said


async def told(manager: socket.socket) -> list[str]:
    async with asyncio.timeout(20):
        data = await asyncio.get_running_loop().sock_recv(manager, 4096)
    return data.decode().split("\n")


@contextlib.contextmanager
def frozen(server: Restartable) -> Iterator[None]:
    """Stopped with all its processes: it answers nothing, and nothing is refused either."""
    pid = server.pid
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)


async def stays_well(url: str, seconds: float) -> None:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        assert await health(url) == (200, {"status": "ok"})
        await asyncio.sleep(0.1)
