"""Passages in the order of a reranker, or as the searches found them where it fails."""

from collections.abc import Sequence

import structlog

from rag.adapters.protocols import Reranker
from rag.ask.repository import Passage
from rag.errors import DependencyError
from rag.metrics import Metrics

log = structlog.get_logger(__name__)


class Reranking:
    """Reads the first passages together with the question, if there is a reranker."""

    def __init__(self, reranker: Reranker | None, metrics: Metrics, *, passages: int) -> None:
        """passages: so many of the first ones are read; the others follow them as they were."""
        self._reranker = reranker
        self._metrics = metrics
        self._most = passages if reranker else 0

    @property
    def most(self) -> int:
        """So many passages are read; 0 without a reranker."""
        return self._most

    async def order(self, question: str, found: Sequence[Passage]) -> tuple[list[Passage], int]:
        """The passages, best first, and how many of them the reranker has read."""
        first, rest = list(found[: self._most]), list(found[self._most :])
        if self._reranker is None or len(first) < 2:
            return first + rest, 0
        texts = [_read(item) for item in first]
        try:
            with self._metrics.stage("ask", "rerank"):
                scores = await self._reranker.scores(question, texts)
        except DependencyError as error:
            # The searches' own order is an answer, too, and nobody waits any longer.
            self._metrics.reranks.labels("failed").inc()
            log.warning("rerank.failed", reason=error.detail)
            return first + rest, 0
        self._metrics.reranks.labels("done").inc()
        # The sort is stable: of equal ones, that which the searches put first.
        places = sorted(range(len(first)), key=lambda place: -scores[place])
        return [first[place] for place in places] + rest, len(first)


def _read(item: Passage) -> str:
    return f"{item.heading}\n{item.text}" if item.heading else item.text
