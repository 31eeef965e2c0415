"""How surely a text holds the kind of thing that a question asks for.

A sentence about the subject of `how many people use it` is no answer without a number of people.
"""

import re
from collections.abc import Callable

_NUMBER_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred"
    "|thousand|million|billion|half|twice|double|doubling|triple|dozen|zero|no limit|unlimited"
)
_TIMES = (
    "(?:milli|micro|nano)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|century|centuries"
    "|decades?|ms|characters?"
)
_NUMBER = re.compile(rf"(?<![\w.])[$\u20ac]?\d[\d,.:]*(?:%|\b)|\b(?:{_NUMBER_WORDS})\b", re.I)
_ONE = re.compile(r"\bone\b", re.I)
_DURATION = re.compile(
    rf"(?:\d|\b(?:{_NUMBER_WORDS}|one|an?)\b)[^.]{{0,20}}\b(?:{_TIMES})\b"
    rf"|\((?:in )?(?:{_TIMES})\)|\bper (?:{_TIMES})\b|\bdefault\b.{{0,20}}\d"
    r"|\b(?:until|as long as|forever|for ever|perpetual|immediately|at once|daily|weekly)\b",
    re.I,
)
_FREQUENCY = re.compile(
    r"\b(?:every|each|per|once|twice|times|daily|weekly|monthly|yearly|annually|hourly|regularly"
    r"|periodically|rarely|always|never|interval|continuously)\b",
    re.I,
)
_YEAR = re.compile(r"\b(?:1[4-9]\d\d|20\d\d)\b|\b\d+ years? ago\b")
_IS_YEAR = re.compile(r"1[89]\d\d|20\d\d")
_TIME = re.compile(
    r"\b(?:1[4-9]\d\d|20\d\d)\b|\d{1,2}:\d\d|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b(?:January|February|March|April|June|July|August|September|October|November|December"
    r"|before|after|until|as soon as|once|when|whenever|beginning|start|end|during|within|while)\b",
    re.I,
)
_NAME = re.compile(
    r"(?:(?<=[a-z,;(:\"'\[`*_)] )|^\W{0,9})[A-Z][\w.'-]{1,40} (?:[A-Z][\w.'-]{1,40}|van|de|von)\b"
    r"|\b(?:by|to) (?:the )?[A-Z]\w{1,40}|(?<=[a-z,;(:\[] )[A-Z][a-z]{1,40}"
)
# `The Warnholm lighthouse`: of a place, and no person. `By the Senate` is kept.
_OF_A_PLACE = re.compile(r"(?<!by )(?<!to )\b[Tt]he [A-Z][\w'-]{1,40}(?= [a-z])")
_ROLE = re.compile(
    r"\b(?:he|she|they|users?|members?|developers?|leader|secretary|people|person|committee|team"
    r"|administrators?|authors?|owners?|maintainers?|clients?|servers?|holders?|part(?:y|ies)"
    r"|agency|company|government|we|you)\b",
    re.I,
)
_PLACE = re.compile(r"[/\\~]\w|https?:|\b[\w-]{1,60}\.[a-z]{2,4}\b")
_NEAR = re.compile(r"\b(?:in|at|on|under|below|inside|within|into|from|near)\b")
_REASON = re.compile(
    r"\b(?:because|since|so|in order|due|avoid|prevent|therefore|caused?|causes|reasons?|as|thus"
    r"|hence|otherwise|means|to [a-z]+)\b",
    re.I,
)
_PROPER = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w+.-]{0,40}|\b[A-Z]{2,40}\b")
_WORD = re.compile(r"[^\W_][\w.,-]*")
_DIGITS = re.compile(r"\d[\d.,]*")

