"""Two small linear models over the evidence: one ranks, the other decides on a refusal.

Their coefficients are in `coefficients.json`, which `eval/fit.py` makes from questions whose
answers are known.
"""

import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files

from rag.ask import evidence as rated
from rag.ask.evidence import Evidence
from rag.ask.question import Asked

_LIKE_NAME, _LIKE_WORD = 0.5, 0.3
"""What a name and a rare word are matched with, at least, where something like them is there."""
_RARE = 0.5
_FAR = 0.25
"""The cosine below which a unit is about something else, whatever names both have."""

Fitted = Mapping[str, Mapping[str, float]]
"""Coefficients of both models by the name of what they weigh, and what is usual."""
_COEFFICIENTS: dict[str, dict[str, dict[str, float]]] = json.loads(
    files("rag.ask").joinpath("coefficients.json").read_text(encoding="utf-8")
)


def fitted(*, by_meaning: bool) -> Fitted:
    """The coefficients for words compared by what they mean, or by their letters."""
    return _COEFFICIENTS["meaning" if by_meaning else "spelling"]


def order(
    asked: Asked, every: Sequence[Evidence], coefficients: Fitted
) -> list[tuple[Evidence, float]]:
    """The evidence and its scores, best first; the difference of two scores is in log odds."""
    given = rated.ranking(asked, every)
    scores = [_weighed(coefficients["ranking"], each) for each in given]
    return sorted(zip(every, scores, strict=True), key=lambda pair: -pair[1])


def confidence(
    asked: Asked, ordered: Sequence[tuple[Evidence, float]], coefficients: Fitted
) -> float:
    """How likely it is that the first of `ordered` answer the question, 0 to 1."""
    if not ordered:
        return 0.0
    best = ordered[0][0]
    if any(code not in best.found.document for code in asked.codes):
        return 0.0
    verdict = coefficients["verdict"]
    given = rated.verdict(asked, ordered, coefficients["usual"]["score"])
    sure = 1 / (1 + math.exp(-verdict["constant"] - _weighed(verdict, given)))
    every = [each for each, _score in ordered]
    far = max(each.cosine for each in every[: rated.BEST]) < _FAR
    return sure / 2 if far or _strange(asked, every) else sure


def _strange(asked: Asked, every: Sequence[Evidence]) -> bool:
    """Whether the document of the best unit has nothing like a name or a rare word asked about."""
    best = every[0]
    # What another document says of the word does not make it known to this one.
    own = [
        each
        for each in every[: rated.BEST]
        if each.unit.passage.document_id == best.unit.passage.document_id
    ]
    read = frozenset[str]().union(*(each.found.passage for each in own))
    words = list(zip(asked.words, asked.word_stems, strict=True))
    if any(word.is_number and stems and not stems & read for word, stems in words):
        # Any long text has any number somewhere.
        return True
    return any(
        (word.name or word.weight > _RARE)
        and not word.asks
        and bool(stems)
        and not stems & best.found.document
        and max(each.matched.get(n, 0.0) for each in own)
        < (_LIKE_NAME if word.name else _LIKE_WORD)
        for n, (word, stems) in enumerate(words)
    )


def _weighed(coefficients: Mapping[str, float], given: Mapping[str, float]) -> float:
    return sum(coefficients[name] * value for name, value in given.items())
