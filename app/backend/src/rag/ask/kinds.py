"""Whether a text holds the kind of thing that a question asks for."""

import re

_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty|hundred|thousand|million|billion|half|twice|double|doubling|triple|dozen|no limit"
    r"|zero)\b"
)
_UNIT = (
    r"(?:milli|micro|nano)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|centur(?:y|ies)"
    r"|decades?|characters?|ms"
)
_PATTERNS = {
    "number": _NUMBER,
    "duration": rf"(?:(?:{_NUMBER})[^.]{{0,30}}?\b(?:{_UNIT})\b)|\b(?:until|as long as|for ever"
    rf"|forever|perpetual|immediately|at once)\b|\((?:{_UNIT})\)|\b(?:{_UNIT})\b|\d",
    "frequency": r"\b(?:every|each|per|once|twice|times|daily|weekly|monthly|yearly|annually|hourly"
    r"|regularly|periodically|rarely|always|never|times|interval|continuously)\b",
    "time": r"\b(?:1[0-9]{3}|20[0-9]{2})\b|\b(?:January|February|March|April|June|July|August"
    r"|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday"
    r"|Sunday)\b|\b(?:before|after|until|as soon as|once|when|whenever|if|beginning|start|end"
    r"|during|within|day|days|week|weeks|month|year|every)\b",
    "place": r"/|\\|\b(?:in|at|on|under|below|inside|within|into|from|near)\b",
    "reason": r"\b(?:because|since|so that|so|in order|due|to avoid|to prevent|therefore|for|cause"
    r"|causes|caused|reasons?|as|thus|hence|allows?|otherwise|recommends?|means)\b|\bto [a-z]",
    "version": r"\d+\.\d|\bv\d|\b\d+\b",
    "way": r"`|--?[a-z]|\b(?:use|using|run|running|set|setting|enable|add|adding|type|call|option"
    r"|command|flag|click|choose|select|by|with|via|must|should|can|may|need|first|then)\b",
    "truth": r"\b(?:yes|no|not|only|always|never|can|cannot|may|must|is|are|does|do|will|should"
    r"|supports?|supported|allows?|allowed|possible|n't)\b",
}
_CASED = {
    # A name within the sentence, or who did it.
    "person": r"(?<=[a-z,;(:\"\[`] )[A-Z]|\[[A-Z]\w{1,30} [A-Z]|^\W{0,9}[A-Z]\w{1,30} [A-Z]\w"
    r"|\b(?:he|she|they|users?|members?|developers?|leader|secretary|people|person|committee|team|administrators?|author|by)\b",
}
_WORD = re.compile(r"[^\W_]+")
_COMPILED = {
    **{kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _PATTERNS.items()},
    **{kind: re.compile(pattern) for kind, pattern in _CASED.items()},
}


def fits(kinds: frozenset[str], text: str, focus: str = "") -> float:
    """The share of `kinds` that a text holds, 0 to 1; 0.5 where nothing special is asked for.

    A number of `focus` counts a half only, unless it stands beside that word: `73 gliders`.
    """
    if not kinds:
        return 0.5
    held = sum(bool(_COMPILED[kind].search(text)) for kind in kinds) / len(kinds)
    if "number" in kinds and focus and held and not _beside(text, focus):
        return held / 2
    return held


def _beside(text: str, focus: str) -> bool:
    words = _WORD.findall(text)
    start = focus.lower()[: max(4, len(focus) - 2)]
    counts = [bool(_COMPILED["number"].search(word)) for word in words]
    return any(
        any(counts[max(0, n - 4) : n + 3])
        for n, word in enumerate(words)
        if word.lower().startswith(start)
    )
