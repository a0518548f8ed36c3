"""The image's health check, against something that really listens."""

import asyncio
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.alive import main
from deploy.ports import reserve_port


class Process(http.server.BaseHTTPRequestHandler):
    """Lives, and is not ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()
        self.wfile.write(b"as it is")

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a process that lives."""
    with http.server.HTTPServer(("127.0.0.1", 0), Process) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def environ(**ports: int) -> dict[str, str]:
    """The ports of a container; where none is given nobody listens."""
    silent = {name: reserve_port() for name in ("PORT", "DAEMON_PORT", "SANDBOX_PORT")}
    return {name: str(number) for name, number in {**silent, **ports}.items()}


@pytest.mark.parametrize("name", ["PORT", "DAEMON_PORT", "SANDBOX_PORT"])
def test_whichever_process_a_container_runs_is_found(
    name: str, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], environ(**{name: port})) == 0
    assert capsys.readouterr().out == "as it is\n"


def test_a_process_that_is_not_ready_is_told_from_one_that_lives(port: int) -> None:
    assert main(["/readyz"], environ(DAEMON_PORT=port)) == 1
    assert main(["/healthz"], environ(DAEMON_PORT=port)) == 0


def test_a_container_in_which_nobody_listens_is_ill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], environ()) == 1
    assert "nobody listens" in capsys.readouterr().out


async def test_what_listens_and_speaks_no_http_is_ill() -> None:
    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no\r\n")
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await asyncio.to_thread(main, [], environ(PORT=port)) == 1
