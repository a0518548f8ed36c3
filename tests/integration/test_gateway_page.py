"""`GET /` and the page's files: for whom, how they are kept, and what they may not do."""

import gzip
from collections.abc import AsyncIterator

import pytest

from gateway.assets import Assets
from plumbing.logs import Log
from schemas.environment import parse_api_keys
from tests.gateways import Running, serving

PAGE = Assets.read()
STYLE = f"/page/{PAGE.digest}/page.css"
KEY = "a-key-of-a-shop"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "identity"}


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


@pytest.fixture
async def guarded(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    keys = parse_api_keys(f"shop:{KEY}")
    async with serving(database_url, nats_url, log, api_keys=keys) as running:
        yield running


async def test_a_browser_gets_the_page_and_a_program_the_routes(gateway: Running) -> None:
    page = await gateway.ask("GET", "/", HTML)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert STYLE in page.body
    routes = await gateway.get("/")
    assert routes.body["name"] == "Loopcast"
    assert "Accept" in page.headers["Vary"]
    assert "Accept" in routes.headers["Vary"]


async def test_the_page_runs_nothing_inline_and_nothing_foreign(gateway: Running) -> None:
    policy = (await gateway.ask("GET", "/", HTML)).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/service",
        "/api/bulk/job/none",
        "/api/bulk/stats",
        "/page/0/none.js",
    ],
)
async def test_what_is_told_a_key_is_kept_by_no_cache_and_taken_for_nothing_else(
    guarded: Running, path: str
) -> None:
    for headers in ({"X-API-Key": KEY}, {}):
        answer = await guarded.ask("GET", path, headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_asks_for_no_key_and_has_no_data(guarded: Running) -> None:
    for path in ("/", STYLE):
        assert (await guarded.ask("GET", path, HTML)).status == 200
    assert (await guarded.get("/api/bulk/jobs")).status == 401


async def test_a_file_is_kept_for_good_under_its_release(gateway: Running) -> None:
    file = await gateway.ask("GET", STYLE, {"Accept-Encoding": "identity"})
    assert "immutable" in file.headers["Cache-Control"]
    assert file.headers["Content-Type"] == "text/css; charset=utf-8"
    page = await gateway.ask("GET", "/", HTML)
    assert page.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", STYLE])
async def test_what_a_browser_has_is_not_sent_again(gateway: Running, path: str) -> None:
    first = await gateway.ask("GET", path, HTML)
    again = await gateway.ask("GET", path, {**HTML, "If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, "")


async def test_a_file_leaves_zipped_where_that_is_taken(gateway: Running) -> None:
    plain = await gateway.ask("HEAD", STYLE, {"Accept-Encoding": "identity"})
    zipped = await gateway.ask("HEAD", STYLE, {"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert int(zipped.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    packed = PAGE.files["page.css"].zipped
    assert packed
    assert gzip.decompress(packed) == PAGE.files["page.css"].body


@pytest.mark.parametrize(
    "path",
    [
        "/page/000000000000/page.css",
        f"/page/{PAGE.digest}/none.css",
        f"/page/{PAGE.digest}/..%2Fapp.py",
    ],
)
async def test_another_release_or_file_is_not_found(gateway: Running, path: str) -> None:
    answer = await gateway.get(path)
    assert (answer.status, answer.body["error"]) == (404, "ROUTE_NOT_FOUND")
