"""Composing a send: from a list and a template to a job that is done, and what is said."""

import asyncio
import re

from playwright.async_api import Locator, Page, Route, expect

from tests.browser.chromium import Complaints
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
    before = await stack.sent_to(NUMBER)
    await compose(page)
    await page.get_by_label("Numbers, or a table").fill(table(60))
    await fill_places(page)
    await expect(page.get_by_role("region", name="Preview")).to_contain_text("Name 1")
    await expect(plan(page)).to_contain_text("3 loops of 25, 25 and 10")
    await expect(plan(page)).to_contain_text(re.compile(r"about \d"))
    await page.get_by_role("button", name="Send in bulk").click()
    await expect(page).to_have_url(re.compile(r"#/jobs/[0-9a-f-]{36}"))
    await expect(page.locator(".job-state")).to_have_text("done")
    assert await stack.sent_to(NUMBER) == before + 60


async def test_a_list_that_is_edited_is_sent_to_as_it_stands_or_not_at_all(
    page: Page, stack: Stack
) -> None:
    """The upload of the list before is known to the page until that of this one is."""
    await compose(page)
    await page.get_by_label("Numbers, or a table").fill(table(3, first=101))
    await fill_places(page)
    send = plan(page).locator("button.primary")
    await expect(send).to_be_enabled()
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/api/bulk/upload?*", held.put)
    await page.get_by_label("Numbers, or a table").fill(table(2, first=111))
    upload = await held.get()
    await expect(plan(page)).to_contain_text("Still missing: the check of the list.")
    await expect(send).to_be_disabled()
    await upload.continue_()
    await expect(plan(page)).to_contain_text("1 loop of 2")
    await send.click()
    await expect(page.locator(".job-state")).to_have_text("done")
    job = await stack.ask("GET", f"/api/bulk/job/{page.url.rpartition('/')[2]}/messages")
    assert [message["to"] for message in job["messages"]] == ["4915110000111", "4915110000112"]


async def test_a_test_send_is_one_message_however_often_it_is_pressed_without_an_answer(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    await compose(page)
    await page.get_by_label("Template", exact=True).select_option("hello_world en_US")
    await page.get_by_text("Test it on your own phone").click()
    await page.get_by_label("Your number").fill("+49 1511 7654399")
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/api/whatsapp/test-send", held.put)
    press = page.get_by_role("button", name="Send a test")
    await press.click()
    first = await held.get()
    await page.get_by_label("Name of this send (optional)").press("ArrowLeft")
    await page.get_by_label("Free text").check()
    await page.get_by_label("A template").check()
    await expect(press).to_be_disabled()
    await page.get_by_label("Your number").press("Enter")
    complaints.expect("net::ERR_FAILED")
    await first.abort()
    await page.get_by_text("Try again").or_(page.get_by_text("cannot be reached")).wait_for()
    await expect(press).to_be_enabled()
    await press.click()
    second = await held.get()
    keys = [each.request.headers["idempotency-key"] for each in (first, second)]
    assert keys[0] == keys[1]
    await second.continue_()
    await expect(page.get_by_text("The test is on its way.")).to_be_visible()
    await press.click()
    third = await held.get()
    assert third.request.headers["idempotency-key"] not in keys
    await third.abort()
    assert held.empty()


async def test_a_list_whose_answer_was_lost_is_not_sent_to_twice_from_another_tab(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    async def brought(tab: Page) -> None:
        await compose(tab)
        await tab.get_by_label("Numbers, or a table").fill(table(2, first=121))
        await fill_places(tab)
        await plan(tab).get_by_role("button", name="Send to 2 recipients").click()

    before = await stack.sent_to(NUMBER)
    complaints.expect("net::ERR_FAILED")
    await page.route("**/api/whatsapp/bulk-customize-send", lose)
    await brought(page)
    await expect(plan(page)).to_contain_text("No answer")
    async with page.context.expect_page() as opened:
        await page.evaluate("window.open('/', '_blank', 'noopener')")
    other = await opened.value
    await page.close()
    await brought(other)
    await expect(plan(other)).to_contain_text("It was sent before")
    await plan(other).get_by_role("link", name="Jobs").click()
    await expect(other.get_by_role("cell", name="done").first).to_be_visible()
    assert await stack.sent_to(NUMBER) == before + 2
