"""Makes files safe: each in S3, and noted in PostgreSQL with the job that reads it, or neither."""

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import PurePath

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from rag.access.space import document_id as id_of
from rag.access.space import file_of
from rag.adapters.protocols import ObjectStore
from rag.documents.metadata import Value
from rag.documents.repository import DocumentRepository
from rag.documents.schemas import Document
from rag.documents.versions import VersionRepository
from rag.errors import TooLargeError
from rag.ingest.formats import Format, format_of
from rag.jobs.repository import JobRepository
from rag.jobs.schemas import Job, Kind
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

Begin = Callable[[AsyncConnection, Kind, Document], Awaitable[Job]]
"""Makes the job that reads a document, in the transaction that notes the document."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that is safe. job: what is left to do; created: whether this upload queued it."""

    document: Document
    job: Job | None
    created: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes."""

    tenant: str
    collection: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that was looked at: of a known format, and not too large."""

    name: str
    kind: Format
    body: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file was fetched from. shown: without what may be a secret; key: unlike any other
    place's; tag: unlike that of another state of the same file, where the place tells one.
    """

    shown: str
    key: str
    tag: str | None = None

    def columns(self) -> dict[str, str | None]:
        """As the table of documents has it."""
        return {"source": self.shown, "source_key": self.key, "source_tag": self.tag}


class Intake:
    """Takes files in."""

    def __init__(
        self,
        repository: DocumentRepository,
        versions: VersionRepository,
        jobs: JobRepository,
        store: ObjectStore,
        metrics: Metrics,
        *,
        model: str,
        max_bytes: int,
    ) -> None:
        """model: the one that embeds; max_bytes: of a file."""
        self._repository = repository
        self._versions = versions
        self._jobs = jobs
        self._store = store
        self._metrics = metrics
        self._model = model
        self._max_bytes = max_bytes

    def file(self, filename: str, content_type: str, body: bytes) -> File:
        """A file, looked at. Raises TooLargeError, UnsupportedTypeError or UnreadableError."""
        if len(body) > self._max_bytes:
            raise TooLargeError(f"a document may have {self._max_bytes} bytes")
        kind = format_of(filename, content_type, body)
        return File(name_of(filename), kind, body, hashlib.sha256(body).hexdigest())

    async def take(
        self,
        place: Place,
        file: File,
        metadata: dict[str, Value],
        begin: Begin,
        origin: Origin | None = None,
    ) -> Accepted:
        """Make a file safe, unless it is so already. Raises BusyError or DependencyError."""
        content_id = id_of(place.tenant, place.collection, file.sha256)
        name = file_of(content_id, file.sha256)
        async with self._repository.begin() as connection:
            if found := await self._known(name, connection):
                return found
        async with self._repository.exclusive(content_id) as connection:
            # Someone else may have uploaded the same file while we waited.
            if found := await self._known(name, connection):
                return found
            document_id = await self._free_id(connection, place, content_id, name)
            # Under the lock: a deletion of the same document must not take this file away. What
            # is left of a transaction that fails here is one file that the next upload replaces.
            await self.keep(name, file)
            values = {
                "id": document_id,
                # Programs of before find a file by this alone.
                "sha256": name,
                "tenant": place.tenant,
                "collection": place.collection,
                "filename": file.name,
                "content_type": file.kind.content_type,
                "bytes": len(file.body),
                "embedding_model": self._model,
                "metadata": metadata,
                **(origin.columns() if origin else {}),
            }
            document = await self._repository.start(connection, values)
            job = await begin(connection, "ingest", document)
        log.info("document.accepted", document_id=document_id, job_id=job.id, bytes=len(file.body))
        return Accepted(document, job, True)

    async def keep(self, name: str, file: File) -> None:
        """Write a file to S3."""
        with self._metrics.stage("ingest", "s3"):
            await self._store.put(f"documents/{name}", file.body, file.kind.content_type)

    async def _known(self, name: str, connection: AsyncConnection) -> Accepted | None:
        """The document that has a file, or is about to have it."""
        holder = await self._versions.holder(connection, name)
        document = await self._repository.known(holder, connection) if holder else None
        if document is None:
            return None
        current = document.sha256 == name.rpartition("/")[2]
        if current and document.status == "ready":
            return Accepted(document, None, False)
        job = await self._jobs.live(document.id, connection)
        return Accepted(document, job, False) if job else None

    async def _free_id(
        self, connection: AsyncConnection, place: Place, content_id: str, name: str
    ) -> str:
        """The id of the document that a file is to be; the transaction has the lock of it."""
        # One that failed, or is being deleted: it is taken in again.
        if own := await self._repository.by_file(name, connection):
            await self._repository.lock(connection, own.id)
            return own.id
        if await self._repository.known(content_id, connection) is None:
            return content_id
        # The document with this id has another file by now.
        return id_of(place.tenant, place.collection, uuid.uuid4().hex)


def key_of(document_id: str, sha256: str) -> str:
    """Where S3 keeps a document's file."""
    return f"documents/{file_of(document_id, sha256)}"


def name_of(filename: str) -> str:
    """The last part of a client's path, without control characters, at most 255 long."""
    name = PurePath(filename.replace("\\", "/")).name
    return "".join(c for c in name if c.isprintable())[:255] or "document"
