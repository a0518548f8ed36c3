"""What only the monitoring port of nats-server shows: whether each message is synced to disk.

The port of the clients does not tell. Monitoring asks for no password, so many servers have none,
or keep it to themselves: then it is said that this could not be seen.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from nats.aio.client import Client

from deploy.checks.http import NoAnswer, get
from deploy.checks.result import Result, note, ok, warning, wrong

PORT: Final = 8222  # the usual one (docs.nats.io: monitoring)


class _Config(msgspec.Struct):
    sync_always: bool = False
    sync_interval: int = 0  # nanoseconds


class _JetStream(msgspec.Struct):
    server_id: str = ""
    config: _Config = msgspec.field(default_factory=_Config)


class _Server(msgspec.Struct):
    server_id: str = ""
    feature_flags: dict[str, bool] = {}


async def look(client: Client, nats_url: str) -> list[Result]:
    """`sync_interval` and the feature flags of the server that we are connected to."""
    connected = client.connected_url
    host = (connected and connected.hostname) or urlsplit(nats_url).hostname or "127.0.0.1"
    base = f"http://[{host}]:{PORT}" if ":" in host else f"http://{host}:{PORT}"
    server_id = str(client._server_info.get("server_id", ""))  # noqa: SLF001 - it has no public name
    jetstream = await _ask(f"{base}/jsz?config=true", _JetStream)
    server = await _ask(f"{base}/varz", _Server)
    if not jetstream or jetstream.server_id != server_id:
        return [unseen(base)]
    flags = server.feature_flags if server and server.server_id == server_id else {}
    return [of_sync(jetstream.config), *of_flags(flags)]


def unseen(base: str) -> Result:
    """Nothing of the server that we are connected to answers there."""
    return note(
        f"Whether NATS syncs each message to its disk cannot be seen: nothing of it answers at"
        f" {base}.",
        "Its settings should say sync_interval: always, as deploy/nats.conf does.",
    )


def of_sync(config: _Config) -> Result:
    """Whether what was acknowledged outlives a power failure."""
    if config.sync_always:
        return ok("NATS syncs each message to its disk before it acknowledges (sync_interval).")
    return warning(
        f"NATS syncs its disk every {config.sync_interval / 1e9:.0f} s: a power failure may lose"
        " receipts that Meta was told were taken.",
        "Set jetstream { sync_interval: always }, as deploy/nats.conf does.",
    )


def of_flags(flags: dict[str, bool]) -> list[Result]:
    """Acks of version 2 cannot be read by the client."""
    if not flags.get("js_ack_fc_v2"):
        return []
    return [
        wrong(
            "NATS has js_ack_fc_v2 on, whose acknowledgements the client cannot read.",
            "Set feature_flags { js_ack_fc_v2: false }, as deploy/nats.conf does.",
        )
    ]


async def _ask(url: str, kind: type[Any]) -> Any:
    answer = await get(url)
    if isinstance(answer, NoAnswer) or answer.status != 200:
        return None
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
