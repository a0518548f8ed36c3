"""What the documents say is what the code does: settings, metrics, commands and files."""

import re
from pathlib import Path

import msgspec
import pytest

from schemas import metrics
from schemas.environment import Hint, fields_of
from schemas.fleet_metrics import FLEET
from schemas.meta_errors import RULES, Action
from schemas.process_metrics import COLLECTED, PROCESS
from schemas.sandbox_settings import Sandbox
from schemas.settings import Daemon, Gateway
from schemas.states import MESSAGE_MOVES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
SAFETY = (ROOT / "docs" / "crash-safety.md").read_text()
METRICS = (ROOT / "docs" / "metrics.md").read_text()
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
META_ERRORS = (ROOT / "docs" / "meta-errors.md").read_text()
PROCESSES: dict[str, type[msgspec.Struct]] = {
    "gateway": Gateway,
    "daemon": Daemon,
    "sandbox": Sandbox,
}


def readers() -> dict[str, tuple[Hint, list[str]]]:
    """Each variable, how it is read, and by which processes."""
    found: dict[str, tuple[Hint, list[str]]] = {}
    for process, settings in PROCESSES.items():
        for hint in fields_of(settings).values():
            found.setdefault(hint.env.name, (hint, []))[1].append(process)
    return found


def settings_table() -> str:
    """The table of the README, as the catalogue of settings has it."""
    rows = ["| variable | default | means | read by |", "|---|---|---|---|"]
    for name, (hint, processes) in readers().items():
        legacy = f", or `{hint.env.legacy}`" if hint.env.legacy else ""
        default = "" if hint.default in (None, (), "", msgspec.NODEFAULT) else f"`{hint.default}`"
        read_by = ", ".join(processes)
        rows.append(f"| `{name}`{legacy} | {default} | {hint.env.meaning} | {read_by} |")
    return "\n".join(rows)


def metrics_table() -> str:
    """The tables of docs/metrics.md, as the catalogue of metrics has them."""
    parts = []
    catalogues = (
        ("gateway", metrics.GATEWAY[: -len(PROCESS)]),
        ("daemon", metrics.DAEMON[: -len(PROCESS) - len(FLEET)]),
        ("the whole fleet, in every daemon", FLEET),
        ("both", PROCESS),
    )
    for process, catalogue in catalogues:
        rows = [f"## {process}", "", "| metric | kind | labels | means |", "|---|---|---|---|"]
        for metric in catalogue:
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            rows.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |")
        parts.append("\n".join(rows))
    collected = [f"| `{name}` | {text} |" for name, text in COLLECTED.items()]
    parts.append("\n".join(["| of prometheus_client | means |", "|---|---|", *collected]))
    return "\n\n".join(parts)


def meta_errors_table() -> str:
    """The tables of docs/meta-errors.md, as the catalogue of codes has them."""
    parts = []
    for action in Action:
        rows = [f"### {action.capitalize()}", "", "| code | means | what to do |", "|---|---|---|"]
        for rule in RULES.values():
            if rule.action is action:
                code = "200 to 299" if rule.code == 200 else str(rule.code)
                rows.append(f"| {code} | {rule.meaning} | {rule.advice} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def test_the_page_on_metas_errors_has_every_code_with_its_action() -> None:
    assert meta_errors_table() in META_ERRORS, f"it is to have:\n{meta_errors_table()}"


def test_the_readme_has_every_setting_as_the_code_reads_it() -> None:
    assert settings_table() in README, f"the table is to be:\n{settings_table()}"


def test_the_page_on_metrics_has_every_metric() -> None:
    assert metrics_table() in METRICS, f"the tables are to be:\n{metrics_table()}"


def test_the_readme_names_every_command_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)
    assert [name for name in commands if f"make {name}" not in README] == []


@pytest.mark.parametrize(
    "folder", ["schemas", "plumbing", "gateway", "daemon", "sandbox", "deploy"]
)
def test_the_architecture_names_every_file(folder: str) -> None:
    names = [path.stem for path in sorted((ROOT / folder).glob("*.py")) if path.stem[0] != "_"]
    section = ARCHITECTURE.split(f"### `{folder}/`")[1].split("\n### ")[0]
    assert [name for name in names if f"`{name}" not in section] == []


def test_the_picture_of_the_states_has_every_move_and_no_other() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): ", SAFETY, re.MULTILINE)
    assert sorted(drawn) == sorted((str(was), str(becomes)) for was, becomes in MESSAGE_MOVES)


@pytest.mark.parametrize("document", [README, ARCHITECTURE, METRICS, SAFETY, RUNBOOKS])
def test_no_link_leads_nowhere(document: str) -> None:
    links = re.findall(r"\]\(((?!https?:|#)[^)#]+)", document)
    here = (ROOT, ROOT / "docs")
    assert [link for link in links if not any((at / link).exists() for at in here)] == []
