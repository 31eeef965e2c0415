"""Use the application as a person would: upload a document, ask about it, read the answer."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from rehearsal.world import WorldError

WAIT_SECONDS = 50
"""How long the backend may read the document before it answers that it still does."""
MEDIA_TYPES = {".md": "text/markdown", ".txt": "text/plain", ".pdf": "application/pdf"}


def ask(
    base_url: str, document: Path, question: str, say: Callable[[str], None], *, key: str = ""
) -> None:
    """Upload `document` to the backend at `base_url`, ask `question`, and say the cited answer.

    key: the API key to send; without one, none is sent.

    Raises WorldError when the backend can't be used or the answer does not cite the document.
    """
    media_type = MEDIA_TYPES.get(document.suffix)
    if media_type is None:
        raise WorldError(f"{document}: only {', '.join(MEDIA_TYPES)} can be uploaded")
    try:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(base_url=base_url, timeout=60, headers=headers) as client:
            content = document.read_bytes()
            response = client.post(
                "/v1/documents",
                files={"file": (document.name, content, media_type)},
                headers={"Prefer": f"wait={WAIT_SECONDS}"},
            )
            uploaded = _json(response)
            if uploaded["status"] != "ready":
                raise WorldError(f"{document.name} is not ready yet: {uploaded.get('job')}")
            say(f"uploaded {document} as {uploaded['id']}")
            answer = _json(client.post("/v1/ask", json={"question": question}))
    except (httpx.HTTPError, OSError) as error:
        raise WorldError(f"the backend could not be asked: {error}") from error
    say(f"question: {question}")
    say(textwrap.fill(f"answer: {answer['answer']}", 100, subsequent_indent="  "))
    for number, citation in enumerate(answer["citations"], 1):
        source = f"[{number}] document {citation['document_id']}, page {citation['page']}: "
        say(textwrap.shorten(source + citation["excerpt"], 200))
    if uploaded["id"] not in {citation["document_id"] for citation in answer["citations"]}:
        raise WorldError(f"the answer does not cite {document.name}")


def _json(response: httpx.Response) -> dict[str, Any]:
    """The body of a good response; the problem that a bad one describes as an error."""
    if response.is_error:
        raise WorldError(f"{response.request.url.path}: {response.status_code}: {response.text}")
    body: dict[str, Any] = response.json()
    return body
