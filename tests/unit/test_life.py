"""What systemd is told: ready or not, and that its watchdog is fed while all is well."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from plumbing.life import Life
from plumbing.notify import Notifier
from plumbing.tasks import end
from plumbing.vitals import Vitals
from schemas.vitals import DEADLINE_SECONDS, Part


class Manager:
    """The receiving end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        """All that was said since the last time, a line each."""
        lines: list[str] = []
        while True:
            try:
                lines += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines

    async def next(self) -> list[str]:
        async with asyncio.timeout(20):
            data = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
        return data.decode().split("\n")

    def environ(self, **more: str) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), **more}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.socket.close()


def test_nobody_is_told_where_nobody_listens(tmp_path: Path) -> None:
    Notifier({}).tell("READY=1")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")
    Notifier({"NOTIFY_SOCKET": "vsock:2:1234"}).tell("READY=1")


def test_lines_travel_in_one_datagram(manager: Manager) -> None:
    Notifier(manager.environ()).tell("READY=1", "STATUS=on")
    assert manager.socket.recv(4096) == b"READY=1\nSTATUS=on"


@pytest.mark.skipif(not hasattr(socket, "SO_PASSCRED"), reason="Linux alone has abstract sockets")
def test_an_abstract_socket_is_reached() -> None:
    name = f"loopcast-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}")
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).tell("READY=1")
        assert receiver.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_ours_only_when_it_names_us(
    given: dict[str, str], seconds: float | None
) -> None:
    assert Notifier(given).watchdog_seconds == seconds


async def test_a_start_that_waits_shows_that_it_lives_and_is_not_ready(manager: Manager) -> None:
    life = Life(Notifier(manager.environ()))
    life.starting("waiting for PostgreSQL")
    keeping = asyncio.create_task(life.keep(structlog.get_logger()))
    assert await manager.next() == ["STATUS=waiting for PostgreSQL"]
    assert "EXTEND_TIMEOUT_USEC=30000000" in await manager.next()
    await end(keeping)
    assert "READY=1" not in manager.heard()


async def test_the_watchdog_is_fed_while_all_is_well_and_starves_while_a_part_hangs(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    vitals = Vitals(lambda: now)
    life = Life(Notifier(manager.environ(WATCHDOG_USEC="20000")), vitals)
    life.ready(lambda: "sending from 2 numbers")
    assert manager.heard() == ["READY=1", "STATUS=sending from 2 numbers"]
    sweeper = vitals.part(Part.SWEEPER)
    sweeper.beat()
    keeping = asyncio.create_task(life.keep(structlog.get_logger()))
    assert "WATCHDOG=1" in await manager.next()
    now = DEADLINE_SECONDS[Part.SWEEPER] + 1
    while "STATUS=hung for 61 s: sweeper" not in (said := await manager.next()):
        assert "WATCHDOG=1" in said
    assert said == ["STATUS=hung for 61 s: sweeper"]
    assert "WATCHDOG=1" not in await manager.next()
    sweeper.beat()
    while "WATCHDOG=1" not in await manager.next():
        pass
    await end(keeping)
    told = capsys.readouterr().out
    assert told.count("a part hangs") == 1
    assert told.count("a part that hung goes on") == 1


async def test_who_stops_says_so_and_nothing_after_it(manager: Manager) -> None:
    life = Life(Notifier(manager.environ(WATCHDOG_USEC="20000")))
    life.ready(lambda: "on")
    life.stopping()
    keeping = asyncio.create_task(life.keep(structlog.get_logger()))
    await asyncio.sleep(0.05)
    await end(keeping)
    assert manager.heard()[2:] == ["STOPPING=1", "STATUS=stopping; what is in flight is waited for"]
