"""Signing in with a key: who gets in, what is told to those who do not, and what is kept where."""

import asyncio
import re

from playwright.async_api import Page, Route, expect

from tests.browser.chromium import Complaints
from tests.browser.stacks import Stack

KEY = "a-key-of-the-desk"


async def sign_in(page: Page, complaints: Complaints, key: str = KEY) -> None:
    complaints.expect("status of 401")
    await page.goto("/")
    await page.get_by_label("Key").fill(key)
    await page.get_by_role("button", name="Sign in").click()


async def test_without_a_key_nothing_but_the_form_is_shown(
    page: Page, complaints: Complaints
) -> None:
    complaints.expect("status of 401")
    await page.goto("/#/numbers")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
    await expect(page.get_by_label("Key")).to_be_focused()


async def test_a_wrong_key_is_said_beside_the_field(page: Page, complaints: Complaints) -> None:
    await sign_in(page, complaints, "not-the-key")
    field = page.get_by_label("Key")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(
        re.compile("No such key, or it is no longer valid.")
    )


async def test_a_key_opens_the_view_that_was_asked_for_and_lasts_over_a_reload(
    page: Page, complaints: Complaints
) -> None:
    complaints.expect("status of 401")
    await page.goto("/#/numbers")
    await page.get_by_label("Key").fill(KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Numbers", level=1)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Numbers", level=1)).to_be_visible()


async def test_the_key_is_kept_where_no_script_can_read_it(
    page: Page, complaints: Complaints
) -> None:
    await sign_in(page, complaints)
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    readable = await page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,"
        " document.documentElement.outerHTML])"
    )
    cookies = await page.context.cookies()
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Strict")]
    for secret in (KEY, cookies[0]["value"]):
        assert secret not in readable


async def test_signing_out_ends_the_session(page: Page, complaints: Complaints) -> None:
    await sign_in(page, complaints)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_session_that_ends_meanwhile_asks_for_the_key_and_goes_on(
    page: Page, complaints: Complaints
) -> None:
    await sign_in(page, complaints)
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    await page.context.clear_cookies()
    await page.get_by_role("link", name="Numbers").click()
    await page.get_by_label("Key").fill(KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Numbers", level=1)).to_be_visible()


async def test_what_is_refused_late_neither_empties_the_form_nor_asks_again(
    page: Page, complaints: Complaints
) -> None:
    await sign_in(page, complaints)
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/api/numbers?live=true", held.put)
    await page.context.clear_cookies()
    await page.get_by_role("link", name="Numbers").click()
    key = page.get_by_label("Key")
    await key.fill("half of it")
    await (await held.get()).continue_()
    await page.wait_for_event("requestfinished")
    await expect(key).to_have_value("half of it")
    await key.fill(KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Numbers", level=1)).to_be_visible()


async def test_a_form_of_another_site_cannot_press_for_the_reader(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    await sign_in(page, complaints)
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    form = f'<form method="post" action="{stack.url}/api/pause"><button>Win</button></form>'
    await page.route(
        "http://elsewhere.test/", lambda route: route.fulfill(body=form, content_type="text/html")
    )
    await page.goto("http://elsewhere.test/")
    complaints.expect("status of 40[13]")
    async with page.expect_navigation(url=f"{stack.url}/**") as pressed:
        await page.get_by_role("button", name="Win").click()
    answer = await pressed.value
    assert answer.status in (401, 403)
    assert (await stack.ask("GET", "/api/pause"))["everythingIsPaused"] is False


async def test_no_question_stays_over_the_form_or_over_another_view(
    page: Page, complaints: Complaints
) -> None:
    await sign_in(page, complaints)
    await page.get_by_role("link", name="Numbers").click()
    await page.get_by_role("button", name="Stop everything").click()
    question = page.get_by_role("dialog")
    await expect(question).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    await expect(question).to_have_count(0)
    await page.go_forward()
    await page.get_by_role("button", name="Stop everything").click()
    await expect(question).to_be_visible()
    await page.context.clear_cookies()
    await expect(page.get_by_label("Key")).to_be_visible()
    await expect(question).to_have_count(0)
