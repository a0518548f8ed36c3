"""What the documents say is what the code does: settings, metrics, commands and files."""

import re
from pathlib import Path

import pytest

from deploy.docs import meta_errors_table, metrics_table
from deploy.log_events import events, log_tables
from deploy.settings_page import (
    EVERYBODY_SETS,
    THEMES,
    catalogue,
    default_of,
    settings_page,
    settings_table,
    type_of,
)
from schemas.environment import Secret
from schemas.log_fields import DETAILS, FIELDS
from schemas.states import MESSAGE_MOVES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
SAFETY = (ROOT / "docs" / "crash-safety.md").read_text()
METRICS = (ROOT / "docs" / "metrics.md").read_text()
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
META_ERRORS = (ROOT / "docs" / "meta-errors.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
LOGS = (ROOT / "docs" / "logs.md").read_text()
DOCTOR = (ROOT / "docs" / "doctor.md").read_text()
CLI = (ROOT / "docs" / "cli.md").read_text()


def test_the_page_on_metas_errors_has_every_code_with_its_action() -> None:
    assert meta_errors_table() in META_ERRORS, f"it is to have:\n{meta_errors_table()}"


def test_the_readme_has_the_settings_that_everybody_sets_as_the_code_reads_them() -> None:
    assert settings_table() in README, "run `make docs`"


def test_the_page_on_settings_is_as_the_code_reads_them() -> None:
    assert SETTINGS.endswith(f"\n\n{settings_page()}\n"), "run `make docs`"


def test_every_setting_has_its_place_on_the_page_and_a_type_in_words() -> None:
    known = catalogue()
    assert sorted(name for theme in THEMES for name in theme.names) == sorted(known)
    assert set(EVERYBODY_SETS) <= set(known)
    parsed = {n: s.hint for n, s in known.items() if s.env.parse and s.hint.type is not Secret}
    assert {name for name, hint in parsed.items() if type_of(hint) == "text"} == set()


def test_a_legacy_name_a_range_and_a_choice_are_told() -> None:
    known = catalogue()
    assert "| `BULK_LOOP_SIZE`, or `BULK_BATCH_SIZE` | whole number, 1 to 50000 |" in SETTINGS
    assert type_of(known["BULK_UNKNOWN_POLICY"].hint) == "`hold`, `resend`"
    assert type_of(known["NATS_URL"].hint) == "URL: `nats`, `tls`, `ws`, `wss`"
    assert default_of(known["AUTO_RESUME"].hint) == "`false`"


def test_the_page_on_logs_has_every_event_that_can_be_said() -> None:
    assert LOGS.endswith(f"\n\n{log_tables()}\n"), "run `make docs`"


def test_every_field_of_a_log_line_is_in_the_catalogue_and_no_other() -> None:
    given = {name for event in events() for name in event.fields}
    assert given - set(FIELDS) == set()
    by_other_ways = {"logger", "exception", "unsaid"}
    assert set(DETAILS) - given == by_other_ways


def test_the_page_on_metrics_has_every_metric() -> None:
    assert metrics_table() in METRICS, f"the tables are to be:\n{metrics_table()}"


def test_the_readme_names_every_command_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)
    assert [name for name in commands if f"make {name}" not in README] == []


@pytest.mark.parametrize(
    "folder", ["schemas", "plumbing", "gateway", "daemon", "sandbox", "deploy", "cli"]
)
def test_the_architecture_names_every_file(folder: str) -> None:
    names = [path.stem for path in sorted((ROOT / folder).rglob("*.py")) if path.stem[0] != "_"]
    section = ARCHITECTURE.split(f"### `{folder}/`")[1].split("\n### ")[0]
    assert [name for name in names if f"`{name}" not in section] == []


def test_the_picture_of_the_states_has_every_move_and_no_other() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): ", SAFETY, re.MULTILINE)
    assert sorted(drawn) == sorted((str(was), str(becomes)) for was, becomes in MESSAGE_MOVES)


@pytest.mark.parametrize(
    "document", [README, ARCHITECTURE, METRICS, SAFETY, SETTINGS, LOGS, DOCTOR, CLI]
)
def test_no_link_leads_nowhere(document: str) -> None:
    links = re.findall(r"\]\(((?!https?:|#)[^)#]+)", document)
    here = (ROOT, ROOT / "docs")
    assert [link for link in links if not any((at / link).exists() for at in here)] == []
