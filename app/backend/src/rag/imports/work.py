"""Jobs of imports: fetch a file, and become the job that reads it; or find files by a prefix."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from rag.access.scope import Scope
from rag.adapters.s3_source import S3Object, S3Source
from rag.adapters.web import Web
from rag.documents.ingestion import Ingestion, LostLeaseError
from rag.documents.intake import Accepted, File, Intake, Origin, name_of
from rag.documents.replacing import Replacing
from rag.documents.repository import DocumentRepository
from rag.documents.schemas import Document
from rag.errors import BusyError, ConflictError, DisabledError, InvalidRequestError
from rag.imports import naming
from rag.imports.repository import ImportRepository, Item, Task
from rag.ingest.formats import check_name
from rag.jobs.leases import Leased, LeaseRepository
from rag.jobs.repository import JobRepository
from rag.jobs.schemas import Job, Kind
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

KINDS = ("import", "list")
_PAGE = 100
_PAUSE_SECONDS = 2.0
_DOWNLOAD = 0.02


class Importing:
    """Runs the jobs. web: None where no URL is fetched."""

    def __init__(
        self,
        repository: ImportRepository,
        documents: DocumentRepository,
        jobs: JobRepository,
        leases: LeaseRepository,
        intake: Intake,
        replacing: Replacing,
        ingestion: Ingestion,
        web: Web | None,
        source: S3Source,
        metrics: Metrics,
        *,
        most_waiting: int,
        most_objects: int,
    ) -> None:
        """most_waiting: files of the queue beyond which a list waits; most_objects: of a list."""
        self._repository = repository
        self._documents = documents
        self._jobs = jobs
        self._leases = leases
        self._intake = intake
        self._replacing = replacing
        self._ingestion = ingestion
        self._web = web
        self._source = source
        self._metrics = metrics
        self._most_waiting = most_waiting
        self._most_objects = most_objects

    async def run(self, job: Leased) -> None:
        """Do the job. Raises LostLeaseError, RagError or DependencyError."""
        task = await self._repository.task(job.id)
        if task is None:
            raise ConflictError("the import is gone")
        if job.kind == "list":
            await self._list(job)
            return
        job.reach("download", _DOWNLOAD)
        with self._metrics.stage("import", "download"):
            file, origin = await self._download(task)
        if await self._hand_over(job, task, file, origin):
            structlog.contextvars.bind_contextvars(document_id=job.document_id)
            await self._ingestion.run(job)

    async def _download(self, task: Task) -> tuple[File, Origin]:
        if task.bucket:
            # Most objects of a bucket may be pictures: none is read in vain.
            name = PurePosixPath(task.source).name
            check_name(name)
            read = await self._source.read(task.bucket, task.source, task.most_bytes)
            file = self._intake.file(name, read.content_type, read.body)
            return file, _origin(f"s3://{task.bucket}/{task.source}", read.tag)
        if self._web is None:
            raise DisabledError("imports of URLs are switched off (IMPORT_URLS)")
        fetched = await self._web.fetch(task.source, task.most_bytes)
        file = self._intake.file(naming.name_of(fetched), fetched.content_type, fetched.body)
        return file, _origin(task.source, None)

    async def _hand_over(self, job: Leased, task: Task, file: File, origin: Origin) -> bool:
        """Make the file safe under the job; false where nothing is left to do."""

        async def begin(connection: AsyncConnection, kind: Kind, document: Document) -> Job:
            if not await self._leases.hold(connection, job):
                raise LostLeaseError
            await self._leases.become(
                connection,
                job,
                kind,
                document_id=document.id,
                filename=file.name,
                size=len(file.body),
            )
            found = await self._jobs.lock(connection, job.id)
            if found is None:
                raise LostLeaseError
            return found

        place = task.place
        known = await self._documents.by_source(place.tenant, place.collection, origin.key)
        if known and known.sha256 != file.sha256:
            # The source has changed: that is a new version of the same document.
            scope = Scope(place.tenant)
            accepted = await self._replacing.replace(scope, known.id, file, begin, tag=origin.tag)
        else:
            accepted = await self._intake.take(place, file, task.metadata, begin, origin)
        if accepted.created:
            return True
        if accepted.job:
            raise BusyError("the same file is being taken in by another job")
        await self._is_there(job, accepted, origin)
        return False

    async def _is_there(self, job: Leased, accepted: Accepted, origin: Origin) -> None:
        """End a job whose file was there already."""
        document = accepted.document
        async with self._repository.begin() as connection:
            if not await self._leases.hold(connection, job):
                raise LostLeaseError
            await self._documents.note(connection, document.id, origin.columns())
            await self._leases.succeed(connection, job)
            await self._jobs.point(
                connection, job.id, document_id=document.id, filename=document.filename
            )
        job.settled = True

    async def _list(self, job: Leased) -> None:
        """Queue a job for each object that is new or has changed, a page at a time.

        A page and the place in the list where it ends are one transaction: whoever takes the job
        over goes on there.
        """
        job.reach("list", _DOWNLOAD)
        while True:
            task = await self._repository.task(job.id)
            if task is None or task.bucket is None:
                raise ConflictError("the import is gone")
            room = self._most_waiting - await self._repository.waiting()
            if room <= 0:
                await self._leases.pause(job, _PAUSE_SECONDS)
                job.settled = True
                return
            objects, more = await self._source.page(
                task.bucket, task.prefix, task.position, min(room, _PAGE)
            )
            new = await self._new(task, task.bucket, objects)
            if task.found + len(new) > self._most_objects:
                raise InvalidRequestError(
                    f"an import may have {self._most_objects} files: give a longer prefix"
                )
            files = sum(not each.key.endswith("/") for each in objects)
            async with self._repository.begin() as connection:
                if not await self._leases.hold(connection, job):
                    raise LostLeaseError
                await self._repository.queue(connection, task.import_id, task.place, "import", new)
                position = objects[-1].key if objects else task.position
                skipped = files - len(new)
                await self._repository.advance(
                    connection, task.import_id, position, len(new), skipped
                )
                await self._leases.begin_anew(connection, job)
                if not more:
                    await self._leases.succeed(connection, job)
            if not more:
                job.settled = True
                return

    async def _new(self, task: Task, bucket: str, objects: Sequence[S3Object]) -> list[Item]:
        found = [each for each in objects if not each.key.endswith("/")]
        keys = {each.key: _origin(f"s3://{bucket}/{each.key}", each.tag).key for each in found}
        known = await self._repository.tags(task.place, list(keys.values()))
        return [
            Item(name_of(each.key), each.key, each.tag)
            for each in found
            if not each.tag or known.get(keys[each.key]) != each.tag
        ]


def _origin(source: str, tag: str | None) -> Origin:
    """Where a file is from; a URL's query may be a secret, and tells sources apart all the same."""
    shown = source if source.startswith("s3://") else str(URL(source).with_query(None))
    return Origin(shown[:2048], hashlib.sha256(source.encode()).hexdigest(), tag)
