"""What an OCR service has read: JSON with pages, Tika's JSON, or text with form feeds."""

import json
from typing import Any

from lxml import html

from rag.errors import UnreadableError
from rag.ingest.pages import Page, fits


def pages(body: bytes, characters: int) -> list[Page]:
    """The pages of an answer. Raises UnreadableError for one of another form."""
    text = body.decode("utf-8", "replace")
    found = _told(json.loads(text)) if text.lstrip()[:1] in ("{", "[") else text.split("\f")
    fits(sum(map(len, found)), characters, "the document has")
    return [Page(number, each) for number, each in enumerate(found, 1)]


def _told(answer: Any) -> list[str]:
    if isinstance(answer, list) and answer:
        # Tika's /rmeta tells of the file, and then of what is embedded in it.
        answer = answer[0]
    if isinstance(answer, dict):
        given = answer.get("pages")
        if isinstance(given, list) and all(isinstance(each, str) for each in given):
            return given
        if isinstance(content := answer.get("X-TIKA:content"), str):
            return _of_tika(content)
    raise UnreadableError("the document is a scan, and what OCR answers is not understood")


def _of_tika(content: str) -> list[str]:
    if "<" not in content:
        return [content]
    found = html.fromstring(content).xpath("//div[@class='page']")
    return ["\n".join(each.itertext()) for each in found] or [
        "\n".join(html.fromstring(content).itertext())
    ]
