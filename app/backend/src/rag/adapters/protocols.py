"""What the domain needs from the world. The modules beside this one are the real ones."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""One embedding: float32, shape (dimension,), length 1."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as the model reads it. vector: as `Embedder.embed` gives it; tokens: the state of each
    token, int8, 127 for a length of 1; spans: where each of them stands in the text. by_meaning:
    whether states are the model's; else they tell how words are spelled.
    """

    vector: Vector
    tokens: NDArray[np.int8]
    spans: tuple[tuple[int, int], ...]
    by_meaning: bool = True


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A chunk as the vector index keeps it; its text is in PostgreSQL."""

    chunk_id: str
    document_id: str
    page: int
    ordinal: int
    embedding: Vector


MARK = "t"
"""Begins the ids of chunks that are of a collection, or of a tenant, other than the first ones."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Chunks by what their ids begin with.

    One of `beginnings`, which are equally long; with `plain` also all that have no mark.
    """

    beginnings: tuple[str, ...]
    plain: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage offered to a language model; `number` is how it cites it, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was said in a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a language model read and wrote."""

    prompt: int
    completion: int


EVERY = "*"
"""Stands for all languages: a multilingual model has learnt whatever people ask in."""


class Languages(frozenset[str]):
    """BCP 47 tags of languages that a model has learnt; with EVERY in it, all are."""

    def __contains__(self, language: object) -> bool:
        return super().__contains__(EVERY) or super().__contains__(language)


NO_ANSWER = "NO ANSWER"
"""What a language model begins with if the excerpts carry no answer."""


class Embedder(Protocol):
    """Texts to vectors: on this machine, or DependencyError('embeddings')."""

    @property
    def model_id(self) -> str:
        """The model, and all that its vectors depend on: those of two ids are not comparable."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def languages(self) -> frozenset[str]:
        """BCP 47 tags of the languages that the model has learnt, or Languages of EVERY."""

    @property
    def together(self) -> bool:
        """Whether texts take less time together than one after the other, as in one request."""

    @property
    def failing(self) -> str:
        """What was wrong with the last request to the model's server; empty if nothing was."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text of a document, in order. Never blocks the event loop."""

    async def question(self, text: str) -> Vector:
        """The vector to search with; some models read a question in another way than a text."""


class Reranker(Protocol):
    """A model that reads a question and a text together. Errors are DependencyError('rerank')."""

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text fits the question; higher is better."""

    async def close(self) -> None:
        """Release connections."""


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedder that also tells how it reads each token, as models on this machine can.

    Endpoints give vectors only. Answers work without, but refuse more and find less.
    """

    async def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """As `embed`, with the states of the tokens, which costs the same."""


class VectorIndex(Protocol):
    """Nearest neighbours of a vector. All errors are DependencyError('milvus')."""

    async def search(
        self,
        vector: Vector,
        limit: int,
        documents: Collection[str] | None = None,
        *,
        outside: bool = False,
        reach: Reach | None = None,
    ) -> list[tuple[str, float]]:
        """(chunk id, cosine) of the nearest chunks, best first; only those within `reach`.

        `documents`: only those of these documents, or, if `outside`, all but those.
        """

    async def write(self, document_id: str, prefix: str, rows: Sequence[VectorRow]) -> None:
        """Add rows, whose ids all begin with `prefix`; they are searchable on return."""

    async def prune(self, document_id: str, prefix: str) -> None:
        """Take away the document's rows whose ids begin with anything else."""

    async def remove(self, document_id: str) -> None:
        """Take away all rows of the document; none is fine."""

    async def check(self) -> None:
        """Verify schema and alias, and run a real search; raise what is wrong."""

    async def close(self) -> None:
        """Release connections."""


class ObjectStore(Protocol):
    """Original files by key. All errors are DependencyError('s3')."""

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write one object."""

    async def get(self, key: str) -> bytes | None:
        """All of an object; None where there is none."""

    async def stream(self, key: str) -> AsyncIterator[bytes] | None:
        """An object in pieces; None where there is none."""

    async def delete(self, key: str) -> None:
        """Remove one object; a missing one is fine."""

    async def check(self) -> None:
        """Raise unless the bucket answers."""


class AnswerCache(Protocol):
    """A cache that may be away: look-ups then miss and writes are lost."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None on a miss or when the cache is down."""

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value for a while, if the cache is up."""

    async def newest(self, key: str) -> list[bytes]:
        """What `add` kept there, the newest first; nothing when the cache is down."""

    async def add(self, key: str, value: bytes, most: int) -> None:
        """Keep a value beside others, of which the newest `most` stay, if the cache is up."""

    async def check(self) -> None:
        """Raise DependencyError('redis') unless the cache answers."""

    async def close(self) -> None:
        """Release connections."""


class AnswerModel(Protocol):
    """A language model that answers from excerpts. Errors are DependencyError('openai')."""

    def answer(
        self, question: str, excerpts: Sequence[Excerpt]
    ) -> AsyncGenerator[str | Usage, None]:
        """An answer from `excerpts` only, piece by piece, or NO_ANSWER; last what it took.

        Excerpts are cited as `[1]` or `[2, 3]`. The request ends when the generator is closed.
        """

    async def standalone(self, question: str, turns: Sequence[Turn]) -> str:
        """The question in words that need no `turns` to be understood."""

    async def close(self) -> None:
        """Release connections."""
