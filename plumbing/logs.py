"""Logs: JSON lines, or readable ones on a terminal."""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any, Final, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

Log = FilteringBoundLogger

AGAIN_AFTER_SECONDS: Final = 10.0


def set_up(process: str, level: str) -> Log:
    """Send every line, those of libraries included, to standard error; returns the logger."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers()],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.getLogger("loopcast").setLevel(level.upper())
    return cast("Log", structlog.get_logger("loopcast", process=process))


class Seldom:
    """For what may go wrong with every request: a sentence is said once in ten seconds.

    What was not said is counted in the next one.
    """

    def __init__(self, log: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._again_at: dict[str, float] = {}  # by sentence: as many as the code has
        self._unsaid: dict[str, int] = {}

    def warning(self, sentence: str, **details: Any) -> None:
        """`sentence` is fixed; what differs is in the details."""
        now = self._clock()
        if now < self._again_at.get(sentence, now):
            self._unsaid[sentence] = self._unsaid.get(sentence, 0) + 1
            return
        self._again_at[sentence] = now + AGAIN_AFTER_SECONDS
        if unsaid := self._unsaid.pop(sentence, 0):
            details["unsaid"] = unsaid
        self._log.warning(sentence, **details)


def _renderers() -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(timestamp_key="at")]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _json(line: object, **_: object) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
