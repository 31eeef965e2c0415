"""What the service adds to its servers: `PYTHONPATH=src python tests/throughput.py FOLDER`.

FOLDER is a test collection as in retrieval.py. Each part compares two ways within one run, so that
the machine's speed does not count:

- retrieval: passages for a question, against the same reads by the clients of Milvus and PostgreSQL
  alone (`AsyncMilvusClient`, asyncpg);
- ingest: files by HTTP until they are ready, against the embedding model alone on their chunks;
- questions by HTTP: from the cache, anew, and twice as many at once as may wait.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import httpx
import servers
from conftest import running
from pymilvus import AsyncMilvusClient
from retrieval import collection, world
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from rag.access.scope import Scope
from rag.adapters.embedder import OnnxEmbedder
from rag.adapters.milvus import MilvusIndex
from rag.adapters.postgres import engine
from rag.adapters.protocols import Vector
from rag.ask import repository
from rag.ask.repository import SearchRepository
from rag.ask.retrieval import Retriever
from rag.ask.terms import Terms
from rag.metrics import Metrics
from rag.settings import Settings, read

AT_ONCE = 8
ROUNDS = 3
CHUNKS = 100
Asked = tuple[Vector, Terms]


@dataclass(frozen=True)
class Raw:
    """The clients of the servers, and nothing between."""

    milvus: AsyncMilvusClient
    pool: asyncpg.Pool
    alias: str
    candidates: int
    keep: int

    async def find(self, asked: Asked) -> None:
        """The reads of Retriever.find."""
        vector, terms = asked
        await self.pool.fetchval("SELECT version FROM corpus")
        dense, lexical = await asyncio.gather(self._dense(vector), self._lexical(terms))
        ids = list(dict.fromkeys([*dense, *lexical]))[: self.keep * 2]
        await self._run(repository._TEXTS, {"ids": ids, "tenant": "default", "collections": None})

    async def _dense(self, vector: Vector) -> list[str]:
        found = await self.milvus.search(
            self.alias,
            data=[vector.tolist()],
            anns_field="embedding",
            limit=self.candidates,
            search_params={"metric_type": "COSINE", "params": {"ef": max(64, self.candidates)}},
            consistency_level="Bounded",
        )
        return [str(hit["id"]) for hit in found[0]]

    async def _lexical(self, terms: Terms) -> list[str]:
        spelled = terms.spelled()
        rows = await self._run(
            repository._SEARCH,
            {
                "stems": [stem for stem, _term in spelled],
                "terms": [term for _stem, term in spelled],
                "frequencies": [terms[term] for _stem, term in spelled],
                "likely": max(300, 2 * self.candidates),
                "limit": self.candidates,
                **repository._BOUNDS,
            },
        )
        return [row["chunk_id"] for row in rows]

    async def _run(self, statement: TextClause, given: dict[str, object]) -> list[asyncpg.Record]:
        compiled = statement.compile(dialect=dialect.dialect())
        values = [given[name] for name in compiled.positiontup or ()]
        return list(await self.pool.fetch(compiled.string, *values))


async def pace(asked: Sequence[Asked], find: Callable[[Asked], Awaitable[object]]) -> float:
    """Questions a second, AT_ONCE of them at the same time."""
    waiting = iter(asked)

    async def one() -> None:
        for item in waiting:
            await find(item)

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return len(asked) / (time.perf_counter() - start)


async def retrieval(settings: Settings, questions: Sequence[str]) -> str:
    """Questions a second by the service's code and by the raw clients, in turns."""
    seconds = settings.dependency_timeout_seconds
    embedder = OnnxEmbedder(settings.embed_threads)
    url = settings.database_url.get_secret_value()
    search = SearchRepository(engine(lambda: url, seconds))
    token = settings.milvus_token.get_secret_value() if settings.milvus_token else ""
    index = MilvusIndex(
        settings.milvus_uri,
        lambda: token,
        settings.milvus_collection,
        dimension=embedder.dimension,
        timeout=seconds,
        check=seconds,
    )
    retriever = Retriever(
        search,
        index,
        settings.fusion,
        Metrics(),
        candidates=settings.retrieve_candidates,
        keep=settings.retrieve_chunks,
    )
    vectors = await embedder.embed(list(questions))
    asked = [
        (vector, await search.stems(question, "en", ["en"]))
        for question, vector in zip(questions, vectors, strict=True)
    ]
    async with asyncpg.create_pool(url, min_size=AT_ONCE, max_size=AT_ONCE) as pool:
        raw = Raw(
            AsyncMilvusClient(settings.milvus_uri, token=token),
            pool,
            settings.milvus_collection,
            settings.retrieve_candidates,
            settings.retrieve_chunks,
        )
        for find in (raw.find, lambda each: retriever.find(Scope(), *each)):
            await pace(asked[:20], find)
        paces = [
            (
                await pace(asked, lambda each: retriever.find(Scope(), *each)),
                await pace(asked, raw.find),
            )
            for _round in range(ROUNDS)
        ]
        await raw.milvus.close()
    await index.close()
    await embedder.close()
    ours, theirs = (statistics.median(each) for each in zip(*paces, strict=True))
    return (
        f"retrieval: {ours:.1f} questions/s, raw clients {theirs:.1f},"
        f" ratio {statistics.median(a / b for a, b in paces):.2f}"
    )


