"""Begin, show and end imports: what is fetched is fetched by workers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

import structlog

from rag.access.scope import Principal, Scope
from rag.adapters.addresses import Policy
from rag.documents.intake import Place, name_of
from rag.documents.service import DocumentService
from rag.errors import (
    ConflictError,
    DisabledError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RefusedUrlError,
)
from rag.imports.buckets import Buckets
from rag.imports.repository import ImportRepository, Item
from rag.imports.schemas import Import, Imported, ImportPage, ImportRequest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be imported. urls: None where no URL is fetched; most: URLs of one import, bytes
    of a file.
    """

    urls: Policy | None
    buckets: Buckets
    most_urls: int
    most_bytes: int


class ImportService:
    """All is checked before anything is noted, but what a host's name stands for."""

    def __init__(
        self,
        repository: ImportRepository,
        documents: DocumentService,
        allowed: Allowed,
        queued: Callable[[], None],
    ) -> None:
        """queued: tells this process's worker of new jobs."""
        self._repository = repository
        self._documents = documents
        self._allowed = allowed
        self._queued = queued

    async def begin(self, caller: Principal, request: ImportRequest) -> Imported:
        """Queue what a client asks for.

        Raises DisabledError, ForbiddenError, RefusedUrlError, InvalidRequestError or
        DependencyError.
        """
        place = Place(caller.scope.tenant, caller.scope.target(request.collection))
        most = caller.most_bytes or self._allowed.most_bytes
        items = self._items(request.urls or [])
        if request.s3:
            self._check(place.tenant, request.s3.bucket, request.s3.prefix)
        found, jobs = await self._repository.add(
            place,
            request.metadata,
            most_bytes=min(most, self._allowed.most_bytes),
            created_by=caller.id,
            s3=request.s3,
            items=items,
        )
        log.info("import.begun", import_id=found.id, urls=len(items))
        self._queued()
        return Imported(**found.model_dump(), jobs=jobs)

    async def get(self, scope: Scope, import_id: str) -> Import:
        """An import by id; raises NotFoundError."""
        if found := await self._repository.get(scope, import_id):
            return found
        raise NotFoundError(f"there is no import {import_id[:64]!r}")

    async def page(self, scope: Scope, after: str | None, limit: int) -> ImportPage:
        """Imports, the newest first. Raises InvalidRequestError."""
        return await self._repository.page(scope, after, limit)

    async def cancel(self, scope: Scope, import_id: str) -> Import:
        """End what waits or runs of an import; what is there already stays."""
        await self.get(scope, import_id)
        for job_id in await self._repository.live(import_id):
            try:
                await self._documents.cancel(scope, job_id)
            except (ConflictError, NotFoundError):
                # It has just ended by itself.
                log.info("import.job_has_ended", job_id=job_id)
        return await self.get(scope, import_id)

    def _items(self, urls: list[str]) -> list[Item]:
        if not urls:
            return []
        if self._allowed.urls is None:
            raise DisabledError("imports of URLs are switched off (IMPORT_URLS)")
        if len(urls) > self._allowed.most_urls:
            raise InvalidRequestError(f"urls: an import may have {self._allowed.most_urls}")
        items = []
        for number, each in enumerate(dict.fromkeys(urls)):
            try:
                url = self._allowed.urls.checked(each)
            except RefusedUrlError as error:
                raise RefusedUrlError(f"urls.{number}: {error.detail}") from None
            # The path alone: what stands after it may be a secret.
            name = PurePosixPath(unquote(url.path)).name or url.host or ""
            items.append(Item(name_of(name), str(url)))
        return items

    def _check(self, tenant: str, bucket: str, prefix: str) -> None:
        if not self._allowed.buckets.allowed:
            raise DisabledError("imports from S3 are switched off (IMPORT_BUCKETS)")
        if not self._allowed.buckets.permits(tenant, bucket, prefix):
            raise ForbiddenError("this bucket and prefix may not be imported (IMPORT_BUCKETS)")
