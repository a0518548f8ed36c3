"""Webhooks are on the disk of JetStream before Meta is told so, or Meta is told to come again."""

import asyncio
import gzip
import json
import signal
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy import servers
from deploy.programs import running
from gateway import intake, webhooks
from gateway.signatures import signature
from plumbing import batches
from plumbing import broker as broker_module
from plumbing.broker import Broker
from plumbing.logs import Log, Seldom
from plumbing.meters import Meters
from plumbing.tasks import end
from plumbing.vitals import Vitals
from schemas.environment import ApiKey, Secret
from schemas.metrics import GATEWAY, WEBHOOK_BATCHES, WEBHOOK_ITEMS_DROPPED, WEBHOOKS
from schemas.subjects import RECEIPTS_STREAM
from schemas.webhooks import read_webhook
from tests.gateways import Answer, Running, serving
from tests.support import until

SECRET = "app-secret"
PATH = "/webhooks/whatsapp"
SETTINGS: dict[str, Any] = {"app_secrets": (Secret(SECRET),), "verify_token": Secret("token")}
SANDBOXED: dict[str, Any] = {"graph_api_base_url": "http://127.0.0.1:8090"}


def body(*numbers: int, pad: str = "") -> bytes:
    """A webhook with a status of each number."""
    statuses = [
        {"id": f"wamid.{n}", "status": "sent", "timestamp": "1750030073", "pad": pad}
        for n in numbers
    ]
    value = {"metadata": {"phone_number_id": "1"}, "statuses": statuses}
    entry = {"id": "2", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def post(gateway: Running, data: bytes, secret: str = SECRET, path: str = PATH) -> Answer:
    return await gateway.post(path, data=data, X_Hub_Signature_256=signature(secret, data))


async def stored(broker: Broker) -> list[bytes]:
    """What is in the stream, oldest first; nobody has taken anything out of it."""
    count = (await broker.js.stream_info(RECEIPTS_STREAM)).state.messages
    found = [await broker.js.get_msg(RECEIPTS_STREAM, seq) for seq in range(1, count + 1)]
    return [message.data or b"" for message in found]


def results(gateway: Running) -> dict[str, int]:
    """The webhooks so far, by what became of them."""
    (metric,) = gateway.parts.meters[WEBHOOKS].collect()
    return {
        sample.labels["result"]: int(sample.value)
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.value
    }


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log, **SETTINGS) as made:
        yield made


@pytest.mark.parametrize("path", [PATH, "/webhooks/meta"])
async def test_a_signed_webhook_is_in_the_stream_as_it_came_when_it_is_answered(
    gateway: Running, broker: Broker, path: str
) -> None:
    sent = body(1).replace(b": ", b":  ")
    answer = await post(gateway, sent, path=path)
    assert (answer.status, answer.body) == (200, {"stored": True})
    assert await stored(broker) == [sent]
    assert results(gateway) == {"stored": 1}


async def test_a_repeated_webhook_is_stored_again_and_harms_nothing(
    gateway: Running, broker: Broker
) -> None:
    for _ in range(2):
        assert (await post(gateway, body(1))).status == 200
    assert len(await stored(broker)) == 2


@pytest.mark.parametrize(
    "header", ["", "sha256=", "sha256=" + "0" * 64, signature("other", body(1)), "sha1=" + "0" * 40]
)
async def test_without_its_signature_nothing_is_stored(
    gateway: Running, broker: Broker, header: str
) -> None:
    headers = {"X_Hub_Signature_256": header} if header else {}
    answer = await gateway.post(PATH, data=body(1), **headers)
    assert (answer.status, answer.body["error"]) == (401, "Signature required")
    assert await stored(broker) == []
    assert results(gateway) == {"refused": 1}


async def test_a_body_that_was_changed_on_its_way_is_refused(gateway: Running) -> None:
    signed = signature(SECRET, body(1))
    answer = await gateway.post(PATH, data=body(2), X_Hub_Signature_256=signed)
    assert answer.status == 401


async def test_while_the_secret_is_being_changed_both_are_taken(
    database_url: str, nats_url: str, log: Log
) -> None:
    secrets = (Secret("new"), Secret("old"))
    async with serving(database_url, nats_url, log, app_secrets=secrets) as gateway:
        assert (await post(gateway, body(1), "old")).status == 200
        assert (await post(gateway, body(1), "new")).status == 200
        assert (await post(gateway, body(1), "older")).status == 401


