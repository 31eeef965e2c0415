"""Whose vectors are where: the collection with those of this process's model, and no other's."""

from rag.adapters.milvus import MilvusIndex
from rag.errors import DependencyError
from rag.vectors.repository import IndexRepository, Kept

REMEDY = "re-embed them first (python -m rag.reembed)"


class MismatchError(DependencyError):
    """The index holds no, or not yet all, vectors of this process's model."""

    def __init__(self, detail: str) -> None:
        super().__init__("embeddings", detail)


class Standing:
    """Finds the collection by the model. Vectors of two models are never compared: a process whose
    model has no index serves nothing, and one whose index was retired goes on with it.
    """

    def __init__(self, repository: IndexRepository, index: MilvusIndex, model: str) -> None:
        """index: is told its collection; model: that of this process's embedder."""
        self._repository = repository
        self._index = index
        self._model = model
        self._known = False
        self._whole = False

    async def ensure(self) -> None:
        """Know the collection. Raises MismatchError or DependencyError."""
        if not self._known:
            await self._look()

    async def check(self) -> None:
        """Look again, and raise MismatchError until the index was seen with all documents once.

        Raises DependencyError where a server behind it does not answer.
        """
        kept = await self._look()
        place = await self._index.place()
        if (mine := _of(kept, self._model)) and _moved(mine, kept, place):
            kept = await self._settle(place)
            self._serve(kept)
        if self._whole:
            return
        # Without another model's index, nobody takes in documents that this one lacks.
        if len(kept) > 1 and (left := await self._repository.count_missing(self._model)):
            raise MismatchError(f"{left} documents still wait for vectors of {self._model}")
        self._whole = True

    async def _look(self) -> list[Kept]:
        """Know the collection now; only for the very first index has Milvus to be asked."""
        kept = await self._repository.all()
        if not kept:
            kept = await self._settle(await self._index.place())
        self._serve(kept)
        return kept

    def _serve(self, kept: list[Kept]) -> None:
        mine = _of(kept, self._model)
        if mine is None or mine.state == "building":
            self._known = False
            raise MismatchError(
                f"the index for {self._model} is being filled"
                if mine
                else f"the documents have vectors of {_current(kept)}, and this program's model is"
                f" {self._model}: {REMEDY}"
            )
        self._index.use(mine.collection)
        self._known = True

    async def _settle(self, place: str) -> list[Kept]:
        """Note this model's index where there is no other, or that its collection was replaced."""
        async with self._repository.alone() as connection:
            kept = await self._repository.all(connection)
            mine = _of(kept, self._model)
            if mine is None and not kept:
                foreign = await self._repository.foreign(connection, self._model)
                if foreign:
                    return [Kept(foreign, place, "active")]
                await self._index.verify(place)
                await self._repository.add(connection, self._model, place, "active")
            elif mine and _moved(mine, kept, place):
                await self._index.verify(place)
                await self._repository.place(connection, self._model, place)
            return await self._repository.all(connection)


def _of(kept: list[Kept], model: str) -> Kept | None:
    return next((each for each in kept if each.model == model), None)


def _moved(mine: Kept, kept: list[Kept], place: str) -> bool:
    """Whether an operator moved the alias from the active index to a collection of nobody's."""
    return mine.state == "active" and place not in {each.collection for each in kept}


def _current(kept: list[Kept]) -> str:
    return next((each.model for each in kept if each.state == "active"), "another model")
