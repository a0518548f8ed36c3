"""The command line against a fleet: a list is sent, watched as lines, and ends with a code."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.exits import Exit
from deploy.programs import CHECKOUT
from tests.fleet import PHONE, Fleet

pytestmark = pytest.mark.timeout(120)


class Done(NamedTuple):
    code: int | None
    out: list[str]
    err: str


async def loopcast(fleet: Fleet, *words: str, given: str = "") -> Done:
    """One command, to its end."""
    return await ended(await begun(fleet, *words), given)


async def begun(fleet: Fleet, *words: str) -> Process:
    """One command in a process of its own, its output into pipes."""
    environ = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT),
        "LOOPCAST_URL": fleet.api.removesuffix("/api"),
    }  # fmt: skip
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", *words, env=environ, cwd=fleet.folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ended(process: Process, given: str = "") -> Done:
    """What it printed, and its exit code."""
    try:
        out, err = await asyncio.wait_for(process.communicate(given.encode()), 60)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Done(process.returncode, out.decode().splitlines(), err.decode())


def people(folder: Path) -> str:
    """Five who get it, and one who is not on WhatsApp."""
    endings = [f"{seq:07d}" for seq in range(1, 6)] + ["9131026"]
    rows = [f"Name {end},+49 1511 {end},A-{end}" for end in endings]
    file = folder / "list.csv"
    file.write_text("\n".join(["Name,Phone,Order", *rows]))
    return str(file)


async def test_a_list_is_sent_and_watched_and_who_missed_it_is_found(
    fleet: Fleet, tmp_path: Path
) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway():
        sent = await loopcast(
            fleet, "send", people(tmp_path), "-t", "order_update", "--map", "1=Name",
            "--map", "2=Order", "--from", PHONE, "--loop-size", "4", "--campaign", "Autumn",
            "--watch",
        )  # fmt: skip
        assert sent.code == Exit.MISSED, sent.err
        assert sent.out[0].startswith("Autumn: 6 recipients in 2 loops, job ")
        assert any(line.startswith("loop 1/2 completed: 4 sent in ") for line in sent.out)
        assert any(line.startswith("loop 2/2 completed: 1 sent, 1 failed in ") for line in sent.out)
        assert sent.out[-2:] == [
            "completed: 5 sent, 1 failed", "  1 \u00d7 131026 Message undeliverable",
        ]  # fmt: skip
        shown = await loopcast(fleet, "job", "last")
        assert any("131026" in line for line in shown.out)
        missed = await loopcast(fleet, "export", "last", "--state", "failed", "--format", "ndjson")
        assert [line for line in missed.out if '"to":"491511' in line] == missed.out != []
        again = await loopcast(fleet, "resend", "last", "--state", "failed")
        assert (again.code, "cannot be reached" in again.err) == (Exit.REFUSED, True)
        summary = await fleet.summary()
    assert (summary["recipients"], summary["repeated"]) == (5, [])


async def test_what_was_canceled_before_it_began_is_sent_again(fleet: Fleet) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway():
        at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        given = "+49 1511 0000001, +49 1511 0000002"
        words = ("send", "-", "-t", "hello_world", "--from", PHONE, "--at", at)
        made = await loopcast(fleet, *words, given=given)
        assert made.code == Exit.DONE, made.err
        [job] = made.out
        canceled = await loopcast(fleet, "cancel", job, "--reason", "another day")
        assert canceled.out[0].startswith(f"{job} canceled, 0 sent, 0 to go")
        assert (await loopcast(fleet, "watch", job)).code == Exit.CANCELED
        again = await loopcast(fleet, "resend", job, "--state", "canceled", "--watch")
        assert (again.code, again.out[-1]) == (Exit.DONE, "completed: 2 sent"), again.err
        summary = await fleet.summary()
    assert (summary["recipients"], summary["repeated"]) == (2, [])


async def test_a_watch_outlives_the_gateway_that_it_began_with(fleet: Fleet) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway() as gateway:
        given = "\n".join(f"+49 1511 {seq:07d}" for seq in range(1, 61))
        words = ("send", "-", "-t", "hello_world", "--from", PHONE, "--rate", "10")
        made = await loopcast(fleet, *words, "--loop-size", "15", "--pause-ms", "500", given=given)
        watching = await begun(fleet, "watch", made.out[0], "--every", "1")
        assert watching.stdout
        first = await asyncio.wait_for(watching.stdout.readline(), 30)
        assert first.decode().startswith("hello_world: 60 recipients in 4 loops")
        gateway.kill()
        gateway.wait()
        await asyncio.sleep(1)
        with fleet.gateway():
            watched = await ended(watching)
    assert (watched.code, watched.out[-1]) == (Exit.DONE, "completed: 60 sent"), watched.err
    assert "connection lost; trying again. The job goes on meanwhile." in watched.out
    told = [line[:8] for line in watched.out if line.startswith("loop ")]
    assert told == ["loop 1/4", "loop 2/4", "loop 3/4", "loop 4/4"]


async def test_the_red_button_holds_a_job_on_its_way_and_lets_it_go_on(fleet: Fleet) -> None:
    with fleet.sandbox(), fleet.daemon_after_gateway():
        given = "\n".join(f"+49 1511 {seq:07d}" for seq in range(1, 31))
        words = ("send", "-", "-t", "hello_world", "--from", PHONE, "--rate", "10")
        made = await loopcast(fleet, *words, given=given)
        [job] = made.out
        watching = await begun(fleet, "watch", job, "--every", "1")
        pulled = await loopcast(fleet, "pause", "--all", "--reason", "wrong price")
        assert ", holds 1 job: wrong price" in pulled.out[0]
        tried = await loopcast(fleet, "test-send", "+49 1511 7654321", "-t", "hello_world",
                               "--from", PHONE)  # fmt: skip
        await asyncio.sleep(1.5)
        held = await fleet.summary()
        assert held["recipients"] < 30
        await loopcast(fleet, "resume", "--all")
        changed = await loopcast(fleet, "change", job, "--as-service")
        assert changed.out[0].endswith(", as fast as the service"), changed.err
        watched = await ended(watching)
        assert (watched.code, watched.out[-1]) == (Exit.DONE, "completed: 30 sent"), watched.err
        tested = await loopcast(fleet, "watch", tried.out[0])
        assert tested.code == Exit.DONE
        story = await loopcast(fleet, "recipient", "+49 1511 7654321")
        assert tried.out[0] in "".join(story.out)
        summary = await fleet.summary()
    assert (summary["recipients"], summary["repeated"]) == (31, [])
