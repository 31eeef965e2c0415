"""Documents as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from rag.access.scope import DEFAULT
from rag.documents.metadata import Metadata
from rag.jobs.schemas import EXAMPLE as JOB
from rag.jobs.schemas import Job, Reason

Status = Literal["processing", "ready", "failed", "deleting"]
Sort = Literal["created", "-created", "name", "-name", "bytes", "-bytes"]
MOST_IDS = 200
"""Documents that one request may name, and rows that one page may have."""

DocumentId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
_EXAMPLE: JsonDict = {
    "id": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
    "status": "ready",
    "filename": "handbook.md",
    "content_type": "text/markdown; charset=utf-8",
    "bytes": 81,
    "pages": 1,
    "chunks": 1,
    "sha256": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
    "collection": "default",
    "language": "en",
    "metadata": {"team": "people", "year": 2026},
    "version": 1,
    "source": None,
    "error": None,
    "created_at": "2026-11-30T16:00:00Z",
    "updated_at": "2026-11-30T16:00:02Z",
}


class Document(BaseModel):
    """An uploaded document; it can be asked about once its status is `ready`."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    """From the content of the first version, and another one in each collection."""
    status: Status
    filename: str
    content_type: str
    bytes: int
    pages: int
    """0 until the file was read."""
    chunks: int
    sha256: Annotated[str, AfterValidator(lambda kept: kept.rpartition("/")[2])]
    collection: str = DEFAULT
    """The collection of the tenant that it is in."""
    language: str | None = None
    """What most of the text is written in, as a BCP 47 tag such as `de`; null when unknown, and
    until the file was read."""
    metadata: Metadata = {}
    """What clients noted of it."""
    version: int = 1
    """Which file of the document this is, from 1: citations name it."""
    version_at: datetime | None = None
    """When this file took the place of the one before; null: it is the first one."""
    source: str | None = None
    """Where it was imported from, without what stands after a URL's path."""
    error: str | None = None
    """Why the status is `failed`; retrying its job or uploading the file again heals it."""
    created_at: datetime
    updated_at: datetime


class Change(BaseModel):
    """What a client changes of a document; what is absent stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"filename": "handbook-2026.md"},
                {"metadata": {"team": "people", "year": 2026}},
            ]
        },
    )

    filename: str | None = Field(default=None, min_length=1, max_length=255)
    metadata: Metadata | None = None
    """In place of all that was noted before."""


class Upload(Document):
    """A document as an upload left it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "status": "processing",
                    "pages": 0,
                    "chunks": 0,
                    "language": None,
                    "job": JOB,
                }
            ]
        }
    )

    job: Job | None = None
    """The job that makes it ready; null when it is ready."""


class UploadItem(BaseModel):
    """What became of one file of several."""

    filename: str
    status: int
    """As the answer of a request with this file alone: 200, 201, 202, or of the problem."""
    document: Document | None = None
    job: Job | None = None
    problem: Reason | None = None


class Uploads(BaseModel):
    """What became of several files, in their order."""

    items: list[UploadItem]


class DocumentPage(BaseModel):
    """Some documents."""

    items: list[Document]
    next_cursor: str | None = None
    """The value of `cursor` for the documents after these; null at the end."""


class Collection(BaseModel):
    """Documents that are kept apart from others of their tenant."""

    name: str
    documents: int
    chunks: int


class Collections(BaseModel):
    """The collections that have documents, by name."""

    items: list[Collection]


class Passage(BaseModel):
    """A chunk: `text` is what the document's page says from `start_char` to `end_char`."""

    id: str
    ordinal: int
    page: int
    heading: str
    text: str
    start_char: int
    end_char: int


class ChunkPage(BaseModel):
    """Some chunks of a document, in reading order."""

    items: list[Passage]
    next_cursor: str | None = None


class DocumentVersion(BaseModel):
    """A file that a document is, was, or is to be."""

    version: int
    state: Literal["waiting", "current", "replaced"]
    """`waiting`: a job reads it, or failed to; the current one counts until it is ready."""
    filename: str
    content_type: str
    bytes: int
    sha256: Annotated[str, AfterValidator(lambda kept: kept.rpartition("/")[2])]
    pages: int
    chunks: int
    created_at: datetime
    """When it became the current one; of one that waits, when it came."""
    replaced_at: datetime | None = None


class DocumentVersions(BaseModel):
    """The versions of a document that are known, the newest first."""

    items: list[DocumentVersion]


class Ids(BaseModel):
    """Documents that a request is about."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"ids": ["9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b"]}]},
    )

    ids: list[DocumentId] = Field(min_length=1, max_length=MOST_IDS)


class Reindexing(BaseModel):
    """Documents to read again: those named, or with `all` every ready one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"all": True}, {"ids": ["9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b"]}]
        },
    )

    ids: list[DocumentId] = Field(default=[], max_length=MOST_IDS)
    all: bool = False


class Outcome(BaseModel):
    """What became of one document of several."""

    id: str
    status: int
    """As the answer of a request for this document alone."""
    job: Job | None = None
    problem: Reason | None = None


class Outcomes(BaseModel):
    """What became of several documents, in their order."""

    items: list[Outcome]


class Queued(BaseModel):
    """How many jobs were queued, and what became of the documents that were named."""

    queued: int
    items: list[Outcome]
