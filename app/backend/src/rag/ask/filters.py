"""Which documents may be found."""

from dataclasses import dataclass

from rag.adapters.protocols import Reach

MOST_DOCUMENTS = 10_000
"""Documents that are named to the searches: a filter of Milvus is a text."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a client asks for: documents with one of the ids and of one of the types, if given."""

    document_ids: tuple[str, ...] = ()
    content_types: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether every document passes."""
        return not self.document_ids and not self.content_types


@dataclass(frozen=True, slots=True)
class Within:
    """A filter as the searches take it: only these documents, or, if `outside`, all others.

    `chunks`: how many chunks the named documents have together. `documents`: None for all within
    `reach`. `reach`: None where nothing is beyond it.
    """

    documents: tuple[str, ...] | None
    chunks: int
    outside: bool
    reach: Reach | None = None