async def test_without_a_secret_webhooks_are_refused_with_what_to_do(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log) as gateway:
        answer = await post(gateway, body(1))
        assert answer.status == 403
        assert "META_APP_SECRET" in answer.body["message"]


async def test_beside_the_sandbox_no_secret_is_needed_but_no_page_may_post(
    database_url: str, nats_url: str, log: Log, broker: Broker
) -> None:
    async with serving(database_url, nats_url, log, **SANDBOXED) as gateway:
        assert (await gateway.post(PATH, data=body(1))).status == 200
        page = await gateway.post(PATH, data=body(2), Origin="http://127.0.0.1:8090")
        assert page.status == 403
        assert await stored(broker) == [body(1)]


async def test_beside_the_sandbox_a_secret_that_is_set_counts(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log, **SETTINGS, **SANDBOXED) as gateway:
        assert (await gateway.post(PATH, data=body(1))).status == 401
        assert (await post(gateway, body(1))).status == 200


async def test_meta_brings_no_key_and_another_host(
    database_url: str, nats_url: str, log: Log
) -> None:
    for keys in ((), (ApiKey("shop", "a-long-secret"),)):
        async with serving(database_url, nats_url, log, api_keys=keys, **SETTINGS) as gateway:
            signed = signature(SECRET, body(1))
            answer = await gateway.post(
                PATH, data=body(1), X_Hub_Signature_256=signed, Host="hooks.example.com"
            )
            assert answer.status == 200
            other = await gateway.get("/api/bulk/jobs", Host="hooks.example.com")
            assert other.status in (401, 403)


async def test_the_handshake_answers_the_challenge_as_text(gateway: Running) -> None:
    query = "hub.mode=subscribe&hub.challenge=<b>115820</b>&hub.verify_token="
    for path in (PATH, "/webhooks/meta"):
        answer = await gateway.get(f"{path}?{query}token")
        assert (answer.status, answer.body) == (200, "<b>115820</b>")
        assert answer.headers["Content-Type"].startswith("text/plain")
    for wrong in (f"?{query}tokens", f"?{query}", "", "?hub.mode=subscribe&hub.verify_token=token"):
        assert (await gateway.get(PATH + wrong)).status == 403


async def test_without_a_verify_token_the_handshake_says_what_to_set(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log) as gateway:
        answer = await gateway.get(f"{PATH}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=")
        assert answer.status == 403
        assert "META_VERIFY_TOKEN" in answer.body["message"]


@pytest.mark.parametrize(
    ("sent", "result"),
    [
        (b"no json", "unreadable"),
        (b"", "unreadable"),
        (b"[1]", "unreadable"),
        (b'{"object":"whatsapp_business_account","entry":7}', "unreadable"),
        (b'{"object":"whatsapp_business_account","entry":' + b"[" * 99_999, "unreadable"),
        (b'{"object":"page","entry":[]}', "passed_over"),
    ],
)
async def test_what_can_never_be_of_use_is_not_brought_again(
    gateway: Running, broker: Broker, sent: bytes, result: str
) -> None:
    answer = await post(gateway, sent)
    assert (answer.status, answer.body["stored"]) == (200, False)
    assert await stored(broker) == []
    assert results(gateway) == {result: 1}


async def test_three_megabytes_are_stored_in_pieces_that_say_the_same(
    gateway: Running, broker: Broker
) -> None:
    whole = body(*range(12_000), pad="-" * 170)
    assert 2_900_000 < len(whole) < 3_000_000
    assert (await post(gateway, whole)).status == 200
    pieces = await stored(broker)
    assert 4 <= len(pieces) <= 5
    receipts = [receipt for piece in pieces for receipt in read_webhook(piece).receipts]
    assert receipts == read_webhook(whole).receipts


async def test_a_nats_that_takes_less_gets_smaller_pieces(
    gateway: Running, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.parts.broker.client, "_max_payload", 50_000)
    whole = body(*range(1000), pad="-" * 170)
    assert (await post(gateway, whole)).status == 200
    pieces = await stored(broker)
    assert max(map(len, pieces)) + intake.HEADER_BYTES <= 50_000
    receipts = [receipt for piece in pieces for receipt in read_webhook(piece).receipts]
    assert receipts == read_webhook(whole).receipts


