"""A cluster of three nats-servers on this machine, as deploy/nats-cluster.conf makes them.

Each can be asked to leave, killed, and started again, on its own ports and data.
"""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from deploy import servers
from deploy.ports import is_taken
from deploy.programs import Program, http_ok, running
from plumbing.broker import Broker
from tests.support import free_port

CONF = servers.NATS_CONF.with_name("nats-cluster.conf")
SIZE = 3


@dataclass
class Node:
    """One server of the cluster."""

    name: str
    port: int
    monitor_port: int
    program: Program
    stack: ExitStack
    child: Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.child = self.stack.enter_context(running(self.program))

    def kill(self) -> None:
        assert self.child is not None
        self.child.kill()
        self.child.wait()

    def leave(self, *, seconds: float = 60) -> None:
        """Lame duck mode, until it has gone: what an operator does before an upgrade."""
        assert self.child is not None
        self.child.send_signal(signal.SIGUSR2)
        self.child.wait(seconds)

    def is_healthy(self) -> bool:
        """Whether it has caught up with the others, in all that it keeps."""
        return http_ok("127.0.0.1", self.monitor_port, "/healthz")()


@dataclass
class Cluster:
    nodes: list[Node]

    @property
    def url(self) -> str:
        return ",".join(node.url for node in self.nodes)

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    async def healthy(self, *, seconds: float = 60) -> None:
        """Return when every server has caught up; fails when that takes too long."""
        deadline = time.monotonic() + seconds
        while not all([await asyncio.to_thread(node.is_healthy) for node in self.nodes]):
            assert time.monotonic() < deadline, "the cluster does not come together"
            await asyncio.sleep(0.1)

    async def leader(self, broker: Broker, stream: str) -> Node:
        """Who leads a stream; waits while one is being elected."""
        deadline = time.monotonic() + 30
        while True:
            answer = await broker.client.request(f"$JS.API.STREAM.INFO.{stream}", timeout=5)
            if name := json.loads(answer.data).get("cluster", {}).get("leader"):
                return self.node(name)
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    """Three servers that run until the block ends; `healthy` says when they work together."""
    with ExitStack() as stack:
        routes = [free_port() for _ in range(SIZE)]
        nodes = [_node(folder, number, routes, stack) for number in range(SIZE)]
        for node in nodes:
            node.start()
        yield Cluster(nodes)


def _node(folder: Path, number: int, routes: list[int], stack: ExitStack) -> Node:
    name, port, monitor_port = f"nats-{number + 1}", free_port(), free_port()
    home = folder / name
    home.mkdir()
    binary = servers.nats(home).program.argv[0]
    program = Program(
        name=name,
        argv=(binary, "-c", str(CONF), "--addr", "127.0.0.1", "--port", str(port),
              "--http_port", str(monitor_port)),
        address=f"127.0.0.1:{port}",
        is_ready=lambda: is_taken("127.0.0.1", port),
        env={
            "NATS_SERVER_NAME": name,
            "NATS_STORE_DIR": str(home),
            "NATS_CLUSTER_LISTEN": f"127.0.0.1:{routes[number]}",
            "NATS_ROUTES": json.dumps([f"nats://127.0.0.1:{route}" for route in routes]),
        },
        log_file=home / "nats.log",
    )  # fmt: skip
    return Node(name, port, monitor_port, program, stack)
