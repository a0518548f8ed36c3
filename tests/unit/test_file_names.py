"""A file is called after its campaign and filter, whatever the campaign is called."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.file_names import LONGEST_BYTES, clean, disposition, of_messages

ID = "0b8f6c1e-6d1c-4c55-9c2b-6a3d1f2f9a11"
_HEADER = re.compile(
    r'attachment; filename="([ -~]+)"(?:; filename\*=UTF-8\'\'([A-Za-z0-9%._~-]+))?'
)


def named(campaign: str | None, *chosen: list[str], number: str = "") -> str:
    return of_messages((campaign, None, ID), chosen, number, "csv")


def names_in(header: str) -> tuple[str, str]:
    """The plain name of a header, and the one that counts."""
    found = _HEADER.fullmatch(header)
    assert found, header
    return found[1], unquote(found[2], errors="strict") if found[2] else found[1]


@pytest.mark.parametrize(
    ("name", "says"),
    [(named("Abholung Freitag"), "Abholung Freitag \u2013 messages.csv"),
     (named("May", ["failed"], []), "May \u2013 failed.csv"),
     (named("May", ["failed", "unknown"], ["131026"]),
      "May \u2013 failed, unknown \u2013 131026.csv"),
     (named("May", [], list("12345")), "May \u2013 1, 2, 3 and 2 more.csv"),
     (named("May", [], [], number="+49 170/../1"), "May \u2013 +491701.csv"),
     (named(None), f"{ID} \u2013 messages.csv"), (named(" ../ "), f"{ID} \u2013 messages.csv")],
)  # fmt: skip
def test_a_name_says_the_campaign_and_what_was_chosen(name: str, says: str) -> None:
    assert name == says


@pytest.mark.parametrize(
    ("campaign", "becomes"),
    [("../../etc/passwd", "etc-passwd"), ("C:\\a\\b", "C--a-b"),
     ('a"b\r\nSet-Cookie: x', "a-b Set-Cookie- x"),
     (".hidden", "hidden"), ("a\0b\tc", "a b c"), ("gepj.\u202egnp", "gepj.gnp"),
     ("ends. ", "ends"),
     ("Cafe\u0301 50%", "Caf\xe9 50%"), ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e")],
)  # fmt: skip
def test_a_name_is_no_path_and_has_no_mark_that_nobody_sees(campaign: str, becomes: str) -> None:
    assert clean(campaign) == becomes


@pytest.mark.parametrize(
    ("name", "plain", "real"),
    [("list.csv", "list.csv", None),
     ("Gr\xfc\xdfe \u2013 failed.csv", "Grusse - failed.csv",
      "Gr%C3%BC%C3%9Fe%20%E2%80%93%20failed.csv"),
     ("50%41.csv", "50_41.csv", "50%2541.csv"),
     ("a \u65e5\u672c.csv", "a _.csv", "a%20%E6%97%A5%E6%9C%AC.csv"),
     ("\uff0e\uff0fa\uff02.csv", "a-.csv", "%EF%BC%8E%EF%BC%8Fa%EF%BC%82.csv")],
)  # fmt: skip
def test_a_header_has_the_name_and_a_plain_one_for_those_who_read_no_other(
    name: str, plain: str, real: str | None
) -> None:
    spelt_out = f"; filename*=UTF-8''{real}" if real else ""
    assert disposition(name) == f'attachment; filename="{plain}"{spelt_out}'


@example("\xb4")  # an accent and nothing else
@given(st.text(st.characters(codec=None), max_size=600))
def test_whatever_a_campaign_is_called_the_name_is_short_safe_and_ends_as_it_should(
    campaign: str,
) -> None:
    plain, real = names_in(disposition(named(campaign, ["failed"])))
    assert len(real.encode()) <= LONGEST_BYTES
    assert real.endswith(" \u2013 failed.csv")
    assert plain.endswith(" - failed.csv")
    for name in (plain, real):
        assert not re.search(r'[/\\"\x00-\x1f\x7f-\x9f\u202a-\u202e]', name)
        assert not name.startswith((".", " ", "-"))


def test_a_name_that_is_too_long_loses_its_middle_and_no_half_a_character_is_left() -> None:
    name = named("\u0905" * 512, ["failed"])
    assert LONGEST_BYTES - 3 < len(name.encode()) <= LONGEST_BYTES
    assert re.fullmatch("\u0905+ \u2013 failed.csv", name)
