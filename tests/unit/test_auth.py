"""Who may: keys, sessions that end with their key, and loopback alone without keys."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth import SESSION_SECONDS, Gate, Keys, owner_of
from gateway.key_store import ApiKeys
from gateway.keyring import KeyRing
from gateway.store import Store
from schemas.environment import ApiKey, Secret, SettingsError, parse_api_keys
from schemas.loading import load
from schemas.settings import Gateway

ANN, BOB, BOB_NEW = (
    ApiKey("ann", "ann-key-1"), ApiKey("bob", "bob-key-1"), ApiKey("bob", "bob-key-2"),
)  # fmt: skip
KEYS = Keys((ANN, BOB, BOB_NEW))
NOW = 1_800_000_000.0
RING = KeyRing(ApiKeys(Store()))  # PostgreSQL is away
METRICS_KEY = Secret("metrics-key")
LOCAL = {"Host": "127.0.0.1:8080"}


async def admitted(
    keys: Keys, headers: dict[str, str], method: str = "GET", path: str = "/api/bulk/jobs"
) -> tuple[int, str]:
    """The gate's status, and whose request it let in."""
    request = make_mocked_request(method, path, headers=headers)
    gate = Gate(keys, RING, {}, "127.0.0.1", clock=lambda: NOW, metrics_key=METRICS_KEY)
    response = await gate.admit(request, _let_in)
    assert isinstance(response, web.Response)
    return response.status, response.text if response.status == 200 and response.text else ""


async def _let_in(request: web.Request) -> web.Response:
    return web.Response(text=owner_of(request))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_without_keys_loopback_is_served(host: str) -> None:
    assert load(Gateway, {"HOST": host}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_without_keys_any_other_address_stops_the_start(host: str) -> None:
    with pytest.raises(SettingsError, match="set API_KEYS=name:key"):
        load(Gateway, {"HOST": host})
    assert load(Gateway, {"HOST": host, "API_KEYS": "ann:ann-key-1"}).host == host


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost", "LOCALHOST:80", "[::1]:8080", "127.0.0.1"]
)
async def test_without_keys_everybody_on_this_machine_is_the_same_owner(host: str) -> None:
    assert await admitted(Keys(()), {"Host": host}) == (200, "local")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil:8080", "", "[::1", "10.0.0.1"],
)
async def test_without_keys_another_name_for_this_machine_is_refused(host: str) -> None:
    assert (await admitted(Keys(()), {"Host": host}))[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
async def test_a_page_of_another_site_cannot_post(origin: str, method: str) -> None:
    headers = {**LOCAL, "Origin": origin}
    assert (await admitted(Keys(()), headers, method))[0] == 403
    session = {"Cookie": f"loopcast_session={KEYS.session(ANN.key, NOW)}"}
    assert (await admitted(KEYS, {**headers, **session}, method))[0] == 403
    assert (await admitted(Keys(()), headers, "GET"))[0] == 200


async def test_who_sends_a_key_may_come_from_anywhere() -> None:
    """A proxy may change Host; a page of another site cannot set the header of a key."""
    headers = {**LOCAL, "Origin": "https://app.example.com", "X-API-Key": ANN.key}
    assert await admitted(KEYS, headers, "POST") == (200, "ann")


@pytest.mark.parametrize("origin", ["http://[::1", "http://\u2100.com"])
async def test_an_origin_that_is_none_is_another_site(origin: str) -> None:
    assert (await admitted(Keys(()), {**LOCAL, "Origin": origin}, "POST"))[0] == 403


async def test_a_port_that_the_scheme_implies_may_be_left_out() -> None:
    headers = {"Host": "localhost:80", "Origin": "http://localhost"}
    assert (await admitted(Keys(()), headers, "POST"))[0] == 200


async def test_our_own_page_can_post() -> None:
    headers = {**LOCAL, "Origin": "http://127.0.0.1:8080"}
    assert await admitted(Keys(()), headers, "POST") == (200, "local")


@pytest.mark.parametrize(
    ("headers", "owner"),
    [
        ({"Authorization": "Bearer ann-key-1"}, "ann"),
        ({"Authorization": "bearer  bob-key-1 "}, "bob"),
        ({"X-API-Key": "bob-key-2"}, "bob"),
    ],
)
async def test_a_key_says_whose_request_it_is(headers: dict[str, str], owner: str) -> None:
    assert await admitted(KEYS, headers) == (200, owner)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": "wrong-key"}, {"X-API-Key": ""}, {"Authorization": "Bearer "},
     {"Authorization": "Basic ann-key-1"}, {"X-API-Key": "ann"}],
)  # fmt: skip
async def test_no_key_and_a_wrong_key_are_401(headers: dict[str, str]) -> None:
    assert (await admitted(KEYS, headers))[0] == 401


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_any_other_text_is_nobodys_key(key: str) -> None:
    assert KEYS.name_of(key) is None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_asks_for_no_key(path: str) -> None:
    assert (await admitted(KEYS, {}, path=path))[0] == 200


