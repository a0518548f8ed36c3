"""HTTP that is none: answered in the shape of every refusal, and logged without what was sent.

What cannot be parsed may hold a key in one of its lines, so neither the log nor the answer
repeats it.
"""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway import errors
from gateway.answers import refused
from gateway.trace import HEADER, new_trace
from plumbing.logs import about


class Handler(RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats what was sent
    ) -> web.StreamResponse:
        """The answer to what aiohttp could not read; closes the connection."""
        trace = new_trace()
        with about(trace=trace):
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                response = super().handle_error(request, status, exc, None)
            else:
                self.logger.info("a request could not be read (%d)", status)
                response = refused(errors.http_error(status, HTTPStatus(status).phrase))
                response.force_close()
        response.headers[HEADER] = trace
        return response

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """The rest of a body that cannot be unpacked is read once more here: no fault of ours."""
        if isinstance(kwargs.get("exc_info"), web.RequestPayloadError):
            self.logger.info("the rest of a body could not be read")
        else:
            super().log_exception(*args, **kwargs)


class Server(web.Server):
    """Makes a handler of ours for each connection."""

    def __call__(self) -> Handler:
        return Handler(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Serves an application over handlers of ours."""

    __slots__ = ()

    async def _make_server(self) -> Any:
        server = await super()._make_server()
        server.__class__ = Server  # aiohttp has no way to name the class of its handlers
        return server
