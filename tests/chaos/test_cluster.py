"""A cluster of three nats-servers: restarted one by one, killed, and grown, in mid-job."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from deploy import servers
from deploy.programs import running
from plumbing.broker import Broker
from schemas.subjects import JOBS_STREAM, STREAMS
from tests.chaos.campaigns import finished, reaches, restarting
from tests.chaos.conftest import Chaos, whole_only
from tests.chaos.test_kills import holder
from tests.cluster import Cluster, Node, cluster_in
from tests.e2e.watcher import Watcher

pytestmark = pytest.mark.timeout(600)
PACE = {
    "BULK_LOOP_SIZE": "20",
    "BULK_LOOP_PAUSE_MS": "200",
    "BULK_MESSAGES_PER_SECOND": "20",
    "BULK_UNKNOWN_AFTER_S": "60",
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path) as made:
        yield made


@pytest.fixture
def nats_url(cluster: Cluster) -> str:
    """The fleet's NATS: all three."""
    return cluster.url


@pytest.fixture
async def replicated(chaos: Chaos, cluster: Cluster) -> Chaos:
    """A fleet on a cluster that works, with three replicas of everything."""
    chaos.fleet.env |= {"NATS_REPLICAS": "3", **PACE}
    await cluster.healthy()
    return chaos


@contextlib.asynccontextmanager
async def watching(chaos: Chaos, job_id: str) -> AsyncIterator[Watcher]:
    """Somebody who watches the job to its end, and comes back whenever the stream ends early."""
    watcher = Watcher(chaos.fleet.http, f"{chaos.fleet.api}/bulk/realtime/{job_id}")

    async def follow() -> None:
        while "job_completed" not in watcher.types:
            await watcher.read_to_the_end()
            await asyncio.sleep(0.1)

    following = asyncio.create_task(follow())
    yield watcher
    await asyncio.wait_for(following, 60)


def saw_everybody_once(watcher: Watcher, total: int) -> bool:
    """Every message that was sent, each once, or in a snapshot in its place.

    Who comes back and goes on is greeted under the id that it came with: that is no snapshot. The
    order is not asked for: an election may take longer than a turn waits for its news.
    """
    covered, last_id = 0, ""
    seen: Counter[int] = Counter()
    for event_id, frame in watcher.seen:
        if frame["type"] == "connection" and event_id != last_id:
            covered = frame["job"]["sent"]
        elif frame["type"] == "message_sent":
            seen[frame["sent"]] += 1
        last_id = event_id
    missed = [sent for sent in range(1, total + 1) if not seen[sent] and sent > covered]
    twice = [sent for sent, times in seen.items() if times > 1]
    assert (missed, twice) == ([], [])
    return max(seen) == total


async def test_a_rolling_restart_in_mid_job_costs_nobody_a_message(
    replicated: Chaos, cluster: Cluster, full: bool
) -> None:
    rounds = 3 if full else 1
    chaos = replicated
    chaos.about("4.3", f"a cluster of three: each asked to leave and started again, {3 * rounds}"
                " times (longest silence)")  # fmt: skip
    fleet, total, spans = chaos.fleet, 900 if full else 300, []
    with fleet.sandbox(), fleet.gateway(), restarting(fleet, 3):
        job_id = (await fleet.submit(total))["jobId"]
        async with watching(chaos, job_id) as watcher:
            await reaches(fleet, job_id, 10)
            for node in cluster.nodes * rounds:
                began_ns = time.monotonic_ns()
                await leaves_and_comes_back(node, cluster)
                spans.append((began_ns, time.monotonic_ns()))
                await fleet.submit(5, first=total + 5 * len(spans))
                await fleet.deliver_receipts()
            await finished(fleet, job_id, seconds=180)
        await everything_finished(chaos)
        await chaos.silences(spans)
        account = await chaos.account()
    assert (account.sent, account.unknown) == (total + 15 * rounds, 0)
    assert saw_everybody_once(watcher, total)


async def leaves_and_comes_back(node: Node, cluster: Cluster) -> None:
    await asyncio.to_thread(node.leave)
    await asyncio.to_thread(node.start)
    await cluster.healthy()


async def test_a_server_and_then_the_leader_killed_in_mid_job_cost_nobody_a_message(
    replicated: Chaos, cluster: Cluster, full: bool
) -> None:
    rounds = 5 if full else 1
    chaos = replicated
    chaos.about("4.4", f"a cluster of three: kill -9 of a follower, then of the leader, {rounds}"
                f" time{'s' * (rounds > 1)} (longest silence)")  # fmt: skip
    fleet, total, spans = chaos.fleet, 900 if full else 300, []
    with fleet.sandbox(), fleet.gateway(), restarting(fleet, 3):
        job_id = (await fleet.submit(total))["jobId"]
        broker = await connected(cluster)
        async with watching(chaos, job_id) as watcher:
            await reaches(fleet, job_id, 10)
            for _ in range(rounds):
                for is_leader in (False, True):
                    leader = await cluster.leader(broker, JOBS_STREAM)
                    others = [node for node in cluster.nodes if node is not leader]
                    began_ns = time.monotonic_ns()
                    await dies_and_comes_back(leader if is_leader else others[0], cluster)
                    spans.append((began_ns, time.monotonic_ns()))
            await fleet.deliver_receipts()
            await finished(fleet, job_id, seconds=180)
        await broker.close()
        await chaos.silences(spans)
        account = await chaos.account()
    assert (account.sent, account.unknown) == (total, 0)
    assert saw_everybody_once(watcher, total)


