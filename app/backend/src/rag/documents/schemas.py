"""Documents as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

MOST_LISTED = 100
"""Documents of a page."""

Status = Literal["processing", "ready", "failed", "deleting"]
_EXAMPLE: JsonDict = {
    "id": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
    "status": "ready",
    "filename": "handbook.md",
    "content_type": "text/markdown; charset=utf-8",
    "bytes": 81,
    "pages": 1,
    "chunks": 1,
    "sha256": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
    "language": "en",
    "error": None,
    "created_at": "2026-11-30T16:00:00Z",
    "updated_at": "2026-11-30T16:00:02Z",
}


class Document(BaseModel):
    """An uploaded document; it can be asked about once its status is `ready`."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    """From the content: the same file has the same id."""
    status: Status
    filename: str
    content_type: str
    bytes: int
    pages: int
    chunks: int
    sha256: str
    language: str | None = None
    """What most of the text is written in, as a BCP 47 tag such as `de`; null when unknown."""
    error: str | None = None
    """Why the status is `failed`; uploading the file again heals it."""
    created_at: datetime
    updated_at: datetime


class DocumentPage(BaseModel):
    """Some of the documents that can be searched, by id."""

    documents: list[Document]
    next: str | None
    """The id after which the next page begins; null: this is the last one."""
