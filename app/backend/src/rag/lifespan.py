"""Everything a process holds from start to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from fastapi import FastAPI

from rag import migrate
from rag.access.limits import Limits
from rag.access.repository import KeyRepository
from rag.access.service import Access, KeyService
from rag.adapters.openai import OpenAIAnswers
from rag.adapters.protocols import AnswerModel, Reranker
from rag.adapters.redis import RedisCache
from rag.adapters.remembering import RememberingEmbedder
from rag.adapters.rerank import ApiReranker
from rag.adapters.times import RedisTimes
from rag.ask.alike import Alike
from rag.ask.covering import CoverageExtractor
from rag.ask.extract import Extractor
from rag.ask.gather import Gatherer
from rag.ask.grounding import Thresholds
from rag.ask.kept import KeptAnswers
from rag.ask.repository import SearchRepository
from rag.ask.reranking import Reranking
from rag.ask.retrieval import Retriever
from rag.ask.search import SearchService
from rag.ask.service import AskService
from rag.documents.replacing import Replacing
from rag.documents.service import DocumentService
from rag.feedback.repository import FeedbackRepository
from rag.health.schemas import Version
from rag.health.service import Probe, Readiness, check_embedder, check_worker, schema_check
from rag.imports.service import ImportService
from rag.jobs.load import Admission
from rag.jobs.repository import JobRepository
from rag.jobs.watch import JobWatch
from rag.metrics import Metrics
from rag.settings import Settings
from rag.signin.service import SignIn
from rag.signin.wiring import open_sign_in
from rag.worker.wiring import Works, wire
from rag.world import World, open_world, secret_text

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AppState:
    """What the routes work with."""

    settings: Settings
    metrics: Metrics
    documents: DocumentService
    replacing: Replacing
    imports: ImportService
    search: SearchService
    jobs: JobRepository
    watch: JobWatch
    admission: Admission
    ask: AskService
    readiness: Readiness
    version: Version
    access: Access
    limits: Limits
    keys: KeyService
    feedback: FeedbackRepository
    signing: SignIn | None
    """None where nobody signs in."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model and prepare the clients; no server has to be up for that."""
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        for end in getattr(app.state, "ends", ()):
            stack.push_async_callback(asyncio.to_thread, end)
        world = await open_world(stack, settings)
        cache = RedisCache(
            lambda: secret_text(world.live.now().redis_url), settings.answer_cache_seconds
        )
        stack.push_async_callback(cache.close)
        times = RedisTimes(lambda: secret_text(world.live.now().redis_url))
        stack.push_async_callback(times.close)
        limits = Limits(times, settings.quotas())
        model = _model(stack, settings, app.state.metrics, world)
        schema = schema_check(world.engine, migrate.head(), migrate.earlier())
        works = wire(
            settings,
            app.state.metrics,
            world,
            schema=schema,
            ending=lambda: _is_ending(app),
        )
        signing = open_sign_in(stack, settings, world)
        app.state.rag = _wire(
            settings,
            app.state.metrics,
            world,
            works,
            schema,
            cache,
            model,
            limits,
            _reranker(stack, settings, world),
            signing,
        )
        log.info("started", **app.state.rag.version.model_dump())
        if settings.auth == "none":
            log.warning("access.open", reason="AUTH=none: everybody may do everything")
        if settings.worker == "embedded":
            works.worker.start()
            stack.push_async_callback(works.worker.stop, 0)
        yield
    log.info("stopped")


def _model(
    stack: AsyncExitStack, settings: Settings, metrics: Metrics, world: World
) -> AnswerModel | None:
    if not settings.openai_api_key:
        return None
    model = OpenAIAnswers(
        lambda: secret_text(world.live.now().openai_api_key),
        settings.openai_base_url,
        settings.openai_model,
        timeout=settings.openai_timeout_seconds,
        total=settings.openai_total_seconds,
        metrics=metrics,
    )
    stack.push_async_callback(model.close)
    return model


