"""The sandbox posts signed webhooks until they are taken, and does what its control API says."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from plumbing.logs import Log
from plumbing.process import CannotStart
from sandbox.app import serve
from sandbox.courier import Courier
from schemas.environment import Secret
from schemas.sandbox_settings import Sandbox
from tests.sandboxes import NUMBER, PLAIN, Json, template_body, text_body
from tests.support import free_port, until

SECRET = "the app's secret"
AT_ONCE = {"sentMs": 0, "deliveredMs": 0, "readMs": 0, "read": 1}
QUICK = {"receipts": AT_ONCE, "webhooks": {"batchMs": 5, "retryMs": 20}}


class Receiver:
    """Takes webhooks as a gateway would: 200 for what is signed, after `refusals` of them."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.bodies: list[bytes] = []
        self.refusals: list[int] = []
        self.answer_after = asyncio.Event()
        self.answer_after.set()
        self.at_once = self.most_at_once = 0

    async def take(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        body = await request.read()
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        try:
            if request.headers.get("X-Hub-Signature-256") != expected:
                return web.Response(status=401)
            await self.answer_after.wait()
            if self.refusals:
                return web.Response(status=self.refusals.pop(0))
            self.bodies.append(body)
            return web.Response()
        finally:
            self.at_once -= 1

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/hook", self.take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    @property
    def changes(self) -> list[Json]:
        return [
            change
            for body in self.bodies
            for entry in json.loads(body)["entry"]
            for change in entry["changes"]
        ]

    @property
    def statuses(self) -> list[str]:
        return [
            status["status"]
            for change in self.changes
            for status in change["value"].get("statuses", ())
        ]


class Running:
    """A sandbox that serves, and a client for it."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def send(self, body: bytes) -> Json:
        async with self.http.post(f"/v25.0/{NUMBER}/messages", data=body) as answer:
            assert answer.status == 200, await answer.text()
            sent: Json = await answer.json()
            return sent

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Json:
        async with self.http.request(method, path, json=body) as answer:
            said: Json = await answer.json()
            assert answer.status == status, said
            return said


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with made.listening():
        yield made


@asynccontextmanager
async def sandbox(log: Log, **settings: Any) -> AsyncIterator[Running]:
    """A sandbox in this process, without latency and limits."""
    stop, port = asyncio.Event(), free_port()
    quiet = {"port": port, "latency_ms": 0, "throughput_per_second": 0, "pair_burst": 0}
    serving = asyncio.create_task(serve(Sandbox(**(quiet | settings)), log, stop))
    headers = {"Authorization": "Bearer t"}
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as http:
            async with asyncio.timeout(10):
                while not await _is_up(http) and not serving.done():
                    await asyncio.sleep(0.01)
            yield Running(http)
    finally:
        stop.set()
        await asyncio.wait_for(serving, 5)


async def _is_up(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


@pytest.fixture
async def running(receiver: Receiver, log: Log) -> AsyncIterator[Running]:
    """A sandbox that posts everything at once to the receiver."""
    async with sandbox(log, webhook_url=receiver.url, app_secret=Secret(SECRET)) as made:
        await made.ask("PUT", "/sandbox/script", QUICK)
        yield made


async def test_receipts_are_posted_signed(running: Running, receiver: Receiver) -> None:
    sent = await running.send(template_body(PLAIN))
    await until(lambda: len(receiver.statuses) == 3, "three statuses")
    assert receiver.statuses == ["sent", "delivered", "read"]
    (value,) = (change["value"] for change in receiver.changes)
    ids = {status["id"] for status in value["statuses"]}
    assert ids == {sent["messages"][0]["id"]}
    assert all(body.isascii() for body in receiver.bodies)


async def test_a_refused_body_comes_again_until_it_is_taken(
    running: Running, receiver: Receiver
) -> None:
    receiver.refusals = [503, 404, 201]
    await running.send(template_body(PLAIN))
    await until(lambda: len(receiver.statuses) == 3, "three statuses")
    await until_taken(running)
    (entry,) = (await running.ask("GET", "/sandbox/webhooks"))["entries"]
    assert (entry["answers"], entry["state"]) == (["503", "404", "201", "200"], "taken")
    assert json.loads(receiver.bodies[0]) == entry["body"]


async def until_taken(running: Running, count: int = 1) -> Json:
    """The figures, once that many bodies were taken and nothing is left."""
    async with asyncio.timeout(10):
        while True:
            figures = await running.ask("GET", "/sandbox/webhooks")
            left = figures["plannedUpdates"] + figures["underWay"] + figures["waiting"]
            if figures["taken"] >= count and not left:
                return figures
            await asyncio.sleep(0.01)


async def test_a_receiver_that_is_not_there_yet_gets_everything_when_it_is(log: Log) -> None:
    receiver = Receiver()
    async with sandbox(log, webhook_url=receiver.url, app_secret=Secret(SECRET)) as running:
        await running.ask("PUT", "/sandbox/script", QUICK)
        await running.send(template_body(PLAIN))
        async with asyncio.timeout(10):
            while not (await running.ask("GET", "/sandbox/webhooks"))["waiting"]:
                await asyncio.sleep(0.01)
        async with receiver.listening():
            await until(lambda: len(receiver.statuses) == 3, "three statuses")
        (entry,) = (await running.ask("GET", "/sandbox/webhooks"))["entries"]
        assert entry["answers"][0] == "no connection"


async def test_a_slow_receiver_is_given_up_on_and_asked_again(
    running: Running, receiver: Receiver
) -> None:
    await running.ask("PUT", "/sandbox/script", {"webhooks": {"timeoutMs": 50}})
    receiver.answer_after.clear()
    await running.send(template_body(PLAIN))
    async with asyncio.timeout(10):
        while not (await running.ask("GET", "/sandbox/webhooks"))["retries"]:
            await asyncio.sleep(0.01)
    await running.ask("PUT", "/sandbox/script", {"webhooks": {"timeoutMs": 10_000}})
    receiver.answer_after.set()
    await until(lambda: len(receiver.statuses) >= 3, "three statuses")
    figures = await until_taken(running)
    assert figures["entries"][0]["answers"][0] == "no answer in time"


async def test_receipts_come_before_a_slow_answer(running: Running, receiver: Receiver) -> None:
    await running.ask("PUT", "/sandbox/faults", {"latencyMs": 60_000, "latencySpread": 0})
    sending = asyncio.create_task(running.send(template_body(PLAIN)))
    await until(lambda: len(receiver.statuses) == 3, "three statuses")
    assert not sending.done()
    sending.cancel()


async def test_no_more_posts_are_under_way_than_there_are_connections(
    running: Running, receiver: Receiver
) -> None:
    several = {"webhooks": {"connections": 3, "statusesPerBody": 1}}
    await running.ask("PUT", "/sandbox/script", several)
    receiver.answer_after.clear()
    for number in range(5):
        await running.send(template_body(f"491511234567{number}"))
    await until(lambda: receiver.at_once == 3, "three posts at once")
    receiver.answer_after.set()
    await until(lambda: len(receiver.statuses) == 15, "all statuses")
    assert receiver.most_at_once == 3
    assert all(len(json.loads(body)["entry"]) == 1 for body in receiver.bodies)


async def test_many_are_put_into_bodies_of_many(running: Running, receiver: Receiver) -> None:
    split = {"statusesPerBody": 20, "statusesPerChange": 8, "changesPerEntry": 2, "batchMs": 200}
    await running.ask("PUT", "/sandbox/script", {"webhooks": split})
    for number in range(20):
        await running.send(template_body(f"49151123456{number:02d}"))
    await until(lambda: len(receiver.statuses) == 60, "all statuses")
    sizes = [
        [[len(change["value"]["statuses"]) for change in entry["changes"]]
         for entry in json.loads(body)["entry"]]
        for body in receiver.bodies
    ]  # fmt: skip
    assert [[8, 8], [4]] in sizes


async def test_a_pause_is_told_and_the_next_send_is_refused(
    running: Running, receiver: Receiver
) -> None:
    change = {"name": "hello_world", "status": "PAUSED"}
    shown = await running.ask("POST", "/sandbox/templates", change)
    assert (shown["status"], shown["held"]) == ("PAUSED", None)
    await until(lambda: len(receiver.changes) == 1, "the news")
    assert receiver.changes[0]["field"] == "message_template_status_update"
    assert receiver.changes[0]["value"]["event"] == "PAUSED"
    path = f"/v25.0/{NUMBER}/messages"
    async with running.http.post(path, data=template_body(PLAIN)) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, 132015)
    templates = "/v25.0/102290129340398/message_templates"
    found = await running.ask("GET", f"{templates}?status=PAUSED&fields=name")
    assert [each["name"] for each in found["data"]] == ["hello_world", "paused_offer"]


async def test_templates_come_and_go(running: Running) -> None:
    body = {"type": "BODY", "text": "Spring is here."}
    spring = {"name": "spring", "language": "de", "category": "MARKETING", "components": [body]}
    put = await running.ask("PUT", "/sandbox/templates", spring)
    await running.send(template_body(PLAIN, "spring", language="de"))
    (shown,) = (await running.ask("GET", "/sandbox/templates?name=spring"))["data"]
    assert shown == put | {"held": None}
    gone = "/sandbox/templates?name=spring"
    assert len((await running.ask("DELETE", gone))["removed"]) == 1
    refused = await running.ask("DELETE", gone, status=404)
    assert refused == {"error": "Not Found", "message": "there is no template spring"}


async def test_a_person_writes_at_once(running: Running, receiver: Receiver) -> None:
    sent = await running.send(template_body(PLAIN, "news"))
    stop = {"from": PLAIN, "button": "Stop promotions"}
    written = await running.ask("POST", "/sandbox/inbound", stop)
    about = sent["messages"][0]["id"]
    assert written == {
        "from": PLAIN, "phone_number_id": NUMBER, "about": about, "posted": True
    }  # fmt: skip
    await until(lambda: len(receiver.changes) >= 2, "the message")
    messages = [
        message for change in receiver.changes for message in change["value"].get("messages", ())
    ]
    assert [(each["context"]["id"], each["button"]["text"]) for each in messages] == [
        (about, "Stop promotions")
    ]


async def test_news_of_the_account_are_posted(running: Running, receiver: Receiver) -> None:
    notice = {"field": "account_update", "value": {"event": "DISABLED_UPDATE"}}
    told = await running.ask("POST", "/sandbox/webhooks", notice)
    assert told == notice | {"posted": True}
    await until(lambda: len(receiver.changes) == 1, "the news")
    assert receiver.changes == [{"value": notice["value"], "field": "account_update"}]


async def test_a_step_is_done_when_its_time_has_come(running: Running) -> None:
    step = {"afterSeconds": 0.05, "do": {"faults": {"down": True}}}
    script = await running.ask("PUT", "/sandbox/script", {"timeline": [step]})
    assert script["timeline"] == [step]
    async with asyncio.timeout(10):
        while not (await running.ask("GET", "/sandbox/script"))["progress"]["done"]:
            await asyncio.sleep(0.01)
    assert (await running.ask("GET", "/sandbox/faults"))["down"]
    again = await running.ask("DELETE", "/sandbox/script")
    assert (again["faults"]["down"], again["timeline"]) == (False, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("PUT", "/sandbox/script", {"recipts": {}}, "unknown field `recipts`"),
        ("PUT", "/sandbox/script", {"receipts": {"red": 1}}, "unknown field `red`"),
        ("PUT", "/sandbox/templates", {"name": "x"}, "components is a list"),
        ("POST", "/sandbox/templates", {"name": "sale", "state": "PAUSED"}, "`state`"),
        ("POST", "/sandbox/inbound", {"from": PLAIN}, "say one of text, button"),
        ("POST", "/sandbox/webhooks", {"field": "weather"}, "field is one of"),
        ("POST", "/sandbox/clock", {"advanceSeconds": -1}, "advanceSeconds"),
        ("GET", "/sandbox/webhooks?limit=0", None, "limit is a whole number"),
        ("GET", "/sandbox/webhooks?status=200", None, "status: no such filter"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    running: Running, method: str, path: str, body: Any, says: str
) -> None:
    refused = await running.ask(method, path, body, status=400)
    assert refused["error"] == "Bad Request"
    assert says in refused["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/templates", {"name": "nope", "status": "PAUSED"}),
        ("/sandbox/inbound", {"from": PLAIN, "text": "Hello"}),
    ],
)
async def test_what_is_not_there_is_not_found(running: Running, path: str, body: Json) -> None:
    assert (await running.ask("POST", path, body, status=404))["error"] == "Not Found"


async def test_the_clock_of_the_limits_moves(running: Running) -> None:
    await running.ask("PUT", "/sandbox/script", {"limits": {"messaging": 1}})
    await running.send(template_body(PLAIN))
    path = f"/v25.0/{NUMBER}/messages"
    async with running.http.post(path, data=template_body("4915112345679")) as answer:
        assert (await answer.json())["error"]["code"] == 131048
    reach = await running.ask("POST", "/sandbox/clock", {"advanceSeconds": 86_400})
    assert reach == {"people": 0, "advancedSeconds": 86_400}
    await running.send(template_body("4915112345679"))
    number = await running.ask("GET", f"/v25.0/{NUMBER}")
    assert number["whatsapp_business_manager_messaging_limit"] == "TIER_250"


async def test_throttling_says_when_to_come_back_in_the_way_that_is_asked_for(
    running: Running,
) -> None:
    faults = {
        "throughputPerSecond": 1, "throttleStatus": 400, "throttleRetryAfterSeconds": None,
        "throttleRegainMinutes": 3,
    }  # fmt: skip
    await running.ask("PUT", "/sandbox/faults", faults)
    path = f"/v25.0/{NUMBER}/messages"
    async with running.http.post(path, data=text_body(PLAIN)) as answer:
        assert answer.status == 200
    async with running.http.post(path, data=text_body(PLAIN)) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, 130429)
        assert "Retry-After" not in answer.headers
        ((_, (usage,)),) = json.loads(answer.headers["X-Business-Use-Case-Usage"]).items()
    assert usage["estimated_time_to_regain_access"] == 3


async def test_what_was_posted_can_be_forgotten(running: Running) -> None:
    await running.send(template_body(PLAIN))
    await until_taken(running)
    forgotten = (await running.ask("DELETE", "/sandbox/webhooks"))["forgotten"]
    assert forgotten["takenUpdates"] == 3
    left = await running.ask("GET", "/sandbox/webhooks")
    assert (left["taken"], left["entries"]) == (0, [])


async def test_without_an_address_nothing_is_posted_and_people_still_do_things(log: Log) -> None:
    async with sandbox(log) as running:
        await running.send(template_body(PLAIN))
        said = {"from": PLAIN, "preference": "stop"}
        written = await running.ask("POST", "/sandbox/inbound", said)
        assert (written["posted"], written["why"]) == (False, "SANDBOX_WEBHOOK_URL is not set")
        webhooks = await running.ask("GET", "/sandbox/webhooks")
        assert webhooks == {"url": None, "entries": [], "next": None}
        assert await running.ask("DELETE", "/sandbox/webhooks") == {"forgotten": {}}


async def test_without_a_secret_nothing_is_signed(receiver: Receiver, log: Log) -> None:
    async with sandbox(log, webhook_url=receiver.url) as running:
        await running.ask("PUT", "/sandbox/script", QUICK)
        await running.send(template_body(PLAIN))
        async with asyncio.timeout(10):
            while not (await running.ask("GET", "/sandbox/webhooks"))["retries"]:
                await asyncio.sleep(0.01)
        (entry,) = (await running.ask("GET", "/sandbox/webhooks"))["entries"]
        assert entry["answers"][0] == "401"


async def test_a_script_of_a_file_is_in_force_from_the_start(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"limits": {"messaging": 2000}, "faults": {"latencyMs": 7}}))
    async with sandbox(log, script=str(file)) as running:
        number = await running.ask("GET", f"/v25.0/{NUMBER}")
        assert number["whatsapp_business_manager_messaging_limit"] == "TIER_2K"
        assert (await running.ask("GET", "/sandbox/faults"))["latencyMs"] == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, r"^SANDBOX_SCRIPT .*script.json cannot be read: No such file"),
        ("{", r"^SANDBOX_SCRIPT .*script.json: Input data was truncated"),
        ('{"recipts": {}}', "unknown field `recipts`"),
    ],
)
async def test_a_script_that_cannot_be_stops_the_start_in_one_sentence(
    log: Log, tmp_path: Path, text: str | None, says: str
) -> None:
    file = tmp_path / "script.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CannotStart, match=says):
        await serve(Sandbox(port=free_port(), script=str(file)), log, asyncio.Event())


async def test_the_index_is_at_sandbox_too(running: Running) -> None:
    index = await running.ask("GET", "/sandbox")
    assert index == await running.ask("GET", "/")
    assert {"…8000001", "…8000027", "…9000016"} <= index["recipients"].keys()


async def test_a_courier_that_breaks_ends_the_sandbox(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Courier) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Courier, "run", broken)
    settings = Sandbox(port=free_port(), webhook_url="http://127.0.0.1:9/hook")
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(serve(settings, log, asyncio.Event()), 10)
    assert raised.group_contains(RuntimeError, match="a bug")
