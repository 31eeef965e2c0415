"""What becomes of files: status, time, memory and words for each, as the worker has them.

`python tests/filetable.py` prints the table of docs/files.md; `--write` writes it, and `--hostile`
adds the files of test_hostile.py. With folders as arguments it reads the files in them instead.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import test_formats
import test_hostile

from rag.errors import NoTextError, RagError, TooLargeError, UnreadableError, UnsupportedTypeError
from rag.ingest.child import READY
from rag.ingest.formats import format_of
from rag.ingest.limits import Limits

LIMITS = Limits(cpu_seconds=45, seconds=90, memory=384 << 20, characters=1_500_000, chunks=2000)
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
PAGE = Path(__file__).parents[3] / "docs/files.md"
_MARKS = "<!-- files -->", "<!-- /files -->"
_HEAD = "| File | Bytes | Status | CPU s | Memory MiB | What is said |\n|---|---|---|---|---|---|\n"
_ERRORS = {
    each.kind: each.status
    for each in (TooLargeError, UnreadableError, UnsupportedTypeError, NoTextError)
}


class _Peak(threading.Thread):
    """Looks at a process until it ends: what the kernel counts for it holds its parent's, too."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._status = Path(f"/proc/{pid}/status")
        self.kib = 0

    def run(self) -> None:
        # Its file goes when it has ended, and so does the watch.
        with contextlib.suppress(OSError, ProcessLookupError):
            while found := re.search(r"VmHWM:\s+(\d+)", self._status.read_text()):
                self.kib = max(self.kib, int(found[1]))
                time.sleep(0.02)


def _feed(child: subprocess.Popen, body: bytes) -> None:
    # It may have ended before it had read everything.
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(body)
        child.stdin.close()


def outcome(name: str, body: bytes) -> tuple[int, float, float, str]:
    """Status, CPU seconds, MiB at most and words of a file, read as a worker reads it."""
    try:
        kind = format_of(name, "", body)
    except RagError as error:
        return error.status, 0.0, 0.0, error.detail
    command = [sys.executable, "-m", "rag.ingest.child", json.dumps(asdict(LIMITS)), kind.name]
    started = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    peak = _Peak(started.pid)
    peak.start()
    feeding = threading.Thread(target=_feed, args=(started, body))
    feeding.start()
    answer = started.stdout.read().removeprefix(READY)
    feeding.join()
    _pid, started.returncode, used = os.wait4(started.pid, 0)
    peak.join()
    cpu, memory = used.ru_utime + used.ru_stime, peak.kib / 1024
    try:
        said = json.loads(answer)
    except ValueError:
        return 422, cpu, memory, "the document takes more time or memory than a document may"
    if "error" in said:
        return _ERRORS[said["error"]], cpu, memory, said["detail"]
    return 201, cpu, memory, f"pages: {said['pages']}, passages: {len(said['chunks'])}"


def files(folders: list[str], *, hostile: bool = False) -> Iterator[tuple[str, bytes]]:
    """The files of folders; without any, those of the tests: each kind, and with `hostile` those
    on which a parser computes for hours.
    """
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()
    if folders:
        return
    for name, (body, _fact) in test_formats.TAKEN.items():
        yield name, body
    for name, (body, *_said) in test_formats.REFUSED.items():
        yield name, body
    if hostile:
        for name, make in test_hostile.ASKED.items():
            yield name, make()


def table(folders: list[str], *, hostile: bool = False) -> str:
    """The table, as Markdown."""
    rows = []
    for name, body in files(folders, hostile=hostile):
        status, cpu, memory, words = outcome(name, body)
        taken = f"{cpu:.1f} | {memory:.0f}" if cpu else "- | -"
        words = words.replace("|", "\\|").replace("\n", " ")
        rows.append(f"| `{name}` | {len(body)} | {status} | {taken} | {words} |\n")
    return _HEAD + "".join(rows)


def main() -> None:
    """Print the table, or write it."""
    arguments = sys.argv[1:]
    hostile = "--hostile" in arguments
    folders = [each for each in arguments if not each.startswith("--")]
    made = table(folders, hostile=hostile)
    if "--write" not in arguments:
        sys.stdout.write(made)
        return
    before, _, rest = PAGE.read_text().partition(_MARKS[0])
    _old, _, after = rest.partition(_MARKS[1])
    PAGE.write_text(f"{before}{_MARKS[0]}\n{made}{_MARKS[1]}{after}")


if __name__ == "__main__":
    main()
