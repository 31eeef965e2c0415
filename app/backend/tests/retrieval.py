"""How well questions find documents: `PYTHONPATH=src python tests/retrieval.py FOLDER`.

FOLDER holds a test collection as XML: elements `doc` and `query` with an `id` and their text, and
`res` with a query's `id` and the ids of the documents that answer it. The documents are taken in
as uploads are, with servers of the tests' kind, which takes about a second for each.
"""

import asyncio
import contextlib
import html
import math
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import servers
from conftest import World
from fastapi import FastAPI

from rag.access.scope import Scope
from rag.adapters.embedder import OnnxEmbedder
from rag.adapters.milvus import MilvusIndex
from rag.adapters.postgres import engine
from rag.ask.repository import SearchRepository
from rag.ask.retrieval import Retriever
from rag.errors import UnreadableError
from rag.languages.detect import Detector
from rag.lifespan import lifespan
from rag.logs import configure
from rag.main import create_app
from rag.metrics import Metrics
from rag.settings import Settings, read

DEPTH = 10
MANY = 200
_ELEMENT = re.compile(r'<(doc|query|res) id="([^"]+)">(.*?)</\1>', re.DOTALL)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Collection:
    """Documents and questions by id, and which documents answer which question."""

    documents: dict[str, str]
    questions: dict[str, str]
    answers: dict[str, set[str]]


@dataclass
class Leg:
    """One way to rank: its gains and recalls, one a question, and its seconds."""

    gains: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, ranked: list[str], wanted: set[str], seconds: float) -> None:
        """Rate a ranking of documents."""
        hits = [item in wanted for item in ranked[:DEPTH]]
        best = sum(1 / math.log2(rank + 2) for rank in range(min(DEPTH, len(wanted))))
        gain = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits) if hit)
        self.gains.append(gain / best)
        self.recalls.append(sum(hits) / len(wanted))
        self.seconds.append(seconds)

    def row(self, name: str) -> str:
        """A line of the table."""
        spread = statistics.quantiles(self.seconds, n=20, method="inclusive")
        return (
            f"{name:8} {statistics.mean(self.gains):8.3f} {statistics.mean(self.recalls):9.3f}"
            f" {spread[9] * 1000:8.1f} {spread[18] * 1000:8.1f}"
        )


def collection(folder: Path) -> Collection:
    """Read all XML files of a folder."""
    found: dict[str, dict[str, str]] = {"doc": {}, "query": {}, "res": {}}
    for file in sorted(folder.glob("*.xml")):
        for kind, name, text in _ELEMENT.findall(file.read_text(encoding="utf-8")):
            found[kind][name] = html.unescape(text).strip()
    answers = {name: set(ids.split()) for name, ids in found["res"].items() if ids}
    return Collection(found["doc"], found["query"], answers)


@contextlib.contextmanager
def world() -> Iterator[World]:
    """All servers and a migrated database."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        kinds = (servers.postgres, servers.redis, servers.s3, servers.milvus)
        made = World(folder, {kind.__name__: stack.enter_context(kind(folder)) for kind in kinds})
        made.relays = {name: servers.Relay(port) for name, port in made.ports.items()}
        made.migrate().check_returncode()
        yield made


async def take_in(app: FastAPI, documents: dict[str, str]) -> dict[str, str]:
    """Upload documents one after the other; name of each by its id in the application."""
    names = {}
    for name, text in documents.items():
        with contextlib.suppress(UnreadableError):  # one without text
            made, _new = await app.state.rag.documents.add(
                Scope(), f"{name}.txt", "text/plain", text.encode()
            )
            names[made.id] = name
    return names


async def timed(work: Awaitable[_T]) -> tuple[_T, float]:
    """(what it returns, seconds)"""
    start = time.perf_counter()
    return await work, time.perf_counter() - start


async def ask(settings: Settings, found: Collection, names: dict[str, str]) -> dict[str, Leg]:
    """Rank the documents for every question, by each leg and by both."""
    seconds = settings.dependency_timeout_seconds
    embedder, detector = OnnxEmbedder(settings.embed_threads), Detector()
    search = SearchRepository(engine(lambda: settings.database_url.get_secret_value(), seconds))
    token = settings.milvus_token
    index = MilvusIndex(
        settings.milvus_uri,
        lambda: token.get_secret_value() if token else "",
        settings.milvus_collection,
        dimension=embedder.dimension,
        timeout=seconds,
        check=seconds,
    )
    fusion = settings.fusion
    candidates, keep = settings.retrieve_candidates, settings.retrieve_chunks
    retriever = Retriever(search, index, fusion, Metrics(), candidates=candidates, keep=keep)

    def ranked(chunks: list[str]) -> list[str]:
        return list(dict.fromkeys(names[item.rpartition("-")[0]] for item in chunks))

    def ids(found: Sequence[tuple[str, float]]) -> list[str]:
        return [item for item, _score in found]

    legs = {name: Leg() for name in ("dense", "lexical", "fused", "kept")}
    for question, wanted in found.answers.items():
        [vector] = await embedder.embed([found.questions[question]])
        among = await search.languages()
        language = detector.question(found.questions[question], among)
        stems = await search.stems(found.questions[question], language, among)
        dense, dense_seconds = await timed(index.search(vector, MANY))
        lexical, lexical_seconds = await timed(search.search(stems, MANY))
        kept, kept_seconds = await timed(retriever.find(Scope(), vector, stems))
        fused = fusion.fuse(dense[:candidates], lexical[:candidates])
        legs["dense"].add(ranked(ids(dense)), wanted, dense_seconds)
        legs["lexical"].add(ranked(ids(lexical)), wanted, lexical_seconds)
        legs["fused"].add(ranked(fused), wanted, dense_seconds + lexical_seconds)
        legs["kept"].add(ranked([item.chunk_id for item in kept]), wanted, kept_seconds)
    await index.close()
    await embedder.close()
    return legs


async def measure(found: Collection) -> str:
    """The table."""
    settings = read(Settings)
    configure("error", [])
    app = create_app(settings)
    async with lifespan(app):
        names = await take_in(app, found.documents)
    legs = await ask(settings, found, names)
    head = f"{'':8} {'nDCG@10':>8} {'recall@10':>9} {'p50 ms':>8} {'p95 ms':>8}"
    rows = [head, *(leg.row(name) for name, leg in legs.items())]
    return f"{len(names)} documents, {len(found.answers)} questions\n" + "\n".join(rows) + "\n"


def main() -> None:
    """Measure with the collection in the folder that is named."""
    found = collection(Path(sys.argv[1]))
    with world() as made:
        os.environ.update(made.env())
        sys.stdout.write(asyncio.run(measure(found)))


if __name__ == "__main__":
    main()
