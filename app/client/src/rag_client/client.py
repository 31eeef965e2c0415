"""The backend's API as methods."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from rag_client.errors import ProblemError, UnreachableError
from rag_client.events import Event, events

_LONGEST_PAUSE = 30.0


class Rag:
    """A client of one backend; threads may share it.

    Each method raises ProblemError, or UnreachableError if nothing answers.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 120,
        tries: int = 5,
    ) -> None:
        """`url` and `api_key`: by default RAG_URL and RAG_API_KEY of the environment.

        `timeout`: seconds without a byte; `tries`: how often a busy backend is asked in all.
        """
        key = api_key or os.environ.get("RAG_API_KEY")
        self._tries = tries
        self._http = httpx.Client(
            base_url=url or os.environ.get("RAG_URL") or "http://localhost:8000",
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def upload(self, path: Path, *, patience: float = 600) -> dict[str, Any]:
        """Take a file in, and wait at most `patience` seconds until it can be asked about.

        The same content twice is one document. Raises ProblemError if the backend can't read it.
        """
        body = path.read_bytes()
        document = self._json("POST", "/v1/documents", files={"file": (path.name, body)})
        deadline = time.monotonic() + patience
        while document["status"] == "processing":
            if time.monotonic() > deadline:
                raise ProblemError({"detail": "it is still being taken in"}, 504)
            time.sleep(0.5)
            document = self.document(document["id"])
        if document["status"] == "failed":
            raise ProblemError({"detail": document["error"]}, 422)
        return document

    def document(self, document_id: str) -> dict[str, Any]:
        """A document and its status."""
        return self._json("GET", f"/v1/documents/{document_id}")

    def delete(self, document_id: str) -> None:
        """Delete a document."""
        self._sent("DELETE", f"/v1/documents/{document_id}")

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        document_ids: Sequence[str] = (),
        content_types: Sequence[str] = (),
        debug: bool = False,
    ) -> dict[str, Any]:
        """The passages that fit a query, best first."""
        body: dict[str, Any] = {"query": query, "limit": limit, "debug": debug}
        body |= {"document_ids": list(document_ids)} if document_ids else {}
        body |= {"content_types": list(content_types)} if content_types else {}
        return self._json("POST", "/v1/search", json=body)

    def ask(self, question: str, messages: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
        """An answer with citations; `messages` is what was said before."""
        body = {"question": question, "messages": list(messages)}
        return self._json("POST", "/v1/ask", json=body)

    def stream(self, question: str, messages: Sequence[dict[str, str]] = ()) -> Iterator[Event]:
        """An answer as it comes to be; the last event is `done`.

        Leaving the iterator ends the work on the answer.
        """
        body = {"question": question, "messages": list(messages), "stream": True}
        try:
            with self._http.stream("POST", "/v1/ask", json=body) as response:
                if response.status_code >= 400:
                    response.read()
                    raise ProblemError.of(response)
                for event in events(response.iter_lines()):
                    if event.name == "error":
                        raise ProblemError(event.data, int(event.data.get("status", 500)))
                    yield event
                    if event.name == "done":
                        return
        except httpx.TransportError as error:
            raise UnreachableError(f"{self._http.base_url}: {type(error).__name__}") from error
        raise UnreachableError(f"{self._http.base_url}: the answer broke off")

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._sent(method, path, **more).json()
        return found

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        for left in reversed(range(self._tries)):
            try:
                response = self._http.request(method, path, **more)
            except httpx.TransportError as error:
                raise UnreachableError(f"{self._http.base_url}: {type(error).__name__}") from error
            if response.status_code < 400:
                return response
            pause = response.headers.get("retry-after", "")
            if not (left and pause.isdigit()):
                break
            # It says itself when it will have time again.
            time.sleep(min(float(pause), _LONGEST_PAUSE))
        raise ProblemError.of(response)
