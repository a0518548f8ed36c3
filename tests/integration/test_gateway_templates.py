"""Templates listed for those who write to people: Meta's, 360dialog's, and the sandbox's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from gateway import lookup
from plumbing.logs import Log
from sandbox.app import serve
from sandbox.templates import TEMPLATES
from schemas.environment import Secret
from schemas.sandbox_settings import Sandbox
from tests.gateways import PHONE, QUICK, Running, numbers, quick, serving
from tests.shelf import Shelf, listed
from tests.support import free_port, until

PATH = "/api/templates"
WABA = "102290129340398"
KNOWN: dict[str, Any] = {"access_token": Secret("a-token"), "waba_id": WABA}
BODY = {"type": "BODY", "text": "Hi {{1}}"}


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    async with Shelf([listed("b", BODY), listed("a", BODY)]) as made:
        yield made


@pytest.fixture
async def gateway(
    database_url: str, nats_url: str, log: Log, shelf: Shelf
) -> AsyncIterator[Running]:
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, **KNOWN
    ) as running:
        yield running


def names(body: Any) -> list[str]:
    return [template["name"] for template in body["templates"]]


async def test_all_templates_of_the_account_are_listed_by_name_over_all_pages(
    gateway: Running, shelf: Shelf
) -> None:
    shelf.page_size = 1
    answer = await gateway.get(PATH)
    assert (answer.status, answer.body["state"], answer.body["total"]) == (200, "known", 2)
    assert names(answer.body) == ["a", "b"]
    assert answer.body["asOf"]
    assert [request.query.get("after") for request in shelf.asked] == [None, "1"]
    for request in shelf.asked:
        assert request.path == f"/v25.0/{WABA}/message_templates"
        assert "name" not in request.query


async def test_the_list_is_remembered_until_news_of_a_template_come(
    gateway: Running, shelf: Shelf
) -> None:
    first = await gateway.get(PATH)
    shelf.templates = [listed("c", BODY)]
    assert (await gateway.get(PATH)).body == first.body
    assert len(shelf.asked) == 1
    gateway.parts.templates.forget("c")
    assert names((await gateway.get(f"{PATH}?phoneNumberId={PHONE}")).body) == ["c"]


async def test_a_part_of_the_list_says_how_many_there_are(gateway: Running) -> None:
    answer = await gateway.get(f"{PATH}?limit=1")
    assert (names(answer.body), answer.body["total"]) == (["a"], 2)


@pytest.mark.parametrize(
    ("query", "says"),
    [("limit=0", "limit"), ("limit=6001", "limit"), ("phoneNumberId=x", "phoneNumberId")],
)
async def test_what_cannot_be_asked_for_is_refused(gateway: Running, query: str, says: str) -> None:
    answer = await gateway.get(f"{PATH}?{query}")
    assert (answer.status, answer.body["error"]) == (400, "Bad Request")
    assert answer.body["message"].startswith(says)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"access_token": Secret("t")}, "META_WABA_ID is not set"),
     ({"waba_id": WABA}, "META_ACCESS_TOKEN is not set")],
)  # fmt: skip
async def test_an_account_that_cannot_be_asked_is_said_with_what_is_missing(
    database_url: str, nats_url: str, log: Log, settings: dict[str, Any], reason: str
) -> None:
    async with serving(database_url, nats_url, log, **settings) as gateway:
        body = (await gateway.get(PATH)).body
    assert (body["state"], body["templates"], body["asOf"]) == ("unavailable", [], None)
    assert body["reason"] == f"Templates cannot be looked up: {reason}."


async def test_a_dead_token_is_said_and_asked_about_again(gateway: Running, shelf: Shelf) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"code": 190, "message": "It expired."}}, status=401)

    shelf.script = refuse
    body = (await gateway.get(PATH)).body
    assert body["reason"] == "Meta does not take the access token: 190 It expired."
    shelf.script = None
    assert names((await gateway.get(PATH)).body) == ["a", "b"]


async def test_a_list_that_takes_too_long_keeps_no_submission_from_its_check(
    gateway: Running, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(lookup, "LIST_SECONDS", 0.2)
    shelf.script = hang
    body = (await gateway.get(PATH)).body
    assert "no answer within" in body["reason"]
    shelf.script = None
    answer = await gateway.post(QUICK, quick(numbers(1), template_name="a", variables={"1": "x"}))
    assert (answer.status, answer.body["preflight"]) == (201, {"state": "checked"})


async def test_a_template_that_is_odd_is_left_out_and_counted(
    gateway: Running, shelf: Shelf
) -> None:
    shelf.templates = [listed("a", BODY), listed("odd", language=7)]
    body = (await gateway.get(PATH)).body
    assert names(body) == ["a"]
    assert body["reason"] == "1 template of the account cannot be read here, and left out."


async def test_360dialog_lists_the_templates_of_its_number(
    database_url: str, nats_url: str, log: Log, shelf: Shelf
) -> None:
    shelf.page_size = 1
    async with serving(
        database_url, nats_url, log, graph_api_base_url=shelf.url, provider_name="360dialog",
        access_token=Secret("d360-key"), default_phone_number_id=PHONE,
    ) as gateway:  # fmt: skip
        body = (await gateway.get(PATH)).body
    assert [(one["name"], one["status"], one["sendable"]) for one in body["templates"]] == [
        ("a", "APPROVED", True), ("b", "APPROVED", True),
    ]  # fmt: skip
    assert [request.query["offset"] for request in shelf.asked] == ["0", "1"]


async def test_a_number_of_another_account_has_its_own_templates(
    database_url: str, nats_url: str, log: Log, shelf: Shelf
) -> None:
    given = {"graph_api_base_url": shelf.url, "secret_keys": (Secret("k" * 32),), **KNOWN}
    async with serving(database_url, nats_url, log, **given) as gateway:
        for number, more in (("200", {"wabaId": "22"}), ("300", {})):
            body = {"token": "its-token", "check": False, **more}
            kept = await gateway.ask("PUT", f"/api/numbers/{number}", {}, json=body)
            assert kept.status == 200
        await until(lambda: _are_known(gateway, 2), "the numbers are known")
        assert names((await gateway.get(f"{PATH}?phoneNumberId=200")).body) == ["a", "b"]
        alone = (await gateway.get(f"{PATH}?phoneNumberId=300")).body
    assert "this number has no wabaId" in alone["reason"]
    assert [request.path for request in shelf.asked] == ["/v25.0/22/message_templates"]
    assert shelf.asked[0].headers["Authorization"] == "Bearer its-token"


def _are_known(gateway: Running, count: int) -> bool:
    return len(gateway.parts.keeper.book.entries) == count


async def test_the_sandboxs_templates_are_listed_with_what_fills_them(
    database_url: str, nats_url: str, log: Log
) -> None:
    stop, port = asyncio.Event(), free_port()
    process = asyncio.create_task(serve(Sandbox(port=port, latency_ms=0), log, stop))
    url = f"http://127.0.0.1:{port}"
    async with serving(database_url, nats_url, log, graph_api_base_url=url, **KNOWN) as gateway:
        body = (await gateway.get(PATH)).body
    stop.set()
    await asyncio.wait_for(process, 5)
    assert names(body) == sorted(one.name for one in TEMPLATES.values())
    update = next(one for one in body["templates"] if one["name"] == "order_update")
    assert [(place["key"], place["example"]) for place in update["places"]] == [
        ("1", "Ann"), ("2", "SKU-1"),
    ]  # fmt: skip
    welcome = next(one for one in body["templates"] if one["name"] == "welcome")
    assert [(place["key"], place["means"]) for place in welcome["places"]] == [
        ("first_name", "Stands in place of {{first_name}} in the text.")
    ]
