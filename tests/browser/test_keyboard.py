"""By keyboard alone: whatever can be done is done without a mouse, and the focus is never lost."""

import re

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser.composing import table
from tests.browser.keyboard import Keyboard
from tests.browser.stacks import Stack

SETTINGS = {"BULK_MESSAGES_PER_SECOND": "20", "BULK_LOOP_SIZE": "40"}


@pytest.fixture
def keys(page: Page) -> Keyboard:
    return Keyboard(page)


async def skip_the_bar(page: Page, keys: Keyboard) -> None:
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert (await keys.press("Tab")).name == "Skip to the content"
    assert (await keys.press("Enter")).tag == "MAIN"


async def compose(page: Page, keys: Keyboard, total: int) -> None:
    """The form, filled in from its top to its button."""
    await expect(page.get_by_label("Template", exact=True)).to_be_visible()
    await keys.tab_to("Template")
    await keys.type("order_u")
    await keys.tab_to("Numbers, or a table")
    await keys.paste(table(total))
    await expect(page.get_by_role("list", name="The list, checked")).to_contain_text(
        f"{total} valid"
    )
    await keys.tab_to(re.escape("{{1}} in the text"))
    await keys.type("name")
    await keys.tab_to(re.escape("{{2}} in the text"))
    await keys.type("order")
    await expect(page.get_by_role("button", name="Send in bulk")).to_be_enabled()


async def test_a_bulk_send_is_composed_watched_and_steered_by_keys_alone(
    page: Page, stack: Stack, keys: Keyboard
) -> None:
    await page.goto("/")
    await skip_the_bar(page, keys)
    await expect(page).to_have_url(re.compile(r"/(#/)?$"))
    await keys.activate("New message")
    await expect(page.get_by_role("heading", name="Compose")).to_be_visible()
    assert (await keys.focused()).tag == "MAIN"
    await compose(page, keys, 400)
    await keys.activate("Send in bulk to 400 recipients")
    await expect(page.get_by_role("dialog", name="Send to 400 recipients?")).to_be_visible()
    assert (await keys.focused()).name == "Back"
    await keys.activate("Send")
    await expect(page.locator(".job-state")).to_have_text("sending")
    assert (await keys.focused()).tag == "MAIN"
    await pause_and_resume(page, keys)
    await walk_the_loops(page, keys)
    await cancel(page, keys)
    job = await stack.job(page.url.rsplit("/", 1)[1])
    assert job["canceled"] == 400 - job["sent"] > 0


async def is_ready(page: Page, name: str) -> None:
    """The answer to what was pressed before has come, and the next can be pressed."""
    await expect(page.get_by_role("button", name=name)).to_be_enabled()


async def pause_and_resume(page: Page, keys: Keyboard) -> None:
    await keys.activate("Pause", "Space")
    await expect(page.get_by_role("dialog", name="Pause it?")).to_be_visible()
    assert (await keys.press("Escape")).name == "Pause"
    await keys.press("Enter")
    await keys.activate("^Pause$")
    await expect(page.locator(".job-state")).to_have_text("paused")
    await is_ready(page, "Resume")
    await keys.focused()
    await keys.activate("Resume")
    await expect(page.get_by_role("dialog", name="Go on sending?")).to_be_visible()
    assert (await keys.press("Escape")).name == "Resume"
    await keys.press("Enter")
    await keys.tab_to("Resume")
    await page.keyboard.press("Enter")
    await expect(page.locator(".job-state")).to_have_text("sending")
    await keys.focused()


async def walk_the_loops(page: Page, keys: Keyboard) -> None:
    loops = page.get_by_role("slider", name="Loops")
    await keys.tab_to("Loops")
    for key, reached in (("Home", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 10)):
        await keys.press(key)
        await expect(loops).to_have_attribute("aria-valuenow", str(reached))
        await expect(loops).to_have_attribute(
            "aria-valuetext", re.compile(f"^Loop {reached} of 10")
        )


