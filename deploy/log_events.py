"""Every log line that the processes can say, read from their source: for docs/logs.md."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from schemas.log_fields import ALWAYS, CONTEXT, DETAILS

ROOT: Final = Path(__file__).parent.parent
FOLDERS: Final = ("gateway", "daemon", "sandbox", "plumbing")
LEVELS: Final = ("debug", "info", "warning", "error", "exception", "critical")
LOGGERS: Final = ("log", "_log", "seldom", "_seldom")
_EXTRA: Final = frozenset(("exc_info",))
_SHOWN_AS: Final = {"exception": "error"}  # a method of the logger, which adds the traceback


class Event(NamedTuple):
    """A sentence, where and how it is said, and the fields that it is said with."""

    folder: str
    sentence: str
    level: str
    fields: tuple[str, ...]


def log_tables() -> str:
    """The tables of docs/logs.md: fields, then events by process."""
    groups = (("Always", ALWAYS), ("Where it belongs", CONTEXT), ("Details", DETAILS))
    parts = ["## Fields", *(_fields(title, fields) for title, fields in groups), "## Events"]
    return "\n\n".join((*parts, *map(_events, FOLDERS)))


def events() -> list[Event]:
    """What is said anywhere, a row each, in order."""
    found = {event for folder in FOLDERS for event in _of_folder(folder)}
    return sorted(found)


def _of_folder(folder: str) -> Iterator[Event]:
    for path in sorted((ROOT / folder).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = _dicts(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (event := _event(folder, node, named)):
                yield event


def _dicts(tree: ast.Module) -> dict[str, list[str]]:
    """The keys of dicts that are written out, by their variable: for `log.info(…, **fields)`."""
    return {
        target.id: [str(key.value) for key in keys if isinstance(key, ast.Constant)]
        for node in ast.walk(tree)
        for target, keys in _assigned(node)
    }


def _assigned(node: ast.AST) -> Iterator[tuple[ast.Name, list[ast.expr | None]]]:
    match node:
        case ast.Assign(targets=[ast.Name() as target], value=ast.Dict(keys=keys)):
            yield target, keys
        case _:
            return


def _event(folder: str, call: ast.Call, named: dict[str, list[str]]) -> Event | None:
    """The call as an event, if it is one of a logger's with a fixed sentence."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=said_by, attr=method),
            args=[ast.Constant(value=str(sentence)), *_],
        ) if method in LEVELS and _name(said_by) in LOGGERS:
            fields = {name for keyword in call.keywords for name in _given(keyword, named)}
            told = tuple(sorted(fields - _EXTRA))
            return Event(folder, sentence, _SHOWN_AS.get(method, method), told)
        case _:
            return None


def _given(keyword: ast.keyword, named: dict[str, list[str]]) -> list[str]:
    match keyword:
        case ast.keyword(arg=str(name)):
            return [name]
        case ast.keyword(value=ast.Name(id=name)):
            return named.get(name, [])
        case _:
            return []


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _fields(title: str, fields: dict[str, str]) -> str:
    rows = [f"| `{name}` | {meaning} |" for name, meaning in fields.items()]
    return "\n".join((f"### {title}", "", "| field | means |", "|---|---|", *rows))


def _events(folder: str) -> str:
    title = "all of them" if folder == "plumbing" else folder
    rows = [
        f"| {event.sentence} | {event.level} | {', '.join(f'`{name}`' for name in event.fields)} |"
        for event in events()
        if event.folder == folder
    ]
    head = ("| event | level | fields of its own |", "|---|---|---|")
    return "\n".join((f"### {title}", "", *head, *rows))
