"""Verdicts on answers as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from rag.ask.text import PLAIN_PATTERN, plain

Verdict = Literal["up", "down"]


Note = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    AfterValidator(plain),
    Field(json_schema_extra={"pattern": PLAIN_PATTERN}),
]
AnswerText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4000),
    AfterValidator(plain),
    Field(json_schema_extra={"pattern": PLAIN_PATTERN}),
]
DocumentId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")]


class NewFeedback(BaseModel):
    """What somebody thinks of an answer. Question and answer are kept only if they are sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"verdict": "down", "note": "The fee is that of last year."}]
        },
    )

    verdict: Verdict
    note: Note | None = None
    question: Note | None = None
    answer: AnswerText | None = None
    document_ids: list[DocumentId] = Field(default_factory=list, max_length=50)
    """The documents that the answer cites."""


class Feedback(BaseModel):
    """A verdict as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    created_at: datetime
    created_by: str
    """Id of the key or of the person."""
    verdict: Verdict
    note: str | None
    question: str | None
    answer: str | None
    document_ids: list[str]


class FeedbackPage(BaseModel):
    """Some verdicts of a tenant, the newest first."""

    items: list[Feedback]
    next_cursor: str | None = None
    """The value of `cursor` for those after these; null at the end."""
