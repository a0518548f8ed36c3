"""Prometheus' own tool takes the configurations and the rules, and the rules do as they say."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.prometheus import FOLDER, RULE_TESTS, RULES, alerts, needs


def promtool(*arguments: str) -> None:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs("promtool")
@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.hosts.yml"])
def test_promtool_takes_the_configuration(name: str, tmp_path: Path) -> None:
    """The key's file is the operator's, so another stands in for it."""
    key = tmp_path / "metrics_key"
    key.write_text("a-long-secret")
    text = (FOLDER / name).read_text().replace("/run/secrets/metrics_key", str(key))
    (tmp_path / "rules").symlink_to(FOLDER / "rules")
    (tmp_path / name).write_text(text)
    promtool("check", "config", str(tmp_path / name))


@needs("promtool")
def test_promtool_takes_the_rules() -> None:
    promtool("check", "rules", *map(str, RULES))


@needs("promtool")
@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_the_rules_fire_and_are_quiet_as_their_tests_say(path: Path) -> None:
    promtool("test", "rules", str(path))


def test_each_alert_is_tested_both_ways() -> None:
    asked: dict[bool, set[str]] = {True: set(), False: set()}
    for path in RULE_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["promql_expr_test"]:
                name = case["expr"].split('alertname="')[1].split('"')[0]
                asked[bool(case.get("exp_samples"))].add(name)
    assert asked[True] == asked[False] == set(alerts())
