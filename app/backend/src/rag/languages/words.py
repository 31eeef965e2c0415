"""A text as its words are looked up: the same letters for what people write in several ways.

PostgreSQL divides the result into words at blanks and punctuation, and stems them (revision 0003).
Scripts that put no blanks between words become pairs of characters here.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a0-\u30ff\u31f0-\u31ff"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_SOUTHEAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# Thai, Lao, Khmer and Burmese write vowels as marks of their own, which belong to the word.
_RUN = re.compile(f"[{_HAN}]+|[{_HIRAGANA}]+|[{_KATAKANA}]+|[{_HANGUL}]+|[{_SOUTHEAST}]+")
_IS_HAN = re.compile(f"[{_HAN}]")
_IS_HIRAGANA = re.compile(f"[{_HIRAGANA}]")
# Function words of Chinese, each one character. They divide what is between them.
_CHINESE_STOPS = frozenset(
    "的了是在和与與及或吗嗎呢吧么麼之于於以为為把被也都就而且其该該此这這那哪们們"
)
_OMITTED = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Arabic and Hebrew vowel signs, which most texts leave out, and the stroke that lengthens a word.
_VOWEL_SIGNS = re.compile("[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_LETTERS = str.maketrans(
    {
        **dict.fromkeys("\u0622\u0623\u0625\u0671", "\u0627"),
        "\u0649": "\u064a",
        "\u06cc": "\u064a",
        "\u06a9": "\u0643",
        "\u0451": "\u0435",
        "ß": "ss",
        "\u2010": "-",
        "\u2011": "-",
        "\u2019": "'",
    }
)
# ae, oe and ue for umlauts, as keyboards without them have it. It may hit other words (`Poesie`),
# which matters little: documents and questions are read in the same way.
_UMLAUTS = re.compile("(ae|oe|(?<![aeq])ue)")
_UMLAUT_OF = {"ae": "ä", "oe": "ö", "ue": "ü"}
_LITTLE = 0.3


class _Blanks(dict[int, str | None]):
    """What is neither letter, mark nor number becomes a blank; digits become European ones."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        if code < 0x80:
            made = char
        elif kind == "Nd":
            made = str(unicodedata.decimal(char))
        else:
            made = char if kind[0] in "LMN" else " "
        self[code] = made
        return made


_BLANKS = _Blanks()
_CODES = "ar ca da de el en es eu fi fr ga hi hu hy id it lt ne nl no pt ro ru sr sv ta tr yi"
STEMMED = frozenset(_CODES.split())
"""Languages of which PostgreSQL knows the endings (revision 0003)."""


def searchable(text: str, language: str | None) -> str:
    """A text of a language with its words in the one form in which they are looked up.

    Plain English in ASCII stays what it is but for capitals.
    """
    plain = unicodedata.normalize("NFKC", text)
    if language == "tr":
        plain = plain.replace("İ", "i").replace("I", "ı")
    plain = _OMITTED.sub("", plain).lower().translate(_LETTERS)
    if not plain.isascii():
        plain = _VOWEL_SIGNS.sub("", plain).translate(_BLANKS)
        plain = _RUN.sub(lambda run: f" {' '.join(_pieces(run[0]))} ", plain)
    if language == "de":
        plain = _UMLAUTS.sub(lambda found: _UMLAUT_OF[found[0]], plain)
    return plain


def is_unspaced(piece: str) -> bool:
    """Whether a stem is a piece of a script that is looked up by characters, not by words."""
    return bool(_RUN.match(piece))


def share(piece: str) -> float:
    """How much a stem of a question counts, against a word: at most 1.

    Single characters and Japanese endings say little of what is asked.
    """
    if not is_unspaced(piece):
        return 1.0
    return _LITTLE if len(piece) == 1 or _IS_HIRAGANA.match(piece) else 1.0


def is_across(piece: str, known: Mapping[str, int]) -> bool:
    """Whether a pair of characters is the end of a word and the beginning of the next, likely.

    known: how often each piece of the question stands in a text. The pair stands in none of them,
    its characters do.
    """
    return (
        len(piece) == 2
        and is_unspaced(piece)
        and not known.get(piece)
        and all(known.get(char) for char in piece)
    )


def _pieces(run: str) -> Iterator[str]:
    """Pairs of neighbouring characters, and single ones where these are words."""
    if not _IS_HAN.match(run):
        if len(run) == 1 and not _IS_HIRAGANA.match(run):
            yield run
        yield from _pairs(run)
        return
    yield from (char for char in run if char not in _CHINESE_STOPS)
    word = ""
    for char in run:
        if char in _CHINESE_STOPS:
            yield from _pairs(word)
            word = ""
        else:
            word += char
    yield from _pairs(word)


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))
