"""A visitor without a mouse: keys alone, and where the focus is, which has to be seen."""

import re
from dataclasses import dataclass

from playwright.async_api import Page

_MOST_TABS = 120
_FOCUSED = """() => {
  const at = document.activeElement;
  const named = at.labels?.[0] ?? at;
  const isDrawn = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const box = at.getBoundingClientRect();
  return {
    tag: at.tagName,
    name: (at.getAttribute("aria-label") ?? named.textContent).trim(),
    isMarked: isDrawn(getComputedStyle(at)) || isDrawn(getComputedStyle(at, "::after")),
    isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


@dataclass(frozen=True)
class Focused:
    """What has the focus."""

    tag: str
    name: str
    isMarked: bool  # noqa: N815 - as the page tells it
    isOnScreen: bool  # noqa: N815

    @property
    def is_seen(self) -> bool:
        """The whole of a view needs no mark: its reader has just come there."""
        return self.tag == "MAIN" or (self.isMarked and self.isOnScreen)


class Keyboard:
    """The keys of a page. Whatever is reached has to be seen, and to be something."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def focused(self) -> Focused:
        """What has the focus, which is never lost and always seen."""
        found = Focused(**await self._page.evaluate(_FOCUSED))
        assert found.tag not in ("BODY", "HTML"), "the focus is lost"
        assert found.is_seen, f"nobody sees that this has the focus: {found}"
        return found

    async def press(self, *keys: str) -> Focused:
        for key in keys:
            await self._page.keyboard.press(key)
        return await self.focused()

    async def type(self, text: str) -> None:
        await self._page.keyboard.type(text)

    async def paste(self, text: str) -> None:
        await self._page.keyboard.insert_text(text)

    async def tab_to(self, name: str, key: str = "Tab") -> Focused:
        """Press Tab until something of that name has the focus."""
        passed = []
        for _ in range(_MOST_TABS):
            await self._page.keyboard.press(key)
            found = Focused(**await self._page.evaluate(_FOCUSED))
            if found.tag in ("BODY", "HTML"):
                continue  # past the last one: the browser's own bar
            assert found.is_seen, f"nobody sees that this has the focus: {found}"
            if re.match(name, found.name):
                return found
            passed.append(found.name[:30])
        raise AssertionError(f"no way to {name} by Tab; passed: {passed}")

    async def activate(self, name: str, key: str = "Enter") -> None:
        """Go to something and press it."""
        await self.tab_to(name)
        await self._page.keyboard.press(key)
