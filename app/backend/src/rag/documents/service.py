"""Take documents in and out: files to S3, text to PostgreSQL, vectors to Milvus."""

import asyncio
import hashlib
from pathlib import PurePath

import structlog

from rag.adapters.protocols import Embedder, ObjectStore, VectorIndex, VectorRow
from rag.documents.repository import DocumentRepository, chunk_id
from rag.documents.schemas import Document, DocumentPage
from rag.errors import DependencyError, NotFoundError, RagError, TooLargeError, UnreadableError
from rag.ingest.chunk import Chunk
from rag.ingest.formats import Format, format_of
from rag.ingest.reader import Reader, Text
from rag.languages.detect import Detector
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_ID_LENGTH = 32


class DocumentService:
    """PostgreSQL says what exists. A document counts from the transaction that makes it
    `ready` until the one that makes it `deleting`; what S3 and Milvus hold beyond that is
    invisible, and is removed by the same request or by the next try with the same file.
    """

    def __init__(
        self,
        repository: DocumentRepository,
        store: ObjectStore,
        index: VectorIndex,
        embedder: Embedder,
        reader: Reader,
        metrics: Metrics,
        *,
        max_bytes: int,
        detector: Detector,
    ) -> None:
        self._detector = detector
        self._repository = repository
        self._store = store
        self._index = index
        self._embedder = embedder
        self._metrics = metrics
        self._reader = reader
        self._max_bytes = max_bytes

    async def add(self, filename: str, content_type: str, body: bytes) -> tuple[Document, bool]:
        """Take a file in; returns the document, and whether it is new.

        Raises TooLargeError, UnsupportedTypeError, UnreadableError, BusyError or DependencyError.
        """
        try:
            document, created = await self._add(filename, content_type, body)
        except RagError as error:
            self._metrics.documents.labels(error.kind).inc()
            raise
        self._metrics.documents.labels("created" if created else "duplicate").inc()
        return document, created

    async def get(self, document_id: str) -> Document:
        """A document by id; raises NotFoundError."""
        if document := await self._repository.get(document_id):
            return document
        raise NotFoundError(f"there is no document {document_id[:64]!r}")

    async def page(self, limit: int, after: str) -> DocumentPage:
        """At most `limit` documents that can be searched, behind the id `after`."""
        found = await self._repository.ready(limit + 1, after)
        more = len(found) > limit
        return DocumentPage(documents=found[:limit], next=found[limit - 1].id if more else None)

    async def remove(self, document_id: str) -> None:
        """Delete a document everywhere; may be repeated after a failure."""
        document = await self.get(document_id)
        async with self._repository.exclusive(document.id):
            await self._repository.hide(document.id)
            await self._index.remove(document.id)
            await self._store.delete(_key(document.sha256))
            await self._repository.remove(document.id)
        log.info("document.deleted", document_id=document.id)

    async def _add(self, filename: str, content_type: str, body: bytes) -> tuple[Document, bool]:
        if len(body) > self._max_bytes:
            raise TooLargeError(f"a document may have {self._max_bytes} bytes")
        kind = format_of(filename, content_type, body)
        sha256 = hashlib.sha256(body).hexdigest()
        document_id = sha256[:_ID_LENGTH]
        if (known := await self._repository.get(document_id)) and known.status == "ready":
            return known, False
        async with self._reader.turn():
            # Before the database is asked for anything: a connection is not held for so long.
            text = await self._read(kind, body)
            return await self._keep(document_id, sha256, _name(filename), kind, body, text)

    async def _keep(
        self, document_id: str, sha256: str, filename: str, kind: Format, body: bytes, text: Text
    ) -> tuple[Document, bool]:
        async with self._repository.exclusive(document_id):
            # Someone else may have taken the same file in while we waited.
            if (known := await self._repository.get(document_id)) and known.status == "ready":
                return known, False
            await self._repository.start(
                {
                    "id": document_id,
                    "sha256": sha256,
                    "filename": filename,
                    "content_type": kind.content_type,
                    "bytes": len(body),
                    "pages": text.pages,
                    "embedding_model": self._embedder.model_id,
                }
            )
            try:
                await self._store_all(document_id, sha256, kind.content_type, body, text.chunks)
            except BaseException as error:
                await self._undo(document_id, sha256, error)
                raise
            return await self.get(document_id), True

    async def _read(self, kind: Format, body: bytes) -> Text:
        with self._metrics.stage("ingest", "parse"):
            text = await self._reader.read(kind, body)
        if not text.chunks:
            raise UnreadableError("the document holds no sentences")
        return text

    async def _store_all(
        self, document_id: str, sha256: str, content_type: str, body: bytes, found: list[Chunk]
    ) -> None:
        with self._metrics.stage("ingest", "s3"):
            await self._store.put(_key(sha256), body, content_type)
        with self._metrics.stage("ingest", "embed"):
            vectors = await self._embedder.embed([chunk.context for chunk in found])
        rows = [
            VectorRow(
                chunk_id(document_id, chunk.ordinal), document_id, chunk.page, chunk.ordinal, vector
            )
            for chunk, vector in zip(found, vectors, strict=True)
        ]
        with self._metrics.stage("ingest", "milvus"):
            await self._index.replace(document_id, rows)
        with self._metrics.stage("ingest", "language"):
            told = await asyncio.to_thread(
                self._detector.document, [chunk.context for chunk in found]
            )
        with self._metrics.stage("ingest", "postgres"):
            await self._repository.finish(document_id, found, told.language, told.chunks)
        self._metrics.chunks.inc(len(rows))
        log.info("document.ready", document_id=document_id, chunks=len(rows), bytes=len(body))

    async def _undo(self, document_id: str, sha256: str, error: BaseException) -> None:
        reason = error.detail if isinstance(error, RagError) else type(error).__name__
        log.warning("document.failed", document_id=document_id, reason=reason)
        steps = (
            self._repository.fail(document_id, reason),
            self._index.remove(document_id),
            self._store.delete(_key(sha256)),
        )
        # Also when the request is being cancelled; each step on its own, since the
        # one that failed before will probably fail again.
        for outcome in await asyncio.shield(asyncio.gather(*steps, return_exceptions=True)):
            if isinstance(outcome, DependencyError):
                log.warning("document.undo_failed", document_id=document_id, reason=outcome.detail)


def _key(sha256: str) -> str:
    return f"documents/{sha256}"


def _name(filename: str) -> str:
    """The last part of a client's path, without control characters, at most 255 long."""
    name = PurePath(filename.replace("\\", "/")).name
    return "".join(c for c in name if c.isprintable())[:255] or "document"
