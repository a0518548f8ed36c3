"""What is pressed twice, answered by nobody, or edited meanwhile is sent once, to whom it says."""

import asyncio

from playwright.async_api import Page, Route, expect

from tests.browser.chromium import Complaints
from tests.browser.composing import compose, fill_places, paste, plan, table
from tests.browser.stacks import Stack

SETTINGS = {
    "BULK_LOOP_SIZE": "25", "BULK_LOOP_PAUSE_MS": "200", "BULK_MESSAGES_PER_SECOND": "100",
}  # fmt: skip


async def test_a_list_that_is_edited_is_sent_to_as_it_stands_or_not_at_all(
    page: Page, stack: Stack, number: str
) -> None:
    """The upload of the list before is known to the page until that of this one is."""
    await compose(page, number)
    await paste(page, table(3, first=101))
    await fill_places(page)
    button = plan(page).locator("button.primary")
    await expect(button).to_be_enabled()
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/api/bulk/upload?*", held.put)
    await paste(page, table(2, first=111))
    upload = await held.get()
    await expect(plan(page)).to_contain_text("Still missing: the check of the list.")
    await expect(button).to_be_disabled()
    await upload.continue_()
    await expect(plan(page)).to_contain_text("1 loop of 2")
    await button.click()
    await expect(page.locator(".job-state")).to_have_text("done")
    job = await stack.ask("GET", f"/api/bulk/job/{page.url.rpartition('/')[2]}/messages")
    assert [message["to"] for message in job["messages"]] == ["4915110000111", "4915110000112"]


async def test_a_test_send_is_one_message_however_often_it_is_pressed_without_an_answer(
    page: Page, complaints: Complaints, stack: Stack, number: str
) -> None:
    await compose(page, number)
    await page.get_by_label("Template", exact=True).select_option("hello_world en_US")
    await page.get_by_text("First to yourself").click()
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
    await expect(page.get_by_text("Press again: you get one test")).to_be_visible()
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
    page: Page, complaints: Complaints, stack: Stack, number: str
) -> None:
    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    async def brought(tab: Page) -> None:
        await compose(tab, number)
        await paste(tab, table(2, first=121))
        await fill_places(tab)
        await plan(tab).get_by_role("button", name="Send to 2 recipients").click()

    complaints.expect("net::ERR_FAILED")
    await page.route("**/api/whatsapp/bulk-customize-send", lose)
    await brought(page)
    await expect(plan(page)).to_contain_text("Press again")
    async with page.context.expect_page() as opened:
        await page.evaluate("window.open('/', '_blank', 'noopener')")
    other = await opened.value
    await page.close()
    await brought(other)
    await expect(plan(other)).to_contain_text("It was sent before")
    await plan(other).get_by_role("link", name="Jobs").click()
    await expect(other.get_by_role("cell", name="done").first).to_be_visible()
    assert await stack.sent_to(number) == 2
