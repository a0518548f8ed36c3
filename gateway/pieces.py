"""A webhook too large for one message of the stream, cut into several that say the same. Pure.

Items of a list (statuses, messages, …) may part; whatever stands around them comes with each piece.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

import msgspec

from schemas.readings import UNREADABLE, mended
from schemas.webhooks import LISTS, is_news

Tree = dict[str, msgspec.Raw]

_AROUND_BYTES: Final = 32  # names, quotes and brackets that an entry, a change or a list brings

_tree: Final = msgspec.json.Decoder(Tree).decode
_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Cut(msgspec.Struct, frozen=True):
    """The pieces, in the order of what they say, and how many items were too large for any."""

    pieces: list[bytes]
    dropped: int = 0


class _Part(msgspec.Struct, frozen=True, eq=False):
    """An entry, or a change within an entry: what is left of it without what was taken out."""

    head: Tree
    size: int


class _Atom(msgspec.Struct, frozen=True, eq=False):
    """What is not cut any further, and where it belongs."""

    raw: msgspec.Raw
    entry: _Part | None = None  # None: the atom is a whole entry
    change: _Part | None = None  # None: it is a whole change, or a whole entry
    name: str = ""  # of the list that it is an item of

    @property
    def size(self) -> int:
        return len(bytes(self.raw)) + 1


def cut(body: bytes, most_bytes: int) -> Cut:
    """The body as it is, when it is small enough; or pieces of at most `most_bytes`.

    Raises what `schemas.webhooks.open_body` raises.
    """
    if len(body) <= most_bytes:
        return Cut([body])
    try:
        webhook = _tree(body)
    except msgspec.DecodeError:
        webhook = _tree(mended(body))
    entries = _list(webhook.pop("entry", msgspec.Raw(b"[]")))
    room = most_bytes - _size(webhook) - _AROUND_BYTES
    pieces, dropped = _packed((atom for raw in entries for atom in _atoms(raw)), room)
    return Cut([_joined(webhook, piece) for piece in pieces], dropped)


def _atoms(raw: msgspec.Raw) -> Iterator[_Atom]:
    """What an entry is made of; the entry itself, when it has no changes to part."""
    try:
        head = _tree(raw)
        changes = _list(head.pop("changes"))
    except (*UNREADABLE, KeyError):
        yield _Atom(raw)
        return
    entry = _Part(head, _size(head))
    for change in changes:
        yield from _atoms_of_change(change, entry)


def _atoms_of_change(raw: msgspec.Raw, entry: _Part) -> Iterator[_Atom]:
    """Its items; the change itself, when it is read as a whole."""
    try:
        change, lists = _parted(raw)
    except (*UNREADABLE, KeyError):
        yield _Atom(raw, entry)
        return
    if not any(lists.values()):
        yield _Atom(raw, entry)
    for name, items in lists.items():
        for item in items:
            yield _Atom(item, entry, change, name)


def _parted(raw: msgspec.Raw) -> tuple[_Part, dict[str, list[msgspec.Raw]]]:
    """A change without its lists, and they; news have none. Raises KeyError and UNREADABLE."""
    head = _tree(raw)
    if is_news(msgspec.json.decode(head.get("field", b"null"))):
        return _Part(head, _size(head)), {}
    value = _tree(head["value"])
    lists = {name: _list(value.pop(name)) for name in LISTS if name in value}
    head["value"] = msgspec.Raw(msgspec.json.encode(value))
    return _Part(head, _size(head)), lists


def _packed(atoms: Iterable[_Atom], room: int) -> tuple[list[list[_Atom]], int]:
    """Atoms by piece, as many in each as there is room for, and how many have room in none."""
    pieces: list[list[_Atom]] = [[]]
    used = dropped = 0
    for atom in atoms:
        if _cost(atom, None) > room:
            dropped += 1
            continue
        last = pieces[-1][-1] if pieces[-1] else None
        if used + (cost := _cost(atom, last)) > room:
            pieces.append([])
            used, cost = 0, _cost(atom, None)
        pieces[-1].append(atom)
        used += cost
    return [piece for piece in pieces if piece], dropped


def _cost(atom: _Atom, last: _Atom | None) -> int:
    """The most bytes that the atom adds to a piece that ends with `last`."""
    cost = atom.size
    if atom.entry and not (last and last.entry is atom.entry):
        cost += atom.entry.size + _AROUND_BYTES
    if atom.change and not (last and last.change is atom.change):
        cost += atom.change.size + _AROUND_BYTES
    if atom.name and not (last and last.change is atom.change and last.name == atom.name):
        cost += len(atom.name) + _AROUND_BYTES
    return cost


def _joined(webhook: Tree, atoms: list[_Atom]) -> bytes:
    """A webhook that has these atoms and no others."""
    entries = []
    for entry, within in groupby(atoms, lambda atom: atom.entry):
        if entry is None:
            entries += [atom.raw for atom in within]
        else:
            entries.append(_with(entry.head, "changes", _changes(within)))
    return msgspec.json.encode({**webhook, "entry": entries})


def _changes(atoms: Iterable[_Atom]) -> list[msgspec.Raw]:
    changes = []
    for change, within in groupby(atoms, lambda atom: atom.change):
        if change is None:
            changes += [atom.raw for atom in within]
            continue
        value = _tree(change.head["value"])
        for name, items in groupby(within, lambda atom: atom.name):
            value = {**value, name: msgspec.Raw(msgspec.json.encode([item.raw for item in items]))}
        changes.append(_with(change.head, "value", value))
    return changes


def _with(head: Tree, name: str, value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({**head, name: value}))


def _size(head: Tree) -> int:
    return len(msgspec.json.encode(head))
