"""The backend's API as methods."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from rag_client.errors import ProblemError, UnreachableError
from rag_client.events import Event, events

_LONGEST_PAUSE = 30.0
_PAGE = 100
_ENDED = ("succeeded", "failed", "cancelled")


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

    def upload(
        self,
        path: Path,
        *,
        metadata: Mapping[str, Any] | None = None,
        collection: str | None = None,
        patience: float = 600,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Take a file in, and wait at most `patience` seconds until it can be asked about.

        The same content twice in a collection is one document. `collection`: where it goes; None
        for the default one, or the only one that the key reaches. `progress` hears of the job that
        reads the file, after each change. Raises ProblemError if the backend can't read it.
        """
        fields = {"metadata": json.dumps(dict(metadata))} if metadata else {}
        fields |= {"collection": collection} if collection else {}
        document = self._json(
            "POST",
            "/v1/documents",
            files={"file": (path.name, path.read_bytes())},
            data=fields,
        )
        job = document.pop("job", None)
        if job is None:
            return document
        self._end(job, patience, progress)
        return self.document(document["id"])

    def document(self, document_id: str) -> dict[str, Any]:
        """A document and its status."""
        return self._json("GET", f"/v1/documents/{document_id}")

    def documents(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        """All documents that fit, a page at a time.

        `wanted`: the query of the API, such as `status`, `name`, `type`, `metadata` and `sort`.
        """
        return self._pages("/v1/documents", wanted)

    def content(self, document_id: str) -> Iterator[bytes]:
        """The file of a document as it was uploaded, in pieces."""
        try:
            with self._http.stream("GET", f"/v1/documents/{document_id}/content") as response:
                _refuse(response)
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def job(self, job_id: str) -> dict[str, Any]:
        """A job and its state."""
        return self._json("GET", f"/v1/jobs/{job_id}")

    def follow(self, job_id: str, *, patience: float = 600) -> Iterator[dict[str, Any]]:
        """A job now and after each change, until it ends or `patience` seconds are over.

        Jobs outlive the process that tells of them, so a connection that breaks is made again.
        """
        deadline = time.monotonic() + patience
        left = self._tries
        while time.monotonic() < deadline:
            try:
                with self._http.stream("GET", f"/v1/jobs/{job_id}/events") as response:
                    _refuse(response)
                    for event in events(_until(deadline, response.iter_lines())):
                        left = self._tries
                        yield event.data
                        if event.data["state"] in _ENDED:
                            return
            except (httpx.TransportError, ProblemError) as error:
                left -= 1
                if isinstance(error, ProblemError) and error.status < 500:
                    raise
                if not left:
                    unreachable = isinstance(error, httpx.TransportError)
                    raise self._unreachable(error) if unreachable else error from error
            # A process that ends lets its followers go.
            time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))

    def replace(
        self, path: Path, document_id: str, *, sha256: str | None = None, patience: float = 600
    ) -> dict[str, Any]:
        """Give a document a new version, and wait at most `patience` seconds until it counts.

        `sha256`: of the file that is to be replaced; another one there is refused (412).
        """
        made = self._json(
            "PUT",
            f"/v1/documents/{document_id}/content",
            files={"file": (path.name, path.read_bytes())},
            headers={"if-match": f'"{sha256}"'} if sha256 else {},
        )
        if job := made.get("job"):
            self._end(job, patience)
        return self.document(document_id)

    def start_import(
        self,
        urls: Sequence[str] = (),
        *,
        bucket: str | None = None,
        prefix: str = "",
        collection: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Have files fetched: by their URLs, or those of a bucket whose keys begin so.

        Returns the import with the jobs that begin it.
        """
        body: dict[str, Any] = {"metadata": dict(metadata or {})}
        body |= {"s3": {"bucket": bucket, "prefix": prefix}} if bucket else {"urls": list(urls)}
        body |= {"collection": collection} if collection else {}
        return self._json("POST", "/v1/imports", json=body)

    def watch_import(self, import_id: str, *, patience: float = 3600) -> Iterator[dict[str, Any]]:
        """An import now and every second, until it has ended or `patience` seconds are over."""
        deadline = time.monotonic() + patience
        while True:
            found = self._json("GET", f"/v1/imports/{import_id}")
            yield found
            if found["state"] == "ended" or time.monotonic() >= deadline:
                return
            time.sleep(1.0)

    def jobs(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        """All jobs that fit, the newest first, a page at a time.

        `wanted`: the query of the API, such as `state`, `kind`, `document_id` and `import_id`.
        """
        return self._pages("/v1/jobs", wanted)

    def reindex(self, ids: Sequence[str] = ()) -> dict[str, Any]:
        """Read documents again, without ids every ready one; returns what was queued."""
        body: dict[str, Any] = {"ids": list(ids)} if ids else {"all": True}
        return self._json("POST", "/v1/documents/reindex", json=body)

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
        collections: Sequence[str] = (),
        debug: bool = False,
    ) -> dict[str, Any]:
        """The passages that fit a query, best first."""
        body: dict[str, Any] = {"query": query, "limit": limit, "debug": debug}
        body |= {"document_ids": list(document_ids)} if document_ids else {}
        body |= {"content_types": list(content_types)} if content_types else {}
        body |= {"collections": list(collections)} if collections else {}
        return self._json("POST", "/v1/search", json=body)

    def ask(
        self,
        question: str,
        messages: Sequence[dict[str, str]] = (),
        *,
        collections: Sequence[str] = (),
    ) -> dict[str, Any]:
        """An answer with citations; `messages` is what was said before."""
        body = _asked(question, messages, collections)
        return self._json("POST", "/v1/ask", json=body)

    def stream(
        self,
        question: str,
        messages: Sequence[dict[str, str]] = (),
        *,
        collections: Sequence[str] = (),
    ) -> Iterator[Event]:
        """An answer as it comes to be; the last event is `done`.

        Leaving the iterator ends the work on the answer.
        """
        body = _asked(question, messages, collections) | {"stream": True}
        try:
            with self._http.stream("POST", "/v1/ask", json=body) as response:
                _refuse(response)
                for event in events(response.iter_lines()):
                    if event.name == "error":
                        raise ProblemError(event.data, int(event.data.get("status", 500)))
                    yield event
                    if event.name == "done":
                        return
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        raise UnreachableError(f"{self._http.base_url}: the answer broke off")

    def _end(
        self,
        job: dict[str, Any],
        patience: float,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Follow a job to its end. Raises ProblemError unless it has succeeded."""
        for now in self.follow(job["id"], patience=patience):
            job = now
            if progress:
                progress(job)
        if job["state"] not in _ENDED:
            raise ProblemError({"detail": "it is still being taken in"}, 504)
        if job["state"] != "succeeded":
            reason = job["reason"] or {}
            raise ProblemError(reason, int(reason.get("status", 500)))

    def _pages(self, path: str, wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        query = {name: value for name, value in wanted.items() if value} | {"limit": _PAGE}
        while True:
            page = self._json("GET", path, params=query)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._sent(method, path, **more).json()
        return found

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        for left in reversed(range(self._tries)):
            try:
                response = self._http.request(method, path, **more)
            except httpx.TransportError as error:
                raise self._unreachable(error) from error
            if response.status_code < 400:
                return response
            pause = response.headers.get("retry-after", "")
            if not (left and pause.isdigit()):
                break
            # It says itself when it will have time again.
            time.sleep(min(float(pause), _LONGEST_PAUSE))
        raise ProblemError.of(response)

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"{self._http.base_url}: {type(error).__name__}")


def _asked(
    question: str, messages: Sequence[dict[str, str]], collections: Sequence[str]
) -> dict[str, Any]:
    body: dict[str, Any] = {"question": question, "messages": list(messages)}
    return body | ({"collections": list(collections)} if collections else {})


def _refuse(response: httpx.Response) -> None:
    """Raise ProblemError for an error as the answer of a stream."""
    if response.status_code >= 400:
        response.read()
        raise ProblemError.of(response)


def _until(deadline: float, lines: Iterator[str]) -> Iterator[str]:
    """The lines that come in time; comments keep a silent stream going."""
    for line in lines:
        yield line
        if time.monotonic() >= deadline:
            return
