"""Find passages: nearest by meaning and best by words, fused by rank."""

import asyncio
from collections.abc import Sequence

from rag.adapters.protocols import Vector, VectorIndex
from rag.ask.repository import Passage, SearchRepository
from rag.metrics import Metrics

_RRF_K = 60


def fuse(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Reciprocal rank fusion: ids that stand high in any of `rankings`, best first."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (_RRF_K + rank)
    return sorted(scores, key=lambda item: (-scores[item], item))


class Retriever:
    """Dense and lexical search at once."""

    def __init__(
        self,
        repository: SearchRepository,
        index: VectorIndex,
        metrics: Metrics,
        *,
        candidates: int,
        keep: int,
    ) -> None:
        self._repository = repository
        self._index = index
        self._metrics = metrics
        self._candidates = candidates
        self._keep = keep

    async def find(self, vector: Vector, lexemes: Sequence[str]) -> list[Passage]:
        """The passages most likely to answer, best first."""
        with self._metrics.stage("ask", "search"):
            dense, words = await asyncio.gather(
                self._index.search(vector, self._candidates),
                self._repository.search(lexemes, self._candidates),
            )
            ids = fuse([[item for item, _cosine in dense], words])
            # PostgreSQL decides what exists: a vector may outlive its document shortly.
            found = await self._repository.passages(ids[: self._keep * 2])
        return found[: self._keep]
