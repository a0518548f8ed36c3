"""Files of recipients: every row accounted for, kept for a day, submitted by any gateway."""

import asyncio
import csv
import gzip
import io
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from gateway import bodies, readers, taking, upload_store, uploads
from gateway.expiry import Expiry
from gateway.store import LedgerUnavailable
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import Secret, parse_api_keys
from tests.gateways import CUSTOMIZE, PHONE, Answer, Running, serving
from tests.made_workbooks import DATE, dated, table, workbook
from tests.shelf import Shelf, listed
from tests.support import processes_with, until

UPLOAD = "/api/bulk/upload"
LIST = """\
Name;Phone;City
Ann;+49 170 1234567;Kiel
Bo;0170;Ulm
Cy;+49 170 1234567;Bonn
Di;+49 170 1234568;Köln
"""
NO_END = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n+491701234567\n'


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


async def bring(gateway: Running, data: str | bytes, query: str = "", **headers: str) -> Answer:
    raw = data.encode() if isinstance(data, str) else data
    return await gateway.post(UPLOAD + query, data=raw, **headers)


async def taken(gateway: Running, data: str | bytes, query: str = "", **headers: str) -> Any:
    answer = await bring(gateway, data, query, **headers)
    assert answer.status == 201, answer.body
    assert answer.body["rows"] == sum(
        answer.body[part] for part in ("valid", "duplicates", "rejectedTotal")
    )
    return answer.body


def order(upload_id: str, **more: Any) -> dict[str, Any]:
    return {
        "phoneNumberId": PHONE, "templateName": "order_update", "uploadId": upload_id,
        "recipientColumn": "Phone", "variableMappings": {"1": "Name"}, **more,
    }  # fmt: skip


async def messages(pool: Pool, job_id: str) -> list[tuple[str, Any]]:
    rows = await pool.fetch(
        "SELECT recipient, variables::text FROM messages WHERE job_id = $1 ORDER BY seq", job_id
    )
    return [(row[0], row[1] and json.loads(row[1])) for row in rows]


async def kept(pool: Pool) -> tuple[int, int]:
    """How many uploads and chunks there are."""
    return (
        await pool.fetchval("SELECT count(*) FROM uploads"),
        await pool.fetchval("SELECT count(*) FROM upload_chunks"),
    )


async def test_a_csv_is_told_row_by_row(gateway: Running) -> None:
    said = await taken(gateway, LIST, "?filename=C:\\lists\\May.csv")
    assert (said["filename"], said["format"], said["encoding"]) == ("May.csv", "csv", "UTF-8")
    assert (said["delimiter"], said["hasHeader"]) == (";", True)
    assert (said["columns"], said["numberColumn"]) == (["Name", "Phone", "City"], "Phone")
    assert (said["rows"], said["valid"], said["duplicates"]) == (4, 2, 1)
    assert [(line["line"], line["value"]) for line in said["rejected"]] == [(3, "0170")]
    assert said["countryProblem"]["count"] == 1
    assert said["preview"][3] == {"line": 5, "cells": ["Di", "+49 170 1234568", "Köln"]}
    assert said["bytes"] == len(LIST.encode())


async def test_it_is_read_again_as_it_was_answered(gateway: Running) -> None:
    said = await taken(gateway, LIST)
    again = await gateway.get(f"{UPLOAD}/{said['id']}")
    assert (again.status, again.body) == (200, said)


async def test_a_workbook_is_told_as_a_csv_is(gateway: Running) -> None:
    data = workbook({
        "May": table(["Phone", "When"], [491701234567, dated(45000, DATE)], ["4.9E+11", "x"]),
        "June": table(["x"]),
    })  # fmt: skip
    said = await taken(gateway, data)
    assert (said["format"], said["sheet"], said["sheets"]) == ("xlsx", "May", ["May", "June"])
    assert said["preview"][0] == {"line": 2, "cells": ["491701234567", "2023-03-15"]}
    assert (said["valid"], said["rejectedTotal"]) == (1, 1)
    assert "rounded" in said["rejected"][0]["reason"]
    assert "?sheet=" in said["warnings"][0]