@whole_only
async def test_the_holder_and_the_leader_killed_at_once_cost_nobody_a_message(
    replicated: Chaos, cluster: Cluster, full: bool
) -> None:
    times = 10 if full else 2
    chaos = replicated
    chaos.about("4.5", f"a cluster of three: kill -9 of the holder and of the leader at once,"
                f" {times} times")  # fmt: skip
    fleet, total, killed_ns = chaos.fleet, 60 + 40 * times, []
    with fleet.sandbox(SANDBOX_LATENCY_MS="120"), fleet.gateway():
        job_id = (await fleet.submit(total))["jobId"]
        broker = await connected(cluster)
        with restarting(fleet, 2) as slots:
            for turn in range(times):
                await reaches(fleet, job_id, 10 + 40 * turn, seconds=60)
                leader, slot = await cluster.leader(broker, JOBS_STREAM), await holder(fleet, slots)
                killed_ns.append(slot.kill())
                await dies_and_comes_back(leader, cluster)
                await asyncio.to_thread(slot.start)
            await reaches(fleet, job_id, total - 5 * times, seconds=60)
            await fleet.deliver_receipts()
            await finished(fleet, job_id, seconds=60)
        await broker.close()
        await chaos.recoveries(killed_ns)
        account = await chaos.account()
    assert account.unknown <= 2 * times


async def dies_and_comes_back(node: Node, cluster: Cluster) -> None:
    await asyncio.to_thread(node.kill)
    await asyncio.sleep(2)
    await asyncio.to_thread(node.start)
    await cluster.healthy()


@whole_only
async def test_streams_of_one_replica_get_three_in_mid_job(chaos: Chaos, cluster: Cluster) -> None:
    chaos.about("4.6", "a cluster of three: streams of one replica get three in mid-job")
    fleet, total = chaos.fleet, 200
    fleet.env |= PACE
    await cluster.healthy()
    with fleet.sandbox(), fleet.gateway(), fleet.daemon():
        job_id = (await fleet.submit(total))["jobId"]
        await reaches(fleet, job_id, 20)
        fleet.env["NATS_REPLICAS"] = "3"
        raised_ns = time.monotonic_ns()
        with fleet.daemon():
            broker = await connected(cluster)
            for stream in STREAMS:
                config = (await broker.js.stream_info(stream.name)).config
                assert config.num_replicas == 3
            await cluster.healthy()
            leader = await cluster.leader(broker, JOBS_STREAM)
            await dies_and_comes_back(leader, cluster)
            await finished(fleet, job_id, seconds=120)
            await broker.close()
        await chaos.silences([(raised_ns, time.monotonic_ns())])
        account = await chaos.account()
    assert (account.sent, account.unknown) == (total, 0)


@whole_only
async def test_a_job_goes_on_when_one_server_is_left_for_a_cluster(
    chaos: Chaos, cluster: Cluster, tmp_path: Path
) -> None:
    chaos.about("4.7", "one nats-server is left for an empty cluster of three in mid-job")
    fleet, total = chaos.fleet, 100
    await cluster.healthy()
    alone = servers.nats(tmp_path)
    with fleet.sandbox():
        with running(alone.program):
            fleet.env |= {**PACE, "NATS_URL": alone.url}
            with fleet.gateway(), fleet.daemon():
                job_id = (await fleet.submit(total))["jobId"]
                await reaches(fleet, job_id, 30)
        fleet.env |= {"NATS_URL": cluster.url, "NATS_REPLICAS": "3"}
        left_ns = time.monotonic_ns()
        with fleet.gateway(), fleet.daemon():
            await finished(fleet, job_id)
        await chaos.recovered(left_ns)
        account = await chaos.account()
    assert (account.sent, account.unknown) == (total, 0)


async def connected(cluster: Cluster) -> Broker:
    broker = Broker(cluster.url, "tests", structlog.get_logger(), replicas=3)
    broker.start()
    await asyncio.wait_for(broker.ready(), 30)
    return broker


async def everything_finished(chaos: Chaos) -> None:
    deadline = time.monotonic() + 120
    while await chaos.fleet.pool.fetchval("SELECT count(*) FROM jobs WHERE finished_at IS NULL"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
