"""All documents into a folder: their files as they were uploaded, and what is known of them."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rag_client.client import Rag
from rag_client.errors import ProblemError, UnreachableError

INDEX = "documents.jsonl"
_ID = re.compile(r"[0-9a-f]{1,64}")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')
_DELETED = "it was deleted meanwhile"
_LONGEST_NAME = 200
"""Bytes: file systems take 255, and a file that is being written has a longer name."""


def export(rag: Rag, folder: Path, progress: Callable[[str, str], None]) -> int:
    """Write each document's file to FOLDER/ID/NAME, and a line about it to documents.jsonl.

    One piece of one file is in memory at a time. A file that is there already is not fetched again.
    `progress` hears of each document: its name, and what went wrong. Returns how many failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{INDEX}.part"
    failed = 0
    with part.open("w", encoding="utf-8") as lines:
        # By time of creation: what is uploaded meanwhile comes last, and moves no page.
        for document in rag.documents(sort="created"):
            path, reason = _kept(rag, folder, document)
            if reason == _DELETED:
                continue
            failed += bool(reason)
            lines.write(json.dumps(document | {"path": path}, ensure_ascii=False) + "\n")
            progress(document["filename"], reason)
    part.replace(folder / INDEX)
    return failed


def _kept(rag: Rag, folder: Path, document: dict[str, Any]) -> tuple[str | None, str]:
    """Where the document's file is in the folder, or why it is not."""
    if not _ID.fullmatch(document["id"]):
        return None, "its id is none"
    path = folder / document["id"] / _safe(document["filename"])
    shown = path.relative_to(folder).as_posix()
    try:
        if not (path.is_file() and _sha256(_pieces(path)) == document["sha256"]):
            _fetch(rag, document, path)
    except ProblemError as error:
        return None, _DELETED if error.status == 404 else error.detail
    except (UnreachableError, OSError) as error:
        return None, str(error)
    return shown, ""


def _fetch(rag: Rag, document: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:

            def written() -> Iterator[bytes]:
                for piece in rag.content(document["id"]):
                    file.write(piece)
                    yield piece

            whole = _sha256(written()) == document["sha256"]
        if not whole:
            raise ProblemError({"detail": "what came is not what was uploaded"}, 500)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _sha256(pieces: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _safe(name: str) -> str:
    """The name for a file system: it is a stranger's."""
    plain = _UNSAFE.sub("_", name).strip(" .") or "document"
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix.encode()) > 20:
        stem, dot, suffix = plain, "", ""
    room = _LONGEST_NAME - len((dot + suffix).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + suffix
