"""What is refused while a send is composed: said beside its field, mended, and never sent twice."""

import re

from playwright.async_api import Page, Route, expect

from tests.browser.chromium import Complaints
from tests.browser.composing import (
    compose,
    fill_places,
    paste,
    plan,
    send,
    table,
)
from tests.browser.stacks import Stack

SETTINGS = {
    "BULK_LOOP_SIZE": "25", "BULK_LOOP_PAUSE_MS": "200", "BULK_MESSAGES_PER_SECOND": "100",
}  # fmt: skip


async def test_a_test_to_a_number_that_is_none_says_so_beside_it(
    page: Page, complaints: Complaints, number: str
) -> None:
    complaints.expect("status of 400")
    await compose(page, number)
    await paste(page, table(1, first=651))
    await fill_places(page)
    await page.get_by_text("First to yourself").click()
    await page.get_by_label("Your number").fill("12345")
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.get_by_label("Your number")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Your number")).to_have_accessible_description(re.compile(".+"))


async def test_a_template_that_meta_does_not_have_is_refused_beside_its_name(
    page: Page, number: str
) -> None:
    await compose(page, number)
    await paste(page, "+49 1511 0000801")
    await page.get_by_label("Template", exact=True).select_option("typed")
    name = page.get_by_label("Name of the template")
    await name.fill("no_such_template")
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(name).to_have_accessible_description(re.compile("no_such_template"))
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()


async def test_a_row_that_does_not_fill_the_template_is_refused_with_its_line(
    page: Page, number: str
) -> None:
    await compose(page, number)
    await paste(page, f"{table(2, first=811)}\n+49 1511 0000813,,A-3")
    await fill_places(page)
    await expect(plan(page).get_by_role("alert")).to_be_visible()
    await expect(plan(page)).to_contain_text("Line 4 (+49 1511 0000813): name is empty")


async def test_a_time_zone_that_there_is_not_is_refused_beside_the_field_and_can_be_mended(
    page: Page, complaints: Complaints, number: str
) -> None:
    complaints.expect("status of 400")
    await compose(page, number)
    await paste(page, table(2, first=821))
    await fill_places(page)
    await page.get_by_role("heading", name="When and how fast").click()
    await page.get_by_label("Write to people only at certain hours").check()
    await page.get_by_label("Whose clock").select_option("zone")
    zone = page.get_by_label("Time zone", exact=True)
    await zone.fill("Mars/Olympus")
    await expect(zone).to_have_attribute("aria-invalid", "true")
    await expect(zone).to_have_accessible_description(re.compile("Mars/Olympus"))
    await zone.fill("Europe/Berlin")
    await expect(zone).not_to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("button", name="Send to 2 recipients")).to_be_enabled()


async def test_what_cannot_be_is_said_beside_the_field_before_anybody_is_asked(
    page: Page, number: str
) -> None:
    await compose(page, number)
    await page.get_by_role("heading", name="When and how fast").click()
    rate = page.get_by_label("Messages a second")
    await rate.fill("7000")
    await expect(rate).to_have_accessible_description(re.compile("from 1 to 100"))
    await expect(page.get_by_text("1 field above has to be mended first.")).to_be_visible()


async def test_no_answer_and_pressed_again_is_one_job_and_nobody_gets_it_twice(
    page: Page, complaints: Complaints, stack: Stack, number: str
) -> None:
    complaints.expect("ERR_FAILED")
    await compose(page, number)
    await paste(page, table(3, first=901))
    await fill_places(page)
    button = page.get_by_role("button", name="Send to 3 recipients")
    await expect(button).to_be_enabled()

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/whatsapp/bulk-customize-send", lose_the_answer, times=1)
    await button.click()
    await expect(page.get_by_text("Press again")).to_be_visible()
    await stack.over(await send(page, "Send to 3 recipients"))
    assert await stack.sent_to(number) == 3
    jobs = await stack.ask("GET", f"/api/bulk/jobs?phoneNumberId={number}")
    assert len(jobs["jobs"]) == 1
