"""A person's terminal, which may be closed: lines are lost then, and we are told to stop."""

import asyncio
import contextlib
import errno
import io
import os
from collections.abc import AsyncIterator
from typing import Final, TextIO

from plumbing.tasks import end

_GONE: Final = (errno.EIO, errno.EPIPE)  # a terminal that was closed; a pipe that nobody reads
_LOOK_EVERY_SECONDS: Final = 0.5


class Terminal(io.TextIOBase):
    """A text stream over `stream` that never raises OSError.

    Once the other end is gone, the descriptor leads to /dev/null, so that nothing else that
    writes there fails either: a logger, or Python's own last flush. On a full disk, lines are
    lost until there is room again.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has it as an attribute
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Nothing to do: each write is flushed."""

    def _lose(self, error: OSError) -> None:
        if error.errno in _GONE:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.asynccontextmanager
async def stopping_when_closed(stop: asyncio.Event) -> AsyncIterator[None]:
    """Within the block, `stop` is set once the terminal that we run on is closed.

    The kernel sends SIGHUP to the leader of the terminal's session only, and to us not before it
    has ended; when the leader is `make` (`tmux new 'make run'`), it waits for us instead.
    """
    watching = asyncio.create_task(_watch(stop))
    try:
        yield
    finally:
        await end(watching)


async def _watch(stop: asyncio.Event) -> None:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # we run on none
        return
    try:
        if await _was_in_front(terminal):
            stop.set()
    finally:
        os.close(terminal)


async def _was_in_front(terminal: int) -> bool:
    """Wait until it is closed; whether we ran in its foreground, as who is told by SIGHUP does."""
    in_front = False
    while True:
        try:
            in_front = os.tcgetpgrp(terminal) == os.getpgrp()
        except OSError:
            return in_front
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
