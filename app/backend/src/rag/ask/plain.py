"""A piece of a document as prose: the marks of Markdown, reStructuredText and HTML taken off."""

import html
import re

_START = re.compile(r"\s*(?:[-*+\u2022>]\s+|#{1,6}\s+|\d{1,3}[.)]\s+|o\s+(?=\S))")
_IMAGE = re.compile(r"!\[[^\[\]]{0,300}\]\([^()\s]{0,500}\)")
_LINK = re.compile(
    r"\[([^\[\]]{1,300})\](?:\([^()\s]{0,500}(?:\s\"[^\"]{0,200}\")?\)|\[[^\[\]]{0,100}\])"
)
_ROLE = re.compile(r":[a-z:]{2,30}:`([^`<>]{1,200}?)(?:\s*<[^<>`]{1,300}>)?`")
_REFERENCE = re.compile(r"`([^`<>]{1,300}?)\s*<[^<>`]{1,500}>`__?")
_NAMED = re.compile(r"`([^`]{1,200})`__?(?!\w)")
_TAG = re.compile(
    r"</?(?:a|abbr|b|br|code|dd|details|div|dl|dt|em|h[1-6]|hr|i|img|kbd|li|ol|p|pre|small|span"
    r"|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_STRONG = re.compile(r"\*\*([^*]{1,500})\*\*|__([^_]{1,500})__")
_EMPHASIS = re.compile(
    r"(?<![\w*])\*([^*\s][^*]{0,300})\*(?![\w*])|(?<!\w)_([^_\s][^_]{0,300})_(?!\w)"
)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """The text on one line without marks; its words stay as they are."""
    text = _START.sub("", text, count=1) if _START.match(text) else text
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _NAMED.sub(r"\1", _REFERENCE.sub(r"\1", _ROLE.sub(r"\1", text)))
    text = _TAG.sub(" ", text).replace("`", "")
    text = _STRONG.sub(lambda found: found[1] or found[2], text)
    text = _EMPHASIS.sub(lambda found: found[1] or found[2], text)
    return _BLANKS.sub(" ", html.unescape(_ESCAPED.sub(r"\1", text))).strip()


def row(head: str, text: str) -> str:
    """A table's row with the names of its columns: `Permit: Parking; Price: 31 EUR`."""
    names, values = _cells(head), _cells(text)
    if len(names) != len(values):
        return "; ".join(value for value in values if value)
    pairs = zip(names, values, strict=True)
    return "; ".join(f"{name}: {value}" if name else value for name, value in pairs if value)


def _cells(line: str) -> list[str]:
    bare = line.strip().removeprefix("|").removesuffix("|")
    return [plain(cell) for cell in bare.split("|")]
