"""Sending numbers kept over HTTP: sealed, checked with Meta, and never shown."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from plumbing.book_keeper import BookKeeper
from plumbing.logs import Log
from plumbing.postgres import Pool
from sandbox.app import serve as sandbox
from schemas.environment import Secret
from schemas.sandbox_settings import Sandbox
from schemas.settings import Gateway
from tests.gateways import QUICK, Answer, Running, numbers, quick, serving
from tests.support import free_port

KEY = Secret("k" * 32)
TOKEN = "EAAG-a-token-of-Meta-7Zq9"
SHOP = "200000000000002"
NUMBERS = "/api/numbers"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log, secret_keys=(KEY,)) as running:
        yield running


@asynccontextmanager
async def meta_that_says(status: int, asked: list[tuple[str, str]]) -> AsyncIterator[str]:
    """A server in Meta's place; `asked` gets the path and the token of each question."""

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers["Authorization"]))
        return web.json_response({}, status=status)

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner, port = web.AppRunner(app, access_log=None, shutdown_timeout=0.1), free_port()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def put(gateway: Running, path: str = SHOP, **body: Any) -> Answer:
    return await gateway.ask("PUT", f"{NUMBERS}/{path}", {}, json={"check": False, **body})


async def test_a_number_is_kept_without_its_token_being_shown(
    gateway: Running, pool: Pool, log: Log, database_url: str
) -> None:
    made = await put(gateway, name="Shop", wabaId="22", token=TOKEN, messagesPerSecond=3)
    assert (made.status, made.body["checked"], made.body["tokenHint"]) == (200, False, "7Zq9")
    listed = (await gateway.get(NUMBERS)).body["numbers"]
    assert [(one["phoneNumberId"], one["name"], one["source"]) for one in listed] == [
        (SHOP, "Shop", "stored")
    ]
    kept = await pool.fetchval("SELECT n::text || encode(token, 'escape') FROM numbers n")
    assert TOKEN not in kept + json.dumps(listed)
    keeper = BookKeeper(Gateway(secret_keys=(KEY,)), log)
    await keeper.read(pool)
    assert keeper.book.provider(SHOP).token == TOKEN
    assert keeper.book.per_second(SHOP, 10) == 3


