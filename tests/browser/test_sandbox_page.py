"""The sandbox's page: what arrives, a fault by a click and its effect, a phone that answers."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import chromium
from tests.browser.chromium import Complaints
from tests.browser.looks import flaws
from tests.browser.stacks import Stack, fated, row

SETTINGS = {
    "BULK_MESSAGES_PER_SECOND": "40", "BULK_LOOP_SIZE": "40", "BULK_LOOP_PAUSE_MS": "0",
    "BULK_REQUEST_TIMEOUT_MS": "3000", "BULK_UNKNOWN_AFTER_S": "3600",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(browser: Browser, stack: Stack) -> AsyncIterator[Page]:
    """A tab of the sandbox's page, with everything as usual before and afterwards."""
    await stack.ask_sandbox("DELETE", "/sandbox/script")
    async with chromium.context(browser, stack.sandbox_url) as visitor:
        tab = await visitor.new_page()
        complaints = Complaints(tab)
        await tab.goto("/")
        await expect(tab.locator("#live-state")).to_have_text("Live")
        yield tab
        await stack.ask_sandbox("DELETE", "/sandbox/script")
        assert complaints.unexpected == []


def fault(sandbox: Page, name: str) -> Locator:
    return sandbox.get_by_role("switch", name=name)


async def turn(sandbox: Page, name: str, to: str) -> None:
    """Press a switch, which shows what is in force."""
    await fault(sandbox, name).click()
    await expect(fault(sandbox, name)).to_have_attribute("aria-checked", to)


async def watched(page: Page, stack: Stack, number: str, first: int, total: int = 400) -> str:
    """A job that is sent just now, watched in the other tab."""
    job_id = await stack.submit(total, first=first, phoneNumberId=number)
    await page.goto(f"/#/jobs/{job_id}")
    await expect(state(page)).to_have_text("sending")
    await stack.job_when(job_id, lambda job: job["sent"] > 0)
    return job_id


def state(page: Page) -> Locator:
    return page.locator(".job-state")


def limit(page: Page) -> Locator:
    """What the watched job says that it is limited by."""
    return page.locator(".watch-figures .is-limit")


async def resumed(page: Page) -> None:
    await page.get_by_role("button", name="Resume").click()
    await page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    await expect(state(page)).to_have_text("sending")


async def over(stack: Stack, job_id: str) -> None:
    """What is left of the job is not waited for."""
    await stack.ask("POST", f"/api/bulk/job/{job_id}/cancel", {})
    await stack.over(job_id)


async def test_messages_show_up_as_they_arrive_with_their_answers(
    sandbox: Page, stack: Stack, number: str
) -> None:
    rows = [row(1), row(2), *fated("9131026")]
    await stack.over(await stack.submit_rows(rows, phoneNumberId=number))
    arrived = sandbox.get_by_role("region", name="Newest messages").get_by_role("listitem")
    await expect(arrived.filter(has_text="4915110000001").first).to_contain_text("Name 1")
    await expect(arrived.filter(has_text="4915119131026").first).to_contain_text("131026")
    told = await stack.ask_sandbox("GET", "/sandbox/ledger/summary")
    await expect(sandbox.locator("#figure-accepted")).to_have_text(str(told["accepted"]))
    await expect(sandbox.locator("#figure-requests")).to_have_text(str(told["requests"]))


