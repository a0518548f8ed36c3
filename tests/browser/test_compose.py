"""Composing a send: from a list and a template to a job that is done, and what is said."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.stacks import NUMBER, Stack, row

SETTINGS = {
    "BULK_LOOP_SIZE": "25", "BULK_LOOP_PAUSE_MS": "200", "BULK_MESSAGES_PER_SECOND": "100",
}  # fmt: skip


def table(total: int, *, first: int = 1) -> str:
    """A list with a row of names, as a spreadsheet writes it."""
    rows = (row(seq) for seq in range(first, first + total))
    lines = [f"{each['phone']},{each['name']},{each['order']}" for each in rows]
    return "\n".join(["phone,name,order", *lines])


async def compose(page: Page) -> None:
    """The form with the sandbox's number and its template with two places."""
    await page.goto("/#/new")
    await expect(page.get_by_label("Sending number")).to_be_enabled()
    if await page.get_by_label("Sending number").input_value() != NUMBER:
        await page.get_by_label("Sending number").fill(NUMBER)
    await page.get_by_label("Template", exact=True).select_option("order_update en_US")


async def fill_places(page: Page) -> None:
    """Each place of the template from a column; those that were guessed stay."""
    for place, column in (("{{1}} in the text", "name"), ("{{2}} in the text", "order")):
        choice = page.get_by_label(place, exact=True)
        await choice.select_option(column)


def plan(page: Page) -> Locator:
    return page.get_by_role("region", name="Plan")


async def test_from_a_pasted_table_to_a_job_that_is_done(page: Page, stack: Stack) -> None:
    await compose(page)
    await page.get_by_label("Numbers, or a table").fill(table(60))
    await fill_places(page)
    await expect(page.get_by_role("region", name="Preview")).to_contain_text("Name 1")
    await expect(plan(page)).to_contain_text("3 loops of 25, 25 and 10")
    await expect(plan(page)).to_contain_text(re.compile(r"about \d"))
    await page.get_by_role("button", name="Send in bulk to 60 recipients").click()
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(page).to_have_url(re.compile(r"#/jobs/[0-9a-f-]{36}"))
    await expect(page.locator(".job-state")).to_have_text("done")
    assert await stack.sent_to(NUMBER) == 60
