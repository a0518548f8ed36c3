"""Logs: JSON lines, or readable ones on a terminal."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Final, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from plumbing.masking import Masking
from schemas.log_fields import ALWAYS, CONTEXT

Log = FilteringBoundLogger

AGAIN_AFTER_SECONDS: Final = 10.0
_FIRST: Final = (*ALWAYS, *CONTEXT)


def set_up(process: str, level: str, secrets: Iterable[str] = ()) -> Log:
    """Send every line, those of libraries included, to standard error; returns the logger.

    What breaks the process is a line, too. `secrets` are hidden wherever they turn up.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _of(process),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                Masking(secrets),
                _without_nothing,
                _renderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.getLogger("loopcast").setLevel(level.upper())
    log = cast("Log", structlog.get_logger("loopcast"))
    sys.excepthook = partial(_broke, log)
    return log


@contextlib.contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Every line within the block has these fields, those of tasks that begin in it, too.

    None takes a field away that an outer block gave.
    """
    with structlog.contextvars.bound_contextvars(**fields):
        yield


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


def _of(process: str) -> structlog.typing.Processor:
    def name(_logger: Any, _method: str, line: structlog.typing.EventDict) -> Any:
        return {"process": process, **line}

    return name


def _without_nothing(
    _logger: Any, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A field that is None says nothing. What every line has comes first."""
    ordered = {**{name: line[name] for name in _FIRST if name in line}, **line}
    return {name: value for name, value in ordered.items() if value is not None}


def _broke(
    log: Log, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What ends the process: the last line that it says."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("the process broke", exc_info=(kind, error, trace))


def _renderer() -> structlog.typing.Processor:
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer(
            timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(serializer=_json)


def _json(line: object, **_: object) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
