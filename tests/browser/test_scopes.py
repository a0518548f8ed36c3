"""A key that may not do everything: what it is shown, and what a browser keeps of its holder."""

import re

from playwright.async_api import Page, Response, expect

from tests.browser.chromium import Complaints
from tests.browser.stacks import NUMBER, Stack

KEY = "a-key-of-the-desk"


async def enter(page: Page, complaints: Complaints, stack: Stack, *scopes: str) -> None:
    """Signed in with a key that has these scopes, at the page's first address."""
    made = await stack.ask("POST", "/api/keys", {"name": "helper", "scopes": list(scopes)})
    complaints.expect("status of 401")
    await page.goto("/")
    await page.get_by_label("Key").fill(made["key"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()


async def write(page: Page, number: str) -> None:
    """A message that can be sent."""
    await page.get_by_label("Sending number").fill(NUMBER)
    await page.get_by_label("Template", exact=True).select_option("hello_world en_US")
    await page.get_by_label("Numbers, or a table").fill(number)


async def test_views_that_need_more_than_the_key_has_say_so_and_ask_for_nothing(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    await enter(page, complaints, stack, "read")
    refused: list[Response] = []
    page.on("response", lambda answer: refused.append(answer) if not answer.ok else None)
    for hash_, needed in (("#/new", "send"), ("#/keys", "admin")):
        await page.evaluate(f"location.hash = '{hash_}'")
        main = page.get_by_role("main")
        await expect(main).to_contain_text(f"may read; this needs {needed}")
        await expect(main.get_by_role("button")).to_have_count(0)
    assert refused == []


async def test_a_key_that_may_only_send_composes_and_is_told_of_its_job(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    await enter(page, complaints, stack, "send")
    complaints.expect("status of 403")  # which numbers there are, it may not know
    await expect(page.get_by_role("heading", name="Compose", level=1)).to_be_visible()
    await write(page, "+49 1511 7654321")
    await page.get_by_role("button", name="Send to 1 recipient").click()
    await expect(page.get_by_role("heading", name="It is submitted")).to_be_visible()
    told = await page.get_by_role("main").inner_text()
    job_id = re.search("[0-9a-f]{8}-[0-9a-f-]{27}", told)
    assert job_id
    await page.get_by_role("button", name="Write another").click()
    await expect(page.get_by_label("Numbers, or a table")).to_have_value("")


async def test_nothing_is_shown_where_there_is_nothing_to_say(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    await enter(page, complaints, stack, "admin")
    for name in ("Jobs", "Compose", "Numbers", "Opt-outs", "Keys"):
        await page.get_by_role("link", name=name, exact=True).first.click()
        await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        await expect(page.get_by_text("Loading").filter(visible=True)).to_have_count(0)
        await expect(page.get_by_role("main")).not_to_contain_text(re.compile("null|undefined"))


async def test_signing_out_leaves_no_message_and_no_list_in_the_browser(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    await enter(page, complaints, stack, "admin")
    await page.get_by_role("link", name="Compose").click()
    await expect(page.get_by_label("Sending number")).to_be_enabled()
    await page.get_by_label("Numbers, or a table").fill("+49 1511 7654322")
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert "7654322" in await page.evaluate(kept)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await page.evaluate(kept) == "[{},{}]"
