"""How the doctor's findings look: for a person's terminal, for a pipe, and as JSON. Pure."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from deploy.checks.result import Level, Result

Section = tuple[str, Sequence[Result]]  # a check's name, and what it found

_WIDEST: Final = max(len(level) for level in Level)
_INDENT: Final = " " * (_WIDEST + 4)
_LONGEST_NAME: Final = 10
_TITLES: Final = {"postgres": "PostgreSQL", "nats": "NATS"}
_COLORS: Final = {
    Level.OK: "32", Level.NOTE: "36", Level.WARNING: "33", Level.WRONG: "1;31",
}  # fmt: skip


def plain(name: str, results: Sequence[Result]) -> Iterator[str]:
    """A line each: for logs, and for grep."""
    for result in results:
        do = f" {result.do}" if result.do else ""
        yield f"{result.level:<{_WIDEST}}  {name:<{_LONGEST_NAME}}  {result.said}{do}"


def pretty(name: str, results: Sequence[Result], *, width: int, color: bool) -> Iterator[str]:
    """A chapter a check, wrapped to the terminal, with what to do on a line of its own."""
    yield ""
    yield _colored(f"  {_TITLES.get(name, name.capitalize())}", "1", color=color)
    for result in results:
        level = _colored(f"{result.level:<{_WIDEST}}", _COLORS[result.level], color=color)
        first, *others = _wrapped(result.said, width)
        yield f"  {level}  {first}"
        yield from (f"{_INDENT}{line}" for line in others)
        if result.do:
            yield from (
                f"{_INDENT}{_colored(line, '2', color=color)}"
                for line in _wrapped(f"→ {result.do}", width)
            )


def summary(results: Sequence[Result]) -> str:
    """The last line."""
    counts = {level: sum(result.level is level for result in results) for level in Level}
    wrong, warnings = counts[Level.WRONG], counts[Level.WARNING]
    if not (wrong or warnings):
        return "All is well."
    told = [f"{wrong} wrong"] if wrong else []
    told += [f"{warnings} warning{'s' * (warnings != 1)}"] if warnings else []
    return f"{', '.join(told)}."


def as_json(sections: Sequence[Section]) -> str:
    """One object: for scripts."""
    results = [(name, result) for name, found in sections for result in found]
    counts = {level: sum(result.level is level for _, result in results) for level in Level}
    lines: list[dict[str, Any]] = [
        {"check": name, "level": result.level, "said": result.said, "do": result.do}
        for name, result in results
    ]
    body: dict[str, Any] = {"well": not counts[Level.WRONG]}
    body |= {str(level): count for level, count in counts.items()} | {"lines": lines}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, max(30, width - len(_INDENT)), break_long_words=False, break_on_hyphens=False
    ) or [""]


def _colored(text: str, code: str, *, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
