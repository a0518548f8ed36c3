"""One job as it goes: followed to its end, over reloads and lost connections, and steered."""

import asyncio
import re

from playwright.async_api import Locator, Page, Route, expect

from tests.browser.chromium import Complaints
from tests.browser.stacks import Stack


def progress(page: Page) -> Locator:
    return page.get_by_role("progressbar", name="Progress")


def state(page: Page) -> Locator:
    return page.locator(".job-state")


async def done(page: Page) -> int:
    """How many percent of the job are done, as it is told to a screen reader."""
    return int(await progress(page).get_attribute("aria-valuenow") or 0)


async def is_going(page: Page, job_id: str) -> None:
    """The job is opened, and messages leave."""
    await page.goto(f"/#/jobs/{job_id}")
    await expect(state(page)).to_have_text("sending")
    await expect(progress(page)).not_to_have_attribute("aria-valuenow", "0")


async def ends_whole(page: Page) -> None:
    await expect(state(page)).to_have_text("done")
    await expect(progress(page)).to_have_attribute("aria-valuenow", "100")


async def test_a_job_is_followed_to_its_end_without_a_touch(
    page: Page, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(100, phoneNumberId=number, campaign_name="Spring")
    await is_going(page, job_id)
    await expect(page).to_have_title(re.compile(r"^\d+% · Spring"))
    await ends_whole(page)
    await expect(page).to_have_title(re.compile(r"^Done · Spring"))
    loops = page.get_by_role("slider", name="Loops")
    await expect(loops).to_have_attribute("aria-valuetext", re.compile("^Loop 3 of 3, 20 messages"))
    feed = page.get_by_role("list", name="Last messages").get_by_role("listitem")
    await expect(feed.filter(visible=True)).to_have_count(50)
    assert await stack.sent_to(number) == 100


async def test_a_reload_in_mid_job_shows_it_where_it_is(
    page: Page, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(160, phoneNumberId=number)
    await is_going(page, job_id)
    before = await done(page)
    await page.reload()
    await expect(progress(page)).not_to_have_attribute("aria-valuenow", "0")
    assert await done(page) >= before
    await expect(state(page)).to_have_text("sending")
    await ends_whole(page)
    await told_of_loop_one(page)


async def told_of_loop_one(page: Page) -> None:
    """What went out before the page was opened is known of every message."""
    loops = page.get_by_role("slider", name="Loops")
    await loops.focus()
    await page.keyboard.press("Home")
    await expect(loops).to_have_attribute("aria-valuetext", re.compile("^Loop 1 of 4, 40 messages"))
    await expect(loops).not_to_have_attribute("aria-valuetext", re.compile("waiting|queued"))


async def test_a_gateway_that_goes_and_comes_is_told_and_nothing_is_missed(
    page: Page, complaints: Complaints, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(240, phoneNumberId=number)
    await is_going(page, job_id)
    complaints.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY")
    complaints.expect("status of 503")  # it answers before it can work
    stack.stop("gateway")
    away = page.get_by_text("Connection lost since")
    await expect(away).to_be_visible()
    stack.start("gateway")
    await expect(page.get_by_text("Connected again at")).to_be_visible()
    await expect(away).to_be_hidden()
    await ends_whole(page)
    assert await stack.sent_to(number) == 240


async def test_a_paused_job_rests_and_goes_on_where_it_was(
    page: Page, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(120, phoneNumberId=number)
    await is_going(page, job_id)
    await page.get_by_role("button", name="Pause").click()
    pause = page.get_by_role("dialog", name="Pause it?")
    await pause.get_by_role("button", name="Pause").click()
    await expect(state(page)).to_have_text("paused")
    await expect(page.get_by_text("nothing is lost")).to_be_visible()
    rested = (await stack.job(job_id))["sent"]
    await page.wait_for_timeout(1500)  # as long as one and a half loops would take
    assert (await stack.job(job_id))["sent"] == rested < 120
    await page.get_by_role("button", name="Resume").click()
    question = page.get_by_role("dialog", name="Go on sending?")
    await question.get_by_role("button", name="Resume").click()
    await ends_whole(page)
    assert await stack.sent_to(number) == 120


async def test_canceling_asks_first_and_says_who_will_not_get_it(
    page: Page, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(400, phoneNumberId=number, campaign_name="Autumn")
    await is_going(page, job_id)
    await page.get_by_role("button", name="Cancel…").click()
    question = page.get_by_role("dialog", name="Cancel the rest of “Autumn”?")
    await expect(question.get_by_text("will not get it")).to_be_visible()
    await expect(question.get_by_role("button", name="Back")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(question).to_have_count(0)
    assert (await stack.job(job_id))["wanted"] == "run"
    await page.get_by_role("button", name="Cancel…").click()
    await question.get_by_role("button", name="Cancel the rest").click()
    await expect(state(page)).to_have_text("canceled")
    job = await stack.job(job_id)
    assert job["canceled"] > 200
    assert await stack.sent_to(number) == job["sent"] == 400 - job["canceled"]


async def test_a_running_job_takes_another_rate(page: Page, stack: Stack, number: str) -> None:
    job_id = await stack.submit(80, phoneNumberId=number, messagesPerSecond=5)
    await is_going(page, job_id)
    await page.get_by_role("button", name="Change…").click()
    change = page.get_by_role("dialog", name="Change the job")
    await change.get_by_label("Messages a second").fill("40")
    await change.get_by_role("button", name="Change").click()
    await ends_whole(page)
    assert (await stack.job(job_id))["messagesPerSecond"] == 40


async def test_a_job_that_there_is_not_leads_to_those_that_there_are(
    page: Page, complaints: Complaints, stack: Stack
) -> None:
    complaints.expect("status of 404")
    await page.goto("/#/jobs/5f4c0f2e-0000-4000-8000-000000000000")
    await expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Jobs").click()
    await expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()


async def test_a_job_that_comes_late_is_not_watched_by_who_has_gone_on(
    page: Page, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(1, phoneNumberId=number)
    watches: list[str] = []
    page.on("request", lambda request: watches.append(request.url))
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route(f"**/api/bulk/job/{job_id}", held.put)
    await page.goto(f"/#/jobs/{job_id}")
    answer = await held.get()
    await page.evaluate("location.hash = '#/numbers'")
    await expect(page.get_by_role("heading", name="Numbers", level=1)).to_be_visible()
    async with page.expect_response(f"**/api/bulk/job/{job_id}"):
        await answer.continue_()
    await page.evaluate("fetch('/api/service').then((answer) => answer.text())")
    await expect(page).to_have_title("Numbers \u2013 Loopcast")
    assert [url for url in watches if "/realtime/" in url] == []


async def test_what_became_of_a_job_is_told_of_its_end_and_not_of_what_was_known_before(
    page: Page, complaints: Complaints, stack: Stack, number: str
) -> None:
    """Its end comes over the stream, while the job itself cannot be asked for."""
    job_id = await stack.submit(400, phoneNumberId=number)
    await is_going(page, job_id)
    complaints.expect("net::ERR_FAILED")
    path = f"**/api/bulk/job/{job_id}"
    await page.route(path, lambda route: route.abort())
    await stack.ask("POST", f"/api/bulk/job/{job_id}/cancel", {})
    async with page.expect_event("requestfailed"):
        await expect(state(page)).to_have_text("canceled")
    async with page.expect_event("requestfailed"):
        await expect(page.locator(".legend")).to_contain_text("canceled")
    job = await stack.job(job_id)
    await expect(page.get_by_text("accounted for")).to_have_count(0)
    await expect(page.locator(".legend")).to_contain_text(
        re.compile(rf"canceled\s*{job['canceled']}")
    )
    await page.unroute(path)
    await expect(page.get_by_text("All 400 recipients are accounted for")).to_be_visible()
    canceled = page.locator(".after-sum").get_by_role("link", name=str(job["canceled"]))
    await expect(canceled).to_be_visible()
