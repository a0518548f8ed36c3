"""All jobs, live, and the numbers that they are sent from: how each stands, and the red button."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.stacks import NUMBER, Stack, fated

SETTINGS = {"MESSAGING_LIMIT": "1000", "SECRET_KEY": "5" * 32, "BULK_LOOP_PAUSE_MS": "0"}


def jobs(page: Page) -> Locator:
    """The rows of the jobs that are listed."""
    return page.get_by_role("table", name="Jobs, newest first").locator("tbody tr")


def named(page: Page, name: str) -> Locator:
    return jobs(page).filter(has=page.get_by_role("link", name=name, exact=True))


async def test_a_new_job_appears_and_goes_on_without_a_touch(
    page: Page, stack: Stack, number: str
) -> None:
    await page.goto("/#/")
    await expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    job_id = await stack.submit(
        60, phoneNumberId=number, campaign_name="Appears", messagesPerSecond=10
    )
    new = named(page, "Appears")
    await expect(new).to_contain_text("sending")
    await expect(new.get_by_role("img")).to_have_attribute("aria-label", re.compile("^Of 60: "))
    await expect(new).to_contain_text("done")
    job = await stack.job(job_id)
    await expect(new.locator("[data-name=Sent]")).to_have_text(str(job["sent"]))
    await expect(jobs(page).first).to_contain_text("Appears")
    await new.get_by_role("link").click()
    await expect(page).to_have_url(f"{stack.url}/#/jobs/{job_id}")


async def test_jobs_are_filtered_by_state_and_found_by_name_and_id(
    page: Page, stack: Stack, number: str
) -> None:
    over = await stack.submit_rows(
        fated("9131026", 2), phoneNumberId=number, campaign_name="Found by name"
    )
    await stack.over(over)
    waits = await stack.submit(300, first=301, phoneNumberId=number, campaign_name="Waits")
    await stack.ask("POST", f"/api/bulk/job/{waits}/pause", {})
    await page.goto("/#/")
    await expect(named(page, "Found by name")).to_have_count(1)
    await page.get_by_label("State").select_option("paused")
    await expect(named(page, "Found by name")).to_have_count(0)
    await expect(named(page, "Waits")).to_contain_text("nothing is lost")
    await page.get_by_label("State").select_option("")
    await page.get_by_label("Search jobs").fill("by name")
    await expect(page).to_have_url(re.compile(r"q=by\+name"))
    await expect(jobs(page)).to_have_count(1)
    await expect(named(page, "Found by name")).to_have_count(1)
    await page.reload()  # what is looked for is a part of the address
    await expect(page.get_by_label("Search jobs")).to_have_value("by name")
    await expect(jobs(page)).to_have_count(1)
    await page.get_by_label("Search jobs").fill(over)
    await expect(named(page, "Found by name")).to_have_count(1)


async def test_where_no_job_fits_the_way_back_to_all_is_shown(
    page: Page, stack: Stack, number: str
) -> None:
    await stack.submit(1, first=391, phoneNumberId=number, campaign_name="One of all")
    await page.goto("/#/?q=nothing-is-called-so&state=paused")
    await expect(page.get_by_role("heading", name="No job fits")).to_be_visible()
    await page.get_by_role("button", name="Show all jobs").click()
    await expect(named(page, "One of all")).to_have_count(1)
    await expect(page.get_by_label("Search jobs")).to_have_value("")
    await expect(page.get_by_label("State")).to_have_value("")


async def test_more_jobs_than_a_page_has_are_turned_over(
    page: Page, stack: Stack, number: str
) -> None:
    for seq in range(26):
        await stack.submit(1, first=400 + seq, phoneNumberId=number, campaign_name=f"Page {seq}")
    await page.goto(f"/#/?number={number}")
    pages = page.get_by_role("navigation", name="Pages")
    await expect(pages).to_contain_text("Jobs 1 to 25 of 26")
    await expect(jobs(page)).to_have_count(25)
    await pages.get_by_role("button", name="Older").click()
    await expect(jobs(page)).to_have_count(1)
    await expect(named(page, "Page 0")).to_have_count(1)
    await pages.get_by_role("button", name="Newer").click()
    await expect(jobs(page)).to_have_count(25)


def card(page: Page, number: str) -> Locator:
    return page.get_by_role("article").filter(has_text=f"id {number}")


async def test_a_number_says_how_it_stands_and_what_is_used_of_its_24_hours(
    page: Page, stack: Stack
) -> None:
    await stack.over(await stack.submit(7, first=501))
    reached = (await stack.ask_sandbox("GET", "/sandbox/ledger/summary"))["recipients"]
    await stack.when(
        f"/api/numbers/{NUMBER}", lambda told: told["limit"]["reached24h"] == reached >= 7
    )
    await page.goto("/#/numbers")
    one = card(page, NUMBER)
    await expect(one).to_contain_text("ready")
    await expect(one).to_contain_text("high")  # as the sandbox rates it
    await expect(one).to_contain_text(f"{reached} of 1,000 people")
    used = one.get_by_role("meter", name="Used of the limit")
    await expect(used).to_have_attribute("aria-valuenow", str(round(reached / 10)))
    await expect(one).to_contain_text("40 a second")


async def test_a_number_is_stopped_and_released_and_its_job_waits_meanwhile(
    page: Page, stack: Stack
) -> None:
    await page.goto("/#/numbers")
    one = card(page, NUMBER)
    await one.get_by_role("button", name="Stop this number").click()
    question = page.get_by_role("dialog")
    await question.get_by_label("Reason").fill("a wrong price")
    await question.get_by_role("button", name="Stop this number").click()
    await expect(one).to_contain_text("stopped")
    await expect(one).to_contain_text("a wrong price")
    job_id = await stack.submit(3, first=521)
    await stack.job_when(job_id, lambda job: job["state"] == "paused")
    await expect(one).to_contain_text("1 job waits")
    await one.get_by_role("button", name="Release").click()
    await page.get_by_role("dialog").get_by_role("button", name="Release").click()
    await expect(one).to_contain_text("ready")
    assert (await stack.over(job_id))["sent"] == 3


async def test_the_red_button_is_told_on_every_page_until_it_is_released(
    page: Page, stack: Stack
) -> None:
    await page.goto("/#/numbers")
    await page.get_by_role("button", name="Stop everything").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop everything").click()
    told = page.get_by_text("Everything is paused: nothing leaves until it is released.")
    await expect(told).to_be_visible()
    assert (await stack.ask("GET", "/api/pause"))["everythingIsPaused"] is True
    for view in ("Compose", "Jobs", "Opt-outs"):
        await page.get_by_role("link", name=view, exact=True).click()
        await expect(told).to_be_visible()
    await told.get_by_role("link", name="Numbers").click()
    await page.get_by_role("button", name="Release everything").click()
    await page.get_by_role("dialog").get_by_role("button", name="Release").click()
    await expect(told).to_be_hidden()
    assert (await stack.ask("GET", "/api/pause"))["everythingIsPaused"] is False


async def test_a_number_is_added_with_a_token_that_nobody_sees_again_changed_and_dropped(
    page: Page, stack: Stack, number: str
) -> None:
    await page.goto("/#/numbers")
    await page.get_by_role("button", name="Add a number").click()
    form = page.get_by_role("dialog", name="Add a number")
    await form.get_by_label("Phone number id").fill(number)
    await form.get_by_label("Access token").fill("a-token-of-its-own")
    await form.get_by_label("Name").fill("Shop two")
    await form.get_by_role("button", name="Add the number").click()
    one = card(page, number)
    await expect(one.get_by_role("heading")).to_have_text("Shop two")
    await expect(one).to_contain_text("ends in")
    assert "a-token-of-its-own" not in await page.content()
    await one.get_by_role("button", name="Change").click()
    change = page.get_by_role("dialog", name="Change Shop two")
    await change.get_by_label("Messages a second").fill("7")
    await change.get_by_role("button", name="Save the changes").click()
    await expect(one).to_contain_text("7 a second")
    assert (await stack.ask("GET", f"/api/numbers/{number}"))["messagesPerSecond"] == 7
    await one.get_by_role("button", name="Drop").click()
    await page.get_by_role("dialog").get_by_role("button", name="Drop the number").click()
    await expect(one).to_have_count(0)
