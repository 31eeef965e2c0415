"""Jobs as the API shows them."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field
from pydantic.config import JsonDict

from rag.errors import DependencyError, RagError, revived

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Kind = Literal["ingest", "reindex", "replace", "import", "list"]
ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")
"""States that a job leaves only when it is retried."""
EXAMPLE: JsonDict = {
    "id": "5d1f0c9be34a4c0e9d3b1a7f6e2c8d40",
    "kind": "ingest",
    "document_id": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
    "filename": "handbook.md",
    "state": "running",
    "attempts": 1,
    "max_attempts": 5,
    "stage": "embed",
    "progress": 0.6,
    "reason": None,
    "import_id": None,
    "run_at": "2026-11-30T16:00:00Z",
    "created_at": "2026-11-30T16:00:00Z",
    "started_at": "2026-11-30T16:00:01Z",
    "finished_at": None,
    "updated_at": "2026-11-30T16:00:02Z",
}


class Reason(BaseModel):
    """Why a job failed, or why its last attempt did: the fields of a problem (RFC 9457)."""

    type: str
    status: int
    detail: str
    dependency: str | None = None
    """The server that failed, where one did."""

    # mypy knows no decorators above @property, as pydantic's documentation says.
    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    @classmethod
    def of(cls, error: BaseException) -> "Reason":
        """The reason that an error gives; an unexpected one gives its name alone."""
        if not isinstance(error, RagError):
            detail = f"an unexpected error ({type(error).__name__}); see the worker's log"
            return cls(type="urn:rag:problem:internal", status=500, detail=detail)
        return cls(
            type=f"urn:rag:problem:{error.kind}",
            status=error.status,
            detail=error.detail,
            dependency=error.dependency if isinstance(error, DependencyError) else None,
        )

    def error(self) -> RagError:
        """The error that a request which waited for the job answers with."""
        kind = self.type.rpartition(":")[2]
        return revived(kind, self.status, self.detail, self.dependency)


class Job(BaseModel):
    """Work on a document. A worker holds it by a lease while it runs."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [EXAMPLE]})

    id: str
    kind: str
    """`ingest`; `reindex`: read the kept file again while the document stays findable; `replace`:
    read a new version; `import`: fetch a file, and become the job that reads it; `list`: find the
    files of an import."""
    document_id: str
    """Of an import, an id of no document until the file was fetched."""
    filename: str
    state: State
    attempts: int
    """Attempts that have begun."""
    max_attempts: int
    stage: str | None
    """What the running attempt does: `download`, `list`, `fetch`, `parse`, `ocr`, `embed`,
    or `index`."""
    progress: float
    """From 0 to 1, of the running attempt."""
    reason: Reason | None
    import_id: str | None = None
    """The import that it is a part of."""
    run_at: datetime
    """Not before this time the next attempt begins."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime

    @property
    def ended(self) -> bool:
        """Whether nothing more happens unless it is retried."""
        return self.state in ENDED


class JobPage(BaseModel):
    """Some jobs, the newest first."""

    items: list[Job]
    next_cursor: str | None = None
    """The value of `cursor` for the jobs after these; null at the end."""
