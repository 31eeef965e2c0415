"""Everything a process holds from start to end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from rag import migrate
from rag.adapters import postgres
from rag.adapters.embedder import OnnxEmbedder
from rag.adapters.milvus import MilvusIndex
from rag.adapters.openai import OpenAIAnswers
from rag.adapters.protocols import AnswerModel, Embedder
from rag.adapters.redis import RedisCache
from rag.adapters.remembering import RememberingEmbedder
from rag.adapters.s3 import S3Store, open_store
from rag.ask.extract import Extractor
from rag.ask.grounding import Thresholds
from rag.ask.repository import SearchRepository
from rag.ask.retrieval import Fusion, Retriever
from rag.ask.search import SearchService
from rag.ask.service import AskService
from rag.documents.repository import DocumentRepository
from rag.documents.service import DocumentService
from rag.health.schemas import Version
from rag.health.service import Readiness, check_postgres
from rag.ingest.reader import Reader
from rag.languages.detect import Detector
from rag.live import Live
from rag.metrics import Metrics
from rag.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AppState:
    """What the routes work with."""

    settings: Settings
    metrics: Metrics
    documents: DocumentService
    search: SearchService
    ask: AskService
    readiness: Readiness
    version: Version


@dataclass(frozen=True, slots=True)
class _World:
    engine: AsyncEngine
    store: S3Store
    index: MilvusIndex
    cache: RedisCache
    model: AnswerModel | None
    embedder: Embedder
    detector: Detector


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model and prepare the clients; no server has to be up for that."""
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        world = await _open(stack, settings, app.state.metrics)
        app.state.rag = _wire(settings, app.state.metrics, world)
        log.info("started", **app.state.rag.version.model_dump())
        yield
    log.info("stopped")


def _file(stack: AsyncExitStack, text: str) -> str:
    """A file with this text, as long as the stack is open: a library takes a path only."""
    folder = stack.enter_context(TemporaryDirectory(prefix="rag-"))
    file = Path(folder) / "ca.pem"
    file.write_text(text)
    return str(file)


async def _open(stack: AsyncExitStack, settings: Settings, metrics: Metrics) -> _World:
    seconds = settings.dependency_timeout_seconds
    embedder = OnnxEmbedder(settings.embed_threads)
    stack.callback(embedder.close)
    live = Live(settings)
    engine = postgres.engine(live.database_url, seconds, ca=settings.database_ca)
    stack.push_async_callback(engine.dispose)
    index = MilvusIndex(
        settings.milvus_uri,
        lambda: _text(live.now().milvus_token),
        settings.milvus_collection,
        dimension=embedder.dimension,
        timeout=seconds,
        check=settings.readiness_timeout_seconds,
        ca_file=_file(stack, settings.milvus_ca) if settings.milvus_ca else "",
    )
    stack.push_async_callback(index.close)
    cache = RedisCache(lambda: _text(live.now().redis_url), settings.answer_cache_seconds)
    stack.push_async_callback(cache.close)
    store = await stack.enter_async_context(
        open_store(settings.s3_bucket, settings.aws_region, settings.aws_endpoint_url, seconds)
    )
    model: AnswerModel | None = None
    if settings.openai_api_key:
        model = OpenAIAnswers(
            lambda: _text(live.now().openai_api_key),
            settings.openai_base_url,
            settings.openai_model,
            timeout=settings.openai_timeout_seconds,
            total=settings.openai_total_seconds,
            metrics=metrics,
        )
        stack.push_async_callback(model.close)
    return _World(engine, store, index, cache, model, embedder, Detector())


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _wire(settings: Settings, metrics: Metrics, world: _World) -> AppState:
    head, earlier = migrate.head(), migrate.earlier()
    version = Version(
        version=settings.app_version,
        git_sha=settings.git_sha,
        embedding_model=world.embedder.model_id,
        embedding_languages=sorted(world.embedder.languages),
        schema_revision=head,
        answers_by=settings.openai_model if world.model else "extract",
    )
    metrics.build.labels(version.version, version.git_sha, version.embedding_model).set(1)
    search = SearchRepository(world.engine)
    remembering = RememberingEmbedder(
        world.embedder,
        metrics,
        texts=settings.embed_cache_texts,
        waiting=settings.ask_waiting,
    )
    thresholds = Thresholds(settings.min_cosine, settings.min_coverage, settings.sure_cosine)
    retriever = Retriever(
        search,
        world.index,
        Fusion(settings.dense_weight, settings.lexical_weight),
        metrics,
        candidates=settings.retrieve_candidates,
        keep=settings.retrieve_chunks,
        learnt=world.embedder.languages,
    )
    return AppState(
        settings=settings,
        metrics=metrics,
        documents=DocumentService(
            DocumentRepository(world.engine),
            world.store,
            world.index,
            world.embedder,
            Reader(
                settings.limits,
                concurrency=settings.ingest_concurrency,
                waiting=settings.ingest_waiting,
                patience=settings.ingest_patience_seconds,
            ),
            metrics,
            max_bytes=settings.max_upload_bytes,
            detector=world.detector,
        ),
        search=SearchService(search, retriever, remembering, metrics, world.detector),
        ask=AskService(
            search,
            retriever,
            remembering,
            world.cache,
            Extractor(search, remembering, thresholds, world.embedder.languages),
            world.model,
            metrics,
            writer=version.answers_by,
            detector=world.detector,
        ),
        readiness=Readiness(
            {
                "postgres": lambda: check_postgres(world.engine, head, earlier),
                "redis": world.cache.check,
                "s3": world.store.check,
                "milvus": world.index.check,
            },
            metrics,
            timeout=settings.readiness_timeout_seconds,
            keep=settings.readiness_cache_seconds,
        ),
        version=version,
    )
