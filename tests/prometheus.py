"""Prometheus for tests: Debian's binary where there is one; what rules and dashboards ask."""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import yaml

from deploy.grafana.dashboard import ANNOTATIONS, ROWS
from deploy.grafana.panels import Query
from deploy.programs import Program, http_ok, running
from tests.support import free_port

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "deploy" / "prometheus"
RULES: Final = sorted((FOLDER / "rules").glob("*.yml"))
RULE_TESTS: Final = sorted((FOLDER / "tests").glob("*.yml"))
_WHY: Final = "{} is not installed (Debian: apt-get install --no-install-recommends prometheus)"
# A metric or a recorded figure, with what is asked of its labels.
SELECTOR: Final = re.compile(r"\b((?:loopcast[_:]|process_|up\b|ALERTS\b)[\w:]*)(\{[^}]*\})?")


def needs(binary: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(binary) is None, reason=_WHY.format(binary))


def rules() -> list[dict[str, Any]]:
    """Every rule of every file, as it is written."""
    files = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def queries() -> dict[str, Query]:
    """Every query of the dashboard, by where it is shown; its variables are given values."""
    return {
        f"{row.title} / {panel.title} / {query.legend}": Query(_filled(query.expr), query.legend)
        for row in ROWS
        for panel in row.panels
        for query in panel.queries
    }


def shown() -> dict[str, str]:
    """Every expression of the dashboard, those of its annotations too."""
    notes = {f"annotation / {name}": _filled(expr) for name, expr, _ in ANNOTATIONS}
    return {place: query.expr for place, query in queries().items()} | notes


def _filled(expr: str) -> str:
    for variable, value in (("$job", ".+"), ("$instance", ".+"), ("$__rate_interval", "1m")):
        expr = expr.replace(variable, value)
    return expr


def selectors(expr: str) -> set[str]:
    """What an expression reads, each as a selector of its own."""
    return {name + labels for name, labels in SELECTOR.findall(expr)}


class Prometheus:
    """A server that scrapes, asked by HTTP."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self._http = url, http

    async def ask(self, expr: str) -> list[dict[str, Any]]:
        """The series of an expression, as of now."""
        async with self._http.get(f"{self.url}/api/v1/query", params={"query": expr}) as answer:
            body = await answer.json()
            assert body["status"] == "success", (expr, body)
            assert body["data"]["resultType"] == "vector", expr
            found: list[dict[str, Any]] = body["data"]["result"]
            return found

    async def value(self, expr: str) -> float | None:
        """Of an expression with one series; None: it has none."""
        found = await self.ask(expr)
        assert len(found) < 2, (expr, found)
        return float(found[0]["value"][1]) if found else None


@contextmanager
def scraping(
    folder: Path, http: aiohttp.ClientSession, targets: dict[str, list[int]],
    *, keys: Mapping[str, Path] = {},
) -> Iterator[Prometheus]:  # fmt: skip
    """A Prometheus with our rules that scrapes these ports each second, by their jobs' names.

    `keys`: the files with what it brings, by job.
    """
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(_config(targets, keys)))
    program = Program(
        name="prometheus",
        argv=(
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ),
        address=f"127.0.0.1:{port}",
        is_ready=http_ok("127.0.0.1", port, "/-/ready"),
        log_file=folder / "prometheus.log",
    )  # fmt: skip
    with running(program):
        yield Prometheus(f"http://127.0.0.1:{port}", http)


def _config(targets: dict[str, list[int]], keys: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in RULES],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
                **({"authorization": {"credentials_file": str(keys[job])}} if job in keys else {}),
            }
            for job, ports in targets.items()
        ],
    }
