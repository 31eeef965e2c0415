"""The words of a question that an answer can't do without: names, numbers and codes."""

import re

# Languages in which capitals do not tell names: German writes every noun with one.
_NOUNS_IN_CAPITALS = frozenset({"de", "lb"})
_TOKEN = re.compile(r"\w[\w'’.:/#-]*\w|\w")


def named(question: str, language: str) -> set[str]:
    """Names, numbers and codes in a question of a language other than English.

    Scripts without capitals show no names, but numbers, codes and words of other scripts in them.
    """
    words = _TOKEN.findall(question)
    return {
        word
        for place, word in enumerate(words)
        if any(c.isdigit() and c.isascii() for c in word)
        or (_is_code(word) if language in _NOUNS_IN_CAPITALS else _is_name(word, place))
    }


def _is_name(word: str, place: int) -> bool:
    """Whether a word begins with a capital, elsewhere than at the start."""
    bare = word.rpartition("'")[2].rpartition("’")[2]
    return place > 0 and bare[:1].isupper()


def _is_code(word: str) -> bool:
    """Whether a word has capitals beyond its first letter, as `ISO` and `eBay` do."""
    return any(c.isupper() for c in word[1:])
