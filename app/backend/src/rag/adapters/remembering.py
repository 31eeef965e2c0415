"""Vectors of texts that were embedded before, and a limit on how many questions wait for theirs."""

import asyncio
from collections.abc import Sequence

from cachetools import LRUCache

from rag.adapters.protocols import Embedder, Vector
from rag.errors import BusyError
from rag.metrics import Metrics

_Known = LRUCache[str, "asyncio.Task[Vector]"]
_QUESTION = "\0"
"""Before a question, in what is remembered: no text has it, and a model may read both otherwise."""


class RememberingEmbedder:
    """An `Embedder` for questions: each asks for the sentences of the same few passages.

    Requests that want the same text at once share one computation. One event loop only.
    """

    def __init__(self, embedder: Embedder, metrics: Metrics, *, texts: int, waiting: int) -> None:
        """Remember the last `texts` texts (about 2 KiB each, 0: none).

        `waiting`: so many calls may compute at once; further ones are refused at once, as their
        clients would have given up before their turn.
        """
        self._embedder = embedder
        self._metrics = metrics
        self._known: _Known = LRUCache(texts)
        self._limit = waiting
        self._waiting = 0

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
        [vector] = await self.embed([_QUESTION + text])
        return vector

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in order; not to be written to. Raises BusyError."""
        if all(self._done(text) for text in texts):
            self._metrics.embeddings.labels("memory").inc(len(texts))
            return [self._known[text].result() for text in texts]
        if self._waiting >= self._limit:
            raise BusyError(f"{self._waiting} questions are being answered, more than can wait")
        self._waiting += 1
        try:
            if self._embedder.together:
                return await self._at_once(texts)
            # One after the other, so that a question with many sentences lets others through.
            return [await self._one(text) for text in texts]
        finally:
            self._waiting -= 1

    def _done(self, text: str) -> bool:
        task = self._known.get(text)
        return task is not None and task.done() and not _failed(task)

    async def _one(self, text: str) -> Vector:
        task = self._known.get(text)
        if task is None or (task.done() and _failed(task)):
            task = asyncio.create_task(self._compute(text))
            if self._known.maxsize:
                self._known[text] = task
            self._metrics.embeddings.labels("model").inc()
        else:
            self._metrics.embeddings.labels("memory").inc()
        # Who gives up does not take it from the others.
        return await asyncio.shield(task)

    async def _at_once(self, texts: Sequence[str]) -> list[Vector]:
        """As `_one` for each, with what is not known yet in one call."""
        new = [text for text in dict.fromkeys(texts) if not self._usable(text)]
        if any(text.startswith(_QUESTION) for text in new):
            return [await self._one(text) for text in texts]
        # Without new texts it has nothing to do.
        made = asyncio.create_task(self._embedder.embed(new))
        tasks = {text: self._known[text] for text in texts if text not in new}
        for place, text in enumerate(new):
            tasks[text] = asyncio.create_task(_place(made, place))
            if self._known.maxsize:
                self._known[text] = tasks[text]
        self._metrics.embeddings.labels("model").inc(len(new))
        self._metrics.embeddings.labels("memory").inc(len(texts) - len(new))
        return [await asyncio.shield(tasks[text]) for text in texts]

    def _usable(self, text: str) -> bool:
        task = self._known.get(text)
        return task is not None and not (task.done() and _failed(task))

    async def _compute(self, text: str) -> Vector:
        if text.startswith(_QUESTION):
            vector = await self._embedder.question(text.removeprefix(_QUESTION))
        else:
            [vector] = await self._embedder.embed([text])
        vector.setflags(write=False)
        return vector


async def _place(made: "asyncio.Task[list[Vector]]", place: int) -> Vector:
    vector = (await asyncio.shield(made))[place]
    vector.setflags(write=False)
    return vector


def _failed(task: "asyncio.Task[Vector]") -> bool:
    return task.cancelled() or task.exception() is not None
