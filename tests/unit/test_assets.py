"""The files of the page: addressed by one digest, named in the shell, nothing inline or foreign."""

import gzip
import re
from pathlib import Path

import pytest

from gateway.assets import FOLDER, MEDIA, Assets

PAGE = Assets.read()
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_file())
IMPORT = re.compile(r'^(?:import|export)\b[^;]*?from "([^"]+)"', re.MULTILINE)


def made(folder: Path, **files: str) -> Assets:
    for name, text in {"index.html": "<!-- links -->{base}", "a.js": "1", **files}.items():
        (folder / name.replace("_", ".")).write_text(text)
    return Assets.read(folder)


def test_a_changed_file_changes_every_address(tmp_path: Path) -> None:
    first = made(tmp_path).digest
    assert made(tmp_path).digest == first
    assert made(tmp_path, a_js="2").digest != first


def test_the_shell_names_every_script_and_style(tmp_path: Path) -> None:
    page = made(tmp_path, b_css="b {}")
    shell = page.shell.body.decode()
    assert f'<link rel="modulepreload" href="/page/{page.digest}/a.js">' in shell
    assert f'<link rel="stylesheet" href="/page/{page.digest}/b.css">' in shell


def test_a_file_of_an_unknown_kind_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "a.exe").write_text("")
    with pytest.raises(KeyError):
        made(tmp_path)


def test_small_files_are_not_zipped_and_large_ones_come_out_the_same(tmp_path: Path) -> None:
    page = made(tmp_path, large_css="a {}\n" * 500)
    assert page.files["a.js"].zipped is None
    assert (zipped := page.files["large.css"].zipped)
    assert gzip.decompress(zipped) == page.files["large.css"].body


def test_nothing_in_the_shell_is_inline_or_foreign() -> None:
    shell = PAGE.shell.body.decode()
    assert not re.search(r"<style|\son\w+=|\sstyle=|//[a-z]", shell)
    assert re.findall(r"<script[^>]*>(.*?)</script>", shell) == [""]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith((".js", ".css"))])
def test_no_file_is_foreign_or_makes_markup_of_text(name: str) -> None:
    text = (FOLDER / name).read_text()
    foreign = set(re.findall(r"https?://[\w.-]+", text)) - {
        "http://www.w3.org",
        "https://example.com",
    }
    assert not foreign
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    assert not re.search(r"localStorage.*key|@import|url\(", text)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_every_import_is_a_file_of_the_page(name: str) -> None:
    imports = IMPORT.findall((FOLDER / name).read_text())
    assert {path.removeprefix("./") for path in imports} <= set(NAMES)
    assert all(path.startswith("./") for path in imports)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".svg")])
def test_every_file_says_first_what_it_is_and_stays_short(name: str) -> None:
    lines = (FOLDER / name).read_text().splitlines()
    assert lines[0].startswith(("// ", "/* ", "<!doctype html>"))
    assert len(lines) <= 300


def test_the_kinds_are_those_of_the_folder() -> None:
    assert {Path(name).suffix for name in NAMES} == set(MEDIA)
