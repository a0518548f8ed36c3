"""What every browser test starts from: a stack a module, a chromium a worker, a visitor a test."""

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from deploy import servers
from deploy.programs import running
from tests.browser import axe, chromium
from tests.browser.chromium import Complaints
from tests.browser.stacks import Stack, stack_in
from tests.conftest import TEMPLATE, database

expect.set_options(timeout=20_000)
_FAILED = pytest.StashKey[bool]()
_numbers = count(200000000000001)


def pytest_itemcollected(item: pytest.Item) -> None:
    """All tests here share the event loop of the browser, which outlives each of them."""
    if item.path.parent == Path(__file__).parent:
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The chromium of this worker."""
    if (path := chromium.found()) is None:
        pytest.skip(f"no browser here (one of {', '.join(chromium.NAMES)}): the page's tests")
    async with chromium.browser(path) as launched:
        yield launched


@pytest.fixture(scope="module")
def servers_of_module(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Where a module's stack finds a database and a nats-server of its own."""
    nats = servers.nats(tmp_path_factory.mktemp("nats"))
    database_of_module = contextmanager(database)(postgres_url, template=TEMPLATE)
    with database_of_module as url, running(nats.program):
        yield {"DATABASE_URL": url, "NATS_URL": nats.url}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(
    browser: Browser,
    servers_of_module: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stack]:
    """The stack of a module, with the module's SETTINGS; its KEY, if any, opens it."""
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    key: str = getattr(request.module, "KEY", "")
    keys = {"API_KEYS": f"desk:{key}"} if key else {}
    environ = {**servers_of_module, **settings, **keys}
    async with stack_in(tmp_path_factory.mktemp("stack"), environ, key) as made:
        yield made


@dataclass
class Visit:
    """A visitor's tab, and what it complained of."""

    page: Page
    complaints: Complaints


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser, stack: Stack, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Visit]:
    """Of somebody whom nobody knows; 1280 by 800, light. Its picture is kept on a failure."""
    async with chromium.context(browser, stack.url) as visitor:
        made = await visitor.new_page()
        made.on("filechooser", lambda _: None)  # listened for late, one is missed on a busy machine
        complaints = Complaints(made)
        yield Visit(made, complaints)
        if request.node.stash.get(_FAILED, False) or complaints.unexpected:
            await made.screenshot(path=tmp_path / "failure.png", full_page=True)
        assert complaints.unexpected == []


@pytest.fixture
def page(visit: Visit) -> Page:
    """The visitor's tab."""
    return visit.page


@pytest.fixture
def complaints(visit: Visit) -> Complaints:
    """What the tab complained of."""
    return visit.complaints


@pytest.fixture
def number() -> str:
    """A sending number of the test's own: its jobs wait for no others."""
    return str(next(_numbers))


@pytest.fixture(scope="session")
def axe_script() -> str:
    """axe-core's text."""
    if (script := axe.installed()) is None:
        pytest.skip("no npm here, which brings axe-core: what shuts people out of the page")
    return script
