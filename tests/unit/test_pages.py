"""Pages: links, headings, paths, targets and inputs that they name exist, sentences are short."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest
from support.checkout import ROOT


def tracked() -> list[Path]:
    """The checkout's files, generated ones left out."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


FILES = tracked()
PAGES = [path for path in FILES if path.suffix == ".md" and path.name != "CHANGELOG.md"]
TOP = {path.relative_to(ROOT).parts[0] for path in FILES}
LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
CODE_OR_LINK = re.compile(r"`[^`]*`|\[[^\]]*\]\([^)]*\)")
LIST_ITEM = re.compile(r"(?:[-*+]|\d+\.) ")
SENTENCE_END = re.compile(r"""(?<=[.!?])[)"*]*\s+""")
MOST_WORDS = 25


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.M | re.S)


@functools.cache
def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def sentences(text: str) -> list[str]:
    """The sentences of paragraphs and list items, each piece of code and each link as one word."""
    blocks = [""]
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith(("#", "|", "<!--")):  # Headings and rows are no prose.
            blocks.append("")
        elif item := LIST_ITEM.match(line):
            blocks.append(line[item.end() :])
        else:
            blocks[-1] += f" {line}"
    joined = [CODE_OR_LINK.sub(lambda found: "_".join(found[0].split()), each) for each in blocks]
    return [sentence for each in joined for sentence in SENTENCE_END.split(each.strip())]


@functools.cache
def words() -> set[str]:
    """Every identifier of every file that is no page, and their names."""
    found: set[str] = set()
    for path in FILES:
        if path.suffix not in (".md", ".svg", ".pdf", ".png"):
            found.update(IDENTIFIER.findall(path.read_text(errors="ignore")))
            found.add(path.stem)
    return found


@functools.cache
def targets() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.M))


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_something(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_paths_that_are_named_exist(page: Path) -> None:
    missing = []
    for quoted in QUOTED.findall(prose(page)):
        path = quoted.rstrip("/")
        if not re.fullmatch(r"[\w.*<>-]+(/[\w.*<>-]+)+", path) or path.split("/")[0] not in TOP:
            continue
        pattern = re.sub(r"<[\w-]+>", "*", path)
        if not any(any(base.glob(pattern)) for base in (ROOT, page.parent)):
            missing.append(quoted)
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_targets_that_are_named_exist(page: Path) -> None:
    text = "\n".join([*QUOTED.findall(prose(page)), page.read_text()])
    asked = re.findall(r"(?:^|\$ |`)make ([a-z0-9-]+)", text, re.M)
    assert set(asked) - targets() == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_inputs_and_modules_that_are_named_exist(page: Path) -> None:
    asked = {quoted for quoted in QUOTED.findall(prose(page)) if IDENTIFIER.fullmatch(quoted)}
    assert asked - words() == set()


def test_a_sentence_ends_where_a_reader_sees_its_end() -> None:
    text = """# A heading. Of two sentences

One sentence with `code. and more` and
a [link of words](page.md#anchor). **Bold.** Another?
| a cell | which is. No prose |
| --- | --- |

- an item (in brackets.) Its second sentence
  goes on
- version 3.5 of `x y`
"""
    assert [sentence for sentence in sentences(text) if sentence] == [
        "One sentence with `code._and_more` and a [link_of_words](page.md#anchor).",
        "**Bold.",
        "Another?",
        "an item (in brackets.",
        "Its second sentence goes on",
        "version 3.5 of `x_y`",
    ]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_sentences_are_short(page: Path) -> None:
    long = [each for each in sentences(prose(page)) if len(each.split()) > MOST_WORDS]
    assert not long, f"{named(page)}, more than {MOST_WORDS} words a sentence:\n" + "\n".join(long)


@pytest.mark.parametrize(
    "parent", ["plugins/module_utils", "rehearsal/src/rehearsal", "tests", "plugins", "."]
)
def test_each_folder_is_told_of(parent: str) -> None:
    """docs/architecture.md lists them, so that a newcomer finds the room of a thing."""
    base = ROOT / parent
    inside = [path.relative_to(base).parts for path in FILES if path.is_relative_to(base)]
    folders = {parts[0] for parts in inside if len(parts) > 1 and not parts[0].startswith(".")}
    text = (ROOT / "docs/architecture.md").read_text()
    ways = ("`{}`", "`{}/`", "`{}/") if parent != "plugins" else ("`plugins/{}/`",)
    missing = [name for name in folders if not any(way.format(name) in text for way in ways)]
    assert sorted(missing) == []
