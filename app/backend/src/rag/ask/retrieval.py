"""Find passages: nearest by meaning and best by words, fused by score."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.adapters.protocols import Vector, VectorIndex
from rag.ask.repository import Passage, SearchRepository
from rag.metrics import Metrics

Found = tuple[str, float]
"""The id of a chunk, and its score; 0 and less count for nothing."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Two rankings as one: each adds its weight times the share of its best score.

    Scores tell more than ranks do: a leg that found one thing and then nothing like it says so.
    """

    dense: float
    lexical: float

    def fuse(self, dense: Sequence[Found], lexical: Sequence[Found]) -> list[str]:
        """Ids that stand high in any of the two, best first."""
        scores: dict[str, float] = {}
        for weight, ranking in ((self.dense, dense), (self.lexical, lexical)):
            best = max((score for _item, score in ranking), default=0.0)
            for item, score in ranking:
                share = max(score, 0.0) / best if best > 0 else 0.0
                scores[item] = scores.get(item, 0.0) + weight * share
        return sorted(scores, key=lambda item: (-scores[item], item))


class Retriever:
    """Dense and lexical search at once."""

    def __init__(
        self,
        repository: SearchRepository,
        index: VectorIndex,
        fusion: Fusion,
        metrics: Metrics,
        *,
        candidates: int,
        keep: int,
    ) -> None:
        self._repository = repository
        self._index = index
        self._fusion = fusion
        self._metrics = metrics
        self._candidates = candidates
        self._keep = keep

    async def find(self, vector: Vector, stems: Mapping[str, int]) -> list[Passage]:
        """The passages most likely to answer, best first; stems of the question with counts."""
        with self._metrics.stage("ask", "search"):
            dense, lexical = await asyncio.gather(
                self._index.search(vector, self._candidates),
                self._repository.search(stems, self._candidates),
            )
            ids = self._fusion.fuse(dense, lexical)
            # PostgreSQL decides what exists: a vector may outlive its document shortly.
            found = await self._repository.passages(ids[: self._keep * 2])
        return found[: self._keep]
