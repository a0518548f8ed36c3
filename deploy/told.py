"""What the processes of `make run` were told: left in its folder while it runs, for the doctor.

Servers of their own take any free port and a password made at random, so nobody else could know.
"""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from deploy.settings_page import catalogue
from plumbing.process import CannotStart

NAME: Final = "stack.json"
LOCK: Final = "lock"  # held by the stack for as long as it runs
_SETTINGS: Final = msgspec.json.Decoder(dict[str, str])


def leave(data: Path, environ: Mapping[str, str]) -> None:
    """Write down our settings of `environ`, readable by their owner only: they have passwords."""
    known = catalogue()
    names = {*known, *(s.env.legacy for s in known.values() if s.env.legacy)}
    ours = {name: value for name, value in environ.items() if name in names}
    new = data / f"{NAME}.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(ours))
    new.rename(data / NAME)


def forget(data: Path) -> None:
    """The stack has stopped."""
    (data / NAME).unlink(missing_ok=True)


def read(data: Path) -> dict[str, str] | None:
    """The settings of the stack that runs in `data`; None when none runs there.

    Raises CannotStart when somebody else's does.
    """
    try:
        if not _is_locked(data / LOCK):
            return None
        return _SETTINGS.decode((data / NAME).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):  # it begins just now, or has just ended
        return None
    except OSError as error:
        raise CannotStart(
            f"the stack in {data} cannot be looked at: {error.strerror}; run this as the user who"
            " runs it, or set DATABASE_URL and NATS_URL"
        ) from None


def _is_locked(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
