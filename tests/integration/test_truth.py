"""What became of each recipient: in pages, as a story, as files, as a page, in figures."""

import csv
import io
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import aiohttp
import pytest

from gateway import outflow
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from tests.families import over
from tests.gateways import CUSTOMIZE, PHONE, QUICK, Running, numbers, quick, serving
from tests.support import until
from tests.workbooks import sheets_of

STORY: dict[int, tuple[str, int | None]] = {
    1: ("sent", None), 2: ("delivered", None), 3: ("read", None), 4: ("failed", 131000),
    5: ("failed", 131026), 6: ("unknown", None), 7: ("skipped", 131049), 8: ("skipped", None),
}  # fmt: skip


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


def seqs(body: Any) -> list[int]:
    return [message["seq"] for message in body["messages"]]


async def test_a_message_is_told_with_all_that_is_known_of_it(gateway: Running, pool: Pool) -> None:
    job = await over(gateway, pool, STORY)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    await pool.execute(
        "UPDATE messages SET attempt = 2, message_id = 'wamid.5', failed_at = $1, sent_at = $1,"
        " error_title = 'Undeliverable', error_details = 'why', claimed_at = $1 WHERE seq = 5", at,
    )  # fmt: skip
    body = (await gateway.get(f"/api/bulk/job/{job.id}/messages?state=failed&code=131026")).body
    (message,) = body["messages"]
    assert message == {
        "seq": 5, "loop": 1, "to": "491700000004", "state": "failed", "attempts": 2,
        "messageId": "wamid.5", "reason": None, "dueAt": None,
        "error": {"code": 131026, "title": "Undeliverable", "details": "why",
                  "meaning": "Undeliverable: not on WhatsApp, terms not accepted, or an old app"},
        "claimedAt": "2026-03-01T12:00:00Z", "sentAt": "2026-03-01T12:00:00Z",
        "deliveredAt": None, "readAt": None, "failedAt": "2026-03-01T12:00:00Z", "unknownAt": None,
        "variables": {},
    }  # fmt: skip
    assert body["pagination"] == {"limit": 100, "hasMore": False, "after": None}


@pytest.mark.parametrize(
    ("query", "found"),
    [("", [*range(1, 9)]), ("?state=failed", [4, 5]), ("?state=failed,unknown", [4, 5, 6]),
     ("?code=131049,131000", [4, 7]), ("?state=skipped&code=131049", [7]), ("?after=6", [7, 8]),
     ("?state=canceled", []), ("?q=4", [*range(1, 9)]), ("?q=0004", [5]),
     ("?q=%2B49 170 0000006", [7]), ("?q=0049170-0000006", [7]), ("?q=491700000002", [3]),
     ("?q=%2B1700", []), ("?q=000000&state=failed", [4, 5])],
)  # fmt: skip
async def test_messages_are_chosen_by_state_and_code(
    gateway: Running, pool: Pool, query: str, found: list[int]
) -> None:
    job = await over(gateway, pool, STORY)
    for name in ("job", "jobs"):
        answer = await gateway.get(f"/api/bulk/{name}/{job.id}/messages{query}")
        assert (answer.status, seqs(answer.body)) == (200, found)


async def test_pages_hold_every_message_once_and_say_where_the_next_begins(
    gateway: Running, pool: Pool
) -> None:
    job = await over(gateway, pool, STORY)
    seen, after = [], ""
    while True:
        body = (await gateway.get(f"/api/bulk/job/{job.id}/messages?limit=3{after}")).body
        seen.append(seqs(body))
        if not body["pagination"]["hasMore"]:
            break
        after = f"&after={body['pagination']['after']}"
    assert seen == [[1, 2, 3], [4, 5, 6], [7, 8]]


@pytest.mark.parametrize(
    ("query", "says"),
    [("state=lost", "'lost' is no state: take of queued, sending, sent,"),
     ("state=", "'' is no state"), ("code=abc", "'abc' is no code"), ("code=1e3", "'1e3'"),
     ("q=Ann", "q must be a number, or a part of one: 'A' is no part"),
     ("after=x", "after must be a seq"), ("after=-1", "after must be a seq"),
     ("limit=0", "limit must be a whole number from 1 to 1000."), ("limit=1001", "limit must"),
     ("code=" + ",".join(map(str, range(101))), "code may have 100 entries.")],
)  # fmt: skip
async def test_what_cannot_be_asked_for_is_said(gateway: Running, query: str, says: str) -> None:
    answer = await gateway.get(f"/api/bulk/job/{uuid4()}/messages?{query}")
    assert answer.status == 400
    assert answer.body["message"].startswith(says)


