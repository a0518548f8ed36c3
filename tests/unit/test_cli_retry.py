"""A submission that gets no answer, or a busy one, is tried again, and stays one submission."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
from aiohttp import web

from cli import send
from cli.__main__ import run
from cli.arguments import parser
from cli.exits import Exit
from cli.screen import Screen
from schemas.api import Submitted
from tests.support import free_port

MADE = msgspec.json.encode(
    Submitted(
        bulk=False, job_id=uuid4(), state="queued", total_recipients=1, batch_size=1,
        total_batches=1, loop_size=1, total_loops=1, created_at=datetime.now(UTC),
        message="1 recipient in 1 loop.", accepted=1, duplicates=0, rejected=[], rejected_total=0,
        suppressed=0,
    )
)  # fmt: skip


def busy(status: int, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = '{"error": "Busy", "message": "Not now."}'
    return web.Response(status=status, text=text, headers=named)


@asynccontextmanager
async def answering(*answers: web.Response | None) -> AsyncIterator[tuple[str, list[str]]]:
    """A gateway that gives these answers in turn (None: it hangs up), and the keys that it saw."""
    keys: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        answer = answers[len(keys) - 1]
        if answer is None:
            assert request.transport
            request.transport.abort()
            raise ConnectionResetError
        return answer

    port = free_port()
    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}", keys
    finally:
        await runner.cleanup()


async def sent(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Exit, str, list[float]]:
    """What came of a submission, what was said, and how long it waited in between."""
    waits: list[float] = []

    async def rest(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(send, "rest", rest)
    out, err = io.StringIO(), io.StringIO()
    options = parser().parse_args(["send", "-", "-t", "welcome", "--from", "1"])
    code = await run(options, {"LOOPCAST_URL": url}, Screen(out, err, io.StringIO("+49 1511 1")))
    return code, err.getvalue(), waits


async def test_a_busy_gateway_is_asked_again_when_it_says_with_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = busy(429, Retry_After="5"), busy(503, Retry_After="2"), busy(503)
    async with answering(*answers, web.Response(status=201, body=MADE)) as (url, keys):
        code, _, waits = await sent(url, monkeypatch)
    assert (code, waits) == (Exit.DONE, [5, 2, 3])
    assert (len(keys), len(set(keys))) == (4, 1)


async def test_no_answer_is_asked_for_again_with_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering(None, web.Response(status=201, body=MADE)) as (url, keys):
        code, _, waits = await sent(url, monkeypatch)
    assert (code, waits) == (Exit.DONE, [1])
    assert (len(keys), len(set(keys))) == (2, 1)


async def test_a_wait_that_is_too_long_is_left_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(busy(429, Retry_After="3600")) as (url, keys):
        code, said, waits = await sent(url, monkeypatch)
    assert (code, waits) == (Exit.UNREACHABLE, [])
    assert "Try again in 3600 s." in said
    assert f"--idempotency-key {keys[0]} makes no second one" in said


async def test_tries_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(*(busy(503) for _ in range(9))) as (url, keys):
        code, _, waits = await sent(url, monkeypatch)
    assert (code, len(keys), waits) == (Exit.UNREACHABLE, 4, [1, 2, 3])


@pytest.mark.parametrize("status", [400, 401, 409, 422])
async def test_a_no_is_taken_for_one(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(busy(status)) as (url, keys):
        _, _, waits = await sent(url, monkeypatch)
    assert (len(keys), waits) == (1, [])
