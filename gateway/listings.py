"""Lists of templates as Meta and 360dialog give them, read page by page. Pure.

Meta lists by name and in pages with cursors (business-messaging/whatsapp: message_templates);
360dialog lists everything, by offset (docs.360dialog.com: templates). Addresses that an answer
names are not followed: the key would go with them.
"""

from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from gateway.forms import Template
from schemas.provider import Provider

META_PAGE: Final = 100  # those of one name, in all languages
META_LONG_PAGE: Final = 300  # of all: 20 pages hold the 6,000 that an account may have (templates)
DIALOG_PAGE: Final = 500
MOST_REASON: Final = 300

_FIELDS: Final = "name,language,status,category,parameter_format,components,rejected_reason"
_TOKEN_CODES: Final = (0, 190)  # the token is invalid or has expired (support/error-codes)


class Found(msgspec.Struct, frozen=True):
    """All templates of a name, or of an account, whatever their language and state."""

    templates: tuple[Template, ...]
    unread: int = 0  # more of the account, which cannot be read
    as_of: datetime | None = None  # when it was asked


class Unavailable(msgspec.Struct, frozen=True):
    """Nobody can say now; the reason is a sentence's end."""

    reason: str


class TokenRefused(msgspec.Struct, frozen=True):
    """The key is not taken, so no message would be either."""

    reason: str


Answer = Found | Unavailable | TokenRefused


class Page(msgspec.Struct, frozen=True):
    """A part of the list."""

    templates: tuple[Template, ...]
    unread: int
    next: dict[str, str] | None  # what to ask for the following page; None: this was the last


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    cursors: _Cursors | None = None
    next: str | None = None


class _MetaList(msgspec.Struct):
    data: list[msgspec.Raw]
    paging: _Paging | None = None


class _DialogList(msgspec.Struct):
    waba_templates: list[msgspec.Raw]
    total: int | None = None


class _Named(msgspec.Struct):
    name: str = ""


class _Error(msgspec.Struct):
    code: int | None = None
    message: str = ""


class _Trouble(msgspec.Struct):
    developer_message: str = ""


class _Failure(msgspec.Struct):
    error: _Error | None = None
    meta: _Trouble | None = None  # 360dialog's own, when Meta was not asked


def first_page(provider: Provider, name: str | None) -> dict[str, str]:
    """What to ask first; without a name, of all there are."""
    if provider.is_meta and name is None:
        return {"fields": _FIELDS, "limit": str(META_LONG_PAGE)}
    if provider.is_meta:
        return {"name": name or "", "fields": _FIELDS, "limit": str(META_PAGE)}
    return {"limit": str(DIALOG_PAGE), "offset": "0"}


def read_page(
    provider: Provider, name: str | None, wanted: dict[str, str], status: int, body: bytes
) -> Page | Unavailable | TokenRefused:
    """One page of a list, or why there is none. Meta's filter is not relied on."""
    if status != 200:
        return _failure(provider, status, body)
    try:
        if provider.is_meta:
            return _meta_page(name, wanted, msgspec.json.decode(body, type=_MetaList))
        return _dialog_page(name, wanted, msgspec.json.decode(body, type=_DialogList))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unavailable(f"the list of templates cannot be read: {error}"[:MOST_REASON])


def _meta_page(name: str | None, wanted: dict[str, str], listed: _MetaList) -> Page | Unavailable:
    paging = listed.paging or _Paging()
    if not paging.next:
        return Page(*_read(name, listed.data), None)
    after = paging.cursors.after if paging.cursors else None
    after = after or parse_qs(urlsplit(paging.next).query).get("after", [""])[0]
    if not after:
        return Unavailable("the list of templates goes on and does not say where")
    return Page(*_read(name, listed.data), {**wanted, "after": after})


def _dialog_page(name: str | None, wanted: dict[str, str], listed: _DialogList) -> Page:
    count, offset = len(listed.waba_templates), int(wanted["offset"])
    total = offset + count + (count >= DIALOG_PAGE) if listed.total is None else listed.total
    more = count > 0 and offset + count < total
    following = {**wanted, "offset": str(offset + count)} if more else None
    return Page(*_read(name, listed.waba_templates), following)


def _read(name: str | None, listed: list[msgspec.Raw]) -> tuple[tuple[Template, ...], int]:
    return _readable(listed) if name is None else (_named(name, listed), 0)


def _named(name: str, listed: list[msgspec.Raw]) -> tuple[Template, ...]:
    """Those of this name; what others look like is not looked at."""
    ours = (raw for raw in listed if msgspec.json.decode(raw, type=_Named).name == name)
    return tuple(msgspec.json.decode(raw, type=Template) for raw in ours)


def _readable(listed: list[msgspec.Raw]) -> tuple[tuple[Template, ...], int]:
    """All that can be read, and how many cannot: one that is odd hides none of the others."""
    found = []
    for raw in listed:
        with suppress(msgspec.ValidationError):
            found.append(msgspec.json.decode(raw, type=Template))
    return tuple(found), len(listed) - len(found)


def _failure(provider: Provider, status: int, body: bytes) -> Unavailable | TokenRefused:
    said = _read_failure(body)
    if said.error and said.error.code is not None:
        reason = f"{said.error.code} {said.error.message}"[:MOST_REASON]
        refused = said.error.code in _TOKEN_CODES
    else:
        reason = f"HTTP {status} {said.meta.developer_message if said.meta else ''}"[:MOST_REASON]
        refused = not provider.is_meta and status == 401
    return TokenRefused(reason.rstrip()) if refused else Unavailable(reason.rstrip())


def _read_failure(body: bytes) -> _Failure:
    try:
        return msgspec.json.decode(body, type=_Failure, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Failure()
