"""What Compose says before it sends: its question, its plan, and which rows get nothing."""

import re

from playwright.async_api import FilePayload, Page, expect

from tests.browser import axe
from tests.browser.chromium import Complaints
from tests.browser.composing import compose, fill_places, paste, plan, table
from tests.browser.stacks import Stack, row

SETTINGS = {
    "BULK_LOOP_SIZE": "25", "BULK_LOOP_PAUSE_MS": "200", "BULK_MESSAGES_PER_SECOND": "100",
}  # fmt: skip


def messy() -> str:
    """Sixty who can be sent to; a number that comes again on line 62, one too short on line 63."""
    again = row(103)["phone"].replace("+", "00").replace(" ", "")
    return f"{table(60, first=101)}\n{again},Again,A-99\n+49 12,Short,A-98"


async def fill(page: Page, number: str, text: str) -> None:
    """The whole form, and the plan for sixty."""
    await compose(page, number)
    await paste(page, text)
    await fill_places(page)
    await expect(plan(page)).to_contain_text("60 recipients")


async def test_a_bulk_send_is_asked_about_and_one_job_comes_of_many_presses(
    page: Page, stack: Stack, number: str
) -> None:
    before = (await stack.ask("GET", "/api/bulk/jobs?tests=false"))["pagination"]["total"]
    await fill(page, number, messy())
    button = plan(page).get_by_role("button", name="Send in bulk to 60 recipients")
    await button.dblclick()
    question = page.get_by_role("dialog", name="Send to 60 recipients?")
    for words in ("Hi Name 101,", "From", "1 line rejected", "1 number comes twice", "sandbox"):
        await expect(question).to_contain_text(words)
    await question.get_by_role("button", name="Back").click()
    await expect(question).to_have_count(0)
    await button.press("Enter")
    await expect(question.get_by_role("button", name="Back")).to_be_focused()
    await question.get_by_role("button", name="Send").dblclick()
    await expect(page).to_have_url(re.compile(r"#/jobs/[0-9a-f-]{36}"))
    after = (await stack.ask("GET", "/api/bulk/jobs?tests=false"))["pagination"]["total"]
    assert after == before + 1


async def test_the_same_template_sent_today_is_told_with_a_way_to_that_job(
    page: Page, stack: Stack, number: str
) -> None:
    job_id = await stack.submit(3, first=700, campaign_name="Pick-up on Friday")
    await compose(page, number)
    told = plan(page).get_by_role("status").filter(has_text="Whoever is on both lists")
    await expect(told).to_contain_text("(Pick-up on Friday)")
    await expect(told.get_by_role("link").first).to_have_attribute("href", f"#/jobs/{job_id}")


async def test_rows_that_get_nothing_are_shown_with_their_lines(page: Page, number: str) -> None:
    await fill(page, number, messy())
    await page.get_by_text("1 number comes twice: only its first row is sent").first.click()
    twice = page.get_by_role("region", name="Rows whose number came before")
    await expect(twice.get_by_role("row").nth(1)).to_contain_text(re.compile("62.*4.*Again, A-99"))
    rejected = page.get_by_role("region", name="Rejected lines")
    await expect(rejected.get_by_role("row").nth(1)).to_contain_text(re.compile("63.*too short"))
    await expect(page.get_by_role("link", name="All of them as rejected.csv")).to_be_visible()


async def test_the_preview_passes_over_rows_that_get_nothing_and_says_why(
    page: Page, number: str
) -> None:
    await fill(page, number, messy())
    preview = page.get_by_role("region", name="Preview")
    line = preview.get_by_label("Line", exact=True)
    await expect(line).to_have_value("2")
    await line.fill("63")
    await line.press("Enter")
    await expect(preview).to_contain_text("Line 63 gets nothing: too short")
    await preview.get_by_role("button", name="The one before").click()
    await expect(line).to_have_value("61")
    await expect(preview).to_contain_text("To +4915110000160")


async def test_a_row_without_a_value_is_told_once_with_what_can_be_done(
    page: Page, number: str
) -> None:
    await compose(page, number)
    await paste(page, table(3).replace("Name 2", ""))
    await fill_places(page)
    await expect(plan(page)).to_contain_text("Line 3 (+49 1511 0000002): name is empty")
    await expect(plan(page)).to_contain_text("paste it again")
    await expect(page.get_by_text("name is empty")).to_have_count(1)


