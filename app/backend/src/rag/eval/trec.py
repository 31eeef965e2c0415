"""Test collections in TREC's forms: documents and topics as SGML, which is no XML.

A document is `<DOC><DOCNO> id </DOCNO> ... </DOC>`; a topic is `<top><num> Number: id <title> ...`,
whose fields need no end.
"""

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<[^<>]{1,200}>")
_FIELD = re.compile(r"<(num|title|desc|narr)>", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?:Number|Topic|Description|Narrative):?", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]+")


def documents(text: str) -> Iterator[tuple[str, str]]:
    """(id, text) of each document; marks are left out."""
    for block in _blocks(text, "DOC"):
        name = next(_blocks(block, "DOCNO"), "").strip()
        if name:
            _before, _tag, body = block.partition("</DOCNO>")
            plain = html.unescape(_TAG.sub(" ", body))
            lines = (_BLANKS.sub(" ", line).strip() for line in plain.splitlines())
            yield name, "\n".join(lines).strip()


def topics(text: str) -> Iterator[tuple[str, str]]:
    """(number, question) of each topic: its description, or its title where it has none."""
    for block in _blocks(text, "top"):
        parts = _FIELD.split(block)
        fields = {
            name.lower(): " ".join(_LABEL.sub("", _TAG.sub(" ", value), count=1).split())
            for name, value in zip(parts[1::2], parts[2::2], strict=True)
        }
        asked = fields.get("desc") or fields.get("title", "")
        if asked and fields.get("num"):
            number = fields["num"]
            yield number.lstrip("0") or number, asked


def _blocks(text: str, name: str) -> Iterator[str]:
    """What stands between each `<name>` and its end."""
    start = text.find(f"<{name}>")
    while start >= 0:
        start += len(name) + 2
        end = text.find(f"</{name}>", start)
        if end < 0:
            return
        yield text[start:end]
        start = text.find(f"<{name}>", end)
