"""Questions and answers as the API shows them."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints
from pydantic.config import JsonDict

from rag.access.scope import Name
from rag.adapters.protocols import Turn
from rag.ask.text import ASKING_PATTERN, PLAIN_PATTERN, plain
from rag.languages.refusals import refusal

MOST_TURNS = 20
LONGEST_TURN = 4000

_EXAMPLE: JsonDict = {
    "answer": "Every employee has 30 days of paid holiday a year.",
    "citations": [
        {
            "document_id": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
            "excerpt": "Every employee has 30 days of paid holiday a year.",
            "page": 1,
            "version": 1,
        }
    ],
    "refused": False,
    "language": "en",
    "confidence": 0.93,
}


class Message(BaseModel):
    """An earlier turn of a conversation."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: Annotated[
        str,
        StringConstraints(min_length=1, max_length=LONGEST_TURN),
        AfterValidator(plain),
        Field(json_schema_extra={"pattern": PLAIN_PATTERN}),
    ]


class Question(BaseModel):
    """What a user wants to know."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "How many days of paid holiday are there?"},
                {
                    "question": "Do they expire?",
                    "messages": [
                        {"role": "user", "content": "How many days of paid holiday are there?"},
                        {"role": "assistant", "content": "30 days a year."},
                    ],
                    "stream": True,
                },
            ]
        },
    )

    question: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=3, max_length=2000),
        AfterValidator(plain),
        Field(json_schema_extra={"pattern": ASKING_PATTERN}),
    ]
    messages: list[Message] = Field(default_factory=list, max_length=MOST_TURNS)
    """What was said before, oldest first: the question may point at it."""
    collections: list[Name] | None = Field(default=None, min_length=1, max_length=50)
    """Only from these collections."""
    stream: StrictBool = False
    """Whether the answer comes as events, as with `Accept: text/event-stream`."""

    @property
    def turns(self) -> list[Turn]:
        """What was said before."""
        return [Turn(item.role, item.content) for item in self.messages]


class Source(BaseModel):
    """A passage from which an answer may be made."""

    chunk_id: str
    document_id: str
    filename: str
    page: int
    heading: str


class Citation(BaseModel):
    """Where an answer comes from: `excerpt` stands in the document word for word."""

    document_id: str
    excerpt: str
    page: int
    """The page of a PDF, counted from 1; 1 for text and Markdown."""
    version: int = 1
    """The version of the document that says so: `GET /v1/documents/{id}/chunks?version=`."""


class Answer(BaseModel):
    """An answer with its sources, or a refusal: then there are none."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    answer: str
    citations: list[Citation]
    refused: bool
    language: str | None = None
    """The question's, as a BCP 47 tag; null when unsure. A refusal is in it."""
    confidence: float | None = None
    """How likely it is that the documents answer the question, 0 to 1; null if a model wrote it, or
    if the question is not in English."""

    @classmethod
    def refusal(cls, language: str | None = None, confidence: float | None = None) -> Self:
        """The answer to what the documents do not carry, to a question in a language."""
        return cls(
            answer=refusal(language),
            citations=[],
            refused=True,
            language=language,
            confidence=confidence,
        )
