"""A job of many thousands at full speed, and what its watching costs the browser."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Page

from tests.browser.stacks import Stack, fated, row

# Nothing holds anything back; loops as they are by default.
FULL_SPEED = {
    "BULK_MESSAGES_PER_SECOND": "0",
    "BULK_LOOP_SIZE": "200",
    "BULK_LOOP_PAUSE_MS": "0",
    "BULK_REQUEST_TIMEOUT_MS": "10000",
    "BULK_UNKNOWN_AFTER_S": "1",
    "SANDBOX_LATENCY_MS": "0",
    "SANDBOX_THROUGHPUT": "0",
    "SANDBOX_PAIR_BURST": "0",
}
# Receipts at once, and of all: the end is the same each time.
RECEIPTS = {"sentMs": 0, "deliveredMs": 0, "readMs": 0, "read": 1}
MISSED = [*fated("9131026", 5), *fated("9131047", 3), *fated("9131049", 2), *fated("9000004")]


@dataclass(frozen=True)
class Weight:
    """What a page holds, after the garbage is gone."""

    heap: int  # bytes
    nodes: int


async def submit(stack: Stack, total: int) -> str:
    """A campaign to that many, a few of whom miss it."""
    await stack.ask_sandbox("PUT", "/sandbox/script", {"receipts": RECEIPTS})
    rows = [row(seq) for seq in range(1, total - len(MISSED) + 1)]
    return await stack.submit_rows(rows[:1000] + MISSED + rows[1000:], campaign_name="Large")


def is_settled(job: dict[str, Any]) -> bool:
    """It is over, and every receipt of it has come."""
    return bool(job["finishedAt"]) and job["read"] == job["sent"]


async def weight(page: Page, devtools: CDPSession) -> Weight:
    await devtools.send("HeapProfiler.collectGarbage")
    heap = await devtools.send("Runtime.getHeapUsage")
    return Weight(int(heap["usedSize"]), await nodes(page))


async def nodes(page: Page) -> int:
    found: int = await page.evaluate("() => document.querySelectorAll('*').length")
    return found
