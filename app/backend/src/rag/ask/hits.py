"""Searches and their hits as the API shows them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from rag.access.scope import Name
from rag.ask.filters import Filter
from rag.ask.text import SAYING_PATTERN, plain
from rag.ingest.formats import FORMATS

MOST_HITS = 50
_KEPT = {each.content_type.partition(";")[0]: each.content_type for each in FORMATS}

Query = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(plain),
    Field(json_schema_extra={"pattern": SAYING_PATTERN}),
]
DocumentId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")]


def _content_type(value: str) -> str:
    """The type as documents are kept with it; parameters of the given one do not count."""
    if kept := _KEPT.get(value.partition(";")[0].strip().lower()):
        return kept
    raise ValueError(f"must be one of {', '.join(sorted(_KEPT))}")


ContentType = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(_content_type),
    Field(json_schema_extra={"enum": sorted(_KEPT)}),
]


class SearchRequest(BaseModel):
    """What is looked for, and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"query": "paid holiday", "limit": 5, "content_types": ["application/pdf"]},
                {"query": "XR-4471", "debug": True},
            ]
        },
    )

    query: Query
    limit: int = Field(default=10, ge=1, le=MOST_HITS)
    document_ids: list[DocumentId] | None = Field(default=None, min_length=1, max_length=100)
    """Only in these documents."""
    content_types: list[ContentType] | None = Field(default=None, min_length=1, max_length=20)
    """Only in documents of these types."""
    collections: list[Name] | None = Field(default=None, min_length=1, max_length=50)
    """Only in these collections."""
    debug: StrictBool = False
    """Whether to show the scores of each search, and how long each stage took."""

    @property
    def filter(self) -> Filter:
        """What the searches are limited to."""
        return Filter(tuple(self.document_ids or ()), tuple(self.content_types or ()))


class Ranks(BaseModel):
    """The places of a chunk, from 1; null: the search did not find it."""

    dense: int | None
    """By meaning."""
    lexical: int | None
    """By words."""


class Scores(BaseModel):
    """The scores of a chunk; null: the search did not find it."""

    dense: float | None
    """Cosine of the vectors, at most 1."""
    lexical: float | None
    """BM25."""


class Hit(BaseModel):
    """A chunk: `text` is the text of its page from `start` to `end`, in characters."""

    chunk_id: str
    document_id: str
    filename: str
    content_type: str
    page: int
    heading: str
    text: str
    start: int
    end: int
    score: float
    """Of both searches, each as the share of its best: at most the sum of their weights."""
    ranks: Ranks
    scores: Scores | None = None
    """With `debug`."""


class Debug(BaseModel):
    """How a search went."""

    timings: dict[str, float]
    """Milliseconds by stage; `dense` and `lexical` run at the same time."""
    found: dict[str, int]
    """How many chunks each search found."""


class SearchResult(BaseModel):
    """Hits, best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hits": [
                        {
                            "chunk_id": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b-00000",
                            "document_id": "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b",
                            "filename": "handbook.md",
                            "content_type": "text/markdown; charset=utf-8",
                            "page": 1,
                            "heading": "Staff handbook > Holidays",
                            "text": "Every employee has 30 days of paid holiday a year.",
                            "start": 31,
                            "end": 81,
                            "score": 2.0,
                            "ranks": {"dense": 1, "lexical": 1},
                            "scores": None,
                        }
                    ],
                    "debug": None,
                }
            ]
        }
    )

    hits: list[Hit]
    debug: Debug | None = None
