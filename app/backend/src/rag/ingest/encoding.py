"""Which characters the bytes of a text are: by its mark, as UTF-8 or UTF-16, or by a guess."""

import codecs
import re

from rag.errors import UnreadableError

# The longer ones first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What people write text in; the guess is better for not knowing of the others.
_PAGES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"),
    *("koi8_r", "iso8859_2", "iso8859_5", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
# Taken for one of these, a text of Western Europe is as likely: it is told by few letters.
_NEAR_WESTERN = ("cp1250", "cp1257", "iso8859_2")
# Of cp1252: what is rare in the West, and stands where other code pages have frequent letters.
_RARE = "\u00f0\u00fe\u00fd\u00f5\u00d0\u00de\u00dd\u00ba\u00aa\u00b3\u00b9\u00be\u00bf\u00bc"
_RARE_SHARE = 0.2
_DECLARED = re.compile(rb"(?:charset|encoding)=[\"']?([A-Za-z0-9_.:-]{1,40})")
# What a declaration may name: there are codecs that are none of texts, or take long.
_DECLARABLE = ("cp", "iso", "koi8", "gb", "big5", "euc", "shift", "mac", "tis", "johab", "ascii")
# Everybody says the smaller one, and writes the larger one.
_WIDER = {
    **dict.fromkeys(("iso8859-1", "ascii"), "cp1252"),
    **{"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"},
}
# Of UTF-16: what texts are made of, in whatever script.
_USUAL = re.compile(
    r"[\t\n\r -~\u00a0-\u024f\u0370-\u06ff\u0900-\u0e7f\u2010-\u206f\u20ac"
    r"\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]"
)
_SHORTEST_WIDE = 32
_LOOKED_AT = 1024
_PER_WESTERN = 6
_PER_ERROR = 20
"""Good characters beyond ASCII for each bad one, from which on a text is a damaged UTF-8."""
_GUESSED = 1 << 16
"""Bytes of a text by which its code page is guessed."""
_LONGEST_CHARACTER = 4


def decoded(body: bytes, *, declared: bool = False, charset: str = "") -> str:
    """The text of `body`.

    declared: whether it may say at its head what it is, as HTML and XML do; charset: what others
    say of it. Raises UnreadableError for a binary file, and where the encoding cannot be told.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _as(body[len(mark) :], name, damaged=True) or ""
    if b"\0" in body:
        return _wide(body)
    said = (charset, _declaration(body) if declared else "")
    for name in ("utf-8", *filter(None, map(_declarable, said))):
        if (text := _as(body, name)) is not None:
            return text
    return _damaged(body) or _guessed(body)


def _declaration(body: bytes) -> str:
    match = _DECLARED.search(body[:_LOOKED_AT])
    return match[1].decode("ascii") if match else ""


def _declarable(name: str) -> str:
    """The encoding that a stranger names, or nothing."""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return _WIDER.get(known, known) if known.startswith(_DECLARABLE) else ""


def _as(body: bytes, name: str, *, damaged: bool = False) -> str | None:
    """The text in an encoding, or None where it is not that."""
    try:
        return body.decode(name, "replace" if damaged else "strict")
    except ValueError:
        return None


def _wide(body: bytes) -> str:
    """The text of UTF-16 or UTF-32 without a mark: where its zeros are tells which."""
    for width, name, place in (
        *((4, "utf-32-le", 3), (4, "utf-32-be", 0)),
        *((2, "utf-16-le", 1), (2, "utf-16-be", 0)),
    ):
        # The byte that is zero in most scripts, and the one that then holds the character.
        high, low = body[place::width].count(0), body[width - 1 - place :: width].count(0)
        share = 4 if len(body) >= _SHORTEST_WIDE else 1
        if len(body) % width or high * share * width < len(body) or low * 8 > high:
            continue
        if (text := _as(body, name)) and "\0" not in text:
            return text
    return _wide_by_script(body)


def _wide_by_script(body: bytes) -> str:
    """UTF-16 of a script in which no byte is usually zero: what it says makes sense one way."""
    if len(body) >= _SHORTEST_WIDE:
        for name in ("utf-16-le", "utf-16-be"):
            text = _as(body, name) or "\0"
            if "\0" not in text and len(_USUAL.findall(text[:_GUESSED])) * 10 >= 9 * min(
                len(text), _GUESSED
            ):
                return text
    raise UnreadableError("the text holds zero bytes: it is a binary file")


def _damaged(body: bytes) -> str | None:
    """A UTF-8 with a few bad bytes, as a log has that was cut within a character."""
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - bad
    return text if good >= _PER_ERROR * bad else None


def _guessed(body: bytes) -> str:
    """The text in the code page that fits best."""
    for start in _starts(body):
        for name in _names(start):
            if (text := _as(body, name)) is not None or (text := _cut(body, name)) is not None:
                return text
    if (text := _plainly_western(body)) is not None:
        return text
    raise UnreadableError("the text's encoding cannot be told: save it as UTF-8")


def _plainly_western(body: bytes) -> str | None:
    """A text that is ASCII but for a few letters, such as a list of names."""
    text = _as(body, "cp1252")
    if text is None or not all(c.isprintable() or c in "\t\n\r\f\u00a0" for c in text):
        return None
    beyond = sum(1 for character in text if character > "\x7f")
    return text if beyond * _PER_WESTERN < len(text) else None


def _starts(body: bytes) -> list[bytes]:
    """What is looked at: all, or so much that it does not end within a character."""
    if len(body) <= _GUESSED:
        return [body]
    # In no encoding is a blank, a line's end or a stop the last byte of another character.
    if end := max(map(body[:_GUESSED].rfind, (b" ", b"\n", b"."))) + 1:
        return [body[:end]]
    return [body[: _GUESSED - cut] for cut in range(_LONGEST_CHARACTER)]


def _names(start: bytes) -> list[str]:
    """Code pages that fit, best first."""
    # Only here: most texts are UTF-8, and loading it takes longer than reading them.
    from charset_normalizer import from_bytes

    found = from_bytes(start, cp_isolation=list(_PAGES), preemptive_behaviour=False)
    best = found.best()
    names = [best.encoding] if best else []
    if best and best.encoding in _NEAR_WESTERN:
        alike = {name for match in found for name in match.could_be_from_charset}
        names = ["cp1252", *names] if "cp1252" in alike and _is_western(start) else names
    return names


def _is_western(body: bytes) -> bool:
    """Whether the letters of a text, read as a Western one, are not those that are rare there."""
    beyond = [character for character in body.decode("cp1252", "replace") if character > "\x7f"]
    return sum(map(_RARE.count, beyond)) < _RARE_SHARE * len(beyond)


def _cut(body: bytes, name: str) -> str | None:
    """The text in a code page that fitted its beginning, if its end is damaged at most a little."""
    text = _as(body, name, damaged=True) or ""
    return text if text.count("\ufffd") * 1000 < len(text) else None
