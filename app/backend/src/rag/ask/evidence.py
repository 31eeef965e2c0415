"""What speaks for a unit of a passage as the answer to a question, as numbers from 0 to 1.

A similarity alone refuses strangers but not neighbours: a question about the same subject that the
documents leave open is as near as one that they answer. So each word of the question is looked for
in the unit, by its stem and by its meaning, and so is the kind of thing that is asked for. Words
weigh by how rare they are in the language: what else is stored does not change a verdict.
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.adapters.protocols import Encoded
from rag.ask.kinds import fits
from rag.ask.question import Asked
from rag.ask.sought import counts, sought
from rag.ask.units import Kind, Unit

_MARK = re.compile(r"\s*(?:[-*+\u2022o?]\s|\d{1,3}[.)]\s|\d{1,3}(?:\.\d{1,3})+\.?\s)")
_YES_OR_NO = re.compile(r"\W{0,3}(?:yes|no|not)\b", re.IGNORECASE)
_SHORT = 4
"""Words below which a unit says nothing by itself."""
_SCALE = 127.0 * 127.0
_LONGEST_HEAD = 120
"""Characters of a title or a lead-in that are encoded before a unit: they take time."""
_EVERYWHERE = 0.01
_NAME = 0.3
"""A name, or a word of the document's title, says what a question is about, seldom what it asks."""
_LONG = 40
"""Words from which on a unit counts as long."""
BEST = 3
"""Units that a verdict looks at together."""
USUAL = 32
"""So many units of a large collection are weighed; a small one has fewer, and must do as well."""
_UNRELATED = 0.3
"""What a word is matched with by a unit that is about something else."""
_HEAVY, _TELLING = 0.4, 0.5
_WIDE = 5.0
"""In log odds: a wider gap says no more, since it is as wide where documents have little text."""
_LIKE = 0.5
"""What a word is matched with, at least, by one of its meaning."""
_NOT_FOUND = 0.5
"""Up to this value of `sought`, the thing is not there, or cannot be told."""
_LIGHT = 0.3
"""Up to this weight a word says how the others are related."""


@dataclass(frozen=True, slots=True)
class Found:
    """A unit with the stems in it. own: of its text; above: of its headings, title and lead-in;
    near: of the units beside it; passage, document: of all that was found of them;
    subject: of the document's name and first line. rank: of the passage. first: below a title.
    lead: the line that introduces it; after: the text that follows.
    """

    unit: Unit
    own: frozenset[str]
    above: frozenset[str]
    near: frozenset[str]
    passage: frozenset[str]
    document: frozenset[str]
    subject: frozenset[str]
    rank: int
    first: bool
    lead: str = ""
    after: str = ""

    @property
    def context(self) -> str:
        """What is compared with the question: the headings belong to the meaning."""
        return self.head + self.unit.text

    @property
    def head(self) -> str:
        """The headings above the unit, in one line."""
        head = self.unit.passage.heading.rpartition(" > ")[2]
        parts = (head, self.unit.title, self.lead)
        return "".join(f"{part[:_LONGEST_HEAD]} " for part in parts if part)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit and what speaks for it.

    cosine: of the whole to the question. covered: the share of the words' weight whose stems stand
    in the unit; context: the same, with less for what stands further away. matched: for each word
    of the question the nearest token of the unit or of its headings; own: the same without the
    headings. asking: the same for the words that ask. focus: whether what is asked for is named;
    kind: whether the unit may hold a thing of that kind; sought: how surely it does.
    """

    found: Found
    cosine: float
    covered: float
    context: float
    matched: Mapping[int, float]
    own: float
    asking: float
    focus: float
    kind: float
    sought: float

    @property
    def unit(self) -> Unit:
        """The unit."""
        return self.found.unit


def fold(stem: str) -> str:
    """A stem in one spelling where British and American English have two."""
    if len(stem) > 4 and stem.endswith("our"):
        return stem[:-3] + "or"
    if len(stem) > 5 and stem.endswith("is"):
        return stem[:-2] + "iz"
    return stem[:-1] + "s" if stem in ("licenc", "defenc", "offenc", "practic") else stem


def coverage(asked: Asked, found: Found) -> float:
    """The share of the question's weight in a unit or near it: what decides what is encoded."""
    total = sum(asked.stems.values()) or 1.0
    return sum(weight * _presence(stem, found) for stem, weight in asked.stems.items()) / total


