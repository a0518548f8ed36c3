"""What the page on the sandbox says is what the sandbox does: keys, defaults, fates, requests."""

import re
from pathlib import Path

import msgspec
import pytest

from sandbox.app import ROUTES
from sandbox.fates import COURSES, LATER_MARK, MARK, VARIANTS
from sandbox.index import INDEX
from sandbox.script import SECTIONS, Script, read
from sandbox.templates import TEMPLATES
from tests.sandboxes import Play, no_faults

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
DEFAULTS = msgspec.to_builtins(Play().stage.desk.rules, str_keys=True)


def section(name: str) -> str:
    return PAGE.split(f"### `{name}`")[1].split("\n#")[0]


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_of_a_section_is_in_its_table_and_no_other(name: str) -> None:
    first_cells = re.findall(r"^\| (`[^|]*)\|", section(name), re.MULTILINE)
    keys = [key for cell in first_cells for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(keys) == sorted(DEFAULTS[name])


def test_every_fate_is_in_the_tables() -> None:
    digits = [f"{MARK}{each}" for each in VARIANTS] + [f"{LATER_MARK}{each}" for each in COURSES]
    assert re.findall(r"^\| `([89]\d{6})` \|", PAGE, re.MULTILINE) == digits


def test_every_template_is_in_the_table() -> None:
    table = PAGE.split("## Templates")[1].split("\n\nValues")[0]
    listed = {name for row in re.findall(r"^\| (`[^|]*)\|", table, re.MULTILINE)
              for name in re.findall(r"`(\w+)`", row)}  # fmt: skip
    assert listed == {name for name, _ in TEMPLATES}


def test_every_request_is_named_on_the_page_and_in_the_index() -> None:
    asked = {
        f"{route.method} {route.path}" for route in ROUTES if route.path.startswith("/sandbox/")
    }
    listed = {line.partition("?")[0] for line in INDEX["sandbox"]} - {"GET /healthz"}
    assert listed == asked
    paths = {path.partition(" ")[2] for path in asked}
    assert [path for path in sorted(paths) if path not in PAGE] == []


def test_the_script_of_the_page_is_one() -> None:
    (script,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    play = Play()
    play.stage.put(read(script.encode(), Script))
    assert len(play.stage.timeline.steps) == 4
    assert play.stage.desk.rules.faults != no_faults()
