"""Preflight: what Meta would refuse makes no job, and a lookup that fails loses none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from structlog.testing import LogCapture

from gateway import inspection, lookup
from plumbing.logs import Log
from plumbing.postgres import Pool
from sandbox.app import serve
from schemas.environment import Secret
from schemas.sandbox_settings import Sandbox
from tests.gateways import CUSTOMIZE, DIRECT, PHONE, QUICK, Running, numbers, quick, serving
from tests.shelf import Shelf, listed
from tests.support import free_port

WABA = "102290129340398"
KNOWN: dict[str, Any] = {"access_token": Secret("a-token"), "waba_id": WABA}
BODY = {"type": "BODY", "text": "Hi {{1}}, your order {{2}} is on its way."}
ORDER_UPDATE = listed("order_update", BODY)
CHECKED = {"state": "checked"}
VALUES = {"1": "Ann", "2": "A-1"}


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    async with Shelf([ORDER_UPDATE]) as made:
        yield made


@pytest.fixture
async def gateway(
    database_url: str, nats_url: str, log: Log, shelf: Shelf
) -> AsyncIterator[Running]:
    """It looks templates up on the shelf."""
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, **KNOWN
    ) as running:
        yield running


@pytest.fixture
async def sandboxed(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    """It looks templates up in a sandbox that runs in this process."""
    stop, port = asyncio.Event(), free_port()
    process = asyncio.create_task(serve(Sandbox(port=port, latency_ms=0), log, stop))
    url = f"http://127.0.0.1:{port}"
    async with serving(database_url, nats_url, log, graph_api_base_url=url, **KNOWN) as running:
        await _healthy(running.http, url)
        yield running
    stop.set()
    await asyncio.wait_for(process, 5)


async def _healthy(http: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                async with http.get(f"{url}/healthz") as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)


def rows(template: str, mappings: dict[str, str], *data: dict[str, Any]) -> dict[str, Any]:
    return {
        "templateName": template, "phoneNumberId": PHONE, "recipientColumn": "to",
        "variableMappings": mappings, "data": list(data),
    }  # fmt: skip


def direct(template: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"name": template, "components": list(components), **more}
    message = {"kind": "template", "template": content}
    return {"recipients": numbers(2), "phone_number_id": PHONE, "message": message}


async def jobs_in(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM jobs"))


async def test_what_fits_its_template_becomes_a_job_that_says_so(
    sandboxed: Running, pool: Pool
) -> None:
    answers = [
        await sandboxed.post(QUICK, quick(numbers(2), variables=VALUES)),
        await sandboxed.post(
            QUICK, quick(numbers(2), template_name="welcome", variables={"first_name": "Ann"})
        ),
        await sandboxed.post(
            CUSTOMIZE,
            rows(
                "sale",
                {"1": "name", "header.image": "photo", "button.0.url": "path"},
                {"to": numbers(1)[0], "name": "Ann", "photo": "https://e.com/a.jpg", "path": "x"},
            ),
        ),
        await sandboxed.post(DIRECT, direct("hello_world")),
    ]
    assert [answer.status for answer in answers] == [201] * 4, answers
    assert [answer.body["preflight"] for answer in answers] == [CHECKED] * 4
    jobs = await pool.fetch("SELECT category, is_checked FROM jobs ORDER BY created_at")
    categories = ["UTILITY", "UTILITY", "MARKETING", "UTILITY"]
    assert [tuple(job) for job in jobs] == [(category, True) for category in categories]
    assert await pool.fetchval("SELECT variables FROM messages WHERE variables IS NOT NULL") == (
        b'{"1": "Ann", "button.0.url": "x", "header.image": "https://e.com/a.jpg"}'
    )


REFUSED: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    (QUICK, quick(numbers(1), template_name="paused_offer"), "Template not ready",
     "paused_offer (en_US) is PAUSED at Meta"),
    (QUICK, quick(numbers(1), template_name="order_updat"), "Template not ready",
     "There is no template order_updat at Meta."),
    (QUICK, quick(numbers(1), language="de", variables=VALUES), "Template not ready",
     "order_update is not there in de; it is in en_US."),
    (QUICK, quick(numbers(1), variables={"1": "Ann"}), "Template parameters do not match",
     "order_update (en_US) takes 1, 2; variables lacks 2."),
    (QUICK, quick(numbers(1), template_name="welcome", variables={"1": "Ann"}),
     "Template parameters do not match", "welcome (en_US) takes first_name; variables lacks"),
    (CUSTOMIZE, rows("sale", {"1": "name"}, {"to": numbers(1)[0], "name": "Ann"}),
     "Template parameters do not match",
     "sale (en_US) takes 1, header.image, button.0.url, and may have button.1.payload;"),
    (DIRECT, direct("sale", {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}),
     "Template parameters do not match", "components lacks header image, button 0 url."),
)  # fmt: skip


async def test_what_meta_would_refuse_is_a_400_and_makes_nothing(
    sandboxed: Running, pool: Pool
) -> None:
    for path, body, title, said in REFUSED:
        answer = await sandboxed.post(path, body)
        assert (answer.status, answer.body["error"]) == (400, title), body
        assert answer.body["message"].startswith(said) or said in answer.body["message"]
    assert await jobs_in(pool) == 0


async def test_rows_that_do_not_fill_the_template_are_listed_before_there_is_a_job(
    gateway: Running, pool: Pool
) -> None:
    people = numbers(40)
    data = [{"to": to, "name": "" if n % 2 else "Ann", "order": n} for n, to in enumerate(people)]
    body = rows("order_update", {"1": "name", "2": "order"}, *data)
    answer = await gateway.post(CUSTOMIZE, body, Idempotency_Key="k")
    assert (answer.status, answer.body["error"]) == (400, "Rows do not fill the template")
    assert answer.body["message"] == (
        "20 rows do not fill order_update (en_US); the first are in details. Nothing was made."
    )
    details = answer.body["details"]
    assert details["rowsTotal"] == 20
    assert [row["line"] for row in details["rows"]] == list(range(2, 41, 2))
    assert details["rows"][0] == {
        "line": 2, "value": people[1], "reason": 'the column "name" is empty',
    }  # fmt: skip
    assert await jobs_in(pool) == 0
    mended = rows("order_update", {"1": "name", "2": "order"}, *({**r, "name": "x"} for r in data))
    answer = await gateway.post(CUSTOMIZE, mended, Idempotency_Key="k")  # it was left free
    assert (answer.status, answer.body["accepted"]) == (201, 40)


async def test_the_first_twenty_bad_rows_are_shown_and_all_are_counted(gateway: Running) -> None:
    data = [{"to": to, "name": "x" * 1100, "order": 1} for to in numbers(50)]
    answer = await gateway.post(CUSTOMIZE, rows("order_update", {"1": "name", "2": "order"}, *data))
    assert answer.status == 400
    assert len(answer.body["details"]["rows"]) == 20
    assert answer.body["details"]["rowsTotal"] == 50


async def test_without_an_account_nothing_is_looked_up_and_the_first_message_tells(
    database_url: str, nats_url: str, log: Log, pool: Pool, shelf: Shelf
) -> None:
    text = {"kind": "text", "text": {"body": "Hi"}}
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, access_token=Secret("a-token")
    ) as gateway:
        anything = await gateway.post(QUICK, quick(numbers(1), variables={"x": "y"}))
        words = await gateway.post(DIRECT, {**direct("x"), "message": text})
    assert (anything.status, words.status) == (201, 201)
    assert "preflight" not in {**anything.body, **words.body}
    assert shelf.asked == []
    jobs = await pool.fetch("SELECT category, is_checked FROM jobs ORDER BY created_at")
    assert [tuple(job) for job in jobs] == [(None, False), (None, True)]


async def test_free_text_has_no_template_to_look_up(gateway: Running, shelf: Shelf) -> None:
    text = {"kind": "text", "text": {"body": "Hi"}}
    answer = await gateway.post(DIRECT, {**direct("x"), "message": text})
    assert (answer.status, shelf.asked) == (201, [])
    assert "preflight" not in answer.body


async def test_meta_is_asked_with_the_token_page_by_page_and_once(
    gateway: Running, shelf: Shelf
) -> None:
    others = [listed(f"order_update_{n}", BODY) for n in range(5)]
    shelf.templates, shelf.page_size = [*others, ORDER_UPDATE], 2
    for _ in range(2):
        answer = await gateway.post(QUICK, quick(numbers(1), variables=VALUES))
        assert (answer.status, answer.body["preflight"]) == (201, CHECKED)
    assert [request.query.get("after") for request in shelf.asked] == [None, "2", "4"]
    for request in shelf.asked:
        assert request.path == f"/v25.0/{WABA}/message_templates"
        assert request.headers["Authorization"] == "Bearer a-token"
        assert request.query["name"] == "order_update"
        assert "access_token" not in request.query


async def test_many_submissions_at_once_are_one_lookup(gateway: Running, shelf: Shelf) -> None:
    async def slowly(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.json_response({"data": [ORDER_UPDATE]})

    shelf.script = slowly
    bodies = [quick(numbers(1), variables=VALUES, campaign_name=str(n)) for n in range(8)]
    answers = await asyncio.gather(*(gateway.post(QUICK, body) for body in bodies))
    assert [answer.body["preflight"] for answer in answers] == [CHECKED] * 8
    assert len(shelf.asked) == 1


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def answering(status: int, body: str, **headers: str) -> Any:
    async def script(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return script


def failing(code: int, message: str, status: int = 400) -> Any:
    return answering(status, f'{{"error": {{"code": {code}, "message": "{message}"}}}}')


TROUBLE = {
    "no answer within 0 seconds": hang,
    "no connection": hang_up,
    "HTTP 502": answering(502, "<html>Bad Gateway"),
    "1 An unknown error": failing(1, "An unknown error", 500),
    "200 Permission denied": failing(200, "Permission denied", 403),
    "100 Unsupported get request": failing(100, "Unsupported get request"),
    "HTTP 302": answering(302, "", Location="/v25.0/1/message_templates?name=x"),
    "cannot be read": answering(200, "{}"),
    "the answer is too large": answering(200, "x" * (lookup.MOST_PAGE_BYTES + 1)),
}


@pytest.mark.parametrize("reason", TROUBLE)
async def test_a_submission_is_not_lost_because_a_lookup_failed(
    database_url: str,
    nats_url: str,
    shelf: Shelf,
    pool: Pool,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = LogCapture()
    log: Log = structlog.wrap_logger(None, processors=[lines], wrapper_class=structlog.BoundLogger)
    if TROUBLE[reason] is hang:
        monkeypatch.setattr(lookup, "LOOKUP_SECONDS", 0.2)
    shelf.script = TROUBLE[reason]
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, **KNOWN
    ) as gateway:
        first = await gateway.post(QUICK, quick(numbers(1)))
        shelf.asked.clear()
        second = await gateway.post(QUICK, quick(numbers(1)))
    for answer in (first, second):
        assert answer.status == 201
        assert answer.body["preflight"]["state"] == "skipped"
        assert reason in answer.body["preflight"]["reason"]
    assert shelf.asked == []  # not again for a while
    warned = [line["event"] for line in lines.entries if "template" in line]
    assert warned == ["a template could not be looked up"] * 2
    assert await pool.fetchval("SELECT bool_or(is_checked) FROM jobs") is False


async def test_a_list_without_end_is_given_up(gateway: Running, shelf: Shelf) -> None:
    shelf.templates, shelf.page_size = [listed(f"order_update{n}") for n in range(50)], 1
    answer = await gateway.post(QUICK, quick(numbers(1)))
    assert answer.body["preflight"]["reason"] == (
        "Templates cannot be looked up: the list of templates has more than 20 pages."
    )
    assert len(shelf.asked) == lookup.MOST_PAGES


async def test_a_dead_token_refuses_the_submission_and_is_not_remembered(
    gateway: Running, shelf: Shelf, pool: Pool
) -> None:
    shelf.script = failing(190, "Session has expired.", 401)
    answer = await gateway.post(QUICK, quick(numbers(1), variables=VALUES))
    assert (answer.status, answer.body["error"]) == (502, "Access token refused")
    assert "190 Session has expired." in answer.body["message"]
    assert await jobs_in(pool) == 0
    shelf.script = None
    assert (await gateway.post(QUICK, quick(numbers(1), variables=VALUES))).status == 201


async def test_a_no_is_given_on_fresh_knowledge_only(
    gateway: Running, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "FRESH_SECONDS", 0.0)
    shelf.templates = [{**ORDER_UPDATE, "status": "PAUSED"}]
    body = quick(numbers(1), variables=VALUES)
    assert (await gateway.post(QUICK, body)).status == 400
    shelf.templates = [ORDER_UPDATE]
    assert (await gateway.post(QUICK, body)).status == 201
    shelf.templates = [listed("order_update", {"type": "BODY", "text": "Hi {{1}}"})]
    assert (await gateway.post(QUICK, body)).status == 201  # a yes is kept for ten minutes
    assert (await gateway.post(QUICK, quick(numbers(1), variables={"1": "Ann"}))).status == 201


async def test_a_template_that_is_forgotten_is_looked_up_anew(
    gateway: Running, shelf: Shelf
) -> None:
    body = quick(numbers(1), variables=VALUES)
    assert (await gateway.post(QUICK, body)).status == 201
    shelf.templates = [{**ORDER_UPDATE, "status": "PAUSED"}]
    gateway.parts.templates.forget("order_update")
    answer = await gateway.post(QUICK, body)
    assert (answer.status, answer.body["details"]) == (400, {"status": "PAUSED"})


async def test_a_retried_submission_says_the_same_of_its_template(
    gateway: Running, shelf: Shelf
) -> None:
    body = quick(numbers(1), variables=VALUES)
    first = await gateway.post(QUICK, body, Idempotency_Key="k")
    shelf.templates = []
    gateway.parts.templates.forget("order_update")
    again = await gateway.post(QUICK, body, Idempotency_Key="k")
    assert (again.status, again.body) == (201, first.body)
    assert again.body["preflight"] == CHECKED


FORMS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "video": ([{"type": "HEADER", "format": "VIDEO"}], {"header.video": "1166846181421424"}),
    "document": ([{"type": "HEADER", "format": "DOCUMENT"}],
                 {"header.document": "https://e.com/1.pdf", "header.filename": "Bill.pdf"}),
    "location": ([{"type": "HEADER", "format": "LOCATION"}],
                 {"header.latitude": 52.5163, "header.longitude": 13.3777, "header.name": "Gate",
                  "header.address": "Pariser Platz"}),
    "header text": ([{"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}],
                    {"header.1": "A-1"}),
    "coupon": ([{"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "COPY_CODE"}]}],
               {"button.0.payload": "STOP", "button.1.code": "SAVE25"}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_of_template_goes_in_with_a_row_for_each(
    gateway: Running, shelf: Shelf, pool: Pool, form: str
) -> None:
    components, values = FORMS[form]
    shelf.templates = [listed("form", *components, {"type": "BODY", "text": "Hi"})]
    row = {"to": numbers(1)[0], **values}
    answer = await gateway.post(CUSTOMIZE, rows("form", {key: key for key in values}, row))
    assert (answer.status, answer.body["preflight"]) == (201, CHECKED), answer.body
    assert await pool.fetchval("SELECT count(*) FROM messages") == 1
    less = dict(list(values.items())[1:])
    short = await gateway.post(CUSTOMIZE, rows("form", {key: key for key in less}, row))
    if form == "coupon":  # the payload of a quick reply is nobody's duty
        assert short.status == 201
    else:
        assert short.status == 400


async def test_360dialog_is_asked_for_its_list_with_its_key(
    database_url: str, nats_url: str, log: Log, shelf: Shelf
) -> None:
    shelf.templates, shelf.page_size = [listed("a"), listed("b"), ORDER_UPDATE], 2
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, provider_name="360dialog",
        access_token=Secret("d360-key"), default_phone_number_id=PHONE,
    ) as gateway:  # fmt: skip
        answer = await gateway.post(QUICK, quick(numbers(1), variables=VALUES))
        assert (answer.status, answer.body["preflight"]) == (201, CHECKED)
        refused = await gateway.post(QUICK, quick(numbers(1), variables={}))
        assert (refused.status, refused.body["error"]) == (400, "Template parameters do not match")
        other = await gateway.post(QUICK, quick(numbers(1), phone_number_id="42"))
        assert other.status == 400
        assert f"sends from the number {PHONE} alone" in other.body["message"]
    assert [request.query["offset"] for request in shelf.asked] == ["0", "2"]
    for request in shelf.asked:
        assert request.headers["D360-API-KEY"] == "d360-key"
        assert "Authorization" not in request.headers


async def test_the_gateway_stops_while_a_lookup_is_under_way(
    database_url: str, nats_url: str, log: Log, shelf: Shelf
) -> None:
    shelf.script = hang
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, **KNOWN
    ) as gateway:
        asking = asyncio.create_task(gateway.post(QUICK, quick(numbers(1))))
        async with asyncio.timeout(5):
            while not shelf.asked:
                await asyncio.sleep(0.01)
        asking.cancel()
