"""What is wrong with a view as it looks to different people: light and dark, wide and narrow."""

from itertools import product

from playwright.async_api import Page

from tests.browser import axe
from tests.browser.chromium import Scheme

WIDTHS = (1280, 360)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_WIDE = "() => document.scrollingElement.scrollWidth"
_TOO_WIDE = """(width) => [...document.body.querySelectorAll("*")]
  .filter((each) => each.getBoundingClientRect().right > width + 0.5)
  .slice(0, 5).map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`)
"""


async def flaws(page: Page, script: str) -> list[str]:
    """A sentence for each flaw in each look; the page is left as it was first."""
    found = []
    for width, scheme in product(WIDTHS, SCHEMES):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate(_SETTLED)
        here = await axe.violations(page, script) + await _too_wide(page, width)
        found += [f"{scheme}, {width} px: {flaw}" for flaw in here]
    await page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    await page.emulate_media(color_scheme=SCHEMES[0])
    return found


async def _too_wide(page: Page, width: int) -> list[str]:
    if await page.evaluate(_WIDE) <= width:
        return []
    return [f"wider than the screen: {await page.evaluate(_TOO_WIDE, width)}"]
