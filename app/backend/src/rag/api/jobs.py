"""Jobs: list, show, follow, cancel and retry."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from rag.api.deps import Caller, Cursor, Documents, Limit, State, Watch
from rag.api.problems import problems
from rag.jobs.schemas import Job, JobPage, Kind
from rag.jobs.schemas import State as JobState

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$", description="id of a job")]
_PROBLEMS = problems(404, 422, 503)
_EVENTS = """event: job
data: {"id": "5d1f...", "state": "running", "stage": "embed", "progress": 0.6, ...}

event: job
data: {"id": "5d1f...", "state": "succeeded", "stage": null, "progress": 1.0, ...}

"""
_CHANGING = problems(404, 409, 422, 503)


async def _job(job_id: JobId, service: Documents, caller: Caller) -> Job:
    return await service.job(caller.scope, job_id)


Found = Annotated[Job, Depends(_job)]


@router.get("", responses=problems(422, 503))
async def list_jobs(
    state: State,
    caller: Caller,
    job_state: Annotated[JobState | None, Query(alias="state")] = None,
    kind: Kind | None = None,
    document_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{1,64}$")] = None,
    import_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{1,64}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> JobPage:
    """List jobs, the newest first."""
    return await state.jobs.page(
        caller.scope,
        state=job_state,
        kind=kind,
        document_id=document_id,
        import_id=import_id,
        after=cursor,
        limit=limit,
    )


@router.get("/{job_id}", responses=_PROBLEMS)
async def get_job(job: Found) -> Job:
    """Show a job."""
    return job


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "The job, until it ends",
            "content": {"text/event-stream": {"example": _EVENTS}},
        },
        **_PROBLEMS,
    },
)
async def follow_job(job: Found, watch: Watch) -> AsyncIterator[ServerSentEvent]:
    """Follow a job: an event now and after each change, until it has ended."""
    async for now in watch.follow(job):
        yield ServerSentEvent(event="job", data=now)


@router.post("/{job_id}/cancel", responses=_CHANGING)
async def cancel_job(job_id: JobId, service: Documents, caller: Caller) -> Job:
    """End a job that waits or runs."""
    return await service.cancel(caller.scope, job_id)


@router.post("/{job_id}/retry", status_code=202, responses=_CHANGING)
async def retry_job(job_id: JobId, service: Documents, caller: Caller) -> Job:
    """Queue a job again that failed or was cancelled."""
    return await service.retry(caller.scope, job_id)
