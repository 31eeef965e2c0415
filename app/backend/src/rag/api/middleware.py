"""What happens around every request: an id, a size limit, metrics and a log line."""

import re
import time
import uuid

import structlog
from opentelemetry.trace import Span
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag import tracing
from rag.api import places
from rag.api.bodies import limited, takes_files
from rag.api.problems import crashed, problem
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
_PROBES = {"/livez", "/readyz", "/metrics"}
_UPLOADS = "/v1/documents"
_MULTIPART_OVERHEAD = 64 * 1024
_SMALL_BODY = 32 * 1024
"""Bytes of any other request: a question at its longest, all of it escaped, is no longer. JSON is
read and judged by the process that answers everybody."""
_DOCUMENT_BODY = 128 * 1024
"""Bytes of a document's metadata at its longest, all of it escaped."""
_LONGER = {
    "/v1/imports": 256 * 1024,
    "/v1/ask": 128 * 1024,
    "/v1/chat/completions": 256 * 1024,
}
"""Bytes of a request with a list of URLs, or with a conversation."""


class RequestMiddleware:
    """Pure ASGI: streams pass through untouched and cancellation stays intact."""

    def __init__(self, app: ASGIApp, metrics: Metrics, max_body_bytes: int) -> None:
        self._app = app
        self._metrics = metrics
        self._upload_limit = max_body_bytes + _MULTIPART_OVERHEAD

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if scope["path"] in _PROBES:
            # Asked for every few seconds, and about nobody's work: no traces of their own.
            await self._serve(scope, receive, send, None)
        else:
            with tracing.serving(headers) as span:
                await self._serve(scope, receive, send, span)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, span: Span | None) -> None:
        request_id, status, begun = scope["request_id"], 500, False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                if self._ending(scope):
                    # Who keeps the connection would lose the next request on it.
                    headers["connection"] = "close"
            await send(message)

        start = time.perf_counter()
        try:
            with self._metrics.in_flight.track_inprogress():
                await self._limited(scope, receive, answer)
        except Exception as error:
            # Here, where the request has its trace, its id and its connection.
            response = crashed(Request(scope), error)
            if begun:
                # The server closes the connection: the answer is seen not to be whole.
                raise
            await response(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - start
            if span:
                self._record(scope, status, seconds, span)

    @staticmethod
    def _ending(scope: Scope) -> bool:
        """Whether the process was told to end."""
        state = getattr(scope["app"].state, "rag", None)
        return state is not None and state.readiness.draining

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = "the request is larger than this service takes"
        path = str(scope["path"])
        limit = _LONGER.get(path, _SMALL_BODY)
        if takes_files(scope["method"], path):
            limit = self._upload_limit
        elif path.startswith(f"{_UPLOADS}/"):
            limit = _DOCUMENT_BODY
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdigit() and int(length) > limit:
            return await problem(Request(scope), 413, "too-large", detail)(scope, receive, send)
        return await self._app(scope, limited(receive, limit, detail), send)

    def _record(self, scope: Scope, status: int, seconds: float, span: Span) -> None:
        route = places.template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        tracing.answered(span, method, route, status)
        self._metrics.requests.labels(method, route, str(status)).observe(seconds)
        milliseconds = round(seconds * 1000, 1)
        log.info("request", method=method, route=route, status=status, ms=milliseconds)
