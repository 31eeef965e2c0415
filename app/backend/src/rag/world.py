"""The servers and the model behind a process, opened from its configuration."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from rag.adapters import postgres
from rag.adapters.milvus import MilvusIndex
from rag.adapters.protocols import Embedder
from rag.adapters.s3 import S3Store, open_store
from rag.embedders import open_embedder
from rag.languages.detect import Detector
from rag.live import Live
from rag.settings import Settings
from rag.vectors.filling import Filling
from rag.vectors.index import ModelIndex
from rag.vectors.repository import IndexRepository
from rag.vectors.standing import Standing


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of this process's model, and how they come to be where they are."""

    repository: IndexRepository
    milvus: MilvusIndex
    standing: Standing
    filling: Filling


@dataclass(frozen=True, slots=True)
class World:
    """What documents are kept in, what makes vectors of them, and what tells their language."""

    live: Live[Settings]
    engine: AsyncEngine
    store: S3Store
    index: ModelIndex
    embedder: Embedder
    vectors: Vectors
    detector: Detector


async def open_world(stack: AsyncExitStack, settings: Settings) -> World:
    """Load the model and prepare the clients; no server has to be up for that."""
    seconds = settings.dependency_timeout_seconds
    live = Live(settings)
    embedder = open_embedder(settings, lambda: secret_text(live.now().embedding_key))
    stack.push_async_callback(embedder.close)
    engine = postgres.engine(live.database_url, seconds, ca=settings.database_ca)
    stack.push_async_callback(engine.dispose)
    milvus = MilvusIndex(
        settings.milvus_uri,
        lambda: secret_text(live.now().milvus_token),
        settings.milvus_collection,
        dimension=embedder.dimension,
        timeout=seconds,
        check=settings.readiness_timeout_seconds,
        ca_file=_file(stack, settings.milvus_ca) if settings.milvus_ca else "",
    )
    stack.push_async_callback(milvus.close)
    store = await stack.enter_async_context(
        open_store(settings.s3_bucket, settings.aws_region, settings.aws_endpoint_url, seconds)
    )
    kept = IndexRepository(engine, settings.milvus_collection)
    standing = Standing(kept, milvus, embedder.model_id)
    index = ModelIndex(milvus, standing, kept, embedder.model_id)
    vectors = Vectors(kept, milvus, standing, Filling(kept, milvus, embedder))
    return World(live, engine, store, index, embedder, vectors, Detector())


def secret_text(secret: SecretStr | None) -> str:
    """A secret's text; empty where there is none."""
    return secret.get_secret_value() if secret else ""


def _file(stack: AsyncExitStack, text: str) -> str:
    """A file with this text, as long as the stack is open: a library takes a path only."""
    folder = stack.enter_context(TemporaryDirectory(prefix="rag-"))
    file = Path(folder) / "ca.pem"
    file.write_text(text)
    return str(file)
