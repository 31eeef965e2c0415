"""Answers made of sentences of the documents, word for word."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from rag.adapters.protocols import Embedder, Vector
from rag.ask import grounding
from rag.ask.repository import Passage, SearchRepository
from rag.ask.schemas import Answer, Citation
from rag.ask.terms import Terms
from rag.languages.detect import DEFAULT
from rag.languages.names import named as named_in

_MAX_SENTENCES = 32
"""So many are embedded, which takes most of a question's time."""

_OTHER_LANGUAGE = 0.95
"""So a sentence in the question's language comes before one that covers as much."""


class Extractor:
    """Answers from the sentences that fit a question best, where these carry an answer."""

    def __init__(
        self,
        repository: SearchRepository,
        embedder: Embedder,
        thresholds: grounding.Thresholds,
        learnt: Collection[str] = (DEFAULT,),
    ) -> None:
        """learnt: the embedding model's languages."""
        self._learnt = learnt
        self._repository = repository
        self._embedder = embedder
        self._thresholds = thresholds

    async def answer(
        self,
        question: str,
        vector: Vector,
        stems: Terms,
        passages: Sequence[Passage],
    ) -> Answer:
        """Answer a question, whose vector and stems are given, from passages, or refuse."""
        found = grounding.sentences(passages)
        if not found:
            return Answer.refusal(stems.language)
        language = stems.language or DEFAULT
        english = language == DEFAULT
        names = sorted(grounding.named(question) if english else named_in(question, language))
        texts = [item.context for item in found]
        languages = [item.passage.language for item in found] + [language] * len(names)
        asked = await self._repository.lexemes([*texts, *names], languages)
        own = [stems.known_as(each) for each in asked[: len(texts)]]
        name_stems = [stems.known_as(each) for each in asked[len(texts) :]]
        frequencies, size = await self._repository.frequencies(stems)
        shares = stems.shares(frequencies)
        weights = grounding.weights(frequencies, size)
        wanted = {stem: weight * shares[stem] for stem, weight in weights.items()}
        covered = [
            replace(item, coverage=item.coverage * _OTHER_LANGUAGE)
            if stems.language not in (None, item.sentence.passage.language)
            else item
            for item in grounding.cover(found, own, wanted)
        ]
        rated = await self._rate(vector, grounding.promising(covered, _MAX_SENTENCES), language)
        near = grounding.words_near(rated[0], found, own)
        named = all(words <= near for words in name_stems)
        if not grounding.grounded(rated[0], self._thresholds, names_found=named):
            return Answer.refusal(stems.language)
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
            language=stems.language,
        )

    async def _rate(
        self, vector: Vector, covered: Sequence[grounding.Covered], language: str
    ) -> list[grounding.Scored]:
        if language not in self._learnt:
            # Cosines say nothing here: what a sentence covers stands for both.
            return grounding.score(covered, [item.coverage for item in covered])
        others = await self._embedder.embed([item.sentence.context for item in covered])
        return grounding.score(covered, [float(vector @ other) for other in others])
