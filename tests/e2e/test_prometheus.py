"""What rules and dashboard ask of Prometheus has an answer, of a real Prometheus and a real run."""

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.test_campaign import finished
from tests.e2e.test_rules_campaign import job_when, posting, put
from tests.fleet import Fleet
from tests.prometheus import (
    Prometheus,
    alerts,
    needs,
    queries,
    rules,
    scraping,
    selectors,
    shown,
)
from tests.support import free_port

pytestmark = [pytest.mark.timeout(240), needs("prometheus")]

# Refused, refused for now, throttled, tried again, in doubt (no answer), and who then writes STOP.
FATES = (
    "9131026", "9131049", "9000007", "9000006", "9000001", "8000021", "8131026", "9131030",
)  # fmt: skip
MANY = [f"+49 1511 {n:07d}" for n in range(1, 61)]


@asynccontextmanager
async def watched(fleet: Fleet, folder: Path) -> AsyncIterator[Prometheus]:
    """A gateway and two daemons, and a Prometheus that scrapes them."""
    ports = [free_port(), free_port()]
    async with AsyncExitStack() as stack:
        receipts = {"sentMs": 50, "deliveredMs": 100, "readMs": 200, "read": 0.5}
        await stack.enter_async_context(posting(fleet, receipts=receipts, inbound={"afterMs": 50}))
        stack.enter_context(fleet.gateway())
        for port in ports:
            stack.enter_context(
                fleet.daemon(port, MESSAGING_LIMIT="1000", BULK_UNKNOWN_AFTER_S="2")
            )
        targets = {"loopcast-gateway": [fleet.gateway_port], "loopcast-daemon": ports}
        yield stack.enter_context(scraping(folder, fleet.http, targets))


async def campaigns(fleet: Fleet) -> None:
    """Some of everything: ends of every kind, a person who stops, a template that Meta stops."""
    people = [*MANY, *(f"+49 1512 {fate}" for fate in FATES)]
    first = (await fleet.submit_text(people))["jobId"]
    watcher = await fleet.http.get(f"{fleet.api}/bulk/realtime/{first}")
    job = await finished(fleet, first)
    assert job["failed"] >= 2
    await _until(lambda: _count(fleet, "suppressions"), 1)
    second = await fleet.submit_text([*people[-3:], *people[:20]], "100000000000002")
    await finished(fleet, second["jobId"])
    assert second["suppressed"] == 1
    watcher.close()
    await put(fleet, "faults", {"throughputPerSecond": 20})
    third = (await fleet.submit(150, first=1000))["jobId"]
    await job_when(fleet, third, lambda job: job["sent"] > 40)
    await put(fleet, "templates", {"name": "order_update", "status": "PAUSED"}, "POST")
    await job_when(fleet, third, lambda job: job["state"] == "paused")


async def _count(fleet: Fleet, table: str) -> int:
    return int(await fleet.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def _until(ask: Callable[[], Awaitable[int]], least: int) -> None:
    async with asyncio.timeout(20):
        while await ask() < least:
            await asyncio.sleep(0.05)


def _is_figure(sample: dict[str, object]) -> bool:
    return not math.isnan(float(sample["value"][1]))  # type: ignore[index]


async def _unanswered(prometheus: Prometheus) -> dict[str, str]:
    """What had no figure at any time of the run: of the dashboard, of what is recorded, and of what
    alerts read. (That alerts do not fire is as it should be; the unit tests have them fire.)
    """
    recorded = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
    read = {s: s for rule in alerts().values() for s in selectors(rule["expr"])}
    return {
        place: expr
        for place, expr in (shown() | recorded | read).items()
        if not any(map(_is_figure, await prometheus.ask(f"max_over_time(({expr})[5m:1s])")))
    }


async def _never(prometheus: Prometheus, *exprs: str) -> bool:
    """Whether these, which do not exist, have no answer: the question can be answered with no."""
    return not any([await prometheus.ask(f"max_over_time(({expr})[5m:1s])") for expr in exprs])


async def _settled(prometheus: Prometheus, seconds: float = 60) -> dict[str, str]:
    """Until all has an answer: what the processes read seldom is a while in coming."""
    deadline = time.monotonic() + seconds
    while (empty := await _unanswered(prometheus)) and time.monotonic() < deadline:
        await asyncio.sleep(1)
    return empty


async def test_no_expression_of_rules_and_dashboard_is_without_an_answer(
    fleet: Fleet, tmp_path: Path
) -> None:
    async with watched(fleet, tmp_path) as prometheus:
        await campaigns(fleet)
        assert await _settled(prometheus) == {}
        assert await _never(prometheus, "loopcast_nothing_total", 'loopcast_jobs{state="lost"}')
        for rule in alerts().values():
            await prometheus.ask(rule["expr"])  # each is understood, whether or not it fires
        for place, query in queries().items():
            named = set(re.findall(r"\{\{(\w+)\}\}", query.legend))
            for sample in await prometheus.ask(query.expr):
                assert named <= set(sample["metric"]), place


async def test_prometheus_reads_the_gateway_with_the_key_that_opens_nothing_else(
    fleet: Fleet, tmp_path: Path
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("key-of-prometheus\n")
    wrong.write_text("key-of-somebody\n")
    keys = {"API_KEYS": "ann:ann-key-1", "METRICS_KEY": "key-of-prometheus"}
    jobs = {"right": [fleet.gateway_port], "wrong": [fleet.gateway_port]}
    with (
        fleet.gateway(**keys),
        scraping(tmp_path, fleet.http, jobs, keys={"right": right, "wrong": wrong}) as prometheus,
    ):
        up: dict[str, float | None] = {}
        async with asyncio.timeout(20):
            while None in up.values() or not up:
                await asyncio.sleep(0.2)
                up = {job: await prometheus.value(f'up{{job="{job}"}}') for job in jobs}
        assert up == {"right": 1, "wrong": 0}
        headers = {"Authorization": "Bearer key-of-prometheus"}
        async with fleet.http.get(f"{fleet.api}/bulk/jobs", headers=headers) as answer:
            assert answer.status == 401


async def test_what_prometheus_says_is_what_became_of_the_messages(
    fleet: Fleet, tmp_path: Path
) -> None:
    async with watched(fleet, tmp_path) as prometheus:
        people = [*MANY, *(f"+49 1512 {fate}" for fate in FATES)]
        job = await finished(fleet, (await fleet.submit_text(people))["jobId"])
        facts = {
            'sum(loopcast_recorded_total{state="failed"})': 2,
            'sum(loopcast_recorded_total{state="unknown"})': 1,
            'sum(loopcast_errors_total{code="131026"})': 1,
            'sum(loopcast_messages_total{outcome="unknown", reason="timeout"})': 1,
            'sum(loopcast_messages_total{outcome="refused", reason="defer"})': 1,
            'sum(loopcast_retries_total{outcome="throttled"})': 1,
            'sum(loopcast_retries_total{outcome="refused"})': 1,
            'sum(loopcast_messages_total{outcome="accepted"})': 64,
            "sum(loopcast_recipients_accepted_total)": 68,
            "sum(loopcast_jobs_submitted_total)": 1,
            "max(loopcast_messaging_limit_people)": 1000,
            "max(loopcast_daemons)": 2,
            'sum(up{job=~"loopcast-.+"})': 3,
            "max(loopcast_conservation_difference_messages)": 0,
        }
        deadline = time.monotonic() + 20
        while (told := {expr: await prometheus.value(expr) for expr in facts}) != facts:
            assert time.monotonic() < deadline, (json.dumps(told, indent=1), job)
            await asyncio.sleep(0.5)
