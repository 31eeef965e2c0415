"""Reranking by a server: a model that reads question and passage together."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import httpx2

from rag.errors import DependencyError
from rag.tls import client_context

Api = Literal["cohere", "tei"]
_FAILURES = (httpx2.HTTPError, OSError, TimeoutError, ValueError, KeyError, TypeError)


class ApiReranker:
    """A `Reranker` behind `/rerank`, as Cohere, Jina and vLLM speak it, or TEI.

    Whatever the server does wrong is DependencyError('rerank').
    """

    def __init__(
        self,
        key: Callable[[], str],
        url: str,
        api: Api,
        model: str,
        *,
        concurrency: int,
        timeout: float,
        characters: int,
    ) -> None:
        """`url`: with its path; `key` is asked at each request, without one there is none in it.

        concurrency: requests at once; timeout: seconds for a turn and an answer; characters: of a
        passage, after which it is cut.
        """
        self._key, self._url, self._api, self._model = key, url, api, model
        self._turns = asyncio.Semaphore(concurrency)
        self._timeout, self._characters = timeout, characters
        self._client = httpx2.AsyncClient(verify=client_context(), timeout=timeout)

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text fits the question; higher is better."""
        cut = [text[: self._characters] for text in texts]
        key = self._key()
        try:
            async with asyncio.timeout(self._timeout), self._turns:
                response = await self._client.post(
                    self._url,
                    json=self._asked(question, cut),
                    headers={"authorization": f"Bearer {key}"} if key else {},
                )
            if response.status_code != httpx2.codes.OK:
                raise DependencyError("rerank", f"status {response.status_code}")
            return self._told(response.json(), len(texts))
        except TimeoutError as error:
            raise DependencyError("rerank", "no answer in time") from error
        except _FAILURES as error:
            raise DependencyError("rerank", type(error).__name__) from error

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def _asked(self, question: str, texts: list[str]) -> dict[str, Any]:
        if self._api == "tei":
            return {"query": question, "texts": texts, "truncate": True}
        asked = {"query": question, "documents": texts, "top_n": len(texts)}
        return asked | ({"model": self._model} if self._model else {})

    def _told(self, body: Any, count: int) -> list[float]:
        items, name = (
            (body, "score") if self._api == "tei" else (body["results"], "relevance_score")
        )
        found = {int(item["index"]): float(item[name]) for item in items}
        scores = [found.get(place, math.nan) for place in range(count)]
        if len(items) != count or not all(map(math.isfinite, scores)):
            raise DependencyError("rerank", f"{len(items)} scores for {count} passages")
        return scores
