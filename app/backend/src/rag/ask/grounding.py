"""Do the passages carry an answer, and which of their sentences say it?

A similarity threshold alone refuses strangers but not neighbours: a question about the
same subject which the documents leave open is as near as one which they answer. So the
sentences must also carry the question's own words, weighted by how rare they are, and
every name, number or code in the question must stand in the passage.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.ask.repository import Passage
from rag.ingest.sentences import spans

_NEIGHBOUR_WEIGHT = 0.5
_MAX_SENTENCES = 3
_FURTHER_SCORE = 0.75
# Words that ask, not words that are asked about; PostgreSQL's stop words lack them.
_ASKING_WORDS = (
    "much mani long often far tell give describ explain mean name list state say accord document"
    " pleas know get need use work allow offer happen exact current"
)
_ASKING = frozenset(_ASKING_WORDS.split())
_TOKEN = re.compile(r"[A-Za-z0-9][\w'.:/#-]*\w|[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage; `text` is a slice of it."""

    passage: Passage
    position: int
    text: str

    @property
    def context(self) -> str:
        """What is compared with the question: the headings belong to the meaning."""
        return f"{self.passage.heading}: {self.text}" if self.passage.heading else self.text


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the best sentence must reach: at least `min_cosine`, and one of the two others."""

    min_cosine: float
    min_coverage: float
    sure_cosine: float


@dataclass(frozen=True, slots=True)
class Covered:
    """A sentence, the stems of the question in it, and their share of the weight: at most 1."""

    sentence: Sentence
    words: frozenset[str]
    coverage: float


@dataclass(frozen=True, slots=True)
class Scored(Covered):
    """A sentence, and how well it fits: `coverage` and `cosine` are at most 1."""

    cosine: float

    @property
    def score(self) -> float:
        """Both halves count the same."""
        return (self.coverage + self.cosine) / 2


def sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """The different sentences of the passages, best passage first."""
    found: dict[str, Sentence] = {}
    for passage in passages:
        for position, span in enumerate(spans(passage.text, headings=passage.headings)):
            text = passage.text[span.start : span.end]
            found.setdefault(f"{passage.document_id} {text}", Sentence(passage, position, text))
    return list(found.values())


def named(question: str) -> set[str]:
    """Words of a question which an answer cannot do without: names, numbers and codes."""
    words = _TOKEN.findall(question)
    return {
        word
        for place, word in enumerate(words)
        if any(c.isdigit() for c in word)
        or (place > 0 and word[0].isupper() and word.partition("'")[0] != "I")
    }


def weights(frequencies: Mapping[str, int], size: int) -> dict[str, float]:
    """How much each stem of the question matters: rare ones more, asking words not at all."""
    weighed = {
        stem: math.log(1 + (size + 1) / (count + 0.5))
        for stem, count in frequencies.items()
        if stem not in _ASKING
    }
    return weighed or dict.fromkeys(frequencies, 1.0)


def cover(
    found: Sequence[Sentence], stems: Sequence[frozenset[str]], wanted: Mapping[str, float]
) -> list[Covered]:
    """How much of `wanted` (stem -> weight) each sentence has; neighbours help a little."""
    place = {(item.passage.chunk_id, item.position): n for n, item in enumerate(found)}
    total = sum(wanted.values()) or 1.0
    covered = []
    for item, own in zip(found, stems, strict=True):
        chunk = item.passage.chunk_id
        beside = [place.get((chunk, item.position + step)) for step in (-1, 1)]
        near = frozenset[str]().union(*(stems[n] for n in beside if n is not None))
        weight = sum(
            weight * (1.0 if stem in own else _NEIGHBOUR_WEIGHT if stem in near else 0.0)
            for stem, weight in wanted.items()
        )
        covered.append(Covered(item, own & wanted.keys(), weight / total))
    return covered


def promising(covered: Sequence[Covered], limit: int) -> list[Covered]:
    """The `limit` sentences most likely to answer: well covered, or of one of the first passages.

    The others are not embedded: that is what a question takes its time for.
    """
    ranks: dict[str, int] = {}
    for item in covered:
        ranks.setdefault(item.sentence.passage.chunk_id, len(ranks) + 1)

    def worth(item: Covered) -> float:
        return item.coverage + 1 / ranks[item.sentence.passage.chunk_id]

    return sorted(covered, key=worth, reverse=True)[:limit]


def score(covered: Sequence[Covered], cosines: Sequence[float]) -> list[Scored]:
    """Sentences with their cosines to the question, best first."""
    rated = [
        Scored(item.sentence, item.words, item.coverage, cosine)
        for item, cosine in zip(covered, cosines, strict=True)
    ]
    return sorted(rated, key=lambda scored: -scored.score)


def words_near(
    best: Scored, found: Sequence[Sentence], stems: Sequence[frozenset[str]]
) -> frozenset[str]:
    """The stems of all sentences that stand in the chunk of the best one."""
    chunk = best.sentence.passage.chunk_id
    beside = (
        words for item, words in zip(found, stems, strict=True) if item.passage.chunk_id == chunk
    )
    return frozenset[str]().union(*beside)


def grounded(best: Scored, thresholds: Thresholds, *, names_found: bool) -> bool:
    """Whether the best sentence is an answer rather than merely near."""
    if not names_found or best.cosine < thresholds.min_cosine:
        return False
    return best.coverage >= thresholds.min_coverage or best.cosine >= thresholds.sure_cosine


def pick(rated: Sequence[Scored]) -> list[Scored]:
    """The best sentence, and those that add words of the question and are nearly as good."""
    chosen = list(rated[:1])
    for item in rated[1:]:
        known = frozenset[str]().union(*(other.words for other in chosen))
        good = item.score >= _FURTHER_SCORE * chosen[0].score
        if len(chosen) < _MAX_SENTENCES and good and item.words - known:
            chosen.append(item)
    return chosen
