"""A peer in Meta's place that lists templates as a test says, and writes down what it was asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.support import free_port

Listed = dict[str, Any]
Script = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listed(name: str, *components: Listed, **more: Any) -> Listed:
    """A template as Meta lists it."""
    shown = {"language": "en_US", "status": "APPROVED", "category": "UTILITY"}
    return {"name": name, **shown, "components": list(components), **more}


@dataclass
class Shelf:
    """Use it with `async with`; `script`, where there is one, answers instead of the list."""

    templates: list[Listed] = field(default_factory=list)
    page_size: int = 100
    script: Script | None = None
    asked: list[web.Request] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{version}/{waba_id}/message_templates", self._meta)
        app.router.add_get("/v1/configs/templates", self._dialog)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _meta(self, request: web.Request) -> web.StreamResponse:
        """In pages with cursors; everything whose name begins with the one asked for."""
        self.asked.append(request)
        if self.script:
            return await self.script(request)
        found = [t for t in self.templates if t["name"].startswith(request.query.get("name", ""))]
        start = int(request.query.get("after", 0))
        end = start + self.page_size
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(found):
            paging["next"] = str(request.url.update_query(after=end, access_token="hush"))
        return web.json_response({"data": found[start:end], "paging": paging})

    async def _dialog(self, request: web.Request) -> web.StreamResponse:
        """By offset, statuses written small."""
        self.asked.append(request)
        if self.script:
            return await self.script(request)
        start = int(request.query["offset"])
        found = self.templates[start : start + self.page_size]
        shown = [{**template, "status": template["status"].lower()} for template in found]
        counts = {"count": len(shown), "total": len(self.templates), "offset": start}
        return web.json_response({"waba_templates": shown, **counts})
