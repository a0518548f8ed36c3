"""What schemathesis asks of us before each call; it runs in an environment of its own."""

from typing import Any
from zlib import crc32

import schemathesis

KEY = "Idempotency-Key"
KEPT = 4  # one submission in so many keeps its key
ENCODED = 16  # one body in so many says that it is packed, and is not
schemathesis.serializer.alias("application/x-ndjson", "text/plain")

JOBS: list[str] = []  # the last that were made, so that there is something to pause and to read
MOST_JOBS = 20
ANOTHER = 4  # one job of a path in so many is what the generator made of it


@schemathesis.hook  # type: ignore[untyped-decorator]  # it is not in the checks' environment
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Change a few headers, by what is in the body, so that one seed does the same each time."""
    mark = crc32(repr(case.body).encode())
    key = case.headers.get(KEY)
    # A key that came with another body before hides what is in this one.
    if isinstance(key, str) and 1 <= len(key) <= 255 and mark % KEPT:
        del case.headers[KEY]
    if case.path == "/api/session":  # which looks for the key in the body when no header has it
        case.headers.pop("X-API-Key", None)
    if case.meta and case.meta.generation.mode is schemathesis.GenerationMode.NEGATIVE:
        case.query.pop("dryRun", None)  # its answer to what would be refused is a plan: 200
    elif "job_id" in case.path_parameters and JOBS and mark % ANOTHER:
        case.path_parameters["job_id"] = JOBS[mark % len(JOBS)]
    if isinstance(case.body, dict) and case.body.get("provider") == "360dialog":
        case.body["provider"] = "meta"  # the other one is no sandbox
    if case.operation.body and mark % ENCODED == 0:
        case.headers["Content-Encoding"] = "gzip"


@schemathesis.hook  # type: ignore[untyped-decorator]
def after_call(_context: Any, _case: Any, response: Any) -> None:
    """Remember the jobs that were made."""
    if response.status_code == 201 and b'"jobId"' in response.content:
        JOBS.append(response.json()["jobId"])
        del JOBS[:-MOST_JOBS]
