"""What options have in common: how commands are added, and values that argparse is to read."""

import argparse
import re
from typing import Any, Final

LAST: Final = "last"
JOB: Final = f"a job's id; `{LAST}`: the newest"
FORMATS: Final = ("csv", "ndjson", "xlsx")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Commands = Any  # argparse's _SubParsersAction, which has no public name


def watching(made: argparse.ArgumentParser) -> None:
    """How a job is followed."""
    made.add_argument("--every", metavar="SECONDS", type=positive, default=10,
                      help="of plain lines: how far it is, so often; 10")  # fmt: skip
    made.add_argument("--plain", action="store_true", help="lines, on a terminal too")
    made.add_argument("--until-paused", action="store_true", help="a pause is an end (9), too")
    as_json(made)


def as_json(made: argparse.ArgumentParser) -> None:
    """The answer as it comes."""
    made.add_argument("--json", action="store_true", help="the API's own words")


def as_json_too(made: argparse.ArgumentParser) -> None:
    """The same below a command that has the option itself: it may stand before or after."""
    made.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                      help="the API's own words")  # fmt: skip


def asking(made: argparse.ArgumentParser) -> None:
    """For what cannot be undone, or reaches far."""
    made.add_argument("-y", "--yes", action="store_true", help="do not ask first")


def command(commands: Commands, name: str, text: str, examples: str = "") -> Any:
    """Add one, with its text in the list and above its own help."""
    epilog = f"examples:\n{examples}" if examples else None
    return commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip


def described(**texts: str) -> argparse.ArgumentParser:
    """A parser whose texts stay as they are written."""
    return argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **texts,  # type: ignore[arg-type]  # texts alone
    )


def pair(text: str) -> tuple[str, str]:
    """`1=Name` as a place and what fills it."""
    place, equals, value = text.partition("=")
    if not (place and equals):
        raise argparse.ArgumentTypeError(f"it is PLACE=…, as 1=Name: {text}")
    return place, value


def span(text: str) -> tuple[str, str]:
    """`09:00-20:00` as its two ends; whether they are times the gateway says."""
    found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"it is FROM-TO, as 09:00-20:00: {text}")
    return found[1], found[2]


def days(text: str) -> list[str]:
    """`mon-wed,sat` as the names of days."""
    named: list[str] = []
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise argparse.ArgumentTypeError(f"days are mon to sun, as mon-fri or mon,wed: {text}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        length = (end - begin) % 7 + 1
        named += [DAYS[(begin + at) % 7] for at in range(length)]
    return list(dict.fromkeys(named))


def positive(text: str) -> int:
    """A whole number from 1."""
    number = natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("it is at least 1")
    return number


def natural(text: str) -> int:
    """A whole number from 0."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"it is a whole number: {text}")
    return int(text)
