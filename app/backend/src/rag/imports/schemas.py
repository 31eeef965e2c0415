"""Imports as the API shows them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from rag.access.scope import Name
from rag.documents.metadata import Metadata
from rag.jobs.schemas import EXAMPLE as JOB
from rag.jobs.schemas import Job, Reason

MOST_URLS = 1000
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
_EXAMPLE: JsonDict = {
    "id": "7c1d0c9be34a4c0e9d3b1a7f6e2c8d41",
    "state": "running",
    "s3": {"bucket": "handbooks", "prefix": "2026/"},
    "collection": "default",
    "counts": {
        "queued": 3,
        "running": 1,
        "succeeded": 12,
        "failed": 1,
        "cancelled": 0,
        "skipped": 40,
    },
    "reason": None,
    "created_at": "2026-11-30T16:00:00Z",
}


class S3Place(BaseModel):
    """Objects of a bucket whose keys begin with the prefix."""

    model_config = ConfigDict(extra="forbid")

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    prefix: str = Field(default="", max_length=1024, pattern=_PLAIN)


class ImportRequest(BaseModel):
    """What to fetch: either URLs, or objects in S3."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"urls": ["https://example.com/handbook.pdf"], "metadata": {"team": "people"}},
                {"s3": {"bucket": "handbooks", "prefix": "2026/"}, "collection": "handbooks"},
            ]
        },
    )

    urls: list[str] | None = Field(default=None, min_length=1, max_length=MOST_URLS)
    s3: S3Place | None = None
    collection: Name | None = None
    """Where new documents go, instead of to `default`."""
    metadata: Metadata = {}
    """Noted of each new document."""

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.urls is None) == (self.s3 is None):
            raise ValueError("give either urls or s3")
        return self


class Counts(BaseModel):
    """How many files of an import are in which state."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    """They are there already, and did not change."""


class Import(BaseModel):
    """Files that are fetched, a job each; `GET /v1/jobs?import_id=` lists these."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    state: Literal["running", "ended"]
    s3: S3Place | None
    """Where the objects are; null for URLs."""
    collection: str
    counts: Counts
    reason: Reason | None = None
    """Why not all files of a prefix were found."""
    created_at: datetime


class Imported(Import):
    """An import that has just begun."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "jobs": [JOB]}]})

    jobs: list[Job]
    """Of URLs, in their order; of a prefix, the one that finds its files."""


class ImportPage(BaseModel):
    """Some imports, the newest first."""

    items: list[Import]
    next_cursor: str | None = None
    """The value of `cursor` for the imports after these; null at the end."""