def _presence(stem: str, found: Found) -> float:
    if stem in found.own or stem in found.above:
        return 1.0
    if stem in found.near:
        return 0.6
    if stem in found.passage:
        return 0.4
    return 0.15 if stem in found.document else 0.0


def weigh(
    asked: Asked,
    question: Encoded,
    found: Sequence[Found],
    encoded: Sequence[Encoded],
    focus: frozenset[str],
) -> list[Evidence]:
    """The evidence for each of `found`, which `encoded` holds as encoded with their context."""
    groups = _groups(asked, question)
    return [
        _evidence(asked, question, groups, each, text, focus)
        for each, text in zip(found, encoded, strict=True)
    ]


def _groups(asked: Asked, question: Encoded) -> list[list[int]]:
    """For each word of the question its tokens."""
    return [
        [n for n, (start, end) in enumerate(question.spans) if start >= begin and end <= stop]
        for begin, stop in asked.places
    ]


def _evidence(
    asked: Asked,
    question: Encoded,
    groups: Sequence[Sequence[int]],
    found: Found,
    text: Encoded,
    focus: frozenset[str],
) -> Evidence:
    nearest, own = _nearest(question, text, len(found.head))
    matched = {n: float(nearest[tokens].mean()) for n, tokens in enumerate(groups) if tokens}
    inside = {n: float(own[tokens].mean()) for n, tokens in enumerate(groups) if tokens}
    asking = [matched[n] for n, word in enumerate(asked.words) if n in matched and word.asks]
    total = sum(asked.stems.values()) or 1.0
    mark = _MARK.match(found.unit.text)
    body = found.unit.text[mark.end() :] if mark else found.unit.text
    return Evidence(
        found=found,
        cosine=float(question.vector @ text.vector),
        covered=sum(w for stem, w in asked.stems.items() if stem in found.own) / total,
        context=coverage(asked, found),
        matched=matched,
        own=mean({n: word.weight for n, word in enumerate(asked.words)}, inside),
        asking=sum(asking) / len(asking) if asking else 0.5,
        focus=_focused(focus, found),
        kind=fits(asked.kinds, body, asked.focus),
        sought=sought(asked.text, body, found.after),
    )


def _nearest(question: Encoded, text: Encoded, head: int) -> tuple[np.ndarray, np.ndarray]:
    """For each token of the question the cosine of the nearest one of the text: all, and own."""
    if not len(text.tokens) or not len(question.tokens):
        nothing = np.zeros(len(question.tokens), dtype=np.float32)
        return nothing, nothing
    near = question.tokens.astype(np.float32) @ text.tokens.astype(np.float32).T / _SCALE
    inside = np.array([start >= head for start, _end in text.spans])
    own = near[:, inside].max(axis=1) if inside.any() else np.zeros(len(near), dtype=np.float32)
    return near.max(axis=1), own


def _focused(focus: frozenset[str], found: Found) -> float:
    if not focus:
        return 0.5
    if focus & (found.own | found.above):
        return 1.0
    return 0.5 if focus & found.near else 0.0


def specific(asked: Asked, every: Sequence[Evidence]) -> dict[int, float]:
    """Weights of the words for telling `every` apart: words that all of them match say nothing.

    A document's subject stands everywhere in it. What a question asks about it does not. Where
    there are few units, the others are taken to be about something else: a short document alone is
    judged as it is among many.
    """
    subject = every[0].found.subject if every else frozenset()
    usual: dict[int, list[float]] = {}
    for each in every:
        for n, value in each.matched.items():
            usual.setdefault(n, []).append(value)
    about = {n for n in usual if asked.words[n].is_subject or bool(asked.word_stems[n] & subject)}
    if not any(
        word.weight > _TELLING and not word.asks and n in usual and n not in about
        for n, word in enumerate(asked.words)
    ):
        # A question about the subject alone, such as `when do I get my refund`.
        about = set()
    return {
        n: asked.words[n].weight
        * max(_EVERYWHERE, 1 - _usually(values)) ** 2
        * (_NAME if n in about else 1.0)
        for n, values in usual.items()
    }


def _usually(values: Sequence[float]) -> float:
    """What a word is matched with on average, by as many units as a large collection has."""
    absent = max(0, USUAL - len(values))
    return (sum(values) + absent * _UNRELATED) / (len(values) + absent)


