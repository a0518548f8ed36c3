"""The command line against a gateway: what each command asks, prints and ends with."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.__main__ import run
from cli.arguments import parser
from cli.exits import Exit
from cli.screen import Screen
from deploy.programs import CHECKOUT
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import ApiKey
from tests.gateways import PHONE, Running, serving
from tests.support import free_port


class Done(NamedTuple):
    code: Exit
    out: str
    err: str


async def loopcast(
    url: str, *words: str, given: str = "", environ: Mapping[str, str] | None = None
) -> Done:
    """One command, with standard input `given`."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    options = parser().parse_args(words)
    screen = Screen(out, err, io.StringIO(given))
    code = await run(options, {"LOOPCAST_URL": url, **(environ or {})}, screen)
    said = []
    for stream in (out, err):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        said.append(stream.buffer.getvalue().decode("utf-8-sig"))
    return Done(code, *said)


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log) as running:
        yield running


def people(folder: Path, count: int = 3) -> Path:
    rows = [f"Name {at};+49 1511 {at:07d};A-{at}" for at in range(1, count + 1)]
    file = folder / "list.csv"
    file.write_text("\n".join(["Name;Phone;Order", *rows, "Bo;0170;1"]))
    return file


async def test_a_file_is_brought_and_submitted_by_its_columns(
    gateway: Running, pool: Pool, tmp_path: Path
) -> None:
    file = str(people(tmp_path))
    order = ("send", file, "-t", "order_update", "--map", "1=Name", "--map", "2=Order")
    plan = await loopcast(gateway.url, *order, "--from", PHONE, "--dry-run", "--loop-size", "2")
    assert (plan.code, await pool.fetchval("SELECT count(*) FROM jobs")) == (Exit.DONE, 0)
    assert "2 loops of up to 2" in plan.out
    assert "rejected, line 5: 0170" in plan.out
    made = await loopcast(gateway.url, *order, "--from", PHONE, "--campaign", "Autumn")
    assert made.code is Exit.DONE, made.err
    row = await pool.fetchrow("SELECT id::text, total, campaign_name FROM jobs")
    assert row is not None
    assert tuple(row) == (made.out.strip(), 3, "Autumn")
    assert "rejected, line 5: 0170" in made.err


async def test_numbers_come_from_standard_input(gateway: Running, pool: Pool) -> None:
    given = "+49 1511 0000001\n+49 1511 0000002\n"
    words = ("send", "-t", "welcome", "--var", "first_name=Ann", "--from", PHONE, "--json")
    made = await loopcast(gateway.url, *words, given=given)
    assert (made.code, json.loads(made.out)["accepted"]) == (Exit.DONE, 2), made.err
    assert await pool.fetchval("SELECT count(*) FROM messages") == 2


async def test_a_repeated_key_makes_no_second_job(gateway: Running, pool: Pool) -> None:
    words = ("send", "-t", "welcome", "--from", PHONE, "--idempotency-key", "once")
    first = await loopcast(gateway.url, *words, given="+49 1511 0000001")
    second = await loopcast(gateway.url, *words, given="+49 1511 0000001")
    other = await loopcast(gateway.url, *words, given="+49 1511 0000002")
    assert (first.out, second.code, other.code) == (second.out, Exit.DONE, Exit.REFUSED)
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 1


async def test_a_refusal_is_told_and_is_an_exit_code(gateway: Running, tmp_path: Path) -> None:
    words = ("send", "-t", "welcome", "--from", "abc")
    refused = await loopcast(gateway.url, *words, given="+49 1511 0000001")
    assert (refused.code, refused.out) == (Exit.REFUSED, "")
    assert refused.err.startswith("Bad Request: ")
    planned = await loopcast(gateway.url, *words, "--dry-run", given="+49 1511 0000001")
    assert planned.code is Exit.REFUSED
    nobody = await loopcast(gateway.url, *words[:-1], PHONE, given="0170")
    assert (nobody.code, "line 1, 0170" in nobody.err) == (Exit.REFUSED, True)
    missing = await loopcast(gateway.url, "send", "nowhere.csv", "-t", "a", "--from", PHONE)
    assert (missing.code, "nowhere.csv cannot be read" in missing.err) == (Exit.FAILED, True)
    file = str(people(tmp_path))
    column = await loopcast(gateway.url, "send", file, "-t", "a", "--map", "1=Nam", "--from", PHONE)
    assert (column.code, "no column Nam" in column.err) == (Exit.USAGE, True)


