"""Nobody is shut out: every view held to axe-core's rules, light and dark, wide and on a phone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.chromium import Complaints
from tests.browser.looks import flaws
from tests.browser.stacks import Stack, fated, row

KEY = "a-key-of-the-desk"
SETTINGS = {"BULK_UNKNOWN_AFTER_S": "1", "MESSAGING_LIMIT": "1000", "SECRET_KEY": "5" * 32}
LONG = "Spring sale for everybody who bought something within the last twelve months"
OPTED_OUT = "+49 1511 7654321"


@dataclass(frozen=True)
class Shown:
    """What the stack has, so that no view is empty."""

    running: str
    over: str
    missed: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(stack: Stack) -> AsyncIterator[Shown]:
    """A job that goes on for minutes, and one with every kind of end."""
    running = await stack.submit(600, messagesPerSecond=3, campaign_name=LONG)
    missed = fated("9131026", 2)
    await stack.ask("POST", "/api/suppressions", {"number": OPTED_OUT, "reason": "by phone"})
    rows = [
        *(row(seq) for seq in range(9001, 9007)), *missed, *fated("9131047"), *fated("9131049"),
        *fated("9000004"), {"phone": OPTED_OUT, "name": "Out", "order": "A-1"},
    ]  # fmt: skip
    over = await stack.submit_rows(rows, phoneNumberId="200", campaign_name="Autumn")
    await stack.ask("POST", "/api/keys", {"name": "shop", "scopes": ["read", "send"]})
    await stack.over(over)
    yield Shown(running, over, missed[0]["phone"].replace(" ", ""))


View = Callable[[Page, Shown], Awaitable[None]]


async def jobs(page: Page, shown: Shown) -> None:
    await page.goto("/#/")
    await expect(page.get_by_role("link", name=LONG)).to_be_visible()
    await expect(page.get_by_text("% delivered").or_(page.get_by_text("% sent"))).to_be_visible()


async def no_job_that_fits(page: Page, shown: Shown) -> None:
    await page.goto("/#/?q=nothing-is-called-like-this")
    await expect(page.get_by_role("heading", name="No job fits")).to_be_visible()


async def composing(page: Page, shown: Shown) -> None:
    await page.goto("/#/new")
    await expect(page.get_by_label("Sending number")).to_be_enabled()


async def composed(page: Page, shown: Shown) -> None:
    """With lines that are rejected, a number that has opted out, and all that can be unfolded."""
    await composing(page, shown)
    await page.get_by_label("Template", exact=True).select_option("order_update en_US")
    people = "\n".join(f"+49 1511 {seq:07d},Name {seq},A-{seq}" for seq in range(1, 81))
    lines = f"phone,name,order\n{people}\n{OPTED_OUT},Out,A-0\n12345,Short,A-0"
    await page.get_by_label("Numbers, or a table").fill(lines)
    await page.get_by_label("{{1}} in the text", exact=True).select_option("name")
    await page.get_by_label("{{2}} in the text", exact=True).select_option("order")
    await page.get_by_role("heading", name="When and how fast").click()
    await page.get_by_label("Write to people only at certain hours").check()
    await page.get_by_text("First to yourself").click()
    await page.get_by_label("Messages a second").fill("7")
    await expect(page.get_by_role("button", name="Send in bulk")).to_be_enabled()


async def with_a_field_to_mend(page: Page, shown: Shown) -> None:
    await composed(page, shown)
    await page.get_by_label("Messages a second").fill("7000")
    await expect(page.get_by_text("to be mended first")).to_be_visible()


async def running(page: Page, shown: Shown) -> None:
    await page.goto(f"/#/jobs/{shown.running}")
    await expect(page.locator(".job-state")).to_have_text("sending")
    await expect(page.get_by_role("list", name="Last messages").get_by_role("listitem")
                 .first).to_be_visible()  # fmt: skip
    await page.get_by_text("Loops as a table").click()


async def canceling(page: Page, shown: Shown) -> None:
    await running(page, shown)
    await page.get_by_role("button", name="Cancel…").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def afterwards(page: Page, shown: Shown) -> None:
    await page.goto(f"/#/jobs/{shown.over}")
    await expect(page.get_by_role("heading", name="Who did not get it, and why")).to_be_visible()
    await expect(page.get_by_role("heading", name="In doubt")).to_be_visible()
    await page.get_by_text("Trail: who did what").click()
    await expect(page.get_by_text("desk submitted it")).to_be_visible()


async def recipients(page: Page, shown: Shown) -> None:
    await page.goto(f"/#/jobs/{shown.over}/recipients")
    await page.get_by_role("button", name=f"Details of {shown.missed}").click()
    await expect(page.get_by_text("Meta said").filter(visible=True)).to_have_count(1)


async def recipient(page: Page, shown: Shown) -> None:
    await page.goto(f"/#/recipients/{shown.missed.removeprefix('+')}")
    await page.get_by_text("Details").click()
    await expect(page.get_by_text("Meta said")).to_be_visible()


async def numbers(page: Page, shown: Shown) -> None:
    await page.goto("/#/numbers")
    await expect(page.get_by_role("meter").first).to_be_visible()
    await expect(page.get_by_text("Quality at Meta").first).to_be_visible()


async def adding_a_number(page: Page, shown: Shown) -> None:
    await numbers(page, shown)
    await page.get_by_role("button", name="Add a number").click()
    await page.get_by_text("Account and webhooks").click()
    await page.get_by_role("button", name="Add the number").click()
    await expect(page.get_by_text("A new number needs its token.")).to_be_visible()


async def opt_outs(page: Page, shown: Shown) -> None:
    await page.goto("/#/opt-outs")
    await expect(page.get_by_role("link", name=OPTED_OUT.replace(" ", ""))).to_be_visible()


async def adding_opt_outs(page: Page, shown: Shown) -> None:
    await opt_outs(page, shown)
    await page.get_by_role("button", name="Add numbers").click()
    await page.get_by_role("dialog").get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Write a number here")).to_be_visible()


async def keys(page: Page, shown: Shown) -> None:
    await page.goto("/#/keys")
    await expect(page.get_by_role("button", name="Revoke the key of shop")).to_be_visible()


async def making_a_key(page: Page, shown: Shown) -> None:
    await keys(page, shown)
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def no_such_job(page: Page, shown: Shown) -> None:
    await page.goto("/#/jobs/5f4c0f2e-0000-4000-8000-000000000000")
    await expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()


VIEWS: list[View] = [
    jobs, no_job_that_fits, composing, composed, with_a_field_to_mend, running, canceling,
    afterwards, recipients, recipient, numbers, adding_a_number, opt_outs, adding_opt_outs, keys,
    making_a_key, no_such_job,
]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
async def test_a_view_shuts_nobody_out_in_any_look(
    view: View, page: Page, complaints: Complaints, shown: Shown, axe_script: str
) -> None:
    complaints.expect("status of 404")
    await page.context.request.post("/api/session", data={"key": KEY})
    await view(page, shown)
    assert await flaws(page, axe_script) == []


async def test_signing_in_shuts_nobody_out_in_any_look(
    page: Page, complaints: Complaints, axe_script: str
) -> None:
    complaints.expect("status of 401")
    await page.goto("/")
    await page.get_by_label("Key").fill("not-the-key")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("No such key")).to_be_visible()
    assert await flaws(page, axe_script) == []
