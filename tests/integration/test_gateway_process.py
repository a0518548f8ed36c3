"""The gateway among servers that come and go: it waits, takes jobs, says what is missing, stops."""

import asyncio
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from deploy import servers
from deploy.programs import running
from gateway.__main__ import serve
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.postgres import Pool
from plumbing.process import CannotStart
from schemas.environment import SettingsError
from schemas.events import LoopStarted, encode_envelope
from schemas.jobs import loop_bounds
from schemas.settings import Gateway
from schemas.subjects import events_subject
from tests.gateways import QUICK, Answer, Running, numbers, quick, serving
from tests.support import free_port, until


async def settled(gateway: Running, path: str, status: int) -> Answer:
    """The answer once it has this status."""
    async with asyncio.timeout(20):
        while (answer := await gateway.get(path)).status != status:
            await asyncio.sleep(0.05)
    return answer


@pytest.mark.parametrize(("total", "size"), [(1, 200), (200, 200), (201, 200), (7, 3), (5, 1)])
async def test_loops_are_cut_as_the_schemas_say(
    database_url: str, nats_url: str, log: Log, pool: Pool, total: int, size: int
) -> None:
    async with serving(database_url, nats_url, log, loop_size=size) as gateway:
        await gateway.submit(total)
    rows = await pool.fetch("SELECT loop, first_seq, last_seq FROM loops ORDER BY loop")
    assert [(row["first_seq"], row["last_seq"]) for row in rows] == [
        loop_bounds(row["loop"], size, total) for row in rows
    ]
    assert rows[-1]["last_seq"] == total


async def test_a_job_is_taken_while_nats_is_down(
    database_url: str, log: Log, pool: Pool, tmp_path: Path
) -> None:
    server = servers.nats(tmp_path)
    with running(server.program):
        await _streams_made(server.url, log)
    async with serving(database_url, server.url, log, wait_ready=False) as gateway:
        await settled(gateway, "/api/bulk/jobs", 200)
        answer = await gateway.post(QUICK, quick(numbers(3)))
        assert answer.status == 201
        row = await pool.fetchrow("SELECT state, queued FROM jobs")
        assert row is not None
        assert (row["state"], row["queued"]) == ("queued", 3)
        async with gateway.watch(answer.body["jobId"], "19abc-5.0") as stream:
            (hello,) = await stream.take(1)
            assert hello.data["job"]["queued"] == 3
        missing = await gateway.get("/readyz")
        assert missing.status == 503
        assert (missing.body["postgres"], missing.body["jetstream"]) == (
            "ok",
            "no connection to NATS",
        )


async def _streams_made(url: str, log: Log) -> None:
    broker = Broker(url, "tests", log)
    broker.start()
    await asyncio.wait_for(broker.ready(), 10)
    await broker.close()


async def test_news_go_on_without_a_gap_over_a_restart_of_nats(
    database_url: str, log: Log, tmp_path: Path
) -> None:
    server = servers.nats(tmp_path)
    with running(server.program):
        await _streams_made(server.url, log)
    broker = Broker(server.url, "tests", log)
    async with serving(database_url, server.url, log, wait_ready=False) as gateway:
        with running(server.program):
            broker.start()
            await settled(gateway, "/readyz", 200)
            job_id = await gateway.submit(3)
            async with gateway.watch(job_id) as stream:
                await stream.take(1)
                await _tell(broker, job_id, 1)
                assert [e.data["loopIndex"] for e in await stream.take(1)] == [1]
        with running(server.program):
            async with gateway.watch(job_id, None) as stream:
                await stream.take(1)
                await until(lambda: broker.is_connected, "the test is connected again")
                for loop in (2, 3, 4):
                    await _tell(broker, job_id, loop)
                events = [await stream.next(15) for _ in range(3)]
                assert [e and e.data["loopIndex"] for e in events] == [2, 3, 4]
    await broker.close()


async def _tell(broker: Broker, job_id: str, loop: int) -> None:
    await asyncio.wait_for(broker.ready(), 10)
    frame = LoopStarted(
        job_id=UUID(job_id), loop_index=loop, batch_index=loop - 1, total_loops=9, loop_size=1
    )
    await broker.publish(events_subject(job_id), encode_envelope(loop, [frame]))


async def test_the_gateway_waits_for_postgresql_and_makes_the_schema(
    nats_url: str, log: Log, tmp_path: Path
) -> None:
    server = servers.postgres(tmp_path, durable=False)
    async with serving(server.url, nats_url, log, wait_ready=False) as gateway:
        missing = await gateway.get("/readyz")
        assert missing.status == 503
        assert missing.body["postgres"] == "PostgreSQL has not answered yet"
        refused = await gateway.post(QUICK, quick(numbers(1)))
        assert (refused.status, refused.body["error"]) == (503, "Service Unavailable")
        assert refused.headers["Retry-After"] == "2"
        with running(server.program):
            await settled(gateway, "/readyz", 200)
            job_id = await gateway.submit(3)
        lost = await gateway.get(f"/api/bulk/job/{job_id}")
        assert (lost.status, lost.body["error"]) == (503, "Service Unavailable")
        assert (await gateway.get("/healthz")).status == 200
        assert (await gateway.post(QUICK, quick(numbers(1)))).status == 503
        with running(server.program):
            assert (await settled(gateway, f"/api/bulk/job/{job_id}", 200)).body["queued"] == 3


