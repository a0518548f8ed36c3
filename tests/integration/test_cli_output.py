"""The command line's output: for programs, on terminals, without colours, without rich."""

import io
import json
import re
import sys
from collections.abc import AsyncIterator

import pytest

from cli.__main__ import run
from cli.arguments import parser
from cli.exits import Exit
from cli.screen import Screen
from plumbing.logs import Log
from plumbing.postgres import Pool
from tests.gateways import Running, serving
from tests.integration.test_cli import loopcast

COLOUR = re.compile(r"\x1b\[[\d;]*(?:3[0-7]|38|9[0-7])[\d;]*m")
COMPLETED = (
    "UPDATE jobs SET state = 'completed', queued = 0, sent = total,"
    " finished_at = now() - interval '1 hour'"
)


class Terminal(io.StringIO):
    """Something that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


async def drawn(gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a watch of a job that is over puts on a terminal."""
    monkeypatch.setenv("TERM", "xterm-256color")
    job = await gateway.submit(campaign_name="Autumn")
    await pool.execute(COMPLETED)
    out = Terminal()
    options = parser().parse_args(["watch", job])
    screen = Screen(out, Terminal(), io.StringIO())
    assert await run(options, {"LOOPCAST_URL": gateway.url}, screen) is Exit.DONE
    return out.getvalue()


async def test_a_terminal_gets_bars_and_colours(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = await drawn(gateway, pool, monkeypatch)
    assert ("████" in shown, bool(COLOUR.search(shown))) == (True, True)


async def test_no_color_is_honoured(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = await drawn(gateway, pool, monkeypatch)
    assert ("████" in shown, COLOUR.search(shown)) == (True, None)


async def test_without_rich_a_terminal_gets_lines(
    gateway: Running, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    shown = await drawn(gateway, pool, monkeypatch)
    lines = shown.splitlines()
    assert (lines[0][:21], lines[-1]) == ("Autumn: 3 recipients ", "completed: 3 sent")
    assert "\x1b" not in shown


def test_a_terminal_without_letters_for_bars_gets_lines() -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    assert not Screen(terminal, Terminal(), io.StringIO()).can_draw


@pytest.mark.parametrize(
    "words",
    ["jobs", "job last", "job last --messages", "job last --trail", "recipient 491700000000",
     "suppress list", "suppress show 491700000000", "numbers", "numbers list", "keys",
     "keys list --json", "pause --show", "change last --rate 3"],
)  # fmt: skip
async def test_json_is_one_document_on_one_line(gateway: Running, words: str) -> None:
    await gateway.submit()
    await loopcast(gateway.url, "suppress", "add", "491700000000")
    done = await loopcast(gateway.url, *words.split(), *({"--json"} - set(words.split())))
    assert (done.code, done.out.count("\n")) == (Exit.DONE, 1), done.err
    assert isinstance(json.loads(done.out), dict)


async def test_several_jobs_are_an_object_a_line(gateway: Running) -> None:
    jobs = [await gateway.submit() for _ in range(2)]
    done = await loopcast(gateway.url, "pause", *jobs, "--json")
    assert [json.loads(line)["jobId"] for line in done.out.splitlines()] == jobs
