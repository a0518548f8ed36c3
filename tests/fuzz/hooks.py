"""What schemathesis asks of us before each call; it runs in an environment of its own."""

from typing import Any
from zlib import crc32

import schemathesis

KEY = "Idempotency-Key"
KEPT = 4  # one submission in so many keeps its key


@schemathesis.hook  # type: ignore[untyped-decorator]  # it is not in the checks' environment
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Take most keys away: one that came with another body before hides what is in this one."""
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and 1 <= len(key) <= 255 and crc32(repr(case.body).encode()) % KEPT:
        del case.headers[KEY]