async def cancel(page: Page, keys: Keyboard) -> None:
    await is_ready(page, "Cancel…")
    await keys.tab_to("Cancel…", "Shift+Tab")
    assert (await keys.press("Enter")).name == "Back"
    await keys.tab_to("Cancel the rest", "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".job-state")).to_have_text("canceled")
    await keys.focused()


async def test_a_file_is_chosen_read_otherwise_and_removed_with_the_focus_kept(
    page: Page, keys: Keyboard
) -> None:
    await page.goto("/#/new")
    await expect(page.get_by_label("Sending number")).to_be_enabled()
    await keys.tab_to("Choose a file")
    async with page.expect_file_chooser() as waited:
        await page.keyboard.press("Enter")
    content = table(3).encode()
    await (await waited.value).set_files(
        FilePayload(name="people.csv", mimeType="text/csv", buffer=content)
    )
    await expect(page.get_by_role("list", name="The list, checked")).to_contain_text("3 valid")
    assert (await keys.focused()).name == "Choose again"
    await keys.tab_to("The first row has")
    await page.keyboard.press("ArrowDown")  # a recipient already
    await expect(page.get_by_label("Column with the numbers")).to_contain_text("Column 1")
    assert (await keys.focused()).name == "The first row has"
    await keys.tab_to("Remove people.csv", "Shift+Tab")
    assert (await keys.press("Enter")).name == "Numbers, or a table"


async def test_the_skip_link_leaves_the_view_and_its_address_as_they_are(
    page: Page, stack: Stack, keys: Keyboard
) -> None:
    await page.goto("/#/opt-outs")
    await skip_the_bar(page, keys)
    await expect(page).to_have_url(f"{stack.url}/#/opt-outs")
    await expect(page.get_by_role("heading", name="Opt-outs", level=1)).to_be_visible()
    assert (await keys.press("Tab")).name == "Import a file"


async def test_every_view_of_the_menu_is_reached_and_has_the_focus(
    page: Page, keys: Keyboard
) -> None:
    await page.goto("/")
    for name in ("Compose", "Numbers", "Opt-outs", "Keys", "Jobs"):
        await keys.activate(f"^{name}$")
        await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        assert (await keys.focused()).tag == "MAIN"


@pytest.mark.parametrize(
    ("view", "button"),
    [
        ("numbers", "Stop everything"), ("numbers", "Add a number"), ("opt-outs", "Add numbers"),
        ("opt-outs", "Import a file"), ("keys", "Make a key"), ("new", "Start over"),
    ],
)  # fmt: skip
async def test_a_dialog_that_is_left_gives_the_focus_back(
    view: str, button: str, page: Page, keys: Keyboard
) -> None:
    await page.goto(f"/#/{view}")
    await expect(page.get_by_role("button", name=button).first).to_be_visible()
    await keys.activate(button)
    await expect(page.get_by_role("dialog")).to_be_visible()
    await keys.focused()
    assert (await keys.press("Escape")).name == button
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_an_opt_out_is_added_mended_and_lifted_with_the_focus_kept(
    page: Page, keys: Keyboard
) -> None:
    await page.goto("/#/opt-outs")
    await expect(page.get_by_role("heading", name="Nobody has opted out")).to_be_visible()
    await keys.activate("Add numbers")
    await keys.tab_to("Add$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Write a number here")).to_be_visible()
    assert (await keys.focused()).name == "Numbers"
    await keys.type("+49 1511 7654321")
    await keys.tab_to("Add$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="+4915117654321")).to_be_visible()
    await keys.focused()
    await keys.activate("Lift ")
    await keys.tab_to("Lift it$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Nobody has opted out")).to_be_visible()
    await keys.focused()


async def test_a_key_is_made_and_revoked_with_the_focus_kept(page: Page, keys: Keyboard) -> None:
    await page.goto("/#/keys")
    await expect(page.get_by_role("heading", name="No key yet")).to_be_visible()
    await keys.activate("Make a key")
    await keys.tab_to("Name")
    await keys.type("shop")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="The key of shop")).to_be_visible()
    assert (await keys.focused()).name == "Copy the key"
    await page.keyboard.press("Escape")  # which must not lose the key
    await expect(page.get_by_role("textbox", name="The key of shop")).to_have_value(
        re.compile(".{20}")
    )
    await keys.activate("I have kept it")
    await keys.activate("Revoke the key of shop")
    assert (await keys.focused()).name == "Keep it"
    await keys.tab_to("Revoke it", "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 key revoked or expired")).to_be_visible()
    await keys.focused()