async def test_a_status_too_large_for_the_stream_costs_no_other(
    gateway: Running, broker: Broker
) -> None:
    large = body(1, 2).replace(b'"pad": ""', b'"pad": "%s"' % (b"-" * 1_000_000), 1)
    assert (await post(gateway, large)).status == 200
    (piece,) = await stored(broker)
    assert [receipt.message_id for receipt in read_webhook(piece).receipts] == ["wamid.2"]
    assert gateway.parts.meters[WEBHOOK_ITEMS_DROPPED]._value.get() == 1
    alone = body(1, pad="-" * 1_000_000)
    answer = await post(gateway, alone)
    assert (answer.status, answer.body["stored"]) == (200, False)
    assert len(await stored(broker)) == 1


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 2**16):
        yield b" " * 2**16


async def test_more_than_three_megabytes_are_refused_whether_announced_or_not(
    gateway: Running,
) -> None:
    large = b" " * (webhooks.BODY_LIMIT_BYTES + 1)
    assert (await post(gateway, large)).status == 413
    headers = {"X-Hub-Signature-256": signature(SECRET, b"")}
    chunks = _chunks(2 * webhooks.BODY_LIMIT_BYTES)
    try:
        async with gateway.http.post(gateway.url + PATH, data=chunks, headers=headers) as answer:
            assert answer.status == 413
    except aiohttp.ClientConnectionError:
        pass  # the answer came, and the connection was closed, while the rest was being sent
    await until(lambda: results(gateway) == {"too_large": 2}, "both are counted")


async def test_what_is_packed_is_not_unpacked(gateway: Running, broker: Broker) -> None:
    """The signature is over what was sent, and a small body may unpack to a very large one."""
    bomb = gzip.compress(b" " * 50_000_000)
    signed = signature(SECRET, bomb)
    answer = await gateway.post(
        PATH, data=bomb, X_Hub_Signature_256=signed, Content_Encoding="gzip"
    )
    assert (answer.status, answer.body["error"]) == (415, "Unsupported Media Type")
    plain = await gateway.post(
        PATH, data=body(1), X_Hub_Signature_256=signature(SECRET, body(1)),
        Content_Encoding="identity",
    )  # fmt: skip
    assert plain.status == 200
    assert await stored(broker) == [body(1)]


async def test_many_at_once_are_all_stored_in_few_batches(gateway: Running, broker: Broker) -> None:
    answers = await asyncio.gather(*(post(gateway, body(n)) for n in range(300)))
    assert [answer.status for answer in answers] == [200] * 300
    assert sorted(await stored(broker)) == sorted(body(n) for n in range(300))
    (metric,) = gateway.parts.meters[WEBHOOK_BATCHES].collect()
    figures = {sample.name.rpartition("_")[2]: sample.value for sample in metric.samples}
    assert figures["sum"] == 300
    assert figures["count"] < 100


async def test_clients_that_leave_before_their_answer_break_no_batch(
    gateway: Running, broker: Broker
) -> None:
    staying = [asyncio.create_task(post(gateway, body(n))) for n in range(200)]
    for n in range(20):
        await asyncio.sleep(0)
        with connected(gateway) as leaving:
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST
            leaving.sendall(head(len(body(1000 + n)), body(1000 + n)) + body(1000 + n))
    assert [answer.status for answer in await asyncio.gather(*staying)] == [200] * 200
    ids = {r.message_id for sent in await stored(broker) for r in read_webhook(sent).receipts}
    assert ids >= {f"wamid.{n}" for n in range(200)}


def connected(gateway: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])))


