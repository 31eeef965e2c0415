"""Reads documents, each in a process of its own (child.py)."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from rag.errors import (
    NoTextError,
    RagError,
    TooLargeError,
    UnreadableError,
    UnsupportedTypeError,
)
from rag.ingest.child import READY
from rag.ingest.chunk import Chunk
from rag.ingest.formats import Format
from rag.ingest.limits import Limits

log = structlog.get_logger(__name__)

_SOURCE = str(Path(__file__).parents[2])
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "PYTHONPATH": _SOURCE,
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    # Threads, and what the allocator keeps for each, would count as its memory.
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}
_ERRORS = {error.kind: error for error in (TooLargeError, UnreadableError, UnsupportedTypeError)}


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text. pages: those of the file, also the empty ones."""

    pages: int
    chunks: list[Chunk]


class Reader:
    """Reads a document; how many at once is up to who asks."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def read(self, kind: Format, body: bytes) -> Text:
        """A document's text. Who cancels this ends the process.

        Raises UnsupportedTypeError for another format, UnreadableError or TooLargeError, also for
        what takes more than the limits.
        """
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "rag.ingest.child", json.dumps(asdict(self._limits)), kind.name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._limits.seconds):
                answer = await self._talk(child, body)
        except TimeoutError:
            raise self._refusal("time") from None
        finally:
            await _end(child)
        return self._understood(child.returncode, answer)

    async def _talk(self, child: asyncio.subprocess.Process, body: bytes) -> bytes:
        """Give the child the document and take its answer, which is no longer than it may be."""
        feeding = asyncio.create_task(_feed(child, body))
        try:
            answer = bytearray()
            while part := await _output(child).read(1 << 16):
                answer += part
                if len(answer) > self._limits.answer:
                    raise self._refusal("space for its text")
            await child.wait()
            return bytes(answer)
        finally:
            feeding.cancel()

    def _understood(self, status: int | None, answer: bytes) -> Text:
        ready, _, rest = answer.partition(READY)
        if ready or not answer.startswith(READY):
            # Before it had looked at the document: no fault of who sent it.
            log.error("ingest.no_reader", status=status)
            raise RagError("the process that reads documents did not start; see the log")
        if status == -signal.SIGXCPU:
            raise self._refusal("time")
        try:
            said = json.loads(rest) if status == 0 else None
        except ValueError:
            said = None
        if said is None:
            # Python ends with a traceback when it gets no memory, a library by SIGABRT, and the
            # kernel that has none left by SIGKILL.
            raise self._refusal("memory")
        if said.get("empty"):
            raise NoTextError(said["detail"])
        if "error" in said:
            raise _ERRORS.get(said["error"], UnreadableError)(said["detail"])
        rows = enumerate(said["chunks"])
        return Text(said["pages"], [Chunk(ordinal, *row) for ordinal, row in rows])

    def _refusal(self, what: str) -> RagError:
        return UnreadableError(
            f"the document takes more {what} to read than a document may "
            f"({self._limits.cpu_seconds} s, {self._limits.memory >> 20} MiB)"
        )


async def _feed(child: asyncio.subprocess.Process, body: bytes) -> None:
    pipe = child.stdin
    if pipe is None:
        return
    # It may have ended before it had read everything; its answer tells.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(body)
        await pipe.drain()
        pipe.close()


def _output(child: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if child.stdout is None:
        raise RuntimeError("a child without an output")
    return child.stdout


async def _end(child: asyncio.subprocess.Process) -> None:
    """Kill what still runs, and wait until it is gone: nothing of it may be left."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            child.kill()
        await asyncio.shield(child.wait())
