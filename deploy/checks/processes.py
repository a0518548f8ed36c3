"""The processes: a gateway that is ready, and daemons that live."""

import asyncio
from typing import Final

import msgspec

from deploy.checks.http import Answer, NoAnswer, get
from deploy.checks.patient import Patient
from deploy.checks.result import Result, note, ok, wrong
from deploy.checks.session import Unreachable, session
from deploy.reconcile import QUERIES

SERVICE: Final = "gateway"  # its name in docker-compose.yml


async def processes(patient: Patient) -> list[Result]:
    """The gateway by its own word, daemons by the locks that they hold in PostgreSQL."""
    (url, answer), counted = await asyncio.gather(_asked(patient), _counted(patient))
    sessions, daemons = counted or (None, None)
    return [of_gateway(answer, url, sessions), of_daemons(daemons)]


async def _asked(patient: Patient) -> tuple[str, Answer | NoAnswer]:
    """The gateway's word, and where it was got; a container of its own finds it by its name."""
    url = patient.gateway_url
    answer = await get(f"{url}/readyz")
    if isinstance(answer, NoAnswer) and not patient.is_told_where:
        service = f"http://{SERVICE}:{patient.gateway.port}"
        other = await get(f"{service}/readyz")
        if isinstance(other, Answer):
            return service, other
    return url, answer


async def _counted(patient: Patient) -> tuple[int, int] | None:
    """Sessions of gateways, and daemons; None: PostgreSQL cannot be asked, or has no schema."""
    try:
        async with session(patient.gateway.database_url) as connection:
            sessions = await QUERIES.gateway_sessions(connection)
            return sessions, await QUERIES.daemons(connection)
    except Unreachable:
        return None


def of_gateway(answer: Answer | NoAnswer, url: str, sessions: int | None) -> Result:
    """`sessions`: those that gateways have with PostgreSQL."""
    match answer:
        case Answer(status=200):
            return ok(f"The gateway at {url} is ready.")
        case Answer(status=503, body=body):
            return wrong(f"The gateway at {url} is not ready: {_missing(body)}.", "See above.")
        case Answer(status=status):
            return wrong(
                f"What answers at {url} is no gateway (HTTP {status}).",
                "Another program has its port: set PORT, or say where it is with --gateway URL.",
            )
        case NoAnswer(reason=reason) if sessions:
            return note(
                f"A gateway works on this database, and none answers at {url}: {reason}.",
                "To have it asked, say where it is: --gateway http://gateway:8080",
            )
        case NoAnswer(reason=reason):
            return wrong(
                f"No gateway answers at {url}: {reason}.",
                "Start it (python -m gateway; `make run`), or say where it is with --gateway URL.",
            )


def of_daemons(daemons: int | None) -> Result:
    """None: they could not be counted."""
    if daemons is None:
        return note("Daemons could not be counted: they show themselves in PostgreSQL.")
    if not daemons:
        return wrong(
            "No daemon runs: jobs are taken, and nothing is sent.",
            "Start one (python -m daemon; `make run`).",
        )
    return ok(f"{daemons} daemon{'s run' if daemons > 1 else ' runs'}.")


def _missing(body: bytes) -> str:
    """What the gateway says that does not answer."""
    try:
        said = msgspec.json.decode(body, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it does not say why"
    parts = {name: why for name, why in said.items() if name != "status" and why != "ok"}
    return "; ".join(f"{name}: {why}" for name, why in parts.items()) or "it does not say why"