async def test_a_form_of_a_browser_is_taken(gateway: Running) -> None:
    form = aiohttp.FormData({"note": "x" * 1000})
    form.add_field("file", LIST.encode(), filename="list.csv", content_type="text/csv")
    form.add_field("after", "y")
    async with gateway.http.post(gateway.url + UPLOAD, data=form) as response:
        said = await response.json()
    assert (response.status, said["filename"], said["valid"]) == (201, "list.csv", 2)
    assert said["bytes"] == len(LIST.encode())


async def test_a_form_without_a_file_is_told_so(gateway: Running) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("note", "x", content_type="text/plain")
    form._is_multipart = True
    async with gateway.http.post(gateway.url + UPLOAD, data=form) as response:
        assert (response.status, "no file" in await response.text()) == (400, True)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=B", b"no boundary here"),
        ("multipart/form-data; boundary=B", NO_END),
        ("multipart/form-data; boundary=B", b"--B\r\n" + b"x: " + b"y" * 20_000 + b"\r\n\r\n"),
        (f"multipart/form-data; boundary={'B' * 90}", b"x"),
    ],
)  # fmt: skip
async def test_a_form_that_is_broken_is_refused_and_leaves_nothing(
    gateway: Running, pool: Pool, content_type: str, body: bytes
) -> None:
    answer = await bring(gateway, body, Content_Type=content_type)
    assert answer.status == 400, answer.body
    assert await kept(pool) == (0, 0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The file is empty."),
        (b"\n\n ;\n", "The file has no rows."),
        (b"Phone;Name\n", "nothing after it"),
        (b"\0" * 100, "has NUL bytes"),
        (b"x" * 200_000, "a line of more than 64 KiB"),
        (b",".join([b"c"] * 10_000) + b"\n", "10000 columns: 256 at most"),
        (b"PK\x03\x04nonsense", "damaged"),
        (workbook({"S": table(["x"] * 300)}), "has 300 columns"),
        (b"%PDF-1.7\n", "is a PDF"),
    ],
)
async def test_what_is_no_list_is_refused_and_leaves_nothing(
    gateway: Running, pool: Pool, data: bytes, says: str
) -> None:
    answer = await bring(gateway, data)
    assert (answer.status, says in answer.body["message"]) == (400, True), answer.body
    assert await kept(pool) == (0, 0)


async def test_a_cell_far_away_ends_the_reader_and_not_the_gateway(
    gateway: Running, pool: Pool
) -> None:
    """The whole rectangle would take 500 GB."""
    data = workbook({"S": {1: ["Phone"], 1_048_576: [None] * 16_000 + ["x"]}})
    answer = await bring(gateway, data)
    assert answer.status == 400
    assert "far away from the list" in answer.body["message"]
    assert await kept(pool) == (0, 0)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?region=Germany", "two-letter"),
        ("?region=ZZ", "no country that has phone numbers"),
        ("?hasHeader=maybe", "hasHeader"),
        ("?encoding=klingon", "encoding"),
        ("?delimiter=x", "delimiter must be"),
        ("?sheet=a%00b", "sheet is the name"),
        ("?numberColumn=Fax", 'no column "Fax"'),
    ],
)
async def test_words_that_are_not_understood_are_refused(
    gateway: Running, query: str, says: str
) -> None:
    answer = await bring(gateway, LIST, query)
    assert (answer.status, says in answer.body["message"]) == (400, True), answer.body


async def test_what_was_guessed_can_be_overruled(gateway: Running) -> None:
    asked = "?region=de&hasHeader=no&delimiter=pipe&numberColumn=Column%202"
    said = await taken(gateway, "Ann|0170 1234567\nBo|0170 1234568\n", asked)
    assert (said["valid"], said["region"], said["columns"]) == (2, "DE", ["Column 1", "Column 2"])


async def test_blank_lines_cost_nothing_wherever_they_stand(gateway: Running) -> None:
    said = await taken(gateway, "\n" * 300_000 + "Phone\n" + "\r\n" * 70_000 + "+491701234567")
    assert (said["valid"], said["preview"][0]["line"]) == (1, 370_002)
    assert (await bring(gateway, "\n" * 300_000)).body["message"] == "The file has no rows."


async def test_a_quote_that_is_open_at_the_end_is_told(gateway: Running) -> None:
    said = await taken(gateway, 'Phone,Name\n+491701234567,Bo\n+491701234568,"Ann')
    assert (said["valid"], said["rejected"][0]["line"]) == (1, 3)