async def test_no_answer_to_a_test_goes_once_loopcast_answers_again(
    page: Page, complaints: Complaints, number: str
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "status of 400")
    await fill(page, number, messy())
    await page.get_by_text("First to yourself").click()
    await page.get_by_label("Your number").fill("0151 1234567")
    await page.get_by_role("button", name="Send a test").click()
    await expect(plan(page)).to_contain_text("Write it with + and the country code.")
    await page.get_by_label("Your number").fill("+49 1511 7654321")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Send a test").click()
    outcome = plan(page).get_by_text("No answer")
    await expect(outcome).to_be_in_viewport()
    await page.context.set_offline(False)
    await expect(outcome).to_have_count(0)
    await page.get_by_role("button", name="Send a test").click()
    await expect(plan(page).get_by_text("The test is on its way.")).to_be_in_viewport()


async def test_the_right_column_scrolls_with_the_page_alone(page: Page, number: str) -> None:
    await fill(page, number, messy())
    await page.get_by_text("First to yourself").click()
    await page.get_by_label("Your number").focus()
    inner = "() => [...document.querySelectorAll('.compose-side, .compose-side *')].filter("
    inner += "(one) => one.scrollHeight > one.clientHeight + 1"
    inner += " && ['auto', 'scroll'].includes(getComputedStyle(one).overflowY)).length"
    assert await page.evaluate(inner) == 0
    await page.get_by_role("button", name="Send in bulk").scroll_into_view_if_needed()
    await expect(page.get_by_role("button", name="Send in bulk")).to_be_in_viewport(ratio=1)


async def test_what_was_chosen_by_itself_is_said_and_no_place_is_guessed(
    page: Page, number: str
) -> None:
    await compose(page, number)
    await paste(page, table(2).replace("name", "first_name"))
    await page.get_by_label("Template", exact=True).select_option("appointment en_US")
    name = page.get_by_label("{{first_name}} in the text", exact=True)
    await expect(name).to_have_value("c:first_name")
    chosen = page.get_by_text("Chosen for you").locator("visible=true")
    await expect(chosen).to_have_count(1)
    await paste(page, table(2))
    await page.get_by_label("Template", exact=True).select_option("pickup en_US")
    place = page.get_by_label("Name of the place (optional)", exact=True)
    await expect(place).to_have_value("c:")


async def test_a_picture_is_no_list(page: Page, number: str) -> None:
    await compose(page, number)
    picture = FilePayload(name="list.png", mimeType="image/png", buffer=b"\x89PNG\r\n\x1a\n\0")
    await page.get_by_label("File with the list").set_input_files(picture)
    await expect(page.get_by_text("This is a picture, not a list.")).to_be_visible()
    await expect(plan(page)).to_contain_text("a list that can be read")


async def test_a_number_is_called_as_people_know_it_and_a_template_by_its_words(
    page: Page, number: str
) -> None:
    await compose(page, number)
    await expect(page.get_by_label("Sending number")).to_contain_text("Loopcast sandbox, +1 555")
    option = page.get_by_role("option", name="order_update · en_US")
    await expect(option).to_contain_text("“Hi {{1}}, your order {{2}} is")


async def test_a_text_without_numbers_is_told_once(page: Page, number: str) -> None:
    await compose(page, number)
    await paste(page, "Dear all,\nsee you on Friday")
    told = page.get_by_text("There are no phone numbers in this list.")
    await expect(told).to_have_count(1)
    await expect(page.get_by_text("is no part of a phone number")).to_have_count(0)


async def test_nothing_of_it_shuts_people_out(page: Page, number: str, axe_script: str) -> None:
    await fill(page, number, messy())
    for summary in ("1 number comes twice", "First to yourself"):
        await page.locator("summary").filter(has_text=summary).click()
    await page.get_by_label("Line", exact=True).fill("63")
    await page.keyboard.press("Enter")
    assert await axe.violations(page, axe_script) == []
    await page.get_by_role("button", name="Send in bulk to 60 recipients").click()
    send = page.get_by_role("dialog").get_by_role("button", name="Send")
    await expect(send).to_be_enabled()
    assert await axe.violations(page, axe_script) == []
