"""The sandbox's page over real sockets: its files, what it is told live, and who may press."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from plumbing.logs import Log
from sandbox import live
from tests.integration.test_sandbox import MESSAGES, PLAIN, hello, sandbox

PAGE = Path(__file__).parents[2] / "sandbox" / "page"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
Json = dict[str, Any]


@pytest.fixture
async def client(log: Log) -> AsyncIterator[aiohttp.ClientSession]:
    async with sandbox(log) as session:
        yield session


@asynccontextmanager
async def watching(client: aiohttp.ClientSession) -> AsyncIterator[AsyncIterator[Json]]:
    async with client.get("/sandbox/live") as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield frames(answer)


async def frames(answer: aiohttp.ClientResponse) -> AsyncIterator[Json]:
    async for line in answer.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def next_with(told: AsyncIterator[Json], section: str) -> Json:
    async with asyncio.timeout(5):
        async for frame in told:
            if section in frame:
                return frame
    raise AssertionError(f"the stream ended without {section}")


async def test_a_browser_gets_the_page_and_a_program_the_index(
    client: aiohttp.ClientSession,
) -> None:
    async with client.get("/", headers=BROWSER) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.headers["Vary"] == "Accept"
        assert await answer.text() == (PAGE / "index.html").read_text()
    async with client.get("/") as answer:
        assert "GET /sandbox/live" in (await answer.json())["sandbox"]


async def test_nothing_of_the_page_is_foreign_or_inline(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers=BROWSER) as answer:
        policy, page = answer.headers["Content-Security-Policy"], await answer.text()
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert (
        re.findall(r"https?://|<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", page)
        == []
    )
    scripts = "".join(path.read_text() for path in PAGE.glob("*.js"))
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts) == []
    )


async def test_every_file_that_the_page_names_is_served_with_its_type(
    client: aiohttp.ClientSession,
) -> None:
    page = (PAGE / "index.html").read_text()
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    named = re.findall(r'(?:href|src)="(/page/[^"]+)"', page)
    for path in named:
        async with client.get(path) as answer:
            assert answer.status == 200
            assert answer.content_type == kinds[path.rpartition(".")[2]]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    scripts = {f"/page/{path.name}" for path in PAGE.glob("*.js")}
    assert scripts <= set(named), "what is not preloaded costs one more round trip"


async def test_a_file_that_is_known_is_not_sent_again(client: aiohttp.ClientSession) -> None:
    for path in ("/", "/page/app.js"):
        async with client.get(path, headers=BROWSER) as answer:
            tag = answer.headers["ETag"]
        async with client.get(path, headers=BROWSER | {"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with client.get(path, headers=BROWSER | {"If-None-Match": '"old"'}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "%2e%2e%2fapp.py"])
async def test_no_other_file_is_served(client: aiohttp.ClientSession, name: str) -> None:
    async with client.get(f"/page/{name}") as answer:
        assert answer.status == 404


async def test_who_watches_is_told_what_arrives_and_what_changes(
    client: aiohttp.ClientSession,
) -> None:
    async with watching(client) as told:
        first = await next_with(told, "faults")
        assert first["webhooks"]["url"] is None
        await client.post(MESSAGES, json=hello(PLAIN))
        news = await next_with(told, "requests")
        assert [(row["to"], row["text"]) for row in news["requests"]] == [(PLAIN, "Hello")]
        await client.put("/sandbox/faults", json={"tokenDead": True})
        assert (await next_with(told, "faults"))["faults"]["now"]["tokenDead"] is True
        await client.delete("/sandbox/faults")
        assert (await next_with(told, "faults"))["faults"]["now"]["tokenDead"] is False
        await client.delete("/sandbox/ledger")
        assert (await next_with(told, "emptied"))["figures"]["requests"] == 0


async def test_readers_are_bounded_and_leave_room_when_they_go(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_READERS", 1)
    async with watching(client) as told:
        await next_with(told, "faults")
        async with client.get("/sandbox/live") as answer:
            assert answer.status == 503
            assert "the most" in (await answer.json())["message"]
    async with asyncio.timeout(5):
        while True:
            async with client.get("/sandbox/live") as answer:
                if answer.status == 200:
                    break
            await asyncio.sleep(0.02)


async def test_a_reader_does_not_keep_the_sandbox_from_stopping(log: Log) -> None:
    async with sandbox(log) as client, watching(client) as told:
        await next_with(told, "faults")
        loop = asyncio.get_running_loop()
        began = loop.time()
    assert loop.time() - began < 3


async def test_a_phone_shows_what_was_sent_and_what_its_owner_answers(
    client: aiohttp.ClientSession,
) -> None:
    await client.post(MESSAGES, json=hello(PLAIN))
    async with client.get("/sandbox/people", params={"part": PLAIN[-4:]}) as answer:
        assert [person["to"] for person in (await answer.json())["people"]] == [PLAIN]
    async with client.post("/sandbox/inbound", json={"from": PLAIN, "text": "STOP"}) as answer:
        assert (await answer.json())["posted"] is False
    async with client.get("/sandbox/phone", params={"to": "+49 1511 2345678"}) as answer:
        chat = await answer.json()
    assert [(each["who"], each["text"]) for each in chat["messages"]] == [
        ("business", "Hello"), ("person", "STOP"),
    ]  # fmt: skip
    async with client.get("/sandbox/phone", params={"limit": "0"}) as answer:
        assert answer.status == 400
    async with client.get("/sandbox/people", params={"name": "Ann"}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/sandbox/faults"), ("POST", "/sandbox/inbound"), ("DELETE", "/sandbox/ledger"),
     ("POST", MESSAGES)],
)  # fmt: skip
async def test_a_page_of_another_site_presses_nothing(
    client: aiohttp.ClientSession, method: str, path: str
) -> None:
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    async with client.request(method, path, data=b'{"down": true}', headers=headers) as answer:
        assert answer.status == 403
        assert (await answer.json())["message"] == "This request comes from a page of another site."
    async with client.get("/sandbox/faults") as answer:
        assert (await answer.json())["down"] is False


async def test_the_page_itself_and_programs_may_press(client: aiohttp.ClientSession) -> None:
    assert client._base_url is not None
    own = {"Origin": str(client._base_url.origin())}
    for headers in (own, {}, {"Host": "meta.internal.example"}):
        async with client.put("/sandbox/faults", json={"down": False}, headers=headers) as answer:
            assert answer.status == 200
