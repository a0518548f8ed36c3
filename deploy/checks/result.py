"""What a check says: how grave it is, what is so, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave. Only what is wrong makes the doctor's exit code 1."""

    OK = "ok"
    NOTE = "note"  # something to know, or that could not be looked at
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Result:
    """One line of the doctor's; `do` is empty where nothing is to be done."""

    level: Level
    said: str
    do: str = ""


def ok(said: str) -> Result:
    return Result(Level.OK, said)


def note(said: str, do: str = "") -> Result:
    return Result(Level.NOTE, said, do)


def warning(said: str, do: str) -> Result:
    return Result(Level.WARNING, said, do)


def wrong(said: str, do: str) -> Result:
    return Result(Level.WRONG, said, do)
