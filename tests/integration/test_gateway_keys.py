"""Keys that people make: what they may, how long, how often, and that they end when revoked."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from gateway import keyring, realtime
from gateway.key_store import ApiKeys
from gateway.keyring import KeyRing, new_key
from gateway.routes import ROUTES
from gateway.store import Store
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import parse_api_keys
from schemas.scopes import Scope
from tests.gateways import QUICK, Answer, Running, Stream, numbers, quick, serving

ROOT = "root-key-1"
KEYS = "/api/keys"
SAID_ONCE = "lc_"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    keys = parse_api_keys(f"root:{ROOT}")
    async with serving(database_url, nats_url, log, api_keys=keys) as running:
        yield running


async def made(gateway: Running, *scopes: str, name: str = "shop", **more: Any) -> Any:
    answer = await gateway.post(KEYS, {"name": name, "scopes": scopes, **more}, X_API_Key=ROOT)
    assert answer.status == 201, answer.body
    return answer.body


async def submitted(
    gateway: Running, key: str, first: int = 0, idempotency_key: str = ""
) -> Answer:
    named = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    headers = {"X-API-Key": key, **named}
    return await gateway.ask("POST", QUICK, headers, json=quick(numbers(1, first)))


async def test_a_key_is_told_once_and_kept_as_its_digest(gateway: Running, pool: Pool) -> None:
    said = await made(gateway, "send", "read", submissionsPerMinute=5)
    key = said.pop("key")
    assert key.startswith(SAID_ONCE)
    assert len(key) == 46
    listed = (await gateway.get(KEYS, X_API_Key=ROOT)).body["keys"]
    assert [one["name"] for one in listed] == ["root", "shop"]
    assert listed[1] == said
    assert (said["hint"], said["scopes"], said["madeBy"], said["isLive"]) == (
        key[-4:], ["read", "send"], "root", True,
    )  # fmt: skip
    kept = await pool.fetchval("SELECT k::text FROM api_keys k")
    assert key not in kept + json.dumps(listed)


async def test_jobs_belong_to_the_name_of_the_key(gateway: Running) -> None:
    key = (await made(gateway, "send", "read"))["key"]
    job_id = (await submitted(gateway, key)).body["jobId"]
    assert (await gateway.get(f"/api/bulk/job/{job_id}", X_API_Key=key)).status == 200
    assert (await gateway.get(f"/api/bulk/job/{job_id}", X_API_Key=ROOT)).status == 403
    other = (await made(gateway, "read", name="shop"))["key"]
    assert (await gateway.get(f"/api/bulk/job/{job_id}", X_API_Key=other)).status == 200


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [("send", "POST", QUICK), ("read", "GET", "/api/bulk/jobs"), ("control", "POST", "/api/pause"),
     ("admin", "GET", KEYS), ("read", "HEAD", "/api/bulk/stats"), ("read", "GET", "/metrics"),
     ("send", "POST", "/api/bulk/upload"), ("control", "POST", "/api/suppressions")],
)  # fmt: skip
async def test_what_a_key_has_no_scope_for_is_refused_by_name(
    gateway: Running, scope: str, method: str, path: str
) -> None:
    others = [other for other in ("read", "send", "control") if other != scope]
    key = (await made(gateway, *others))["key"]
    answer = await gateway.ask(method, path, {"X-API-Key": key})
    assert answer.status == 403
    assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]
    if method != "HEAD":
        assert answer.body["details"] == {"needed": scope, "held": sorted(others)}
    everything = (await made(gateway, "admin"))["key"]
    assert (await gateway.ask(method, path, {"X-API-Key": everything})).status != 403


async def test_who_may_not_make_keys_cannot_give_themselves_more(gateway: Running) -> None:
    key = (await made(gateway, "read", "send", "control"))["key"]
    asked = {"name": "shop", "scopes": ["admin"]}
    assert (await gateway.post(KEYS, asked, X_API_Key=key)).status == 403


@pytest.mark.parametrize("scope", Scope)
async def test_every_key_may_ask_what_the_service_is_and_what_it_may_itself(
    gateway: Running, scope: Scope
) -> None:
    key = (await made(gateway, scope))["key"]
    answer = await gateway.get("/api/service", X_API_Key=key)
    held = [*Scope] if scope is Scope.ADMIN else [scope]
    assert answer.status == 200
    assert answer.body["holder"] == {"name": "shop", "scopes": held, "asksForKeys": True}
    assert ROOT not in json.dumps(answer.body)
    assert (await gateway.get("/api/service")).status == 401
    assert (await gateway.get("/api/service", X_API_Key="lc_nobodys")).status == 401


def test_each_route_says_what_it_needs() -> None:
    opened = {route.path for route in ROUTES if route.scope is None}
    assert opened == {
        "/", "/api/docs", "/api/openapi.json", "/api/session", "/webhooks/whatsapp",
        "/webhooks/meta", "/healthz", "/readyz", "/api/service", "/page/{digest}/{name}",
    }  # fmt: skip
    changing = [route for route in ROUTES if route.method != "GET" and route.path not in opened]
    assert Scope.READ not in {route.scope for route in changing}


async def test_a_key_of_the_environment_may_everything(gateway: Running) -> None:
    assert (await submitted(gateway, ROOT)).status == 201
    for path in ("/api/bulk/jobs", "/api/pause", KEYS):
        assert (await gateway.get(path, X_API_Key=ROOT)).status == 200


async def test_a_revoked_key_opens_nothing_and_to_revoke_it_again_changes_nothing(
    gateway: Running,
) -> None:
    said = await made(gateway, "read")
    path = f"{KEYS}/{said['id']}"
    assert (await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])).status == 200
    first = await gateway.ask("DELETE", path, {"X-API-Key": ROOT})
    again = await gateway.ask("DELETE", path, {"X-API-Key": ROOT})
    assert first.body == again.body
    assert (first.status, first.body["isLive"], first.body["revokedBy"]) == (200, False, "root")
    assert (await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])).status == 401


@pytest.mark.parametrize("key_id", ["nonsense", "0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11"])
async def test_a_key_that_is_not_there_cannot_be_revoked(gateway: Running, key_id: str) -> None:
    answer = await gateway.ask("DELETE", f"{KEYS}/{key_id}", {"X-API-Key": ROOT})
    assert (answer.status, answer.body["error"]) == (404, "Key not found")


async def test_another_gateway_learns_of_it_when_it_asks_again(
    pool: Pool, gateway: Running
) -> None:
    said, now = await made(gateway, "read"), 100.0
    elsewhere = KeyRing(ApiKeys(Store(pool)), clock=lambda: now)
    assert await elsewhere.holder_of_key(said["key"]) is not None
    await gateway.ask("DELETE", f"{KEYS}/{said['id']}", {"X-API-Key": ROOT})
    now += keyring.ASK_AGAIN_SECONDS - 0.1
    assert await elsewhere.holder_of_key(said["key"]) is not None
    now += 0.2
    assert await elsewhere.holder_of_key(said["key"]) is None


async def test_an_expired_key_opens_nothing(gateway: Running, pool: Pool) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    said = await made(gateway, "read", expiresAt=soon)
    assert (await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])).status == 200
    await pool.execute("UPDATE api_keys SET expires_at = now()")
    gateway.parts.ring.forget()
    assert (await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])).status == 401


@pytest.mark.parametrize(
    ("asked", "says"),
    [({}, "name, scopes"), ({"name": "a", "scopes": []}, "scopes"),
     ({"name": "a b", "scopes": ["read"]}, "name must be"),
     ({"name": "metrics", "scopes": ["read"]}, "not metrics"),
     ({"name": "a", "scopes": ["write"]}, "'write' is no scope"),
     ({"name": "a", "scopes": ["read"], "expiresAt": "2020-01-01T00:00:00Z"}, "past"),
     ({"name": "a", "scopes": ["read"], "expiresAt": "2099-01-01T00:00:00"}, "zone"),
     ({"name": "a", "scopes": ["read"], "expiresAt": "soon"}, "ISO 8601"),
     ({"name": "a", "scopes": ["read"], "expiresAt": ""}, "ISO 8601"),
     ({"name": "a", "scopes": ["read"], "expires": "2099-01-01T00:00:00Z"}, "expires"),
     ({"name": "a", "scopes": ["read"], "submissionsPerMinute": -1}, "from 0")],
)  # fmt: skip
async def test_a_key_that_cannot_be_is_refused(
    gateway: Running, pool: Pool, asked: dict[str, Any], says: str
) -> None:
    answer = await gateway.post(KEYS, asked, X_API_Key=ROOT)
    assert answer.status == 400
    assert says in answer.body["message"]
    assert await pool.fetchval("SELECT count(*) FROM api_keys") == 0


async def test_when_it_was_used_is_noted_once_a_minute(gateway: Running, pool: Pool) -> None:
    said = await made(gateway, "read")
    assert said["lastUsedAt"] is None
    used = "SELECT last_used_at FROM api_keys"
    await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])
    first = await pool.fetchval(used)
    gateway.parts.ring.forget()
    await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])
    assert first is not None
    assert await pool.fetchval(used) == first
    await pool.execute("UPDATE api_keys SET last_used_at = now() - interval '61 seconds'")
    gateway.parts.ring.forget()
    await gateway.get("/api/bulk/jobs", X_API_Key=said["key"])
    assert await pool.fetchval(used) > first


async def test_a_session_ends_with_its_key_and_when_it_is_ended(gateway: Running) -> None:
    said = await made(gateway, "read")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.post(f"{gateway.url}/api/session", json={"key": said["key"]}) as begun:
            assert (begun.status, (await begun.json())["owner"]) == (200, "shop")
        jobs = f"{gateway.url}/api/bulk/jobs"
        assert (await browser.get(jobs)).status == 200
        cookies = browser.cookie_jar.filter_cookies(begun.url)
        (stolen,) = [cookie.value for cookie in cookies.values()]
        assert (await browser.delete(f"{gateway.url}/api/session")).status == 200
    again = {"Cookie": f"loopcast_session={stolen}"}
    assert (await gateway.ask("GET", "/api/bulk/jobs", again)).status == 401


async def test_a_session_of_a_revoked_key_opens_nothing(gateway: Running) -> None:
    said = await made(gateway, "read")
    begun = await gateway.post("/api/session", {"key": said["key"]})
    cookie = {"Cookie": begun.headers["Set-Cookie"].split(";")[0]}
    assert (await gateway.ask("GET", "/api/bulk/jobs", cookie)).status == 200
    await gateway.ask("DELETE", f"{KEYS}/{said['id']}", {"X-API-Key": ROOT})
    assert (await gateway.ask("GET", "/api/bulk/jobs", cookie)).status == 401


async def test_an_open_stream_ends_with_its_key(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "PING_SECONDS", 0.1)
    said = await made(gateway, "read", "send")
    job_id = (await submitted(gateway, said["key"])).body["jobId"]
    url = f"{gateway.url}/api/bulk/realtime/{job_id}"
    async with gateway.http.get(url, headers={"X-API-Key": said["key"]}) as response:
        stream = Stream(response)
        assert await stream.next() is not None
        await gateway.ask("DELETE", f"{KEYS}/{said['id']}", {"X-API-Key": ROOT})
        assert await stream.next(seconds=20) is None
    assert stream.comments  # it was pinged, and went on until then


async def test_more_submissions_than_a_key_may_make_wait_and_lose_nothing(
    gateway: Running, pool: Pool
) -> None:
    key = (await made(gateway, "send", submissionsPerMinute=2))["key"]
    first = await submitted(gateway, key, idempotency_key="a")
    assert (first.status, (await submitted(gateway, key, 1)).status) == (201, 201)
    over = await submitted(gateway, key, 2)
    assert (over.status, over.body["error"]) == (429, "Too many submissions")
    assert 1 <= int(over.headers["Retry-After"]) <= 30
    again = await submitted(gateway, key, idempotency_key="a")
    assert (again.status, again.body) == (201, first.body)
    ndjson = await gateway.post("/api/bulk/send.ndjson", data=b"{}", X_API_Key=key)
    assert ndjson.status == 429
    rehearsed = await gateway.post(f"{QUICK}?dryRun=true", quick(numbers(1)), X_API_Key=key)
    assert rehearsed.status == 200
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 2
    await pool.execute("UPDATE submission_quota SET used_until = now() + interval '29 seconds'")
    assert (await submitted(gateway, key, 2)).status == 201


async def test_gateways_side_by_side_count_together(pool: Pool) -> None:
    kept = ApiKeys(Store(pool))
    waits = await asyncio.gather(*(kept.take_turn("shop", 6.0) for _ in range(30)))
    assert sum(wait is None for wait in waits) == 10
    assert all(5 < wait <= 6 for wait in waits if wait is not None)


async def test_a_key_without_a_limit_has_none_and_others_have_that_of_the_service(
    database_url: str, nats_url: str, log: Log
) -> None:
    keys = parse_api_keys(f"root:{ROOT}")
    async with serving(
        database_url, nats_url, log, api_keys=keys, submissions_per_minute=1
    ) as gateway:
        assert [(await submitted(gateway, ROOT, n)).status for n in range(2)] == [201, 429]
        free = (await made(gateway, "send", submissionsPerMinute=0))["key"]
        assert [(await submitted(gateway, free, n)).status for n in range(2, 5)] == [201] * 3


async def test_what_nobody_holds_is_remembered_within_bounds(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And pushes out no key that somebody holds."""
    monkeypatch.setattr(keyring, "MOST_REMEMBERED", 20)
    ring, key = (
        KeyRing(ApiKeys(Store(pool)), clock=lambda: 1.0),
        (await made(gateway, "read"))["key"],
    )
    assert await ring.holder_of_key(key) is not None
    for _ in range(25):
        assert await ring.holder_of_key(new_key()) is None
    assert (len(ring._unknown), len(ring._held)) == (20, 1)


@pytest.mark.parametrize("key", ["", "lc_", "lc_" + "x" * 43, "lc_" + "x" * 500, "ls_x", "\ud800"])
async def test_what_is_no_key_opens_nothing(pool: Pool, key: str) -> None:
    ring = KeyRing(ApiKeys(Store(pool)))
    assert await ring.holder_of_key(key) is None
    assert await ring.holder_of_session(key) is None


async def test_no_key_is_in_the_log(gateway: Running, capsys: pytest.CaptureFixture[str]) -> None:
    said = await made(gateway, "read", "send")
    await submitted(gateway, said["key"])
    await gateway.post("/api/session", {"key": said["key"]})
    await gateway.ask("DELETE", f"{KEYS}/{said['id']}", {"X-API-Key": ROOT})
    printed = capsys.readouterr()
    assert "key revoked" in printed.out + printed.err
    assert said["key"] not in printed.out + printed.err
