"""The vector index of this process's model."""

from collections.abc import Collection, Sequence

import structlog

from rag.adapters.milvus import MilvusIndex
from rag.adapters.protocols import Reach, Vector, VectorRow
from rag.errors import DependencyError
from rag.vectors.repository import IndexRepository
from rag.vectors.standing import Standing

log = structlog.get_logger(__name__)


class ModelIndex:
    """A `VectorIndex` that no vector of another model reaches: MismatchError comes before that."""

    def __init__(
        self, index: MilvusIndex, standing: Standing, repository: IndexRepository, model: str
    ) -> None:
        self._index = index
        self._standing = standing
        self._repository = repository
        self._model = model

    async def search(
        self,
        vector: Vector,
        limit: int,
        documents: Collection[str] | None = None,
        *,
        outside: bool = False,
        reach: Reach | None = None,
    ) -> list[tuple[str, float]]:
        """As `VectorIndex`."""
        await self._standing.ensure()
        return await self._index.search(vector, limit, documents, outside=outside, reach=reach)

    async def write(self, document_id: str, prefix: str, rows: Sequence[VectorRow]) -> None:
        """As `VectorIndex`."""
        await self._standing.ensure()
        await self._index.write(document_id, prefix, rows)

    async def prune(self, document_id: str, prefix: str) -> None:
        """As `VectorIndex`."""
        await self._standing.ensure()
        await self._index.prune(document_id, prefix)

    async def remove(self, document_id: str) -> None:
        """As `VectorIndex`, and from the indexes of other models, as long as they are there."""
        await self._standing.ensure()
        await self._index.remove(document_id)
        for kept in await self._repository.all():
            if kept.model == self._model:
                continue
            try:
                await self._index.remove(document_id, kept.collection)
            except DependencyError as error:
                # An operator drops a retired one when it is not needed any more.
                log.warning("vectors.left", collection=kept.collection, reason=error.detail)

    async def check(self) -> None:
        """As `VectorIndex`."""
        await self._index.check()

    async def close(self) -> None:
        """As `VectorIndex`."""
        await self._index.close()
