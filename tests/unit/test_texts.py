"""Bytes into lines: what the encoding is told to be, and what is no text at all."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import Invalid
from gateway.texts import MIXED, UTF_8, UTF_16, WINDOWS, Text, known_encoding
from gateway.upload_rows import LONGEST_ROW


def read(*chunks: bytes, encoding: str | None = None) -> tuple[list[str] | Invalid, Text]:
    text, lines = Text(encoding), list[str]()
    for chunk in chunks:
        fed = text.feed(chunk)
        if isinstance(fed, Invalid):
            return fed, text
        lines += fed
    rest = text.end()
    return (rest if isinstance(rest, Invalid) else lines + rest), text


def why(*chunks: bytes, encoding: str | None = None) -> str:
    lines, _ = read(*chunks, encoding=encoding)
    assert isinstance(lines, Invalid)
    return lines.reason


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"\xef\xbb\xbfJ\xc3\xbcrgen\n", UTF_8),
        (b"J\xc3\xbcrgen\n", UTF_8),
        (b"J\xfcrgen\n", WINDOWS),
        (codecs.BOM_UTF16_LE + "Jürgen\n".encode("utf-16-le"), UTF_16),
        (codecs.BOM_UTF16_BE + "Jürgen\n".encode("utf-16-be"), UTF_16),
    ],
)
def test_each_usual_encoding_is_told(data: bytes, encoding: str) -> None:
    lines, text = read(data)
    assert (lines, text.encoding) == (["Jürgen\n"], encoding)


def test_plain_ascii_is_utf_8() -> None:
    assert read(b"abc")[1].encoding == UTF_8


def test_lines_of_two_encodings_are_read_each_by_its_own_and_said_to_be_mixed() -> None:
    lines, text = read("Jürgen\n".encode() + "Bärbel\n".encode("cp1252"))
    assert lines == ["Jürgen\n", "Bärbel\n"]
    assert (text.encoding, text.windows) == (MIXED, 1)


def test_a_byte_that_no_windows_knows_is_marked_as_unreadable() -> None:
    assert read(b"a\x81\xfc\n")[0] == ["a\ufffdü\n"]


def test_an_encoding_that_is_asked_for_is_used() -> None:
    lines, text = read("Привет\n".encode("cp1251"), encoding="cp1251")
    assert (lines, text.encoding) == (["Привет\n"], "cp1251")


def test_utf_8_that_is_asked_for_is_not_guessed_away() -> None:
    assert "not UTF-8 throughout" in why(b"a\nJ\xfcrgen\n", encoding="utf-8")


def test_utf_16_without_its_mark_can_be_asked_for() -> None:
    assert read("a;b\n".encode("utf-16-le"), encoding="utf-16-le")[0] == ["a;b\n"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("a;b\n".encode("utf-16-le"), "has NUL bytes"),
        (b"abc\n\0\n", "has NUL bytes"),
        ("abc\n".encode("utf-32"), "is UTF-32"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or a locked workbook"),
        (b"\x1f\x8b\x08\x00abc", "is compressed"),
        (codecs.BOM_UTF16_LE + b"a\0b", "is not UTF-16 throughout"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "is not UTF-16 throughout"),
        (b"x" * (LONGEST_ROW + 1), "has a line of more than 64 KiB"),
        (b"a\n" + b"x" * (LONGEST_ROW + 1) + b"\n", "has a line of more than 64 KiB, line 2"),
    ],
)
def test_what_is_no_text_is_refused_in_words(data: bytes, reason: str) -> None:
    assert reason in why(data)


def test_a_line_without_an_end_is_refused_before_the_whole_has_come() -> None:
    text = Text()
    fed = [text.feed(b"x" * 2**14) for _ in range(5)]
    assert isinstance(fed[-1], Invalid)


@given(
    st.lists(st.sampled_from(["a", "ü", "\n", "\r", "\r\n", "€;", '"']), max_size=30).map("".join),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.integers(1, 7),
)
def test_chunks_cut_anywhere_make_the_same_lines(text: str, encoding: str, size: int) -> None:
    data = text.encode(encoding)
    lines, _ = read(*(data[at : at + size] for at in range(0, len(data), size)))
    assert isinstance(lines, list)
    assert "".join(lines) == text
    assert all(len(line.splitlines()) == 1 for line in lines)


@pytest.mark.parametrize(
    ("name", "known"),
    [("UTF8", "utf-8"), ("latin1", "iso8859-1"), ("Windows-1251", "cp1251"), ("rot13", None),
     ("zlib", None), ("nonsense", None), ("a\0b", None)],
)  # fmt: skip
def test_only_encodings_of_text_can_be_asked_for(name: str, known: str | None) -> None:
    assert known_encoding(name) == known
