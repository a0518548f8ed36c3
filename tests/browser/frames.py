"""`make frames`: how smoothly a job of 50,000 is watched, and what the page weighs. No test.

A stack of its own that nothing holds back, receipts included; the page is watched in chromium from
the first message until the last receipt has come.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, expect

from tests.browser import chromium
from tests.browser.large import FULL_SPEED, Weight, is_settled, submit, weight
from tests.browser.stacks import Stack, stack_in

RECIPIENTS = 50_000
PATIENCE_SECONDS = 900
_SAMPLED = """() => {
  const frames = (window.frameTimes = []);
  const next = (now) => frames.push(now) && requestAnimationFrame(next);
  requestAnimationFrame(next);
}"""


@dataclass(frozen=True)
class Load:
    """What came over the network to show the page."""

    requests: int
    plain: int  # bytes, unpacked
    wire: int  # bytes as they came, headers included


async def measure(folder: Path, path: str) -> None:
    async with stack_in(folder, FULL_SPEED) as stack, chromium.browser(path) as browser:
        await measure_weight(browser, stack)
        await measure_watching(browser, stack)


async def measure_weight(browser: Browser, stack: Stack) -> None:
    async with chromium.context(browser, stack.url) as visitor:
        first, second = await load(visitor), await load(visitor)
    say(f"first load:  {told(first)}")
    say(f"second load: {told(second)}")


def told(load: Load) -> str:
    return f"{load.requests} requests, {kilo(load.plain)} plain, {kilo(load.wire)} on the wire"


async def load(visitor: BrowserContext) -> Load:
    """What the page asks for until it is shown and rests."""
    page = await visitor.new_page()
    traffic = Traffic()
    devtools = await visitor.new_cdp_session(page)
    devtools.on("Network.requestWillBeSent", traffic.asked)
    devtools.on("Network.dataReceived", traffic.received)
    devtools.on("Network.loadingFinished", traffic.finished)
    await devtools.send("Network.enable")
    await page.goto("/", wait_until="networkidle")
    await expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    await page.close()
    return traffic.load()


class Traffic:
    """The page's own files that came over the network; answers of the API are no part of it."""

    def __init__(self) -> None:
        self._own: set[str] = set()
        self._plain: Counter[str] = Counter()
        self._wire: Counter[str] = Counter()

    def asked(self, event: dict[str, Any]) -> None:
        if "/api/" not in event["request"]["url"]:
            self._own.add(event["requestId"])

    def received(self, event: dict[str, Any]) -> None:
        self._plain[event["requestId"]] += int(event["dataLength"])

    def finished(self, event: dict[str, Any]) -> None:
        self._wire[event["requestId"]] += int(event["encodedDataLength"])

    def load(self) -> Load:
        """What is in the browser's cache costs nothing on the wire."""
        came = [one for one in self._own if self._wire[one]]
        plain, wire = (sum(each[one] for one in came) for each in (self._plain, self._wire))
        return Load(len(came), plain, wire)


async def measure_watching(browser: Browser, stack: Stack) -> None:
    job_id = await submit(stack, RECIPIENTS)
    async with chromium.context(browser, stack.url) as visitor:
        page = await visitor.new_page()
        devtools = await visitor.new_cdp_session(page)
        await page.goto(f"/#/jobs/{job_id}")
        await expect(page.locator(".job-state")).to_have_text("sending")
        before = await weight(page, devtools)
        await page.evaluate(_SAMPLED)
        job = await stack.when(f"/api/bulk/job/{job_id}", is_settled, seconds=PATIENCE_SECONDS)
        frames: list[float] = await page.evaluate("() => window.frameTimes")
        read = page.locator(".legend > div").filter(has_text="read").locator("dd > span").first
        await expect(read).to_have_text(f"{job['sent']:,}")
        say_watching(frames, before, await weight(page, devtools))


def say_watching(frames: list[float], before: Weight, after: Weight) -> None:
    gaps = sorted(later - earlier for earlier, later in pairwise(frames))
    seconds = Counter(int((at - frames[0]) / 1000) for at in frames)
    full = [seconds[second] for second in range(max(seconds))]  # the last one is none
    say(f"{RECIPIENTS:,} recipients watched for {(frames[-1] - frames[0]) / 1000:.0f} s,"
        f" receipts included: {len(frames):,} frames")  # fmt: skip
    say(f"frames a second: median {statistics.median(full):.0f}, lowest second {min(full)}")
    say(f"frame: p95 {gaps[int(len(gaps) * 0.95)]:.1f} ms, worst {gaps[-1]:.1f} ms")
    say(f"heap after gc: {mega(before.heap)} at the start, {mega(after.heap)} at the end")
    say(f"DOM nodes: {before.nodes:,} at the start, {after.nodes:,} at the end")


def kilo(size: int) -> str:
    return f"{size / 1000:,.1f} kB"


def mega(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    if (path := chromium.found()) is None:
        sys.exit(f"no browser here: one of {', '.join(chromium.NAMES)}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loopcast-frames-") as folder:
        asyncio.run(measure(Path(folder), path))
    say(f"measured in {time.monotonic() - began:.0f} s on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
