"""One attempt of a job: the file from S3, its text into PostgreSQL, its vectors into Milvus."""

import asyncio
import hashlib
from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from rag.access.space import chunk_prefix
from rag.adapters.protocols import Embedder, ObjectStore, Vector, VectorIndex, VectorRow
from rag.documents.repository import DocumentRepository, chunk_id
from rag.documents.schemas import Document
from rag.documents.service import key_of
from rag.errors import DependencyError, FileGoneError, RagError, UnreadableError
from rag.ingest.chunk import Chunk
from rag.ingest.formats import kept_as
from rag.ingest.reader import Reader, Text
from rag.jobs.leases import Leased, LeaseRepository
from rag.jobs.schemas import Reason
from rag.languages import detect
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_PARSED, _EMBEDDED = 0.2, 0.9
"""Progress when the text is there, and when its vectors are."""
_AT_ONCE = 16
_DELETED = Reason(type="urn:rag:problem:cancelled", status=409, detail="the document was deleted")


class LostLeaseError(Exception):
    """The job is no longer this attempt's: cancelled, deleted, or given to another worker."""


class Ingestion:
    """Runs jobs. Whatever ends it, nothing is left that a question finds or a retry stumbles on:
    all of an attempt counts from one transaction, which also ends the job.
    """

    def __init__(
        self,
        repository: DocumentRepository,
        leases: LeaseRepository,
        store: ObjectStore,
        index: VectorIndex,
        embedder: Embedder,
        reader: Reader,
        detector: detect.Detector,
        metrics: Metrics,
    ) -> None:
        self._repository = repository
        self._leases = leases
        self._store = store
        self._index = index
        self._embedder = embedder
        self._reader = reader
        self._detector = detector
        self._metrics = metrics

    async def run(self, job: Leased) -> None:
        """Do the job. Raises LostLeaseError, RagError or DependencyError."""
        document = await self._repository.known(job.document_id)
        if document is None or self._is_done(job, document):
            await self._close(job, document)
            return
        body = await self._fetch(document)
        job.reach("parse", 0.05)
        with self._metrics.stage("ingest", "parse"):
            text = await self._reader.read(kept_as(document.content_type), body)
        if not text.chunks:
            raise UnreadableError("the document holds no sentences")
        job.reach("embed", _PARSED)
        with self._metrics.stage("ingest", "embed"):
            vectors = await self._embed(job, text.chunks)
        with self._metrics.stage("ingest", "language"):
            told = await self._tell(text.chunks)
        job.reach("index", _EMBEDDED)
        prefix = f"{chunk_prefix(document.id)}-{job.id[:8]}-"
        if not await self._keep(job, document, prefix, text, told, vectors):
            return
        job.settled = True
        self._metrics.chunks.inc(len(text.chunks))
        log.info("document.ready", document_id=document.id, chunks=len(text.chunks))
        try:
            await self._index.prune(document.id, prefix)
        except DependencyError as error:
            # Vectors without a chunk are found by no question; the next job takes them away.
            log.warning("document.not_pruned", document_id=document.id, reason=error.detail)

    async def failed(self, job: Leased, error: Exception) -> str:
        """Note how an attempt failed; returns `failed`, `postponed` or `lost`."""
        reason = Reason.of(error)
        lasting = isinstance(error, RagError) and error.status < 500
        async with self._repository.begin() as connection:
            if not await self._leases.hold(connection, job):
                return "lost"
            if not (lasting or job.is_last):
                await self._leases.postpone(connection, job, reason)
                return "postponed"
            await self._give_up(connection, job, reason)
        log.warning("document.failed", document_id=job.document_id, reason=reason.detail)
        return "failed"

    async def recover(self, queue: str) -> int:
        """Take jobs back whose worker is gone; returns how many."""
        async with self._repository.begin() as connection:
            found = await self._leases.abandoned(connection, queue)
            for job in found:
                reason = Reason(
                    type="urn:rag:problem:worker-lost",
                    status=500,
                    detail=f"the worker was gone in attempt {job.attempts} of {job.max_attempts}",
                )
                if job.is_last:
                    await self._give_up(connection, job, reason)
                else:
                    await self._leases.postpone(connection, job, reason)
        for job in found:
            log.warning("job.recovered", job_id=job.id, attempts=job.attempts)
        return len(found)

    async def check(self) -> None:
        """Raise DependencyError unless S3 and Milvus answer."""
        await self._store.check()
        await self._index.check()

    @staticmethod
    def _is_done(job: Leased, document: Document) -> bool:
        ready = document.status == "ready" and job.kind == "ingest"
        return ready or document.status == "deleting"

    async def _close(self, job: Leased, document: Document | None) -> None:
        """End a job with nothing to do: its document is ready already, or gone."""
        async with self._repository.begin() as connection:
            if document and document.status == "ready":
                await self._leases.succeed(connection, job)
            else:
                await self._leases.cancel(connection, job, _DELETED)

    async def _fetch(self, document: Document) -> bytes:
        with self._metrics.stage("ingest", "fetch"):
            body = await self._store.get(key_of(document.id, document.sha256))
        if body is None:
            raise FileGoneError("the document's file is not kept; upload it again")
        if hashlib.sha256(body).hexdigest() != document.sha256:
            raise FileGoneError("the document's file was changed in S3; upload it again")
        return body

    async def _embed(self, job: Leased, found: Sequence[Chunk]) -> list[Vector]:
        vectors: list[Vector] = []
        for start in range(0, len(found), _AT_ONCE):
            part = found[start : start + _AT_ONCE]
            vectors += await self._embedder.embed([chunk.context for chunk in part])
            share = len(vectors) / len(found)
            job.reach("embed", round(_PARSED + (_EMBEDDED - _PARSED) * share, 3))
        return vectors

    async def _tell(self, found: Sequence[Chunk]) -> detect.Document:
        # So long a text takes a while, and others wait for the loop.
        return await asyncio.to_thread(self._detector.document, [chunk.context for chunk in found])

    async def _keep(
        self,
        job: Leased,
        document: Document,
        prefix: str,
        text: Text,
        told: detect.Document,
        vectors: list[Vector],
    ) -> bool:
        """Make the document ready and end the job; false where another program was faster."""
        rows = [
            VectorRow(chunk_id(prefix, chunk), document.id, chunk.page, chunk.ordinal, vector)
            for chunk, vector in zip(text.chunks, vectors, strict=True)
        ]
        async with self._repository.exclusive(document.id) as connection:
            if not await self._leases.hold(connection, job):
                raise LostLeaseError
            now = await self._repository.known(document.id, connection)
            if now is None or self._is_done(job, now):
                # A program without jobs took the same file in, or deleted it.
                if now and now.status == "ready":
                    await self._leases.succeed(connection, job)
                else:
                    await self._leases.cancel(connection, job, _DELETED)
                return False
            with self._metrics.stage("ingest", "milvus"):
                await self._index.write(document.id, prefix, rows)
            with self._metrics.stage("ingest", "postgres"):
                await self._repository.finish(
                    connection,
                    document.id,
                    prefix,
                    text.chunks,
                    told.chunks,
                    language=told.language,
                    pages=text.pages,
                    embedding_model=self._embedder.model_id,
                )
                await self._leases.succeed(connection, job)
        return True

    async def _give_up(self, connection: AsyncConnection, job: Leased, reason: Reason) -> None:
        await self._leases.fail(connection, job, reason)
        await self._repository.fail(connection, job.document_id, reason.detail)