async def test_without_a_number_there_has_to_be_one_alone(
    gateway: Running, database_url: str, nats_url: str, log: Log
) -> None:
    words = ("send", "-t", "welcome")
    none = await loopcast(gateway.url, *words, given="+49 1511 0000001")
    assert (none.code, "--from" in none.err) == (Exit.USAGE, True)
    async with serving(database_url, nats_url, log, default_phone_number_id=PHONE) as one:
        made = await loopcast(one.url, *words, given="+49 1511 0000001")
        assert made.code is Exit.DONE, made.err


async def test_jobs_are_listed_and_one_is_shown(gateway: Running) -> None:
    empty = await loopcast(gateway.url, "jobs")
    assert (empty.code, empty.out) == (Exit.DONE, "")
    assert (await loopcast(gateway.url, "job")).code is Exit.NOT_FOUND
    jobs = [await gateway.submit(campaign_name=name) for name in ("One", "Two")]
    listed = await loopcast(gateway.url, "jobs", "--limit", "1")
    assert listed.out.splitlines()[1].split() == [
        jobs[1], *listed.out.split()[6:8], "queued", "0/3", "Two",
    ]  # fmt: skip
    assert "2 in all; the next: --offset 1" in listed.err
    shown = await loopcast(gateway.url, "job", "last")
    assert shown.out.startswith("Two: queued\n")
    assert "0 sent; 3 to go" in shown.out
    as_json = await loopcast(gateway.url, "job", jobs[0], "--json")
    assert json.loads(as_json.out)["campaignName"] == "One"
    for none in ("nothing", "../../service", "a?b#c"):
        assert (await loopcast(gateway.url, "job", none)).code is Exit.NOT_FOUND
        assert (await loopcast(gateway.url, "pause", none)).code is Exit.NOT_FOUND


async def test_jobs_are_paused_resumed_and_canceled_with_a_reason(
    gateway: Running, pool: Pool
) -> None:
    jobs = [await gateway.submit() for _ in range(2)]
    paused = await loopcast(gateway.url, "pause", *jobs, "--reason", "a typo")
    assert paused.code is Exit.DONE, paused.err
    assert [line.split()[0] for line in paused.out.splitlines()] == jobs
    wanted = "SELECT array_agg(wanted::text) FROM jobs"
    assert await pool.fetchval(wanted) == ["pause", "pause"]
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE why = 'a typo'") == 2
    assert (await loopcast(gateway.url, "resume", jobs[0])).code is Exit.DONE
    canceled = await loopcast(gateway.url, "cancel", *jobs)
    assert canceled.code is Exit.DONE
    assert await pool.fetchval(wanted) == ["cancel", "cancel"]
    mixed = await loopcast(gateway.url, "pause", "nothing", jobs[0])
    assert mixed.code is Exit.NOT_FOUND


async def test_a_part_is_sent_again_and_what_is_left_out_is_told(
    gateway: Running, pool: Pool
) -> None:
    job = await gateway.submit()
    early = await loopcast(gateway.url, "resend", job, "--state", "failed")
    assert (early.code, "Job is not over" in early.err) == (Exit.REFUSED, True)
    which = await loopcast(gateway.url, "resend", job)
    assert (which.code, "--state failed" in which.err) == (Exit.USAGE, True)


