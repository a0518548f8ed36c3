"""What is read of schemathesis' report: answers counted, and the jobs that they tell of."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.fuzz.report import read

JOB = UUID("5b0f8c1e-6d0b-4a53-9a3e-2f1f0a6a7c11")


def answered(method: str, path: str, status: int, body: object = None) -> dict[str, Any]:
    content = base64.b64encode(json.dumps(body).encode()).decode()
    return {
        "request": {"method": method, "uri": f"http://127.0.0.1:1{path}"},
        "response": {"status_code": status, "content": {"$base64": content}},
    }


def test_answers_are_counted_and_jobs_are_told(tmp_path: Path) -> None:
    made = {"jobId": str(JOB), "totalRecipients": 3}
    interactions = {
        "a": answered("POST", "/api/bulk/send?x=1", 201, made),
        "b": answered("POST", "/api/bulk/send", 400, {}),
        "c": answered("GET", "/api/bulk/jobs", 200, {}),
        "d": {"request": {"method": "GET", "uri": "http://127.0.0.1:1/"}, "response": None},
    }
    lines = [
        {"EngineStarted": {}},
        {"ScenarioFinished": {"recorder": {"interactions": interactions}}},
        {"ScenarioFinished": {"recorder": {}}},
    ]
    report = tmp_path / "report.ndjson"
    report.write_text("\n".join(map(json.dumps, lines)))
    told = read(report)
    assert told.jobs == {JOB: 3}
    assert told.statuses == {201: 1, 400: 1, 200: 1}
