"""Answers made of sentences of the documents, word for word."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.adapters.protocols import Vector
from rag.ask import compose, model
from rag.ask.covering import CoverageExtractor
from rag.ask.events import Told
from rag.ask.evidence import Evidence
from rag.ask.gather import Gathered, Gatherer
from rag.ask.parts import parts
from rag.ask.repository import Passage
from rag.ask.schemas import Answer, Citation
from rag.ask.terms import Terms
from rag.languages.detect import DEFAULT


@dataclass(frozen=True, slots=True)
class _Part:
    """A question or a part of it: its evidence, what was chosen of it, and how sure that is."""

    gathered: Gathered
    chosen: list[Evidence]
    confidence: float


class Extractor:
    """Answers from the sentences that fit a question best, where these carry an answer.

    What counts as evidence is fitted to English. For questions in other languages it is what a
    sentence covers of their words.
    """

    def __init__(
        self, gatherer: Gatherer, others: CoverageExtractor, *, min_confidence: float
    ) -> None:
        """others: for other languages. min_confidence: below it the answer is a refusal."""
        self._gatherer = gatherer
        self._others = others
        self._least = min_confidence

    async def answer(
        self, question: str, vector: Vector, stems: Terms, passages: Sequence[Passage]
    ) -> Told:
        """Answer a question, whose vector and stems are given, from passages, or refuse.

        Raises DependencyError and BusyError.
        """
        unsure = stems.language is None and bool(passages) and passages[0].language == DEFAULT
        if stems.language != DEFAULT and not unsure:
            return Told.of(await self._others.answer(question, vector, stems, passages))
        whole = await self._part(question, passages)
        asked = [await self._part(part, passages) for part in parts(question)]
        confidence = whole.confidence
        chosen = whole.chosen
        if asked:
            # Two things that stand apart: no sentence matches the whole question.
            sure = sum(part.confidence for part in asked) / len(asked)
            confidence = max(confidence, sure)
            chosen = compose.together([part.chosen for part in asked], whole.chosen)
        if not chosen or confidence < self._least:
            return Told.of(Answer.refusal(stems.language, confidence))
        pages = whole.gathered.pages
        sure = not asked and compose.says_all(whole.gathered.asked, chosen[0])
        found = compose.pieces(chosen, pages, sure=sure)
        text, ends = compose.told(found, pages)
        answer = Answer(
            answer=text,
            citations=[
                Citation(
                    document_id=piece.passage.document_id,
                    excerpt=piece.excerpt,
                    page=piece.passage.page,
                    version=piece.passage.version,
                )
                for piece in found
            ],
            refused=False,
            language=stems.language,
            confidence=confidence,
        )
        return Told(answer=answer, marks=[(end, n) for n, end in enumerate(ends, 1)])

    async def _part(self, question: str, passages: Sequence[Passage]) -> _Part:
        gathered = await self._gatherer.gather(question, passages)
        fitted = model.fitted(by_meaning=gathered.by_meaning)
        order = model.order(gathered.asked, gathered.every, fitted)
        confidence = round(model.confidence(gathered.asked, order, fitted), 4)
        return _Part(gathered, compose.choose(gathered.asked, order), confidence)
