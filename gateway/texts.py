"""Bytes of an uploaded text into lines, whatever its encoding. Pure.

What says nothing of itself is UTF-8 line by line, or what Windows writes where that is not asked
for: no file is ever certain to be Windows-1252, so the answer says what it was taken for.
"""

import codecs
from typing import Final

from gateway.numbers import Invalid
from gateway.upload_rows import LONGEST_ROW

# Encodings by which text is sent about, as Python has them; a name is asked of codecs.lookup.
KNOWN: Final = frozenset((
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "iso8859-2", "iso8859-5",
    "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u", "big5",
    "gb2312", "gbk", "gb18030", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "mac-roman",
    *(f"cp{page}" for page in (437, 850, 852, 866, 874, *range(1250, 1259))),
))  # fmt: skip
UTF_8, UTF_16, WINDOWS, MIXED = "UTF-8", "UTF-16", "Windows-1252", "mixed"

_BOM: Final = codecs.BOM_UTF8
_OF_OTHERS: Final = (
    ((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"), "is UTF-32: save it as CSV in UTF-8"),
    ((b"\xd0\xcf\x11\xe0",), "is an old or a locked workbook: save it as XLSX without a password"),
    ((b"%PDF",), "is a PDF: bring the list as CSV or XLSX"),
    ((b"\x1f\x8b",), "is compressed: unpack it, or send it with Content-Encoding: gzip"),
)


def known_encoding(name: str) -> str | None:
    """An encoding as Python calls it; None: not one of KNOWN."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in KNOWN else None


class Text:
    """Takes bytes as they arrive, gives the lines that are whole by then, line ends included.

    `encoding` is one that somebody asked for; None: the text tells.
    """

    def __init__(self, encoding: str | None = None) -> None:
        self._asked = None if encoding == "utf-8" else encoding
        self._decoder: codecs.IncrementalDecoder | None = None
        self._rest, self._is_begun = b"", False
        self._line = 0
        self._utf_8, self.windows = 0, 0  # lines that are more than ASCII
        self._is_only_utf_8 = encoding == "utf-8"

    @property
    def encoding(self) -> str:
        """What it was, as far as it was read."""
        if self._asked or self._decoder:
            return self._asked or UTF_16
        if not self.windows:
            return UTF_8
        return MIXED if self._utf_8 else WINDOWS

    def feed(self, chunk: bytes) -> list[str] | Invalid:
        """The lines that are whole by now; or what the file is, as `The file {reason}.`"""
        data = self._rest + chunk
        if not self._is_begun:
            if len(data) < 4:
                self._rest = data
                return []
            begun = self._begin(data)
        elif self._decoder:
            begun = self._as_utf_8(chunk)
            begun = begun if isinstance(begun, Invalid) else self._rest + begun
        else:
            begun = data
        if isinstance(begun, Invalid):
            return begun
        data = begun
        # The \r that ends a chunk may be half of a line end.
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        self._rest = data[cut:]
        if len(self._rest) > LONGEST_ROW:
            return Invalid(f"has a line of more than {LONGEST_ROW // 2**10} KiB, as no list has")
        return self._decoded(data[:cut])

    def end(self) -> list[str] | Invalid:
        """What came after the last line end."""
        data = self._rest
        if not self._is_begun:
            begun = self._begin(data)
            if isinstance(begun, Invalid):
                return begun
            data = begun
        if self._decoder:
            tail = self._as_utf_8(b"", final=True)
            if isinstance(tail, Invalid):
                return tail
            data += tail
        self._rest = b""
        return self._decoded(data)

    def _begin(self, data: bytes) -> bytes | Invalid:
        self._is_begun = True
        for starts, what in _OF_OTHERS:
            if data.startswith(starts):
                return Invalid(what)
        name = self._asked
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            name = self._asked or "utf-16"
        if name:
            self._decoder = codecs.getincrementaldecoder(name)()
            read = self._as_utf_8(data)
            return read if isinstance(read, Invalid) else read.removeprefix(_BOM)
        return data.removeprefix(_BOM)

    def _as_utf_8(self, data: bytes, *, final: bool = False) -> bytes | Invalid:
        assert self._decoder
        try:
            return self._decoder.decode(data, final).encode()
        except UnicodeError as error:
            return Invalid(f"is not {self.encoding} throughout (after line {self._line}): {error}")

    def _decoded(self, data: bytes) -> list[str] | Invalid:
        lines = []
        for line in data.splitlines(keepends=True):
            self._line += 1
            if len(line) > LONGEST_ROW:
                return Invalid(
                    f"has a line of more than {LONGEST_ROW // 2**10} KiB, line {self._line}"
                )
            lines.append(line.decode() if line.isascii() else self._text_of(line))
        if b"\0" in data:
            return Invalid(
                "has NUL bytes: it is no text, or UTF-16 without its mark (then say so with"
                " ?encoding=utf-16-le). Save it as CSV in UTF-8"
            )
        if self._is_only_utf_8 and self.windows:
            return Invalid(f"is not UTF-8 throughout: look before line {self._line + 1}")
        return lines

    def _text_of(self, line: bytes) -> str:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self.windows += 1
            return line.decode("cp1252", "replace")
        self._utf_8 += 1
        return text
