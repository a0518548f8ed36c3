"""Rules, dashboard, runbooks and the catalogue of metrics say the same."""

import re
from typing import Any

import pytest
import yaml

from deploy.grafana import dashboard
from schemas.metric import Kind, Metric
from schemas.metrics import DAEMON, GATEWAY
from schemas.process_metrics import COLLECTED
from tests.prometheus import FOLDER, ROOT, SELECTOR, alerts, rules, shown

CATALOGUE = {metric.name: metric for metric in (*DAEMON, *GATEWAY)}
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
EXPRESSIONS = {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules()} | shown()
OF_PROMETHEUS = {"up", "ALERTS"}
OF_TARGETS = {"job", "instance"}
SEVERITIES = {"info", "warning", "critical"}
# Read by people and scripts alone: nothing is drawn of it and nothing is decided by it.
NOT_SHOWN: set[str] = set()


def paragraphs() -> dict[str, str]:
    """The runbooks, by the alert that they are of."""
    found = re.split(r"^### (\w+)\n", RUNBOOKS, flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def metric_of(name: str) -> Metric | None:
    """The metric of a series: a histogram has three kinds of them."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    metric = CATALOGUE.get(base)
    return metric if metric and metric.kind is Kind.HISTOGRAM else None


def used() -> list[tuple[str, str, str]]:
    """Each series that is asked for: where, its name, and what is asked of its labels."""
    return [
        (place, name, labels)
        for place, expr in EXPRESSIONS.items()
        for name, labels in SELECTOR.findall(expr)
    ]


def test_each_alert_has_its_paragraph_and_each_paragraph_its_alert() -> None:
    assert set(paragraphs()) == set(alerts())


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_what_to_do(name: str) -> None:
    rule: dict[str, Any] = alerts()[name]
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.lower()}"
    for part in ("Means: ", "Look at: ", "Do: ", "Fine when: "):
        assert f"\n{part}" in paragraphs()[name]


def test_the_log_lines_of_the_runbooks_are_those_of_the_code() -> None:
    sources = [path for folder in ("gateway", "daemon", "plumbing") for path in
               (ROOT / folder).glob("*.py")]  # fmt: skip
    code = re.sub(r'"\s*\n\s*"', "", "\n".join(path.read_text() for path in sources))
    quoted = [line for _, line in re.findall(r"\b(?:log|logged) \(?(`+)(.+?)\1", RUNBOOKS)]
    assert len(quoted) > 30
    assert [line for line in quoted if f'"{line}"' not in code] == []


def test_the_links_of_the_runbooks_lead_to_paragraphs() -> None:
    anchors = {name.lower() for name in paragraphs()}
    assert set(re.findall(r"\]\(#(\w+)\)", RUNBOOKS)) <= anchors


def test_every_series_that_is_asked_for_is_in_the_catalogue() -> None:
    known = OF_PROMETHEUS | RECORDED | COLLECTED.keys()
    assert [
        (place, name) for place, name, _ in used() if name not in known and metric_of(name) is None
    ] == []


def test_labels_and_their_values_are_those_of_the_catalogue() -> None:
    wrong = []
    for place, name, labels in used():
        if (metric := metric_of(name)) is None:
            continue
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', labels):
            if label in OF_TARGETS:
                continue
            closed = {values[metric.labels.index(label)] for values in metric.values}
            given = set(value.split("|")) if "~" in operator else {value}
            if closed and not given <= closed:
                wrong.append((place, label, given - closed))
    assert wrong == []


def test_what_every_daemon_says_alike_is_never_added_up() -> None:
    wrong = []
    for place, expr in EXPRESSIONS.items():
        for found in SELECTOR.finditer(expr):
            metric = metric_of(found[1])
            before = expr[: found.start()]
            is_max = re.search(r"max(?: by \([\w, ]+\) ?)?\($", before.rstrip(" \n"))
            if metric and metric.is_fleetwide and not is_max:
                wrong.append((place, found[1]))
    assert wrong == []


def test_every_metric_is_of_use_somewhere() -> None:
    seen = {metric.name for _, name, _ in used() if (metric := metric_of(name))}
    assert CATALOGUE.keys() - seen == NOT_SHOWN


def test_every_recorded_figure_is_of_use_somewhere() -> None:
    assert {name for _, name, _ in used()} >= RECORDED


def test_the_panels_name_alerts_that_exist() -> None:
    named = {panel.alert for row in dashboard.ROWS for panel in row.panels if panel.alert}
    assert named <= set(alerts())


def test_the_dashboard_is_the_one_that_is_built() -> None:
    assert dashboard.FILE.read_text() == dashboard.built(), (
        "run: python -m deploy.grafana.dashboard"
    )


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.hosts.yml"])
def test_the_jobs_that_the_rules_know_are_those_that_are_scraped(name: str) -> None:
    config = yaml.safe_load((FOLDER / name).read_text())
    scraped = {job["job_name"] for job in config["scrape_configs"]}
    named = {job for expr in EXPRESSIONS.values() for job in re.findall(r'job="([^"]+)"', expr)}
    assert named <= scraped


def test_grafana_is_told_where_things_are() -> None:
    folder = ROOT / "deploy" / "grafana" / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())
    providers = yaml.safe_load((folder / "dashboards" / "loopcast.yml").read_text())
    assert source["datasources"][0]["type"] == "prometheus"
    assert providers["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
    assert dashboard.FILE.parent.name == "dashboards"
