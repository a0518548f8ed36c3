"""The catalogue of metrics keeps to its own rules."""

import re
import tomllib
from pathlib import Path

import pytest

from plumbing.meters import Meters
from schemas.fleet_metrics import FLEET
from schemas.metric import Kind, Metric
from schemas.metrics import DAEMON, GATEWAY, REQUEST_SECONDS, REQUESTS
from schemas.process_metrics import COLLECTED
from schemas.version import VERSION

ALL = {metric.name: metric for metric in (*DAEMON, *GATEWAY)}.values()
# What a name counts or measures, last or before `_total`.
UNITS = re.compile(
    r"_(seconds|bytes|messages|people|info|per_second|limit|version|up|jobs|lanes|daemons|"
    r"requests|readers|recipients|loops|in_flight|in_use|waiting|held|held_back|slowed|running|"
    r"stopped)$"
)
PERSONAL = {"job", "job_id", "recipient", "number", "phone", "phone_number_id", "path", "owner"}


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_a_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.help.endswith(".")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.kind is Kind.COUNTER or UNITS.search(metric.name)
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert PERSONAL.isdisjoint(metric.labels)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_every_series_is_there_from_the_start(metric: Metric) -> None:
    """The routes are the gateway's: it makes their series itself, and a test of it looks."""
    if metric not in (REQUESTS, REQUEST_SECONDS):
        assert bool(metric.values) == bool(metric.labels)
        assert {len(values) for values in metric.values} <= {len(metric.labels)}


def test_only_what_is_read_of_the_whole_fleet_says_the_same_everywhere() -> None:
    assert {metric for metric in ALL if metric.is_fleetwide} == set(FLEET)


def test_a_process_tells_of_itself() -> None:
    text = Meters(GATEWAY).exposition().decode()
    assert [name for name in COLLECTED if f"\n# HELP {name} " not in f"\n{text}"] == []
    assert "_created" not in text


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION
