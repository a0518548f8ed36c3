"""Who wants no messages, and who may what: both lists added to, looked up in, and cut from."""

import asyncio
import csv
import io
import re
from pathlib import Path

import aiohttp
import pytest_asyncio
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser.chromium import Complaints
from tests.browser.conftest import Visit
from tests.browser.stacks import Stack

KEY = "a-key-of-the-desk"


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit: Visit) -> Page:
    """The tab of somebody who has signed in."""
    await visit.page.context.request.post("/api/session", data={"key": KEY})
    return visit.page


def opted_out(page: Page, number: str) -> Locator:
    rows = page.get_by_role("table", name="Opt-outs, newest first").get_by_role("row")
    return rows.filter(has=page.get_by_role("link", name=number))


async def add(page: Page, numbers: str, reason: str = "") -> None:
    await page.get_by_role("button", name="Add numbers").first.click()
    form = page.get_by_role("dialog", name="Add to the opt-outs")
    await form.get_by_label("Numbers").fill(numbers)
    await form.get_by_label("Reason").fill(reason)
    await form.get_by_role("button", name="Add").click()
    await expect(form).to_have_count(0)


async def look_up(page: Page, number: str) -> None:
    await page.get_by_role("searchbox", name="Number").fill(number)
    await page.get_by_role("button", name="Find").click()


async def test_who_is_added_is_listed_with_the_reason_and_gets_nothing(
    page: Page, stack: Stack, number: str
) -> None:
    await page.goto("/#/opt-outs")
    await add(page, "+49 1511 0000001\nnobody", "by phone")
    told = page.get_by_role("status").filter(has_text="1 number added")
    await expect(told).to_contain_text("Line 2: nobody")
    await expect(opted_out(page, "+4915110000001")).to_contain_text("by phone")
    job = await stack.over(await stack.submit(3, phoneNumberId=number))
    assert (job["sent"], job["skipped"]) == (2, 1)


async def test_a_number_is_looked_up_lifted_and_not_there_any_more(
    page: Page, stack: Stack
) -> None:
    await page.goto("/#/opt-outs")
    await add(page, "+49 1511 0000021, +49 1511 0000022")
    await look_up(page, "+49 1511 0000021")
    await expect(opted_out(page, "+4915110000021")).to_have_count(1)
    await expect(opted_out(page, "+4915110000022")).to_have_count(0)
    await page.get_by_role("button", name=re.compile(r"^Lift \+4915110000021")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Lift it").click()
    await expect(page.get_by_text("Nothing stops messages to +4915110000021 any more.")
                 ).to_be_visible()  # fmt: skip
    await expect(page.get_by_role("heading", name="is not on the list")).to_be_visible()
    assert (await stack.ask("GET", "/api/suppressions/4915110000021"))["suppressed"] is None
    await page.get_by_role("button", name="Show all").click()
    await expect(opted_out(page, "+4915110000022")).to_have_count(1)


async def test_a_stop_of_the_recipient_s_own_is_lifted_only_when_that_is_said(
    page: Page, stack: Stack, number: str
) -> None:
    await stack.over(await stack.submit(1, first=31, phoneNumberId=number))
    said = {"from": "+49 1511 0000031", "text": "STOP"}
    await stack.ask_sandbox("POST", "/sandbox/inbound", said)
    await stack.when("/api/suppressions?source=recipient", lambda told: told["suppressions"])
    await page.goto("/#/opt-outs?source=recipient")
    await expect(opted_out(page, "+4915110000031")).to_contain_text("the recipient")
    await page.get_by_role("button", name=re.compile(r"^Lift \+4915110000031")).click()
    question = page.get_by_role("dialog", name="Lift the STOP of +4915110000031?")
    await question.get_by_role("button", name="Lift their STOP").click()
    await expect(question.get_by_text("Tick this first.")).to_be_visible()
    await question.get_by_label("They have asked to be written to again").check()
    await question.get_by_role("button", name="Lift their STOP").click()
    await expect(page.get_by_text("Nothing stops messages to +4915110000031")).to_be_visible()


async def test_a_number_that_is_none_is_refused_beside_the_field(
    page: Page, complaints: Complaints
) -> None:
    complaints.expect("status of 400")
    await page.goto("/#/opt-outs")
    await add(page, "+49 1511 0000041")
    await look_up(page, "what")
    field = page.get_by_role("searchbox", name="Number")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(re.compile(".+"))


async def test_a_file_is_imported_and_the_list_exported(
    page: Page, stack: Stack, tmp_path: Path
) -> None:
    await page.goto("/#/opt-outs")
    await page.get_by_role("button", name="Import a file").click()
    form = page.get_by_role("dialog", name="Import opt-outs")
    content = b"number,reason\n+49 1511 0000051,by letter\n+49 1511 0000052,by letter\n12,short\n"
    file = FilePayload(name="list.csv", mimeType="text/csv", buffer=content)
    await form.get_by_label("File").set_input_files(file)
    await form.get_by_role("button", name="Import").click()
    await expect(page.get_by_text("2 numbers added")).to_be_visible()
    await expect(page.get_by_text("Line 4:")).to_be_visible()
    async with page.expect_download() as waited:
        await page.get_by_role("link", name="CSV", exact=True).click()
    await (await waited.value).save_as(tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8-sig"))))
    told = (await stack.ask("GET", "/api/suppressions?limit=500"))["suppressions"]
    assert {each["number"].lstrip("'+") for each in rows} == {each["number"] for each in told}
    assert {"4915110000051", "4915110000052"} <= {each["number"] for each in told}


async def status(stack: Stack, key: str) -> int:
    async with aiohttp.ClientSession() as http:
        headers = {"X-API-Key": key}
        async with http.get(f"{stack.url}/api/bulk/jobs", headers=headers) as answer:
            return answer.status


async def test_a_key_is_shown_once_opens_what_it_may_and_nothing_once_revoked(
    page: Page, stack: Stack
) -> None:
    await page.goto("/#/keys")
    await page.get_by_role("button", name="Make a key").first.click()
    form = page.get_by_role("dialog", name="Make a key")
    await form.get_by_label("Name").fill("shop")
    await form.get_by_role("button", name="Make the key").click()
    key = await page.get_by_role("textbox", name="The key of shop").input_value()
    assert await status(stack, key) == 200
    await page.get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_text("The key of shop is made")).to_be_visible()
    assert key not in await page.content()
    row = page.get_by_role("table", name="Keys that are valid").get_by_role("row")
    await expect(row.filter(has_text="shop")).to_contain_text(f"ends in {key[-4:]}")
    await expect(row.filter(has_text="shop")).to_contain_text("read, send")
    await page.get_by_role("button", name="Revoke the key of shop").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke it").click()
    await expect(row.filter(has_text="shop")).to_have_count(0)
    await expect(page.get_by_text("1 key revoked or expired")).to_be_visible()
    async with asyncio.timeout(20):
        while await status(stack, key) != 401:
            await asyncio.sleep(0.1)


async def test_a_key_without_a_name_or_anything_that_it_may_is_mended_in_the_form(
    page: Page,
) -> None:
    await page.goto("/#/keys")
    await page.get_by_role("button", name="Make a key").first.click()
    form = page.get_by_role("dialog", name="Make a key")
    for scope in ("read", "send"):
        await form.get_by_role("checkbox", name=re.compile(f"^{scope}")).uncheck()
    await form.get_by_role("button", name="Make the key").click()
    await expect(form.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_label("Name")).to_be_focused()
    await expect(form.get_by_text("Choose at least one thing that it may.")).to_be_visible()
