"""Writing to a person who may have gone: what cannot be written is lost, and nothing else."""

import errno
import io
import os
from typing import Final, TextIO

_GONE: Final = (errno.EIO, errno.EPIPE)  # a terminal that was closed; a pipe that nobody reads


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