async def test_a_file_is_written_whole_or_not_at_all(gateway: Running, tmp_path: Path) -> None:
    job = await gateway.submit()
    csv = await loopcast(gateway.url, "export", job)
    assert (csv.code, len(csv.out.splitlines())) == (Exit.DONE, 4)
    ndjson = await loopcast(gateway.url, "export", "last", "--format", "ndjson", "--state", "sent")
    assert (ndjson.code, ndjson.out) == (Exit.DONE, "")
    file = tmp_path / "messages.xlsx"
    file.write_text("what was there")
    refused = await loopcast(gateway.url, "export", job, "-o", str(file), "--state", "nonsense")
    assert (refused.code, file.read_text()) == (Exit.REFUSED, "what was there")
    given = await loopcast(gateway.url, "export", job, "-o", str(file))
    assert (given.code, file.read_bytes()[:2]) == (Exit.DONE, b"PK")
    assert list(tmp_path.glob("*messages.xlsx*")) == [file]
    nowhere = await loopcast(gateway.url, "export", job, "-o", str(tmp_path / "no" / "a.csv"))
    assert (nowhere.code, "cannot be written" in nowhere.err) == (Exit.FAILED, True)


async def test_opt_outs_are_added_listed_imported_exported_and_lifted(
    gateway: Running, tmp_path: Path
) -> None:
    add = ("suppress", "add", "-", "--scope", "marketing", "--reason", "by phone")
    added = await loopcast(gateway.url, *add, given="+49 1511 0000001\n0170\n")
    assert added.code is Exit.DONE, added.err
    assert "rejected, line 2: 0170" in added.out
    file = tmp_path / "stop.csv"
    file.write_text("number\n+4915110000002\n")
    assert (await loopcast(gateway.url, "suppress", "import", str(file))).code is Exit.DONE
    listed = await loopcast(gateway.url, "suppress", "list", "--scope", "marketing")
    assert [line.split()[0] for line in listed.out.splitlines()] == ["NUMBER", "4915110000001"]
    exported = await loopcast(gateway.url, "suppress", "export", "--format", "ndjson")
    assert len(exported.out.splitlines()) == 2
    shown = await loopcast(gateway.url, "suppress", "show", "+49 1511 0000001")
    assert "by phone" in shown.out
    lifted = await loopcast(gateway.url, "suppress", "lift", "4915110000001")
    assert lifted.code is Exit.DONE
    assert (await loopcast(gateway.url, "suppress", "show", "4915119")).code is not Exit.DONE


async def test_a_job_that_is_over_is_watched_to_its_end_at_once(
    gateway: Running, pool: Pool
) -> None:
    job = await gateway.submit()
    await loopcast(gateway.url, "cancel", job)
    await pool.execute(
        "UPDATE jobs SET state = 'canceled', finished_at = now() - interval '1 hour' WHERE id = $1",
        job,
    )
    watched = await loopcast(gateway.url, "watch", job)
    assert watched.code is Exit.CANCELED
    assert watched.out.splitlines()[-1] == "canceled: 0 sent, 3 canceled"
    frames = await loopcast(gateway.url, "watch", job, "--json")
    types = [json.loads(line)["type"] for line in frames.out.splitlines()]
    assert (frames.code, types) == (Exit.CANCELED, ["connection", "job_completed"])
    assert (await loopcast(gateway.url, "watch", "nothing")).code is Exit.NOT_FOUND


async def test_who_was_skipped_is_not_called_canceled(gateway: Running, pool: Pool) -> None:
    job = await gateway.submit()
    await pool.execute(
        "UPDATE jobs SET state = 'canceled', wanted = 'cancel', queued = 0, skipped = 1,"
        " canceled = 2, finished_at = now() - interval '1 hour' WHERE id = $1", job,
    )  # fmt: skip
    watched = await loopcast(gateway.url, "watch", job)
    assert watched.out.splitlines()[-1] == "canceled: 0 sent, 1 skipped, 2 canceled"


