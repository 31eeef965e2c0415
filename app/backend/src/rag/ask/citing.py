"""Citation markers in a text that a model writes piece by piece: `[1]`, `[2, 3]`, `[[4]]`, `[5-7]`.

Brackets and digits may have full width, and a dagger may follow the number, as some models write.
A marker may be cut anywhere, so what may become one is held back. Code holds no markers. An inline
code that its line does not close is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

_LONGEST_MARKER = 64
_LONGEST_CODE = 1000
_MOST_NUMBERS = 50
_OPENING = "[\u3010\uff3b"
# The same length for each character: places in both texts are the same.
_PLAIN = str.maketrans(
    "\u3010\u3011\uff3b\uff3d\uff0c\u3001\uff1b\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
    "[][],,;0123456789",
)
_PREFIX = re.compile(r"\[{1,2}[0-9\s,;^\u2013-]*(?:\u2020[^\[\]\n]*)?\]{0,2}")
_NUMBERS = re.compile(r"\^?([0-9]{1,3})(?:\s*[\u2013-]\s*([0-9]{1,3}))?(?![0-9])")
_BETWEEN = re.compile(r"[\s,;]*")


@dataclass(frozen=True, slots=True)
class Mark:
    """A citation of these numbers, at this place of the text."""

    numbers: tuple[int, ...]


class _In(Enum):
    TEXT = auto()
    MARKER = auto()
    TICKS = auto()
    CODE = auto()
    FENCE = auto()


class Marks:
    """Takes a text in pieces and gives text without markers, and marks where they stood."""

    def __init__(self) -> None:
        self._in = _In.TEXT
        self._held = ""
        self._space = ""
        self._line = ""
        self._ticks = 0
        self._escaped = False
        self._out: list[str | Mark] = []

    def feed(self, piece: str) -> Iterator[str | Mark]:
        """What is certain after another piece."""
        for char in piece:
            self._take(char)
        yield from self._given()

    def end(self) -> Iterator[str | Mark]:
        """What was held back, when nothing follows. A marker that was cut off is left out."""
        while self._held:
            held, inside = self._held, self._in
            self._held, self._in = "", _In.TEXT
            if inside is _In.CODE and not self._closed(held):
                self._emit("`" * self._ticks)
                for char in held[self._ticks :]:
                    self._take(char)
            elif inside is not _In.MARKER or not any(c.isdigit() for c in held):
                self._emit(held)
        self._space = ""
        yield from self._given()

    def _given(self) -> Iterator[str | Mark]:
        out, self._out = self._out, []
        text = ""
        for item in out:
            if isinstance(item, str):
                text += item
                continue
            if text:
                yield text
            text = ""
            yield item
        if text:
            yield text

    def _emit(self, text: str) -> None:
        text, self._space = self._space + text, ""
        self._out.append(text)
        self._line = (self._line + text).rpartition("\n")[2]

    def _take(self, char: str) -> None:
        {
            _In.TEXT: self._text,
            _In.MARKER: self._marker,
            _In.TICKS: self._tick,
            _In.CODE: self._code,
            _In.FENCE: self._fence,
        }[self._in](char)

    def _text(self, char: str) -> None:
        if self._escaped:
            self._escaped = False
            self._emit(char)
        elif char in _OPENING:
            self._held, self._in = char, _In.MARKER
        elif char == "`":
            self._held, self._in = char, _In.TICKS
        elif char.isspace():
            self._space += char
            if len(self._space) > _LONGEST_MARKER:
                self._emit("")
        else:
            self._escaped = char == "\\"
            self._emit(char)

    def _marker(self, char: str) -> None:
        held = self._held + char
        plain = held.translate(_PLAIN)
        if _PREFIX.fullmatch(plain) is None or len(held) > _LONGEST_MARKER:
            self._no_marker(held)
            return
        self._held = held
        double = plain.startswith("[[")
        if not plain.endswith("]]" if double else "]"):
            return
        numbers = _numbers(plain.strip("[]").partition("\u2020")[0])
        if not numbers:
            self._no_marker(held)
            return
        self._held, self._in, self._space = "", _In.TEXT, self._space.rstrip(" \t")
        self._out.append(Mark(numbers))

    def _no_marker(self, held: str) -> None:
        """Its first bracket is text, and what follows is read again."""
        self._held, self._in = "", _In.TEXT
        self._emit(held[0])
        for char in held[1:]:
            self._take(char)

    def _tick(self, char: str) -> None:
        if char == "`":
            self._held += char
            return
        self._ticks = len(self._held)
        if self._ticks >= 3 and not (self._line + self._space).rpartition("\n")[2].strip():
            held, self._held, self._in = self._held, "", _In.FENCE
            self._emit(held)
            self._line = "info"
        else:
            self._in = _In.CODE
        self._take(char)

    def _code(self, char: str) -> None:
        if char != "`" and self._closed(self._held):
            held, self._held, self._in = self._held, "", _In.TEXT
            self._emit(held)
            self._take(char)
        elif char == "\n" or len(self._held) > _LONGEST_CODE:
            held, self._held, self._in = self._held + char, "", _In.TEXT
            self._emit("`" * self._ticks)
            for each in held[self._ticks :]:
                self._take(each)
        else:
            self._held += char

    def _closed(self, held: str) -> bool:
        inner = held[self._ticks :]
        return len(inner) - len(inner.rstrip("`")) == self._ticks

    def _fence(self, char: str) -> None:
        line = self._line.strip()
        self._emit(char)
        if char == "\n" and len(line) >= self._ticks and not line.strip("`"):
            self._in = _In.TEXT


def _numbers(inner: str) -> tuple[int, ...]:
    """The numbers of a marker, in order; none if it is not one."""
    found: list[int] = []
    place = 0
    inner = inner.strip()
    while match := _NUMBERS.match(inner, place):
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        found += range(first, min(last, first + _MOST_NUMBERS) + 1)
        between = _BETWEEN.match(inner, match.end())
        place = between.end() if between else match.end()
    return tuple(dict.fromkeys(found)) if place == len(inner) else ()
