"""What may stand in a text that a client sends."""

import unicodedata


def plain(text: str) -> str:
    """The text, if all of it is text: no control character but blanks, no half of a character."""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise ValueError("holds control characters")
    return text
