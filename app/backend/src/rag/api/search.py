"""POST /v1/search."""

from fastapi import APIRouter

from rag.api.deps import Caller, Searching
from rag.api.problems import PROBLEM_RESPONSE
from rag.ask.hits import SearchRequest, SearchResult

router = APIRouter(prefix="/v1", tags=["search"])


@router.post("/search", responses=dict.fromkeys((400, 403, 413, 422, 503), PROBLEM_RESPONSE))
async def search(wanted: SearchRequest, service: Searching, caller: Caller) -> SearchResult:
    """Find the passages of the documents that fit a query, best first.

    Filters are part of both searches: with them there are as many hits as without, if so many fit.
    """
    return await service.search(caller.scope, wanted)
