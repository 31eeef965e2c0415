"""Questions that ask the same in other words.

A question has to be near one that was answered, by the cosine of their vectors, and to agree with
it in what vectors tell badly: numbers, names and negation.
"""

import hashlib
import re
from collections.abc import Collection, Sequence

import numpy as np

from rag.adapters.protocols import AnswerCache, Vector

_MOST = 64
"""Questions that are remembered for each set of documents, the newest ones."""
_KEY_BYTES = 32
_TRAITS_BYTES = 16
_WORD = re.compile(r"[^\W_]+(?:['\u2019.,:/-][^\W_]+)*")
_NEGATION = re.compile(
    r"no|not|non|none|never|without|nor|neither|cannot|.*n['\u2019]t|nicht|nie|ohne|keine?|ne|pas"
    r"|sans|jamais|sin|nunca|ni|não|nem|sem|jamás|niet|geen|zonder|nessun|senza"
)


class Alike:
    """Finds the key of an answer that was given to nearly the same question."""

    def __init__(self, cache: AnswerCache, similarity: float, learnt: Collection[str]) -> None:
        """similarity: the least cosine of two questions that ask the same; learnt: the embedding
        model's languages, outside of which a cosine tells nothing.
        """
        self._cache = cache
        self._similarity = similarity
        self._learnt = learnt

    async def find(
        self, given: Sequence[str], language: str | None, question: str, vector: Vector
    ) -> bytes | None:
        """The key of an answer to the nearest question that asks the same.

        given: what the answers depend on beside the question; others are not looked at.
        """
        kept = await self._cache.newest(_shelf(given, language)) if language in self._learnt else []
        own = _traits(question)
        size = _KEY_BYTES + _TRAITS_BYTES + 2 * len(vector)
        entries = [each for each in kept if len(each) == size and _traits_of(each) == own]
        if not entries:
            return None
        vectors = np.stack(
            [np.frombuffer(each[_KEY_BYTES + _TRAITS_BYTES :], np.float16) for each in entries]
        )
        cosines = vectors.astype(np.float32) @ vector
        best = int(np.argmax(cosines))
        return entries[best][:_KEY_BYTES] if cosines[best] >= self._similarity else None

    async def note(
        self, given: Sequence[str], language: str | None, question: str, vector: Vector, key: bytes
    ) -> None:
        """Remember that the answer with this key (32 bytes) is one to the question."""
        if language in self._learnt:
            entry = key + _traits(question) + vector.astype(np.float16).tobytes()
            await self._cache.add(_shelf(given, language), entry, _MOST)


def _shelf(given: Sequence[str], language: str | None) -> str:
    return "rag:alike:" + hashlib.sha256("\0".join((*given, str(language))).encode()).hexdigest()


def _traits_of(entry: bytes) -> bytes:
    return entry[_KEY_BYTES : _KEY_BYTES + _TRAITS_BYTES]


def _traits(question: str) -> bytes:
    """What two questions must have in common to the letter, as a digest: no text is kept."""
    found = [
        word if named else word.casefold()
        for place, word in enumerate(_WORD.findall(question))
        if (named := _is_name(word, place)) or _tells_apart(word)
    ]
    text = "\0".join(sorted(found))
    return hashlib.blake2b(text.encode(), digest_size=_TRAITS_BYTES).digest()


def _is_name(word: str, place: int) -> bool:
    # The first word of a sentence has its capital for that; one with more of them is a name.
    return any(letter.isupper() for letter in (word if place else word[1:]))


def _tells_apart(word: str) -> bool:
    return any(letter.isdigit() for letter in word) or bool(_NEGATION.fullmatch(word.casefold()))
