"""The application."""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.formparsers import MultiPartParser

from rag.api import (
    ask,
    chat,
    collections,
    documents,
    feedback,
    health,
    imports,
    jobs,
    keys,
    openapi,
    problems,
    search,
    signin,
    uploads,
    versions,
)
from rag.api.access import AccessMiddleware
from rag.api.middleware import RequestMiddleware
from rag.lifespan import lifespan
from rag.metrics import Metrics
from rag.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application; it connects to nothing before it is started."""
    app = FastAPI(
        title="RAG backend",
        summary="Documents in, grounded answers with citations out.",
        version=settings.app_version,
        lifespan=lifespan,
        # Operation ids are the functions' names: clients are generated from them.
        generate_unique_id_function=_operation_id,
        # The middleware makes the spans: FastAPI's own have paths and query strings.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.metrics = metrics = Metrics()
    metrics.price(settings.openai_prompt_price, settings.openai_completion_price)
    # Uploads stay in memory (their size is limited): the file system is read-only.
    MultiPartParser.spool_max_size = settings.max_upload_bytes * 2
    for routes in (
        uploads,
        documents,
        versions,
        collections,
        imports,
        jobs,
        search,
        ask,
        chat,
        feedback,
        keys,
        signin,
        health,
    ):
        app.include_router(routes.router)
    if settings.mcp:
        # Only now: its libraries take time and memory.
        from rag.api import mcp

        mcp.install(app, settings)
    problems.install(app)
    openapi.install(app, secured=settings.auth != "none")
    app.add_middleware(AccessMiddleware)
    app.add_middleware(RequestMiddleware, metrics=metrics, max_body_bytes=settings.max_upload_bytes)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
