"""Answer a question from the documents, or refuse."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager

import structlog

from rag.access.scope import Scope
from rag.adapters.protocols import AnswerModel, Embedder, Turn
from rag.ask.events import Cited, Delta, Done, Event, Sources, Told
from rag.ask.extract import Extractor
from rag.ask.followup import standalone
from rag.ask.generate import generate
from rag.ask.kept import Asked, KeptAnswers
from rag.ask.repository import Passage, SearchRepository
from rag.ask.retrieval import Retriever
from rag.ask.schemas import Answer, Source
from rag.errors import BusyError, DependencyError
from rag.languages.detect import DEFAULT, Detector
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_REFUSED = {"none": "nothing-found", "model": "uncited"}
_REFUSED |= dict.fromkeys(("extract", "fallback"), "not-grounded")
"""Why an answer is a refusal, by who would have written it."""


class AskService:
    """Extractive by itself; with a model it writes the answer from the same passages."""

    def __init__(
        self,
        repository: SearchRepository,
        retriever: Retriever,
        embedder: Embedder,
        kept: KeptAnswers,
        extractor: Extractor,
        model: AnswerModel | None,
        metrics: Metrics,
        *,
        writer: str,
        written_at_once: int,
        detector: Detector,
    ) -> None:
        """writer: who writes the answers, as one tells cached answers apart; written_at_once: so
        many may be a model's at the same time, and further questions are refused at once.
        """
        self._detector = detector
        self._turns = written_at_once
        self._repository = repository
        self._retriever = retriever
        self._embedder = embedder
        self._kept = kept
        self._extractor = extractor
        self._model = model
        self._metrics = metrics
        self._writer = writer

    async def ask(self, scope: Scope, question: str, turns: Sequence[Turn] = ()) -> Answer:
        """Answer with citations, or refuse; raises BusyError or DependencyError."""
        return (await self.done(scope, question, turns)).answer

    async def done(self, scope: Scope, question: str, turns: Sequence[Turn] = ()) -> Done:
        """The last event of `tell`."""
        async with aclosing(self._tell(scope, question, turns, whole=True)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event
        raise RuntimeError("an answer without an end")

    async def tell(
        self, scope: Scope, question: str, turns: Sequence[Turn] = ()
    ) -> AsyncGenerator[Event, None]:
        """An answer as it comes to be: sources first, then text with citations, last `Done`.

        `turns`: what was said before, oldest first. Raises BusyError or DependencyError, also after
        events. Closing the generator ends all work on the answer.
        """
        start, first = time.perf_counter(), True
        async with aclosing(self._tell(scope, question, turns, whole=False)) as events:
            async for event in events:
                if first and isinstance(event, Delta):
                    first = False
                    seconds = time.perf_counter() - start
                    self._metrics.stages.labels("ask", "first_text").observe(seconds)
                yield event

    async def _tell(
        self, scope: Scope, question: str, turns: Sequence[Turn], *, whole: bool
    ) -> AsyncGenerator[Event, None]:
        # What points at a conversation is no question that others ask: it has no key.
        given = () if turns else self._given(scope, await self._repository.version())
        told = await self._kept.exact(question, given) if given else None
        if told is None:
            among = await self._repository.languages()
            if turns:
                with self._metrics.stage("ask", "standalone"):
                    english = self._english(question, turns, among)
                    question = await standalone(self._model, question, turns, english=english)
            with self._metrics.stage("ask", "embed"):
                vector = await self._embedder.question(question)
            asked = Asked(question, vector, self._detector.question(question, among), among)
            told = await self._kept.alike(scope, asked, given) if given else None
        if told:
            self._count(told.answer, "cache")
            for event in told.events():
                yield event
            return
        record = _Record(whole=whole)
        async with self._turn(), aclosing(self._answer(scope, asked, record)) as events:
            async for event in events:
                record.note(event)
                if isinstance(event, Done):
                    self._count(event.answer, record.source)
                    if event.answer.refused:
                        reason = event.reason or _REFUSED[record.source]
                        self._metrics.refusals.labels(reason).inc()
                    # A stand-in for a model that failed must not outlive the failure.
                    if given and record.source != "fallback":
                        await self._kept.keep(asked, given, record.told(event.answer))
                yield event

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None, None]:
        """A model may take a minute for an answer, and each holds passages in memory meanwhile."""
        if self._model is None:
            yield
            return
        if not self._turns:
            raise BusyError("the language model writes as many answers as it may")
        self._turns -= 1
        try:
            yield
        finally:
            self._turns += 1

    def _english(self, question: str, turns: Sequence[Turn], among: Sequence[str]) -> bool:
        """Whether a question that follows others is English, or may be for all that is known.

        It may be too short to tell: then what the user asked before it tells.
        """
        before = [turn.content for turn in turns if turn.role == "user"][-1:]
        near = {*among, DEFAULT}
        texts = (question, " ".join([*before, question]))
        told = {self._detector.question(text, near) for text in texts}
        return DEFAULT in told or told == {None}

    async def _answer(
        self, scope: Scope, asked: Asked, record: "_Record"
    ) -> AsyncGenerator[Event, None]:
        question, vector, language = asked.text, asked.vector, asked.language
        stems = await self._repository.stems(question, language, asked.among)
        passages = await self._retriever.find(scope, vector, stems, question=question)
        yield Sources([_source(item) for item in passages])
        if not passages:
            for event in Told.of(Answer.refusal(language)).events():
                yield event
            return
        record.source = "extract"
        if self._model:
            record.source = "model"
            try:
                written = self._written(self._model, question, passages, language)
                async with aclosing(written) as events:
                    async for event in events:
                        yield event
                return
            except DependencyError as error:
                log.warning("ask.model_failed", reason=error.detail)
                # What a client has read cannot be taken back.
                if not record.retracted():
                    raise
                record.source = "fallback"
        with self._metrics.stage("ask", "ground"):
            told = await self._extractor.answer(question, vector, stems, passages)
        for event in told.events():
            yield event

    async def _written(
        self, model: AnswerModel, question: str, passages: list[Passage], language: str | None
    ) -> AsyncGenerator[Event, None]:
        with self._metrics.stage("ask", "generate"):
            async with aclosing(generate(model, question, passages, language)) as events:
                async for event in events:
                    if isinstance(event, Done) and event.answer.refused:
                        yield Delta(event.answer.answer)
                    yield event

    def _count(self, answer: Answer, source: str) -> None:
        outcome = "refused" if answer.refused else "answered"
        self._metrics.answers.labels(outcome, source).inc()
        log.info("ask", outcome=outcome, source=source, citations=len(answer.citations))

    def _given(self, scope: Scope, version: int) -> tuple[str, ...]:
        """What an answer depends on beside its question. Names of collections have no comma."""
        within = "*" if scope.collections is None else ",".join(sorted(scope.collections))
        return (str(version), self._embedder.model_id, self._writer, scope.tenant, within)


class _Record:
    """What was told of an answer so far, and who writes it."""

    def __init__(self, *, whole: bool) -> None:
        """`whole`: whether nothing is shown before the end."""
        self.source = "none"
        self._whole = whole
        self._shown = False
        self._sources: list[Source] = []
        self._marks: list[tuple[int, int]] = []

    def note(self, event: Event) -> None:
        """Take down what was told."""
        if isinstance(event, Sources):
            self._sources = event.sources
        elif isinstance(event, Delta):
            self._shown = True
        elif isinstance(event, Cited):
            self._marks.append((event.at, event.number))

    def retracted(self) -> bool:
        """Whether the answer can begin anew; then it does."""
        self._marks.clear()
        return self._whole or not self._shown

    def told(self, answer: Answer) -> Told:
        """All of it, to be told again."""
        return Told(answer=answer, marks=self._marks, sources=self._sources)


def _source(item: Passage) -> Source:
    return Source(
        chunk_id=item.chunk_id,
        document_id=item.document_id,
        filename=item.filename,
        page=item.page,
        heading=item.heading,
    )