async def test_what_is_not_given_anew_stays_and_a_token_can_be_changed_alone(
    gateway: Running, pool: Pool, log: Log
) -> None:
    await put(gateway, token=TOKEN, appSecret="app-secret-1", name="Shop", loopPauseMs=5000)
    renamed = await put(gateway, name="Shop 2", messagingLimit=250)
    assert (renamed.body["name"], renamed.body["tokenHint"]) == ("Shop 2", "7Zq9")
    assert (renamed.body["loopPauseMs"], renamed.body["hasAppSecret"]) == (None, True)
    changed = await put(gateway, f"{SHOP}/token", token="EAAG-another-1234")
    assert (changed.body["tokenHint"], changed.body["messagingLimit"]) == ("1234", 250)
    keeper = BookKeeper(Gateway(secret_keys=(KEY,)), log)
    await keeper.read(pool)
    assert keeper.book.provider(SHOP).token == "EAAG-another-1234"
    assert keeper.book.app_secrets == ("app-secret-1",)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [(SHOP, {}, 400, "token"), (SHOP, {"token": ""}, 400, "token must be one line"),
     ("abc", {"token": TOKEN}, 400, "phone number id"),
     (SHOP, {"token": TOKEN, "provider": "twilio"}, 400, "provider must be one of"),
     (SHOP, {"token": TOKEN, "wabaId": "x"}, 400, "wabaId"),
     (SHOP, {"token": TOKEN, "messagesPerSecond": 11}, 400, "from 1 to 10"),
     (SHOP, {"token": TOKEN, "loopPauseMs": 10}, 400, "from 2000"),
     (SHOP, {"token": TOKEN, "messagingLimit": -1}, 400, "messagingLimit"),
     (f"{SHOP}/token", {"token": TOKEN}, 404, "No such sending number")],
)  # fmt: skip
async def test_a_number_that_cannot_be_is_refused(
    gateway: Running, pool: Pool, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    answer = await put(gateway, path, **body)
    assert answer.status == status
    assert says in answer.body["message"]
    assert TOKEN not in json.dumps(answer.body)
    assert await pool.fetchval("SELECT count(*) FROM numbers") == 0


async def test_without_a_secret_key_nothing_is_kept_and_it_is_said_how_to_make_one(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log) as gateway:
        answer = await put(gateway, token=TOKEN)
        assert (answer.status, answer.body["error"]) == (409, "No SECRET_KEY")
        assert "openssl rand -hex 32" in answer.body["message"]


async def test_the_environments_number_is_the_first_until_it_is_kept_itself(
    database_url: str, nats_url: str, log: Log
) -> None:
    own: dict[str, Any] = {"default_phone_number_id": "100", "secret_keys": (KEY,)}
    async with serving(database_url, nats_url, log, **own) as gateway:
        await put(gateway, token=TOKEN)
        listed = (await gateway.get(NUMBERS)).body["numbers"]
        assert [one["source"] for one in listed] == ["environment", "stored"]
        assert (await gateway.get(f"{NUMBERS}/100")).body["source"] == "environment"
        for method, path in (("DELETE", "100"), ("PUT", "100/token")):
            answer = await gateway.ask(method, f"{NUMBERS}/{path}", {}, json={"token": "x"})
            assert (answer.status, answer.body["error"]) == (409, "Number of the environment")


async def test_a_number_with_jobs_stays_and_one_that_is_disabled_takes_none(
    gateway: Running,
) -> None:
    await put(gateway, token=TOKEN)
    body = quick(numbers(1), phone_number_id=SHOP)
    job_id = (await gateway.post(QUICK, body)).body["jobId"]
    kept = await gateway.ask("DELETE", f"{NUMBERS}/{SHOP}", {})
    assert (kept.status, kept.body["details"]["jobs"]) == (409, [job_id])
    assert (await gateway.get(f"{NUMBERS}/{SHOP}")).body["unfinishedJobs"] == 1
    await put(gateway, enabled=False)
    await gateway.parts.keeper.read(_pool(gateway))
    refused = await gateway.post(QUICK, body)
    assert (refused.status, refused.body["error"]) == (409, "Number disabled")


async def test_a_number_that_was_sent_from_without_being_added_is_listed_and_stays_as_it_is(
    gateway: Running, pool: Pool
) -> None:
    await put(gateway, token=TOKEN, messagesPerSecond=3)
    await gateway.submit(5, phone_number_id="300")
    await pool.execute("INSERT INTO lanes (phone_number_id) VALUES ('400')")
    listed = (await gateway.get(NUMBERS)).body["numbers"]
    assert [(one["phoneNumberId"], one["source"], one["paceNow"]) for one in listed] == [
        (SHOP, "stored", 3), ("300", "environment", 10), ("400", "environment", 10),
    ]  # fmt: skip
    assert listed[1]["queue"] == {"jobs": 1, "messages": 5}
    assert (await gateway.get(f"{NUMBERS}/400")).body == listed[2]
    assert (await gateway.get(f"{NUMBERS}/500")).status == 404
    assert (await gateway.ask("DELETE", f"{NUMBERS}/400", {})).status == 404
    assert (await put(gateway, "400/token", token="x")).status == 404


async def test_a_number_is_told_with_what_holds_it_and_how_many_it_has_reached(
    gateway: Running, pool: Pool
) -> None:
    await gateway.submit(2, phone_number_id=SHOP)
    await gateway.post(f"{NUMBERS}/{SHOP}/pause", {})
    await pool.execute(
        """
        INSERT INTO lanes (phone_number_id, people_limit, held_until, held_by, slowed_to,
                           slowed_from, slowed_at)
        VALUES ($1, 250, now() + interval '1 hour', 'messaging limit', 2, 10, now())""",
        SHOP,
    )
    await pool.execute("""
        UPDATE jobs SET limited_by = 'messaging limit', limited_until = now() + interval '2 hours'
        """)
    await pool.execute("""
        INSERT INTO reach VALUES (date_trunc('minute', now()), 100),
                                 (now() - interval '3 hours', 50), (now() - interval '2 days', 7)
        """)
    said = (await gateway.get(f"{NUMBERS}/{SHOP}")).body
    assert (said["limit"]["people24h"], said["limit"]["reached24h"]) == (250, 150)
    assert said["limit"]["limitedUntil"] > said["heldUntil"]
    assert (said["heldBy"], said["paceNow"], said["isPaused"]) == ("messaging limit", 2, True)
    assert said["slowedUntil"] < said["heldUntil"]
    assert (said["quality"], said["note"]) == (None, None)


async def test_meta_is_asked_how_it_rates_a_number_only_where_that_is_wanted(
    database_url: str, nats_url: str, log: Log
) -> None:
    stop, port = asyncio.Event(), free_port()
    process = asyncio.create_task(sandbox(Sandbox(port=port, latency_ms=0), log, stop))
    settings: dict[str, Any] = {
        "graph_api_base_url": f"http://127.0.0.1:{port}", "secret_keys": (KEY,),
        "access_token": Secret("t"), "default_phone_number_id": "100",
    }  # fmt: skip
    async with serving(database_url, nats_url, log, **settings) as gateway:
        plain = (await gateway.get(f"{NUMBERS}/100")).body
        (live,) = (await gateway.get(f"{NUMBERS}?live=true")).body["numbers"]
        stop.set()
        await asyncio.wait_for(process, 5)
        again = (await gateway.get(f"{NUMBERS}/100?live=true")).body
        await put(gateway, token=TOKEN)
        numbers_now = (await gateway.get(f"{NUMBERS}?live=true")).body["numbers"]
        assert (await gateway.get(f"{NUMBERS}?live=yes")).status == 400
    assert (plain["quality"], plain["note"]) == (None, None)
    assert (live["quality"], live["verifiedName"]) == ("GREEN", "Loopcast sandbox")
    assert live["displayPhoneNumber"] == "+1 555-078-3881"
    assert again == live
    assert [(one["quality"], one["note"]) for one in numbers_now] == [
        ("GREEN", None), (None, "Meta did not answer in time."),
    ]  # fmt: skip


async def test_a_number_that_is_dropped_is_gone(gateway: Running) -> None:
    await put(gateway, token=TOKEN)
    dropped = await gateway.ask("DELETE", f"{NUMBERS}/{SHOP}", {})
    assert dropped.body == {"dropped": True, "phoneNumberId": SHOP}
    assert (await gateway.get(f"{NUMBERS}/{SHOP}")).status == 404


def _pool(gateway: Running) -> Pool:
    pool = gateway.parts.store._pool
    assert pool is not None
    return pool


@pytest.mark.parametrize(
    ("status", "kept", "checked"), [(200, 1, True), (401, 0, None), (400, 0, None), (503, 1, False)]
)
async def test_meta_is_asked_whether_it_takes_the_token(
    database_url: str, nats_url: str, log: Log, pool: Pool, status: int, kept: int,
    checked: bool | None,
) -> None:  # fmt: skip
    asked: list[tuple[str, str]] = []
    async with meta_that_says(status, asked) as url:
        settings: dict[str, Any] = {"graph_api_base_url": url, "secret_keys": (KEY,)}
        async with serving(database_url, nats_url, log, **settings) as gateway:
            answer = await put(gateway, token=TOKEN, check=True)
    assert answer.body.get("checked") == checked
    assert await pool.fetchval("SELECT count(*) FROM numbers") == kept
    assert asked == [(f"/v25.0/{SHOP}", f"Bearer {TOKEN}")]


async def test_a_token_that_does_not_open_is_said_once_and_sends_nothing(
    gateway: Running, pool: Pool, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    await put(gateway, token=TOKEN)
    keeper = BookKeeper(Gateway(secret_keys=(Secret("x" * 32),)), log)
    for _ in range(3):
        await keeper.read(pool)
    assert keeper.book.provider(SHOP).token == ""
    said = capsys.readouterr()
    assert (said.out + said.err).count("does not open with SECRET_KEY") == 1
    assert TOKEN not in said.out + said.err
