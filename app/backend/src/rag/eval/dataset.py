"""A data set: documents, questions whose answers are known, and judgements of retrieval."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from rag.eval import trec

Kind = Literal["one", "two", "unanswerable", "off_domain"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ANSWERABLE: tuple[Kind, ...] = ("one", "two")


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class DatasetError(Exception):
    """The data set cannot be used; says which file and what is wrong."""


@dataclass(frozen=True)
class Question:
    """A question. facts: patterns that a right answer matches, all of them; none: a refusal is
    right. half: name of the part of the set that it is of. document: the file with the answer.
    """

    id: str
    question: str
    kind: Kind
    facts: tuple[re.Pattern[str], ...] = ()
    half: str = ""
    document: str = ""


@dataclass(frozen=True)
class Dataset:
    """documents: file name -> bytes. queries: id -> text; wanted: query -> file name -> gain."""

    documents: dict[str, bytes]
    questions: list[Question] = field(default_factory=list)
    queries: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, dict[str, float]] = field(default_factory=dict)


def load(folder: Path, documents: Path | None = None) -> Dataset:
    """Read a folder: what each file of it is, `python -m rag.eval --help` says.

    documents: another folder of documents. Raises DatasetError.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    files = documents or folder / "documents"
    found = {path.name: path.read_bytes() for path in sorted(files.glob("*")) if path.is_file()}
    for row in _rows(folder / "corpus.jsonl"):
        text = f"{row.get('title', '')}\n\n{row['text']}".strip()
        if text:
            found[f"{row['_id']}.txt"] = text.encode()
    for path in sorted(folder.glob("documents*.trec")):
        found |= {
            f"{name}.txt": text.encode() for name, text in trec.documents(_text(path)) if text
        }
    if not found:
        raise DatasetError(f"{folder} has no documents, corpus.jsonl or documents.trec")
    queries = {str(row["_id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl")}
    for path in sorted(folder.glob("topics*.trec")):
        queries |= dict(trec.topics(_text(path)))
    wanted = _judgements(folder)
    if wanted and not wanted.keys() & queries.keys():
        raise DatasetError(f"{folder} has judgements, but of none of its queries")
    return Dataset(
        documents=found,
        questions=[_question(row) for row in _rows(folder / "questions.jsonl")],
        queries=queries,
        wanted=wanted,
    )


def _text(path: Path) -> str:
    # The collections are older than UTF-8.
    return path.read_text(encoding="utf-8", errors="replace")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise DatasetError(f"{path.name}, line {number}: {error}") from None
            if not isinstance(row, dict):
                raise DatasetError(f"{path.name}, line {number}: is not an object")
            yield row


def _question(row: Mapping[str, Any]) -> Question:
    name, kind, facts = str(row.get("id", "?")), row.get("kind"), row.get("facts", [])
    if kind not in KINDS:
        raise DatasetError(f"question {name}: its kind is none of {', '.join(KINDS)}")
    if bool(facts) != (kind in ANSWERABLE):
        raise DatasetError(f"question {name}: an answerable question has facts, another has none")
    try:
        patterns = tuple(re.compile(fact, re.IGNORECASE) for fact in facts)
    except re.error as error:
        raise DatasetError(f"question {name}: a fact is no pattern: {error}") from None
    text = str(row["question"])
    document = str(row.get("document", ""))
    return Question(name, text, kind, patterns, str(row.get("half", "")), document)


def _judgements(folder: Path) -> dict[str, dict[str, float]]:
    """BEIR's qrels (a head, three columns) or TREC's (four columns without a head)."""
    paths = [folder / name for name in ("qrels.tsv", "qrels/test.tsv", "qrels.txt")]
    path = next((each for each in paths if each.is_file()), None)
    found: dict[str, dict[str, float]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path else ():
        cells = line.split("\t" if "\t" in line else None)
        if len(cells) < 3 or not _NUMBER.fullmatch(cells[-1].strip()):
            continue
        if (gain := float(cells[-1])) > 0:
            found.setdefault(cells[0].strip(), {})[f"{cells[-2].strip()}.txt"] = gain
    return found
