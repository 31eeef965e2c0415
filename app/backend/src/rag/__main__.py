"""Serve: `python -m rag`. One worker; replicas are the orchestrator's business."""

import asyncio
import os
import signal
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from rag import logs, reports, telemetry
from rag.settings import Settings, load

log = structlog.get_logger(__name__)


class DrainingServer(uvicorn.Server):
    """On the first SIGTERM it stops being ready, serves on for a while, and then ends.

    The while lets load balancers see the change: whoever still has our address is served.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._draining = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Serve until told to stop."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second signal, or the terminal's, ends at once."""
        state = getattr(self._app.state, "rag", None)
        if self._draining or sig != signal.SIGTERM or self._loop is None or state is None:
            super().handle_exit(sig, frame)
            return
        self._draining = True
        state.readiness.draining = True
        self._loop.call_soon_threadsafe(self._drain, sig)

    def _drain(self, sig: int) -> None:
        log.info("draining", seconds=self._drain_seconds)
        asyncio.get_running_loop().call_later(self._drain_seconds, super().handle_exit, sig, None)


def main() -> None:
    """Read the configuration and serve until SIGTERM."""
    settings = load(Settings)
    # A child that reads a document becomes another program at once: gRPC need not prepare for it.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    # Only now the heavy libraries: a wrong configuration is told at once.
    from rag.main import create_app

    logs.configure(settings.log_level, settings.secrets())
    ends = [install(settings, "rag-backend") for install in (reports.install, telemetry.install)]
    app = create_app(settings)
    # Within its lifespan: uvicorn then ends the process by the signal, and nothing here runs.
    app.state.ends = ends
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        workers=1,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    DrainingServer(config, app, settings.drain_seconds).run()


if __name__ == "__main__":
    main()
