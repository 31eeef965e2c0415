"""Vectors of texts that were embedded before, and a limit on how many questions wait for theirs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from cachetools import LRUCache

from rag.adapters.protocols import Embedder, Encoded, TokenEmbedder, Vector
from rag.adapters.spelling import spelled
from rag.errors import BusyError
from rag.metrics import Metrics

_Made = TypeVar("_Made")
_ENCODED = 8
"""An encoded sentence takes about so many times the memory of its vector."""


class RememberingEmbedder:
    """An `Embedder` for questions: each asks for the sentences of the same few passages.

    Requests that want the same text at once share one computation. One event loop only.
    """

    def __init__(self, embedder: Embedder, metrics: Metrics, *, texts: int, waiting: int) -> None:
        """Remember what takes the memory of `texts` vectors (about 2 KiB each, 0: nothing).

        `waiting`: so many calls may compute at once; further ones are refused at once, as their
        clients would have given up before their turn.
        """
        self._embedder = embedder
        turns = _Turns(waiting)
        few = texts // _ENCODED
        # Where tokens are to be had, sentences are encoded instead.
        many = few if isinstance(embedder, TokenEmbedder) else texts
        at_once = embedder.together
        self._vectors = _Memory[Vector](self._vector, many, turns, metrics, at_once=at_once)
        self._questions = _Memory[Vector](self._question, few, turns, metrics, at_once=False)
        self._encoded = _Memory[Encoded](self._encode, few, turns, metrics, at_once=at_once)

    @property
    def model_id(self) -> str:
        """That of the embedder behind."""
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        """That of the embedder behind."""
        return self._embedder.dimension

    @property
    def languages(self) -> frozenset[str]:
        """Those of the embedder behind."""
        return self._embedder.languages

    @property
    def together(self) -> bool:
        """As the embedder behind."""
        return self._embedder.together

    @property
    def failing(self) -> str:
        """As the embedder behind."""
        return self._embedder.failing

    async def question(self, text: str) -> Vector:
        """The vector to search with; not to be written to. Raises BusyError."""
        [vector] = await self._questions.get([text])
        return vector

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in order; not to be written to. Raises BusyError."""
        return await self._vectors.get(texts)

    async def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """As `embed`, with the states of the tokens; by their letters where the embedder has none.

        Raises BusyError.
        """
        if isinstance(self._embedder, TokenEmbedder):
            return await self._encoded.get(texts)
        vectors = await self.embed(texts)
        return [spelled(text, vector) for text, vector in zip(texts, vectors, strict=True)]

    async def _vector(self, texts: Sequence[str]) -> list[Vector]:
        return _fixed(await self._embedder.embed(texts))

    async def _question(self, texts: Sequence[str]) -> list[Vector]:
        return _fixed([await self._embedder.question(text) for text in texts])

    async def _encode(self, texts: Sequence[str]) -> list[Encoded]:
        if not isinstance(self._embedder, TokenEmbedder):
            raise TypeError("the embedder gives no states of tokens")
        encoded = await self._embedder.encode(texts)
        for each in encoded:
            each.vector.setflags(write=False)
            each.tokens.setflags(write=False)
        return encoded


class _Turns:
    """How many calls compute, and how many may."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0


class _Memory(Generic[_Made]):
    """What was made of the last texts, each once."""

    def __init__(
        self,
        make: Callable[[Sequence[str]], Awaitable[list[_Made]]],
        texts: int,
        turns: _Turns,
        metrics: Metrics,
        *,
        at_once: bool,
    ) -> None:
        """at_once: many texts take hardly longer than one."""
        self._make = make
        self._known: LRUCache[str, asyncio.Task[_Made]] = LRUCache(texts)
        self._turns = turns
        self._metrics = metrics
        self._at_once = at_once

    async def get(self, texts: Sequence[str]) -> list[_Made]:
        """What is made of each text, in order. Raises BusyError."""
        known = [self._usable(text) for text in texts]
        if all(task is not None and task.done() for task in known):
            self._metrics.embeddings.labels("memory").inc(len(texts))
            return [task.result() for task in known if task is not None]
        turns = self._turns
        if turns.taken >= turns.limit:
            raise BusyError(f"{turns.taken} questions are being answered, more than can wait")
        turns.taken += 1
        try:
            # One after the other, so that a question with many sentences lets others through.
            parts = [texts] if self._at_once else [[text] for text in texts]
            return [made for part in parts for made in await self._part(part)]
        finally:
            turns.taken -= 1

    def _usable(self, text: str) -> "asyncio.Task[_Made] | None":
        task = self._known.get(text)
        return None if task is None or (task.done() and _failed(task)) else task

    async def _part(self, texts: Sequence[str]) -> list[_Made]:
        """As `get`, with what is not known yet in one call."""
        tasks = {text: task for text in texts if (task := self._usable(text)) is not None}
        if new := [text for text in dict.fromkeys(texts) if text not in tasks]:
            made = asyncio.ensure_future(self._make(new))
            for place, text in enumerate(new):
                tasks[text] = asyncio.create_task(_place(made, place))
                if self._known.maxsize:
                    self._known[text] = tasks[text]
        self._metrics.embeddings.labels("model").inc(len(new))
        self._metrics.embeddings.labels("memory").inc(len(texts) - len(new))
        # Who gives up does not take it from the others.
        return [await asyncio.shield(tasks[text]) for text in texts]


def _fixed(vectors: list[Vector]) -> list[Vector]:
    for vector in vectors:
        vector.setflags(write=False)
    return vectors


async def _place(made: "asyncio.Future[list[_Made]]", place: int) -> _Made:
    return (await asyncio.shield(made))[place]


def _failed(task: "asyncio.Task[_Made]") -> bool:
    return task.cancelled() or task.exception() is not None
