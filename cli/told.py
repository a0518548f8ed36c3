"""A no in words: the API's sentence, its details, and what to do. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from cli.answers import No, Refused, Unreachable
from cli.exits import Exit, of_status

# What the API's sentences call by its own names, as it is typed here.
_AS_TYPED: Final = {
    "?hasHeader=false": "--no-header", "?hasHeader=true": "--header", "?encoding=": "--encoding ",
    "?region= ": "--region ", "?region=": "--region ",
    "?region": "--region", "?delimiter=": "--delimiter ",
    "?sheet=": "--sheet ", "?numberColumn=": "--column ", "?all=true": "--all",
    "?source=": "--source ", "GET /api/pause": "`loopcast pause --show`",
}  # fmt: skip
LISTED: Final = 10  # rows of a list of details; more do not fit a screen


def exit_of(no: No) -> Exit:
    """What a command that got this ends with."""
    match no:
        case Refused():
            return of_status(no.status)
        case Unreachable():
            return Exit.UNREACHABLE


def lines_of(no: No) -> list[str]:
    """What is said of it, the most important line first."""
    match no:
        case Refused():
            lines = [f"{no.error}: {as_typed(no.message)}", *_details(no.details), *_advice(no)]
            return lines + ([f"  request {no.request_id}"] if no.status >= 500 else [])
        case Unreachable():
            return [
                f"No gateway answers at {no.url}: {no.why}.",
                "  Start one with `loopcast up`, or set LOOPCAST_URL to where it is.",
            ]


def as_typed(sentence: str) -> str:
    """A sentence of the API with the options of this command in it."""
    for name, option in _AS_TYPED.items():
        sentence = sentence.replace(name, option)
    return sentence


def _advice(no: Refused) -> Iterator[str]:
    if no.status == 401:
        yield "  Set LOOPCAST_KEY to one of the gateway's keys."
    if no.status == 403 and no.error == "Scope missing":
        yield "  Use a key that may do this; `loopcast keys make`, with an admin's key, makes one."
    if no.retry_after_seconds is not None:
        yield f"  Try again in {no.retry_after_seconds:g} s."


def _details(details: Any) -> Iterator[str]:
    """Lists of rows line by line; whatever else there is as `name: value`."""
    if not isinstance(details, dict):
        return
    for name, value in details.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from (f"  {row_line(row)}" for row in value[:LISTED])
            more = len(value) - LISTED
            if more > 0:
                yield f"  … and {more} more"
        elif isinstance(value, list):
            yield f"  {name}: {', '.join(map(str, value))}"
        elif value is not None and not isinstance(value, dict):
            yield f"  {name}: {value}"


def row_line(row: dict[str, Any]) -> str:
    """`line 7, +49 1511: the column "Name" is empty`; any other row as its fields."""
    if {"line", "value", "reason"} <= row.keys():
        return f"line {row['line']}, {row['value']}: {row['reason']}"
    if {"reason", "count"} <= row.keys():
        until = f", until {row['until']}" if row.get("until") else ""
        return f"{row['count']} × {row['reason']}{until}"
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)
