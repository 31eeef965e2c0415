"""Search: the chunks that fit a query, with how each of the two searches ranks them."""

import time

import structlog

from rag.access.scope import Scope
from rag.adapters.protocols import Embedder
from rag.ask.fusion import Found
from rag.ask.hits import Debug, Hit, Ranks, Scores, SearchRequest, SearchResult
from rag.ask.repository import Passage, SearchRepository
from rag.ask.reranking import Reranking
from rag.ask.retrieval import Ranking, Retriever
from rag.languages.detect import Detector
from rag.metrics import Metrics

log = structlog.get_logger(__name__)


class SearchService:
    """What answers are made from, as it is found."""

    def __init__(
        self,
        repository: SearchRepository,
        retriever: Retriever,
        embedder: Embedder,
        metrics: Metrics,
        detector: Detector,
        reranking: Reranking,
    ) -> None:
        self._reranking = reranking
        self._repository = repository
        self._retriever = retriever
        self._embedder = embedder
        self._metrics = metrics
        self._detector = detector

    async def search(self, scope: Scope, request: SearchRequest) -> SearchResult:
        """Hits, best first; raises BusyError, FilterError, ForbiddenError or DependencyError."""
        clock = _Clock()
        scope = scope.narrowed(request.collections)
        within = await self._repository.within(scope, request.filter)
        clock.lap("filter")
        with self._metrics.stage("search", "embed"):
            vector = await self._embedder.question(request.query)
        clock.lap("embed")
        among = await self._repository.languages()
        language = self._detector.question(request.query, among)
        stems = await self._repository.stems(request.query, language, among)
        clock.lap("stems")
        version = await self._repository.version()
        for _ in range(2):
            with self._metrics.stage("search", "search"):
                # Some more: a vector may outlive its document shortly.
                most = request.limit * 2
                ranking = await self._retriever.rank(vector, stems, within=within, least=most)
            clock.seconds |= ranking.seconds
            clock.lap("searches")
            looked = max(request.limit * 2, self._reranking.most)
            ids = [item for item, _score in ranking.fused[:looked]]
            passages = await self._repository.passages(scope, ids)
            clock.lap("texts")
            passages, read = await self._reranking.order(request.query, passages)
            if self._reranking.most:
                clock.lap("rerank")
            hits = _hits(passages[: request.limit], ranking, debug=request.debug)
            # What was found first may have been replaced before it was read, as a reindex does.
            if len(hits) == min(request.limit, len(ranking.fused)):
                break
            if await self._repository.version() == version:
                break
        log.info("search", hits=len(hits))
        debug = _debug(ranking, clock, read if self._reranking.most else None)
        return SearchResult(hits=hits, debug=debug if request.debug else None)


def _hits(passages: list[Passage], ranking: Ranking, *, debug: bool) -> list[Hit]:
    best = dict(ranking.fused)
    dense, lexical = _placed(ranking.dense), _placed(ranking.lexical)
    nowhere = (None, None)
    found = []
    for item in passages:
        near, words = dense.get(item.chunk_id, nowhere), lexical.get(item.chunk_id, nowhere)
        found.append(
            Hit(
                chunk_id=item.chunk_id,
                document_id=item.document_id,
                filename=item.filename,
                content_type=item.content_type,
                page=item.page,
                heading=item.heading,
                text=item.text,
                start=item.start,
                end=item.end,
                score=round(best[item.chunk_id], 6),
                ranks=Ranks(dense=near[0], lexical=words[0]),
                scores=Scores(dense=near[1], lexical=words[1]) if debug else None,
            )
        )
    return found


class _Clock:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Note what has gone by since the last lap."""
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now


def _placed(ranking: list[Found]) -> dict[str, tuple[int | None, float | None]]:
    return {item: (place, score) for place, (item, score) in enumerate(ranking, 1)}


def _debug(ranking: Ranking, clock: _Clock, read: int | None) -> Debug:
    """read: how many passages a reranker has read; 0 if it failed, None if there is none."""
    return Debug(
        timings={stage: round(seconds * 1000, 2) for stage, seconds in clock.seconds.items()},
        found={
            "dense": len(ranking.dense),
            "lexical": len(ranking.lexical),
            "fused": len(ranking.fused),
        }
        | ({"reranked": read} if read is not None else {}),
    )
