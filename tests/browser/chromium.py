"""The browser of the tests: Debian's, found on this machine, and what its pages complained of."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
Scheme = Literal["light", "dark"]

# A policy that was broken is said on the console, where it fails the test like any error.
_TELLS_OF_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`broken policy: ${event.effectiveDirective} by ${event.blockedURI}`));
"""


def found() -> str | None:
    """Where the browser is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def browser(path: str) -> AsyncIterator[Browser]:
    """One chromium, without a window. `--enable-precise-memory-info`: a heap of exact figures."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=path, args=["--enable-precise-memory-info", "--js-flags=--expose-gc"]
        )
        try:
            yield launched
        finally:
            await launched.close()


@asynccontextmanager
async def context(
    launched: Browser,
    url: str,
    *,
    width: int = 1280,
    height: int = 800,
    scheme: Scheme = "light",
    scale: float = 1.0,
) -> AsyncIterator[BrowserContext]:
    """A visitor whom nobody knows: no cookies, no storage, a clock in Berlin.

    `scale`: pixels of the screen for one of the page's.
    """
    made = await launched.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        device_scale_factor=scale,
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    made.set_default_timeout(20_000)  # two cores are shared with other tests
    await made.add_init_script(_TELLS_OF_POLICY)
    try:
        yield made
    finally:
        await made.close()


class Complaints:
    """Errors that a page throws or says on its console; each fails the test unless expected."""

    def __init__(self, page: Page) -> None:
        self._heard: list[str] = []
        self._expected: list[str] = []
        page.on("pageerror", lambda error: self._heard.append(f"thrown: {error}"))
        page.on("console", self._said)

    def expect(self, *patterns: str) -> None:
        """What the test brings about by itself, such as a gateway that does not answer."""
        self._expected += patterns

    @property
    def unexpected(self) -> list[str]:
        return [said for said in self._heard if not self._is_expected(said)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            at: Any = message.location
            self._heard.append(f"{message.type}: {message.text} ({at.get('url')})")

    def _is_expected(self, said: str) -> bool:
        return any(re.search(pattern, said) for pattern in self._expected)