async def test_a_bug_is_a_500_that_tells_nothing_and_is_logged_once(
    database_url: str,
    nats_url: str,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret of the house")

    async with serving(database_url, nats_url, log) as gateway:
        monkeypatch.setattr(gateway.parts.store, "newest", broken)
        answer = await gateway.get("/api/bulk/jobs")
        assert (answer.status, answer.body["error"]) == (500, "Internal Server Error")
        assert "secret" not in str(answer.body)
    assert capsys.readouterr().out.count("a request failed") == 1


async def test_a_taken_port_is_one_sentence(database_url: str, nats_url: str, log: Log) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Gateway(database_url=database_url, nats_url=nats_url, port=port)
        with pytest.raises(CannotStart, match=f"port {port} on 127.0.0.1 is taken"):
            await serve(settings, log, asyncio.Event())


async def test_a_region_that_is_no_country_is_one_sentence(log: Log) -> None:
    with pytest.raises(SettingsError, match="DEFAULT_REGION XX is no country"):
        await serve(Gateway(default_region="XX", port=free_port()), log, asyncio.Event())


def test_another_address_without_keys_stops_the_start() -> None:
    done = _gateway(HOST="0.0.0.0", PORT=str(free_port()))
    _, said = done.communicate(timeout=20)
    assert done.returncode == 78
    assert said.strip().count("\n") == 1
    assert "set API_KEYS=name:key" in said


async def test_sigterm_stops_the_process_in_two_seconds_with_a_stream_open(
    database_url: str, nats_url: str
) -> None:
    port = free_port()
    process = _gateway(PORT=str(port), DATABASE_URL=database_url, NATS_URL=nats_url)
    try:
        async with aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{port}"
            await _ready(http, url)
            async with http.post(url + QUICK, json=quick(numbers(3))) as response:
                job_id = (await response.json())["jobId"]
            async with http.get(f"{url}/api/bulk/realtime/{job_id}") as stream:
                await stream.content.readline()
                told_at = time.monotonic()
                process.send_signal(signal.SIGTERM)
                await stream.content.read()
                code = await asyncio.to_thread(process.wait, 10)
        assert code == 0
        assert time.monotonic() - told_at < 5  # it takes 0.1 s; the machine may be busy
    finally:
        process.kill()
        process.communicate(timeout=10)


async def test_a_reader_that_takes_nothing_does_not_hold_up_the_stop(
    database_url: str, nats_url: str, broker: Broker, log: Log
) -> None:
    """`serving` fails when the gateway is not down within 5 s."""
    with socket.socket() as slow:
        async with serving(database_url, nats_url, log) as gateway:
            job_id = await gateway.submit(3)
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            _send(slow, gateway, f"GET /api/bulk/realtime/{job_id} HTTP/1.1", "")
            await until(lambda: gateway.parts.hub.size == 1, "it watches")
            frame = LoopStarted(
                job_id=UUID(job_id), loop_index=1, batch_index=0, total_loops=9, loop_size=1
            )
            for told in range(80):
                payload = encode_envelope(told * 500 + 1, [frame] * 500)
                await broker.publish(events_subject(job_id), payload)


async def test_an_upload_that_never_ends_does_not_hold_up_the_stop(
    database_url: str, nats_url: str, log: Log
) -> None:
    with socket.socket() as slow:
        async with serving(database_url, nats_url, log) as gateway:
            _send(slow, gateway, f"POST {QUICK} HTTP/1.1", "Content-Length: 999\r\n")
            admission = gateway.parts.admission
            await until(lambda: admission.inside > 0, "the upload has begun")


def _send(connection: socket.socket, gateway: Running, line: str, header: str) -> None:
    connection.connect(("127.0.0.1", int(gateway.url.rpartition(":")[2])))
    connection.sendall(f"{line}\r\nHost: 127.0.0.1\r\n{header}\r\n".encode())


@pytest.mark.parametrize(
    "request_lines",
    [
        b"GET /api/bulk/jobs HTTP/1.1\r\nHost: x\r\nX-API-Key: supersecret1\r\r\n\r\n",
        b"GET /api/bulk/jobs?key=supersecret1 \x01 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01supersecret1\r\n\r\n",
        b"GET /?supersecret1" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\nX-API-Key: supersecret1\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_in_our_shape_and_repeated_nowhere(
    database_url: str,
    nats_url: str,
    log: Log,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    request_lines: bytes,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(database_url, nats_url, log) as gateway:
        port = int(gateway.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_lines)
        async with asyncio.timeout(10):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert head.split()[1] == b"400"
    assert set(json.loads(body)) == {"error", "message"}
    said = caplog.text + capsys.readouterr().out + body.decode()
    assert "supersecret1" not in said
    assert "Traceback" not in said


def _gateway(**environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gateway"],
        env={"PATH": "/usr/bin:/bin", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def _ready(http: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with http.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
