"""Take documents in and out: the file to S3 and a job into PostgreSQL, before anyone is told so."""

from collections.abc import AsyncIterator, Callable, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from rag.access.scope import Scope
from rag.access.space import content_id as content_of
from rag.adapters.protocols import ObjectStore, VectorIndex
from rag.documents.intake import Accepted, Intake, Place, key_of, name_of
from rag.documents.metadata import Value
from rag.documents.repository import DocumentRepository
from rag.documents.schemas import (
    Change,
    ChunkPage,
    Collections,
    Document,
    DocumentPage,
    Outcome,
    Sort,
    Status,
)
from rag.documents.versions import VersionRepository
from rag.errors import (
    BusyError,
    ConflictError,
    DependencyError,
    FileGoneError,
    NotFoundError,
    RagError,
)
from rag.ingest.formats import FORMATS
from rag.jobs.repository import JobRepository
from rag.jobs.schemas import Job, Kind, Reason
from rag.jobs.watch import JobWatch
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_FETCHING = ("import", "list")
"""Kinds of jobs that have no document yet."""
_GONE = "the document is being deleted"


class DocumentService:
    """PostgreSQL says what exists. A document counts from the transaction that makes it
    `ready` until the one that makes it `deleting`; what S3 and Milvus hold beyond that is
    invisible, and is removed by whoever works on the document next.
    """

    def __init__(
        self,
        repository: DocumentRepository,
        versions: VersionRepository,
        jobs: JobRepository,
        watch: JobWatch,
        store: ObjectStore,
        index: VectorIndex,
        intake: Intake,
        metrics: Metrics,
        *,
        queued: Callable[[], None],
    ) -> None:
        """queued: tells this process's worker of a new job."""
        self._repository = repository
        self._versions = versions
        self._jobs = jobs
        self._watch = watch
        self._store = store
        self._index = index
        self._intake = intake
        self._metrics = metrics
        self._queued = queued

    async def add(
        self, scope: Scope, filename: str, content_type: str, body: bytes
    ) -> tuple[Document, bool]:
        """Take a file in and wait until it is ready; returns it, and whether it is new.

        Raises TooLargeError, UnsupportedTypeError, UnreadableError, BusyError or DependencyError.
        """
        accepted = await self.accept(scope, None, filename, content_type, body)
        return await self.finished(accepted, None) or accepted.document, accepted.created

    async def accept(
        self,
        scope: Scope,
        collection: str | None,
        filename: str,
        content_type: str,
        body: bytes,
        metadata: dict[str, Value] | None = None,
    ) -> Accepted:
        """Make a file safe, and queue the job that reads it. A known document keeps its metadata.

        collection: None for the default one, or the only one of the scope.
        Raises ForbiddenError, TooLargeError, UnsupportedTypeError, UnreadableError, BusyError or
        DependencyError.
        """
        place = Place(scope.tenant, scope.target(collection))

        async def begin(connection: AsyncConnection, kind: Kind, document: Document) -> Job:
            return await self._queue(connection, kind, document, place.tenant)

        try:
            file = self._intake.file(filename, content_type, body)
            accepted = await self._intake.take(place, file, metadata or {}, begin)
        except RagError as error:
            self._metrics.documents.labels(error.kind).inc()
            raise
        self._metrics.documents.labels("accepted" if accepted.created else "duplicate").inc()
        if accepted.created:
            self._queued()
        return accepted

    async def finished(self, accepted: Accepted, seconds: float | None) -> Document | None:
        """The document when its job has ended; None when that takes longer. Raises what it met."""
        if accepted.job is None:
            return accepted.document
        job = await self._watch.end(accepted.job, seconds)
        if job.reason and job.state in ("failed", "cancelled"):
            raise job.reason.error()
        if not job.ended:
            return None
        if document := await self._repository.known(accepted.document.id):
            return document
        raise _unknown(accepted.document.id)

    async def get(self, scope: Scope, document_id: str) -> Document:
        """A document by id; raises NotFoundError."""
        if document := await self._repository.get(scope, document_id):
            return document
        raise _unknown(document_id)

    async def collections(self, scope: Scope) -> Collections:
        """The collections within reach that have documents."""
        return Collections(items=await self._repository.collections(scope))

    async def page(
        self,
        scope: Scope,
        *,
        status: Status | None,
        name: str | None,
        kind: str | None,
        language: str | None = None,
        metadata: Sequence[str],
        sort: Sort,
        after: str | None,
        limit: int,
    ) -> DocumentPage:
        """Documents that fit; kind: a format's name. Raises InvalidRequestError."""
        types = {each.name.lower(): each.content_type for each in FORMATS}
        content_type = types.get(kind.lower(), kind) if kind else None
        return await self._repository.page(
            scope,
            status=status,
            name=name,
            content_type=content_type,
            language=language.lower() if language else None,
            metadata=metadata,
            sort=sort,
            after=after,
            limit=limit,
        )

    async def change(self, scope: Scope, document_id: str, change: Change) -> Document:
        """Rename a document, or note something of it. Raises NotFoundError."""
        values = change.model_dump(exclude_none=True)
        if change.filename is not None:
            values["filename"] = name_of(change.filename)
        changed = await self._repository.change(scope, document_id, values)
        if changed is None:
            raise _unknown(document_id)
        return changed

    async def passages(
        self, scope: Scope, document_id: str, after: str | None, limit: int
    ) -> ChunkPage:
        """The document's chunks in reading order. Raises NotFoundError or InvalidRequestError."""
        await self.get(scope, document_id)
        return await self._repository.passages(document_id, after, limit)

    async def content(
        self, scope: Scope, document_id: str
    ) -> tuple[Document, AsyncIterator[bytes]]:
        """The document and its file. Raises NotFoundError or FileGoneError."""
        document = await self.get(scope, document_id)
        if pieces := await self._store.stream(key_of(document.id, document.sha256)):
            return document, pieces
        raise FileGoneError("the document's file is not kept; upload it again")

    async def remove(self, scope: Scope, document_id: str) -> None:
        """Delete a document everywhere, and end its job; may be repeated after a failure."""
        async with self._repository.exclusive(document_id) as connection:
            if await self._repository.get(scope, document_id, connection) is None:
                raise _unknown(document_id)
            await self._jobs.cancel(connection, document_id, "the document was deleted")
            await self._versions.forget(connection, document_id)
            await self._repository.hide(connection, document_id)
        self._watch.nudge()
        await self.clear_away(document_id)

    async def clear_away(self, document_id: str) -> None:
        """Remove what is left of a document that nobody can find any more."""
        async with self._repository.exclusive(document_id) as connection:
            document = await self._repository.known(document_id, connection)
            if document is None or document.status != "deleting":
                return  # deleted by someone else, or uploaded again
            # Whoever takes in the same content has this lock.
            await self._repository.lock(connection, content_of(document_id, document.sha256))
            await self._index.remove(document_id)
            await self._store.delete(key_of(document.id, document.sha256))
            await self._repository.remove(connection, document_id)
        log.info("document.deleted", document_id=document_id)

    async def remove_many(self, scope: Scope, ids: Sequence[str]) -> list[Outcome]:
        """Delete documents; one that fails holds up no other."""
        outcomes = []
        for document_id in ids:
            try:
                await self.remove(scope, document_id)
                outcomes.append(Outcome(id=document_id, status=204))
            except RagError as error:
                outcomes.append(_failed(document_id, error))
        return outcomes

    async def reindex(self, scope: Scope, document_id: str) -> Job:
        """Queue a job that reads the kept file again, or return the one that waits or runs.

        Raises NotFoundError, ConflictError, BusyError or DependencyError.
        """
        async with self._repository.exclusive(document_id) as connection:
            document = await self._repository.get(scope, document_id, connection)
            if document is None:
                raise _unknown(document_id)
            if document.status == "deleting":
                raise ConflictError(_GONE)
            if job := await self._jobs.live(document_id, connection):
                return job
            if document.status != "ready":
                await self._repository.restart(connection, document_id)
            kind: Kind = "reindex" if document.status == "ready" else "ingest"
            job = await self._queue(connection, kind, document, scope.tenant)
        self._queued()
        return job

    async def reindex_many(self, scope: Scope, ids: Sequence[str]) -> list[Outcome]:
        """Queue a job for each of the documents."""
        outcomes = []
        for document_id in ids:
            try:
                job = await self.reindex(scope, document_id)
                outcomes.append(Outcome(id=document_id, status=202, job=job))
            except RagError as error:
                outcomes.append(_failed(document_id, error))
        return outcomes

    async def reindex_all(self, scope: Scope) -> int:
        """Queue a job for every ready document that has none; returns how many."""
        queued, after = 0, ""
        while ids := await self._repository.ready_without_job(scope, after, 500):
            for document_id in ids:
                # One that was deleted or is being changed meanwhile is as good as new.
                try:
                    await self.reindex(scope, document_id)
                    queued += 1
                except (NotFoundError, ConflictError, BusyError):
                    log.info("document.not_reindexed", document_id=document_id)
            after = ids[-1]
        return queued

    async def cancel(self, scope: Scope, job_id: str) -> Job:
        """End a job that waits or runs. Raises NotFoundError or ConflictError."""
        known = await self.job(scope, job_id)
        async with self._repository.exclusive(known.document_id) as connection:
            job = await self._jobs.lock(connection, job_id) or known
            if job.state == "cancelled":
                return job
            if job.ended:
                raise ConflictError(f"the job has {job.state} already")
            await self._jobs.cancel(connection, job.document_id, "the job was cancelled")
            await self._repository.fail(connection, job.document_id, "cancelled")
        log.info("job.cancelled", job_id=job_id, document_id=job.document_id)
        self._watch.nudge()
        self._queued()
        return await self.job(scope, job_id)

    async def retry(self, scope: Scope, job_id: str) -> Job:
        """Queue a job again that failed or was cancelled. Raises NotFoundError or ConflictError."""
        known = await self.job(scope, job_id)
        async with self._repository.exclusive(known.document_id) as connection:
            job = await self._jobs.lock(connection, job_id)
            document = await self._repository.known(known.document_id, connection)
            if job and job.kind in _FETCHING and job.state in ("failed", "cancelled"):
                job = await self._jobs.renew(connection, job_id)
                self._queued()
                return job
            if job is None or document is None or document.status == "deleting":
                raise ConflictError("the job's document is gone; upload the file again")
            if job.state not in ("failed", "cancelled"):
                raise ConflictError(f"the job is {job.state}: only a failed one can be retried")
            if await self._jobs.live(document.id, connection):
                raise ConflictError("another job waits or runs for this document")
            if job.kind == "replace" and not await self._versions.waiting(document.id, connection):
                raise ConflictError("the new version is gone; upload the file again")
            if document.status == "ready" and job.kind == "ingest":
                raise ConflictError("the document is ready")
            if document.status != "ready":
                await self._repository.restart(connection, document.id)
            job = await self._jobs.renew(connection, job_id)
        self._queued()
        return job

    async def job(self, scope: Scope, job_id: str) -> Job:
        """A job by id; raises NotFoundError."""
        if job := await self._jobs.get(scope, job_id):
            return job
        raise NotFoundError(f"there is no job {job_id[:64]!r}")

    async def adopt(self, document_id: str) -> None:
        """Queue a document that nobody reads any more: a program without jobs was killed."""
        async with self._repository.exclusive(document_id) as connection:
            document = await self._repository.known(document_id, connection)
            if document is None or document.status != "processing":
                return
            if await self._jobs.live(document_id, connection) is None:
                tenant = await self._repository.tenant(connection, document_id)
                await self._queue(connection, "ingest", document, tenant)
        log.info("document.adopted", document_id=document_id)

    async def _queue(
        self, connection: AsyncConnection, kind: Kind, document: Document, tenant: str
    ) -> Job:
        return await self._jobs.add(
            connection,
            kind,
            document.id,
            document.filename,
            document.bytes,
            tenant=tenant,
            collection=document.collection,
        )


def _unknown(document_id: str) -> NotFoundError:
    return NotFoundError(f"there is no document {document_id[:64]!r}")


def _failed(document_id: str, error: RagError) -> Outcome:
    if isinstance(error, DependencyError):
        log.warning("document.not_changed", document_id=document_id, reason=error.detail)
    return Outcome(id=document_id, status=error.status, problem=Reason.of(error))
