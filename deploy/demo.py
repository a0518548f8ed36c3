"""`make demo`: a stack of its own, a campaign of 500, watched live, and the proof that it adds up.

It takes free ports and keeps its data in a temporary folder, so it runs beside `make run` and
touches nothing of it.
"""

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO, cast

import aiohttp
from rich.console import Console
from rich.live import Live

from deploy import stack, watch
from deploy.campaign import Campaign, Ledger, Pace, ideal_seconds, what_is_wrong
from deploy.demo_view import LiveView, PlainView, View, proof, summary
from deploy.lines import last_said
from deploy.ports import reserve_port
from deploy.supervisor import NotStarted, Supervisor
from deploy.terminal import Terminal, stopping_when_closed
from plumbing.tasks import end
from schemas.environment import fields_of
from schemas.sandbox_settings import Sandbox
from schemas.settings import Daemon, Gateway

RECIPIENTS: Final = 500
_PATIENCE_SECONDS: Final = 60.0  # on top of three times the ideal duration


class Failed(Exception):
    """The demo did not come to a good end; says why."""


class Stopped(Exception):
    """A person stopped the demo before its end."""


def demo(environ: Mapping[str, str]) -> int:
    """Run the demo; returns the exit code: 0 when everything adds up, 130 when it was stopped.

    Raises SettingsError, CannotStart or NotStarted.
    """
    console = Console(file=cast("TextIO", Terminal(sys.stdout)))
    wanted = stack.plan(demo_environ(environ))
    with asyncio.Runner() as runner:
        # From before the folder is made until it is gone, no signal ends us between.
        stop = _stop_on_signals(runner.get_loop())
        folder = Path(tempfile.mkdtemp(prefix="loopcast-demo-"))
        try:
            console.print("Starting a stack of its own for the demo", highlight=False)
            runner.run(_play(wanted, folder, console, stop))
            code = 0
        except (Failed, NotStarted, watch.Refused, aiohttp.ClientError) as error:
            _tell_of_failure(console, str(error), folder)
            return 1
        except Stopped:
            console.print("Stopped before the campaign was over.")
            code = 130
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        return code


def demo_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of the demo: defaults, but for what tunes the sending and the sandbox."""
    kinds = (Gateway, Daemon, Sandbox)
    ours = {hint.env.name for kind in kinds for hint in fields_of(kind).values()}
    dropped = {name for name in ours if not name.startswith(("BULK_", "SANDBOX_"))}
    kept = {name: value for name, value in environ.items() if name not in dropped}
    names = ("PORT", "DAEMON_PORT", "SANDBOX_PORT")
    return kept | {"SANDBOX_HOST": "127.0.0.1"} | {name: str(reserve_port()) for name in names}


def _stop_on_signals(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """An event that is set by whatever ends the demo early; SIGHUP: its terminal was closed."""
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, stop.set)
    return stop


async def _play(wanted: stack.Plan, folder: Path, console: Console, stop: asyncio.Event) -> None:
    """Bring the stack up, run the campaign, take the stack down."""
    up = asyncio.Event()
    programs = stack.programs(wanted, folder, folder)
    supervisor = Supervisor(programs, lambda line: console.print(line, highlight=False), _no_lines)
    running = asyncio.create_task(supervisor.run(stop, up.set))
    try:
        async with stopping_when_closed(stop):
            if await _first(up.wait(), running):
                await _finish(_campaign(wanted, console), running, console)
            elif not running.exception():
                raise Stopped
    finally:
        stop.set()
        await running


async def _finish(
    campaign: Coroutine[Any, Any, tuple[Campaign, Ledger]],
    running: asyncio.Task[None],
    console: Console,
) -> None:
    """Wait for the campaign's end and tell of it. Raises Failed when anything does not add up."""
    task = asyncio.create_task(campaign)
    if not await _first(task, running):
        raise Stopped
    done, ledger = task.result()
    console.print(summary(done))
    console.print(proof(done, ledger), highlight=False, soft_wrap=True)
    if wrong := what_is_wrong(done, ledger):
        raise Failed("This does not add up: " + "; ".join(wrong) + ".")
    console.print("Everything adds up: nobody twice, nobody lost.", style="green")


async def _first(
    hoped: Coroutine[Any, Any, Any] | asyncio.Task[Any], other: asyncio.Task[None]
) -> bool:
    """Whether `hoped` ended first; otherwise it is canceled."""
    task = asyncio.ensure_future(hoped)
    await asyncio.wait({task, other}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return True
    await end(task)
    return False


async def _campaign(wanted: stack.Plan, console: Console) -> tuple[Campaign, Ledger]:
    """Submit, follow to the end, read the sandbox's ledger."""
    assert wanted.sandbox_url
    assert wanted.gateway.default_phone_number_id
    pace = Pace(wanted.gateway.loop_size, wanted.daemon.pause_ms, wanted.daemon.messages_per_second)
    body = watch.submission(RECIPIENTS, wanted.gateway.default_phone_number_id)
    async with aiohttp.ClientSession() as client:
        began = time.monotonic()
        submitted = await watch.submit(client, wanted.gateway_url, body)
        console.print(f"{submitted.accepted} recipients accepted, {submitted.total_loops} loops")
        campaign = Campaign(submitted.total_recipients, pace, began)
        limit = 3 * ideal_seconds(RECIPIENTS, pace) + _PATIENCE_SECONDS
        try:
            async with asyncio.timeout(limit):
                await _follow(client, wanted.gateway_url, str(submitted.job_id), campaign, console)
        except TimeoutError:
            raise Failed(f"The campaign is not over after {limit:.0f} s.") from None
        receipts = await watch.receipts(client, wanted.gateway_url, str(submitted.job_id))
        so_far = f"{receipts.delivered} delivered, {receipts.read} read"
        console.print(f"Receipts so far, by signed webhook: {so_far}", highlight=False)
        return campaign, await watch.ledger_summary(client, wanted.sandbox_url)


async def _follow(
    client: aiohttp.ClientSession, url: str, job_id: str, campaign: Campaign, console: Console
) -> None:
    with _view(console) as view:
        drawing = asyncio.create_task(_draw(view, campaign))
        try:
            async for frame in watch.frames(client, url, job_id):
                campaign.apply(frame, time.monotonic())
        finally:
            await end(drawing)
        view.show(campaign, time.monotonic())


async def _draw(view: View, campaign: Campaign) -> None:
    while True:
        view.show(campaign, time.monotonic())
        await asyncio.sleep(view.every_seconds)


@contextlib.contextmanager
def _view(console: Console) -> Iterator[View]:
    if not console.is_terminal:
        yield PlainView(console)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield LiveView(live)


def _tell_of_failure(console: Console, sentence: str, folder: Path) -> None:
    console.print(sentence, style="red", highlight=False, markup=False, soft_wrap=True)
    console.print(f"The logs are in {folder}", highlight=False, markup=False, soft_wrap=True)
    for log in sorted(folder.glob("*.log")):
        said = last_said(log.read_text(errors="replace"))
        if said not in sentence:
            line = f"{log.name} ends with: {said}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _no_lines(_name: str, _line: str) -> None:
    """In the demo every program logs to its own file."""
