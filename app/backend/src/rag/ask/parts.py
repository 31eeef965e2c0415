"""The parts of a question that asks for two things: `how long ... and who ...`, `of A and of B`."""

import re

from rag.ask.question import QUESTION_WORDS, weight

_AND = re.compile(r",?\s+and\s+", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?:what|which|who|whom|whose|when|where|why|how|in which|in what|on which|for how|is|are|was"
    r"|were|do|does|did|can|may|must|should)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|that|these|those|he|she|his|her)\b", re.I
)
_ARTICLE = re.compile(r"(?:the|a|an)\b", re.IGNORECASE)
_LINK = re.compile(r"(?:of|to|on|in|for|from|by|with|at|after|before|under|that)\b", re.IGNORECASE)
_HEAVY = 0.45
_FEW = 2
_MOST = 3
"""Parts: more are hardly a question."""


def parts(question: str) -> list[str]:
    """The questions that a question holds, each for itself; none if it holds but one."""
    pieces = _AND.split(question.strip().rstrip("?").strip(), maxsplit=_MOST - 1)
    if len(pieces) < 2 or any(len(piece) < 2 for piece in pieces):
        return []
    if all(_CLAUSE.match(piece) for piece in pieces[1:]):
        return [f"{_whole(piece, pieces)}?" for piece in pieces]
    if len(pieces) > 2:
        return []
    return [f"{part}?" for part in _coordinated(*pieces)]


def _heavy(text: str) -> list[str]:
    words = re.findall(r"[^\W_][\w./-]*", text)
    return [word for word in words if word.lower() not in QUESTION_WORDS and weight(word) > _HEAVY]


def _whole(piece: str, pieces: list[str]) -> str:
    """A clause with what it leaves to the others to say."""
    own = _heavy(piece)
    if len(own) >= _FEW and not _PRONOUN.search(piece):
        return piece
    others = [word for other in pieces if other is not piece for word in _heavy(other)]
    missing = [word for word in dict.fromkeys(others) if word not in own]
    # Names first: what a pronoun stands for is seldom a verb.
    missing.sort(key=lambda word: (not word[0].isupper(), -weight(word)))
    return " ".join([piece, *missing[:_FEW]])


def _coordinated(left: str, right: str) -> list[str]:
    """`P of A` and `of B`: each with what stands before the first, or after the second."""
    words, others = left.split(), right.split()
    linked = bool(_LINK.match(others[0]))
    article = bool(_ARTICLE.match(others[0]))
    places = [n for n, word in enumerate(words) if word.lower() == others[0].lower()]
    start = places[-1] if places and (linked or article) else len(words) - 1
    tail = [] if linked else others[2:] if article else others[1:]
    return [" ".join([*words, *tail]), " ".join([*words[:start], *others])]
