"""Puts documents, jobs and the worker together, for the server and for the worker's process."""

import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from rag.adapters.ocr import Ocr
from rag.adapters.s3_source import S3Source
from rag.adapters.web import Web
from rag.documents.ingestion import Ingestion
from rag.documents.intake import Intake
from rag.documents.replacing import Replacing
from rag.documents.repository import DocumentRepository
from rag.documents.service import DocumentService
from rag.documents.versions import VersionRepository
from rag.health.service import Probe
from rag.imports.repository import ImportRepository
from rag.imports.service import Allowed, ImportService
from rag.imports.work import Importing
from rag.ingest.reader import Reader
from rag.jobs.leases import LeaseRepository, Timing, WorkerIdentity
from rag.jobs.load import QueueLoad
from rag.jobs.repository import JobRepository
from rag.jobs.watch import JobWatch
from rag.metrics import Metrics
from rag.settings import Settings
from rag.tls import client_context
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
    replacing: Replacing
    imports: ImportService
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
    versions = VersionRepository(world.engine)
    leases = LeaseRepository(world.engine, Timing(settings.lease_seconds, settings.backoff_seconds))
    jobs = JobRepository(
        world.engine, queue=settings.worker_queue, max_attempts=settings.max_attempts
    )
    watch = JobWatch(jobs, ending)
    load = QueueLoad(jobs, metrics, alive=settings.lease_seconds)
    works: list[Worker] = []
    intake = Intake(
        repository,
        versions,
        jobs,
        world.store,
        metrics,
        model=world.embedder.model_id,
        max_bytes=settings.max_upload_bytes,
    )
    documents = DocumentService(
        repository,
        versions,
        jobs,
        watch,
        world.store,
        world.index,
        intake,
        metrics,
        queued=lambda: works[0].wake(),
    )
    replacing = Replacing(
        repository,
        versions,
        jobs,
        watch,
        world.store,
        intake,
        queued=lambda: works[0].wake(),
    )
    ingestion = Ingestion(
        repository,
        versions,
        leases,
        world.store,
        world.index,
        world.embedder,
        Reader(settings.limits),
        world.detector,
        metrics,
        ocr=Ocr(settings.ocr_url, seconds=settings.ocr_seconds, most=settings.limits.answer)
        if settings.ocr_url
        else None,
        keep_versions=settings.keep_versions,
    )
    imported = ImportRepository(
        world.engine, queue=settings.worker_queue, max_attempts=settings.max_attempts
    )
    policy = settings.import_policy
    importing = Importing(
        imported,
        repository,
        jobs,
        leases,
        intake,
        replacing,
        ingestion,
        Web(policy, seconds=settings.import_seconds, context=client_context()) if policy else None,
        S3Source(world.store.client, 2 * settings.dependency_timeout_seconds),
        metrics,
        # The other half of the queue is for uploads.
        most_waiting=max(1, settings.queue_limit // 2),
        most_objects=settings.import_objects,
    )
    imports = ImportService(
        imported,
        documents,
        Allowed(policy, settings.import_sources, settings.batch_files, settings.max_upload_bytes),
        queued=lambda: works[0].wake(),
    )

    async def tidy(keep_days: float) -> None:
        await imported.tidy(keep_days)
        await replacing.sweep()

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
            importing,
            repository,
            documents,
            load,
            metrics,
            needed=needed,
            follow=world.vectors.filling.follow,
            tidy=tidy,
            keep_days=settings.jobs_keep_days,
            changed=watch.nudge,
        )
    )
    return Works(jobs, watch, load, documents, replacing, imports, works[0])
