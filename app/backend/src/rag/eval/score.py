"""Scores: right and wrong answers, refusals, citations, rankings; with confidence intervals."""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rag.eval.dataset import ANSWERABLE, Question

OUTCOMES = ("right", "half", "wrong", "refused")
DEPTH = 10
_SAMPLES = 2000
_BLANKS = re.compile(r"\s+")


def flat(text: str) -> str:
    """A text with its white space collapsed, as patterns of facts expect it."""
    return _BLANKS.sub(" ", text)


def outcome(question: Question, answer: str, *, refused: bool) -> str:
    """One of OUTCOMES. `half`: some facts. An answer to what has none is wrong."""
    if refused:
        return "refused"
    text = flat(answer)
    hits = [bool(fact.search(text)) for fact in question.facts]
    if hits and all(hits):
        return "right"
    return "half" if any(hits) else "wrong"


def cited(question: Question, answer: str, excerpts: Sequence[str]) -> tuple[int, int]:
    """(facts of the answer that stand in an excerpt, facts of the answer)"""
    stated = [fact for fact in question.facts if fact.search(flat(answer))]
    texts = flat(" ".join(excerpts))
    return sum(bool(fact.search(texts)) for fact in stated), len(stated)


def area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The area under the ROC curve: how often a positive scores above a negative; ties: half."""
    if not positive or not negative:
        return math.nan
    one, other = np.asarray(positive)[:, None], np.asarray(negative)[None, :]
    return float(((one > other) + 0.5 * (one == other)).mean())


def refusal_area(
    questions: Sequence[Question], confidences: Sequence[float], against: str
) -> float:
    """How well the confidence tells answerable questions from those of the kind `against`."""
    pairs = list(zip(questions, confidences, strict=True))
    answerable = [value for question, value in pairs if question.kind in ANSWERABLE]
    return area(answerable, [value for question, value in pairs if question.kind == against])


def gain(ranked: Sequence[str], wanted: Mapping[str, float]) -> float:
    """nDCG@10 of a ranking of documents."""
    ideal = sorted(wanted.values(), reverse=True)[:DEPTH]
    best = sum(value / math.log2(rank + 2) for rank, value in enumerate(ideal))
    got = sum(wanted.get(name, 0) / math.log2(rank + 2) for rank, name in enumerate(ranked[:DEPTH]))
    return got / best if best else math.nan


def recall(ranked: Sequence[str], wanted: Mapping[str, float]) -> float:
    """The share of the wanted documents among the first 10."""
    return sum(name in wanted for name in ranked[:DEPTH]) / len(wanted) if wanted else math.nan


def interval(
    values: Sequence[float], statistic: Callable[[np.ndarray], float] = np.mean
) -> tuple[float, float]:
    """The 95 % confidence interval of a statistic, by bootstrap with a fixed seed."""
    if not values:
        return (math.nan, math.nan)
    random = np.random.default_rng(7)
    given = np.asarray(values, dtype=float)
    drawn = [float(statistic(random.choice(given, size=len(given)))) for _number in range(_SAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    return float(np.percentile(np.asarray(values), share * 100)) if values else math.nan
