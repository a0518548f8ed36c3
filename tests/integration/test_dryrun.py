"""What a dry run foretells is what the job then takes, and what its recipients read."""

from typing import Any
from uuid import UUID

import pytest

from plumbing.logs import Log
from schemas.environment import Secret
from tests.campaigns import PHONE, Job, finished
from tests.daemons import Stack
from tests.gateways import CUSTOMIZE, QUICK, Running, numbers, quick, serving
from tests.shelf import Shelf, listed

PACE: dict[str, Any] = {"messages_per_second": 20, "loop_size": 20, "pause_ms": 400}
SHORT: dict[str, Any] = {"loopSize": 10, "loopPauseMs": 900, "messagesPerSecond": 10}


async def runs(gateway: Running, stack: Stack, body: dict[str, Any]) -> float:
    """How long the job takes from its submission to its end, in seconds."""
    made = (await gateway.post(QUICK, body)).body
    job = Job(UUID(made["jobId"]), PHONE, made["accepted"])
    assert await finished(stack.pool, job) == "completed"
    seconds: float = await stack.pool.fetchval(
        "SELECT extract(epoch FROM finished_at - created_at)::float8 FROM jobs WHERE id = $1",
        job.id,
    )
    return seconds


@pytest.mark.parametrize(("count", "more"), [(80, {}), (40, SHORT)])
async def test_a_job_takes_about_as_long_as_its_dry_run_says(
    database_url: str, nats_url: str, log: Log, stack: Stack, count: int, more: dict[str, Any]
) -> None:
    body = {**quick(numbers(count)), "phone_number_id": PHONE, **more}
    async with (
        serving(database_url, nats_url, log, **PACE) as gateway,
        stack.daemon(**PACE),
    ):
        told = (await gateway.post(f"{QUICK}?dryRun=true", body)).body["durationSeconds"]
        took = await runs(gateway, stack, body)
    assert 0.9 < took / told < 1.5, (took, told)


async def test_with_another_job_of_the_number_it_is_the_queue_that_makes_it_longer(
    database_url: str, nats_url: str, log: Log, stack: Stack
) -> None:
    async with serving(database_url, nats_url, log, **PACE) as gateway:
        first = {**quick(numbers(60, 500)), "phone_number_id": PHONE}
        await gateway.post(QUICK, first)
        body = {**quick(numbers(40)), "phone_number_id": PHONE}
        told = (await gateway.post(f"{QUICK}?dryRun=true", body)).body
        async with stack.daemon(**PACE):
            took = await runs(gateway, stack, body)
    assert told["durations"]["queueSeconds"] > 2
    assert 0.6 < took / told["durationSeconds"] < 1.5, (took, told)


async def test_where_the_template_is_known_the_examples_are_what_people_read(
    database_url: str, nats_url: str, log: Log
) -> None:
    body = {"type": "BODY", "text": "Hi {{1}}, your order {{2}} is on its way."}
    rows = [{"to": number, "name": f"Name {n}", "order": n} for n, number in enumerate(numbers(5))]
    async with (
        Shelf([listed("order_update", body)]) as shelf,
        serving(
            database_url, nats_url, log, graph_api_base_url=shelf.url,
            access_token=Secret("a-token"), waba_id="102290129340398",
        ) as gateway,
    ):  # fmt: skip
        submitted = {
            "templateName": "order_update", "phoneNumberId": PHONE, "recipientColumn": "to",
            "variableMappings": {"1": "name", "2": "order"}, "data": rows,
        }  # fmt: skip
        told = (await gateway.post(f"{CUSTOMIZE}?dryRun=true", submitted)).body
        assert [example["text"] for example in told["examples"]] == [
            f"Hi Name {n}, your order {n} is on its way." for n in range(3)
        ]
        assert told["preflight"] == {"state": "checked"}
        rows[3]["name"] = ""
        refused = (await gateway.post(f"{CUSTOMIZE}?dryRun=true", submitted)).body["refused"]
        assert refused["error"] == "Rows do not fill the template"
        assert refused["details"]["rows"][0]["line"] == 4
