"""A whole stack for a browser to visit: gateway, daemon and sandbox, and what tests ask of them."""

import asyncio
import contextlib
import io
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from deploy import stack
from deploy.demo import demo_environ
from deploy.programs import Program, running

NUMBER = stack.SANDBOX_NUMBER
# Quick enough for a test, slow enough to press a button while it runs.
USUAL = {
    "LOG_LEVEL": "warning",
    "BULK_MESSAGES_PER_SECOND": "40",
    "BULK_LOOP_SIZE": "40",
    "BULK_LOOP_PAUSE_MS": "500",
    "BULK_REQUEST_TIMEOUT_MS": "1000",
    "SANDBOX_LATENCY_MS": "5",
    "SANDBOX_THROUGHPUT": "0",
    "SANDBOX_SEED": "1",
}
_MOBILE = ("1511", "1512", "1514", "1515", "1516", "1517", "1520", "1521", "1522", "1523")
_JSON = {"Content-Type": "application/json"}
_SUBMIT_SECONDS = aiohttp.ClientTimeout(total=60)


@dataclass
class Stack:
    """The programs while they run; each can be stopped and started again on its port."""

    plan: stack.Plan
    http: aiohttp.ClientSession
    _programs: dict[str, Program]
    _runs: dict[str, ExitStack]

    @property
    def url(self) -> str:
        return self.plan.gateway_url

    @property
    def sandbox_url(self) -> str:
        assert self.plan.sandbox_url
        return self.plan.sandbox_url

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """One program, until it is stopped."""
        run = ExitStack()
        child = run.enter_context(running(self._programs[name]))
        self._runs[name] = run
        return child

    def stop(self, name: str) -> None:
        self._runs.pop(name).close()

    def stop_all(self) -> None:
        """In the order that is the reverse of their start."""
        for name in reversed(list(self._runs)):
            self.stop(name)

    async def submit(self, total: int, *, first: int = 1, **fields: Any) -> str:
        """A campaign with words of its own for each recipient; returns the job's id.

        `first`: of its recipients; one person of two jobs at once would have to wait in between.
        """
        rows = [row(seq) for seq in range(first, first + total)]
        return await self.submit_rows(rows, **fields)

    async def submit_rows(self, rows: list[dict[str, str]], **fields: Any) -> str:
        body = {
            "templateName": "order_update",
            "phoneNumberId": NUMBER,
            "recipientColumn": "phone",
            "data": rows,
            "variableMappings": {"1": "name", "2": "order"},
            **fields,
        }
        made = await self.ask("POST", "/api/whatsapp/bulk-customize-send", body)
        job_id: str = made["jobId"]
        return job_id

    async def job(self, job_id: str) -> dict[str, Any]:
        return await self.ask("GET", f"/api/bulk/job/{job_id}")

    async def over(self, job_id: str) -> dict[str, Any]:
        """The job, once nothing of it will be sent any more."""
        return await self.job_when(job_id, lambda job: job["finishedAt"])

    async def job_when(self, job_id: str, is_it: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        return await self.when(f"/api/bulk/job/{job_id}", is_it)

    async def when(
        self, path: str, is_it: Callable[[dict[str, Any]], Any], *, seconds: float = 60
    ) -> dict[str, Any]:
        """What the gateway answers there, once it is as that says; at the latest by then."""
        async with asyncio.timeout(seconds):
            while True:
                told = await self.ask("GET", path)
                if is_it(told):
                    return told
                await asyncio.sleep(0.1)

    async def sent_to(self, number: str) -> int:
        """How many different people the sandbox took a message for, from this sending number."""
        query = f"limit=100000&phone_number_id={number}"
        entries = (await self.ask_sandbox("GET", f"/sandbox/ledger?{query}"))["entries"]
        people = {entry["to"] for entry in entries}
        assert len(people) == len(entries), "somebody got it twice"
        return len(people)

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """An answer of the gateway that is no refusal."""
        return await self._ask(method, f"{self.url}{path}", body)

    async def ask_sandbox(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return await self._ask(method, f"{self.sandbox_url}{path}", body)

    async def _ask(self, method: str, url: str, body: Any) -> dict[str, Any]:
        given = None if body is None else io.BytesIO(json.dumps(body).encode())  # sent in pieces
        async with self.http.request(
            method, url, data=given, headers=_JSON if given else None, timeout=_SUBMIT_SECONDS
        ) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.ok, told
            return told


def row(seq: int) -> dict[str, str]:
    """A recipient of a list."""
    return {"phone": f"+49 1511 {seq:07d}", "name": f"Name {seq}", "order": f"A-{seq}"}


def fated(ending: str, times: int = 1) -> list[dict[str, str]]:
    """Recipients of whom the sandbox decides by the last seven digits, as docs/sandbox.md lists."""
    people = (f"+49 {prefix} {ending}" for prefix in _MOBILE[:times])
    return [{"phone": phone, "name": f"Fate {ending}", "order": "F-1"} for phone in people]


@contextlib.asynccontextmanager
async def stack_in(folder: Path, environ: Mapping[str, str], key: str = "") -> AsyncIterator[Stack]:
    """A stack with its data and logs in `folder`, of servers of its own unless `environ` has some.

    `key`: what its requests bring, where keys are set.
    """
    wanted = stack.plan({**demo_environ(os.environ), **USUAL, **environ})
    programs = {program.name: program for program in stack.programs(wanted, folder, folder)}
    headers = {"X-API-Key": key} if key else {}
    async with aiohttp.ClientSession(headers=headers) as http:
        made = Stack(wanted, http, programs, {})
        try:
            for name in programs:
                made.start(name)
            yield made
        finally:
            made.stop_all()
