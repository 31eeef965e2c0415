"""Health as application/health+json shows it (draft-inadarei-api-health-check-06)."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from rag.access.scope import Mode

Status = Literal["pass", "warn", "fail"]


class Check(BaseModel):
    """One dependency's state."""

    status: Status
    latency: float
    """Milliseconds until it answered or the check gave up."""
    output: str = ""
    """What is wrong; empty when nothing is."""
    time: datetime
    observed_unit: str = Field(default="ms", serialization_alias="observedUnit")
    component_type: str = Field(default="datastore", serialization_alias="componentType")


class Health(BaseModel):
    """Whether this replica can serve the next request."""

    status: Status
    version: str
    release_id: str = Field(serialization_alias="releaseId")
    service_id: str = Field(default="rag-backend", serialization_alias="serviceId")
    output: str = ""
    checks: dict[str, Check]


class Version(BaseModel):
    """What is running."""

    version: str
    git_sha: str
    embedding_model: str
    embedding_languages: list[str]
    """In which languages search by meaning works, as BCP 47 tags; in others, words decide."""
    schema_revision: str
    """The database migration which this program works with."""
    answers_by: str
    """`extract`, or the name of the language model."""
    auth: Mode
    """Whom the server asks who they are: with `none` nobody, and everybody may do everything."""