async def test_a_dead_token_pauses_the_job_until_it_is_resumed(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    job_id = await watched(page, stack, number, 1001)
    await turn(sandbox, "Token dead", "true")
    await expect(state(page)).to_have_text("paused")
    await expect(page.get_by_text("Meta does not take the account")).to_be_visible()
    await turn(sandbox, "Token dead", "false")
    await resumed(page)
    await over(stack, job_id)


async def test_a_paused_template_pauses_its_job(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    job_id = await watched(page, stack, number, 2001)
    await expect(sandbox.get_by_label("Which template")).to_have_value("order_update en_US")
    await turn(sandbox, "Template paused", "true")
    await expect(state(page)).to_have_text("paused")
    await expect(page.get_by_text("Meta does not take the template")).to_be_visible()
    await turn(sandbox, "Template paused", "false")
    await resumed(page)
    await over(stack, job_id)


async def test_throttling_makes_the_job_rest_and_fails_nobody(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    await turn(sandbox, "Throttled", "true")
    job_id = await watched(page, stack, number, 3001)
    await expect(limit(page)).to_contain_text("Meta asked to slow down")
    assert (await stack.job(job_id))["failed"] == 0
    await over(stack, job_id)


async def test_lost_answers_put_messages_in_doubt_which_receipts_settle(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    slow = {"sentMs": 7000, "deliveredMs": 0, "readMs": 0}
    await stack.ask_sandbox("PUT", "/sandbox/script", {"receipts": slow})
    await turn(sandbox, "Lost answers", "true")
    job_id = await watched(page, stack, number, 4001, 80)
    doubt = page.locator(".legend > div").filter(has_text="in doubt")
    await expect(doubt).to_be_visible()
    job = await stack.over(job_id)
    assert (job["sent"], job["unknown"]) == (80, 0)
    await expect(state(page)).to_have_text("done")
    assert await stack.sent_to(number) == 80


async def test_errors_at_meta_are_tried_again(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    await turn(sandbox, "Errors at Meta", "true")
    job_id = await watched(page, stack, number, 5001, 80)
    told = sandbox.locator("#told").get_by_role("listitem").filter(has_text="131000")
    await expect(told).to_be_visible()
    await turn(sandbox, "Errors at Meta", "false")
    job = await stack.over(job_id)
    found = await stack.ask("GET", f"/api/bulk/job/{job_id}/messages?limit=100")
    assert max(each["attempts"] for each in found["messages"]) > 1
    assert job["sent"] + job["failed"] == 80


async def test_while_meta_is_down_messages_fail_and_afterwards_others_leave_again(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    job_id = await watched(page, stack, number, 6001)
    await turn(sandbox, "Meta is down", "true")
    told = sandbox.locator("#told").get_by_role("listitem").filter(has_text="Meta is down")
    await expect(told).to_be_visible()
    failed = page.locator(".legend > div").filter(has_text="failed").locator("dd > span").first
    await expect(failed).not_to_have_text("0")
    await turn(sandbox, "Meta is down", "false")
    before = (await stack.job(job_id))["sent"]
    await stack.job_when(job_id, lambda job: job["sent"] > before)
    await over(stack, job_id)


async def test_slow_answers_put_more_requests_under_way_and_fail_nobody(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    await turn(sandbox, "Slow answers", "true")
    job_id = await stack.submit(400, first=9001, phoneNumberId=number)
    await page.goto(f"/#/jobs/{job_id}")
    await stack.job_when(job_id, lambda job: job["sending"] >= 20)
    await expect(state(page)).to_have_text("sending")
    assert (await stack.job(job_id))["failed"] == 0
    await over(stack, job_id)


async def test_everything_as_usual_takes_all_faults_away(sandbox: Page) -> None:
    for name in ("Slow answers", "Throttled", "Token dead", "Template paused", "Meta is down"):
        await turn(sandbox, name, "true")
    await sandbox.get_by_role("button", name="Everything as usual").click()
    for switch in await sandbox.get_by_role("switch").all():
        await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(sandbox.get_by_text("Everything is as usual.")).to_be_visible()


async def phone_of(sandbox: Page, number: str) -> Locator:
    """The phone of whoever has that number, found by its digits."""
    await sandbox.get_by_label("Whose phone").fill(number)
    await (
        sandbox.get_by_role("button", name=number, exact=True)
        .and_(sandbox.locator("[aria-pressed]"))
        .click()
    )
    await expect(sandbox.get_by_role("heading", name=f"The phone of {number}")).to_be_visible()
    return sandbox.get_by_role("log", name="Messages").get_by_role("listitem")


async def test_a_phone_shows_the_message_and_its_stop_lands_as_an_opt_out(
    page: Page, sandbox: Page, stack: Stack, number: str
) -> None:
    person = row(7001)
    await stack.over(await stack.submit_rows([person], phoneNumberId=number))
    said = await phone_of(sandbox, "4915110007001")
    await expect(said.first).to_contain_text("Name 7001")
    await expect(said.first).to_contain_text(re.compile("delivered|read"))
    await sandbox.get_by_role("button", name="STOP", exact=True).click()
    await expect(said.last).to_contain_text("STOP")
    await stack.when("/api/suppressions?source=recipient&number=4915110007001",
                     lambda told: told["suppressions"])  # fmt: skip
    await page.goto("/#/opt-outs")
    row_of = page.get_by_role("row").filter(has=page.get_by_role("link", name="+4915110007001"))
    await expect(row_of).to_contain_text("the recipient")


async def test_a_word_that_is_no_stop_is_heard_and_stops_nothing(
    sandbox: Page, stack: Stack, number: str
) -> None:
    await stack.over(await stack.submit_rows([row(7011)], phoneNumberId=number))
    said = await phone_of(sandbox, "4915110007011")
    await sandbox.get_by_label("Reply as this person").fill("Thanks!")
    await sandbox.get_by_role("button", name="Send", exact=True).click()
    await expect(said.last).to_contain_text("Thanks!")
    await expect(sandbox.get_by_label("Reply as this person")).to_have_value("")


@pytest.mark.parametrize("is_empty", [True, False])
async def test_the_sandbox_s_page_shuts_nobody_out_in_any_look(
    is_empty: bool, sandbox: Page, stack: Stack, number: str, axe_script: str
) -> None:
    if is_empty:
        await stack.ask_sandbox("DELETE", "/sandbox/ledger")
        await expect(sandbox.get_by_text("Nothing has arrived yet.")).to_be_visible()
    else:
        rows = [row(8001), *fated("9131026"), *fated("8131026")]
        await stack.over(await stack.submit_rows(rows, phoneNumberId=number))
        await phone_of(sandbox, "4915110008001")
        await turn(sandbox, "Slow answers", "true")
    assert await flaws(sandbox, axe_script) == []
