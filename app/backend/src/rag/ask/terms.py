"""The words of a question, in the stems of each language that the documents are in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.languages.detect import DEFAULT
from rag.languages.words import STEMMED, is_across, is_unspaced, share

_LITTLE = 0.3
"""The share of its weight that a piece has which is likely no word of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stem of a question, by the rules of a language, and at which of its words it is."""

    language: str
    stem: str
    positions: Sequence[int]


class Terms(dict[str, float]):
    """Stems of a question in its own language, each with how often it stands in it.

    `variants`: how the documents' languages stem these words, for each one that is another stem.
    `language`: of the question; None when unsure. `guessed`: those of the variants that only begin
    like a word of the question, which tells nothing of texts in other languages.
    """

    def __init__(
        self,
        counts: Mapping[str, float],
        variants: Mapping[str, str] | None = None,
        language: str | None = None,
        guessed: Iterable[str] = (),
    ) -> None:
        super().__init__(counts)
        self.guessed = frozenset(guessed)
        self.variants: Mapping[str, str] = variants or {}
        self.language = language

    def spelled(self) -> list[tuple[str, str]]:
        """(stem as documents may have it, term), of all terms."""
        return [*((term, term) for term in self), *self.variants.items()]

    def endings(self) -> dict[str, list[Any]]:
        """Which stems may be the terms with another ending: `terms`, `beginnings`, `longest`.

        Stemming English needs no such help. Of other languages it leaves more endings, and of
        those without stemming all.
        """
        if self.language in (None, DEFAULT):
            return {}
        cut = 1 if self.language in STEMMED else 2
        words = [t for t in self if len(t) > cut + 2 and t.isalpha() and not is_unspaced(t)]
        return (
            {
                "terms": words,
                "beginnings": [word[: max(3, len(word) - cut)] for word in words],
                "longest": [len(word) + cut for word in words],
            }
            if words
            else {}
        )

    def joined_by(self, related: Iterable[tuple[str, str]]) -> "Terms":
        """These terms with further (stem, term), as far as the stems are none of the others."""
        more = {stem: term for stem, term in related if stem not in self}
        return Terms(self, {**more, **self.variants}, self.language, more.keys() - self.variants)

    def shares(self, frequencies: Mapping[str, int]) -> dict[str, float]:
        """How much each term weighs in what a sentence must cover: at most 1.

        frequencies: how often each term stands in a document.
        """
        return {
            term: share(term)
            * (_LITTLE if is_across(term, frequencies) or self._is_letter(term) else 1.0)
            for term in self
        }

    def _is_letter(self, term: str) -> bool:
        """Whether a term is a letter alone: PostgreSQL takes the French `a` for a word.

        English has none that it does not know.
        """
        return self.language not in (None, DEFAULT) and len(term) == 1 and term.isalpha()

    def known_as(self, stems: Iterable[str], language: str | None = None) -> frozenset[str]:
        """Stems of a text, those of the question's words as the terms that they stand for.

        language: of the text, if it is known.
        """
        foreign = language not in (None, self.language)
        return frozenset(
            stem if foreign and stem in self.guessed else self.variants.get(stem, stem)
            for stem in stems
        )


def terms(places: Iterable[Place], own: str, language: str | None) -> Terms:
    """The terms of a question that is read in the language `own`, which may be a guess.

    Words that are stop words in `own` are no terms.
    """
    counts: dict[str, float] = defaultdict(float)
    at: dict[int, str] = {}
    others: list[Place] = []
    for place in places:
        if place.language != own:
            others.append(place)
            continue
        counts[place.stem] += len(place.positions) * share(place.stem)
        # A word with a hyphen is there as a whole and in parts, each at a position of its own.
        at.update(dict.fromkeys(place.positions, place.stem))
    variants = {
        place.stem: at[position]
        for place in others
        for position in place.positions
        if position in at and place.stem not in counts
    }
    return Terms(counts, variants, language)
