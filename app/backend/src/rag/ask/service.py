"""Answer a question from the documents, or refuse."""

import hashlib
from collections.abc import Sequence

import structlog

from rag.adapters.protocols import AnswerCache, AnswerModel, Embedder, Excerpt, Vector
from rag.ask import grounding
from rag.ask.repository import Passage, SearchRepository
from rag.ask.retrieval import Retriever
from rag.ask.schemas import Answer, Citation
from rag.errors import DependencyError
from rag.metrics import Metrics
from rag.settings import Settings

log = structlog.get_logger(__name__)

REFUSAL = "The documents do not answer this question."
_MAX_SENTENCES = 40


class AskService:
    """Extractive by itself; with a model it writes the answer from the same passages."""

    def __init__(
        self,
        repository: SearchRepository,
        retriever: Retriever,
        embedder: Embedder,
        cache: AnswerCache,
        model: AnswerModel | None,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        self._repository = repository
        self._retriever = retriever
        self._embedder = embedder
        self._cache = cache
        self._model = model
        self._metrics = metrics
        self._settings = settings

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
        [stems] = await self._repository.lexemes([question])
        passages = await self._retriever.find(vector, sorted(stems))
        if not passages:
            return _refused(), "none"
        source = "extract"
        if self._model:
            try:
                with self._metrics.stage("ask", "generate"):
                    return await self._generate(self._model, question, passages), "model"
            except DependencyError as error:
                log.warning("ask.model_failed", reason=error.detail)
                source = "fallback"
        with self._metrics.stage("ask", "ground"):
            return await self._extract(question, vector, stems, passages), source

    async def _generate(
        self, model: AnswerModel, question: str, passages: Sequence[Passage]
    ) -> Answer:
        excerpts = [
            Excerpt(number, f"{item.heading}\n{item.text}".strip())
            for number, item in enumerate(passages, 1)
        ]
        reply = await model.answer(question, excerpts)
        if reply.refused:
            return _refused()
        cited = [passages[number - 1] for number in reply.cited]
        return Answer(
            answer=reply.answer,
            citations=[
                Citation(document_id=item.document_id, excerpt=item.text, page=item.page)
                for item in cited
            ],
            refused=False,
        )

    async def _extract(
        self, question: str, vector: Vector, stems: frozenset[str], passages: Sequence[Passage]
    ) -> Answer:
        found = grounding.sentences(passages, _MAX_SENTENCES)
        if not found:
            return _refused()
        names = sorted(grounding.named(question))
        texts = [item.context for item in found]
        asked = await self._repository.lexemes([*texts, *names])
        own, name_stems = asked[: len(texts)], asked[len(texts) :]
        cosines = [float(vector @ other) for other in await self._embedder.embed(texts)]
        frequencies, size = await self._repository.frequencies(sorted(stems))
        rated = grounding.score(found, own, cosines, grounding.weights(frequencies, size))
        best = rated[0]
        near = frozenset[str]().union(
            *(
                words
                for item, words in zip(found, own, strict=True)
                if item.passage.chunk_id == best.sentence.passage.chunk_id
            )
        )
        if not grounding.grounded(
            best,
            names_found=all(words <= near for words in name_stems),
            min_cosine=self._settings.min_cosine,
            min_coverage=self._settings.min_coverage,
            sure_cosine=self._settings.sure_cosine,
        ):
            return _refused()
        chosen = [item.sentence for item in grounding.pick(rated)]
        return Answer(
            answer=" ".join(grounding.plain(item.text) for item in chosen),
            citations=[
                Citation(
                    document_id=item.passage.document_id,
                    excerpt=item.text,
                    page=item.passage.page,
                )
                for item in chosen
            ],
            refused=False,
        )

    def _key(self, question: str, version: int) -> str:
        writer = self._settings.openai_model if self._model else "extract"
        parts = (question.casefold(), str(version), self._embedder.model_id, writer)
        return "rag:answer:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _refused() -> Answer:
    return Answer(answer=REFUSAL, citations=[], refused=True)
