"""Python client of the RAG backend."""

from rag_client.client import Rag
from rag_client.errors import ProblemError, UnreachableError
from rag_client.events import Event

__all__ = ["Event", "ProblemError", "Rag", "UnreachableError"]
