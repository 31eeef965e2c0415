"""New versions of documents: the file is made safe, and a job lets it take the old one's place."""

from collections.abc import Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from rag.access.scope import Scope
from rag.access.space import content_id as content_of
from rag.access.space import file_of
from rag.adapters.protocols import ObjectStore
from rag.documents.intake import Accepted, Begin, File, Intake
from rag.documents.repository import DocumentRepository
from rag.documents.schemas import ChunkPage, Document, DocumentVersion
from rag.documents.versions import VersionRepository
from rag.errors import (
    BusyError,
    ConflictError,
    FileGoneError,
    NotFoundError,
    PreconditionError,
)
from rag.jobs.repository import JobRepository
from rag.jobs.schemas import Job, Kind
from rag.jobs.watch import JobWatch

log = structlog.get_logger(__name__)

_SUPERSEDED = "a newer version of the document took its place"
_GIVING_WAY = ("replace", "reindex")
"""Jobs that a new version makes needless."""


class Replacing:
    """Until the new version is ready, questions find the old one; if it fails, they go on so."""

    def __init__(
        self,
        repository: DocumentRepository,
        versions: VersionRepository,
        jobs: JobRepository,
        watch: JobWatch,
        store: ObjectStore,
        intake: Intake,
        queued: Callable[[], None],
    ) -> None:
        """queued: tells this process's worker of a new job."""
        self._repository = repository
        self._versions = versions
        self._jobs = jobs
        self._watch = watch
        self._store = store
        self._intake = intake
        self._queued = queued

    async def accept(
        self,
        scope: Scope,
        document_id: str,
        filename: str,
        content_type: str,
        body: bytes,
        if_match: str | None,
    ) -> Accepted:
        """Take a new version of a document in.

        if_match: the header: checksums of files, one of which must be the document's.
        Raises NotFoundError, ConflictError, PreconditionError, TooLargeError,
        UnsupportedTypeError, UnreadableError, BusyError or DependencyError.
        """
        file = self._intake.file(filename, content_type, body)

        async def begin(connection: AsyncConnection, kind: Kind, document: Document) -> Job:
            return await self._jobs.add(
                connection,
                kind,
                document.id,
                file.name,
                len(file.body),
                tenant=scope.tenant,
                collection=document.collection,
            )

        accepted = await self.replace(scope, document_id, file, begin, if_match=if_match)
        if accepted.created:
            self._watch.nudge()
            self._queued()
        return accepted

    async def replace(
        self,
        scope: Scope,
        document_id: str,
        file: File,
        begin: Begin,
        *,
        if_match: str | None = None,
        tag: str | None = None,
    ) -> Accepted:
        """Make the file safe as the next version, under a job that `begin` makes.

        tag: the state of the source that it was fetched in.
        """
        content_id = content_of(document_id, file.sha256)
        name = file_of(document_id, file.sha256)
        async with self._repository.exclusive(content_id) as connection:
            await self._repository.lock(connection, document_id)
            document = await self._repository.get(scope, document_id, connection)
            if document is None:
                raise _unknown(document_id)
            live = await self._jobs.live(document_id, connection)
            waiting = await self._versions.waiting(document_id, connection)
            if live and waiting and waiting.sha256 == name:
                return Accepted(document, live, False)
            _check(document, live, if_match)
            if live:
                await self._jobs.cancel(connection, document_id, _SUPERSEDED)
            if document.status == "ready" and document.sha256 == file.sha256:
                # Back to what counts: what waited is not wanted any more.
                await self._versions.drop(connection, document_id)
                return Accepted(document, None, False)
            holder = await self._versions.holder(connection, name)
            if holder not in (None, document_id):
                raise ConflictError(f"the collection has this content already: document {holder}")
            await self._intake.keep(name, file)
            await self._versions.loosen(connection, name, content_id)
            values = {
                "version": document.version + 1,
                "sha256": name,
                "filename": file.name,
                "content_type": file.kind.content_type,
                "bytes": len(file.body),
                "source_tag": tag,
            }
            await self._versions.put(connection, document_id, values)
            job = await begin(connection, "replace", document)
        log.info("version.accepted", document_id=document_id, job_id=job.id)
        return Accepted(document, job, True)

    async def listed(self, scope: Scope, document_id: str) -> list[DocumentVersion]:
        """The versions of a document, the newest first. Raises NotFoundError."""
        return await self._versions.listed(await self._known(scope, document_id))

    async def passages(
        self, scope: Scope, document_id: str, version: int, after: str | None, limit: int
    ) -> ChunkPage:
        """The chunks of any version. Raises NotFoundError, FileGoneError, InvalidRequestError."""
        document = await self._known(scope, document_id)
        if version == document.version:
            return await self._repository.passages(document_id, after, limit)
        if found := await self._versions.passages(document_id, version, after, limit):
            return found
        if version < document.version:
            raise FileGoneError("this version of the document is not kept any more")
        raise NotFoundError(f"the document has no version {version} yet")

    async def sweep(self) -> None:
        """Remove files that are no document's any more."""
        for name, content_id in await self._versions.loose():
            try:
                async with self._repository.exclusive(content_id) as connection:
                    if await self._versions.holder(connection, name) is None:
                        await self._store.delete(f"documents/{name}")
                    elif await self._repository.by_file(name, connection) is None:
                        continue  # a version waits with it
                    await self._versions.tighten(connection, name)
            except BusyError:
                log.info("version.not_swept", content_id=content_id)

    async def _known(self, scope: Scope, document_id: str) -> Document:
        if document := await self._repository.get(scope, document_id):
            return document
        raise _unknown(document_id)


def _check(document: Document, live: Job | None, if_match: str | None) -> None:
    if document.status == "deleting":
        raise ConflictError("the document is being deleted")
    if if_match is not None and not _matches(if_match, document.sha256):
        raise PreconditionError("the document has another file by now than If-Match names")
    if live and live.kind not in _GIVING_WAY:
        raise ConflictError("the document is being read for the first time; try later")
    if live and live.kind == "replace" and if_match is not None:
        raise ConflictError("another new version of the document is being read")


def _matches(header: str, sha256: str) -> bool:
    """Whether an If-Match names a file; weak tags never match (RFC 9110)."""
    given = [each.strip() for each in header.split(",")]
    return "*" in given or f'"{sha256}"' in given


def _unknown(document_id: str) -> NotFoundError:
    return NotFoundError(f"there is no document {document_id[:64]!r}")