def ingest(client: httpx.Client, texts: dict[str, str]) -> str:
    """Chunks a second until documents are ready, and of the embedding model alone."""
    start = time.perf_counter()
    for name, text in texts.items():
        files = {"file": (f"{name}.txt", text.encode())}
        client.post("/v1/documents", files=files).raise_for_status()

    def left() -> bool:
        return any(
            client.get("/v1/jobs", params={"state": state, "limit": 1}).json()["items"]
            for state in ("queued", "running")
        )

    servers.wait("all jobs", lambda: not left(), 3600)
    seconds = time.perf_counter() - start
    contexts, cursor = [], None
    while True:
        page = client.get("/v1/documents", params={"limit": 200, "cursor": cursor or None}).json()
        for document in page["items"]:
            shown = client.get(f"/v1/documents/{document['id']}/chunks").json()["items"]
            contexts += [f"{item['heading']}\n{item['text']}".strip() for item in shown]
        if not (cursor := page["next_cursor"]):
            break
    embedder = OnnxEmbedder(1)

    async def alone() -> float:
        begin = time.perf_counter()
        # As many at once as the worker has jobs.
        half = len(contexts) // 2
        await asyncio.gather(embedder.embed(contexts[:half]), embedder.embed(contexts[half:]))
        took = time.perf_counter() - begin
        await embedder.close()
        return took

    model = asyncio.run(alone())
    return (
        f"ingest: {len(texts)} documents, {len(contexts)} chunks in {seconds:.1f} s,"
        f" embedding alone {model:.1f} s, ratio {model / seconds:.2f}"
    )


async def asking(url: str, questions: Sequence[str], at_once: int) -> tuple[str, list[int]]:
    """A line of figures, and the statuses."""
    seconds, statuses = [], []
    waiting = iter(questions)
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:

        async def one() -> None:
            for question in waiting:
                begin = time.perf_counter()
                answer = await client.post("/v1/ask", json={"question": question})
                seconds.append(time.perf_counter() - begin)
                statuses.append(answer.status_code)

        start = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(at_once)))
        whole = time.perf_counter() - start
    spread = statistics.quantiles(seconds, n=100, method="inclusive")
    figures = ", ".join(f"p{share} {spread[share - 1] * 1000:.0f} ms" for share in (50, 95, 99))
    return f"{statuses.count(200) / whole:.1f} answers/s at {at_once} at once, {figures}", statuses


async def alive(url: str, stop: asyncio.Event) -> float:
    """The longest that the process took to say that it lives, in seconds."""
    longest = 0.0
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        while not stop.is_set():
            begin = time.perf_counter()
            (await client.get("/livez")).raise_for_status()
            longest = max(longest, time.perf_counter() - begin)
            # The pause between two looks, unless all is over before.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.1)
    return longest


async def load(url: str, questions: Sequence[str], waiting: int) -> list[str]:
    """Questions anew, from the cache, and more than may wait."""
    rows = []
    few = list(questions[:CHUNKS])
    for at_once in (1, AT_ONCE):
        anew = [f"{question} ({at_once})" for question in few]
        rows.append(f"asked anew: {(await asking(url, anew, at_once))[0]}")
        rows.append(f"from the cache: {(await asking(url, anew, at_once))[0]}")
    stop = asyncio.Event()
    living = asyncio.create_task(alive(url, stop))
    crowd = [f"{question} (crowd)" for question in questions[: 8 * waiting]]
    figures, statuses = await asking(url, crowd, 2 * waiting)
    stop.set()
    shed = statuses.count(503)
    rows.append(f"twice what may wait: {figures}; {shed} of {len(crowd)} refused")
    rows.append(
        f"longest /livez meanwhile: {await living:.2f} s; others: {set(statuses) - {200, 503}}"
    )
    return rows


def memory(pid: int) -> int:
    """The most that a process has had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) >> 10


def main() -> None:
    """Measure with the collection in the folder that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=200, help="how many are taken in")
    given = parser.parse_args()
    found = collection(given.folder)
    texts = {name: text for name, text in list(found.documents.items())[: given.documents] if text}
    questions = list(found.questions.values())
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(world())
        # Nothing between the server and what it asks.
        made.relays = {name: SimpleNamespace(port=port) for name, port in made.ports.items()}
        client = stack.enter_context(running(made))
        sys.stdout.write(ingest(client, texts) + "\n")
        os.environ.update(made.env())
        settings = read(Settings)
        sys.stdout.write(asyncio.run(retrieval(settings, questions)) + "\n")
        for row in asyncio.run(load(str(client.base_url), questions, settings.ask_waiting)):
            sys.stdout.write(row + "\n")
        sys.stdout.write(f"memory of the server at most: {memory(client.child.pid)} MiB\n")


if __name__ == "__main__":
    main()