async def test_a_job_of_a_loop_for_each_is_watched_like_any_other(
    gateway: Running, pool: Pool
) -> None:
    job = await gateway.submit(2000, loopSize=1)  # its snapshot is a line of half a megabyte
    await pool.execute(
        "UPDATE jobs SET state = 'canceled', wanted = 'cancel', queued = 0, canceled = 2000,"
        " finished_at = now() - interval '1 hour' WHERE id = $1", job,
    )  # fmt: skip
    watched = await loopcast(gateway.url, "watch", job)
    assert (watched.code, "2000 loops" in watched.out) == (Exit.CANCELED, True), watched.err


async def test_a_key_is_brought_and_a_missing_one_is_told(
    database_url: str, nats_url: str, log: Log
) -> None:
    keys = (ApiKey("shop", "a-long-secret"),)
    async with serving(database_url, nats_url, log, api_keys=keys) as gateway:
        none = await loopcast(gateway.url, "jobs")
        assert (none.code, "LOOPCAST_KEY" in none.err) == (Exit.NOT_ALLOWED, True)
        key = {"LOOPCAST_KEY": "a-long-secret"}
        assert (await loopcast(gateway.url, "jobs", environ=key)).code is Exit.DONE


async def test_nobody_there_is_told_at_once() -> None:
    for words in (("jobs",), ("watch", "x"), ("export", "x")):
        done = await loopcast(f"http://127.0.0.1:{free_port()}", *words)
        assert (done.code, "loopcast up" in done.err) == (Exit.UNREACHABLE, True)


async def test_a_server_that_is_no_gateway_asks_for_the_address() -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<ht>")
        await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    port = free_port()
    async with await asyncio.start_server(page, "127.0.0.1", port):
        done = await loopcast(f"http://127.0.0.1:{port}", "jobs")
    assert (done.code, "LOOPCAST_URL" in done.err) == (Exit.FAILED, True)


async def test_the_command_takes_its_gateway_and_key_from_the_environment(
    gateway: Running, tmp_path: Path
) -> None:
    job = await gateway.submit()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", "jobs", cwd=tmp_path, stdout=subprocess.PIPE,
        env=environ | {"LOOPCAST_URL": gateway.url},
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, job in out.decode()) == (Exit.DONE, True)


async def test_a_watch_ends_when_nobody_reads_it_any_more(gateway: Running, tmp_path: Path) -> None:
    job = await gateway.submit()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)}
    process = await asyncio.create_subprocess_shell(
        f"{sys.executable} -P -m cli watch {job} --every 1 | head -n 1", cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environ | {"LOOPCAST_URL": gateway.url},
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (job in out.decode(), err) == (True, b"")


async def test_ctrl_c_ends_the_watching_and_says_how_to_go_on(
    gateway: Running, tmp_path: Path
) -> None:
    job = await gateway.submit()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "PYTHONFAULTHANDLER": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", "watch", job, cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environ | {"LOOPCAST_URL": gateway.url},
    )  # fmt: skip
    assert process.stdout
    await asyncio.wait_for(process.stdout.readline(), 60)
    process.send_signal(signal.SIGINT)
    err = await last_words(process)
    assert process.returncode == Exit.INTERRUPTED
    assert err.decode().splitlines() == [
        "No longer watched. The job goes on; to watch it again:", f"  loopcast watch {job}",
    ]  # fmt: skip


async def last_words(process: asyncio.subprocess.Process) -> bytes:
    """What it said on stderr until it ended; where it was, when it does not."""
    assert process.stdout
    assert process.stderr
    reading = asyncio.gather(process.stdout.read(), process.stderr.read(), process.wait())
    if not (await asyncio.wait({reading}, timeout=60))[0]:
        process.send_signal(signal.SIGABRT)
    _, err, _ = await asyncio.wait_for(reading, 60)
    return err
