"""The process that reads one document: `python -m rag.ingest.child LIMITS KIND`, bytes on stdin.

A stranger's file may make any parser compute for hours or fill the memory. Here it can do neither:
the kernel ends this process, and the server that started it goes on. It has no secrets in its
environment, opens no files for writing and is at the end of the queue for a core.
"""

import ctypes
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rag.errors import NoTextError, RagError
from rag.ingest.chunk import Chunk, chunks
from rag.ingest.formats import Format, named
from rag.ingest.limits import Limits
from rag.ingest.parse import parse

NICE = 10
READY = b"ready\n"
"""Said when the libraries are loaded, before the document is looked at."""
_PR_SET_PDEATHSIG = 1


def restrain(limits: Limits) -> None:
    """Take away from this process what reading a document does not need."""
    # At the soft one the kernel sends SIGXCPU, by which this end is told from others.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    for what, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (value, value))
    os.nice(NICE)
    # Who asked may be killed, and nobody would wait for this any more.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # What a library says of a broken file holds parts of it.
    logging.disable()


def read(kind: Format, body: bytes, limits: Limits, count: Callable[[str], int]) -> dict[str, Any]:
    """The document as its reader takes it: pages and chunks, or what is wrong with it."""
    try:
        document = parse(kind, body, limits.characters)
        found = chunks(document.pages, headings=kind.headings, count=count, limit=limits.chunks)
    except RagError as error:
        empty = isinstance(error, NoTextError)
        return {"error": error.kind, "detail": error.detail, "empty": empty}
    return {"pages": document.count, "chunks": [_row(chunk) for chunk in found]}


def _row(chunk: Chunk) -> Sequence[int | str]:
    return (chunk.page, chunk.start, chunk.end, chunk.heading, chunk.text)


def main() -> None:
    """Read what stdin holds, and write the answer."""
    limits, kind = Limits(**json.loads(sys.argv[1])), named(sys.argv[2])
    # The libraries first: what they are is not up to the document.
    from rag.ingest.tokens import Counter

    # openpyxl would load it for its types, and with it 75 MiB of what a document may take.
    modules: dict[str, Any] = sys.modules
    modules["numpy"] = None
    count, _loaded = Counter(), kind.pages
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    restrain(limits)
    answer = read(kind, sys.stdin.buffer.read(), limits, count)
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    main()
