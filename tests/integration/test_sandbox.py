"""The sandbox over real sockets: answers, fixed fates, the console, and how it starts and stops."""

import asyncio
import hmac
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from plumbing.logs import Log
from plumbing.process import CannotStart
from sandbox import sends
from sandbox.app import serve
from sandbox.templates import TEMPLATES
from schemas.environment import Secret
from schemas.sandbox_settings import Sandbox
from tests.support import free_port

ROOT = Path(__file__).parents[2]
MESSAGES = "/v25.0/106540352242922/messages"
PLAIN = "4915112345678"
DRIP = "4915119000011"
Json = dict[str, Any]


def quiet(port: int, **more: Any) -> Sandbox:
    """Settings without latency."""
    return Sandbox(**({"port": port, "latency_ms": 0, "throughput_per_second": 0} | more))


@pytest.fixture
async def client(log: Log) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a sandbox that runs in this process."""
    async with sandbox(log) as session:
        yield session


@asynccontextmanager
async def sandbox(log: Log, **more: Any) -> AsyncIterator[aiohttp.ClientSession]:
    """A sandbox with settings of its own, and a client of it."""
    stop, port = asyncio.Event(), free_port()
    serving = asyncio.create_task(serve(quiet(port, **more), log, stop))
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}",
        headers={"Authorization": "Bearer t"},
        timeout=aiohttp.ClientTimeout(total=10),
    ) as session:
        await until_healthy(session)
        yield session
        stop.set()
        await asyncio.wait_for(serving, 5)


async def until_healthy(session: aiohttp.ClientSession) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            async with session.get("/healthz") as answer:
                assert answer.status == 200
                return
        except aiohttp.ClientConnectionError:
            assert time.monotonic() < deadline, "the sandbox did not come up within 10 s"
            await asyncio.sleep(0.02)


def hello(to: str) -> Json:
    return {
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hello"},
        "biz_opaque_callback_data": f"tag of {to}",
    }  # fmt: skip


async def get(session: aiohttp.ClientSession, path: str, **query: str) -> Json:
    async with session.get(path, params=query) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        body: Json = await answer.json()
        return body


async def times_in_ledger(session: aiohttp.ClientSession, to: str) -> int:
    return len((await get(session, "/sandbox/ledger", to=to))["entries"])


def statuses_in(receipt: Json) -> list[Json]:
    (entry,) = receipt["body"]["entry"]
    (change,) = entry["changes"]
    assert change["field"] == "messages"
    statuses: list[Json] = change["value"]["statuses"]
    return statuses


async def test_a_send_is_answered_and_can_be_read_back(client: aiohttp.ClientSession) -> None:
    async with client.post(MESSAGES, json=hello(PLAIN)) as answer:
        assert answer.status == 200
        message = (await answer.json())["messages"][0]
    (entry,) = (await get(client, "/sandbox/ledger", tag=f"tag of {PLAIN}"))["entries"]
    assert (entry["messageId"], entry["to"]) == (message["id"], PLAIN)
    assert message["message_status"] == "accepted"
    summary = await get(client, "/sandbox/ledger/summary")
    assert (summary["accepted"], summary["recipients"], summary["busiestSecond"]) == (1, 1, 1)


@pytest.mark.parametrize("path", ["/v26.0/1/messages", "/v1.0/9/messages"])
async def test_any_version_will_do(client: aiohttp.ClientSession, path: str) -> None:
    async with client.post(path, json=hello(PLAIN)) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/106540352242922/messages", "/v25/1/messages", "/v25.0/1/nope"])
async def test_any_other_path_is_refused_in_graphs_words(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.post(path, json=hello(PLAIN)) as answer:
        assert answer.status == 400
        error = (await answer.json())["error"]
    assert (error["code"], error["message"]) == (2500, f"Unknown path components: {path}")


async def test_a_refusal_comes_as_metas_envelope(client: aiohttp.ClientSession) -> None:
    headers = {"Authorization": "Bearer expired"}
    async with client.post(MESSAGES, json=hello(PLAIN), headers=headers) as answer:
        assert answer.status == 401
        error = (await answer.json())["error"]
    assert error.keys() == {"message", "type", "code", "error_subcode", "fbtrace_id"}
    assert (error["code"], error["error_subcode"]) == (190, 463)
    async with client.post(MESSAGES, data=b"{") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, 100)


async def test_a_code_in_the_number_is_refused_with_it(client: aiohttp.ClientSession) -> None:
    async with client.post(MESSAGES, json=hello("4915119131026")) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == 131026
    assert await times_in_ledger(client, "4915119131026") == 0


async def test_an_answer_that_never_comes_is_in_the_ledger(client: aiohttp.ClientSession) -> None:
    short = aiohttp.ClientTimeout(total=0.3)
    with pytest.raises(TimeoutError):
        await client.post(MESSAGES, json=hello("4915119000001"), timeout=short)
    assert await times_in_ledger(client, "4915119000001") == 1


@pytest.mark.parametrize(("to", "times"), [("4915119000002", 1), ("4915119000003", 0)])
async def test_a_dropped_connection_is_in_the_ledger_or_not(
    client: aiohttp.ClientSession, to: str, times: int
) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post(MESSAGES, json=hello(to))
    assert await times_in_ledger(client, to) == times


@pytest.mark.parametrize(
    ("to", "status", "times"), [("4915119000004", 502, 0), ("4915119000012", 500, 1)]
)
async def test_a_page_of_html_is_in_the_ledger_or_not(
    client: aiohttp.ClientSession, to: str, status: int, times: int
) -> None:
    async with client.post(MESSAGES, json=hello(to)) as answer:
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert (await answer.text()).startswith("<html>")
    assert await times_in_ledger(client, to) == times


async def test_only_an_overall_deadline_ends_the_answer_that_drips(
    client: aiohttp.ClientSession,
) -> None:
    patient_between_bytes = aiohttp.ClientTimeout(total=1.5, sock_read=1)
    async with client.post(MESSAGES, json=hello(DRIP), timeout=patient_between_bytes) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert int(answer.headers["Content-Length"]) > 100
        assert await answer.content.readexactly(3) == b'{"m'
        with pytest.raises(TimeoutError) as late:
            await answer.read()
    assert not isinstance(late.value, aiohttp.ServerTimeoutError), "no gap was too long"
    assert await times_in_ledger(client, DRIP) == 1
    (request,) = (await get(client, "/sandbox/requests", to=DRIP))["entries"]
    assert request["told"] == "dripped"


async def test_the_answer_that_drips_is_the_right_one_for_who_waits(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sends, "_DRIP_SECONDS", 0.001)
    async with client.post(MESSAGES, json=hello(DRIP)) as answer:
        whole = await answer.read()
        assert len(whole) == int(answer.headers["Content-Length"])
        message = (await answer.json())["messages"][0]["id"]
    (entry,) = (await get(client, "/sandbox/ledger", to=DRIP))["entries"]
    assert entry["messageId"] == message


async def test_an_answer_stops_dripping_when_its_client_leaves(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    dripped: list[bytes] = []
    write = web.StreamResponse.write

    async def counted(response: web.StreamResponse, data: bytes) -> None:
        dripped.append(data)
        await write(response, data)

    monkeypatch.setattr(web.StreamResponse, "write", counted)
    monkeypatch.setattr(sends, "_DRIP_SECONDS", 0.02)
    async with client.post(MESSAGES, json=hello(DRIP)) as answer:
        await answer.content.readexactly(3)
        answer.close()
    await asyncio.sleep(0.2)
    when_it_had_left = len(dripped)
    await asyncio.sleep(0.3)
    assert 3 <= len(dripped) == when_it_had_left < int(answer.headers["Content-Length"])
    assert all(len(data) == 1 for data in dripped)


@pytest.mark.parametrize(
    ("to", "body"),
    [
        (
            "4915119000005",
            b'{"messaging_product":"whatsapp","contacts":[null],"messages":[null]}',
        ),
        ("4915119000009", b""),
    ],
)
async def test_an_unreadable_answer_is_in_the_ledger(
    client: aiohttp.ClientSession, to: str, body: bytes
) -> None:
    async with client.post(MESSAGES, json=hello(to)) as answer:
        assert (answer.status, await answer.read()) == (200, body)
    assert await times_in_ledger(client, to) == 1


@pytest.mark.parametrize(
    ("to", "status", "code", "retry_after"),
    [
        ("4915119000006", 500, 131000, None),
        ("4915119000007", 429, 130429, "1"),
        ("4915119000010", 400, 130429, None),
    ],
)
async def test_what_is_refused_once_is_accepted_the_second_time(
    client: aiohttp.ClientSession, to: str, status: int, code: int, retry_after: str | None
) -> None:
    async with client.post(MESSAGES, json=hello(to)) as answer:
        assert (answer.status, answer.headers.get("Retry-After")) == (status, retry_after)
        assert (await answer.json())["error"]["code"] == code
    async with client.post(MESSAGES, json=hello(to)) as answer:
        assert answer.status == 200
    assert await times_in_ledger(client, to) == 1
    requests = (await get(client, "/sandbox/requests", to=to))["entries"]
    assert [request["told"] for request in requests] == [str(code), "200"]


async def test_the_slow_answer_comes_after_3_seconds_and_is_in_the_ledger_before(
    client: aiohttp.ClientSession,
) -> None:
    started = time.monotonic()
    sending = asyncio.create_task(client.post(MESSAGES, json=hello("4915119000008")))
    await asyncio.sleep(0.5)
    assert await times_in_ledger(client, "4915119000008") == 1
    assert not sending.done()
    async with await sending as answer:
        assert answer.status == 200
    assert time.monotonic() - started >= 3


async def test_an_app_is_subscribed_where_webhooks_are_posted(log: Log) -> None:
    path = "/v25.0/102290129340398/subscribed_apps"
    for address, apps in (("", []), ("http://127.0.0.1:9/", ["Loopcast sandbox"])):
        async with sandbox(log, webhook_url=address) as client:
            found = (await get(client, path))["data"]
        assert [app["whatsapp_business_api_data"]["name"] for app in found] == apps


async def test_a_proof_that_is_given_is_checked_where_there_is_a_secret(log: Log) -> None:
    path = "/v25.0/106540352242922"
    right = hmac.digest(b"s3cret", b"t", "sha256").hex()
    async with sandbox(log, app_secret=Secret("s3cret")) as client:
        assert (await get(client, path, appsecret_proof=right))["status"] == "CONNECTED"
        async with client.get(path, params={"appsecret_proof": "0" * 64}) as answer:
            refused = (await answer.json())["error"]
            assert answer.status == 400
        assert (refused["code"], refused["type"]) == (100, "GraphMethodException")
        assert refused["message"] == "Invalid appsecret_proof provided in the API argument"
    async with sandbox(log) as client:
        assert (await get(client, path, appsecret_proof="any"))["status"] == "CONNECTED"


async def test_templates_are_found_by_name(client: aiohttp.ClientSession) -> None:
    path = "/v25.0/102290129340398/message_templates"
    found = await get(client, path, name="sale", fields="name,language,status,category,components")
    (sale,) = found["data"]
    assert (sale["language"], sale["status"], sale["category"]) == (
        "en_US", "APPROVED", "MARKETING",
    )  # fmt: skip
    assert [component["type"] for component in sale["components"]] == ["HEADER", "BODY", "BUTTONS"]
    assert sale.keys() == {"id", "name", "language", "status", "category", "components"}
    assert "next" not in found["paging"]
    assert (await get(client, path, name="nope"))["data"] == []


async def test_pages_of_templates_lead_to_the_next(client: aiohttp.ClientSession) -> None:
    page = await get(client, "/v25.0/102290129340398/message_templates", limit="5")
    pages = [page]
    while "next" in pages[-1]["paging"]:
        async with client.get(pages[-1]["paging"]["next"]) as answer:
            pages.append(await answer.json())
    keys = [(each["name"], each["language"]) for page in pages for each in page["data"]]
    assert keys == list(TEMPLATES)
    assert [len(page["data"]) for page in pages] == [5, 5, 3]


async def test_a_template_is_found_by_its_id(client: aiohttp.ClientSession) -> None:
    sale = TEMPLATES["sale", "en_US"]
    found = await get(client, f"/v25.0/{sale.id}", fields="status")
    assert found == {"id": sale.id, "status": "APPROVED"}


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "after=%21", "after=eA%3D%3D"])
async def test_a_bad_page_is_refused(client: aiohttp.ClientSession, query: str) -> None:
    async with client.get(f"/v25.0/1/message_templates?{query}") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, 100)


async def test_a_number_can_be_looked_up(client: aiohttp.ClientSession) -> None:
    number = await get(client, "/v25.0/106540352242922", fields="id,status,quality_rating")
    assert (number["id"], number["status"], number["quality_rating"]) == (
        "106540352242922", "CONNECTED", "GREEN",
    )  # fmt: skip
    assert number.keys() == {"id", "status", "quality_rating"}
    async with client.get("/v25.0/me") as answer:
        error = (await answer.json())["error"]
    assert (error["code"], error["error_subcode"]) == (100, 33)


async def test_faults_change_while_it_runs(client: aiohttp.ClientSession) -> None:
    before = await get(client, "/sandbox/faults")
    async with client.put("/sandbox/faults", json={"down": True}) as answer:
        assert await answer.json() == before | {"down": True}
    for down in (client.post(MESSAGES, json=hello(PLAIN)), client.get("/v25.0/1")):
        async with down as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (503, 2)
    async with client.put(
        "/sandbox/faults", json={"down": False, "errors": {"131026": 1}}
    ) as answer:
        assert answer.status == 200
    async with client.post(MESSAGES, json=hello(PLAIN)) as answer:
        assert (await answer.json())["error"]["code"] == 131026


async def test_a_bad_change_of_faults_changes_nothing(client: aiohttp.ClientSession) -> None:
    before = await get(client, "/sandbox/faults")
    async with client.put("/sandbox/faults", json={"latencyMs": 5, "errors": {"5": 1}}) as answer:
        assert answer.status == 400
        refusal = await answer.json()
    assert refusal["error"] == "Bad Request"
    assert "5, which is no error code" in refusal["message"]
    assert await get(client, "/sandbox/faults") == before


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=100001", "after=x", "recipient=49", "status=sent"]
)
async def test_a_bad_question_to_the_ledger_is_refused_in_words(
    client: aiohttp.ClientSession, query: str
) -> None:
    async with client.get(f"/sandbox/ledger?{query}") as answer:
        assert answer.status == 400
        assert query.partition("=")[0] in (await answer.json())["message"]


async def test_a_send_whose_answer_was_lost_has_its_receipt_with_its_tag(
    client: aiohttp.ClientSession,
) -> None:
    to = "4915119000002"
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post(MESSAGES, json=hello(to))
    (entry,) = (await get(client, "/sandbox/ledger", to=to))["entries"]
    (receipt,) = (await get(client, "/sandbox/receipts", to=to))["entries"]
    assert receipt["number"] == entry["number"]
    assert receipt["body"]["object"] == "whatsapp_business_account"
    sent, delivered = statuses_in(receipt)
    assert (sent["status"], delivered["status"]) == ("sent", "delivered")
    assert int(delivered["timestamp"]) - int(sent["timestamp"]) == 1
    for status in (sent, delivered):
        assert (status["id"], status["recipient_id"], status["biz_opaque_callback_data"]) == (
            entry["messageId"], to, f"tag of {to}",
        )  # fmt: skip


async def test_receipts_name_the_number_as_its_lookup_does(client: aiohttp.ClientSession) -> None:
    async with client.post(MESSAGES, json=hello(PLAIN)) as answer:
        assert answer.status == 200
    (receipt,) = (await get(client, "/sandbox/receipts"))["entries"]
    metadata = receipt["body"]["entry"][0]["changes"][0]["value"]["metadata"]
    number = await get(client, "/v25.0/106540352242922")
    assert metadata["phone_number_id"] == number["id"]
    shown = number["display_phone_number"]
    assert metadata["display_phone_number"] == "".join(filter(str.isdigit, shown))


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
async def test_a_receipt_can_be_asked_for_with_one_status(
    client: aiohttp.ClientSession, status: str
) -> None:
    async with client.post(MESSAGES, json=hello(PLAIN)) as answer:
        assert answer.status == 200
    (receipt,) = (await get(client, "/sandbox/receipts", status=status))["entries"]
    (alone,) = statuses_in(receipt)
    assert alone["status"] == status
    assert [error["code"] for error in alone.get("errors", [])] == (
        [131026] if status == "failed" else []
    )


async def test_receipts_are_of_accepted_sends_and_are_filtered_and_paged_as_the_ledger(
    client: aiohttp.ClientSession,
) -> None:
    recipients = [PLAIN, "4915119131026", "4915112345679", "4915112345680"]
    for to in recipients:
        async with client.post(MESSAGES, json=hello(to)):
            pass
    first = await get(client, "/sandbox/receipts", limit="2")
    assert (len(first["entries"]), first["next"], first["cut"]) == (2, 3, 0)
    rest = await get(client, "/sandbox/receipts", after=str(first["next"]), limit="2")
    assert rest["next"] is None
    sent = [statuses_in(receipt)[0] for receipt in first["entries"] + rest["entries"]]
    accepted = [to for to in recipients if to != "4915119131026"]
    assert [status["recipient_id"] for status in sent] == accepted
    for name, value in (("to", PLAIN), ("tag", f"tag of {PLAIN}")):
        (found,) = (await get(client, "/sandbox/receipts", **{name: value}))["entries"]
        assert found == first["entries"][0]
    assert (await get(client, "/sandbox/receipts", phone_number_id="1"))["entries"] == []


@pytest.mark.parametrize(
    "query", ["status=played", "status=", "limit=0", "limit=100001", "after=x", "recipient=49"]
)
async def test_a_bad_question_for_receipts_is_refused_in_words(
    client: aiohttp.ClientSession, query: str
) -> None:
    async with client.get(f"/sandbox/receipts?{query}") as answer:
        assert answer.status == 400
        assert query.partition("=")[0] in (await answer.json())["message"]


async def test_a_status_that_is_none_is_told_which_there_are(client: aiohttp.ClientSession) -> None:
    async with client.get("/sandbox/receipts?status=played") as answer:
        assert (await answer.json())["message"] == (
            "status is one of sent, delivered, read, failed, not 'played'"
        )


async def test_the_ledger_can_be_forgotten(client: aiohttp.ClientSession) -> None:
    async with client.post(MESSAGES, json=hello(PLAIN)) as answer:
        assert answer.status == 200
    async with client.delete("/sandbox/ledger") as answer:
        assert await answer.json() == {"forgotten": 1}
    assert (await get(client, "/sandbox/ledger/summary"))["requests"] == 0
    assert (await get(client, "/sandbox/receipts"))["entries"] == []


async def test_the_first_page_says_what_there_is(client: aiohttp.ClientSession) -> None:
    index = await get(client, "/")
    assert "GET /sandbox/ledger/summary" in index["sandbox"]
    assert any(route.startswith("GET /sandbox/receipts?") for route in index["sandbox"])
    assert {"…9000001", "…9000013"} <= index["recipients"].keys()


async def test_errors_that_make_no_sense_stop_the_start_in_one_sentence(log: Log) -> None:
    with pytest.raises(CannotStart, match=r"^SANDBOX_ERRORS names 42, which"):
        await serve(quiet(free_port(), errors="42=0.5"), log, asyncio.Event())


async def test_an_address_of_another_machine_stops_the_start(log: Log) -> None:
    with pytest.raises(CannotStart, match=r"^cannot listen on 192\.0\.2\.1:"):
        await serve(quiet(free_port(), host="192.0.2.1"), log, asyncio.Event())


@contextmanager
def process(port: int, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m sandbox` as a process of its own."""
    settings = {"SANDBOX_PORT": str(port), "SANDBOX_LATENCY_MS": "0", **environ}
    child = subprocess.Popen(
        [sys.executable, "-m", "sandbox"],
        cwd=ROOT, env={**os.environ, **settings}, stderr=subprocess.PIPE,
    )  # fmt: skip
    with child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_at_once_with_an_answer_hanging(signum: signal.Signals) -> None:
    port = free_port()
    with process(port) as child:
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer t"}
        ) as session:
            await until_healthy(session)
            hanging = asyncio.create_task(session.post(MESSAGES, json=hello("4915119000001")))
            while not await times_in_ledger(session, "4915119000001"):
                await asyncio.sleep(0.01)
            started = time.monotonic()
            child.send_signal(signum)
            assert await asyncio.to_thread(child.wait, 10) == 0
            # It takes 0.2 s; the rest is room for a busy machine.
            assert time.monotonic() - started < 3
            with pytest.raises(aiohttp.ClientConnectionError):
                await hanging


async def test_a_taken_port_is_one_sentence() -> None:
    port = free_port()
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with taken:
        with process(port) as child:
            _, said = await asyncio.to_thread(child.communicate, None, 10)
    assert child.returncode == 1
    assert said.decode() == (
        f"sandbox: port {port} of 127.0.0.1 is taken; stop what uses it, or set SANDBOX_PORT to a"
        " free port\n"
    )
