"""Answer a question from the documents, or refuse."""

import hashlib

import structlog

from rag.adapters.protocols import AnswerCache, AnswerModel, Embedder
from rag.ask.extract import Extractor
from rag.ask.generate import generate
from rag.ask.repository import SearchRepository
from rag.ask.retrieval import Retriever
from rag.ask.schemas import Answer
from rag.errors import DependencyError
from rag.metrics import Metrics

log = structlog.get_logger(__name__)


class AskService:
    """Extractive by itself; with a model it writes the answer from the same passages."""

    def __init__(
        self,
        repository: SearchRepository,
        retriever: Retriever,
        embedder: Embedder,
        cache: AnswerCache,
        extractor: Extractor,
        model: AnswerModel | None,
        metrics: Metrics,
        *,
        writer: str,
    ) -> None:
        """writer: who writes the answers, as one tells cached answers apart."""
        self._repository = repository
        self._retriever = retriever
        self._embedder = embedder
        self._cache = cache
        self._extractor = extractor
        self._model = model
        self._metrics = metrics
        self._writer = writer

    async def ask(self, question: str) -> Answer:
        """Answer with citations, or refuse; raises DependencyError."""
        key = self._key(question, await self._repository.version())
        if (cached := await self._cache.get(key)) is not None:
            self._metrics.cache.labels("hit").inc()
            answer, source = Answer.model_validate_json(cached), "cache"
        else:
            self._metrics.cache.labels("miss").inc()
            answer, source = await self._answer(question)
            # A stand-in for a model that failed must not outlive the failure.
            if source != "fallback":
                await self._cache.put(key, answer.model_dump_json().encode())
        outcome = "refused" if answer.refused else "answered"
        self._metrics.answers.labels(outcome, source).inc()
        log.info("ask", outcome=outcome, source=source, citations=len(answer.citations))
        return answer

    async def _answer(self, question: str) -> tuple[Answer, str]:
        with self._metrics.stage("ask", "embed"):
            [vector] = await self._embedder.embed([question])
        stems = await self._repository.stems(question)
        passages = await self._retriever.find(vector, stems)
        if not passages:
            return Answer.refusal(), "none"
        source = "extract"
        if self._model:
            try:
                with self._metrics.stage("ask", "generate"):
                    return await generate(self._model, question, passages), "model"
            except DependencyError as error:
                log.warning("ask.model_failed", reason=error.detail)
                source = "fallback"
        with self._metrics.stage("ask", "ground"):
            return await self._extractor.answer(question, vector, stems, passages), source

    def _key(self, question: str, version: int) -> str:
        parts = (question.casefold(), str(version), self._embedder.model_id, self._writer)
        return "rag:answer:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()