_HOW_MANY = re.compile(r"(?:\w+ )?how many ((?:[\w.-]+ ){1,4})")
_ASKS_NUMBER = re.compile(
    r"(?:\w+ )?how (?:much|large|big|old|fast|high|far|deep|wide|tall|heavy)\b"
    r"|(?:in |on )?(?:what|which) (?:percentage|number|size|port|price|salary|amount|share|limit)\b"
)
_WHICH = re.compile(r"(?:\w+ )?which (\w+)(?: (\w+))?")
_NAMED_WORDS = (
    "company companies city country language licence license database court software team program"
    " tool library author brand"
)
_NAMED_KINDS = frozenset(_NAMED_WORDS.split())
_VERB_WORDS = (
    "is are was were do does did can could may might must shall should will would has have had be"
    " been being to of in for with a an the"
)
_VERBS = frozenset(_VERB_WORDS.split())
_UNKNOWN = 0.5
"""Where a question asks for nothing that can be told by its form."""


def sought(question: str, text: str, after: str) -> float:
    """0: no such thing in the text; 1: it is there; 0.5: the question does not say what it is.

    after: the text that follows, in which a value may stand.
    """
    low = question.lower()
    if found := _HOW_MANY.match(f"{low} "):
        return _counted(low, found[1], text, after)
    for asks, check in _CHECKS:
        if asks.match(low):
            return check(low, text, after)
    if (which := _WHICH.match(low)) and _NAMED_KINDS & set(which.groups()):
        return float(any(name.lower() not in low for name in _PROPER.findall(text)))
    return _UNKNOWN


def counts(question: str) -> bool:
    """Whether a question asks how many of something there are."""
    return bool(_HOW_MANY.match(f"{question.lower()} "))


def _counted(question: str, things: str, text: str, after: str) -> float:
    """A number that stands beside what is counted, such as `73 gliders`."""
    wanted = []
    for word in things.split():
        if word in _VERBS:
            break
        wanted.append(word[: max(4, len(word) - 2)])
    words = _WORD.findall(text)
    known = set(_DIGITS.findall(question))
    counts = [
        (bool(_NUMBER.fullmatch(word.strip(".,"))) or word.lower() == "one")
        and word.strip(".,") not in known
        and not _IS_YEAR.fullmatch(word.strip(".,"))
        for word in words
    ]
    for place, word in enumerate(words):
        beside = any(counts[max(0, place - 5) : place + 4])
        if beside and any(word.lower().startswith(start) for start in wanted):
            return 1.0
    return _number(question, text, after) / 2


def _number(question: str, text: str, after: str) -> float:
    if _has_number(question, text):
        return 1.0
    if _has_number(question, f"{text} {after}"):
        return 0.6
    return 0.4 if _ONE.search(text) else 0.0


def _has_number(question: str, text: str) -> bool:
    known = set(_DIGITS.findall(question))
    return any(found.strip(".,") not in known for found in _NUMBER.findall(text))


def _duration(question: str, text: str, after: str) -> float:
    if _DURATION.search(text):
        return 1.0
    if _DURATION.search(f"{text} {after}"):
        return 0.6
    return 0.3 if _has_number(question, text) else 0.0


def _person(question: str, text: str, _after: str) -> float:
    words = set(_WORD.findall(question))
    for name in _NAME.findall(_OF_A_PLACE.sub("", text)):
        if not set(_WORD.findall(name.lower())) <= words:
            return 1.0
    return 0.6 if _ROLE.search(text) else 0.0


def _place(_question: str, text: str, _after: str) -> float:
    if _PLACE.search(text):
        return 1.0
    return 0.5 if _NEAR.search(text) else 0.0


def _holds(pattern: re.Pattern[str]) -> Callable[[str, str, str], float]:
    return lambda _question, text, _after: float(bool(pattern.search(text)))


_CHECKS: list[tuple[re.Pattern[str], Callable[[str, str, str], float]]] = [
    (re.compile(r"(?:\w+ )?how (?:long|soon)\b"), _duration),
    (re.compile(r"(?:\w+ )?how often\b"), _holds(_FREQUENCY)),
    (_ASKS_NUMBER, _number),
    (re.compile(r"(?:in )?(?:what|which) year\b|when (?:was|were|did)\b"), _holds(_YEAR)),
    (re.compile(r"(?:by |since |until )?when\b"), _holds(_TIME)),
    (re.compile(r"(?:by |to )?who(?:m|se)?\b"), _person),
    (re.compile(r"where\b|(?:in )?which (?:directory|folder|path|file)\b"), _place),
    (re.compile(r"why\b"), _holds(_REASON)),
]
