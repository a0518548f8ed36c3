"""`make pictures`: the page in light and dark, and the sandbox's, as the README shows them.

A stack of its own and Debian's chromium; what is to be seen was sent, to the sandbox.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, get_args

from playwright.async_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.chromium import Scheme
from tests.browser.stacks import NUMBER, Stack, stack_in

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
SETTINGS: Final = {
    "BULK_MESSAGES_PER_SECOND": "50",
    "BULK_LOOP_SIZE": "200",
    "BULK_LOOP_PAUSE_MS": "2000",
    "BULK_REQUEST_TIMEOUT_MS": "10000",
    "SANDBOX_LATENCY_MS": "20",
}
NAMES: Final = ("Ann", "Bashir", "Carla", "Dinesh", "Emeka", "Fatma", "Grace", "Hiro", "Ines")
# A few who will not get it: their last digits say why, see docs/sandbox.md.
FATES: Final = dict(
    zip(
        range(17, 500, 23),
        (
            f"{prefix} {fate}"
            for prefix in ("1511", "1512", "1514", "1515", "1516", "1517", "1520")
            for fate in ("8131026", "9131049", "9130472")
        ),
        strict=False,
    )
)
FIRST: Final = 2_340_000
WATCHED, OVER = 1200, 500
_PATIENCE_MS: Final = 120_000

Picture = Callable[[Page, Stack], Awaitable[None]]


async def take_all(path: str, folder: Path) -> None:
    """All pictures, with the chromium at `path`, into `folder`."""
    with tempfile.TemporaryDirectory(prefix="loopcast-pictures-") as data:
        async with stack_in(Path(data), SETTINGS) as stack, chromium.browser(path) as browser:
            for name, picture in PICTURES.items():
                for scheme in get_args(Scheme):
                    await take(browser, stack, picture, scheme, folder / f"{name}-{scheme}.png")


async def take(browser: Browser, stack: Stack, picture: Picture, scheme: Scheme, to: Path) -> None:
    async with chromium.context(browser, stack.url, height=900, scheme=scheme, scale=1.5) as made:
        page = await made.new_page()
        await picture(page, stack)
        await page.screenshot(path=to, animations="disabled")
        print(to.name)


async def compose(page: Page, _: Stack) -> None:
    """A pasted table with two bad rows, a template, a plan."""
    await page.goto("/#/new")
    await expect(page.get_by_label("Sending number")).to_be_enabled()
    await expect(page.get_by_label("Sending number")).to_have_value(NUMBER)
    await page.get_by_label("Template", exact=True).select_option("order_update en_US")
    await page.get_by_label("Numbers, or a table").fill(_table(OVER))
    await page.get_by_label("{{1}} in the text", exact=True).select_option("name")
    await page.get_by_label("{{2}} in the text", exact=True).select_option("order")
    await expect(page.get_by_role("region", name="Plan")).to_contain_text("3 loops of")
    await page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")


async def watch(page: Page, stack: Stack) -> None:
    """A job a bit further than its middle."""
    job_id = await stack.submit_rows(_rows(WATCHED), campaign_name="Orders ready to collect")
    await page.goto(f"/#/jobs/{job_id}")
    await page.wait_for_function(
        "() => Number(document.querySelector('[role=progressbar]')?.ariaValueNow) >= 64",
        timeout=_PATIENCE_MS,
    )


async def afterwards(page: Page, stack: Stack) -> None:
    """A job that is over: who did not get it, and why."""
    job_id = await stack.submit_rows(_rows(OVER), campaign_name="Orders ready to collect")
    await page.goto(f"/#/jobs/{job_id}")
    await expect(page.locator(".job-state")).to_have_text("done", timeout=_PATIENCE_MS)
    await page.wait_for_timeout(5000)  # the last receipts


async def sandbox(page: Page, stack: Stack) -> None:
    """Messages arrive, and what one of the recipients sees."""
    await stack.submit_rows(_rows(OVER), campaign_name="Orders ready to collect")
    await page.goto(f"{stack.sandbox_url}/#491511{FIRST + 20}")
    await expect(page.get_by_role("log", name="Messages")).to_contain_text("order A-1020")
    await page.wait_for_timeout(3000)  # a receipt or two


PICTURES: Final[dict[str, Picture]] = {
    "compose": compose,
    "watch": watch,
    "afterwards": afterwards,
    "sandbox": sandbox,
}


def _rows(total: int) -> list[dict[str, str]]:
    return [_row(seq) for seq in range(1, total + 1)]


def _row(seq: int) -> dict[str, str]:
    """A recipient; their first name goes round."""
    phone = f"+49 {FATES.get(seq, f'1511 {FIRST + seq}')}"
    return {"phone": phone, "name": NAMES[seq % len(NAMES)], "order": f"A-{1000 + seq}"}


def _table(total: int) -> str:
    rows = [",".join(row.values()) for row in _rows(total)]
    return "\n".join(["phone,name,order", *rows, "+49 1511,Kofi,A-1501", rows[3]])


def main() -> int:
    if (path := chromium.found()) is None:
        print(f"No browser here: one of {', '.join(chromium.NAMES)} takes the pictures.")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(path, FOLDER))
    return 0


if __name__ == "__main__":
    sys.exit(main())
