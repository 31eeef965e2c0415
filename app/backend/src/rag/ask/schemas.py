"""Questions and answers as the API shows them."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from rag.ask.text import plain


class Question(BaseModel):
    """What a user wants to know."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=3, max_length=2000),
        AfterValidator(plain),
    ]


class Citation(BaseModel):
    """Where an answer comes from: `excerpt` stands in the document word for word."""

    document_id: str
    excerpt: str
    page: int
    """The page of a PDF, counted from 1; 1 for text and Markdown."""


class Answer(BaseModel):
    """An answer with its sources, or a refusal: then there are none."""

    answer: str
    citations: list[Citation]
    refused: bool

    @classmethod
    def refusal(cls) -> Self:
        """The answer to what the documents do not carry."""
        return cls(answer="The documents do not answer this question.", citations=[], refused=True)
