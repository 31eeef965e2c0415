"""A change of the embedding model, step by step, while programs with the old one serve."""

import asyncio

import structlog

from rag.adapters.milvus import MilvusIndex
from rag.errors import DependencyError
from rag.vectors.filling import Filling
from rag.vectors.repository import IndexRepository

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 0.5
"""Between two looks where another process works on the same."""


class RefusedError(Exception):
    """The change cannot be made like this; the text says why."""


class Change:
    """To `model`, whose vectors go to `collection`. Each step may be repeated."""

    def __init__(
        self,
        repository: IndexRepository,
        index: MilvusIndex,
        filling: Filling,
        model: str,
        collection: str,
    ) -> None:
        self._repository = repository
        self._index = index
        self._filling = filling
        self._model = model
        self._collection = collection
        self._done = 0
        self._again = False

    async def begin(self) -> None:
        """Note the new index, and that of before. Raises RefusedError or DependencyError."""
        place = await self._index.place()
        await self._index.verify(self._collection)
        async with self._repository.alone() as connection:
            kept = await self._repository.all(connection)
            if not kept:
                before = await self._repository.foreign(connection, self._model)
                if before is None:
                    raise RefusedError(
                        "no document has vectors of another model: start the program with this one"
                    )
                await self._repository.add(connection, before, place, "active")
                kept = await self._repository.all(connection)
            taken = {each.collection: each.model for each in kept if each.model != self._model}
            if owner := taken.get(self._collection):
                raise RefusedError(f"collection {self._collection} has the vectors of {owner}")
            mine = next((each for each in kept if each.model == self._model), None)
            if mine is None:
                await self._repository.add(connection, self._model, self._collection, "building")
            elif mine.collection != self._collection:
                if mine.state == "active":
                    raise RefusedError(
                        f"collection {mine.collection} has this model's vectors, and is in use"
                    )
                await self._repository.begin_anew(connection, self._model, self._collection)
        self._index.use(self._collection)
        log.info("reembed.begun", model=self._model, collection=self._collection)

    async def fill(self) -> bool:
        """Make some vectors; false when none were missing. Raises DependencyError."""
        done = await self._filling.step()
        if done is None:
            await asyncio.sleep(_PAUSE_SECONDS)
            return True
        if done:
            self._done += done
            left = await self._repository.count_missing(self._model)
            log.info("reembed.progress", documents=self._done, left=left)
        return done > 0

    async def finish(self) -> bool:
        """Count, and switch; false where all has to be filled again, as vectors were lost.

        Raises RefusedError or DependencyError.
        """
        async with self._repository.turn(self._model) as mine:
            if not mine:
                raise DependencyError("embeddings", "another process fills the same index")
            expected, found = (
                await self._repository.expected(self._model),
                await self._index.count(),
            )
        if found != expected:
            log.warning("reembed.miscounted", vectors=found, expected=expected)
            if self._again:
                raise RefusedError(
                    f"collection {self._collection} has {found} vectors in place of {expected}:"
                    " begin with an empty one"
                )
            self._again = True
            async with self._repository.alone() as connection:
                await self._repository.begin_anew(connection, self._model, self._collection)
            return False
        await self._index.check()
        async with self._repository.alone() as connection:
            await self._repository.activate(connection, self._model)
        log.info("reembed.switched", model=self._model, vectors=found)
        try:
            await self._index.move(self._collection)
        except DependencyError as error:
            # Programs find their collection by the model. The alias tells the platform's role.
            log.warning("reembed.alias_stays", reason=error.detail)
        return True
