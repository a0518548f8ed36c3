"""NATS: reachable, new enough, JetStream on, our streams and consumers as they should be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from deploy.checks import monitoring, streams
from deploy.checks.patient import Patient, address_of
from deploy.checks.result import Result, ok, warning, wrong
from schemas import subjects

SECONDS: Final = 4.0
OLDEST: Final = (2, 12)  # webhooks that arrive together are stored as one atomic batch
TRIED: Final = (2, 15)  # with which the tests run
LEAST_PAYLOAD: Final = 1_000_000  # webhook bodies come in pieces of 900 kB, with headers
_NOT_FOR_THIS_ACCOUNT: Final = 10039


async def nats_server(patient: Patient) -> list[Result]:
    """Everything that can be seen through the port of the clients, and of monitoring's."""
    try:
        async with _connected(patient.gateway.nats_url) as client:
            return [result async for result in _look(client, patient)]
    except (nats.errors.Error, OSError) as error:  # TimeoutError is an OSError
        return [no_connection(address_of(patient.gateway.nats_url), error)]


async def _look(client: Client, patient: Patient) -> AsyncIterator[Result]:
    address = address_of(patient.gateway.nats_url)
    version = client.connected_server_version
    for result in of_version((version.major, version.minor, version.patch), address):
        yield result
    for result in of_payload(client.max_payload):
        yield result
    js = client.jetstream(timeout=SECONDS)
    try:
        account = await js.account_info()
    except (nats.errors.NoRespondersError, nats.js.errors.APIError) as error:
        yield no_jetstream(error)
        return
    for result in streams.of_account(account, patient.gateway.nats_replicas):
        yield result
    async for result in _of_streams(js, patient):
        yield result
    for result in await monitoring.look(client, patient.gateway.nats_url):
        yield result


async def _of_streams(js: JetStreamContext, patient: Patient) -> AsyncIterator[Result]:
    for definition in subjects.STREAMS:
        try:
            info = await js.stream_info(definition.name)
        except nats.js.errors.NotFoundError:
            yield streams.missing(definition.name)
            continue
        for result in streams.of_stream(info, definition, patient.gateway.nats_replicas):
            yield result
        for consumer in (subjects.SENDERS, subjects.MERGERS):
            if consumer.stream == definition.name:
                yield await _of_consumer(js, consumer, patient)


async def _of_consumer(
    js: JetStreamContext, definition: subjects.ConsumerDef, patient: Patient
) -> Result:
    try:
        info = await js.consumer_info(definition.stream, definition.name)
    except nats.js.errors.NotFoundError:
        return streams.no_consumer(definition)
    return streams.of_consumer(info, definition, _ack_wait_seconds(definition, patient))


def _ack_wait_seconds(definition: subjects.ConsumerDef, patient: Patient) -> float | None:
    """None: the daemons may have been told another than is known here."""
    if definition is not subjects.SENDERS:
        return subjects.MERGE_ACK_WAIT_SECONDS
    is_told = patient.environ.get("BULK_ACK_WAIT_S", "").strip()
    return patient.daemon.ack_wait_seconds if is_told else None


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Client]:
    """One try at a connection, which is told nobody about but us."""
    client = Client()

    async def unsaid(_: Exception) -> None:
        return

    try:
        async with asyncio.timeout(SECONDS):
            await client.connect(
                url, name="loopcast-doctor", allow_reconnect=False, connect_timeout=2,
                error_cb=unsaid,
            )  # fmt: skip
        yield client
    finally:
        with contextlib.suppress(nats.errors.Error, OSError):
            await client.close()


def no_connection(address: str, error: Exception) -> Result:
    """The server is not there, or does not let us in."""
    reason = str(error) or "no answer in time"
    if "authorization" in reason.lower() or "authentication" in reason.lower():
        return wrong(
            f"NATS at {address} refuses: {reason}.",
            "Correct the user, password or token in NATS_URL.",
        )
    return wrong(
        f"NATS at {address} cannot be reached: {reason}.",
        "Start it, or correct NATS_URL; `make run` brings its own. Meanwhile jobs are taken and"
        " wait.",
    )


def no_jetstream(error: Exception) -> Result:
    """JetStream is off, or not given to this account."""
    code = getattr(error, "err_code", None)
    is_off = isinstance(
        error, nats.errors.NoRespondersError | nats.js.errors.ServiceUnavailableError
    )
    if is_off or code == _NOT_FOR_THIS_ACCOUNT:
        return wrong(
            "JetStream is off: turns, events and receipts have nowhere to be.",
            "Start nats-server with -c deploy/nats.conf, or give its account JetStream.",
        )
    said = getattr(error, "description", None) or str(error) or repr(error)
    return wrong(f"JetStream does not answer: {said} ({code}).", "Look at the server's log.")


def of_version(version: tuple[int, int, int], address: str) -> Iterator[Result]:
    """What it is."""
    shown = ".".join(map(str, version))
    if version[:2] < OLDEST:
        yield wrong(
            f"nats-server at {address} is {shown}; Loopcast needs {_dotted(OLDEST)} or newer"
            " (atomic batches).",
            f"Upgrade it; {_dotted(TRIED)} is what the tests run with.",
        )
    elif version[:2] < TRIED:
        yield warning(
            f"nats-server at {address} is {shown}; Loopcast is tried with {_dotted(TRIED)}.",
            "Upgrade it when you can.",
        )
    else:
        yield ok(f"nats-server {shown} at {address}.")


def of_payload(most_bytes: int) -> Iterator[Result]:
    """Whether our largest message fits."""
    if most_bytes < LEAST_PAYLOAD:
        yield wrong(
            f"It takes messages of {most_bytes:,} bytes at most; a webhook may need"
            f" {LEAST_PAYLOAD:,}.",
            "Set max_payload: 1MB, as deploy/nats.conf does.",
        )


def _dotted(version: Any) -> str:
    return ".".join(map(str, version))
