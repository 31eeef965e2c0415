"""States of words by their letters, for embedding models that give none by their meaning."""

import re
import zlib

import numpy as np

from rag.adapters.protocols import Encoded, Vector

_WORD = re.compile(r"[^\W_]+")
_SIZE = 256
_LONGEST = 40
"""Characters of a word that count."""
_MOST = 400
"""Words of a text that count."""


def spelled(text: str, vector: Vector) -> Encoded:
    """A text whose vector is given: words that share letters are near, others are not.

    `designed` is near to `design` then, and far from `drawn`.
    """
    places = [match.span() for match in _WORD.finditer(text)][:_MOST]
    tokens = np.zeros((len(places), _SIZE), dtype=np.float32)
    for row, (start, end) in enumerate(places):
        word = f"^{text[start:end].lower()[:_LONGEST]}$"
        for at in range(len(word) - 2):
            tokens[row, zlib.crc32(word[at : at + 3].encode()) % _SIZE] += 1
    lengths = np.maximum(np.linalg.norm(tokens, axis=1, keepdims=True), 1e-12)
    states = np.rint(tokens / lengths * 127).astype(np.int8)
    return Encoded(vector, states, tuple(places), by_meaning=False)
