"""/livez, /readyz, /version and /metrics."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from rag.api.deps import State
from rag.health.schemas import Health, Version

router = APIRouter(tags=["health"])

_HEALTH_JSON = "application/health+json"


@router.get("/livez")
async def livez() -> dict[str, str]:
    """The process answers. Dependencies do not count: a restart would not heal them."""
    return {"status": "pass"}


@router.get(
    "/readyz",
    response_class=JSONResponse,
    responses={
        200: {"model": Health, "content": {_HEALTH_JSON: {}}},
        503: {"model": Health, "description": "Not ready", "content": {_HEALTH_JSON: {}}},
    },
)
async def readyz(state: State) -> Response:
    """This replica and everything it needs can serve the next request."""
    checks = await state.readiness.checks()
    failed = sorted(name for name, check in checks.items() if check.status == "fail")
    reasons = ["shutting down"] if state.readiness.draining else []
    reasons += [f"failed: {', '.join(failed)}"] if failed else []
    warned = any(check.status == "warn" for check in checks.values())
    health = Health(
        status="fail" if reasons else "warn" if warned else "pass",
        version=state.settings.app_version,
        release_id=state.settings.git_sha,
        output="; ".join(reasons),
        checks=checks,
    )
    return Response(
        health.model_dump_json(by_alias=True),
        status_code=503 if reasons else 200,
        media_type=_HEALTH_JSON,
        headers={"cache-control": "no-store"},
    )


@router.get("/version")
async def version(state: State) -> Version:
    """What is running."""
    return state.version


@router.get("/metrics", include_in_schema=False)
async def metrics(state: State) -> Response:
    """Prometheus metrics."""
    body = generate_latest(state.metrics.registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
