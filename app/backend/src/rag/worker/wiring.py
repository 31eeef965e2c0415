"""Puts documents, jobs and the worker together, for the server and for the worker's process."""

import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from rag.documents.ingestion import Ingestion
from rag.documents.repository import DocumentRepository
from rag.documents.service import DocumentService
from rag.health.service import Probe
from rag.ingest.reader import Reader
from rag.jobs.leases import LeaseRepository, Timing, WorkerIdentity
from rag.jobs.load import QueueLoad
from rag.jobs.repository import JobRepository
from rag.jobs.watch import JobWatch
from rag.metrics import Metrics
from rag.settings import Settings
from rag.worker.loop import Worker
from rag.world import World

_LOCK_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Works:
    """Documents with their jobs. worker: not started yet."""

    jobs: JobRepository
    watch: JobWatch
    load: QueueLoad
    documents: DocumentService
    worker: Worker


def wire(
    settings: Settings,
    metrics: Metrics,
    world: World,
    *,
    schema: Probe,
    ending: Callable[[], bool],
) -> Works:
    """schema: raises DependencyError until the database has the schema of this program;
    ending: whether the process ends, so that nobody should follow a job here any longer.
    """
    repository = DocumentRepository(world.engine, patience=_LOCK_PATIENCE_SECONDS)
    leases = LeaseRepository(world.engine, Timing(settings.lease_seconds, settings.backoff_seconds))
    jobs = JobRepository(
        world.engine, queue=settings.worker_queue, max_attempts=settings.max_attempts
    )
    watch = JobWatch(jobs, ending)
    load = QueueLoad(jobs, metrics, alive=settings.lease_seconds)
    works: list[Worker] = []
    documents = DocumentService(
        repository,
        jobs,
        watch,
        world.store,
        world.index,
        metrics,
        model=world.embedder.model_id,
        max_bytes=settings.max_upload_bytes,
        queued=lambda: works[0].wake(),
    )
    ingestion = Ingestion(
        repository,
        leases,
        world.store,
        world.index,
        world.embedder,
        Reader(settings.limits),
        world.detector,
        metrics,
    )

    async def needed() -> None:
        await schema()
        await world.vectors.standing.ensure()

    identity = WorkerIdentity(
        f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}",
        settings.worker_queue,
        settings.app_version,
        settings.worker_concurrency,
    )
    works.append(
        Worker(
            identity,
            leases,
            ingestion,
            repository,
            documents,
            load,
            metrics,
            needed=needed,
            follow=world.vectors.filling.follow,
            keep_days=settings.jobs_keep_days,
            changed=watch.nudge,
        )
    )
    return Works(jobs, watch, load, documents, works[0])
