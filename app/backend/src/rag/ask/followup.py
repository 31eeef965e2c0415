"""A question that follows others, as one that can be understood alone."""

import re
from collections.abc import Sequence

import structlog

from rag.adapters.protocols import AnswerModel, Turn
from rag.ask import grounding
from rag.errors import DependencyError

log = structlog.get_logger(__name__)

_LONGEST = 2000
_WORD = re.compile(r"\w+")
_POINTING_WORDS = (
    "it its they them their theirs this these those he him his she her hers former latter ones same"
)
_POINTING = frozenset(_POINTING_WORDS.split())
_OPENING = ("and ", "or ", "but ", "what about ", "how about ")
# Words that carry nothing by themselves, and those that only ask.
_EMPTY_WORDS = (
    "a an and any are as at be been but by can could did do does else for from had has have how i"
    " if in into is just may me more much many must my no not of on or other our please shall"
    " should so some such tell than that the then there to too up us was we were what when where"
    " which who whom whose why will with would you your about long often far explain mean say okay"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
# A noun mostly follows one of these.
_BEFORE_WORDS = "a an the of for in on at from with to by about my our your"
_BEFORE_NOUNS = frozenset(_BEFORE_WORDS.split())


async def standalone(
    model: AnswerModel | None, question: str, turns: Sequence[Turn], *, english: bool
) -> str:
    """The question with what it points at; a model writes it, or a rule adds words.

    The rule knows the words that point in English. In other languages some of them mean something
    else, such as `her` and `was` in German: there it leaves the question as it is.
    """
    if not turns:
        return question
    if model:
        try:
            if written := " ".join((await model.standalone(question, turns)).split()):
                return written[:_LONGEST]
        except DependencyError as error:
            log.warning("ask.standalone_failed", reason=error.detail)
    if not english:
        return question
    return by_rule(question, [turn.content for turn in turns if turn.role == "user"])


def by_rule(question: str, earlier: Sequence[str]) -> str:
    """The question, and the names or nouns of the last one before it, if it needs them."""
    words = [word.casefold() for word in _WORD.findall(question)]
    points = any(word in _POINTING for word in words) or all(word in _EMPTY for word in words)
    if not points and not question.casefold().startswith(_OPENING):
        return question
    known = set(words)
    for text in reversed(earlier):
        found = [word for word in _carried(text) if word.casefold() not in known]
        if found:
            return f"{question} ({' '.join(found)})"[:_LONGEST]
    return question


def _carried(text: str) -> list[str]:
    """Names, numbers and codes; if there are none, words that stand where nouns do."""
    words = _WORD.findall(text)
    if names := [word for word in dict.fromkeys(words) if word in grounding.named(text)]:
        return names
    nouns, inside = [], False
    for word in words:
        plain = word.casefold()
        if plain in _EMPTY or plain in _POINTING:
            inside = plain in _BEFORE_NOUNS
        elif inside:
            nouns.append(word)
    return nouns or [word for word in words if word.casefold() not in _EMPTY | _POINTING]
