"""A patient for the doctor's checks, and a Meta that says of it what a test wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from deploy.checks.patient import Patient
from deploy.checks.result import Level, Result
from deploy.doctor import patient_of
from tests.support import free_port

PHONE = "106540352242922"
WABA = "102290129340398"
NUMBER = {
    "id": PHONE, "display_phone_number": "+1 555-078-3881", "verified_name": "Shop",
    "quality_rating": "GREEN", "throughput": {"level": "STANDARD"}, "status": "CONNECTED",
    "name_status": "APPROVED", "whatsapp_business_manager_messaging_limit": "TIER_1K",
}  # fmt: skip
USUAL = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x", "NATS_URL": "nats://127.0.0.1:9",
    "META_ACCESS_TOKEN": "token", "META_PHONE_NUMBER_ID": PHONE, "META_WABA_ID": WABA,
    "META_APP_SECRET": "0123456789abcdef0123456789abcdef", "META_VERIFY_TOKEN": "verify",
}  # fmt: skip


def patient(**environ: str) -> Patient:
    """One with everything set; what is given wins, and "" unsets."""
    return patient_of({**USUAL, **environ}, Path("/nonexistent"), None)


def said(results: Sequence[Result], *levels: Level) -> list[str]:
    """The sentences, of these levels where any are given."""
    return [result.said for result in results if not levels or result.level in levels]


@dataclass
class Graph:
    """Answers GETs by path; use it with `async with`."""

    answers: Mapping[str, Any]  # a body, or (status, body); by the path's end
    proof_fails: bool = False
    port: int = field(default_factory=free_port)
    asked: list[web.Request] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.proof_fails and "appsecret_proof" in request.query:
            return web.json_response(failure(100, "Invalid appsecret_proof provided"), status=400)
        found = self.answers.get(
            request.path.rpartition("/")[2], (404, failure(100, "Unsupported"))
        )
        status, body = found if isinstance(found, tuple) else (200, found)
        return web.json_response(body, status=status)


def failure(code: int, message: str) -> dict[str, Any]:
    """A refusal in Meta's envelope."""
    return {"error": {"code": code, "message": message, "type": "OAuthException"}}
