"""What schemathesis wrote down of a run: every answer of the gateway."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

SUBMITS: Final = frozenset((
    "/api/whatsapp/bulk-quick-send", "/api/whatsapp/bulk-customize-send", "/api/bulk/send",
    "/api/bulk/send.ndjson", "/api/whatsapp/test-send",
))  # fmt: skip
RESEND: Final = "/resend"


@dataclass
class Told:
    """What the gateway answered: how often each status, and which jobs it said it had made."""

    statuses: "Counter[int]" = field(default_factory=Counter)
    jobs: dict[UUID, int] = field(default_factory=dict)  # how many recipients each is to have


def read(path: Path) -> Told:
    """Read the report, line by line: it has every request and every answer."""
    told = Told()
    for interaction in _interactions(path):
        response = interaction["response"]
        told.statuses[response["status_code"]] += 1
        if (request := interaction["request"])["method"] != "POST":
            continue
        called = urlsplit(request["uri"]).path
        if (called in SUBMITS or called.endswith(RESEND)) and response["status_code"] == 201:
            job = json.loads(base64.b64decode(response["content"]["$base64"]))
            told.jobs[UUID(job["jobId"])] = job["totalRecipients"]
    return told


def _interactions(path: Path) -> Iterator[dict[str, Any]]:
    """Those that got an answer."""
    with path.open() as lines:
        for line in lines:
            finished = json.loads(line).get("ScenarioFinished")
            recorded = finished["recorder"].get("interactions", {}).values() if finished else ()
            yield from (one for one in recorded if one.get("response"))
