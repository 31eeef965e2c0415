"""Run jobs: `python -m rag.worker`. SIGTERM lets the running ones end; the rest is given back."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack

import structlog
import uvicorn

from rag import logs, reports, telemetry
from rag.settings import Settings, load

log = structlog.get_logger(__name__)


class ProbeServer(uvicorn.Server):
    """A server that leaves signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _serve(settings: Settings) -> None:
    from rag import migrate
    from rag.health.service import Readiness, check_embedder, schema_check
    from rag.metrics import Metrics
    from rag.worker.probes import Probes
    from rag.worker.wiring import wire
    from rag.world import open_world

    ending = asyncio.Event()
    running = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(sig, ending.set)
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        world = await open_world(stack, settings)
        metrics.build.labels(settings.app_version, settings.git_sha, world.embedder.model_id).set(1)

        schema = schema_check(world.engine, migrate.head(), migrate.earlier())
        worker = wire(settings, metrics, world, schema=schema, ending=ending.is_set).worker
        readiness = Readiness(
            {
                "postgres": schema,
                "s3": world.store.check,
                "milvus": world.index.check,
                "embeddings": lambda: check_embedder(world.embedder, world.vectors.standing.check),
            },
            metrics,
            timeout=settings.readiness_timeout_seconds,
            keep=settings.readiness_cache_seconds,
        )
        config = uvicorn.Config(
            Probes(worker, readiness, metrics),
            host=settings.host,
            port=settings.worker_probe_port,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        server = ProbeServer(config)
        probing = asyncio.create_task(server.serve())
        worker.start()
        stopped = asyncio.create_task(ending.wait())
        await asyncio.wait((stopped, probing), return_when=asyncio.FIRST_COMPLETED)
        if not ending.is_set():
            log.error("worker.no_probes", port=settings.worker_probe_port)
        readiness.draining = True
        await worker.stop(settings.worker_stop_seconds)
        server.should_exit = True
        await probing
    log.info("stopped")


def main() -> None:
    """Read the configuration and run jobs until SIGTERM."""
    settings = load(Settings)
    # A child that reads a document becomes another program at once: gRPC need not prepare for it.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    logs.configure(settings.log_level, settings.secrets())
    ends = [install(settings, "rag-worker") for install in (reports.install, telemetry.install)]
    try:
        asyncio.run(_serve(settings))
    finally:
        for end in ends:
            end()


if __name__ == "__main__":
    main()
