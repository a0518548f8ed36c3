"""After a job: who failed and why, everybody by number, files, sending again, a person's story."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.stacks import Stack, fated, row

SETTINGS = {"BULK_UNKNOWN_AFTER_S": "1", "BULK_LOOP_PAUSE_MS": "0", "BULK_MAX_RETRIES": "0"}
UNREACHABLE = fated("9131026", 3)
RE_ENGAGE = fated("9131047", 2)
HELD_BACK = fated("9131049")
IN_DOUBT = fated("9000004")
FINE = [row(seq) for seq in range(9001, 9006)]


def number_of(person: dict[str, str]) -> str:
    return person["phone"].replace(" ", "")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def job(stack: Stack) -> dict[str, Any]:
    """A job in which a good part went wrong, each for a reason of its own; all receipts are in."""
    at_once = {"sentMs": 0, "deliveredMs": 0, "readMs": 0, "read": 1}
    await stack.ask_sandbox("PUT", "/sandbox/script", {"receipts": at_once})
    rows = [*FINE, *UNREACHABLE, *RE_ENGAGE, *HELD_BACK, *IN_DOUBT]
    job_id = await stack.submit_rows(rows, campaign_name="Spring")
    return await stack.job_when(job_id, lambda job: job["finishedAt"] and job["read"] == len(FINE))


async def opened(page: Page, job: dict[str, Any]) -> None:
    await page.goto(f"/#/jobs/{job['jobId']}")
    await expect(page.get_by_role("heading", name="Who did not get it, and why")).to_be_visible()


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


async def test_the_sum_comes_out_and_each_part_leads_to_its_people(
    page: Page, stack: Stack, job: dict[str, Any]
) -> None:
    await opened(page, job)
    total = job["totalRecipients"]
    sums = part(page, f"All {total} recipients are accounted for")
    for state, word in (
        ("sent", "sent"), ("failed", "failed"), ("unknown", "in doubt"), ("skipped", "skipped"),
    ):  # fmt: skip
        term = sums.locator("div", has=page.get_by_text(word, exact=True))
        await expect(term.get_by_role("link")).to_have_text(str(job[state]))
    await (
        sums.locator("div", has=page.get_by_text("failed", exact=True)).get_by_role("link").click()
    )
    await expect(people(page)).to_have_count(job["failed"])
    await expect(page.get_by_label("What became of it")).to_have_value("failed")


def people(page: Page) -> Locator:
    """The rows of the recipients that are shown."""
    table = page.get_by_role("region", name="Table of recipients")
    return table.get_by_role("row").filter(has=page.get_by_role("button", name="Details of"))


async def test_who_failed_is_grouped_by_why_with_what_to_do(
    page: Page, job: dict[str, Any]
) -> None:
    await opened(page, job)
    groups = part(page, "Who did not get it, and why").get_by_role("listitem")
    await expect(groups).to_have_count(len(job["errors"]))
    for error in job["errors"]:
        group = groups.filter(has_text=str(error["code"]))
        await expect(group.locator("strong")).to_have_text(str(error["count"]))
        await expect(group.get_by_role("heading")).to_have_text(error["meaning"])
        await expect(group).to_contain_text(f"What to do: {error['advice']}.")
    assert {131026, 131047} <= {error["code"] for error in job["errors"]}


async def test_a_reason_leads_to_those_whom_it_concerns_and_to_their_file(
    page: Page, stack: Stack, job: dict[str, Any], tmp_path: Path
) -> None:
    await opened(page, job)
    group = (
        part(page, "Who did not get it, and why").get_by_role("listitem").filter(has_text="131026")
    )
    wanted = sorted(number_of(each) for each in UNREACHABLE)
    rows = await downloaded(page, group.get_by_role("link", name="as CSV"), tmp_path)
    assert sorted(each["to"].removeprefix("'") for each in rows) == wanted
    await group.get_by_role("link", name="See all 3").click()
    await expect(people(page)).to_have_count(3)
    for phone in wanted:
        await expect(people(page).get_by_role("link", name=phone)).to_be_visible()


async def downloaded(page: Page, link: Locator, folder: Path) -> list[dict[str, str]]:
    """The rows of a CSV that the link brings."""
    async with page.expect_download() as waited:
        await link.click()
    brought = await waited.value
    path = folder / brought.suggested_filename
    await brought.save_as(path)
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


async def test_who_is_in_doubt_is_named_with_the_reason(page: Page, job: dict[str, Any]) -> None:
    await opened(page, job)
    doubts = part(page, "In doubt").get_by_role("row")
    await expect(doubts.filter(has_text=number_of(IN_DOUBT[0]))).to_contain_text(
        job["inDoubt"][0]["reason"]
    )


async def test_every_recipient_is_found_by_number(page: Page, job: dict[str, Any]) -> None:
    await opened(page, job)
    await page.get_by_role("link", name="Recipients", exact=True).click()
    await expect(people(page)).to_have_count(job["totalRecipients"])
    search = page.get_by_label("Number, or a part of it")
    for person in (*FINE, *UNREACHABLE, *RE_ENGAGE, *HELD_BACK, *IN_DOUBT):
        await search.fill(number_of(person))
        await expect(people(page)).to_have_count(1)
        await expect(people(page).get_by_role("link")).to_have_text(number_of(person))
    await search.fill("131047")
    await expect(people(page)).to_have_count(len(RE_ENGAGE))
    await search.fill("+49 999 999")
    await expect(page.get_by_role("heading", name="Nobody fits")).to_be_visible()


async def test_the_file_of_all_has_a_row_for_each_message_of_the_api(
    page: Page, stack: Stack, job: dict[str, Any], tmp_path: Path
) -> None:
    await opened(page, job)
    link = part(page, "Take it with you").get_by_role("link", name="CSV")
    rows = await downloaded(page, link, tmp_path)
    told = (await stack.ask("GET", f"/api/bulk/job/{job['jobId']}/messages?limit=100"))["messages"]
    assert [of_the_file(each) for each in rows] == [of_the_api(each) for each in told]
    assert len(rows) == job["totalRecipients"]


def of_the_file(row: dict[str, str]) -> tuple[str, ...]:
    # a number that a spreadsheet would take for a formula has a quote before it
    return row["seq"], row["to"].lstrip("'+"), row["state"], row["errorCode"], row["messageId"]


def of_the_api(message: dict[str, Any]) -> tuple[str, ...]:
    code = (message["error"] or {}).get("code", "")
    seq, to = str(message["seq"]), message["to"].lstrip("+")
    return seq, to, message["state"], str(code), message["messageId"] or ""


async def test_the_missed_are_sent_to_again_in_a_job_of_their_own(
    page: Page, stack: Stack, number: str
) -> None:
    rows = [*FINE[:2], *fated("9000006", 2), *fated("9130472")]  # 9000006: taken the second time
    first = await stack.over(await stack.submit_rows(rows, phoneNumberId=number))
    await opened(page, first)
    again = part(page, "Send again to the missed")
    await expect(again.get_by_role("checkbox", name="130472")).to_be_disabled()
    await again.get_by_label("Name of the new job").fill("Spring, once more")
    await again.get_by_role("button", name="Send again to 2 recipients").click()
    question = page.get_by_role("dialog", name="Send it again?")
    await question.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("heading", name="Spring, once more")).to_be_visible()
    await expect(page.locator(".job-state")).to_have_text("done")
    made = await stack.job(page.url.rsplit("/", 1)[1])
    assert (made["parentId"], made["totalRecipients"], made["sent"]) == (first["jobId"], 2, 2)
    await opened(page, first)
    await expect(part(page, "Sent again").get_by_role("link")).to_contain_text("to 2 recipients")


async def test_those_in_doubt_are_chosen_by_hand_alone_and_the_risk_is_said(
    page: Page, job: dict[str, Any]
) -> None:
    await opened(page, job)
    again = part(page, "Send again to the missed")
    await expect(again.get_by_role("checkbox", name="In doubt")).not_to_be_checked()
    await again.get_by_role("checkbox", name="In doubt").check()
    await again.get_by_role("button", name="Send again to 1 recipient").click()
    question = page.get_by_role("dialog", name="Send it again?")
    await expect(question.get_by_text("They may get it twice.")).to_be_visible()
    await question.get_by_role("button", name="Back").click()
    await expect(question).to_have_count(0)


async def test_the_trail_says_who_did_what(page: Page, job: dict[str, Any]) -> None:
    await opened(page, job)
    await page.get_by_text("Trail: who did what, and when").click()
    lines = page.locator(".after-lines").get_by_role("listitem")
    await expect(lines.first).to_contain_text("submitted it")
    await expect(lines.last).to_contain_text("It is done")


async def test_a_person_has_a_story_over_all_jobs_and_can_be_left_alone(
    page: Page, stack: Stack, number: str
) -> None:
    person = fated("9131021")
    first = await stack.submit_rows(person, phoneNumberId=number, campaign_name="First news")
    await stack.over(first)
    second = await stack.submit_rows(person, phoneNumberId=number, campaign_name="Second news")
    await stack.over(second)
    await page.goto(f"/#/jobs/{second}/recipients")
    await people(page).get_by_role("link", name=number_of(person[0])).click()
    story = part(page, "Messages").locator(".story > li")
    await expect(story).to_have_count(2)
    await expect(story.nth(0)).to_contain_text("Second news")
    await expect(story.nth(1)).to_contain_text("First news")
    await story.nth(0).get_by_text("Details").click()
    await expect(story.nth(0)).to_contain_text("131021")
    await page.get_by_role("button", name="Stop all messages").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop them").click()
    await expect(page.get_by_text("Gets no messages.")).to_be_visible()
    told = await stack.ask("GET", f"/api/recipients/{number_of(person[0])[1:]}")
    assert told["suppressed"] == "all"
