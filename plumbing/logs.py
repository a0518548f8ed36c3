"""Logs: JSON lines, or readable ones on a terminal."""

import logging
import sys
from typing import cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

Log = FilteringBoundLogger


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


def _renderers() -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(timestamp_key="at")]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _json(line: object, **_: object) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
