"""What a command can end with: the catalogue of exit codes, for scripts."""

import textwrap
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """An exit code; MEANINGS says each in words."""

    DONE = 0
    FAILED = 1
    USAGE = 2  # as argparse has it
    REFUSED = 3
    NOT_FOUND = 4
    NOT_ALLOWED = 5
    UNREACHABLE = 6
    MISSED = 7
    CANCELED = 8
    PAUSED = 9
    SETTINGS = 78  # EX_CONFIG of sysexits.h, as all of Loopcast's programs
    INTERRUPTED = 130  # 128 + SIGINT, as shells count


MEANINGS: Final = {
    Exit.DONE: "done; of a job that was watched: everybody was sent to, or had opted out",
    Exit.FAILED: "a file cannot be read or written, or an answer not be understood; "
    "a question was answered with no; the doctor found something",
    Exit.USAGE: "the command is none, or does not fit its list; nothing was submitted",
    Exit.REFUSED: "the gateway refused it, and says what to do; nothing was made",
    Exit.NOT_FOUND: "there is no such job, upload, number, key or recipient",
    Exit.NOT_ALLOWED: "the key is missing or wrong, or may not do that",
    Exit.UNREACHABLE: "no answer, or the gateway is busy: try again",
    Exit.MISSED: "the watched job is over, and some have failed or are in doubt",
    Exit.CANCELED: "the watched job was canceled",
    Exit.PAUSED: "the watched job is paused (with --until-paused)",
    Exit.SETTINGS: "LOOPCAST_URL or LOOPCAST_KEY is none, or .venv is missing",
    Exit.INTERRUPTED: "Ctrl-C; a job that was submitted goes on",
}


_COLUMNS: Final = 80


def table() -> str:
    """The codes as lines for a help text."""
    return "\n".join(
        textwrap.fill(f"  {code:>3}  {meaning}", _COLUMNS, subsequent_indent=" " * 7)
        for code, meaning in MEANINGS.items()
    )


def of_status(status: int) -> Exit:
    """What a refusal with this HTTP status comes to."""
    if status in {401, 403}:
        return Exit.NOT_ALLOWED
    if status == 404:
        return Exit.NOT_FOUND
    if status in {408, 429} or status >= 500:
        return Exit.UNREACHABLE
    return Exit.REFUSED


def of_end(state: str, missed: int) -> Exit:
    """What a job that ended in `state`, with `missed` failed or in doubt, comes to."""
    if state == "canceled":
        return Exit.CANCELED
    return Exit.DONE if state == "completed" and not missed else Exit.MISSED
