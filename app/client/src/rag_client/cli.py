"""The command `rag`."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_client import export, folder
from rag_client.client import Rag
from rag_client.errors import ProblemError, UnreachableError

EX_FAILED, EX_REFUSED, EX_UNREACHABLE = 1, 3, 69
"""Exit statuses: something was refused by the backend; no answer in the documents; no backend."""
_SILENT_SECONDS = 2.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    given = _parser().parse_args(argv)
    try:
        with Rag(given.url, given.api_key_file) as rag:
            status: int = given.run(rag, given)
            return status
    except ProblemError as error:
        known = f" (request {error.request_id})" if error.request_id else ""
        print(f"rag: {error.detail}{known}", file=sys.stderr)
        return EX_FAILED
    except UnreachableError as error:
        print(f"rag: {error}", file=sys.stderr)
        return EX_UNREACHABLE
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rag",
        description="Documents in, grounded answers with citations out.",
        epilog="RAG_URL and RAG_API_KEY name the backend and the key that it asks for.",
    )
    parser.add_argument("--url", help="the backend (default: RAG_URL, or http://localhost:8000)")
    parser.add_argument(
        "--api-key-file",
        type=_key_in,
        metavar="FILE",
        help="a file with the key (default: RAG_API_KEY); other processes do not see it",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        made.add_argument("--json", action="store_true", help="print JSON")
        return made

    upload = command("upload", _upload, "Upload files and folders.")
    upload.add_argument("paths", nargs="+", type=Path)
    upload.add_argument("--concurrency", type=int, choices=range(1, 17), default=4, metavar="1-16")
    ask = command("ask", _ask, "Ask a question.")
    ask.add_argument("question")
    upload.add_argument("--collection", metavar="NAME", help="where new documents go")
    search = command("search", _search, "Show the passages that fit a query.")
    search.add_argument("query")
    search.add_argument("--limit", type=int, default=10)
    search.add_argument("--document", action="append", default=[], metavar="ID")
    search.add_argument("--type", action="append", default=[], metavar="CONTENT_TYPE")
    listing = command("list", _list, "List documents.")
    listing.add_argument("--status", choices=("processing", "ready", "failed", "deleting"))
    listing.add_argument("--name", help="a part of the file's name")
    listing.add_argument("--type", metavar="FORMAT", help="such as PDF, or a content type")
    listing.add_argument("--metadata", action="append", default=[], metavar="NAME:VALUE")
    for each in (ask, search, listing):
        each.add_argument("--collection", action="append", default=[], metavar="NAME")
    exporting = command("export", _export, "Download all documents with what is known of them.")
    exporting.add_argument("folder", type=Path)
    show = command("show", _show, "Show documents.")
    show.add_argument("ids", nargs="+", metavar="ID")
    delete = command("delete", _delete, "Delete documents.")
    delete.add_argument("ids", nargs="+", metavar="ID")
    return parser


def _key_in(name: str) -> str:
    try:
        key = Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {type(error).__name__}") from None
    if not key:
        raise argparse.ArgumentTypeError(f"{name} is empty")
    return key


def _upload(rag: Rag, given: argparse.Namespace) -> int:
    paths = list(folder.files(given.paths))

    def progress(outcome: folder.Outcome, done: int) -> None:
        kind = "skipped: " if outcome.skipped else "failed: "
        words = kind + outcome.reason if outcome.reason else "ready"
        print(f"{done}/{len(paths)} {outcome.path}: {words}", file=sys.stderr)

    outcomes = folder.upload(rag, paths, given.concurrency, progress, _Working(), given.collection)
    ready = [outcome for outcome in outcomes if outcome.document]
    for outcome in ready:
        document = outcome.document or {}
        print(json.dumps(document) if given.json else f"{document['id']}  {outcome.path}")
    failed = [outcome for outcome in outcomes if outcome.reason and not outcome.skipped]
    return EX_FAILED if failed or not ready else 0


class _Working:
    """Tells of jobs that take their time."""

    def __init__(self) -> None:
        self._next: dict[Path, float] = {}

    def __call__(self, path: Path, job: dict[str, Any]) -> None:
        """Say what a job does, every few seconds."""
        now = time.monotonic()
        if now < self._next.setdefault(path, now + _SILENT_SECONDS):
            return
        words = ""
        if job["state"] == "running":
            words = f"{job['stage']}, {job['progress']:.0%}"
        elif job["state"] == "queued" and job["reason"]:
            words = f"is tried again after: {job['reason']['detail']}"
        elif job["state"] == "queued":
            words = "waits"
        if words:
            self._next[path] = now + _SILENT_SECONDS
            print(f"{path}: {words}", file=sys.stderr)


def _ask(rag: Rag, given: argparse.Namespace) -> int:
    answer: dict[str, Any] = {}
    names: dict[str, str] = {}
    for event in rag.stream(given.question, collections=given.collection):
        if event.name == "sources":
            names = {item["document_id"]: item["filename"] for item in event.data["sources"]}
        elif event.name == "delta" and not given.json:
            print(event.data["text"], end="", flush=True)
        elif event.name == "citation" and not given.json:
            print(f" [{event.data['number']}]", end="", flush=True)
        elif event.name == "done":
            answer = event.data
    if given.json:
        print(json.dumps(answer))
    else:
        print()
        for number, item in enumerate(answer["citations"], 1):
            name = names.get(item["document_id"], item["document_id"])
            print(f"[{number}] {name}, page {item['page']}: {_one_line(item['excerpt'])}")
    return EX_REFUSED if answer["refused"] else 0


def _search(rag: Rag, given: argparse.Namespace) -> int:
    found = rag.search(
        given.query,
        limit=given.limit,
        document_ids=given.document,
        content_types=given.type,
        collections=given.collection,
    )
    if given.json:
        print(json.dumps(found))
        return 0
    for hit in found["hits"]:
        place = f"{hit['filename']}, page {hit['page']}"
        print(f"{hit['score']:.3f}  {place}: {_one_line(hit['text'])}")
    return 0


def _list(rag: Rag, given: argparse.Namespace) -> int:
    wanted = {
        name: getattr(given, name) for name in ("status", "name", "type", "metadata", "collection")
    }
    for document in rag.documents(**wanted, sort="name"):
        _print(document, given)
    return 0


def _export(rag: Rag, given: argparse.Namespace) -> int:
    def progress(name: str, reason: str) -> None:
        print(f"{name}: {f'failed: {reason}' if reason else 'exported'}", file=sys.stderr)

    try:
        failed = export.export(rag, given.folder, progress)
    except OSError as error:
        print(f"rag: {error}", file=sys.stderr)
        return EX_FAILED
    index = given.folder / export.INDEX
    print(json.dumps({"index": str(index), "failed": failed}) if given.json else index)
    return EX_FAILED if failed else 0


def _show(rag: Rag, given: argparse.Namespace) -> int:
    for document_id in given.ids:
        _print(rag.document(document_id), given)
    return 0


def _delete(rag: Rag, given: argparse.Namespace) -> int:
    for document_id in given.ids:
        rag.delete(document_id)
        print(json.dumps({"id": document_id}) if given.json else document_id)
    return 0


def _print(document: dict[str, Any], given: argparse.Namespace) -> None:
    words = f"{document['id']}  {document['status']}  {document['filename']}"
    print(json.dumps(document) if given.json else words)


def _one_line(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."


if __name__ == "__main__":
    sys.exit(main())
