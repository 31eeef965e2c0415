"""Embeddings by a server that speaks OpenAI's API: /v1/embeddings."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from openai import (
    APIStatusError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    OpenAIError,
    omit,
)
from openai.types import CreateEmbeddingResponse

from rag.adapters.protocols import Vector
from rag.errors import DependencyError
from rag.tls import client_context

_FAILURES = (OpenAIError, OSError, TimeoutError, ValueError)
_TOO_LONG = (400, 413, 422)
"""With these a server refuses a text that is longer than its model reads, or too many of them."""
_SHORTEST = 256
"""Characters to which a text is cut at the most: what is refused then is not refused for that."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the server.

    dimension: of the vectors; named: whether the request names it, for models that can make shorter
    ones; question, passage: what goes before a question, and before a text of a document; batch:
    texts of a request; characters: of a text, after which it is cut.
    """

    model: str
    dimension: int
    named: bool = False
    question: str = ""
    passage: str = ""
    batch: int = 32
    characters: int = 8000


class ApiEmbedder:
    """An `Embedder`. Whatever the server does wrong is DependencyError('embeddings')."""

    together = True

    def __init__(
        self,
        key: Callable[[], str],
        base_url: str | None,
        asked: Asked,
        languages: frozenset[str],
        *,
        concurrency: int,
        timeout: float,
        total: float,
    ) -> None:
        """`key` is asked at each request; without one there is none in it.

        concurrency: requests at once; timeout: seconds for each of four tries, which wait as long
        as the server asks (Retry-After); total: seconds for all of them, and for their turn.
        """
        self.languages = languages
        self.dimension = asked.dimension
        self.model_id = (
            f"{asked.model};dim={asked.dimension}"
            f";question={asked.question!r};passage={asked.passage!r}"
        )
        self.failing = ""
        """What was wrong with the last request; empty if nothing was."""
        self._asked = asked
        self._turns = asyncio.Semaphore(concurrency)
        self._total = total

        async def key_of_now() -> str:
            # The library demands one; servers that ask for none take any.
            return key() or "none"

        self._client = AsyncOpenAI(
            api_key=key_of_now,
            base_url=base_url,
            timeout=timeout,
            max_retries=3,
            http_client=DefaultAsyncHttpxClient(verify=client_context()),
        )

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector per text, in order; requests go out at the same time."""
        return await self._all([self._asked.passage + text for text in texts])

    async def question(self, text: str) -> Vector:
        """The vector to search with."""
        [vector] = await self._all([self._asked.question + text])
        return vector

    async def close(self) -> None:
        """Release connections."""
        await self._client.close()

    async def _all(self, texts: list[str]) -> list[Vector]:
        size = self._asked.batch
        cut = [text[: self._asked.characters] for text in texts]
        parts = [cut[start : start + size] for start in range(0, len(cut), size)]
        tasks = [asyncio.create_task(self._in_turn(part)) for part in parts]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            # One that failed, or a client that went away, ends the others.
            for task in tasks:
                task.cancel()
        return [vector for part in found for vector in part]

    async def _in_turn(self, texts: list[str]) -> list[Vector]:
        try:
            async with asyncio.timeout(self._total), self._turns:
                found = await self._fitting(texts)
        except _FAILURES as error:
            self.failing = _reason(error)
            raise DependencyError("embeddings", self.failing) from error
        except DependencyError as error:
            self.failing = error.detail.removeprefix("embeddings: ")
            raise
        self.failing = ""
        return found

    async def _fitting(self, texts: list[str]) -> list[Vector]:
        """Their vectors; what the server finds too long is divided, and then cut."""
        try:
            return self._checked(await self._request(texts), len(texts))
        except APIStatusError as error:
            if error.status_code not in _TOO_LONG:
                raise
            longest = max(map(len, texts))
            if len(texts) == 1 and longest <= _SHORTEST:
                raise
        if len(texts) > 1:
            half = len(texts) // 2
            return await self._fitting(texts[:half]) + await self._fitting(texts[half:])
        return await self._fitting([texts[0][: max(_SHORTEST, longest // 2)]])

    async def _request(self, texts: list[str]) -> CreateEmbeddingResponse:
        return await self._client.embeddings.create(
            model=self._asked.model,
            input=texts,
            dimensions=self._asked.dimension if self._asked.named else omit,
            # Not every server that speaks this API knows the library's own choice.
            encoding_format="float",
        )

    def _checked(self, response: CreateEmbeddingResponse, count: int) -> list[Vector]:
        items = sorted(response.data or (), key=lambda item: item.index)
        if [item.index for item in items] != list(range(count)):
            raise DependencyError("embeddings", f"{len(items)} vectors for {count} texts")
        return [self._vector(item.embedding) for item in items]

    def _vector(self, numbers: Sequence[float]) -> Vector:
        vector: Vector = np.asarray(numbers, dtype=np.float32)
        if vector.shape != (self.dimension,):
            raise DependencyError(
                "embeddings",
                f"vectors of {len(numbers)} numbers, EMBEDDING_DIMENSION is {self.dimension}",
            )
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise DependencyError("embeddings", "a vector that is none: of no length, or no number")
        return vector / np.float32(length)


def _reason(error: Exception) -> str:
    """What failed, without the server's own words: they may quote a text."""
    if isinstance(error, APIStatusError):
        refused = {401: "it refuses the key", 403: "it refuses the key", 429: "too many requests"}
        said = refused.get(error.status_code)
        return f"status {error.status_code}" + (f" ({said})" if said else "")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return type(error).__name__
