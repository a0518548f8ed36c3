"""What a send comes to over a real connection, and that what may not leave does not."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import structlog
from aiohttp import web

from daemon.cloud_api import CloudApi, Departure
from plumbing.book_keeper import BookKeeper
from schemas.environment import Secret
from schemas.outcomes import (
    Accepted,
    ApiError,
    HeldBack,
    NotWritten,
    Refused,
    Unknown,
    UnknownReason,
)
from schemas.settings import Daemon
from tests.peer import Answer, Arrival, Peer, accepted, error, hang, hang_up

BODY = b'{"to":"4915112345678","biz_opaque_callback_data":"1:x:1:1"}'


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as made:
        yield made


@pytest.fixture
async def cloud(peer: Peer) -> AsyncIterator[CloudApi]:
    settings = Daemon(
        access_token=Secret("secret-token"),
        graph_api_base_url=f"{peer.url}/",
        request_timeout_ms=300,
    )
    async with CloudApi(settings, BookKeeper(settings, structlog.get_logger())) as made:
        yield made


def free_to_leave(left: list[float] | None = None) -> Departure:
    return Departure(may_leave=lambda: True, on_leave=(left if left is not None else []).append)


async def test_a_send_goes_to_its_number_with_the_token(cloud: CloudApi, peer: Peer) -> None:
    assert await cloud.send("777", BODY, free_to_leave()) == Accepted("wamid.1")
    (arrival,) = peer.arrivals
    assert arrival.phone_number_id == "777"
    assert arrival.request.headers["Authorization"] == "Bearer secret-token"
    assert arrival.request.path == "/v25.0/777/messages"


async def test_360dialog_gets_the_same_body_at_its_own_address_with_its_key(peer: Peer) -> None:
    settings = Daemon(
        access_token=Secret("d360-key"), graph_api_base_url=peer.url, provider_name="360dialog"
    )
    async with CloudApi(settings, BookKeeper(settings, structlog.get_logger())) as cloud:
        assert await cloud.send("777", BODY, free_to_leave()) == Accepted("wamid.1")
    (arrival,) = peer.arrivals
    assert (arrival.request.path, arrival.to) == ("/messages", "4915112345678")
    assert arrival.request.headers["D360-API-KEY"] == "d360-key"
    assert "Authorization" not in arrival.request.headers


async def test_a_refusal_is_read(cloud: CloudApi, peer: Peer) -> None:
    async def refuse(_: Arrival) -> Answer:
        return error(131026)

    peer.script = refuse
    outcome = await cloud.send("777", BODY, free_to_leave())
    assert outcome == Refused(ApiError(131026, "said no"), 400)


async def test_what_may_not_leave_does_not_reach_the_peer(cloud: CloudApi, peer: Peer) -> None:
    departure = Departure(may_leave=lambda: False, on_leave=lambda _: None)
    assert await cloud.send("777", BODY, departure) == HeldBack()
    assert departure.settled.is_set()
    assert departure.left_at is None
    await cloud.send("777", BODY, free_to_leave())
    assert len(peer.arrivals) == 1


async def test_leaving_is_told_before_the_request_arrives(cloud: CloudApi, peer: Peer) -> None:
    left: list[float] = []
    for _ in range(3):
        await cloud.send("777", BODY, free_to_leave(left))
    times = sorted([*left, *(arrival.at for arrival in peer.arrivals)])
    assert times[0::2] == left
    assert all(before <= after for before, after in pairwise(times))


async def test_no_answer_in_time_is_unknown(cloud: CloudApi, peer: Peer) -> None:
    peer.script = hang
    outcome = await cloud.send("777", BODY, free_to_leave())
    assert isinstance(outcome, Unknown)
    assert outcome.reason is UnknownReason.TIMEOUT


async def test_a_connection_that_breaks_after_the_request_is_unknown(
    cloud: CloudApi, peer: Peer
) -> None:
    peer.script = hang_up
    outcome = await cloud.send("777", BODY, free_to_leave())
    assert isinstance(outcome, Unknown)
    assert outcome.reason is UnknownReason.CONNECTION_LOST


async def test_a_connection_that_cannot_be_made_is_no_doubt(cloud: CloudApi, peer: Peer) -> None:
    await peer.__aexit__()
    departure = free_to_leave()
    outcome = await cloud.send("777", BODY, departure)
    assert isinstance(outcome, NotWritten)
    assert str(peer.port) in outcome.reason
    assert departure.settled.is_set()


async def test_an_answer_without_end_is_bounded(cloud: CloudApi, peer: Peer) -> None:
    async def flood(arrival: Arrival) -> Answer:
        response = web.StreamResponse()
        await response.prepare(arrival.request)
        while True:
            await response.write(b"x" * 65_536)

    peer.script = flood
    outcome = await asyncio.wait_for(cloud.send("777", BODY, free_to_leave()), 2)
    assert isinstance(outcome, Unknown)


async def test_a_redirect_is_not_followed(cloud: CloudApi, peer: Peer) -> None:
    async def redirect(arrival: Arrival) -> Answer:
        if arrival.number == 1:
            return web.Response(status=307, headers={"Location": arrival.request.path})
        return accepted(arrival)

    peer.script = redirect
    assert isinstance(await cloud.send("777", BODY, free_to_leave()), Unknown)
    assert len(peer.arrivals) == 1
