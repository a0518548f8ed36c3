"""`make bench`: lists accepted, messages sent, receipts taken; ratios to trust, seconds to note.

A stack of its own with durable servers, the sandbox at zero latency, nothing limited. The sending
is compared in the same run with the bare minimum: the same HTTP client posting the same bodies to
the same sandbox and writing nothing down.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import aiohttp

from bench.measures import Accepted, Sent, accepted, sent_bare, sent_by_loopcast, stall_beside
from bench.receipts import SECRET, taken
from deploy import stack
from deploy.demo import demo_environ
from deploy.supervisor import Supervisor

RECIPIENTS = 50_000
MESSAGES = 20_000
RECEIPTS_OF = 10_000  # messages, three receipts each
ROUNDS = 3  # bare and Loopcast in turn; the middle one counts
UNLIMITED = {
    "BULK_MESSAGES_PER_SECOND": "0",
    "BULK_LOOP_PAUSE_MS": "0",
    "BULK_LOOP_SIZE": "5000",
    "SANDBOX_LATENCY_MS": "0",
    "SANDBOX_THROUGHPUT": "0",
    "SANDBOX_PAIR_BURST": "0",
    "SANDBOX_WEBHOOK_URL": "none",
    "LOG_LEVEL": "warning",
}


async def bench(folder: Path) -> None:
    environ = demo_environ({**os.environ, **UNLIMITED}) | {"META_APP_SECRET": SECRET}
    wanted = stack.plan(environ)
    stop, up = asyncio.Event(), asyncio.Event()
    programs = stack.programs(wanted, folder, folder)
    supervisor = Supervisor(programs, lambda _: None, lambda _name, _line: None)
    running = asyncio.create_task(supervisor.run(stop, up.set))
    try:
        await asyncio.wait({running, asyncio.create_task(up.wait())}, return_when="FIRST_COMPLETED")
        async with aiohttp.ClientSession() as http:
            await measure_sending(http, wanted)
            await measure_receipts(http, wanted, folder)
            await measure_accepting(http, wanted)
    finally:
        stop.set()
        await running


async def measure_sending(http: aiohttp.ClientSession, wanted: stack.Plan) -> None:
    assert wanted.sandbox_url
    rounds: list[tuple[Sent, Sent]] = []
    for number in range(ROUNDS):
        bare = await sent_bare(wanted.sandbox_url, MESSAGES)
        ours = await sent_by_loopcast(http, wanted, MESSAGES)
        rounds.append((bare, ours))
        say(
            f"round {number + 1}: bare client {bare.per_second:,.0f}/s,"
            f" Loopcast {ours.per_second:,.0f}/s, ratio {ours.per_second / bare.per_second:.2f}"
        )
    ratios = sorted(ours.per_second / bare.per_second for bare, ours in rounds)
    say(f"{MESSAGES:,} messages sent, claimed and recorded: ratio to a bare client,"
        f" median of {ROUNDS}: {ratios[ROUNDS // 2]:.2f}")  # fmt: skip


async def measure_receipts(http: aiohttp.ClientSession, wanted: stack.Plan, folder: Path) -> None:
    """At the rate of a number at Meta's full throughput, and as fast as it goes."""
    for most, rate in ((10, 3000), (10, 0), (1, 0)):
        done = await taken(
            http, wanted, folder, messages=RECEIPTS_OF, most_in_a_body=most, rate=rate
        )
        bodies = f"1 to {most} in a webhook" if most > 1 else "one in a webhook"
        posted = f"{rate:,} a second" if rate else "flat out"
        say(f"{done.posted.receipts:,} receipts, {bodies}, {posted}: {done}")


async def measure_accepting(http: aiohttp.ClientSession, wanted: stack.Plan) -> None:
    for form in ("quick", "customize"):
        # A list for a number of its own: nothing of it is sent while the next one is measured.
        job: Coroutine[Any, Any, Accepted] = accepted(http, wanted.gateway_url, form, RECIPIENTS)
        done, stall = await stall_beside(http, wanted.gateway_url, job)
        say(
            f"{done.recipients:,} recipients, {form} form: accepted in {done.seconds:.2f} s"
            f" ({done.megabytes:.1f} MB); the slowest health check meanwhile {stall * 1000:.0f} ms"
        )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loopcast-bench-") as folder:
        asyncio.run(bench(Path(folder)))
    say(f"measured in {time.monotonic() - began:.0f} s on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
