"""What a question asks for: its words and their weights, names, and the kind of answer."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from rag.ingest.tokens import tokenizer

# Words that ask, not words that are asked about; PostgreSQL's stop words lack them.
_ASKING_WORDS = (
    "much many long often far tell give describe explain mean meant name list state say"
    " according document please know get need use used work allow offer happen happens"
    " exact current large big high soon old one kind sort type many way become also want"
    " may must shall should would could can else certain normally usually default take"
    " happened do does did done"
)
_ASKING = frozenset(_ASKING_WORDS.split())
_TOKEN = re.compile(r"-{1,2}[A-Za-z][\w-]*|[^\W_](?:[\w'.:/#+@-]*\w)?")
_FIRST_WORD = 1996
"""The vocabulary's first word; from there on they stand in the order of how common they are."""
_RAREST = 10.4


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question. weight: 0 for words that only ask, else more for rare ones, up to 1.

    asks: whether it is a word such as `when`.
    """

    text: str
    weight: float
    name: bool
    asks: bool

    @property
    def is_subject(self) -> bool:
        """Whether it is a name without digits."""
        return self.name and self.text[0].isupper() and not any(c.isdigit() for c in self.text)

    @property
    def is_number(self) -> bool:
        """Whether it is a number in digits."""
        return self.text[0].isdigit() and not any(c.isalpha() for c in self.text)

    @property
    def is_code(self) -> bool:
        """Whether it has letters and digits, as `XR-4471`."""
        return any(c.isdigit() for c in self.text) and any(c.isalpha() for c in self.text)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, taken apart.

    text: as it was asked. places: where each word stands. kinds: what may answer it, see
    `kinds.py`. focus: what it asks for by name (`which LICENCE`). stems: their weights; codes: of
    words of letters and digits, which nothing else can stand for. spelled: stems as they are
    written, each with the one of `stems` that it counts as.
    """

    text: str
    words: tuple[Word, ...]
    places: tuple[tuple[int, int], ...]
    kinds: frozenset[str]
    focus: str = ""
    stems: dict[str, float] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    spelled: dict[str, str] = field(default_factory=dict)
    word_stems: tuple[frozenset[str], ...] = ()


def take_apart(question: str) -> Asked:
    """The words of a question, and what it asks for."""
    places = tuple(match.span() for match in _TOKEN.finditer(question))
    tokens = [question[start:end] for start, end in places]
    words = tuple(
        Word(token, weight(token), _is_name(token, place), token.lower() in QUESTION_WORDS)
        for place, token in enumerate(tokens)
    )
    lowered = [token.lower() for token in tokens]
    return Asked(
        text=question,
        words=words,
        places=places,
        kinds=_kinds(lowered),
        focus=_focus(lowered),
    )


def _is_name(token: str, place: int) -> bool:
    """Names, numbers and codes: what an answer cannot do without."""
    if any(c.isdigit() for c in token) or token.startswith("-"):
        return True
    return place > 0 and token[0].isupper() and token.partition("'")[0] != "I"


def weight(word: str) -> float:
    """How much a word tells, 0 to 1, by how rare it is in the language, whatever is stored."""
    if word.lower() in _ASKING:
        return 0.0
    return _rarity(word.lower())


@cache
def _vocabulary() -> Callable[[str], list[int]]:
    made = tokenizer()
    return lambda text: list(made.encode(text, add_special_tokens=False).ids)


def _rarity(word: str) -> float:

    ids = _vocabulary()(word)
    if len(ids) != 1:
        return 1.0
    return min(1.0, math.log(max(2, ids[0] - _FIRST_WORD)) / _RAREST)


QUESTION_WORDS = frozenset(["what", "which", "who", "whom", "whose", "when", "where", "why", "how"])
_VERBS_WORDS = (
    "is are was were do does did can could may might must shall should will would has have"
    " had be been being"
)
_VERBS = frozenset(_VERBS_WORDS.split())


def _kinds(words: Sequence[str]) -> frozenset[str]:
    """The kinds of answers that a question may be content with."""
    found: set[str] = set()
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        if word == "how":
            found |= _HOW.get(after, {"way"} if after in _VERBS or after == "to" else {"number"})
        elif word in ("what", "which"):
            found |= _NOUNS.get(after, set())
        elif word in _ASKED:
            found |= _ASKED[word]
    if not found and words and words[0] in _VERBS:
        found.add("truth")
    return frozenset(found)


_HOW: dict[str, set[str]] = {
    "long": {"duration"},
    "soon": {"duration"},
    "often": {"frequency"},
    "many": {"number"},
    "much": {"number"},
    "old": {"number"},
}
_ASKED: dict[str, set[str]] = {
    "when": {"time"},
    "who": {"person"},
    "whom": {"person"},
    "whose": {"person"},
    "where": {"place"},
    "why": {"reason"},
}
_NOUNS: dict[str, set[str]] = {
    **{key: {"time"} for key in ("year", "date", "day", "month", "time")},
    **{
        key: {"number"}
        for key in [
            "percentage",
            "share",
            "number",
            "size",
            "limit",
            "maximum",
            "minimum",
            "distance",
            "price",
            "port",
            "salary",
        ]
    },
    **{key: {"place"} for key in ["directory", "folder", "path", "file", "city", "country"]},
    "version": {"version"},
    "versions": {"version"},
    "release": {"version"},
}


def _focus(words: Sequence[str]) -> str:
    """The word that says what is asked for: after `which` or `how many` the noun, else a verb."""
    for place, word in enumerate(words):
        rest = list(words[place + 1 :])
        if word in ("which", "what", "many") and rest:
            return rest[0] if rest[0] not in _VERBS | {"much"} else ""
        if word in ("who", "whom") and rest:
            return next((each for each in rest if each not in _VERBS), "")
        if word == "much" and place and words[place - 1] == "how":
            return rest[-1] if rest else ""
    return ""
