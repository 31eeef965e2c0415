"""Where sentences begin and end. Spans, not copies: a quotation is a slice of the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.ingest.abbreviations import WINDOW, goes_on

# Patterns look at a line, a sentence's end or a single run of characters, and none of them can
# match the same characters in two ways: a stranger's text decides how long they take.
_CLOSING = "\"'\u201d\u2019)\\]\u00bb\u300d\u300f\uff09\u3011\u300b"
# A full stop of a script that puts no blanks between sentences ends one by itself.
_END = re.compile(
    f"[.!?\u2026][{_CLOSING}]*(?=\\s)"
    f"|[\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u0965\u17d4\u104b\u1362][{_CLOSING}]*"
    f"|\uff0e[{_CLOSING}]*(?!\\d)"
)
# After a quotation's end a Japanese sentence goes on: it says who spoke.
_QUOTED = re.compile("[\u300d\u300f]$")
_SPEAKING = ("\u3068", "\u3063", "\u306a\u3069", "\u3001")
_LONGEST_NUMBER = len("10.11.12. ")
_FEW = 2
"""Blanks in a line that is prose, at least."""
_HEADING = re.compile(r" {0,3}(#{1,6})\s")
_LONGEST_HEADING = 200
"""Characters of a heading that are kept: each passage below it repeats them."""
# A line that starts a block of its own: list item, table row, quotation, rule, fence.
_BLOCK_LINE = re.compile(r"^\s*(?:[-*+\u2022]\s|\d{1,3}[.)]\s|\||>|```|~~~|(?:[-*_]\s*){3,}$)")
_LONGEST_TITLE = 60
"""Characters of a line that may be a title though text follows it at once."""
_WORD = 4
"""Letters of a word at the end of a title, at least: no title ends in `of the`."""
_RULE = re.compile(r"^[\s|:*_=~`-]*$")


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` of a page, and the headings above it."""

    start: int
    end: int
    heading: str = ""


def spans(text: str, *, headings: bool) -> list[Span]:
    """The sentences of a page in order; lines that are headings become `heading`, not sentences.

    headings: whether the format has them.
    """
    found: list[Span] = []
    trail: list[tuple[int, str]] = []
    for start, end in _blocks(text):
        head = _heading(text[start:end]) if headings else None
        if head:
            trail = [item for item in trail if item[0] < head[0]] + [head]
            continue
        heading = " > ".join(title for _level, title in trail)
        found += [Span(s, e, heading) for s, e in _sentences(text, start, end)]
    if not found and text.strip():
        # Nothing but headings: they are the text then.
        return spans(text, headings=False) if headings else []
    return found


def _heading(line: str) -> tuple[int, str] | None:
    """Level and title of a line that is a Markdown heading: `## Title ##`."""
    match = _HEADING.match(line)
    if match is None:
        return None
    title = line[match.end() :].strip()
    bare = title.rstrip("#").rstrip()
    title = bare or title
    return (len(match[1]), title[:_LONGEST_HEADING]) if title else None


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, and lines that stand alone."""
    start, position = None, 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        alone = _heading(line) is not None
        if start is not None and (not bare or alone or _BLOCK_LINE.match(line)):
            yield start, position
            start = None
        if alone:
            yield position, position + len(line.rstrip())
        elif bare and start is None:
            start = position
        position += len(line)
    if start is not None:
        yield start, position


def _title(text: str, start: int, end: int) -> int:
    """Where the title at the start of a block ends; `start` if it has none.

    PDFs and plain texts have no blank line below many titles. Such a line is short, has no mark at
    its end, and leaves room for more than the next line's first word; that line begins anew.
    """
    first, _newline, rest = text[start : min(end, start + 4 * _LONGEST_TITLE)].partition("\n")
    title, after = first.strip(), rest.lstrip(" \t")
    last = title.rpartition(" ")[2]
    plain = bool(last) and last[-1].isalnum() and ":" not in title
    if not plain or len(title) > _LONGEST_TITLE or (last.islower() and len(last) < _WORD):
        return start
    line = after.partition("\n")[0].strip()
    roomy = len(title) + 1 + len(line.partition(" ")[0]) < len(line)
    anew = title[0].isupper() and line[:1].isupper() and line.count(" ") >= _FEW
    # A list of names and values, or an address, has no sentence below its first line.
    return start + len(first) if roomy and anew and _ends(line, rest) else start


def _ends(line: str, rest: str) -> bool:
    """Whether what follows is prose: a sentence that ends in its line, or goes on in the next."""
    following = rest.partition("\n")[2].lstrip()
    return line.endswith((".", "!", "?")) or following[:1].islower()


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = _title(text, start, end)
    if begin > start:
        yield from _trimmed(text, start, begin)
    for match in _END.finditer(text, start, end):
        # A few characters, and no more: a text without an end of a sentence is looked at once.
        before = text[max(begin, match.end() - WINDOW) : match.end()]
        after = text[match.end() : min(end, match.end() + WINDOW)]
        if goes_on(before, after) or (_QUOTED.search(before) and after.startswith(_SPEAKING)):
            continue
        if _is_number(text, begin, match.end()):
            continue
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
        if text.startswith("\n", begin) and (title := _title(text, begin + 1, end)) > begin + 1:
            yield from _trimmed(text, begin, title)
            begin = title
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if _RULE.match(piece):
        return
    left = len(piece) - len(piece.lstrip())
    yield start + left, start + len(piece.rstrip())


def _is_number(text: str, start: int, end: int) -> bool:
    """Whether there is no more than the number of a list's item or of a section, as in `5.2.`."""
    piece = text[start:end].strip() if end - start <= 2 * _LONGEST_NUMBER else ""
    return (
        0 < len(piece) <= _LONGEST_NUMBER
        and piece[0].isdigit()
        and all(c.isdigit() or c == "." for c in piece)
    )
