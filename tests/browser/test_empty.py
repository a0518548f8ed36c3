"""Before anything was sent: each empty view says what it is for, and leads to the next step."""

from playwright.async_api import Page, expect

from tests.browser.chromium import Complaints
from tests.browser.looks import flaws


async def test_a_list_without_jobs_leads_to_the_first_message(page: Page, axe_script: str) -> None:
    await page.goto("/")
    await expect(page.get_by_role("heading", name="No job yet")).to_be_visible()
    await expect(page.get_by_text("Nothing reaches a real phone for now")).to_be_visible()
    assert await flaws(page, axe_script) == []
    await page.get_by_role("link", name="Write the first message").click()
    await expect(page.get_by_role("heading", name="Compose", level=1)).to_be_visible()
    await expect(page.get_by_text("Once everything is filled in, the plan stands here")
                 ).to_be_visible()  # fmt: skip
    await expect(page.get_by_text("Still missing: ")).to_be_visible()


async def test_a_list_without_opt_outs_says_how_it_fills_by_itself(
    page: Page, axe_script: str
) -> None:
    await page.goto("/#/opt-outs")
    await expect(page.get_by_role("heading", name="Nobody has opted out")).to_be_visible()
    await expect(page.get_by_text("STOP is heard by itself: whoever writes it")).to_be_visible()
    assert await flaws(page, axe_script) == []
    empty = page.locator(".empty")
    await empty.get_by_role("button", name="Add numbers").click()
    await expect(page.get_by_role("dialog", name="Add to the opt-outs")).to_be_visible()


async def test_where_no_keys_are_asked_for_the_page_says_so_and_how_to_begin(
    page: Page, axe_script: str
) -> None:
    await page.goto("/#/keys")
    await expect(page.get_by_role("heading", name="No key yet")).to_be_visible()
    await expect(page.get_by_text("No keys are asked for")).to_be_visible()
    await expect(page.get_by_label("The setting")).to_contain_text("API_KEYS=")
    assert await flaws(page, axe_script) == []


async def test_the_environment_s_number_is_there_before_anything_was_sent(
    page: Page, axe_script: str
) -> None:
    await page.goto("/#/numbers")
    await expect(page.get_by_text("not counted")).to_be_visible()
    await expect(page.get_by_text("no job waits")).to_be_visible()
    assert await flaws(page, axe_script) == []


async def test_a_number_that_nobody_knows_leads_to_the_jobs(
    page: Page, complaints: Complaints, axe_script: str
) -> None:
    complaints.expect("status of 404")
    await page.goto("/#/recipients/4915117654321")
    await expect(page.get_by_role("heading", name="Nobody knows this number")).to_be_visible()
    assert await flaws(page, axe_script) == []
    await page.get_by_role("main").get_by_role("link", name="Jobs").click()
    await expect(page.get_by_role("heading", name="No job yet")).to_be_visible()
