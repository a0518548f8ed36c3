"""What shuts people out of a page, as axe-core finds it. From npm, when first asked for."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from playwright.async_api import Page

HERE = Path(__file__).parent
SCRIPT = HERE / "node_modules" / "axe-core" / "axe.min.js"
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def installed() -> str | None:
    """The text of axe-core, installed from package-lock.json when it is missing; None without npm.

    Tests in other processes may want it at the same time: one installs, the others wait.
    """
    if not SCRIPT.exists() and shutil.which("npm") is None:
        return None
    with (HERE / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not SCRIPT.exists():
            subprocess.run(INSTALL, cwd=HERE, env={**os.environ, "CI": "true"}, check=True,
                           timeout=100)  # fmt: skip
    return SCRIPT.read_text()


async def violations(page: Page, script: str) -> list[str]:
    """A sentence for each place of the page that breaks a rule."""
    await _run(page, script)
    await page.evaluate(
        "() => Promise.allSettled(document.getAnimations().map((each) => each.finished))"
    )
    found: dict[str, Any] = await page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


async def _run(page: Page, script: str) -> None:
    """Past the page's policy, as a person's own tools are: a script of the page could not do it."""
    session = await page.context.new_cdp_session(page)
    await session.send("Runtime.evaluate", {"expression": script})
    await session.detach()
