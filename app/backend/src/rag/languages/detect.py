"""The language of a text, told from the text alone, offline.

Codes are BCP 47 tags of a language without region or script, such as `de`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from rag.languages.asking import count

DEFAULT = "en"
"""By whose rules the words of a text are read whose language is unknown."""
_NONE = "zxx"
# What people write documents in. Each language more is one more to be taken for another.
_KNOWN = (
    "ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka km kn"
    " ko lo lt lv mk ml mr ms my ne nl no pa pl pt ro ru si sk sl sq sr sv sw ta te th tr uk ur vi"
    " yi zh zxx"
)
_SAMPLE = 1200
"""Characters of a text that are looked at: more tell no more."""
_FEW_LETTERS = 60
"""A chunk with fewer has no say against the document that it is in."""
_SURE = 0.9
_STRANGER = 0.05
"""How much likelier a question is in a language of the documents than in another."""

# How much likelier a question is in a language for each word by which that language asks.
_PER_WORD = 3.0
_MOST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Document:
    """The language of a document, None when unknown, and of each of its chunks."""

    language: str | None
    chunks: list[str | None]


class Detector:
    """Tells languages; thread-safe once it is made, which takes a second and 75 MiB."""

    def __init__(self) -> None:
        whole = LanguageIdentifier.from_model_file(MODEL_FILE)
        known = set(_KNOWN.split())
        kept = [n for n, code in enumerate(whole.nb_classes) if code in known]
        # Made anew with these languages alone: the other one holds on to all.
        self._identifier = LanguageIdentifier(
            np.ascontiguousarray(whole.nb_ptc[:, kept]),
            whole.nb_pc[kept],
            [whole.nb_classes[n] for n in kept],
            whole.tk_nextmove,
            whole.tk_output,
            norm_probs=True,
            tk_row=whole.tk_row,
        )

    def document(self, chunks: Sequence[str]) -> Document:
        """The language that most of the text is in, and those of chunks that surely differ."""
        guesses = [self._best(text) for text in chunks]
        votes: dict[str, float] = {}
        for (language, share), text in zip(guesses, chunks, strict=True):
            votes[language] = votes.get(language, 0.0) + share * len(text)
        best = max(votes, key=lambda code: votes[code], default=_NONE)
        total = sum(len(text) for text in chunks)
        known = best != _NONE and votes[best] >= total / 2
        main = best if known else None
        return Document(
            main,
            [
                language if share >= _SURE and _letters(text) >= _FEW_LETTERS else main
                for (language, share), text in zip(guesses, chunks, strict=True)
            ],
        )

    def question(self, text: str, among: Collection[str]) -> str | None:
        """The language of a question to documents in the languages `among`; None when unsure.

        Where all documents are in one language, it is that one when unsure.
        """
        near = {*among} or {DEFAULT}
        asked = text[:_SAMPLE]
        rated: dict[str, float] = {
            language: share
            * (1.0 if language in near else _STRANGER)
            * _PER_WORD ** min(count(asked, language), _MOST_WORDS)
            for language, share in self._identifier.rank(asked)
            if language != _NONE
        }
        best = max(rated, key=lambda code: rated[code])
        if rated[best] >= sum(rated.values()) / 2:
            return best
        return min(near) if len(near) == 1 else None

    def _best(self, text: str) -> tuple[str, float]:
        """The likeliest language of a text and its probability."""
        language, share = self._identifier.classify(text[:_SAMPLE])
        return (language, share) if _letters(text) else (_NONE, 0.0)


def _letters(text: str) -> int:
    return sum(c.isalpha() for c in text[:_SAMPLE])
