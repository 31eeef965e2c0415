"""One attempt of a job: the file from S3, its text into PostgreSQL, its vectors into Milvus."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from rag.access.space import chunk_prefix, file_of
from rag.access.space import content_id as content_of
from rag.adapters.ocr import Ocr
from rag.adapters.protocols import Embedder, ObjectStore, Vector, VectorIndex, VectorRow
from rag.documents.intake import key_of
from rag.documents.repository import DocumentRepository, chunk_id
from rag.documents.schemas import Document
from rag.documents.versions import VersionRepository, Waiting, switched
from rag.errors import (
    ConflictError,
    DependencyError,
    FileGoneError,
    NoTextError,
    RagError,
    UnreadableError,
)
from rag.ingest.chunk import Chunk
from rag.ingest.formats import OCR, Format, kept_as
from rag.ingest.reader import Reader, Text
from rag.jobs.leases import Leased, LeaseRepository
from rag.jobs.schemas import Reason
from rag.languages import detect
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_FOUND_EMPTY, _PARSED, _EMBEDDED = 0.1, 0.2, 0.9
"""Progress when a scan is known as one, when the text is there, and when its vectors are."""
_AT_ONCE = 16
_DELETED = Reason(type="urn:rag:problem:cancelled", status=409, detail="the document was deleted")


class LostLeaseError(Exception):
    """The job is no longer this attempt's: cancelled, deleted, or given to another worker."""


def _replaces(job: Leased) -> bool:
    return job.kind == "replace"


class Ingestion:
    """Runs jobs. Whatever ends it, nothing is left that a question finds or a retry stumbles on:
    all of an attempt counts from one transaction, which also ends the job.
    """

    def __init__(
        self,
        repository: DocumentRepository,
        versions: VersionRepository,
        leases: LeaseRepository,
        store: ObjectStore,
        index: VectorIndex,
        embedder: Embedder,
        reader: Reader,
        detector: detect.Detector,
        metrics: Metrics,
        *,
        ocr: Ocr | None,
        keep_versions: int,
    ) -> None:
        """ocr: reads scans, if they are to be read; keep_versions: replaced versions of a document
        whose texts are kept.
        """
        self._repository = repository
        self._versions = versions
        self._ocr = ocr
        self._keep_versions = keep_versions
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
        waiting = await self._versions.waiting(job.document_id) if _replaces(job) else None
        if document is None or self._is_done(job, document) or (_replaces(job) and not waiting):
            await self._close(job, document)
            return
        file = waiting or document
        body = await self._fetch(document.id, file.sha256.rpartition("/")[2])
        job.reach("parse", 0.05)
        with self._metrics.stage("ingest", "parse"):
            text = await self._read(job, kept_as(file.content_type), body)
        if not text.chunks:
            raise UnreadableError("the document holds no sentences")
        job.reach("embed", _PARSED)
        with self._metrics.stage("ingest", "embed"):
            vectors = await self._embed(job, text.chunks)
        with self._metrics.stage("ingest", "language"):
            told = await self._tell(text.chunks)
        job.reach("index", _EMBEDDED)
        prefix = f"{chunk_prefix(document.id)}-{job.id[:8]}-"
        if not await self._keep(job, document, waiting, prefix, text, told, vectors):
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

    async def _fetch(self, document_id: str, sha256: str) -> bytes:
        with self._metrics.stage("ingest", "fetch"):
            body = await self._store.get(key_of(document_id, sha256))
        if body is None:
            raise FileGoneError("the document's file is not kept; upload it again")
        if hashlib.sha256(body).hexdigest() != sha256:
            raise FileGoneError("the document's file was changed in S3; upload it again")
        return body

    async def _read(self, job: Leased, kind: Format, body: bytes) -> Text:
        try:
            return await self._reader.read(kind, body)
        except NoTextError:
            if self._ocr is None or kind.name != "PDF":
                raise
        job.reach("ocr", _FOUND_EMPTY)
        with self._metrics.stage("ingest", "ocr"):
            answer = await self._ocr.read(body)
        return await self._reader.read(OCR, answer)

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
        waiting: Waiting | None,
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
            changed = await self._switch(connection, now, waiting) if waiting else {}
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
                    **changed,
                )
                await self._leases.succeed(connection, job)
        return True

    async def _switch(
        self, connection: AsyncConnection, document: Document, waiting: Waiting
    ) -> dict[str, Any]:
        """Keep the old version, and let go of its file; returns the columns of the new one."""
        if await self._versions.waiting(document.id, connection) != waiting:
            raise LostLeaseError
        holder = await self._versions.holder(connection, waiting.sha256)
        if holder not in (None, document.id):
            # A program without versions took the same content in.
            raise ConflictError(f"the collection has this content already: document {holder}")
        if document.status == "ready":
            await self._versions.archive(connection, document)
        await self._versions.prune(connection, document.id, self._keep_versions)
        await self._versions.drop(connection, document.id)
        old = file_of(document.id, document.sha256)
        content_id = content_of(document.id, document.sha256)
        await self._versions.loosen(connection, old, content_id)
        await self._versions.tighten(connection, waiting.sha256)
        return switched(waiting)

    async def _give_up(self, connection: AsyncConnection, job: Leased, reason: Reason) -> None:
        await self._leases.fail(connection, job, reason)
        await self._repository.fail(connection, job.document_id, reason.detail)
