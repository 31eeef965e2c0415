"""Answers made of sentences of the documents, word for word."""

from collections.abc import Collection, Sequence

from rag.adapters.protocols import Embedder, Vector
from rag.ask import grounding
from rag.ask.repository import Passage, SearchRepository
from rag.ask.schemas import Answer, Citation

_MAX_SENTENCES = 32
"""So many are embedded, which takes most of a question's time."""


class Extractor:
    """Answers from the sentences that fit a question best, where these carry an answer."""

    def __init__(
        self, repository: SearchRepository, embedder: Embedder, thresholds: grounding.Thresholds
    ) -> None:
        self._repository = repository
        self._embedder = embedder
        self._thresholds = thresholds

    async def answer(
        self,
        question: str,
        vector: Vector,
        stems: Collection[str],
        passages: Sequence[Passage],
    ) -> Answer:
        """Answer a question, whose vector and stems are given, from passages, or refuse."""
        found = grounding.sentences(passages)
        if not found:
            return Answer.refusal()
        names = sorted(grounding.named(question))
        texts = [item.context for item in found]
        asked = await self._repository.lexemes([*texts, *names])
        own, name_stems = asked[: len(texts)], asked[len(texts) :]
        frequencies, size = await self._repository.frequencies(stems)
        covered = grounding.cover(found, own, grounding.weights(frequencies, size))
        rated = await self._rate(vector, grounding.promising(covered, _MAX_SENTENCES))
        near = grounding.words_near(rated[0], found, own)
        named = all(words <= near for words in name_stems)
        if not grounding.grounded(rated[0], self._thresholds, names_found=named):
            return Answer.refusal()
        chosen = [item.sentence for item in grounding.pick(rated)]
        return Answer(
            answer=" ".join(grounding.plain(item.text) for item in chosen),
            citations=[
                Citation(
                    document_id=item.passage.document_id, excerpt=item.text, page=item.passage.page
                )
                for item in chosen
            ],
            refused=False,
        )

    async def _rate(
        self, vector: Vector, covered: Sequence[grounding.Covered]
    ) -> list[grounding.Scored]:
        others = await self._embedder.embed([item.sentence.context for item in covered])
        return grounding.score(covered, [float(vector @ other) for other in others])
