"""Vectors of documents that an index lacks, made from the texts in PostgreSQL."""

import asyncio

import structlog

from rag.adapters.milvus import MilvusIndex
from rag.adapters.protocols import Embedder, Vector, VectorRow
from rag.errors import DependencyError
from rag.vectors.repository import IndexRepository, Lacking, Text

log = structlog.get_logger(__name__)

_DOCUMENTS = 20
"""Documents of a step, after which a process that is told to end may."""
_TEXTS = 64


class Filling:
    """Brings the index of one model up to date. What was done stays done, whatever ends it."""

    def __init__(self, repository: IndexRepository, index: MilvusIndex, embedder: Embedder) -> None:
        """index: knows its collection already."""
        self._repository = repository
        self._index = index
        self._embedder = embedder
        self._model = embedder.model_id
        self._after = ""
        self._seen: int | None = None

    async def follow(self) -> None:
        """Do what others brought since, if anything; costs one row where nothing did.

        Raises DependencyError.
        """
        version = await self._repository.version()
        if version == self._seen:
            return
        while done := await self.step():
            log.info("vectors.followed", documents=done)
        if done == 0:
            self._seen = version

    async def step(self) -> int | None:
        """Do some documents; returns how many, 0 if none is left, None if another process does.

        Raises DependencyError.
        """
        async with self._repository.turn(self._model) as mine:
            if not mine:
                return None
            found = await self._repository.missing(self._model, self._after, _DOCUMENTS)
            if not found and self._after:
                # Others may have come behind where the last pass was.
                found = await self._repository.missing(self._model, "", _DOCUMENTS)
            for lacking in found:
                try:
                    await self._embed(lacking)
                except DependencyError:
                    log.warning("vectors.not_made", document_id=lacking.id)
                    raise
            self._after = found[-1].id if found else ""
            gone = await self._repository.gone(self._model, _DOCUMENTS)
            for document_id in gone:
                await self._index.remove(document_id)
                await self._repository.forget(self._model, document_id)
            return len(found) + len(gone)

    async def _embed(self, lacking: Lacking) -> None:
        texts = await self._repository.texts(lacking.id, lacking.prefix)
        if not texts:
            return  # replaced or deleted since; the next pass sees it
        # Before there is a vector: what is left of a deleted document is found by this.
        await self._repository.claim(self._model, lacking.id)
        for start in range(0, len(texts), _TEXTS):
            part = texts[start : start + _TEXTS]
            # Two calls, as a model on this machine computes two texts at a time.
            half = (len(part) + 1) // 2
            made = await asyncio.gather(
                *(
                    self._embedder.embed([each.context for each in some])
                    for some in (part[:half], part[half:])
                    if some
                )
            )
            vectors = [vector for some in made for vector in some]
            await self._index.fill(_rows(lacking.id, part, vectors))
        if lacking.known:
            await self._index.prune(lacking.id, lacking.prefix)
        await self._repository.note(self._model, lacking.id, lacking.prefix, len(texts))


def _rows(document_id: str, texts: list[Text], vectors: list[Vector]) -> list[VectorRow]:
    return [
        VectorRow(each.id, document_id, each.page, each.ordinal, vector)
        for each, vector in zip(texts, vectors, strict=True)
    ]
