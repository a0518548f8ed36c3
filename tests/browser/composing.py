"""The form of a send, filled in as a person does, and the lists that are brought to it."""

import re

from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser.stacks import row

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(total: int, *, first: int = 1) -> str:
    """A list with a row of names, as a spreadsheet writes it."""
    rows = (row(seq) for seq in range(first, first + total))
    lines = [f"{each['phone']},{each['name']},{each['order']}" for each in rows]
    return "\n".join(["phone,name,order", *lines])


async def compose(page: Page, number: str) -> None:
    """The form with a sending number, and with the sandbox's template with two places."""
    await page.goto("/#/new")
    await choose_number(page, number)
    template = page.get_by_label("Template", exact=True)
    await template.select_option("order_update en_US")


async def choose_number(page: Page, number: str) -> None:
    """Written where no numbers are known, else by way of "Another, by its id"."""
    control = page.get_by_label("Sending number")
    await expect(control).to_be_enabled()
    if await control.evaluate("(control) => control.tagName") == "SELECT":
        await control.select_option("other")
        control = page.get_by_label("Id of the number")
    await control.fill(number)


async def paste(page: Page, text: str) -> None:
    await page.get_by_label("Numbers, or a table").fill(text)


async def bring(page: Page, name: str, content: bytes, kind: str = "text/csv") -> None:
    """A file, by way of the button that opens the chooser."""
    async with page.expect_file_chooser() as waited:
        await page.get_by_role("button", name="Choose a file").click()
    chooser = await waited.value
    await chooser.set_files(FilePayload(name=name, mimeType=kind, buffer=content))


async def drop(page: Page, name: str, text: str) -> None:
    """A file, let go over the part of the form that takes a list."""
    dragged = await page.evaluate_handle(
        "([name, text]) => { const dragged = new DataTransfer();"
        " dragged.items.add(new File([text], name)); return dragged; }", [name, text],
    )  # fmt: skip
    await page.get_by_label("Numbers, or a table").dispatch_event("drop", {"dataTransfer": dragged})


async def fill_places(page: Page) -> None:
    """Each place of the template from its column, once the list has been read for columns."""
    for place, column in (("{{1}} in the text", "name"), ("{{2}} in the text", "order")):
        choice = page.get_by_label(place, exact=True)
        await expect(choice).to_have_js_property("tagName", "SELECT")
        await choice.select_option(label=column)


def plan(page: Page) -> Locator:
    return page.get_by_role("region", name="Plan")


def checked(page: Page) -> Locator:
    """What the gateway found in the list."""
    return page.get_by_role("list", name="The list, checked")


def preview(page: Page) -> Locator:
    return page.get_by_role("region", name="Preview")


async def send(page: Page, button: str | re.Pattern[str]) -> str:
    """Press the button, and say yes where it asks; returns the id of the job that it leads to."""
    pressed = plan(page).get_by_role("button", name=button)
    is_bulk = "in bulk" in (await pressed.text_content() or "")
    await pressed.click()
    if is_bulk:
        await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(page).to_have_url(re.compile(r"#/jobs/[0-9a-f-]{36}$"))
    return page.url.rsplit("/", 1)[1]
