"""Find passages: nearest by meaning and best by words, fused by score."""

import asyncio
import time
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field

from rag.access.scope import Scope
from rag.adapters.protocols import Vector, VectorIndex
from rag.ask.filters import Within
from rag.ask.fusion import Found, Fusion
from rag.ask.repository import Passage, SearchRepository
from rag.ask.reranking import Reranking
from rag.ask.terms import Terms
from rag.languages.detect import DEFAULT
from rag.metrics import Metrics

_FOREIGN = 0.1
"""The part of its weight that meaning has where the model has not learnt the language."""


@dataclass(slots=True)
class Ranking:
    """What both searches found, and both as one; `seconds` by stage."""

    dense: list[Found] = field(default_factory=list)
    lexical: list[Found] = field(default_factory=list)
    fused: list[Found] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Retriever:
    """Dense and lexical search at once.

    For a question in a language that the embedding model has not learnt, words decide.
    """

    def __init__(
        self,
        repository: SearchRepository,
        index: VectorIndex,
        fusion: Fusion,
        metrics: Metrics,
        *,
        candidates: int,
        keep: int,
        learnt: Collection[str] = (DEFAULT,),
        reranking: Reranking | None = None,
    ) -> None:
        """learnt: the embedding model's languages."""
        self._reranking = reranking or Reranking(None, metrics, passages=0)
        self._repository = repository
        self._index = index
        self._fusion = fusion
        self._metrics = metrics
        self._candidates = candidates
        self._keep = keep
        self._learnt = learnt

    async def find(
        self, scope: Scope, vector: Vector, stems: Terms, *, question: str = ""
    ) -> list[Passage]:
        """The passages most likely to answer, best first; `stems`: the question's terms.

        question: in its words, for a reranker; without them there is none.
        """
        with self._metrics.stage("ask", "search"):
            version = await self._repository.version()
            found, gone = await self._look(scope, vector, stems)
            if gone and await self._repository.version() != version:
                # What was found first was replaced before it was read, as a reindex does.
                found, _gone = await self._look(scope, vector, stems)
        if question:
            found, _read = await self._reranking.order(question, found)
        return found[: self._keep]

    async def _look(self, scope: Scope, vector: Vector, stems: Terms) -> tuple[list[Passage], bool]:
        """The best passages, and whether some that were found are gone."""
        within = await self._repository.within(scope)
        ranking = await self.rank(vector, stems, within=within)
        ids = [item for item, _score in ranking.fused]
        # PostgreSQL decides what exists: a vector may outlive its document shortly.
        found: list[Passage] = []
        looked, most = 0, max(self._keep, self._reranking.most)
        while looked < len(ids) and len(found) < most:
            found += await self._repository.passages(scope, ids[looked : looked + most * 2])
            looked += most * 2
        return found[:most], len(found) < min(looked, len(ids))

    async def rank(
        self,
        vector: Vector,
        stems: Terms,
        *,
        within: Within | None = None,
        least: int = 0,
    ) -> Ranking:
        """Chunks by both searches, each of which finds at least `least`; only `within`."""
        limit = max(self._candidates, least)
        ranking = Ranking()
        documents, reach = (within.documents, within.reach) if within else (None, None)
        if within and reach and not within.outside:
            # These are all that is within reach, which is said in fewer words.
            documents = None

        async def timed(stage: str, search: Awaitable[list[Found]]) -> list[Found]:
            start = time.perf_counter()
            with self._metrics.stage("retrieve", stage):
                found = await search
            ranking.seconds[stage] = time.perf_counter() - start
            return found

        if within and within.documents == () and not within.outside:
            return ranking
        outside = within.outside if within else False
        ranking.dense, ranking.lexical = await asyncio.gather(
            timed(
                "dense",
                self._index.search(vector, limit, documents, outside=outside, reach=reach),
            ),
            timed("lexical", self._repository.search(stems, limit, within)),
        )
        learnt = stems.language is None or stems.language in self._learnt
        ranking.fused = self._fusion.scored(
            ranking.dense, ranking.lexical, meaning=1 if learnt else _FOREIGN
        )
        return ranking
