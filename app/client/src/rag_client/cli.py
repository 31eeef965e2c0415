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
    importing = command("import", _import, "Have files fetched by the backend.")
    importing.add_argument(
        "urls", nargs="+", metavar="URL", help="https://..., or s3://BUCKET/PREFIX"
    )
    importing.add_argument("--collection", metavar="NAME", help="where new documents go")
    reindexing = command("reindex", _reindex, "Read the kept files of documents again.")
    reindexing.add_argument("ids", nargs="*", metavar="ID")
    reindexing.add_argument("--all", action="store_true", help="every ready document")
    replacing = command("replace", _replace, "Give a document a new version.")
    replacing.add_argument("id", metavar="ID")
    replacing.add_argument("path", type=Path)
    replacing.add_argument("--if-sha256", metavar="SHA256", help="of the file to be replaced")
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


def _import(rag: Rag, given: argparse.Namespace) -> int:
    places = [each.removeprefix("s3://") for each in given.urls if each.startswith("s3://")]
    urls = [each for each in given.urls if not each.startswith("s3://")]
    begun = [rag.start_import(urls, collection=given.collection)] if urls else []
    for place in places:
        bucket, _slash, prefix = place.partition("/")
        begun.append(rag.start_import(bucket=bucket, prefix=prefix, collection=given.collection))
    good = [_follow_import(rag, made["id"], given) for made in begun]
    return 0 if all(good) else EX_FAILED


def _follow_import(rag: Rag, import_id: str, given: argparse.Namespace) -> bool:
    """Tell how an import goes, and what became of its files; whether all of it went well."""
    told, found = "", {}
    for found in rag.watch_import(import_id):
        words = ", ".join(f"{count} {state}" for state, count in found["counts"].items() if count)
        if words and words != told:
            print(f"{import_id}: {words}", file=sys.stderr)
        told = words
    for job in rag.jobs(import_id=import_id):
        if job["state"] == "succeeded" and job["kind"] != "list":
            words = f"{job['document_id']}  {job['filename']}"
            print(json.dumps(job) if given.json else words)
        elif job["state"] != "succeeded":
            reason = job["reason"] or {}
            words = f"{job['filename']}: {job['state']}: {reason.get('detail', '')}"
            print(words, file=sys.stderr)
    counts = found["counts"]
    return found["state"] == "ended" and not (counts["failed"] or found["reason"])


def _reindex(rag: Rag, given: argparse.Namespace) -> int:
    if given.all == bool(given.ids):
        print("rag: name documents, or give --all", file=sys.stderr)
        return 2
    queued = rag.reindex(given.ids)
    print(json.dumps(queued) if given.json else f"{queued['queued']} queued")
    for item in queued["items"]:
        if item["problem"]:
            print(f"{item['id']}: {item['problem']['detail']}", file=sys.stderr)
    return EX_FAILED if any(item["problem"] for item in queued["items"]) else 0


def _replace(rag: Rag, given: argparse.Namespace) -> int:
    try:
        document = rag.replace(given.path, given.id, sha256=given.if_sha256)
    except OSError as error:
        print(f"rag: {error}", file=sys.stderr)
        return EX_FAILED
    words = f"{document['id']}  version {document['version']}  {document['filename']}"
    print(json.dumps(document) if given.json else words)
    return 0


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
