"""The backend as a client sees it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

_PAUSE = 0.5
_READY = 600.0
"""Seconds in which at least one document more must get ready, or a full queue have room."""
_LONGEST = 2000
"""Characters of a query that the backend takes."""


class BackendError(Exception):
    """The backend did not do what was asked of it; says what it answered."""


@dataclass(frozen=True)
class Reply:
    """An answer. confidence: None where the backend gives none. seconds: from asking on."""

    answer: str
    refused: bool
    confidence: float | None
    excerpts: tuple[str, ...]
    seconds: float


class Backend:
    """A running backend. All its methods raise BackendError."""

    def __init__(self, url: str, headers: Mapping[str, str], seconds: float) -> None:
        """seconds: how long one request may take."""
        self._client = httpx.Client(base_url=url, headers=headers, timeout=seconds)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def upload(self, documents: Mapping[str, bytes]) -> tuple[dict[str, str], dict[str, str]]:
        """Ids of the documents by name, once they are ready, and why others failed.

        What is there stays as it is.
        """
        failed: dict[str, str] = {}
        made = {name: self._accepted(name, body) for name, body in documents.items()}
        changed = time.monotonic()
        waiting = list(made)
        while waiting:
            left = [name for name in waiting if not self._is_read(name, made[name], failed)]
            if len(left) < len(waiting):
                changed = time.monotonic()
            elif time.monotonic() > changed + _READY:
                raise BackendError(f"{len(left)} documents do not get ready, one is {left[0]}")
            waiting = left
            if waiting:
                time.sleep(_PAUSE)
        return {name: item for name, item in made.items() if name not in failed}, failed

    def _accepted(self, name: str, body: bytes) -> str:
        """The id of a document that was taken; a queue that is full is waited for."""
        deadline = time.monotonic() + _READY
        while True:
            response = self._send("POST", "/v1/documents", files={"file": (name, body)})
            if response.status_code != 503 or time.monotonic() > deadline:
                return str(_read(response)["id"])
            after = response.headers.get("retry-after", "")
            time.sleep(int(after) if after.isdigit() else 1)

    def _is_read(self, name: str, document: str, failed: dict[str, str]) -> bool:
        found = self._json("GET", f"/v1/documents/{document}")
        if found["status"] == "failed":
            failed[name] = str(found["error"])
        return found["status"] in ("ready", "failed")

    def ask(self, question: str) -> Reply:
        """Ask, and measure the time."""
        start = time.perf_counter()
        got = self._json("POST", "/v1/ask", json={"question": question})
        seconds = time.perf_counter() - start
        confidence = got.get("confidence")
        return Reply(
            answer=str(got["answer"]),
            refused=bool(got["refused"]),
            confidence=None if confidence is None else float(confidence),
            excerpts=tuple(str(citation["excerpt"]) for citation in got["citations"]),
            seconds=seconds,
        )

    def search(self, query: str, limit: int) -> list[str]:
        """Ids of the documents whose passages are found, best first."""
        got = self._json("POST", "/v1/search", json={"query": query[:_LONGEST], "limit": limit})
        return list(dict.fromkeys(str(hit["document_id"]) for hit in got["hits"]))

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        return _read(self._send(method, path, **more))

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise BackendError(f"{method} {path}: {error!r}") from error


def _read(response: httpx.Response) -> dict[str, Any]:
    request = response.request
    if not response.is_success:
        said = response.text[:300]
        raise BackendError(f"{request.method} {request.url.path}: {response.status_code} {said}")
    found = response.json()
    if not isinstance(found, dict):
        raise BackendError(f"{request.method} {request.url.path}: the answer is not an object")
    return found