@pytest.mark.parametrize(
    "path", ["messages", "messages.csv", "messages.ndjson", "messages.xlsx", "summary",
             "summary.html"],
)  # fmt: skip
async def test_nothing_of_a_job_is_shown_to_the_holder_of_another_key(
    database_url: str, nats_url: str, log: Log, path: str
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        made = await guarded.post(QUICK, quick(numbers(1)), X_API_Key="ann-key-1")
        url = f"/api/bulk/job/{made.body['jobId']}/{path}"
        own = {"X-API-Key": "ann-key-1"}
        async with guarded.http.get(guarded.url + url, headers=own) as response:
            assert response.status == 200
        assert (await guarded.get(url, X_API_Key="bob-key-1")).status == 403
        unknown = f"/api/bulk/job/{uuid4()}/{path}"
        assert (await guarded.get(unknown, X_API_Key="ann-key-1")).status == 404


async def test_a_recipient_s_story_has_every_message_of_the_asker_newest_first_and_the_opt_outs(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        rows = [{"phone": numbers(1)[0], "name": "Ann"}]
        row_by_row = {"phoneNumberId": PHONE, "templateName": "order_update", "data": rows,
                      "recipientColumn": "phone", "variableMappings": {"1": "name"}}  # fmt: skip
        await guarded.post(CUSTOMIZE, row_by_row, X_API_Key="ann-key-1")
        same = {"variables": {"1": "all"}, "campaign_name": "Two"}
        await guarded.post(QUICK, quick(numbers(2), **same), X_API_Key="ann-key-1")
        await guarded.post(QUICK, quick(numbers(1)), X_API_Key="bob-key-1")
        await guarded.post("/api/suppressions", {"number": numbers(1)[0]}, X_API_Key="bob-key-1")
        path = "/api/recipients/491700000000"
        body = (await guarded.get(path, X_API_Key="ann-key-1")).body
        assert [(m["campaignName"], m["variables"]) for m in body["messages"]] == [
            ("Two", {"1": "all"}), (None, {"1": "Ann"}),
        ]  # fmt: skip
        assert body["messages"][0]["template"] == "order_update"
        assert (body["suppressed"], len(body["suppressions"])) == ("all", 1)
        first = (await guarded.get(f"{path}?limit=1", X_API_Key="ann-key-1")).body
        after = first["pagination"]["after"]
        rest = (await guarded.get(f"{path}?limit=1&after={after}", X_API_Key="ann-key-1")).body
        assert (first["messages"] + rest["messages"], rest["pagination"]["hasMore"]) == (
            body["messages"], False,
        )  # fmt: skip


async def test_a_number_that_nobody_knows_has_no_story_and_one_that_is_none_is_said(
    gateway: Running,
) -> None:
    answer = await gateway.get("/api/recipients/491700000000")
    assert (answer.status, answer.body["error"]) == (404, "Recipient not found")
    for path in ("hello", "491700000000?limit=501", "491700000000?after=1.2"):
        assert (await gateway.get(f"/api/recipients/{path}")).status == 400


async def test_a_file_of_lines_has_what_the_pages_have(gateway: Running, pool: Pool) -> None:
    job = await over(gateway, pool, STORY)
    page = (await gateway.get(f"/api/bulk/job/{job.id}/messages")).body["messages"]
    answer = await gateway.get(f"/api/bulk/job/{job.id}/messages.ndjson")
    assert [json.loads(line) for line in answer.body.splitlines()] == page
    part = await gateway.get(f"/api/bulk/job/{job.id}/messages.ndjson?state=failed&code=131000")
    assert [json.loads(line)["seq"] for line in part.body.splitlines()] == [4]


async def test_a_sheet_has_a_line_a_message_and_no_cell_that_could_be_a_formula(
    gateway: Running, pool: Pool
) -> None:
    job = await over(gateway, pool, STORY)
    evil = '=HYPERLINK("http://x")\n+1'
    await pool.execute(
        "UPDATE messages SET error_title = $1, error_details = '@x', reason = '-1' WHERE seq = 4",
        evil,
    )
    async with gateway.http.get(f"{gateway.url}/api/bulk/job/{job.id}/messages.csv") as response:
        data = await response.read()
    assert data.startswith(b"\xef\xbb\xbfseq,to,state,")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(data.splitlines()) == 1 + len(rows) == 9
    bad = rows[3]
    assert (bad["to"], bad["errorCode"], bad["errorDetails"], bad["reason"]) == (
        "'+491700000003", "131000", "'@x", "'-1",
    )  # fmt: skip
    assert bad["errorTitle"] == '\'=HYPERLINK("http://x") +1'
    assert not [cell for row in rows for cell in row.values() if re.match(r"[=+@\t\r-]", cell)]
    plain = await gateway.get(f"/api/bulk/job/{job.id}/messages.csv?bom=false&state=canceled")
    assert plain.body.startswith("seq,to,state,")
    assert len(plain.body.splitlines()) == 1
    wrong = await gateway.get(f"/api/bulk/job/{job.id}/messages.csv?bom=maybe")
    assert wrong.status == 400


async def test_a_workbook_has_a_row_a_message_with_text_numbers_and_times(
    gateway: Running, pool: Pool
) -> None:
    job = await over(gateway, pool, STORY)
    await pool.execute(
        "UPDATE messages SET sent_at = '2026-03-01 12:00Z', reason = '=1+1 & <b>' WHERE seq = 2"
    )
    async with gateway.http.get(f"{gateway.url}/api/bulk/job/{job.id}/messages.xlsx") as response:
        data = await response.read()
    assert ZipFile(io.BytesIO(data)).testzip() is None
    (sheet,) = sheets_of(data)
    assert sheet[0][:3] == ["seq", "to", "state"]
    assert len(sheet) == 9
    by_name = dict(zip(sheet[0], sheet[2], strict=False))
    assert (by_name["seq"], by_name["to"], by_name["reason"]) == (2, "+491700000001", "=1+1 & <b>")
    assert by_name["sentAt"] == 46082.5


async def test_files_go_on_over_many_stretches_and_hold_everybody_once(
    gateway: Running, pool: Pool
) -> None:
    job_id = await gateway.submit(1501)
    answer = await gateway.get(f"/api/bulk/job/{job_id}/messages.ndjson")
    assert [json.loads(line)["seq"] for line in answer.body.splitlines()] == [*range(1, 1502)]


async def test_a_client_that_goes_away_gives_its_place_back(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outflow, "WRITE_SECONDS", 0.5)
    job_id = await gateway.submit(50_000)
    transfers, url = gateway.parts.transfers, f"{gateway.url}/api/bulk/job/{job_id}/messages"
    for kind in ("csv", "ndjson", "xlsx"):
        response = await gateway.http.get(f"{url}.{kind}")
        assert await response.content.read(10)
        response.close()
    await until(lambda: transfers.inside == 0, "those who left have given their places back")
    slow = [await gateway.http.get(f"{url}.ndjson") for _ in range(4)]  # nobody reads them
    assert transfers.is_full
    await until(lambda: transfers.inside == 0, "those who take nothing were cut off")
    for response in slow:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_more_files_at_once_than_there_are_places_are_told_to_come_back(
    gateway: Running,
) -> None:
    job_id = await gateway.submit(1)
    with (
        gateway.parts.transfers, gateway.parts.transfers,
        gateway.parts.transfers, gateway.parts.transfers,
    ):  # fmt: skip
        answer = await gateway.get(f"/api/bulk/job/{job_id}/messages.xlsx")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")


async def test_a_summary_is_the_job_with_its_rates_and_its_trail(
    gateway: Running, pool: Pool
) -> None:
    job = await over(gateway, pool, STORY)
    await pool.execute(
        "UPDATE jobs SET delivered = 2, read = 1, started_at = now() - interval '1 minute',"
        " finished_at = now()"
    )
    body = (await gateway.get(f"/api/bulk/jobs/{job.id}/summary")).body
    assert body["rates"] == {"deliveredRate": 0.6667, "readRate": 0.5, "failedRate": 0.4}
    assert body["durationSeconds"] == 60.0
    assert (body["job"]["jobId"], body["audit"][0]["what"]) == (str(job.id), "queued")
    codes = {error["code"]: error["mayBeSentAgain"] for error in body["job"]["errors"]}
    assert codes == {131000: True, 131026: False, 131049: True}


async def test_the_page_is_whole_in_itself_and_allowed_nothing_but_its_own_style(
    gateway: Running, pool: Pool
) -> None:
    job = await over(gateway, pool, STORY)
    await pool.execute("UPDATE jobs SET campaign_name = '<script>alert(1)</script>'")
    answer = await gateway.get(f"/api/bulk/job/{job.id}/summary.html?zone=Asia/Kolkata")
    html = answer.body
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    (style,) = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert not re.search(r"<[^>]+ (on\w+|style|src|href)=", html)
    assert "(Asia/Kolkata)" in html
    assert (await gateway.get(f"/api/bulk/job/{job.id}/summary.html?zone=Nowhere")).status == 400


async def aged(pool: Pool, job_id: UUID, started_at: str, **counts: int) -> None:
    """A job that began then."""
    sets = "".join(f", {name} = {n}" for name, n in counts.items())
    await pool.execute(
        f"UPDATE jobs SET started_at = $2::text::timestamptz, created_at = $2::text::timestamptz"
        f"{sets} WHERE id = $1",
        job_id, started_at,
    )  # fmt: skip


async def test_figures_are_those_of_the_asker_s_jobs_by_the_day_they_began_on(
    gateway: Running, pool: Pool
) -> None:
    jobs = [UUID(await gateway.submit(10)) for _ in range(3)]
    other = UUID(await gateway.submit(4, phone_number_id="42"))
    done = {"queued": 0, "sent": 8, "failed": 2, "delivered": 6, "read": 3}
    await aged(pool, jobs[0], "2026-03-28 10:00Z", **done)
    await aged(pool, jobs[1], "2026-03-28 23:30Z", **done)  # in Berlin that is the 29th
    await aged(pool, jobs[2], "2026-03-29 22:30Z", **done)  # and that, in summer time, the 30th
    await aged(pool, other, "2026-03-28 10:00Z")
    path = "/api/bulk/stats?from=2026-03-28&to=2026-03-30"
    utc = (await gateway.get(path)).body
    assert [(row["day"], row["jobs"], row["messages"]) for row in utc["rows"]] == [
        ("2026-03-28", 3, 24), ("2026-03-29", 1, 10),
    ]  # fmt: skip
    assert utc["totals"]["deliveredRate"] == 0.75
    assert (utc["totals"]["readRate"], utc["totals"]["failedRate"]) == (0.5, 0.2)
    assert (utc["totals"]["queued"], utc["totals"]["sent"]) == (4, 24)
    berlin = (await gateway.get(f"{path}&zone=Europe/Berlin&by=day,number")).body
    assert [(r["day"], r["phoneNumberId"], r["jobs"]) for r in berlin["rows"]] == [
        ("2026-03-28", PHONE, 1), ("2026-03-28", "42", 1), ("2026-03-29", PHONE, 1),
        ("2026-03-30", PHONE, 1),
    ]  # fmt: skip
    by_number = (await gateway.get(f"{path}&by=number")).body
    assert [(r["phoneNumberId"], r["messages"]) for r in by_number["rows"]] == [
        (PHONE, 30), ("42", 4),
    ]  # fmt: skip
    assert "day" not in by_number["rows"][0]


async def test_figures_are_of_the_last_thirty_days_and_of_nobody_else(
    database_url: str, nats_url: str, log: Log, pool: Pool
) -> None:
    keys = parse_api_keys("ann:ann-key-1,bob:bob-key-1")
    async with serving(database_url, nats_url, log, api_keys=keys) as guarded:
        await guarded.post(QUICK, quick(numbers(3)), X_API_Key="ann-key-1")
        ann = (await guarded.get("/api/bulk/stats", X_API_Key="ann-key-1")).body
        bob = (await guarded.get("/api/bulk/stats", X_API_Key="bob-key-1")).body
    assert (ann["totals"]["messages"], bob["totals"]["messages"], bob["rows"]) == (3, 0, [])
    assert bob["totals"]["deliveredRate"] is None
    days = datetime.fromisoformat(ann["to"]) - datetime.fromisoformat(ann["from"])
    assert days == timedelta(days=29)


@pytest.mark.parametrize(
    "query", ["from=2026-02-30", "from=yesterday", "from=2026-03-02&to=2026-03-01",
              "from=2024-01-01&to=2026-01-01", "zone=Mars", "zone=../etc", "by=week",
              "to=0001-01-01"],
)  # fmt: skip
async def test_figures_that_cannot_be_asked_for_are_refused(gateway: Running, query: str) -> None:
    answer = await gateway.get(f"/api/bulk/stats?{query}")
    assert answer.status == 400, answer.body
