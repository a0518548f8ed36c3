"""The suppression list over HTTP: every refusal the contract's, and no stop lifted unawares."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import aiohttp
import pytest

from gateway import bodies, exports, imports
from gateway.stop_lines import Asked
from gateway.store import LedgerUnavailable
from gateway.suppression_store import Change
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from schemas.suppressions import Scope, Source
from tests.gateways import Answer, Running, serving

LIST = "/api/suppressions"
IMPORT, EXPORT = f"{LIST}/import", f"{LIST}/export"
A, B, C = "491701234567", "491701234568", "491701234569"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


async def delete(gateway: Running, path: str) -> Answer:
    return await gateway.ask("DELETE", path, {})


async def say_stop(gateway: Running, number: str = A) -> None:
    stop = Asked(number, Source.RECIPIENT, Scope.ALL, 'wrote "STOP"')
    await gateway.parts.suppressions.add([stop], "")


def many(count: int, first: int = 0) -> list[str]:
    return [f"49170{i:07d}" for i in range(first, first + count)]


async def rows_in(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL"))


async def test_a_number_is_added_read_and_lifted(gateway: Running) -> None:
    answer = await gateway.post(LIST, {"number": "+49 170 1234567"})
    assert (answer.status, answer.body) == (200, {
        "success": True, "total": 1, "added": 1, "changed": 0, "unchanged": 0,
        "rejected": [], "rejectedTotal": 0,
        "message": "1 added, 0 changed, 0 there already, 0 rejected.",
    })  # fmt: skip
    shown = await gateway.get(f"{LIST}/{A}")
    (row,) = shown.body.pop("suppressions")
    assert row.pop("at").endswith("Z")
    assert (shown.status, shown.body) == (200, {"number": A, "suppressed": "all"})
    assert row == {
        "number": A, "source": "operator", "scope": "all", "reason": "added by local",
        "messageId": None, "jobId": None, "seq": None, "liftedAt": None,
    }  # fmt: skip
    lifted = await delete(gateway, f"{LIST}/{A}")
    assert (lifted.status, lifted.body) == (200, {
        "success": True, "number": A, "lifted": ["operator"], "suppressed": None, "remaining": [],
        "message": f"Nothing stops messages to {A} any more.",
    })  # fmt: skip
    shown = await gateway.get(f"{LIST}/%2B{A}")
    assert (shown.status, shown.body["suppressed"]) == (200, None)
    assert shown.body["suppressions"][0]["liftedAt"].endswith("Z")
    assert (await gateway.get(LIST)).body["suppressions"] == []


async def test_numbers_are_added_as_often_as_one_likes(gateway: Running, pool: Pool) -> None:
    body = {
        "numbers": [f"+{A}", int(B), "nobody", f"00{A}", None], "scope": "marketing",
        "reason": " asked \n by phone ",
    }  # fmt: skip
    first, again = [await gateway.post(LIST, body) for _ in range(2)]
    assert (first.status, again.status) == (200, 200)
    assert [first.body[name] for name in ("total", "added", "unchanged", "rejectedTotal")] == [
        4, 2, 1, 1,
    ]  # fmt: skip
    assert first.body["rejected"] == [
        {"line": 3, "value": "nobody", "reason": "'n' is no part of a phone number"}
    ]
    assert [again.body[name] for name in ("added", "changed", "unchanged")] == [0, 0, 3]
    reasons = await pool.fetch("SELECT DISTINCT scope, reason FROM suppressions")
    assert [tuple(row) for row in reasons] == [("marketing", "asked by phone")]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({}, "Missing required fields"),
        ({"numbers": []}, "No numbers provided"),
        ({"numbers": [None, ""]}, "No numbers provided"),
        ({"number": A, "numbers": [A]}, "Bad Request"),
        ({"number": "x"}, "No valid numbers found"),
        ({"numbers": [True, 1.5]}, "No valid numbers found"),
        ({"number": A, "scope": "some"}, "Bad Request"),
        ({"number": A, "reason": "x" * 501}, "Bad Request"),
        ({"numbers": A}, "Bad Request"),
        ({"numbers": [A] * 10_001}, "Bad Request"),
        ([], "Bad Request"),
    ],
)
async def test_what_cannot_be_added_is_refused_and_adds_nothing(
    gateway: Running, pool: Pool, body: Any, title: str
) -> None:
    answer = await gateway.post(LIST, data=json.dumps(body).encode())
    assert (answer.status, answer.body["error"]) == (400, title)
    assert answer.body["message"]
    assert await rows_in(pool) == 0


async def test_a_body_for_a_file_is_told_where_to_go(gateway: Running) -> None:
    answer = await gateway.post(LIST, data=b" " * (2**20 + 1))
    assert (answer.status, answer.body["error"]) == (413, "Payload too large")
    assert "POST /api/suppressions/import" in answer.body["message"]


async def test_what_the_recipient_said_is_never_lifted_unawares(gateway: Running) -> None:
    await say_stop(gateway)
    refused = await delete(gateway, f"{LIST}/{A}")
    assert (refused.status, refused.body["error"]) == (409, "Still suppressed")
    assert 'recipient: wrote "STOP"' in refused.body["message"]
    assert "?source=recipient" in refused.body["message"]
    assert [row["source"] for row in refused.body["details"]["remaining"]] == ["recipient"]
    await gateway.post(LIST, {"number": A})
    lifted = await delete(gateway, f"{LIST}/{A}")
    assert (lifted.status, lifted.body["lifted"], lifted.body["suppressed"]) == (
        200, ["operator"], "all",
    )  # fmt: skip
    assert 'recipient (all): wrote "STOP"' in lifted.body["message"]
    lifted = await delete(gateway, f"{LIST}/{A}?source=recipient")
    assert (lifted.body["lifted"], lifted.body["suppressed"]) == (["recipient"], None)
    again = await delete(gateway, f"{LIST}/{A}?source=recipient")
    assert (again.status, again.body["lifted"]) == (200, [])


async def test_everything_is_lifted_when_that_is_said(gateway: Running) -> None:
    await say_stop(gateway)
    await gateway.post(LIST, {"number": A})
    assert (await delete(gateway, f"{LIST}/{A}?all=yes")).status == 400
    lifted = await delete(gateway, f"{LIST}/{A}?all=true")
    assert (lifted.status, sorted(lifted.body["lifted"])) == (200, ["operator", "recipient"])


async def test_a_number_that_was_never_on_the_list_is_not_found(gateway: Running) -> None:
    for answer in (await gateway.get(f"{LIST}/{A}"), await delete(gateway, f"{LIST}/{A}")):
        assert (answer.status, answer.body["error"]) == (404, "Suppression not found")
    answer = await gateway.get(f"{LIST}/elsewhere")
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")
    for answer in (await gateway.get(f"{LIST}/import"), await delete(gateway, f"{LIST}/export")):
        assert (answer.status, answer.body["error"]) == (405, "Method Not Allowed")


async def test_the_list_is_read_page_by_page(gateway: Running) -> None:
    await gateway.post(LIST, {"numbers": many(5)})
    await say_stop(gateway)
    first = (await gateway.get(f"{LIST}?limit=3")).body
    page = first["pagination"]
    assert [row["number"] for row in first["suppressions"]] == [A, *many(2)]
    assert (page["limit"], page["total"], page["hasMore"]) == (3, 6, True)
    rest = (await gateway.get(f"{LIST}?limit=3&after={page['after']}")).body
    assert [row["number"] for row in rest["suppressions"]] == many(3, 2)
    assert rest["pagination"] == {"limit": 3, "total": 6, "hasMore": False, "after": None}


async def test_the_list_is_filtered(gateway: Running) -> None:
    await gateway.post(LIST, {"numbers": [A, B], "scope": "marketing"})
    await say_stop(gateway)
    for query, expected in (
        (f"number=%2B{A}", ["recipient", "operator"]),
        (f"number={A}&source=recipient", ["recipient"]),
        (f"number={C}", []),
        ("source=recipient", ["recipient"]),
        ("scope=marketing", ["operator", "operator"]),
    ):
        answer = await gateway.get(f"{LIST}?{query}")
        assert [row["source"] for row in answer.body["suppressions"]] == expected, query
        assert answer.body["pagination"]["total"] == len(expected), query
    for query in ("limit=0", "after=x", "source=me", "scope=none", "number=x"):
        assert (await gateway.get(f"{LIST}?{query}")).status == 400, query


async def test_a_file_is_imported_and_every_line_is_accounted_for(
    gateway: Running, pool: Pool
) -> None:
    text = (
        "\ufeffnumber;scope;reason;at\r\n"
        f"+{A};marketing;asked by phone;2026-01-02T03:04:05Z\r\n"
        f"{B};;;\r\n\r\nnobody;;;\r\n{C};some;;\r\n{B}\r\n"
    )
    answer = await gateway.post(IMPORT, data=text.encode())
    assert (answer.status, answer.body) == (200, {
        "success": True, "total": 5, "added": 2, "changed": 0, "unchanged": 1,
        "rejected": [
            {"line": 5, "value": "nobody;;;", "reason": "'n' is no part of a phone number"},
            {"line": 6, "value": f"{C};some;;", "reason": 'scope must be "all" or "marketing"'},
        ],
        "rejectedTotal": 2, "message": "2 added, 0 changed, 1 there already, 2 rejected.",
    })  # fmt: skip
    rows = await pool.fetch("SELECT number, scope, reason, at::date::text FROM suppressions")
    first, second = sorted(map(tuple, rows))
    assert first == (A, "marketing", "asked by phone", "2026-01-02")
    assert second[:3] == (B, "all", "imported by local")
    again = await gateway.post(IMPORT, data=text.encode())
    assert [again.body[name] for name in ("added", "changed", "unchanged")] == [0, 0, 3]


async def test_numbers_of_a_region_are_imported_as_they_are_submitted(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    async with serving(database_url, nats_url, log, default_region="DE") as gateway:
        answer = await gateway.post(IMPORT, data=b"0170 1234567\n0049 170 1234568\n")
    assert answer.body["added"] == 2
    assert await pool.fetchval("SELECT array_agg(number ORDER BY 1) FROM suppressions") == [A, B]


@pytest.mark.parametrize(
    ("data", "title", "says"),
    [
        (b"", "No numbers provided", "empty"),
        (b"number\n\n", "No numbers provided", "empty"),
        (b"x\ny\n", "No valid numbers found", "None of the 2 entries"),
        (b"PK\x03\x04....", "Bad Request", "save it as CSV"),
        (A.encode() * 10_000, "Bad Request", "--data-binary"),
    ],
)
async def test_a_file_without_a_number_is_refused(
    gateway: Running, data: bytes, title: str, says: str
) -> None:
    answer = await gateway.post(IMPORT, data=data)
    assert (answer.status, answer.body["error"]) == (400, title)
    assert says in answer.body["message"]


async def test_a_form_is_refused_with_what_to_do(gateway: Running) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"number\n", filename="list.csv")
    async with gateway.http.post(gateway.url + IMPORT, data=form) as response:
        assert (response.status, (await response.json())["error"]) == (
            415, "Unsupported Media Type",
        )  # fmt: skip


async def test_a_large_list_is_imported_while_health_checks_go_on(
    gateway: Running, pool: Pool
) -> None:
    data = "\n".join(many(50_000)).encode()
    importing = asyncio.create_task(gateway.post(IMPORT, data=data))
    checked = 0
    while not importing.done():
        assert (await gateway.get("/healthz")).status == 200
        checked += 1
    answer = await importing
    assert (answer.status, answer.body["added"], answer.body["total"]) == (200, 50_000, 50_000)
    assert await rows_in(pool) == 50_000
    assert checked > 10


async def test_a_list_that_breaks_off_leaves_what_came_before_and_says_so(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "CHUNK_SECONDS", 0.3)

    async def stuck() -> AsyncIterator[bytes]:
        yield "".join(f"{number}\n" for number in many(imports.AT_ONCE + 1)).encode()
        await asyncio.sleep(30)

    async with gateway.http.post(gateway.url + IMPORT, data=stuck()) as response:
        said = await response.json()
    assert (response.status, said["error"]) == (408, "Request Timeout")
    assert said["details"] == {"lines": imports.AT_ONCE}
    assert await rows_in(pool) == imports.AT_ONCE


async def test_a_ledger_that_goes_away_in_the_middle_is_a_503_that_says_how_far_it_got(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, asked = gateway.parts.suppressions.add, 0

    async def failing(*args: Any) -> Change:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise LedgerUnavailable("gone")
        return await add(*args)

    monkeypatch.setattr(gateway.parts.suppressions, "add", failing)
    data = "\n".join(many(imports.AT_ONCE + 1)).encode()
    answer = await gateway.post(IMPORT, data=data)
    assert (answer.status, answer.body["error"]) == (503, "Service Unavailable")
    assert answer.body["details"] == {"lines": imports.AT_ONCE}
    monkeypatch.undo()
    answer = await gateway.post(IMPORT, data=data)
    assert (answer.body["added"], answer.body["unchanged"]) == (1, imports.AT_ONCE)


async def test_a_list_that_is_too_long_is_refused_at_once_or_when_it_gets_so(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BODY_LIMIT_BYTES", 100_000)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"\n" * 1000

    answer = await gateway.post(IMPORT, data=b"\n" * 100_001)
    assert (answer.status, answer.body["error"]) == (413, "Payload too large")
    async with gateway.http.post(gateway.url + IMPORT, data=chunks()) as response:
        assert (response.status, (await response.json())["error"]) == (413, "Payload too large")


async def test_only_so_many_lists_are_on_their_way_at_once(gateway: Running) -> None:
    gate = asyncio.Event()

    async def slowly(number: str) -> AsyncIterator[bytes]:
        yield number[:5].encode()
        await gate.wait()
        yield number[5:].encode()

    async def post(number: str) -> int:
        async with gateway.http.post(gateway.url + IMPORT, data=slowly(number)) as response:
            return response.status

    waiting = [asyncio.create_task(post(number)) for number in many(4)]
    async with asyncio.timeout(10):
        while not gateway.parts.transfers.is_full:
            await asyncio.sleep(0.01)
    for answer in (await gateway.post(IMPORT, data=b"1"), await gateway.get(EXPORT)):
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
        assert answer.body["error"] == "Too many imports and exports"
    gate.set()
    assert await asyncio.gather(*waiting) == [200] * 4
    assert (await gateway.get(EXPORT)).status == 200


async def test_two_imports_of_the_same_numbers_both_go_through(
    gateway: Running, pool: Pool
) -> None:
    forth, back = many(10_000), many(10_000)[::-1]

    def data(numbers: Iterable[str], reason: str) -> bytes:
        return "".join(f"{number},all,{reason}\n" for number in numbers).encode()

    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            gateway.post(IMPORT, data=data(forth, "forth")),
            gateway.post(IMPORT, data=data(back, "back")),
        )
    assert [answer.status for answer in answers] == [200, 200]
    assert sum(answer.body["added"] for answer in answers) >= 10_000
    assert await rows_in(pool) == 10_000


async def test_what_is_exported_is_all_and_imported_again_it_changes_nothing(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 7)
    await gateway.post(LIST, {"numbers": many(20), "reason": "=HYPERLINK(1)"})
    await gateway.post(LIST, {"numbers": [B, C]})
    await delete(gateway, f"{LIST}/{C}")
    await say_stop(gateway)
    exported = await gateway.get(EXPORT)
    assert (exported.status, exported.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "suppressions.csv" in exported.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(exported.body.removeprefix("\ufeff"))))
    assert [row["number"] for row in table] == [f"'+{n}" for n in sorted([*many(20), A, B])]
    assert {row["reason"] for row in table} == {
        "'=HYPERLINK(1)", "added by local", 'wrote "STOP"',
    }  # fmt: skip
    before = await pool.fetch("SELECT * FROM suppressions ORDER BY number, source")
    again = await gateway.post(IMPORT, data=exported.body.encode())
    assert [again.body[name] for name in ("added", "changed", "unchanged")] == [0, 0, 22]
    assert await pool.fetch("SELECT * FROM suppressions ORDER BY number, source") == before
    await pool.execute("DELETE FROM suppressions")
    moved = await gateway.post(IMPORT, data=exported.body.encode())
    assert moved.body["added"] == 22
    assert (await gateway.get(EXPORT)).body == exported.body


async def test_a_list_is_exported_as_json_too(gateway: Running) -> None:
    await gateway.post(LIST, {"numbers": [A, B]})
    await say_stop(gateway)
    answer = await gateway.get(f"{EXPORT}?format=ndjson&source=recipient")
    assert answer.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    (line,) = answer.body.splitlines()
    assert json.loads(line) == (await gateway.get(f"{LIST}?source=recipient")).body[
        "suppressions"
    ][0]  # fmt: skip
    empty = await gateway.get(f"{EXPORT}?format=ndjson&source=meta")
    assert (empty.status, empty.body) == (200, "")
    for query in ("format=xlsx", "source=me"):
        assert (await gateway.get(f"{EXPORT}?{query}")).status == 400
    head = await gateway.ask("HEAD", EXPORT, {})
    assert (head.status, head.body) == (200, "")


async def test_half_an_export_does_not_look_like_a_whole_one(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    await gateway.post(LIST, {"numbers": many(6)})
    in_order, asked = gateway.parts.suppressions.in_order, 0

    async def failing(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            await pool.execute("ALTER TABLE suppressions RENAME TO lost")
        return await in_order(*args)

    monkeypatch.setattr(gateway.parts.suppressions, "in_order", failing)
    async with gateway.http.get(gateway.url + EXPORT) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    assert (await gateway.get("/healthz")).status == 200
    assert not gateway.parts.transfers.is_full


async def test_the_list_belongs_to_all_keys_and_says_whose_word_it_was(
    database_url: str, nats_url: str, log: Log
) -> None:
    keys = parse_api_keys("shop:01234567,crm:76543210")
    async with serving(database_url, nats_url, log, api_keys=keys) as gateway:
        await gateway.post(LIST, {"number": A}, X_API_Key="01234567")
        shown = await gateway.get(f"{LIST}/{A}", X_API_Key="76543210")
        assert shown.body["suppressions"][0]["reason"] == "added by shop"
        for answer in (await gateway.get(LIST), await gateway.post(IMPORT, data=b"1")):
            assert answer.status == 401
