"""The embedder that the configuration names."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from rag.adapters.embedder import OnnxEmbedder
from rag.adapters.embedding_api import ApiEmbedder, Asked
from rag.adapters.mounted import FolderError, MountedEmbedder, Reading
from rag.adapters.protocols import EVERY, Embedder, Languages
from rag.settings import Settings

log = structlog.get_logger(__name__)


class OwnEmbedder(Embedder, Protocol):
    """An embedder that its maker closes."""

    async def close(self) -> None:
        """Release threads or connections."""


def open_embedder(settings: Settings, key: Callable[[], str]) -> OwnEmbedder:
    """Load the model, or prepare the client of its server, which need not be up.

    key: of the server, asked at each request. Raises FolderError, whose text is in the log.
    """
    if settings.embeddings == "local":
        return OnnxEmbedder(settings.embed_threads)
    named = settings.embedding_language_tags or [EVERY]
    languages = Languages(named)
    if settings.embeddings == "onnx":
        reading = Reading(
            settings.embedding_pooling,
            settings.embedding_tokens,
            settings.embedding_question_prefix,
            settings.embedding_passage_prefix,
        )
        folder = Path(settings.embedding_folder or "")
        try:
            return MountedEmbedder(folder, settings.embed_threads, reading, languages)
        except FolderError as error:
            log.error("embeddings.unusable", reason=str(error))
            raise
    asked = Asked(
        model=settings.embedding_model or "",
        dimension=settings.embedding_dimension or 0,
        named=settings.embedding_dimension_sent,
        question=settings.embedding_question_prefix or "",
        passage=settings.embedding_passage_prefix or "",
        batch=settings.embedding_batch,
        characters=settings.embedding_characters,
    )
    return ApiEmbedder(
        key,
        settings.embedding_base_url,
        asked,
        languages,
        concurrency=settings.embedding_concurrency,
        timeout=settings.embedding_timeout_seconds,
        total=settings.embedding_total_seconds,
    )