def _known(asked: Asked, n: int, best: Evidence) -> bool:
    """Whether the document of the best unit has a word of the question."""
    return not asked.word_stems[n] or bool(asked.word_stems[n] & best.found.document)


def mean(weights: Mapping[int, float], matched: Mapping[int, float]) -> float:
    """The mean of what words are matched with, by their weights; 0.6 where none weighs anything."""
    total = sum(weights.get(n, 0.0) for n in matched)
    if total < 1e-6:
        return 0.6
    return sum(weights.get(n, 0.0) * value for n, value in matched.items()) / total


def ranking(asked: Asked, every: Sequence[Evidence]) -> list[dict[str, float]]:
    """What ranks each of `every` as an answer, by name."""
    best = max((each.cosine for each in every), default=0.0)
    plain = {n: word.weight for n, word in enumerate(asked.words)}
    telling = specific(asked, every)
    return [
        {
            "cosine": each.cosine,
            "cosine_to_best": each.cosine - best,
            "covered": each.covered,
            "context": each.context,
            "matched": mean(plain, each.matched),
            "matched_inside": each.own,
            "asking": each.asking,
            "focus": each.focus,
            "kind": each.kind,
            "lead": float(each.unit.kind is Kind.LEAD),
            "rank": 3 / (3 + each.found.rank),
            "short": float(len(each.unit.text.split()) < _SHORT),
            "length": min(_LONG, len(each.unit.text.split())) / _LONG,
            "first": float(each.found.first),
            "yes_or_no": float("truth" in asked.kinds and bool(_YES_OR_NO.match(each.unit.text))),
            "specific": mean(telling, each.matched),
        }
        for each in every
    ]


def verdict(
    asked: Asked, ordered: Sequence[tuple[Evidence, float]], usual: float
) -> dict[str, float]:
    """What tells an answer from what is merely near, by name.

    ordered: all that was weighed, with its scores, best first. usual: the middle score of what is
    weighed for a question, which stands for the units that a small collection lacks.
    """
    every = [each for each, _score in ordered]
    scores = [score for _each, score in ordered]
    best = every[:BEST]
    # What another document says of a word is not said of this one's subject.
    own = _of_one_document(best)
    telling = specific(asked, every)
    matched = _most(best)
    matched_here = _most(own)
    others = {
        n: 1.0 for n, word in enumerate(asked.words) if word.weight <= _LIGHT and not word.asks
    }
    heavy = [
        n
        for n, word in enumerate(asked.words)
        if n in telling
        and word.weight > _HEAVY
        and asked.word_stems[n]
        and not (word.asks or word.is_subject)
    ]
    said = _said(asked, heavy, own)
    middle = statistics.median([*scores, *[usual] * (USUAL - len(scores))])
    return {
        "first": mean(telling, best[0].matched),
        "specific": mean(telling, matched_here),
        "others": mean(others, {n: matched[n] for n in others if n in matched}),
        "sought": sum(each.sought for each in best) / len(best),
        "gap": min(_WIDE, scores[0] - middle),
        "missing": max((1 - matched[n] for n in heavy if not _known(asked, n, best[0])), default=0),
        "words": float(len(heavy)),
        "said": said,
        "unsaid": float(bool(heavy) and not said and max(matched_here[n] for n in heavy) < _LIKE),
        "uncounted": float(counts(asked.text) and max(each.sought for each in own) <= _NOT_FOUND),
    }


def _of_one_document(best: Sequence[Evidence]) -> list[Evidence]:
    document = best[0].unit.passage.document_id
    return [each for each in best if each.unit.passage.document_id == document]


def _most(units: Sequence[Evidence]) -> dict[int, float]:
    """For each word of the question what the best of the units matches it with."""
    matched: dict[int, float] = {}
    for each in units:
        for n, value in each.matched.items():
            matched[n] = max(matched.get(n, 0.0), value)
    return matched


def _said(asked: Asked, heavy: Sequence[int], units: Sequence[Evidence]) -> float:
    """The share of the heavy words' weight whose stems stand in the units or beside them."""
    total = sum(asked.words[n].weight for n in heavy)
    if not total:
        return 1.0
    stems = frozenset[str]().union(
        *(each.found.own | each.found.above | each.found.near for each in units)
    )
    held = sum(asked.words[n].weight for n in heavy if asked.word_stems[n] & stems)
    return held / total