async def test_a_row_whose_quotes_do_not_match_is_rejected_alone(gateway: Running) -> None:
    said = await taken(gateway, 'Phone,Name\n+491701234567,"Ann\n+491701234568,Bo\n')
    assert (said["valid"], said["rejected"][0]["line"]) == (1, 2)
    assert "quotes" in said["rejected"][0]["reason"]


async def test_a_row_whose_values_stand_in_the_wrong_columns_is_rejected(gateway: Running) -> None:
    said = await taken(gateway, "Name,Phone\nMüller, Ann,+491701234567\nBo,+491701234568\n,,\n")
    assert (said["valid"], said["rejected"][0]["line"]) == (1, 2)
    assert "needs quotes" in said["rejected"][0]["reason"]


async def test_who_has_opted_out_is_counted(gateway: Running) -> None:
    await gateway.post("/api/suppressions", {"numbers": ["+49 170 1234568"]})
    assert (await taken(gateway, LIST))["suppressed"] == 1


async def test_the_rejected_rows_are_given_as_a_file_without_formulas(gateway: Running) -> None:
    said = await taken(gateway, "Phone,=Name\n0170,=1+1\n+491701234567,Ann\n-1,\n")
    answer = await gateway.get(f"{UPLOAD}/{said['id']}/rejected.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.body.removeprefix("\ufeff")))
    assert header == ["Phone", "'=Name", "line", "reason"]
    assert [row[:3] for row in rows] == [["0170", "'=1+1", "2"], ["'-1", "", "4"]]
    assert "country" in rows[0][3]


async def test_an_upload_is_submitted_by_its_id(gateway: Running, pool: Pool) -> None:
    said = await taken(gateway, LIST)
    answer = await gateway.post(CUSTOMIZE, order(said["id"]))
    assert answer.status == 201, answer.body
    counts = {name: answer.body[name] for name in ("accepted", "duplicates", "rejectedTotal")}
    assert counts == {"accepted": 2, "duplicates": 1, "rejectedTotal": 1}
    assert answer.body["rejected"][0]["line"] == 3
    assert await messages(pool, answer.body["jobId"]) == [
        ("491701234567", {"1": "Ann"}), ("491701234568", {"1": "Di"}),
    ]  # fmt: skip


async def test_it_may_be_submitted_again_and_by_another_gateway(
    gateway: Running, database_url: str, nats_url: str, log: Log
) -> None:
    said = await taken(gateway, LIST)
    first = await gateway.post(CUSTOMIZE, order(said["id"]))
    async with serving(database_url, nats_url, log) as other:
        second = await other.post(CUSTOMIZE, order(said["id"]))
    assert (first.status, second.status) == (201, 201)
    assert first.body["jobId"] != second.body["jobId"]


async def test_a_key_makes_one_job_of_it(gateway: Running) -> None:
    said = await taken(gateway, LIST)
    first, second = [
        await gateway.post(CUSTOMIZE, order(said["id"]), Idempotency_Key="k") for _ in range(2)
    ]
    assert first.body["jobId"] == second.body["jobId"]
    other = await gateway.post(CUSTOMIZE, order(str(UUID(int=1))), Idempotency_Key="k")
    assert other.status == 422


async def test_many_chunks_are_submitted_in_order(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHUNK_ROWS", 7)
    rows = "".join(f"N{i},+49170{i:07d}\n" for i in range(500))
    said = await taken(gateway, "Name,Phone\n" + rows)
    assert await kept(pool) == (1, 72)
    answer = await gateway.post(CUSTOMIZE, order(said["id"]))
    assert await messages(pool, answer.body["jobId"]) == [
        (f"49170{i:07d}", {"1": f"N{i}"}) for i in range(500)
    ]


async def test_the_header_can_be_overruled_when_it_is_submitted(
    gateway: Running, pool: Pool
) -> None:
    said = await taken(gateway, "+491701234567,Ann\n+491701234568,Bo\n")
    columns = {"recipientColumn": "Column 1", "variableMappings": {"1": "Column 2"}}
    as_guessed = await gateway.post(CUSTOMIZE, order(said["id"], **columns))
    assert as_guessed.body["accepted"] == 2
    named = {"recipientColumn": "+491701234567", "variableMappings": {"1": "Ann"}}
    overruled = await gateway.post(CUSTOMIZE, order(said["id"], hasHeader=True, **named))
    assert await messages(pool, overruled.body["jobId"]) == [("491701234568", {"1": "Bo"})]


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({"recipientColumn": "Fax"}, 400, 'no column "Fax"; its columns are: Name, Phone, City'),
        ({"variableMappings": {"1": "Street"}}, 400, 'no column "Street"'),
        ({"data": []}, 400, "data or uploadId, not both"),
        ({"uploadId": "nonsense"}, 404, "There is no upload nonsense"),
        ({"uploadId": str(UUID(int=1))}, 404, "There is no upload"),
        ({"recipientColumn": None}, 400, "recipientColumn"),
    ],
)
async def test_a_submission_that_does_not_fit_its_upload_makes_no_job(
    gateway: Running, pool: Pool, more: dict[str, Any], status: int, says: str
) -> None:
    said = await taken(gateway, LIST)
    answer = await gateway.post(CUSTOMIZE, order(said["id"]) | more)
    assert (answer.status, says in answer.body["message"]) == (status, True), answer.body
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_an_upload_is_held_against_its_template(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    listing = listed("order_update", {"type": "BODY", "text": "Hi {{1}}."})
    known: dict[str, Any] = {"access_token": Secret("a"), "waba_id": "102290129340398"}
    async with (
        Shelf([listing]) as shelf,
        serving(database_url, nats_url, log, graph_api_base_url=shelf.url, **known) as gateway,
    ):
        said = await taken(gateway, LIST.replace("Di;", "#N/A;"))
        answer = await gateway.post(CUSTOMIZE, order(said["id"]))
    assert (answer.status, answer.body["error"]) == (400, "Rows do not fill the template")
    assert answer.body["details"]["rows"][0]["line"] == 5
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_more_than_the_hard_cap_is_said_early_and_refused_late(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log, hard_cap=2) as gateway:
        rows = [f"+49170123456{i}" for i in range(9)]
        said = await taken(gateway, "Name,Phone\n" + "".join(f"A,{row}\n" for row in rows[:3]))
        assert "A job may have 2 recipients" in said["warnings"][0]
        assert (await gateway.post(CUSTOMIZE, order(said["id"]))).body["details"]["cap"] == 2
        assert "more than 8 rows" in (await bring(gateway, "\n".join(rows))).body["message"]


async def test_an_upload_belongs_to_the_name_of_its_key(
    database_url: str, nats_url: str, log: Log
) -> None:
    keys = parse_api_keys("ann:ann-secret-0123456789,bob:bob-secret-0123456789")
    async with serving(database_url, nats_url, log, api_keys=keys) as gateway:
        ann, bob = ({"X_API_Key": f"{name}-secret-0123456789"} for name in ("ann", "bob"))
        said = await taken(gateway, LIST, **ann)
        path = f"{UPLOAD}/{said['id']}"
        for answer in (
            await gateway.get(path, **bob), await gateway.get(f"{path}/rejected.csv", **bob),
            await gateway.ask("DELETE", path, bob),
            await gateway.post(CUSTOMIZE, order(said["id"]), None, **bob),
        ):  # fmt: skip
            assert (answer.status, answer.body["error"]) == (403, "Access denied")
        assert (await gateway.get(path)).status == 401
        assert (await gateway.get(path, **ann)).status == 200


async def test_a_deleted_upload_is_gone_with_its_rows(gateway: Running, pool: Pool) -> None:
    said = await taken(gateway, LIST)
    path = f"{UPLOAD}/{said['id']}"
    answer = await gateway.ask("DELETE", path, {})
    assert (answer.status, answer.body) == (200, {"id": said["id"], "deleted": True})
    assert await kept(pool) == (0, 0)
    for gone in (
        await gateway.get(path), await gateway.ask("DELETE", path, {}),
        await gateway.get(f"{UPLOAD}/nonsense"), await gateway.post(CUSTOMIZE, order(said["id"])),
    ):  # fmt: skip
        assert (gone.status, gone.body["error"]) == (404, "Upload not found")


async def test_one_that_is_over_is_seen_no_more_and_swept(
    gateway: Running, pool: Pool, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_store, "SWEPT_AT_ONCE", 2)
    ids = [(await taken(gateway, LIST))["id"] for _ in range(4)]
    await pool.execute("UPDATE uploads SET expires_at = now() WHERE id = ANY ($1::uuid[])", ids[:3])
    assert (await gateway.get(f"{UPLOAD}/{ids[0]}")).status == 404
    assert await Expiry(gateway.parts.uploads, log).sweep() == 3
    assert await kept(pool) == (1, 1)
    assert (await gateway.get(f"{UPLOAD}/{ids[3]}")).status == 200


async def test_one_that_is_deleted_while_it_is_submitted_makes_no_short_job(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHUNK_ROWS", 1)
    said = await taken(gateway, LIST)
    await pool.execute("DELETE FROM upload_chunks WHERE no = 3")
    answer = await gateway.post(CUSTOMIZE, order(said["id"]))
    assert answer.status == 404
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_an_owner_keeps_no_more_than_so_many(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_store, "MOST_KEPT", 1)
    await taken(gateway, LIST)
    answer = await bring(gateway, LIST)
    assert (answer.status, answer.body["error"]) == (409, "Too many uploads")


async def test_a_file_that_is_too_large_is_refused_by_its_length_and_without_it(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "BODY_LIMIT_BYTES", 200_000)
    row = b"+491701234567,Ann\n"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield row * 500

    assert (await bring(gateway, row * 12_000)).status == 413
    async with gateway.http.post(gateway.url + UPLOAD, data=pieces()) as response:
        assert response.status == 413
    packed = gzip.compress(row * 12_000)
    assert (await bring(gateway, packed, Content_Encoding="gzip")).status == 413
    assert await kept(pool) == (0, 0)


@pytest.mark.parametrize("first", [b"Phone\n+491701234567\n", workbook({"S": table(["a"])})[:500]])
async def test_a_client_that_falls_silent_is_refused_and_leaves_nothing(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    monkeypatch.setattr(bodies, "CHUNK_SECONDS", 0.3)

    async def silent() -> AsyncIterator[bytes]:
        yield first
        await asyncio.sleep(2)

    async with gateway.http.post(gateway.url + UPLOAD, data=silent()) as response:
        assert response.status == 408
    assert await kept(pool) == (0, 0)
    await no_reader_is_left()


async def test_a_client_that_goes_away_leaves_nothing(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHUNK_ROWS", 1000)
    head = b"POST /api/bulk/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.parts.settings.port)
    writer.write(head + b"Name,Phone\n" + b"Ann,+491701234567\n" * 10_000)
    await writer.drain()
    async with asyncio.timeout(10):
        while await kept(pool) < (1, 1):
            await asyncio.sleep(0.02)
    writer.close()
    async with asyncio.timeout(10):
        while await kept(pool) != (0, 0):
            await asyncio.sleep(0.02)


async def test_a_reader_of_a_workbook_that_takes_too_long_is_ended(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "FRAME_SECONDS", 0.001)
    answer = await bring(gateway, workbook({"S": table(["+491701234567"])}))
    assert answer.status == 400
    await no_reader_is_left()


async def test_a_few_files_are_taken_at_once_and_no_more(gateway: Running) -> None:
    stay = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"Phone\n+491701234567\n"
        await stay.wait()

    async def one() -> int:
        async with gateway.http.post(gateway.url + UPLOAD, data=slow()) as response:
            return response.status

    held = [asyncio.create_task(one()) for _ in range(4)]
    await until(lambda: gateway.parts.transfers.is_full, "four are under way")
    answer = await bring(gateway, LIST)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
    stay.set()
    assert await asyncio.gather(*held) == [201] * 4
    assert (await bring(gateway, LIST)).status == 201


async def test_a_ledger_that_fails_in_the_middle_is_told_and_the_rest_is_swept(
    gateway: Running, pool: Pool, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object) -> None:
        raise LedgerUnavailable("gone")

    monkeypatch.setattr(gateway.parts.uploads, "add", failing)
    monkeypatch.setattr(gateway.parts.uploads, "delete", failing)
    assert (await bring(gateway, LIST)).status == 503
    assert await kept(pool) == (1, 0)
    await pool.execute("UPDATE uploads SET expires_at = now()")
    assert await Expiry(gateway.parts.uploads, log).sweep() == 1


async def no_reader_is_left() -> None:
    await until(lambda: not readers_of_ours(), "the reader has ended")


def readers_of_ours() -> list[int]:
    """Readers of workbooks that this process started."""
    here = str(os.getpid())
    return [
        pid
        for pid in processes_with("gateway.workbook_reader")
        if (stat := Path(f"/proc/{pid}/stat")).exists() and stat.read_text().split()[3] == here
    ]
