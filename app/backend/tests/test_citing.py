"""Markers in a model's text, whole and cut anywhere."""

import itertools

import pytest

from rag.ask.citing import Mark, Marks


def read(pieces):
    """Text and marks, with neighbouring texts joined."""
    marks, found = Marks(), []
    for item in [item for piece in pieces for item in marks.feed(piece)] + list(marks.end()):
        if isinstance(item, str) and found and isinstance(found[-1], str):
            found[-1] += item
        else:
            found.append(item.numbers if isinstance(item, Mark) else item)
    return found


CASES = {
    "Thirty days [1].": ["Thirty days", (1,), "."],
    "Thirty days.[1]": ["Thirty days.", (1,)],
    "A [1][2] b": ["A", (1,), (2,), " b"],
    "A [1] [2]": ["A", (1,), (2,)],
    "A [2,3] b": ["A", (2, 3), " b"],
    "A [2, 3; 2] b": ["A", (2, 3), " b"],
    "A [[4]] b": ["A", (4,), " b"],
    "A [[4], b": ["A [", (4,), ", b"],
    "A [5-7]": ["A", (5, 6, 7)],
    "A [5\u20137]": ["A", (5, 6, 7)],
    "A [^1]": ["A", (1,)],
    "A [ 1 ]": ["A", (1,)],
    "A [99]": ["A", (99,)],
    "- [ ] todo": ["- [ ] todo"],
    "in [2023] it": ["in [2023] it"],
    "[text](http://x)": ["[text](http://x)"],
    "[]": ["[]"],
    "[-1]": ["[-1]"],
    "[[[1]]]": ["[", (1,), "]"],
    r"\[1\]": [r"\[1\]"],
    "use `a[0]` here [1]": ["use `a[0]` here", (1,)],
    "use ``a[0]` b`` here [1]": ["use ``a[0]` b`` here", (1,)],
    "a stray ` tick [1]": ["a stray ` tick", (1,)],
    "a stray ` tick [1]\nnext ` [2]": ["a stray ` tick", (1,), "\nnext `", (2,)],
    "x\n```py\na[1]\n```\ny [2]": ["x\n```py\na[1]\n```\ny", (2,)],
    "```\na[1]": ["```\na[1]"],
    "A\n\n[1] B": ["A", (1,), "\n\n B"],
    "cut off [1": ["cut off"],
    "cut off [": ["cut off ["],
    "cut off `a[1]": ["cut off `a", (1,)],
    "blank at the end  ": ["blank at the end"],
    "\u4e09\u5341\u65e5[1]\u3002": ["\u4e09\u5341\u65e5", (1,), "\u3002"],
    "\u4e09\u5341\u65e5\u30101\u3011\u3002": ["\u4e09\u5341\u65e5", (1,), "\u3002"],
    "A \uff3b\uff11\uff0c\uff12\uff3d b": ["A", (1, 2), " b"],
    "A \u30103\u2020source\u3011 b": ["A", (3,), " b"],
    "A [3\u2020L1-L9] b": ["A", (3,), " b"],
    "A [\u2020note] b": ["A [\u2020note] b"],
    "\u3010note\u3011": ["\u3010note\u3011"],
    "cut off \u30101": ["cut off"],
    "": [],
}


@pytest.mark.parametrize("text", CASES)
def test_markers_become_marks(text):
    assert read([text]) == CASES[text]
    assert read(list(text)) == CASES[text]


def test_where_a_text_is_cut_does_not_matter():
    alphabet = ["[", "]", "1", ",", " ", "`", "```", "\n", "a", "\\", "[2]"]
    for parts in itertools.product(alphabet, repeat=3):
        text = "x [1" + "".join(parts) + "]"
        whole = read([text])
        assert read(list(text)) == whole, text
        for cut in range(1, len(text), 3):
            assert read([text[:cut], text[cut:]]) == whole, text


def test_a_long_text_takes_no_longer_than_its_length():
    for text in (
        "[" * 4000,
        "`" * 4000,
        "` `` " * 800,
        "[1" * 2000,
        "``` [1] " * 500,
        " " * 4000,
        "[1\u2020" * 1300,
    ):
        assert sum(len(item) for item in read([text])) <= len(text)
