"""A file of a job's messages names who they were for, and is called after its campaign."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from plumbing.logs import Log
from plumbing.postgres import Pool
from tests.gateways import CUSTOMIZE, PHONE, QUICK, Running, numbers, quick, serving
from tests.workbooks import sheets_of

MAPPINGS = {"1": "name", "2": "order", "button.0.url": "page"}


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


def row(phone: str, n: int, **other: Any) -> dict[str, Any]:
    return {"phone": phone, "name": f"Ann {n}", "order": n, "page": f"o/{n}", **other}


async def sent(gateway: Running, rows: list[dict[str, Any]], campaign: str | None = None) -> str:
    body = {"phoneNumberId": PHONE, "templateName": "order_update", "data": rows,
            "recipientColumn": "phone", "variableMappings": MAPPINGS,
            "campaign_name": campaign}  # fmt: skip
    answer = await gateway.post(CUSTOMIZE, body)
    assert answer.status == 201, answer.body
    return str(answer.body["jobId"])


async def file(gateway: Running, job_id: str, name: str) -> tuple[bytes, str]:
    url = f"{gateway.url}/api/bulk/job/{job_id}/messages.{name}"
    async with gateway.http.get(url) as response:
        assert response.status == 200
        return await response.read(), response.headers["Content-Disposition"]


def cells_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def test_everybody_has_their_own_values_in_every_file_over_many_stretches(
    gateway: Running,
) -> None:
    phones = numbers(1201)
    job_id = await sent(gateway, [row(phone, n) for n, phone in enumerate(phones, 1)])
    own = [(f"Ann {n}", str(n), f"o/{n}") for n in range(1, 1202)]
    lines = cells_of((await file(gateway, job_id, "csv"))[0])
    assert list(lines[0])[-3:] == ["variable.1", "variable.2", "variable.button.0.url"]
    assert [tuple(line.values())[-3:] for line in lines] == own
    (sheet,) = sheets_of((await file(gateway, job_id, "xlsx"))[0])
    assert [tuple(line[-3:]) for line in sheet[1:]] == own
    told = (await file(gateway, job_id, "ndjson"))[0].splitlines()
    assert [tuple(json.loads(line)["variables"].values()) for line in told] == own


async def test_those_who_were_chosen_have_their_values_whoever_comes_first(
    gateway: Running, pool: Pool
) -> None:
    job_id = await sent(gateway, [row(phone, n) for n, phone in enumerate(numbers(3), 1)])
    await pool.execute("UPDATE messages SET state = 'failed' WHERE seq = 3")
    (missed,) = cells_of((await file(gateway, job_id, "csv?state=failed"))[0])
    assert (missed["to"], missed["variable.1"]) == ("'+491700000002", "Ann 3")
    nobody, _ = await file(gateway, job_id, "csv?state=read")
    assert nobody.endswith(b",variable.1,variable.2,variable.button.0.url\r\n")


@pytest.mark.parametrize("lacking", [{"page": ""}, {"page": None}])
async def test_a_row_that_lacks_a_place_of_the_others_is_none_of_the_job(
    gateway: Running, lacking: dict[str, Any]
) -> None:
    first, second = numbers(2)
    job_id = await sent(gateway, [row(first, 1, **lacking), row(second, 2)])
    (line,) = cells_of((await file(gateway, job_id, "csv"))[0])
    assert (line["to"], line["variable.button.0.url"]) == ("'+491700000001", "o/2")


async def test_what_a_job_says_to_everybody_is_in_lines_and_pages_and_is_no_column(
    gateway: Running,
) -> None:
    same = quick(numbers(2), variables={"1": "all"})
    job_id = (await gateway.post(QUICK, same)).body["jobId"]
    data, _ = await file(gateway, job_id, "csv")
    assert data.splitlines()[0].endswith(b",loop")
    told = (await file(gateway, job_id, "ndjson"))[0].splitlines()
    page = (await gateway.get(f"/api/bulk/job/{job_id}/messages")).body["messages"]
    assert [json.loads(line) for line in told] == page
    assert [message["variables"] for message in page] == [{"1": "all"}] * 2


async def test_a_page_is_shorter_where_a_job_s_own_values_are_very_long_and_nobody_is_lost(
    gateway: Running,
) -> None:
    long = {str(n): "x" * 1024 for n in range(1, 101)}
    job_id = (await gateway.post(QUICK, quick(numbers(120), variables=long))).body["jobId"]
    path = f"/api/bulk/job/{job_id}/messages?limit=1000"
    first = (await gateway.get(path)).body
    stands = first["pagination"]
    assert (stands["limit"], stands["hasMore"], stands["after"]) == (97, True, 97)
    rest = (await gateway.get(f"{path}&after=97")).body["messages"]
    assert [message["seq"] for message in first["messages"] + rest] == [*range(1, 121)]


async def test_a_file_is_called_after_its_campaign_and_what_was_chosen(gateway: Running) -> None:
    job_id = await sent(gateway, [row(numbers(1)[0], 1)], "Abholung Gr\xfc\xdfe/1")
    for name, plain, real in (
        ("csv", "messages.csv", "messages.csv"),
        ("xlsx?state=failed,unknown", "failed, unknown.xlsx", "failed%2C%20unknown.xlsx"),
        ("ndjson?code=131026&q=%2B49", "131026 - +49.ndjson", "131026%20%E2%80%93%20%2B49.ndjson"),
    ):
        assert (await file(gateway, job_id, name))[1] == (
            f'attachment; filename="Abholung Grusse-1 - {plain}";'
            f" filename*=UTF-8''Abholung%20Gr%C3%BC%C3%9Fe-1%20%E2%80%93%20{real}"
        )
    nameless = await gateway.submit(1)
    header = (await file(gateway, nameless, "csv"))[1]
    assert header.startswith(f'attachment; filename="{nameless} - messages.csv"; ')