def head(length: int, signed: bytes = b"") -> bytes:
    lines = (
        f"POST {PATH} HTTP/1.1",
        "Host: x",
        f"Content-Length: {length}",
        f"X-Hub-Signature-256: {signature(SECRET, signed)}",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def test_a_body_that_breaks_off_is_not_stored(gateway: Running, broker: Broker) -> None:
    with connected(gateway) as client:
        client.sendall(head(999) + body(1))
    await until(lambda: results(gateway) == {"incomplete": 1}, "it is counted")
    assert await stored(broker) == []


async def test_a_body_that_does_not_arrive_is_waited_for_so_long_and_no_longer(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    headers = {"X-Hub-Signature-256": signature(SECRET, b"")}
    async with gateway.http.post(gateway.url + PATH, data=never(), headers=headers) as answer:
        assert answer.status == 408


async def test_while_jetstream_is_away_meta_is_told_to_come_again(
    database_url: str, log: Log, tmp_path: Path
) -> None:
    server = servers.nats(tmp_path)
    async with serving(database_url, server.url, log, wait_ready=False, **SETTINGS) as gateway:
        away = await post(gateway, body(1))
        assert (away.status, away.headers["Retry-After"]) == (503, "2")
        with running(server.program):
            await comes_back(gateway, 1)
        await until(lambda: not gateway.parts.broker.is_connected, "NATS is gone")
        answers = await asyncio.gather(*(post(gateway, body(n)) for n in range(20)))
        assert {answer.status for answer in answers} == {503}
        with running(server.program):
            await comes_back(gateway, 2)
            assert body(2) in await stored(gateway.parts.broker)


async def test_a_jetstream_that_does_not_answer_is_waited_for_so_long_and_no_longer(
    database_url: str, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PUBLISH_SECONDS", 0.3)
    monkeypatch.setattr(broker_module, "PUBLISH_SECONDS", 0.3)
    server = servers.nats(tmp_path)
    with running(server.program) as process:
        async with serving(database_url, server.url, log, **SETTINGS) as gateway:
            process.send_signal(signal.SIGSTOP)
            try:
                answers = await asyncio.gather(*(post(gateway, body(n)) for n in range(20)))
                assert {answer.status for answer in answers} == {503}
            finally:
                process.send_signal(signal.SIGCONT)
            await comes_back(gateway, 1)


async def test_a_body_that_is_given_up_breaks_no_batch(broker: Broker, log: Log) -> None:
    """As when the gateway is told to stop while bodies wait."""
    taken_in = intake.Intake(broker, Meters(GATEWAY), Seldom(log), Vitals())
    storing = [asyncio.create_task(taken_in.store([body(n)])) for n in range(50)]
    await asyncio.sleep(0)
    for given_up in storing[::2]:
        given_up.cancel()
    working = asyncio.create_task(taken_in.run())
    assert await asyncio.gather(*storing[1::2]) == [intake.Fate.STORED] * 25
    await end(working)
    assert set(await stored(broker)) >= {body(n) for n in range(1, 50, 2)}


async def comes_back(gateway: Running, number: int) -> None:
    """Meta repeats it until it is taken."""
    async with asyncio.timeout(20):
        while (await post(gateway, body(number))).status != 200:
            await asyncio.sleep(0.05)


async def test_postgresql_is_not_needed(nats_url: str, log: Log, broker: Broker) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    async with serving(nowhere, nats_url, log, wait_ready=False, **SETTINGS) as gateway:
        await comes_back(gateway, 1)
        assert body(1) in await stored(broker)


async def test_a_full_stream_is_told_to_meta_and_takes_none_of_a_body(
    gateway: Running, broker: Broker
) -> None:
    config = (await broker.js.stream_info(RECEIPTS_STREAM)).config
    await broker.js.update_stream(config, max_bytes=1_500_000)
    assert (await post(gateway, body(*range(12_000), pad="-" * 160))).status == 503
    assert await stored(broker) == []
    assert (await post(gateway, body(1))).status == 200
    await broker.js.update_stream(config, max_bytes=400)
    answers = await asyncio.gather(*(post(gateway, body(n)) for n in range(20)))
    assert {answer.status for answer in answers} == {503}
    assert results(gateway) == {"stored": 1, "unavailable": 21}


async def test_when_too_many_wait_the_next_is_told_to_come_again(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 0)
    assert (await post(gateway, body(1))).status == 503
    assert results(gateway) == {"full": 1}


async def test_a_body_is_held_only_until_its_answer(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_HELD_BYTES", len(body(1)))
    assert (await post(gateway, body(1))).status == 503
    monkeypatch.setattr(intake, "MOST_HELD_BYTES", len(body(1)) + 1)
    for _ in range(3):
        assert (await post(gateway, body(1))).status == 200
