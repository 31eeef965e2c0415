"""What may stand in a text that a client sends."""

import unicodedata

_CONTROL = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
PLAIN_PATTERN = f"^[^{_CONTROL}]*$"
"""What `plain` takes, for descriptions of the API."""
SAYING_PATTERN = rf"^\s*[^\s{_CONTROL}]([^{_CONTROL}]*[^\s{_CONTROL}])?\s*$"
"""The same, of at least one character that is no blank."""
ASKING_PATTERN = rf"^\s*[^\s{_CONTROL}][^{_CONTROL}]+[^\s{_CONTROL}]\s*$"
"""The same, of at least three between its blanks."""


def plain(text: str) -> str:
    """The text, if all of it is text: no control character but blanks, no half of a character."""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise ValueError("holds control characters")
    return text
