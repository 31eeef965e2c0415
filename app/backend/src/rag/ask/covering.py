"""Answers in languages without evidence of their own: sentences that cover a question's words."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import takewhile

from rag.adapters.protocols import Embedder, Vector
from rag.ask import grounding
from rag.ask.plain import plain
from rag.ask.repository import Passage, SearchRepository
from rag.ask.schemas import Answer, Citation
from rag.ask.terms import Terms
from rag.languages.detect import DEFAULT
from rag.languages.names import named as named_in
from rag.languages.words import is_unspaced

_MAX_SENTENCES = 32
"""So many are embedded, which takes most of a question's time."""

_OTHER_LANGUAGE = 0.95
"""So a sentence in the question's language comes before one that covers as much."""


_LEAST = 0.5
"""The weight from which on a term is a word that is asked about."""
_SHORTEST = 3
"""Letters of the shortest beginning that tells a word."""


def _cover(
    found: Sequence[grounding.Sentence], own: Sequence[frozenset[str]], stems: Terms
) -> list[grounding.Covered]:
    """How much of the question's words each sentence has.

    What the words weigh depends on them and on the document, never on what else is stored.
    """
    covered: list[grounding.Covered] = []
    for document, places in _documents(found).items():
        held = _held(found, own, document)
        wanted = stems.shares({term: int(term in held) for term in stems})
        covered += grounding.cover([found[n] for n in places], [own[n] for n in places], wanted)
    return covered


def _documents(found: Sequence[grounding.Sentence]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for n, item in enumerate(found):
        places.setdefault(item.passage.document_id, []).append(n)
    return places


def _held(
    found: Sequence[grounding.Sentence], own: Sequence[frozenset[str]], document: str
) -> frozenset[str]:
    """The stems of all that was found of a document."""
    each = (own[n] for n in _documents(found).get(document, ()))
    return frozenset[str]().union(*each)


def _unsaid(
    stems: Terms,
    best: grounding.Scored,
    found: Sequence[grounding.Sentence],
    own: Sequence[frozenset[str]],
) -> bool:
    """Whether nothing of the best sentence's document stands for a word that is asked about.

    `Who designed the lighthouse?` has no answer where nobody designs, however much is said of the
    lighthouse. Of scripts without blanks between words only pairs of strange characters tell.
    """
    held = _held(found, own, best.sentence.passage.document_id)
    shares = stems.shares({term: int(term in held) for term in stems})
    wanted = [term for term in stems if shares[term] >= _LEAST and term not in held]
    return any(
        all(char in stems and char not in held for char in term)
        if is_unspaced(term)
        else len(term) >= _SHORTEST and not any(_alike(term, stem) for stem in held)
        for term in wanted
    )


def _alike(one: str, other: str) -> bool:
    """Whether two stems may be of one word: all of the shorter one, but for a letter, begins both.

    Stemming leaves endings, of some languages all.
    """
    shorter, longer = sorted((one, other), key=len)
    pairs = zip(shorter, longer, strict=False)
    common = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return common >= max(_SHORTEST, len(shorter) - 1) and 2 * common >= len(longer)


class CoverageExtractor:
    """Answers from the sentences that cover a question best, where they cover enough of it."""

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
        own = [
            stems.known_as(each, item.passage.language)
            for each, item in zip(asked[: len(texts)], found, strict=True)
        ]
        name_stems = [stems.known_as(each) for each in asked[len(texts) :]]
        covered = [
            replace(item, coverage=item.coverage * _OTHER_LANGUAGE)
            if stems.language not in (None, item.sentence.passage.language)
            else item
            for item in _cover(found, own, stems)
        ]
        rated = await self._rate(vector, grounding.promising(covered, _MAX_SENTENCES), language)
        near = grounding.words_near(rated[0], found, own)
        named = all(words <= near for words in name_stems)
        told = language in self._learnt or not _unsaid(stems, rated[0], found, own)
        if not told or not grounding.grounded(rated[0], self._thresholds, names_found=named):
            return Answer.refusal(stems.language)
        chosen = [item.sentence for item in grounding.pick(rated)]
        return Answer(
            answer=" ".join(plain(item.text) for item in chosen),
            citations=[
                Citation(
                    document_id=item.passage.document_id,
                    excerpt=item.text,
                    page=item.passage.page,
                    version=item.passage.version,
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
