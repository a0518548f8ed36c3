"""Composing a send: from a list and a template to a job that is done, and what is said."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.browser.composing import (
    XLSX,
    bring,
    checked,
    choose_number,
    compose,
    drop,
    fill_places,
    paste,
    plan,
    preview,
    send,
    table,
)
from tests.browser.stacks import Stack
from tests.made_workbooks import table as sheet
from tests.made_workbooks import workbook

SETTINGS = {
    "BULK_LOOP_SIZE": "25", "BULK_LOOP_PAUSE_MS": "200", "BULK_MESSAGES_PER_SECOND": "100",
}  # fmt: skip


async def texts(stack: Stack, number: str) -> dict[str, str]:
    """What the sandbox took from a sending number: by recipient, what they read."""
    found = await stack.ask_sandbox("GET", f"/sandbox/ledger?phone_number_id={number}")
    return {entry["to"]: entry["text"] for entry in found["entries"]}


async def test_from_a_pasted_table_to_a_job_that_is_done(
    page: Page, stack: Stack, number: str
) -> None:
    await compose(page, number)
    await paste(page, table(60))
    await fill_places(page)
    await expect(preview(page)).to_contain_text("Name 1")
    await expect(plan(page)).to_contain_text("3 loops of 25, 25 and 10")
    await expect(plan(page)).to_contain_text(re.compile(r"about \d"))
    await send(page, "Send in bulk")
    await expect(page.locator(".job-state")).to_have_text("done")
    assert await stack.sent_to(number) == 60


async def test_a_file_with_bad_rows_says_which_and_why_and_sends_the_rest(
    page: Page, stack: Stack, number: str, tmp_path: Path
) -> None:
    await compose(page, number)
    lines = f"{table(58, first=101)}\n12345,Short,A-0\n+49 1511 0000101,Again,A-0\nnobody,None,A-0"
    await bring(page, "people.csv", lines.encode())
    await expect(checked(page)).to_have_text(re.compile("58 valid.*1 duplicate.*2 rejected"))
    rejected = page.get_by_role("region", name="Rejected lines").get_by_role("row")
    await expect(rejected.filter(has_text="12345")).to_contain_text("60")  # the line of the file
    await expect(rejected.filter(has_text="nobody")).to_contain_text("62")
    await expect(page.get_by_text("mend it and bring it again")).to_be_visible()
    assert await rejected_in_the_file(page, tmp_path) == ["12345", "nobody"]
    await fill_places(page)
    job = await stack.over(await send(page, "Send in bulk"))
    assert (job["totalRecipients"], job["sent"]) == (58, 58)
    assert await stack.sent_to(number) == 58


async def rejected_in_the_file(page: Page, folder: Path) -> list[str]:
    """The numbers in the file of what was rejected, to be mended and brought again."""
    async with page.expect_download() as waited:
        await page.get_by_role("link", name="rejected.csv").click()
    path = folder / "rejected.csv"
    await (await waited.value).save_as(path)
    rows = csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))
    return [each["phone"] for each in rows]


async def test_a_file_that_is_dropped_is_a_list_as_well(
    page: Page, stack: Stack, number: str
) -> None:
    await compose(page, number)
    await drop(page, "people.csv", table(2, first=171))
    await expect(page.get_by_text("people.csv")).to_be_visible()
    await expect(checked(page)).to_contain_text("2 valid")
    await fill_places(page)
    await stack.over(await send(page, "Send to 2 recipients"))
    assert set(await texts(stack, number)) == {"4915110000171", "4915110000172"}


async def test_a_workbook_brings_values_of_its_own_for_each(
    page: Page, stack: Stack, number: str
) -> None:
    people = [[f"4915110000{seq}", f"Ann {seq}", f"W-{seq}"] for seq in range(201, 204)]
    book = workbook({"People": sheet(["Number", "Name", "Order"], *people)})
    await compose(page, number)
    await bring(page, "people.xlsx", book, XLSX)
    await expect(checked(page)).to_contain_text("3 valid")
    await page.get_by_label("{{1}} in the text", exact=True).select_option(label="Name")
    await page.get_by_label("{{2}} in the text", exact=True).select_option(label="Order")
    await expect(preview(page)).to_contain_text("Ann 201")
    job = await stack.over(await send(page, "Send to 3 recipients"))
    assert job["sent"] == 3
    read = await texts(stack, number)
    for to, name, order in people:
        assert name in read[to]
        assert order in read[to]


@pytest.mark.parametrize("kind", ["pasted", "csv", "xlsx"])
async def test_a_reload_loses_nothing_of_a_draft(
    kind: str, page: Page, stack: Stack, number: str
) -> None:
    await compose(page, number)
    await page.get_by_label("Name of this send").fill("Spring")
    if kind == "pasted":
        await paste(page, table(3, first=301))
    elif kind == "csv":
        await bring(page, "people.csv", table(3, first=301).encode())
    else:
        rows = [line.split(",") for line in table(3, first=301).split("\n")]
        await bring(page, "people.xlsx", workbook({"People": sheet(*rows)}), XLSX)
    await fill_places(page)
    await expect(page.get_by_role("button", name="Send to 3 recipients")).to_be_enabled()
    await page.reload()
    await expect(page.get_by_label("Name of this send")).to_have_value("Spring")
    await expect(page.get_by_label("Template", exact=True)).to_have_value("order_update en_US")
    await expect(page.get_by_label("{{1}} in the text", exact=True)).to_have_value("c:name")
    await expect(checked(page)).to_contain_text("3 valid")
    job = await stack.over(await send(page, "Send to 3 recipients"))
    assert (job["sent"], job["campaignName"], job["phoneNumberId"]) == (3, "Spring", number)
    assert "Name 302" in (await texts(stack, number))["4915110000302"]


async def test_free_text_survives_a_reload_and_is_sent_as_written(
    page: Page, stack: Stack, number: str
) -> None:
    await page.goto("/#/new")
    await choose_number(page, number)
    await page.get_by_label("Free text").check()
    await page.get_by_label("Text", exact=True).fill("Open until *ten* tonight")
    await paste(page, "+49 1511 0000401\n+49 1511 0000402")
    await expect(page.get_by_role("button", name="Send to 2 recipients")).to_be_enabled()
    await page.reload()
    await expect(page.get_by_label("Text", exact=True)).to_have_value("Open until *ten* tonight")
    await expect(preview(page).locator("strong")).to_have_text("ten")
    await stack.over(await send(page, "Send to 2 recipients"))
    assert set((await texts(stack, number)).values()) == {"Open until *ten* tonight"}


async def test_what_was_sent_is_no_draft_any_more(page: Page, stack: Stack, number: str) -> None:
    await compose(page, number)
    await paste(page, table(1, first=451))
    await fill_places(page)
    await stack.over(await send(page, "Send to 1 recipient"))
    await page.goto("/#/new")
    await expect(page.get_by_label("Numbers, or a table")).to_have_value("")
    await expect(page.get_by_label("Template", exact=True)).to_have_value("")


async def test_the_plan_is_that_of_a_dry_run_and_makes_nothing(
    page: Page, stack: Stack, number: str
) -> None:
    await compose(page, number)
    await paste(page, table(60, first=501))
    await fill_places(page)
    await expect(page.get_by_role("button", name="Send in bulk")).to_be_enabled()
    body = {"phone_number_id": number, "template_name": "order_update",
            "variables": {"1": "a", "2": "b"}, "recipients_text": "\n".join(
                line.split(",")[0] for line in table(60, first=501).split("\n")[1:])}  # fmt: skip
    told = await stack.ask("POST", "/api/whatsapp/bulk-quick-send?dryRun=true", body)
    shown = plan(page)
    await expect(shown.locator(".plan-figure")).to_contain_text(f"{told['accepted']} recipients")
    await expect(shown).to_contain_text("3 loops of 25, 25 and 10")
    await expect(shown).to_contain_text(f"{told['messagesPerSecond']} a second")
    assert told["totalLoops"] == 3
    jobs = await stack.ask("GET", f"/api/bulk/jobs?phoneNumberId={number}")
    assert jobs["jobs"] == []
    assert await texts(stack, number) == {}


async def test_a_test_send_brings_the_values_of_the_row_that_is_shown(
    page: Page, stack: Stack, number: str
) -> None:
    await compose(page, number)
    await paste(page, table(4, first=601))
    await fill_places(page)
    await page.get_by_role("button", name="The next one").click()
    await expect(preview(page)).to_contain_text("Name 602")
    await page.get_by_text("First to yourself").click()
    await page.get_by_label("Your number").fill("+49 1511 7777777")
    await page.get_by_role("button", name="Send a test").click()
    await page.get_by_role("link", name="See what becomes of it").click()
    await expect(page.locator(".job-state")).to_have_text("done")
    assert (await stack.job(page.url.rsplit("/", 1)[1]))["isTest"] is True
    read = await texts(stack, number)
    assert list(read) == ["4915117777777"]
    assert "Name 602" in read["4915117777777"]


async def test_a_send_is_scheduled_by_the_reader_s_own_clock(
    page: Page, stack: Stack, number: str
) -> None:
    at = (datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=2)).replace(
        second=0, microsecond=0
    )
    await compose(page, number)
    await paste(page, table(5, first=701))
    await fill_places(page)
    await page.get_by_role("heading", name="When and how fast").click()
    await page.get_by_label("Start", exact=True).fill(f"{at:%Y-%m-%dT%H:%M}")
    job_id = await send(page, "Schedule for 5 recipients")
    await expect(page.get_by_text(re.compile("^Starts at "))).to_contain_text(f"{at:%H:%M}")
    job = await stack.job(job_id)
    assert datetime.fromisoformat(job["scheduledAt"]) == at.astimezone(UTC)
    assert (job["state"], await texts(stack, number)) == ("queued", {})


@pytest.mark.parametrize(
    ("total", "button"), [(50, "Send to 50 recipients"), (51, "Send in bulk to 51 recipients")]
)
async def test_above_fifty_it_is_called_bulk(
    total: int, button: str, page: Page, number: str
) -> None:
    await compose(page, number)
    await paste(page, table(total))
    await fill_places(page)
    await expect(plan(page).get_by_role("button", name=re.compile("^Send"))).to_have_text(button)
    await expect(plan(page).get_by_role("button", name=button)).to_be_enabled()