def _reranker(stack: AsyncExitStack, settings: Settings, world: World) -> Reranker | None:
    if not settings.rerank_url:
        return None
    reranker = ApiReranker(
        lambda: secret_text(world.live.now().rerank_api_key),
        settings.rerank_url,
        settings.rerank_api,
        settings.rerank_model,
        concurrency=settings.rerank_concurrency,
        timeout=settings.rerank_timeout_seconds,
        characters=settings.rerank_characters,
    )
    stack.push_async_callback(reranker.close)
    return reranker


def _is_ending(app: FastAPI) -> bool:
    return bool(app.state.rag.readiness.draining)


def _wire(
    settings: Settings,
    metrics: Metrics,
    world: World,
    works: Works,
    schema: Probe,
    cache: RedisCache,
    model: AnswerModel | None,
    limits: Limits,
    reranker: Reranker | None,
    signing: SignIn | None,
) -> AppState:
    version = Version(
        version=settings.app_version,
        git_sha=settings.git_sha,
        embedding_model=world.embedder.model_id,
        embedding_languages=sorted(world.embedder.languages),
        schema_revision=migrate.head(),
        answers_by=settings.openai_model if model else "extract",
        auth=settings.auth,
    )
    kept = KeyRepository(world.engine)
    access = Access(kept, settings.auth, lambda: world.live.now().platform_keys())
    metrics.build.labels(version.version, version.git_sha, version.embedding_model).set(1)
    search = SearchRepository(world.engine)
    remembering = RememberingEmbedder(
        world.embedder,
        metrics,
        texts=settings.embed_cache_texts,
        waiting=settings.ask_waiting,
    )
    thresholds = Thresholds(settings.min_cosine, settings.min_coverage, settings.sure_cosine)
    reranking = Reranking(reranker, metrics, passages=settings.rerank_passages)
    retriever = Retriever(
        search,
        world.index,
        settings.fusion,
        metrics,
        candidates=settings.retrieve_candidates,
        keep=settings.retrieve_chunks,
        learnt=world.embedder.languages,
        reranking=reranking,
    )
    extractor = Extractor(
        Gatherer(search, remembering),
        CoverageExtractor(search, remembering, thresholds, world.embedder.languages),
        min_confidence=settings.min_confidence,
    )
    # Its own sentences cost less than to tell whether those of another answer fit.
    similarity = settings.answer_cache_similarity if model else 0.0
    alike = Alike(cache, similarity, world.embedder.languages) if similarity else None
    kept_answers = KeptAnswers(cache, alike, search, extractor, metrics)
    return AppState(
        settings=settings,
        metrics=metrics,
        documents=works.documents,
        replacing=works.replacing,
        imports=works.imports,
        jobs=works.jobs,
        watch=works.watch,
        admission=Admission(
            works.load,
            jobs=settings.queue_limit,
            waiting_bytes=settings.queue_bytes,
            receiving=settings.receive_bytes,
        ),
        search=SearchService(search, retriever, remembering, metrics, world.detector, reranking),
        ask=AskService(
            search,
            retriever,
            remembering,
            kept_answers,
            extractor,
            model,
            metrics,
            writer=version.answers_by,
            written_at_once=settings.openai_concurrency,
            detector=world.detector,
        ),
        readiness=Readiness(
            {
                "postgres": schema,
                "redis": cache.check,
                "s3": world.store.check,
                "milvus": world.index.check,
                "embeddings": lambda: check_embedder(world.embedder, world.vectors.standing.check),
                "worker:heartbeat": lambda: check_worker(
                    works.load, settings.worker_missing, settings.queue_warn_seconds
                ),
            },
            metrics,
            timeout=settings.readiness_timeout_seconds,
            keep=settings.readiness_cache_seconds,
        ),
        version=version,
        access=access,
        limits=limits,
        keys=KeyService(kept, access),
        feedback=FeedbackRepository(world.engine),
        signing=signing,
    )
