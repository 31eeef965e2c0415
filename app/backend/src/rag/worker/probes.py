"""/livez, /readyz and /metrics of the worker's process."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from rag.health.service import Readiness
from rag.metrics import Metrics
from rag.worker.loop import Worker

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Probes:
    """An ASGI application of three pages: a framework would be more than the worker itself."""

    def __init__(self, worker: Worker, readiness: Readiness, metrics: Metrics) -> None:
        self._worker = worker
        self._readiness = readiness
        self._metrics = metrics

    async def __call__(self, scope: _Scope, _receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        pages = {"/livez": self._livez, "/readyz": self._readyz, "/metrics": self._shown}
        page = pages.get(scope["path"], self._nothing)
        status, kind, body = await page()
        headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _livez(self) -> tuple[int, str, bytes]:
        if self._worker.is_alive:
            return 200, "application/json", b'{"status": "pass"}'
        return 503, "application/json", b'{"status": "fail", "output": "the loop does not turn"}'

    async def _readyz(self) -> tuple[int, str, bytes]:
        checks = await self._readiness.checks()
        failed = sorted(name for name, check in checks.items() if check.status == "fail")
        reasons = ["shutting down"] if self._readiness.draining else []
        reasons += [f"failed: {', '.join(failed)}"] if failed else []
        health = {
            "status": "fail" if reasons else "pass",
            "output": "; ".join(reasons),
            "checks": {
                name: check.model_dump(mode="json", by_alias=True) for name, check in checks.items()
            },
        }
        return 503 if reasons else 200, "application/health+json", json.dumps(health).encode()

    async def _shown(self) -> tuple[int, str, bytes]:
        return 200, CONTENT_TYPE_LATEST, generate_latest(self._metrics.registry)

    async def _nothing(self) -> tuple[int, str, bytes]:
        return 404, "text/plain", b"/livez, /readyz and /metrics are here\n"