async def test_metrics_ask_for_a_key() -> None:
    assert (await admitted(KEYS, {}, path="/metrics"))[0] == 401


async def test_a_session_stands_for_its_key() -> None:
    session = KEYS.session(ANN.key, NOW)
    assert await admitted(KEYS, {"Cookie": f"loopcast_session={session}"}) == (200, "ann")


def test_a_wrong_key_gets_no_session() -> None:
    assert KEYS.session("wrong-key", NOW) is None


def test_a_session_ends_by_itself() -> None:
    session = KEYS.session(ANN.key, NOW)
    assert session is not None
    assert KEYS.name_of_session(session, NOW + SESSION_SECONDS - 1) == "ann"
    assert KEYS.name_of_session(session, NOW + SESSION_SECONDS) is None


def test_a_session_ends_with_its_key() -> None:
    session = KEYS.session(BOB.key, NOW)
    assert session is not None
    assert Keys((ANN, BOB)).name_of_session(session, NOW) == "bob"
    assert Keys((ANN, BOB_NEW)).name_of_session(session, NOW) is None


@given(st.text(max_size=40))
def test_a_made_up_session_is_nobodys(cookie: str) -> None:
    assert KEYS.name_of_session(cookie, NOW) is None


@given(st.integers(min_value=0), st.sampled_from("0123456789abcdef."))
def test_a_session_that_was_changed_is_nobodys(place: int, character: str) -> None:
    session = KEYS.session(ANN.key, NOW)
    assert session is not None
    place %= len(session)
    changed = session[:place] + character + session[place + 1 :]
    if changed != session:
        assert KEYS.name_of_session(changed, NOW) is None


def test_keys_do_not_show_in_what_is_printed() -> None:
    assert "key-1" not in repr(KEYS) + repr(ANN)


def test_blanks_around_names_and_keys_are_no_part_of_them() -> None:
    assert parse_api_keys("ann : ann-key-1 ,\tbob: bob-key-1\r\n") == (ANN, BOB)


async def test_the_metrics_key_opens_the_metrics_and_nothing_else() -> None:
    headers = {**LOCAL, "Authorization": f"Bearer {METRICS_KEY}"}
    assert await admitted(KEYS, headers, path="/metrics") == (200, "metrics")
    assert (await admitted(KEYS, headers))[0] == 401
    assert (await admitted(KEYS, headers, "POST", "/api/bulk/send"))[0] == 401


@pytest.mark.parametrize("given", ["", "metrics-ke", "ann-key-1 "])
async def test_without_the_metrics_key_the_metrics_take_a_key_that_submits(given: str) -> None:
    headers = {**LOCAL, "Authorization": f"Bearer {given}"}
    expected = (200, "ann") if given.strip() == ANN.key else (401, "")
    assert await admitted(KEYS, headers, path="/metrics") == expected


async def test_without_a_metrics_key_an_empty_one_opens_nothing() -> None:
    request = make_mocked_request("GET", "/metrics", headers={**LOCAL, "X-API-Key": ""})
    response = await Gate(KEYS, RING, {}, "127.0.0.1").admit(request, _let_in)
    assert response.status == 401


def test_a_metrics_key_that_could_be_guessed_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="METRICS_KEY must have 8 characters"):
        load(Gateway, {"METRICS_KEY": "secret"})
