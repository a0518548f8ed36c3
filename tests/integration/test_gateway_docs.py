"""The API's description and its page, as a gateway serves them."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from plumbing.logs import Log
from schemas.environment import ApiKey
from tests.description import DOCUMENT
from tests.gateways import Running, serving

DESCRIPTION = "/api/openapi.json"
PAGE = "/api/docs"


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    keys = (ApiKey("shop", "shop-key-0123"),)
    async with serving(database_url, nats_url, log, api_keys=keys) as running:
        yield running


async def test_the_description_is_served_to_everybody(gateway: Running) -> None:
    answer = await gateway.get(DESCRIPTION, Host="elsewhere.example")
    assert (answer.status, answer.body) == (200, DOCUMENT)


async def test_the_page_is_served_to_everybody_and_may_run_and_fetch_nothing(
    gateway: Running,
) -> None:
    answer = await gateway.get(PAGE, Host="elsewhere.example")
    style = re.search(r"<style>(.*?)</style>", answer.body, re.DOTALL)
    assert style is not None
    sealed = b64encode(sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status == 200
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{sealed}';")


async def test_the_description_names_no_key_and_no_setting(gateway: Running) -> None:
    told = (await gateway.get(PAGE)).body + str((await gateway.get(DESCRIPTION)).body)
    assert "shop-key-0123" not in told
    assert gateway.parts.settings.database_url not in told


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/suppressions/export", "GET, HEAD"),
        ("GET", "/api/suppressions/import", "POST"),
        ("PATCH", "/api/suppressions", "GET, HEAD, POST"),
        ("PUT", "/api/suppressions/4915112345678", "DELETE, GET, HEAD"),
    ],
)
async def test_an_address_takes_what_its_own_routes_take_and_says_so(
    gateway: Running, method: str, path: str, allowed: str
) -> None:
    """`/api/suppressions/{number}` fits these addresses, too."""
    answer = await gateway.ask(method, path, {"X-API-Key": "shop-key-0123"})
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
