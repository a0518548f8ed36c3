"""A job of 20,000 watched at full speed: every sum is the API's, and memory stays flat.

Of 50,000, the most that a job may have, it would take minutes on a busy machine: `make frames`
watches one. What grows with the messages shows with 20,000 as well.
"""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.large import FULL_SPEED, is_settled, nodes, submit, weight
from tests.browser.stacks import Stack

SETTINGS = FULL_SPEED
TOTAL = 20_000
MOST_NODES = 1_500  # the frame, fifty last messages, and what became of it at the end
MOST_GROWTH = 2_000_000  # bytes; a hundred for each message would be as much
STATES = ("sent", "delivered", "read", "failed", "skipped", "unknown")
WORDS = {"unknown": "in doubt"}
WHOLE = ("read", "delivered", "sent", "unknown", "failed", "skipped", "canceled", "waiting")


@pytest.mark.timeout(400)
async def test_a_large_job_is_watched_to_its_last_receipt_with_flat_memory(
    page: Page, stack: Stack
) -> None:
    job_id = await submit(stack, TOTAL)
    await page.goto(f"/#/jobs/{job_id}")
    await expect(page.locator(".job-state")).to_have_text("sending")
    devtools = await page.context.new_cdp_session(page)
    before = await weight(page, devtools)
    while not is_settled(job := await stack.job(job_id)):
        assert await nodes(page) < MOST_NODES
        await page.wait_for_timeout(500)
    await the_sums_are_those_of(page, job)
    after = await weight(page, devtools)
    assert after.nodes < MOST_NODES
    assert after.heap - before.heap < MOST_GROWTH
    await every_loop_is_that_of(page, job)


async def the_sums_are_those_of(page: Page, job: dict[str, Any]) -> None:
    assert sum(job[state] for state in ("sent", "failed", "skipped", "unknown")) == TOTAL
    for state in STATES:
        item = page.locator(".legend > div").filter(has=page.get_by_text(WORDS.get(state, state)))
        await expect(item.locator("dd > span").first).to_have_text(f"{job[state]:,}")
    await expect(page.locator(".watch-figures")).to_contain_text(f"{TOTAL:,} of {TOTAL:,}")
    await expect(page.get_by_role("progressbar", name="Progress")).to_have_attribute(
        "aria-valuenow", "100"
    )
    heading = f"All {TOTAL:,} recipients are accounted for"
    sums = page.get_by_role("region", name=heading)
    for state in ("sent", "failed", "skipped", "unknown"):
        term = sums.locator("div", has=page.get_by_text(WORDS.get(state, state), exact=True))
        await expect(term.get_by_role("link")).to_have_text(f"{job[state]:,}")


async def every_loop_is_that_of(page: Page, job: dict[str, Any]) -> None:
    """The table counts each message once: who has read it is not among those it was sent to."""
    await page.get_by_text("Loops as a table").click()
    rows = page.get_by_role("region", name="Loops as a table").locator("tbody tr")
    await expect(rows).to_have_count(job["totalLoops"])
    await expect(rows.last.locator("td").first).to_have_text(re.compile(r"\d"))
    shown = await rows.evaluate_all("(rows) => rows.map((row) => row.innerText)")
    assert [loop_of(text) for text in shown] == [
        (each["loop"], each["sent"], each["failed"], each["skipped"], each["unknown"])
        for each in sorted(job["loops"], key=lambda each: int(each["loop"]))
    ]


def loop_of(text: str) -> tuple[int, ...]:
    """A row of the table, with what was sent as the API counts it."""
    loop, *cells = (int(re.sub(r"\D", "", cell) or 0) for cell in text.split("\t"))
    of = dict(zip(WHOLE, cells, strict=True))
    sent = of["read"] + of["delivered"] + of["sent"]
    assert of["waiting"] == of["canceled"] == 0
    return loop, sent, of["failed"], of["skipped"], of["unknown"]
